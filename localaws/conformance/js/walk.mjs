// Walks a full workshop with the clients of the AWS SDK for JavaScript: their
// paginators, waiters, presigned URLs and protocols. It is started by the script
// "run" with a folder for its files; MAYFLY_ENDPOINT says, as JSON, how the
// local AWS is reached. It ends with an exception at the first thing that is not
// as it would be on AWS.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import * as cfn from "@aws-sdk/client-cloudformation";
import * as cwl from "@aws-sdk/client-cloudwatch-logs";
import * as cb from "@aws-sdk/client-codebuild";
import * as cc from "@aws-sdk/client-codecommit";
import * as cp from "@aws-sdk/client-codepipeline";
import * as eb from "@aws-sdk/client-eventbridge";
import * as lam from "@aws-sdk/client-lambda";
import * as s3 from "@aws-sdk/client-s3";
import * as sns from "@aws-sdk/client-sns";
import * as sts from "@aws-sdk/client-sts";
import { AwsSmithyRpcV2CborProtocol } from "@aws-sdk/core/protocols";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const [folder, scratch] = process.argv.slice(2); // of the templates, and for files
const endpoint = JSON.parse(process.env.MAYFLY_ENDPOINT);
Object.assign(process.env, {
  AWS_ENDPOINT_URL: endpoint.url,
  AWS_REGION: endpoint.region,
  AWS_DEFAULT_REGION: endpoint.region,
  AWS_ACCESS_KEY_ID: endpoint.accessKeyId,
  AWS_SECRET_ACCESS_KEY: endpoint.secretAccessKey,
  AWS_MAX_ATTEMPTS: "1",
});

const cloudformation = new cfn.CloudFormationClient();
const logs = new cwl.CloudWatchLogsClient();
const codepipeline = new cp.CodePipelineClient();
const lambda = new lam.LambdaClient();
const storage = new s3.S3Client({ forcePathStyle: true });
const quick = { minDelay: 0.2, maxDelay: 0.2, maxWaitTime: 120 };

// eventually asks until there is an answer, for two minutes at most.
async function eventually(ask, what) {
  for (const end = Date.now() + 120_000; Date.now() < end; await sleep(100)) {
    const answer = await ask();
    if (answer !== undefined) {
      return answer;
    }
  }
  throw new Error(`${what} did not come`);
}

// all reads every page of a paginator.
async function all(paginator, member) {
  const items = [];
  for await (const page of paginator) {
    items.push(...(page[member] ?? []));
  }
  return items;
}

function git(cwd, ...args) {
  const helper = "!aws codecommit credential-helper --ignore-host-check $@";
  const options = [
    `credential.helper=${helper}`, "credential.UseHttpPath=true", "init.defaultBranch=main",
    "user.name=Ann", "user.email=ann@example.com", "core.autocrlf=false",
  ].flatMap((option) => ["-c", option]);
  const env = { ...process.env, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };
  return execFileSync("git", [...options, ...args], { cwd, env, encoding: "utf8", timeout: 120_000, stdio: ["ignore", "pipe", "pipe"] }).trim();
}

// push commits what is in the folder, and returns the commit.
function push(work, message) {
  git(work, "add", ".");
  git(work, "commit", "--quiet", "--allow-empty", "-m", message);
  git(work, "push", "--quiet", "origin", "main");
  return git(work, "rev-parse", "HEAD");
}

async function objects() {
  const Bucket = "conformance-js";
  await storage.send(new s3.CreateBucketCommand({ Bucket }));
  await s3.waitUntilBucketExists({ client: storage, ...quick }, { Bucket });
  await storage.send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "SHA1", "SHA256"]) {
    const put = await storage.send(new s3.PutObjectCommand({ Bucket, Key: `sums/${ChecksumAlgorithm}`, Body: "checked & <more>", ChecksumAlgorithm }));
    const got = await storage.send(new s3.GetObjectCommand({ Bucket, Key: `sums/${ChecksumAlgorithm}`, ChecksumMode: "ENABLED" }));
    assert.equal(await got.Body.transformToString(), "checked & <more>");
    assert.equal(got[`Checksum${ChecksumAlgorithm}`], put[`Checksum${ChecksumAlgorithm}`]);
  }
  for (const Key of ["a//b", "a+b c%2Fd", "..a/b", "é/世😀", "x?y#z&w=v"]) {
    const url = await getSignedUrl(storage, new s3.PutObjectCommand({ Bucket, Key }), { expiresIn: 60 });
    assert.equal((await fetch(url, { method: "PUT", body: Key })).status, 200, Key);
    const back = await fetch(await getSignedUrl(storage, new s3.GetObjectCommand({ Bucket, Key }), { expiresIn: 60 }));
    assert.equal(await back.text(), Key);
    assert.equal((await fetch(back.url + "&x=y")).status, 403);
  }
  const keys = await all(s3.paginateListObjectsV2({ client: storage, pageSize: 3 }, { Bucket }), "Contents");
  assert.equal(keys.length, 9);
  await assert.rejects(storage.send(new s3.GetObjectCommand({ Bucket, Key: "none" })), s3.NoSuchKey);
  await assert.rejects(storage.send(new s3.HeadObjectCommand({ Bucket, Key: "none" })), s3.NotFound);
  const { Versions } = await storage.send(new s3.ListObjectVersionsCommand({ Bucket }));
  const doomed = Versions.map(({ Key, VersionId }) => ({ Key, VersionId }));
  const { Errors } = await storage.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: doomed } }));
  assert.equal(Errors, undefined);
  await storage.send(new s3.DeleteBucketCommand({ Bucket }));
  await s3.waitUntilBucketNotExists({ client: storage, ...quick }, { Bucket });
}

// repositories are made twice: in the protocol of the client's choice, and in rpc-v2-cbor.
async function repositories(config) {
  const codecommit = new cc.CodeCommitClient(config);
  const made = await codecommit.send(new cc.CreateRepositoryCommand({ repositoryName: "first-js", repositoryDescription: "à propos", tags: { a: "b" } }));
  assert.equal(made.repositoryMetadata.repositoryDescription, "à propos");
  assert.ok(Math.abs(made.repositoryMetadata.creationDate - Date.now()) < 60_000, made.repositoryMetadata.creationDate);
  const { commitId } = await codecommit.send(new cc.PutFileCommand({
    repositoryName: "first-js", branchName: "main", filePath: "bytes", fileContent: Uint8Array.of(0, 255, 10), name: "Ann", email: "ann@example.com",
  }));
  const file = await codecommit.send(new cc.GetFileCommand({ repositoryName: "first-js", filePath: "bytes", commitSpecifier: commitId }));
  assert.deepEqual([...file.fileContent], [0, 255, 10]);
  const names = await all(cc.paginateListRepositories({ client: codecommit }, {}), "repositories");
  assert.ok(names.some((r) => r.repositoryName === "first-js"));
  await assert.rejects(codecommit.send(new cc.GetRepositoryCommand({ repositoryName: "none" })), cc.RepositoryDoesNotExistException);
  await assert.rejects(codecommit.send(new cc.GetRepositoryCommand({})), cc.RepositoryNameRequiredException);
  await codecommit.send(new cc.DeleteRepositoryCommand({ repositoryName: "first-js" }));
}

// Line is a line from repository to production that asks before it deploys.
class Line {
  name = "line-js";
  live = "line-js-live";

  async walk() {
    const outputs = await this.create();
    await eventually(async () => { // the execution that the pipeline's making starts must not take the first commit
      const { pipelineExecutionSummaries: made } = await codepipeline.send(new cp.ListPipelineExecutionsCommand({ pipelineName: this.name }));
      return made.length > 0 && made.every((e) => e.status === "Failed") ? made : undefined;
    }, "the end of the first execution");
    const { repositoryMetadata } = await new cc.CodeCommitClient().send(new cc.GetRepositoryCommand({ repositoryName: outputs.Repository }));
    git(scratch, "clone", "--quiet", repositoryMetadata.cloneUrlHttp, "js-line");
    const work = join(scratch, "js-line");
    git(work, "checkout", "--quiet", "-B", "main");
    cpSync(join(folder, "app"), work, { recursive: true });
    const first = push(work, "deploy");
    await this.answer("Approved", first);
    const execution = await this.ended(first, "Succeeded");
    assert.equal(await this.answers(), first);
    await this.pipeline(execution);
    await this.build(outputs.Project, {});
    await this.build(outputs.Project, { protocol: AwsSmithyRpcV2CborProtocol });
    await this.application(first);
    const second = push(work, "again");
    await this.answer("Rejected", second);
    await this.ended(second, "Failed");
    assert.equal(await this.answers(), first);
    await this.remove();
  }

  // create makes the stack by a change set, and returns its outputs.
  async create() {
    const stack = { StackName: this.name, ChangeSetName: "first" };
    await cloudformation.send(new cfn.CreateChangeSetCommand({
      ...stack, ChangeSetType: "CREATE", TemplateBody: readFileSync(join(folder, "line.yaml"), "utf8"), Capabilities: ["CAPABILITY_IAM"],
      Parameters: [{ ParameterKey: "Approval", ParameterValue: "yes" }],
    }));
    await cfn.waitUntilChangeSetCreateComplete({ client: cloudformation, ...quick }, stack);
    const changes = await all(cfn.paginateDescribeChangeSet({ client: cloudformation }, stack), "Changes");
    assert.equal(changes.length, 7);
    await cloudformation.send(new cfn.ExecuteChangeSetCommand(stack));
    await cfn.waitUntilStackCreateComplete({ client: cloudformation, ...quick }, { StackName: this.name });
    const [{ Outputs }] = await all(cfn.paginateDescribeStacks({ client: cloudformation }, { StackName: this.name }), "Stacks");
    return Object.fromEntries(Outputs.map((o) => [o.OutputKey, o.OutputValue]));
  }

  async executions(commit) {
    const found = await all(cp.paginateListPipelineExecutions({ client: codepipeline }, { pipelineName: this.name }), "pipelineExecutionSummaries");
    return found.filter((e) => e.sourceRevisions?.some((r) => r.revisionId === commit));
  }

  // answer answers when the pipeline asks whether a commit shall go live.
  async answer(status, commit) {
    const token = await eventually(async () => {
      const { stageStates } = await codepipeline.send(new cp.GetPipelineStateCommand({ name: this.name }));
      const stage = stageStates.find((s) => s.stageName === "Approval");
      const mine = (await this.executions(commit)).map((e) => e.pipelineExecutionId);
      return mine.includes(stage.latestExecution?.pipelineExecutionId) ? stage.actionStates[0].latestExecution?.token : undefined;
    }, `the question whether ${commit} shall go live`);
    const result = new cp.PutApprovalResultCommand({
      pipelineName: this.name, stageName: "Approval", actionName: "Approve", token, result: { summary: "seen", status },
    });
    await codepipeline.send(result);
    await assert.rejects(codepipeline.send(result), cp.ApprovalAlreadyCompletedException);
  }

  // ended waits until the execution of a commit has ended in that status, and returns its id.
  async ended(commit, status) {
    const execution = await eventually(
      async () => (await this.executions(commit)).find((e) => e.status !== "InProgress"), `the end of ${commit}`);
    assert.equal(execution.status, status);
    return execution.pipelineExecutionId;
  }

  // answers returns what the live URL answers.
  async answers() {
    const { Stacks } = await cloudformation.send(new cfn.DescribeStacksCommand({ StackName: this.live }));
    return (await fetch(Stacks[0].Outputs.find((o) => o.OutputKey === "Url").OutputValue)).text();
  }

  async pipeline(execution) {
    const { stageStates } = await codepipeline.send(new cp.GetPipelineStateCommand({ name: this.name }));
    assert.deepEqual(stageStates.map((s) => s.latestExecution.status), Array(4).fill("Succeeded"));
    const actions = await all(cp.paginateListActionExecutions({ client: codepipeline, pageSize: 2 },
      { pipelineName: this.name, filter: { pipelineExecutionId: execution } }), "actionExecutionDetails");
    assert.deepEqual(actions.map((a) => a.actionName).sort(), ["Approve", "Build", "Execute", "Prepare", "Source"]);
    assert.ok(actions.every((a) => a.startTime instanceof Date && a.status === "Succeeded"));
    const { Rules } = await new eb.EventBridgeClient().send(new eb.ListRulesCommand({ NamePrefix: this.name }));
    assert.equal(Rules.length, 1);
    const topics = await all(sns.paginateListTopics({ client: new sns.SNSClient() }, {}), "Topics");
    assert.ok(topics.some((t) => t.TopicArn.includes(this.name)));
  }

  // build reads the build and its log.
  async build(projectName, config) {
    const codebuild = new cb.CodeBuildClient(config);
    const ids = await all(cb.paginateListBuildsForProject({ client: codebuild }, { projectName }), "ids");
    const { builds } = await codebuild.send(new cb.BatchGetBuildsCommand({ ids }));
    assert.deepEqual([builds.length, builds[0].buildStatus], [1, "SUCCEEDED"]);
    assert.ok(builds[0].phases[0].startTime instanceof Date);
    assert.equal(builds[0].phases.at(-1).phaseType, "COMPLETED");
    await assert.rejects(codebuild.send(new cb.StartBuildCommand({ projectName: "none" })), cb.ResourceNotFoundException);
    await assert.rejects(codebuild.send(new cb.BatchGetProjectsCommand({ names: [] })), cb.InvalidInputException);
    const events = await all(cwl.paginateFilterLogEvents({ client: logs }, { logGroupName: builds[0].logs.groupName }), "events");
    assert.ok(events.some((e) => e.message.includes("sed -i.bak")));
  }

  async application(commit) {
    const resources = await all(cfn.paginateListStackResources({ client: cloudformation }, { StackName: this.live }), "StackResourceSummaries");
    const FunctionName = resources.find((r) => r.ResourceType === "AWS::Lambda::Function").PhysicalResourceId;
    await lam.waitUntilFunctionActiveV2({ client: lambda, ...quick }, { FunctionName });
    const { Payload } = await lambda.send(new lam.InvokeCommand({ FunctionName, Qualifier: "live", Payload: "{}" }));
    assert.equal(JSON.parse(Payload.transformToString()).body, commit);
    const [event] = await all(cfn.paginateDescribeStackEvents({ client: cloudformation }, { StackName: this.live }), "StackEvents");
    assert.equal(event.ResourceStatus, "CREATE_COMPLETE");
  }

  // remove takes everything down.
  async remove() {
    await this.removeStack(this.live);
    const { StackResources } = await cloudformation.send(new cfn.DescribeStackResourcesCommand({ StackName: this.name }));
    const Bucket = StackResources.find((r) => r.ResourceType === "AWS::S3::Bucket").PhysicalResourceId;
    for (const { Key } of await all(s3.paginateListObjectsV2({ client: storage }, { Bucket }), "Contents")) {
      await storage.send(new s3.DeleteObjectCommand({ Bucket, Key }));
    }
    await this.removeStack(this.name);
    await assert.rejects(cloudformation.send(new cfn.DescribeStacksCommand({ StackName: this.name })), { name: "ValidationError" });
  }

  async removeStack(StackName) {
    await cloudformation.send(new cfn.DeleteStackCommand({ StackName }));
    await cfn.waitUntilStackDeleteComplete({ client: cloudformation, ...quick }, { StackName });
  }
}

const { Arn } = await new sts.STSClient().send(new sts.GetCallerIdentityCommand({}));
assert.equal(Arn, `arn:aws:iam::${endpoint.account}:root`);
await repositories({});
await repositories({ protocol: AwsSmithyRpcV2CborProtocol });
await objects();
await new Line().walk();
console.log("   JavaScript: ok, in awsJson and in rpc-v2-cbor");
