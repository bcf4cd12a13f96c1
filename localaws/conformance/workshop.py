"""Walk a full workshop with boto3 and another with the AWS CLI, and hold every answer against AWS's models.

It is started by the script "run" with a folder for its files; MAYFLY_ENDPOINT
says, as JSON, how the local AWS is reached. It ends with an exception at the
first thing that is not as it would be on AWS.
"""

import io
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

from botocore.config import Config

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "workshop"))
from clients import CALLED, CLI, WRONG, Boto3, git  # noqa: E402 (it stands beside the templates)


def eventually(ask, what, describe=lambda: ""):
    """Ask until there is an answer, for two minutes at most."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        answer = ask()
        if answer is not None:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come {describe()}")


def repositories(tools, scratch):
    """Make repositories, and clone and push with git."""
    made = tools.call("codecommit", "create_repository", repositoryName="first", repositoryDescription="à propos")
    assert made["repositoryMetadata"]["repositoryDescription"] == "à propos"
    for i in range(3):
        tools.call("codecommit", "create_repository", repositoryName=f"other{i}")
    names = sorted(r["repositoryName"] for r in tools.call("codecommit", "list_repositories")["repositories"])
    assert names == ["first", "other0", "other1", "other2"], names
    work = cloned(tools, "first", scratch)
    (work / "README.md").write_text("hello\n")
    head = pushed(work, "first")
    branch = tools.call("codecommit", "get_branch", repositoryName="first", branchName="main")
    assert branch["branch"]["commitId"] == head
    commit = tools.call("codecommit", "get_commit", repositoryName="first", commitId=head)["commit"]
    assert commit["message"].strip() == "first" and commit["author"]["name"] == "Ann", commit
    content = tools.call("codecommit", "get_file", repositoryName="first", filePath="README.md")["fileContent"]
    assert content in (b"hello\n", "aGVsbG8K"), content  # the CLI prints blobs in base64
    tools.refused("RepositoryDoesNotExistException", "codecommit", "get_repository", repositoryName="none")
    tools.refused("RepositoryNameExistsException", "codecommit", "create_repository", repositoryName="first")
    for name in names:
        tools.call("codecommit", "delete_repository", repositoryName=name)


def cloned(tools, repository, scratch):
    """Clone a repository, and return the folder."""
    url = tools.call("codecommit", "get_repository", repositoryName=repository)["repositoryMetadata"]["cloneUrlHttp"]
    work = scratch / f"{tools.name}-{repository}"
    git("clone", "--quiet", url, work.name, cwd=scratch)
    git("checkout", "--quiet", "-B", "main", cwd=work)
    return work


def pushed(work, message):
    """Commit and push what is in the folder, and return the commit."""
    git("add", ".", cwd=work)
    git("commit", "--quiet", "--allow-empty", "-m", message, cwd=work)
    git("push", "--quiet", "origin", "main", cwd=work)
    return git("rev-parse", "HEAD", cwd=work)


def objects(tools, scratch):
    """Put and get objects with every checksum that needs no extra library, whole, in parts and by the CLI."""
    session, s3 = tools.session, tools.client("s3")
    where = {"LocationConstraint": session.region_name}
    arguments = {} if session.region_name == "us-east-1" else {"CreateBucketConfiguration": where}
    s3.create_bucket(Bucket="conformance", **arguments)
    s3.get_waiter("bucket_exists").wait(Bucket="conformance", WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    s3.put_bucket_versioning(Bucket="conformance", VersioningConfiguration={"Status": "Enabled"})
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        body = f"checked by {algorithm} & <more>".encode()
        put = s3.put_object(Bucket="conformance", Key=f"sums/{algorithm}", Body=body, ChecksumAlgorithm=algorithm)
        got = s3.get_object(Bucket="conformance", Key=f"sums/{algorithm}", ChecksumMode="ENABLED")
        assert got["Body"].read() == body
        assert got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"], algorithm
    big = os.urandom(9 << 20)
    s3.upload_fileobj(io.BytesIO(big), "conformance", "big")
    back = io.BytesIO()
    s3.download_fileobj("conformance", "big", back)
    assert back.getvalue() == big
    (scratch / "file").write_bytes(big)
    subprocess.run(["aws", "s3", "cp", "--quiet", str(scratch / "file"), "s3://conformance/by-cli"], check=True, timeout=120)
    subprocess.run(["aws", "s3", "cp", "--quiet", "s3://conformance/by-cli", str(scratch / "back")], check=True, timeout=120)
    assert (scratch / "back").read_bytes() == big
    s3.get_waiter("object_exists").wait(Bucket="conformance", Key="by-cli", WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="conformance", PaginationConfig={"PageSize": 2})
    keys = [o["Key"] for page in pages for o in page["Contents"]]
    assert keys == ["big", "by-cli", "sums/CRC32", "sums/SHA1", "sums/SHA256"], keys
    listed = s3.list_objects_v2(Bucket="conformance", Delimiter="/")
    assert [p["Prefix"] for p in listed["CommonPrefixes"]] == ["sums/"]
    # boto3 still signs by version 2 in us-east-1 unless told otherwise, which new buckets do not take.
    signer = session.client("s3", config=Config(signature_version="s3v4"))
    url = signer.generate_presigned_url("get_object", Params={"Bucket": "conformance", "Key": "sums/SHA1"})
    with urllib.request.urlopen(url, timeout=30) as response:
        assert response.read() == b"checked by SHA1 & <more>"
    tools.refused("NoSuchKey", "s3", "get_object", Bucket="conformance", Key="none")
    tools.refused("404", "s3", "head_object", Bucket="conformance", Key="none")
    s3.delete_object(Bucket="conformance", Key="big")
    versions = s3.get_paginator("list_object_versions").paginate(Bucket="conformance", PaginationConfig={"PageSize": 3})
    doomed = [
        {"Key": v["Key"], "VersionId": v["VersionId"]}
        for page in versions for v in page.get("Versions", []) + page.get("DeleteMarkers", [])
    ]
    assert len(doomed) == 6, doomed
    assert "Errors" not in s3.delete_objects(Bucket="conformance", Delete={"Objects": doomed})
    s3.delete_bucket(Bucket="conformance")
    s3.get_waiter("bucket_not_exists").wait(Bucket="conformance", WaiterConfig={"Delay": 1, "MaxAttempts": 5})


class Line:
    """A line from repository to production that asks before it deploys, made and walked with the given tools."""

    def __init__(self, tools, scratch):
        self.tools, self.scratch, self.name = tools, scratch, "line-" + tools.name

    def walk(self):
        """Walk the workshop from its first stack to the last deletion."""
        outputs = self.create()
        self.idle()
        work = cloned(self.tools, outputs["Repository"], self.scratch)
        for file in (HERE / "workshop" / "app").iterdir():
            (work / file.name).write_bytes(file.read_bytes())
            (work / file.name).chmod(file.stat().st_mode)
        first = pushed(work, "deploy")
        self.answer("Approved", first)
        execution = self.ended(first, "Succeeded")
        assert self.live() == first
        self.pipeline(execution)
        self.build(outputs["Project"])
        self.application(first)
        second = pushed(work, "again")
        self.answer("Rejected", second)
        self.ended(second, "Failed")
        assert self.live() == first
        third = pushed(work, "once more")
        self.answer("Approved", third)
        self.ended(third, "Succeeded")
        assert self.live() == third
        self.delete()

    def create(self):
        """Make the stack by a change set, and return its outputs."""
        call, wait = self.tools.call, self.tools.wait
        template = (HERE / "workshop" / "line.yaml").read_text()
        call("cloudformation", "validate_template", TemplateBody=template)
        call("cloudformation", "create_change_set", StackName=self.name, ChangeSetName="first", ChangeSetType="CREATE",
             TemplateBody=template, Capabilities=["CAPABILITY_IAM"], Tags=[{"Key": "owner", "Value": "conformance"}],
             Parameters=[{"ParameterKey": "Approval", "ParameterValue": "yes"}])
        wait("cloudformation", "change_set_create_complete", StackName=self.name, ChangeSetName="first")
        changes = call("cloudformation", "describe_change_set", StackName=self.name, ChangeSetName="first")["Changes"]
        assert {c["ResourceChange"]["Action"] for c in changes} == {"Add"} and len(changes) == 7, changes
        call("cloudformation", "execute_change_set", StackName=self.name, ChangeSetName="first")
        wait("cloudformation", "stack_create_complete", StackName=self.name)
        stack = call("cloudformation", "describe_stacks", StackName=self.name)["Stacks"][0]
        return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}

    def idle(self):
        """Wait for the execution that a pipeline starts when it is made: it must not take the first commit."""

        def ended():
            pages = self.tools.call("codepipeline", "list_pipeline_executions", pipelineName=self.name)
            made = pages["pipelineExecutionSummaries"]
            return made if made and all(e["status"] != "InProgress" for e in made) else None

        assert [e["status"] for e in eventually(ended, "the end of the first execution")] == ["Failed"]

    def executions(self, commit):
        """Return the executions of a commit."""
        pages = self.tools.call("codepipeline", "list_pipeline_executions", pipelineName=self.name)
        return [
            e for e in pages["pipelineExecutionSummaries"]
            if commit in [r.get("revisionId") for r in e.get("sourceRevisions", [])]
        ]

    def answer(self, status, commit):
        """Answer when the pipeline asks whether a commit shall go live."""

        def asked():
            state = self.tools.call("codepipeline", "get_pipeline_state", name=self.name)
            stage = next(s for s in state["stageStates"] if s["stageName"] == "Approval")
            mine = {e["pipelineExecutionId"]: e["status"] for e in self.executions(commit)}
            assert not {"Failed", "Succeeded", "Stopped"} & set(mine.values()), (mine, state)
            if stage.get("latestExecution", {}).get("pipelineExecutionId") in mine:
                return stage["actionStates"][0].get("latestExecution", {}).get("token")
            return None

        token = eventually(asked, f"the question whether {commit} shall go live", lambda: (
            self.tools.call("codepipeline", "get_pipeline_state", name=self.name),
            self.tools.call("codepipeline", "list_pipeline_executions", pipelineName=self.name)))
        self.tools.call("codepipeline", "put_approval_result", pipelineName=self.name, stageName="Approval", actionName="Approve",
                        token=token, result={"summary": "seen", "status": status})
        self.tools.refused("ApprovalAlreadyCompletedException", "codepipeline",
                           "put_approval_result", pipelineName=self.name, stageName="Approval", actionName="Approve",
                           token=token, result={"summary": "again", "status": status})

    def ended(self, commit, status):
        """Wait until the execution of a commit has ended in that status, and return its id."""
        execution = eventually(
            lambda: next((e for e in self.executions(commit) if e["status"] != "InProgress"), None), f"the end of {commit}")
        assert execution["status"] == status, execution
        return execution["pipelineExecutionId"]

    def live(self):
        """Return what the live URL answers."""
        stack = self.tools.call("cloudformation", "describe_stacks", StackName=self.name + "-live")["Stacks"][0]
        url = next(o["OutputValue"] for o in stack["Outputs"] if o["OutputKey"] == "Url")
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.read().decode()

    def pipeline(self, execution):
        """Read what there is to read of the pipeline."""
        call = self.tools.call
        state = call("codepipeline", "get_pipeline_state", name=self.name)
        assert [s["latestExecution"]["status"] for s in state["stageStates"]] == ["Succeeded"] * 4, state
        assert call("codepipeline", "get_pipeline", name=self.name)["pipeline"]["executionMode"] == "SUPERSEDED"
        assert self.name in [p["name"] for p in call("codepipeline", "list_pipelines")["pipelines"]]
        call("codepipeline", "get_pipeline_execution", pipelineName=self.name, pipelineExecutionId=execution)
        actions = call("codepipeline", "list_action_executions", pipelineName=self.name,
                       filter={"pipelineExecutionId": execution})["actionExecutionDetails"]
        names = ("Source", "Build", "Approve", "Prepare", "Execute")
        assert {a["actionName"]: a["status"] for a in actions} == dict.fromkeys(names, "Succeeded"), actions
        rules = [r["Name"] for r in call("events", "list_rules")["Rules"] if r["Name"].startswith(self.name)]
        assert len(rules) == 1 and call("events", "list_targets_by_rule", Rule=rules[0])["Targets"]

    def build(self, project):
        """Read the build and its log."""
        call = self.tools.call
        ids = call("codebuild", "list_builds_for_project", projectName=project)["ids"]
        assert len(ids) == 1 and ids[0] in call("codebuild", "list_builds")["ids"], ids
        build = call("codebuild", "batch_get_builds", ids=ids)["builds"][0]
        assert build["buildStatus"] == "SUCCEEDED" and build["phases"][-1]["phaseType"] == "COMPLETED", build
        assert call("codebuild", "batch_get_projects", names=[project])["projects"][0]["name"] == project
        group, stream = build["logs"]["groupName"], build["logs"]["streamName"]
        events = call("logs", "filter_log_events", logGroupName=group)["events"]
        assert any("sed -i.bak" in e["message"] for e in events), events
        call("logs", "get_log_events", logGroupName=group, logStreamName=stream)

    def application(self, commit):
        """Read what has been deployed."""
        call, stack = self.tools.call, self.name + "-live"
        events = call("cloudformation", "describe_stack_events", StackName=stack)["StackEvents"]
        assert events[0]["ResourceStatus"] == "CREATE_COMPLETE", events[0]
        assert {self.name, stack} <= {s["StackName"] for s in call("cloudformation", "list_stacks")["StackSummaries"]}
        resources = call("cloudformation", "list_stack_resources", StackName=stack)["StackResourceSummaries"]
        function = next(r["PhysicalResourceId"] for r in resources if r["ResourceType"] == "AWS::Lambda::Function")
        call("cloudformation", "get_template", StackName=stack)
        call("cloudformation", "describe_stack_resources", StackName=stack)
        self.tools.wait("lambda", "function_active_v2", FunctionName=function)
        assert self.tools.invoke(function, "live")["body"] == commit
        assert call("lambda", "list_aliases", FunctionName=function)["Aliases"][0]["Name"] == "live"
        roles = [r["RoleName"] for r in call("iam", "list_roles")["Roles"] if r["RoleName"].startswith(self.name)]
        policy = call("iam", "get_role_policy", RoleName=roles[0], PolicyName="all")["PolicyDocument"]
        assert len(roles) == 1 and policy["Statement"][0]["Action"] == "*", (roles, policy)
        assert [t for t in call("sns", "list_topics")["Topics"] if self.name in t["TopicArn"]]

    def delete(self):
        """Take everything down."""
        call, stack = self.tools.call, self.name + "-live"
        call("cloudformation", "delete_stack", StackName=stack)
        self.tools.wait("cloudformation", "stack_delete_complete", StackName=stack)
        resources = call("cloudformation", "describe_stack_resources", StackName=self.name)["StackResources"]
        bucket = next(r["PhysicalResourceId"] for r in resources if r["ResourceType"] == "AWS::S3::Bucket")
        subprocess.run(["aws", "s3", "rm", "--quiet", "--recursive", f"s3://{bucket}"], check=True, timeout=120)
        call("cloudformation", "delete_stack", StackName=self.name)
        self.tools.wait("cloudformation", "stack_delete_complete", StackName=self.name)
        self.tools.refused("ValidationError", "cloudformation", "describe_stacks", StackName=self.name)


def main(scratch):
    endpoint = json.loads(os.environ["MAYFLY_ENDPOINT"])
    # The clients are pointed as `mayfly local env` points them.
    os.environ.update(
        AWS_ENDPOINT_URL=endpoint["url"], AWS_REGION=endpoint["region"], AWS_DEFAULT_REGION=endpoint["region"],
        AWS_ACCESS_KEY_ID=endpoint["accessKeyId"], AWS_SECRET_ACCESS_KEY=endpoint["secretAccessKey"],
        AWS_EC2_METADATA_DISABLED="true", AWS_PAGER="", AWS_MAX_ATTEMPTS="1", NO_PROXY="127.0.0.1",
    )
    scratch = pathlib.Path(scratch)
    boto3, cli = Boto3(), CLI(scratch)
    for tools in (boto3, cli):
        identity = tools.call("sts", "get_caller_identity")
        assert identity["Arn"] == f"arn:aws:iam::{endpoint['account']}:root", identity
        repositories(tools, scratch)
        if tools is boto3:
            objects(tools, scratch)
        Line(tools, scratch).walk()
        assert not WRONG, "answers that AWS would not give:\n" + "\n".join(WRONG)
        print(f"   {tools.name}: ok, {len(CALLED)} operations were held against their models")
        CALLED.clear()


if __name__ == "__main__":
    main(*sys.argv[1:])
