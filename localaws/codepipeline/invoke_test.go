package codepipeline

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// invoking is a pipeline that invokes a function after its build.
func invoking() types.PipelineDeclaration {
	return declare(func(p *types.PipelineDeclaration) {
		p.Stages[2] = stage("Smoke", types.ActionDeclaration{
			Name: aws.String("Test"), ActionTypeId: typeID(types.ActionCategoryInvoke, "Lambda"), Namespace: aws.String("Tested"),
			Configuration:   map[string]string{"FunctionName": "smoke", "UserParameters": "#{SourceVariables.CommitId}"},
			InputArtifacts:  []types.InputArtifact{{Name: aws.String("SourceArtifact")}},
			OutputArtifacts: []types.OutputArtifact{{Name: aws.String("Report")}},
		}, approvalAfter("Tested"))
	})
}

// approvalAfter asks with a variable of the namespace, in the next run order.
func approvalAfter(namespace string) types.ActionDeclaration {
	a := approval("Approve")
	a.RunOrder, a.Configuration = aws.Int32(2), map[string]string{"CustomData": "#{" + namespace + ".VERDICT}"}
	return a
}

// invokeBench runs the pipeline until the function was called.
func invokeBench(t *testing.T, f *fakeAWS, check func(b *bench)) {
	t.Helper()
	inBubble(t, func(b *bench) {
		b.real(f)
		f.head, f.builds = commit, doneAtOnce()
		b.create(invoking())
		settle()
		check(b)
	})
}

func (b *bench) test() *types.ActionExecution {
	return b.state().StageStates[2].ActionStates[0].LatestExecution
}

func (b *bench) succeed(id string, change func(in *codepipeline.PutJobSuccessResultInput)) error {
	in := &codepipeline.PutJobSuccessResultInput{JobId: aws.String(id)}
	change(in)
	_, err := b.s.PutJobSuccessResult(b.ctx(), in)
	synctest.Wait()
	return err
}

func (b *bench) failJob(id, message string) error {
	_, err := b.s.PutJobFailureResult(b.ctx(), &codepipeline.PutJobFailureResultInput{
		JobId: aws.String(id), FailureDetails: &types.FailureDetails{Type: types.FailureTypeConfigurationError, Message: aws.String(message)},
	})
	synctest.Wait()
	return err
}

// event is the last event that the function got.
func (f *fakeAWS) event(t *testing.T) (job map[string]any) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.invoked) == 0 {
		t.Fatal("nothing was invoked")
	}
	last := f.invoked[len(f.invoked)-1]
	want(t, "function", []string{*last.FunctionName, string(last.InvocationType)}, []string{"smoke", string(lambdatypes.InvocationTypeEvent)})
	var event map[string]map[string]any
	if err := json.Unmarshal(last.Payload, &event); err != nil {
		t.Fatal(err)
	}
	return event["CodePipeline.job"]
}

// TestJobEvent holds the event against the sample of
// docs.aws.amazon.com/lambda/latest/dg/services-codepipeline.html.
func TestJobEvent(t *testing.T) {
	f := &fakeAWS{}
	invokeBench(t, f, func(b *bench) {
		job := f.event(t)
		details, err := b.s.ListActionExecutions(b.ctx(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p")})
		if err != nil {
			t.Fatal(err)
		}
		in := details.ActionExecutionDetails[0].Input.InputArtifacts[0].S3location
		data := job["data"].(map[string]any)
		output := data["outputArtifacts"].([]any)[0].(map[string]any)
		key, _ := output["location"].(map[string]any)["s3Location"].(map[string]any)["objectKey"].(string)
		if !strings.HasPrefix(key, "p/Report/") {
			t.Errorf("output at %q", key)
		}
		place := func(key string) map[string]any {
			return map[string]any{"type": "S3", "s3Location": map[string]any{"bucketName": "bucket", "objectKey": key}}
		}
		want(t, "job", job, map[string]any{
			"id": *b.test().ExternalExecutionId, "accountId": "123456789012",
			"data": map[string]any{
				"actionConfiguration": map[string]any{"configuration": map[string]any{"FunctionName": "smoke", "UserParameters": commit}},
				"inputArtifacts":      []any{map[string]any{"name": "SourceArtifact", "revision": commit, "location": place(*in.Key)}},
				"outputArtifacts":     []any{map[string]any{"name": "Report", "revision": nil, "location": place(key)}},
				"artifactCredentials": map[string]any{"accessKeyId": "ASIAPIPELINE", "secretAccessKey": "secret", "sessionToken": "session"},
			},
		})
	})
}

func TestJobSucceeds(t *testing.T) {
	f := &fakeAWS{}
	invokeBench(t, f, func(b *bench) {
		id := f.event(t)["id"].(string)
		out, err := b.s.GetJobDetails(b.ctx(), &codepipeline.GetJobDetailsInput{JobId: aws.String(id)})
		if err != nil {
			t.Fatal(err)
		}
		context := out.JobDetails.Data.PipelineContext
		want(t, "context", []string{*context.PipelineName, *context.PipelineExecutionId, *context.Stage.Name, *context.Action.Name, *context.PipelineArn},
			[]string{"p", b.first(), "Smoke", "Test", "arn:aws:codepipeline:us-east-1:123456789012:p"})
		want(t, "keys", *out.JobDetails.Data.ArtifactCredentials.AccessKeyId, "ASIAPIPELINE")

		if err := b.succeed(id, func(in *codepipeline.PutJobSuccessResultInput) {
			in.OutputVariables = map[string]string{"VERDICT": "fine"}
			in.ExecutionDetails = &types.ExecutionDetails{Summary: aws.String("12 checks"), ExternalExecutionId: aws.String("run-1")}
		}); err != nil {
			t.Fatal(err)
		}
		got := b.test()
		want(t, "action", []string{string(got.Status), *got.Summary, *got.ExternalExecutionId}, []string{"Succeeded", "12 checks", "run-1"})
		details, err := b.s.ListActionExecutions(b.ctx(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p")})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "variables", details.ActionExecutionDetails[1].Output.OutputVariables, map[string]string{"VERDICT": "fine"})
		want(t, "resolved after it", details.ActionExecutionDetails[0].Input.ResolvedConfiguration["CustomData"], "fine")
		wantError(t, b.failJob(id, "late"), "InvalidJobStateException: The job state was specified in an invalid format.")
		wantError(t, b.failJob(uuid.New(), "whose"), "JobNotFoundException: The job was specified in an invalid format or cannot be found.")
		_, err = b.s.GetJobDetails(b.ctx(), &codepipeline.GetJobDetailsInput{JobId: aws.String(id)})
		wantError(t, err, "JobNotFoundException: The job was specified in an invalid format or cannot be found.")
	})
}

func TestJobFails(t *testing.T) {
	f := &fakeAWS{}
	invokeBench(t, f, func(b *bench) {
		if err := b.failJob(f.event(t)["id"].(string), "no such table"); err != nil {
			t.Fatal(err)
		}
		got := b.test()
		want(t, "error", []string{string(got.Status), *got.ErrorDetails.Code, *got.ErrorDetails.Message}, []string{"Failed", "ConfigurationError", "no such table"})
	})
}

func TestJobContinues(t *testing.T) {
	f := &fakeAWS{}
	invokeBench(t, f, func(b *bench) {
		id := f.event(t)["id"].(string)
		for _, token := range []string{"half", "most"} {
			pass(19 * time.Minute) // every reply gives it 20 more
			if err := b.succeed(id, func(in *codepipeline.PutJobSuccessResultInput) {
				in.ContinuationToken = aws.String(token)
				in.ExecutionDetails = &types.ExecutionDetails{Summary: aws.String(token), PercentComplete: aws.Int32(50)}
			}); err != nil {
				t.Fatal(err)
			}
			settle()
			want(t, "token", f.event(t)["data"].(map[string]any)["continuationToken"], any(token))
			got := b.test()
			want(t, "action", []any{string(got.Status), *got.Summary, *got.PercentComplete}, []any{"InProgress", token, int32(50)})
		}
		want(t, "invocations", len(f.invoked), 3)
		if err := b.succeed(id, func(*codepipeline.PutJobSuccessResultInput) {}); err != nil {
			t.Fatal(err)
		}
		want(t, "status", b.test().Status, types.ActionExecutionStatusSucceeded)
	})
}

func TestFunctionSaysNothing(t *testing.T) {
	f := &fakeAWS{}
	invokeBench(t, f, func(b *bench) {
		pass(replyTimeout)
		want(t, "error", *b.test().ErrorDetails.Message, "The AWS Lambda function smoke failed to return a result. Check the function to verify that it has permission to call "+
			"the PutJobSuccessResult action and that it made a call to PutJobSuccessResult.")
	})
}

func TestFunctionMayNotBeInvoked(t *testing.T) {
	invokeBench(t, &fakeAWS{denied: "Invoke"}, func(b *bench) {
		got := b.test().ErrorDetails
		want(t, "error", []string{*got.Code, *got.Message}, []string{
			"PermissionError", "The provided role does not have sufficient permissions: User: arn is not authorized to perform: lambda:InvokeFunction on resource: f",
		})
	})
}

func TestOutputVariablesRefused(t *testing.T) {
	f := &fakeAWS{}
	invokeBench(t, f, func(b *bench) {
		id := f.event(t)["id"].(string)
		give := func(name, value string) error {
			return b.succeed(id, func(in *codepipeline.PutJobSuccessResultInput) { in.OutputVariables = map[string]string{name: value} })
		}
		wantError(t, give("a b", "c"), "ValidationException: Output variable name a b must match [A-Za-z0-9@\\-_]+")
		wantError(t, give("A", strings.Repeat("x", maxVariables)), "OutputVariablesSizeExceededException: Exceeded the total size limit for all variables in the pipeline.")
		want(t, "still waiting", b.test().Status, types.ActionExecutionStatusInProgress)
	})
}

func TestNoJobsOfOthers(t *testing.T) {
	inBubble(t, func(b *bench) {
		poll := func(owner types.ActionOwner) error {
			id := typeID(types.ActionCategoryInvoke, "Lambda")
			id.Owner = owner
			_, err := b.s.PollForJobs(context.Background(), &codepipeline.PollForJobsInput{ActionTypeId: id})
			return err
		}
		wantError(t, poll(types.ActionOwnerAws), "ValidationException: PollForJobs is valid only for action types with Custom in the owner field, not AWS")
		wantError(t, poll(types.ActionOwnerCustom), "ActionTypeNotFoundException: The specified action type cannot be found.")
		_, err := b.s.GetActionType(context.Background(), &codepipeline.GetActionTypeInput{})
		wantError(t, err, "ActionTypeNotFoundException: The specified action type cannot be found.")
	})
}
