#!/usr/bin/env bash
# A tutorial of 2018, typed at a shell that `mayfly local env` has pointed at
# the local AWS: the AWS CLI's own commands, AWS's own address for git, and
# nothing that knows where it is. Argument: a folder to work in.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
REGION=eu-west-2

say() { printf -- '-- %s\n' "$*"; }
phase() { # the template of a phase
  awk -v phase="$1" '
    { keep = 1 }
    match($0, /  # from [0-9]$/) { keep = phase >= substr($0, length($0)); sub(/  # from [0-9]$/, "") }
    match($0, /  # only [0-9]$/) { keep = phase == substr($0, length($0)); sub(/  # only [0-9]$/, "") }
    keep' "$here/build-pipeline.yml" >build-pipeline-cfn.yml
}
build_pipeline() { # create-stack or update-stack
  aws cloudformation "$1-stack" \
    --region $REGION \
    --stack-name build-pipeline \
    --template-body file://build-pipeline-cfn.yml \
    --capabilities CAPABILITY_IAM "${@:2}" >/dev/null
  aws cloudformation wait "stack-$1-complete" --region $REGION --stack-name build-pipeline
}
named() { # the physical name of a resource of the pipeline's stack
  aws cloudformation describe-stack-resource --stack-name build-pipeline --logical-resource-id "$1" \
    --query StackResourceDetail.PhysicalResourceId --output text
}
until_is() { # until_is WANT COMMAND...: asks until the answer is WANT, or another end
  local want=$1 got i; shift
  for ((i = 0; i < 600; i++)); do
    got=$("$@")
    case $got in
      "$want") return ;;
      Failed | FAILED | Stopped | Superseded) break ;;
    esac
    sleep 0.2
  done
  echo "wanted $want, got $got: $*" >&2
  return 1
}
status_of() { # of the newest execution for a commit
  aws codepipeline list-pipeline-executions --pipeline-name "$PIPELINE" \
    --query "pipelineExecutionSummaries[?sourceRevisions[0].revisionId=='$1'] | [0].status" --output text
}

say "phase 1: a repository"
aws cloudformation create-stack \
  --region $REGION \
  --stack-name repository \
  --template-body "file://$here/repository.yml" >/dev/null
aws cloudformation wait stack-create-complete --region $REGION --stack-name repository
cp -R "$here/application" application
cd application
git init --quiet
git checkout --quiet -B master
git remote add origin \
  https://git-codecommit.eu-west-2.amazonaws.com/v1/repos/serverless-application
# The tutorial forgot this line, and so committed nothing.
git add .
git commit --quiet -am "Initial commit"
git push --quiet --set-upstream origin master
cd ..

say "phase 2: can't someone else build it?"
phase 2
build_pipeline create
build=$(aws codebuild start-build --project-name "$(named CodeBuildProject)" --query build.id --output text)
until_is SUCCEEDED aws codebuild batch-get-builds --ids "$build" --query 'builds[0].buildStatus' --output text

say "phase 3: continuous integration"
phase 3
build_pipeline update
PIPELINE=$(named CodePipeline)
until_is Succeeded status_of "$(git -C application rev-parse HEAD)"

say "phase 4: continuous delivery"
phase 4
build_pipeline update
cp "$here/buildspec-package.yml" application/buildspec.yml
git -C application commit --quiet -am "Added package command to buildspec.yml"
git -C application push --quiet
until_is Succeeded status_of "$(git -C application rev-parse HEAD)"
echo '"ann"' >payload.json
function=$(aws cloudformation describe-stack-resource --stack-name serverless-application \
  --logical-resource-id Greeting --query StackResourceDetail.PhysicalResourceId --output text)
aws lambda invoke --function-name "$function:live" --payload fileb://payload.json answer.json >/dev/null
[ "$(cat answer.json)" = '"Hello, Ann!"' ] || { cat answer.json >&2; exit 1; }

say "phase 5: a cache"
phase 5
build_pipeline update
cp "$here/buildspec-cache.yml" application/buildspec.yml
git -C application commit --quiet -am "Added cache section to buildspec.yml"
git -C application push --quiet
until_is Succeeded status_of "$(git -C application rev-parse HEAD)"
execution=$(aws codepipeline start-pipeline-execution --name "$PIPELINE" --query pipelineExecutionId --output text)
until_is Succeeded aws codepipeline get-pipeline-execution --pipeline-name "$PIPELINE" --pipeline-execution-id "$execution" \
  --query pipelineExecution.status --output text
aws logs filter-log-events --log-group-name "/aws/codebuild/$(named CodeBuildProject)" --query 'events[].message' --output text >log
grep -q 'shared module: from the cache' log || { echo "the second build found no cache:" >&2; tail -50 log >&2; exit 1; }

say "phase 6: a person in the middle"
phase 6
build_pipeline update --parameters ParameterKey=Email,ParameterValue=ann@example.com
approve() { # approves once somebody is asked
  local token=None i
  for ((i = 0; i < 600; i++)); do
    token=$(aws codepipeline get-pipeline-state --name "$PIPELINE" --output text --query \
      "stageStates[?stageName=='Deploy'].actionStates[] | [?actionName=='Approve' && latestExecution.status=='InProgress'].latestExecution.token | [0]")
    [ "$token" = None ] || break
    sleep 0.2
  done
  aws codepipeline put-approval-result --pipeline-name "$PIPELINE" --stage-name Deploy --action-name Approve \
    --result summary=Fine,status=Approved --token "$token" >/dev/null
}
# The update has started the pipeline, as it was told to. Nothing has changed,
# so the change set is empty, and executing it does nothing.
approve
newest="pipelineExecutionSummaries[0].status"
until_is Succeeded aws codepipeline list-pipeline-executions --pipeline-name "$PIPELINE" --query "$newest" --output text
sed 's/Hello/Good day/' application/greeting/Greeting.java >Greeting.java
mv Greeting.java application/greeting/
git -C application commit --quiet -am "A better greeting"
git -C application push --quiet
commit=$(git -C application rev-parse HEAD)
approve
until_is Succeeded status_of "$commit"
aws lambda invoke --function-name "$function:live" --payload fileb://payload.json answer.json >/dev/null
[ "$(cat answer.json)" = '"Good day, Ann!"' ] || { cat answer.json >&2; exit 1; }

say "the end, in the order that works"
aws cloudformation delete-stack --stack-name serverless-application
aws cloudformation wait stack-delete-complete --stack-name serverless-application
for bucket in ArtifactBucket CfnBucket CacheBucket; do
  name=$(named $bucket)
  aws s3 rm --quiet --recursive "s3://$name"
  aws s3api list-object-versions --bucket "$name" --output json --query '{Objects: [Versions, DeleteMarkers][][].{Key: Key, VersionId: VersionId}}' >versions.json
  if grep -q VersionId versions.json; then aws s3api delete-objects --bucket "$name" --delete file://versions.json >/dev/null; fi
done
aws cloudformation delete-stack --stack-name build-pipeline
aws cloudformation wait stack-delete-complete --stack-name build-pipeline
aws cloudformation delete-stack --stack-name repository
aws cloudformation wait stack-delete-complete --stack-name repository
left=$(aws cloudformation list-stacks --query "StackSummaries[?StackStatus!='DELETE_COMPLETE'].StackName" --output text)
[ -z "$left" ] || { echo "left: $left" >&2; exit 1; }
