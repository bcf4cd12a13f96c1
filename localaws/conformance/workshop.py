"""Walk a small workshop with the AWS CLI, boto3 and git, and hold every answer against AWS's models.

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
import urllib.request

import boto3
import botocore.exceptions
from botocore.config import Config

HERE = pathlib.Path(__file__).parent
CALLED = set()
WRONG = {}  # what was found, in the order in which it was
# Structures whose required members AWS itself leaves out of answers: of a
# revision in a pipeline's state it gives the id alone.
PARTIAL = {"ActionRevision"}
# Values that AWS answers though its model does not list them: the first event
# of a stack that a change set has made.
UNLISTED = {("ResourceStatus", "REVIEW_IN_PROGRESS")}


def want(condition, complaint):
    """Remember what is wrong with an answer; the walk goes on and fails at its end."""
    if not condition:
        WRONG[complaint] = True


def check(shape, value, where):
    """Hold an answer that botocore has parsed against its model."""
    kind = shape.type_name
    if kind == "structure":
        assert isinstance(value, dict), f"{where} is no structure: {value!r}"
        for name in shape.required_members if shape.name not in PARTIAL else ():
            want(name in value, f"{where} lacks {name}")
        for name, member in value.items():
            if name != "ResponseMetadata":
                check(shape.members[name], member, f"{where}.{name}")
    elif kind == "list":
        for i, member in enumerate(value):
            check(shape.member, member, f"{where}[{i}]")
    elif kind == "map":
        for key, member in value.items():
            check(shape.value, member, f"{where}[{key}]")
    elif kind == "string" and shape.enum:
        want(value in shape.enum or (shape.name, value) in UNLISTED, f"{where} is {value!r}, which is none of {shape.enum}")


def check_names(shape, value, where):
    """Find members of a JSON answer that the model does not know: botocore drops them without a word."""
    if shape.type_name == "structure" and isinstance(value, dict):
        known = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for name, member in value.items():
            want(name in known, f"{where} has {name}, which AWS does not know")
            if name in known:
                check_names(known[name], member, f"{where}.{name}")
    elif shape.type_name == "list" and isinstance(value, list):
        for i, member in enumerate(value):
            check_names(shape.member, member, f"{where}[{i}]")
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, member in value.items():
            check_names(shape.value, member, f"{where}[{key}]")


def watch(session):
    """Have every answer to this session's clients checked."""

    def before(operation_model, response_dict, **_):
        body = response_dict["body"]
        protocol = operation_model.metadata["protocol"]
        shape = operation_model.output_shape
        if shape is None or "payload" in shape.serialization or response_dict["status_code"] >= 300:
            return
        if protocol in ("json", "rest-json") and isinstance(body, bytes) and body:
            check_names(shape, json.loads(body), operation_model.name)

    def after(model, parsed, **_):
        service = model.service_model.service_name
        want(parsed["ResponseMetadata"].get("RequestId"), f"{service} {model.name} gives no request id")
        CALLED.add((service, model.name))
        if model.output_shape is not None and parsed["ResponseMetadata"]["HTTPStatusCode"] < 300:
            check(model.output_shape, parsed, f"{service} {model.name}")

    session.events.register("before-parse.*.*", before)
    session.events.register("after-call.*.*", after)


def aws(*arguments):
    """Call the AWS CLI and return its JSON."""
    done = subprocess.run(("aws",) + arguments, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"aws {' '.join(arguments)}: {done.stderr}"
    return json.loads(done.stdout) if done.stdout.strip() else None


def git(*arguments, cwd):
    """Run git with the AWS CLI's own credential helper, and return what it prints."""
    helper = "!aws codecommit credential-helper --ignore-host-check $@"
    configuration = {
        "credential.helper": helper, "credential.UseHttpPath": "true", "init.defaultBranch": "main",
        "user.name": "Ann", "user.email": "ann@example.com", "core.autocrlf": "false",
    }
    options = [part for name, value in configuration.items() for part in ("-c", f"{name}={value}")]
    environ = dict(os.environ, GIT_CONFIG_NOSYSTEM="1", GIT_TERMINAL_PROMPT="0")
    done = subprocess.run(
        ["git", *options, *arguments], cwd=cwd, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


def refused(code, call, **arguments):
    """Want a call to fail with an error of that code."""
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as e:
        assert e.response["Error"]["Code"] == code, f"got {e.response['Error']}, want {code}"
        return
    raise AssertionError(f"{call.__name__} was not refused with {code}")


def repositories(session, scratch):
    """Make repositories with the CLI, and clone and push with git."""
    codecommit = session.client("codecommit")
    made = aws("codecommit", "create-repository", "--repository-name", "first", "--repository-description", "à propos")
    assert made["repositoryMetadata"]["repositoryDescription"] == "à propos"
    for i in range(3):
        codecommit.create_repository(repositoryName=f"other{i}")
    pages = codecommit.get_paginator("list_repositories").paginate()
    names = sorted(r["repositoryName"] for page in pages for r in page["repositories"])
    assert names == ["first", "other0", "other1", "other2"], names
    url = made["repositoryMetadata"]["cloneUrlHttp"]
    git("clone", "--quiet", url, "first", cwd=scratch)
    work = scratch / "first"
    (work / "README.md").write_text("hello\n")
    git("checkout", "--quiet", "-B", "main", cwd=work)
    git("add", ".", cwd=work)
    git("commit", "--quiet", "-m", "first", cwd=work)
    git("push", "--quiet", "origin", "main", cwd=work)
    head = git("rev-parse", "HEAD", cwd=work)
    branch = aws("codecommit", "get-branch", "--repository-name", "first", "--branch-name", "main")
    assert branch["branch"]["commitId"] == head
    commit = codecommit.get_commit(repositoryName="first", commitId=head)["commit"]
    assert commit["message"].strip() == "first" and commit["author"]["name"] == "Ann", commit
    content = codecommit.get_file(repositoryName="first", filePath="README.md")["fileContent"]
    assert content == b"hello\n", content
    refused("RepositoryDoesNotExistException", codecommit.get_repository, repositoryName="none")
    refused("RepositoryNameExistsException", codecommit.create_repository, repositoryName="first")
    for name in names:
        codecommit.delete_repository(repositoryName=name)


def objects(session, scratch):
    """Put and get objects with every checksum that needs no extra library, whole, in parts and by the CLI."""
    s3 = session.client("s3")
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
    refused("NoSuchKey", s3.get_object, Bucket="conformance", Key="none")
    refused("404", s3.head_object, Bucket="conformance", Key="none")
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


def live(session):
    """Return what the live URL answers."""
    stack = session.client("cloudformation").describe_stacks(StackName="line-live")["Stacks"][0]
    url = next(o["OutputValue"] for o in stack["Outputs"] if o["OutputKey"] == "Url")
    with urllib.request.urlopen(url, timeout=30) as response:
        return response.read().decode()


def succeeded(session, commit):
    """Wait until the execution of a commit has ended well, and return its id."""
    codepipeline = session.client("codepipeline")
    for _ in range(600):
        pages = codepipeline.get_paginator("list_pipeline_executions").paginate(pipelineName="line")
        for execution in (e for page in pages for e in page["pipelineExecutionSummaries"]):
            revisions = [r.get("revisionId") for r in execution.get("sourceRevisions", [])]
            if commit in revisions and execution["status"] != "InProgress":
                assert execution["status"] == "Succeeded", execution
                return execution["pipelineExecutionId"]
        subprocess.run(["sleep", "0.1"], check=True)
    raise AssertionError(f"no execution of {commit} has ended")


def deployment(session, scratch):
    """Make a whole line, push through it, and read everything that there is to read."""
    cloudformation = session.client("cloudformation")
    template = str(HERE / "workshop" / "line.yaml")
    aws("cloudformation", "validate-template", "--template-body", "file://" + template)
    aws("cloudformation", "create-stack", "--stack-name", "line", "--template-body", "file://" + template,
        "--capabilities", "CAPABILITY_IAM", "--tags", "Key=owner,Value=conformance")
    cloudformation.get_waiter("stack_create_complete").wait(StackName="line", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    outputs = {o["OutputKey"]: o["OutputValue"] for o in cloudformation.describe_stacks(StackName="line")["Stacks"][0]["Outputs"]}

    codecommit = session.client("codecommit")
    url = codecommit.get_repository(repositoryName=outputs["Repository"])["repositoryMetadata"]["cloneUrlHttp"]
    git("clone", "--quiet", url, "line", cwd=scratch)
    work = scratch / "line"
    git("checkout", "--quiet", "-B", "main", cwd=work)
    for file in (HERE / "workshop" / "app").iterdir():
        (work / file.name).write_bytes(file.read_bytes())
        (work / file.name).chmod(file.stat().st_mode)
    git("add", ".", cwd=work)
    git("commit", "--quiet", "-m", "deploy", cwd=work)
    git("push", "--quiet", "origin", "main", cwd=work)
    head = git("rev-parse", "HEAD", cwd=work)
    execution = succeeded(session, head)
    assert live(session) == head

    codepipeline = session.client("codepipeline")
    state = aws("codepipeline", "get-pipeline-state", "--name", "line")
    assert [s["latestExecution"]["status"] for s in state["stageStates"]] == ["Succeeded"] * 3, state
    assert codepipeline.get_pipeline_state(name="line")["pipelineName"] == "line"
    assert codepipeline.get_pipeline(name="line")["pipeline"]["executionMode"] == "SUPERSEDED"
    assert [p["name"] for p in codepipeline.list_pipelines()["pipelines"]] == ["line"]
    codepipeline.get_pipeline_execution(pipelineName="line", pipelineExecutionId=execution)
    actions = [
        a for page in codepipeline.get_paginator("list_action_executions").paginate(
            pipelineName="line", filter={"pipelineExecutionId": execution}, PaginationConfig={"PageSize": 2})
        for a in page["actionExecutionDetails"]
    ]
    assert {a["actionName"]: a["status"] for a in actions} == dict.fromkeys(("Source", "Build", "Prepare", "Execute"), "Succeeded")

    codebuild = session.client("codebuild")
    pages = codebuild.get_paginator("list_builds_for_project").paginate(projectName=outputs["Project"])
    ids = [i for page in pages for i in page["ids"]]
    assert ids == aws("codebuild", "list-builds")["ids"] and len(ids) == 1, ids
    build = codebuild.batch_get_builds(ids=ids)["builds"][0]
    assert build["buildStatus"] == "SUCCEEDED" and build["phases"][-1]["phaseType"] == "COMPLETED", build
    assert codebuild.batch_get_projects(names=[outputs["Project"]])["projects"][0]["name"] == outputs["Project"]
    logs = session.client("logs")
    events = [
        e for page in logs.get_paginator("filter_log_events").paginate(logGroupName=build["logs"]["groupName"])
        for e in page["events"]
    ]
    assert any("sed -i.bak" in e["message"] for e in events), events
    logs.get_log_events(logGroupName=build["logs"]["groupName"], logStreamName=build["logs"]["streamName"])

    events = [e for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName="line-live") for e in page["StackEvents"]]
    assert events[0]["ResourceStatus"] == "CREATE_COMPLETE", events[0]
    assert {s["StackName"] for s in aws("cloudformation", "list-stacks")["StackSummaries"]} == {"line", "line-live"}
    resources = [r for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName="line-live") for r in page["StackResourceSummaries"]]
    function = next(r["PhysicalResourceId"] for r in resources if r["ResourceType"] == "AWS::Lambda::Function")
    cloudformation.get_template(StackName="line-live")
    cloudformation.describe_stack_resources(StackName="line-live")
    functions = session.client("lambda")
    functions.get_waiter("function_active_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    answer = functions.invoke(FunctionName=function, Qualifier="live", Payload=b"{}", LogType="Tail")
    assert json.loads(answer["Payload"].read())["body"] == head
    assert aws("lambda", "list-aliases", "--function-name", function)["Aliases"][0]["Name"] == "live"
    rules = aws("events", "list-rules")["Rules"]
    assert len(rules) == 1 and session.client("events").list_targets_by_rule(Rule=rules[0]["Name"])["Targets"]
    iam = session.client("iam")
    roles = [r["RoleName"] for page in iam.get_paginator("list_roles").paginate() for r in page["Roles"]]
    assert len(roles) == 1, roles
    policy = iam.get_role_policy(RoleName=roles[0], PolicyName="all")["PolicyDocument"]
    assert policy["Statement"][0]["Action"] == "*", policy

    # A second commit changes what the URL answers.
    git("commit", "--quiet", "--allow-empty", "-m", "again", cwd=work)
    git("push", "--quiet", "origin", "main", cwd=work)
    head = git("rev-parse", "HEAD", cwd=work)
    succeeded(session, head)
    assert live(session) == head

    # And all of it goes away again.
    aws("cloudformation", "delete-stack", "--stack-name", "line-live")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="line-live", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    bucket = next(r["PhysicalResourceId"] for r in cloudformation.describe_stack_resources(StackName="line")["StackResources"] if r["ResourceType"] == "AWS::S3::Bucket")
    subprocess.run(["aws", "s3", "rm", "--quiet", "--recursive", f"s3://{bucket}"], check=True, timeout=120)
    aws("cloudformation", "delete-stack", "--stack-name", "line")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="line", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    refused("ValidationError", cloudformation.describe_stacks, StackName="line")


def main(scratch):
    endpoint = json.loads(os.environ["MAYFLY_ENDPOINT"])
    # The AWS CLI is pointed as `mayfly local env` points it.
    os.environ.update(
        AWS_ENDPOINT_URL=endpoint["url"], AWS_REGION=endpoint["region"], AWS_DEFAULT_REGION=endpoint["region"],
        AWS_ACCESS_KEY_ID=endpoint["accessKeyId"], AWS_SECRET_ACCESS_KEY=endpoint["secretAccessKey"],
        AWS_EC2_METADATA_DISABLED="true", AWS_PAGER="", AWS_MAX_ATTEMPTS="1", NO_PROXY="127.0.0.1",
    )
    session = boto3.Session(region_name=endpoint["region"])
    watch(session)
    identity = session.client("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{endpoint['account']}:root", identity
    for part in (repositories, objects, deployment):
        part(session, pathlib.Path(scratch))
        assert not WRONG, "answers that AWS would not give:\n" + "\n".join(WRONG)
        print(f"   {part.__name__}: ok")
    print(f"   {len(CALLED)} operations were read by boto3 and held against their models")


if __name__ == "__main__":
    main(*sys.argv[1:])
