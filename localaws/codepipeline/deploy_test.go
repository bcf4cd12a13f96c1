package codepipeline

import (
	"archive/zip"
	"bytes"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// deployBench runs one deploy action over a build's artifact and returns its state.
func deployBench(t *testing.T, f *fakeAWS, file, content string, configuration map[string]string, check func(b *bench, got *types.ActionExecution)) {
	t.Helper()
	inBubble(t, func(b *bench) {
		scripted := b.s.actors
		b.real(f)
		b.s.actors = scripted
		b.s.actors["Deploy/CloudFormation"] = b.s.runCloudFormation
		b.create(declare(func(p *types.PipelineDeclaration) {
			a := &p.Stages[2].Actions[0]
			a.Namespace = aws.String("Deployed")
			maps.Copy(a.Configuration, configuration)
			if configuration["OutputFileName"] != "" {
				a.OutputArtifacts = []types.OutputArtifact{{Name: aws.String("Outputs")}}
			}
		}))
		b.end("Source")
		f.put(b.jobs["Build"].outputs[0].Key, file, content)
		b.end("Build")
		settle()
		check(b, b.state().StageStates[2].ActionStates[0].LatestExecution)
	})
}

func complete() *cloudformation.DescribeChangeSetOutput {
	return &cloudformation.DescribeChangeSetOutput{Status: cfntypes.ChangeSetStatusCreateComplete, StackId: aws.String("arn:stack")}
}

func unchanged() *cloudformation.DescribeChangeSetOutput {
	return &cloudformation.DescribeChangeSetOutput{
		Status: cfntypes.ChangeSetStatusFailed, StackId: aws.String("arn:stack"),
		StatusReason: aws.String("The submitted information didn't contain changes. Submit different information to create a change set."),
	}
}

func existing(status cfntypes.StackStatus) *cfntypes.Stack {
	return &cfntypes.Stack{StackId: aws.String("arn:stack"), StackStatus: status, Outputs: []cfntypes.Output{
		{OutputKey: aws.String("Url"), OutputValue: aws.String("http://live")},
	}}
}

func TestDeployModes(t *testing.T) {
	const ended = "Stack app ended in status "
	mode := func(m string) map[string]string { return map[string]string{"ActionMode": m} }
	tests := []struct {
		name    string
		fake    *fakeAWS
		config  map[string]string
		calls   string
		summary string
		message string // of the error
	}{
		{
			name: "first change set", fake: &fakeAWS{changeSet: complete()}, config: mode(modeChangeSetReplace),
			calls: "CreateChangeSet CREATE", summary: "Change set changes was created.",
		},
		{
			name: "change set of a stack in review", fake: &fakeAWS{changeSet: complete(), stack: existing(cfntypes.StackStatusReviewInProgress)},
			config: mode(modeChangeSetReplace), calls: "DeleteChangeSet,CreateChangeSet CREATE", summary: "Change set changes was created.",
		},
		{
			name: "next change set", fake: &fakeAWS{changeSet: complete(), stack: existing(cfntypes.StackStatusCreateComplete)},
			config: mode(modeChangeSetReplace), calls: "DeleteChangeSet,CreateChangeSet UPDATE", summary: "Change set changes was created.",
		},
		{
			name: "change set without changes", fake: &fakeAWS{changeSet: unchanged(), stack: existing(cfntypes.StackStatusCreateComplete)},
			config: mode(modeChangeSetReplace), calls: "DeleteChangeSet,CreateChangeSet UPDATE",
			summary: "The submitted information didn't contain changes. Submit different information to create a change set.",
		},
		{
			name: "change set that fails", fake: &fakeAWS{changeSet: &cloudformation.DescribeChangeSetOutput{
				Status: cfntypes.ChangeSetStatusFailed, StatusReason: aws.String("Transform failed"),
			}}, config: mode(modeChangeSetReplace), calls: "CreateChangeSet CREATE", message: "Change set changes is FAILED: Transform failed",
		},
		{
			name: "execute", fake: &fakeAWS{changeSet: complete(), stack: existing(cfntypes.StackStatusCreateComplete), then: cfntypes.StackStatusUpdateComplete},
			config: mode(modeChangeSetExecute), calls: "ExecuteChangeSet", summary: "Change set changes was executed.",
		},
		{
			name: "execute without changes", fake: &fakeAWS{changeSet: unchanged(), stack: existing(cfntypes.StackStatusCreateComplete)},
			config: mode(modeChangeSetExecute), calls: "", summary: "The submitted information didn't contain changes. Submit different information to create a change set.",
		},
		{
			name: "execute, rolled back", fake: &fakeAWS{
				changeSet: complete(), stack: existing(cfntypes.StackStatusCreateComplete), then: cfntypes.StackStatusUpdateRollbackComplete,
				events: []cfntypes.StackEvent{
					{LogicalResourceId: aws.String("Later"), ResourceStatus: cfntypes.ResourceStatusUpdateFailed, ResourceStatusReason: aws.String("Resource update cancelled")},
					{LogicalResourceId: aws.String("Hello"), ResourceType: aws.String("AWS::Lambda::Function"), ResourceStatus: cfntypes.ResourceStatusUpdateFailed, ResourceStatusReason: aws.String("no such key")},
					{PhysicalResourceId: aws.String("arn:stack"), ResourceStatusReason: aws.String("User Initiated")},
					{LogicalResourceId: aws.String("Old"), ResourceStatus: cfntypes.ResourceStatusUpdateFailed, ResourceStatusReason: aws.String("last week")},
				},
			}, config: mode(modeChangeSetExecute), calls: "ExecuteChangeSet",
			message: ended + "UPDATE_ROLLBACK_COMPLETE. First failed resource: Hello (AWS::Lambda::Function), UPDATE_FAILED: no such key",
		},
		{
			name: "execute, rolled back, events hidden", fake: &fakeAWS{
				changeSet: complete(), stack: existing(cfntypes.StackStatusCreateComplete), then: cfntypes.StackStatusUpdateRollbackComplete, denied: "DescribeStackEvents",
			}, config: mode(modeChangeSetExecute), calls: "ExecuteChangeSet", message: ended + "UPDATE_ROLLBACK_COMPLETE.",
		},
		{
			name: "create", fake: &fakeAWS{then: cfntypes.StackStatusCreateComplete}, config: mode(modeCreateUpdate),
			calls: "CreateStack", summary: "Stack app was created.",
		},
		{
			name: "update", fake: &fakeAWS{stack: existing(cfntypes.StackStatusCreateComplete), then: cfntypes.StackStatusUpdateComplete},
			config: mode(modeCreateUpdate), calls: "UpdateStack", summary: "Stack app was updated.",
		},
		{
			name: "update of nothing", fake: &fakeAWS{
				stack: existing(cfntypes.StackStatusCreateComplete), update: apiError("ValidationError", "No updates are to be performed."),
			}, config: mode(modeCreateUpdate), calls: "", summary: "No updates are to be performed",
		},
		{
			name: "update refused", fake: &fakeAWS{
				stack: existing(cfntypes.StackStatusRollbackComplete), update: apiError("ValidationError", "Stack:arn:stack is in ROLLBACK_COMPLETE state and can not be updated."),
			}, config: mode(modeCreateUpdate), calls: "",
			message: "Stack:arn:stack is in ROLLBACK_COMPLETE state and can not be updated. (Error Code: ValidationError)",
		},
		{
			name: "delete", fake: &fakeAWS{stack: existing(cfntypes.StackStatusCreateComplete), then: cfntypes.StackStatusDeleteComplete},
			config: mode(modeDeleteOnly), calls: "DeleteStack", summary: "Stack app was deleted.",
		},
		{
			name: "delete nothing", fake: &fakeAWS{}, config: mode(modeDeleteOnly), calls: "", summary: "Stack app does not exist.",
		},
		{
			name: "delete fails", fake: &fakeAWS{stack: existing(cfntypes.StackStatusCreateComplete), then: cfntypes.StackStatusDeleteFailed},
			config: mode(modeDeleteOnly), calls: "DeleteStack", message: ended + "DELETE_FAILED.",
		},
		{
			name: "replace on failure, sound", fake: &fakeAWS{stack: existing(cfntypes.StackStatusCreateComplete), then: cfntypes.StackStatusUpdateComplete},
			config: mode(modeReplaceOnFailure), calls: "UpdateStack", summary: "Stack app was updated.",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			deployBench(t, test.fake, "template.yaml", "Resources: {}", test.config, func(_ *bench, got *types.ActionExecution) {
				want(t, "calls", strings.Join(test.fake.calls, ","), test.calls)
				if test.message != "" {
					want(t, "status", got.Status, types.ActionExecutionStatusFailed)
					want(t, "message", *got.ErrorDetails.Message, test.message)
					return
				}
				want(t, "status", got.Status, types.ActionExecutionStatusSucceeded)
				want(t, "summary", *got.Summary, test.summary)
			})
		})
	}
}

func TestOutputs(t *testing.T) {
	f := &fakeAWS{changeSet: complete(), stack: existing(cfntypes.StackStatusCreateComplete), then: cfntypes.StackStatusUpdateComplete}
	deployBench(t, f, "template.yaml", "x", map[string]string{"ActionMode": modeChangeSetExecute, "OutputFileName": "out.json"}, func(b *bench, _ *types.ActionExecution) {
		out, err := b.s.ListActionExecutions(b.ctx(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p")})
		if err != nil {
			t.Fatal(err)
		}
		details := out.ActionExecutionDetails
		want(t, "variables", details[0].Output.OutputVariables, map[string]string{"Url": "http://live"})
		data := f.objects[*details[0].Output.OutputArtifacts[0].S3location.Key]
		archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		file, err := archive.Open("out.json")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "file", string(text), `{"Url":"http://live"}`)
	})
}

func TestOverrides(t *testing.T) {
	tests := []struct {
		name, file, content, overrides string
		want                           string // name=value, or the error
	}{
		{"string", "template.yaml", "x", `{"A":"b"}`, "A=b"},
		{"number", "template.yaml", "x", `{"A":3}`, "A=3"},
		{"two", "template.yaml", "x", `{"B":"2","A":"1"}`, "A=1 B=2"},
		{"bucket", "template.yaml", "x", `{"A":{"Fn::GetArtifactAtt":["BuildArtifact","BucketName"]}}`, "A=bucket"},
		{"key", "template.yaml", "x", `{"A":{"Fn::GetArtifactAtt":["BuildArtifact","ObjectKey"]}}`, "A=KEY"},
		{"url", "template.yaml", "x", `{"A":{"Fn::GetArtifactAtt":["BuildArtifact","URL"]}}`, "A=https://bucket.s3.us-east-1.amazonaws.com/KEY"},
		{"variable", "template.yaml", "x", `{"A":"#{SourceVariables.CommitId}"}`, "A=abc"},
		{"param", "template.yaml", `{"Greeting":"hello"}`, `{"A":{"Fn::GetParam":["BuildArtifact","template.yaml","Greeting"]}}`, "A=hello"},
		{
			"param missing", "template.yaml", `{}`, `{"A":{"Fn::GetParam":["BuildArtifact","template.yaml","Greeting"]}}`,
			"Key [Greeting] does not exist in file [template.yaml] of artifact [BuildArtifact]",
		},
		{
			"file missing", "template.yaml", `{}`, `{"A":{"Fn::GetParam":["BuildArtifact","other.json","Greeting"]}}`,
			"File [other.json] does not exist in artifact [BuildArtifact]",
		},
		{
			"not JSON", "template.yaml", `Resources: {}`, `{"A":{"Fn::GetParam":["BuildArtifact","template.yaml","Greeting"]}}`,
			"File [template.yaml] in artifact [BuildArtifact] is not a JSON object: invalid character 'R' looking for beginning of value",
		},
		{"no template", "other.yaml", "x", `{"A":"b"}`, "File [template.yaml] does not exist in artifact [BuildArtifact]"},
		{"artifact", "template.yaml", "x", `{"A":{"Fn::GetArtifactAtt":["Sauce","URL"]}}`, "Artifact [Sauce] is not one of the action's input artifacts"},
		{
			"attribute", "template.yaml", "x", `{"A":{"Fn::GetArtifactAtt":["BuildArtifact","Arn"]}}`,
			"ParameterOverrides: attribute Arn of artifact BuildArtifact is not known. Use BucketName, ObjectKey or URL",
		},
		{
			"function", "template.yaml", "x", `{"A":{"Ref":["B"]}}`,
			"ParameterOverrides: function Ref of A is not known. Use Fn::GetArtifactAtt or Fn::GetParam",
		},
		{"arguments", "template.yaml", "x", `{"A":{"Fn::GetParam":["B"]}}`, "ParameterOverrides: Fn::GetParam of A has 1 arguments"},
		{"list", "template.yaml", "x", `{"A":["b"]}`, "ParameterOverrides: the value of A must be a string or one function with a list of strings"},
		{"no object", "template.yaml", "x", `["A"]`, "ParameterOverrides is not a JSON object: json: cannot unmarshal array into Go value of type map[string]json.RawMessage"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := &fakeAWS{changeSet: complete()}
			deployOverrides(t, f, test.file, test.content, test.overrides, test.want)
		})
	}
}

func deployOverrides(t *testing.T, f *fakeAWS, file, content, overrides, wanted string) {
	t.Helper()
	inBubble(t, func(b *bench) {
		b.given["Source"] = result{variables: map[string]string{"CommitId": "abc"}}
		scripted := b.s.actors
		b.real(f)
		b.s.actors = scripted
		b.s.actors["Deploy/CloudFormation"] = b.s.runCloudFormation
		b.create(declare(func(p *types.PipelineDeclaration) {
			p.Stages[2].Actions[0].Configuration["ParameterOverrides"] = overrides
		}))
		b.end("Source")
		key := b.jobs["Build"].outputs[0].Key
		f.put(key, file, content)
		b.end("Build")
		settle()
		state := b.state().StageStates[2].ActionStates[0].LatestExecution
		if state.ErrorDetails != nil {
			want(t, "error", *state.ErrorDetails.Message, wanted)
			return
		}
		var got []string
		for _, p := range f.change.Parameters {
			got = append(got, *p.ParameterKey+"="+*p.ParameterValue)
		}
		want(t, "parameters", strings.Join(got, " "), strings.ReplaceAll(wanted, "KEY", key))
	})
}

func TestTemplateConfiguration(t *testing.T) {
	const both = `{"Parameters":{"A":"1","B":"2"},"Tags":{"k":"v"},"StackPolicy":{"Statement":[]}}`
	f := &fakeAWS{then: cfntypes.StackStatusCreateComplete}
	deployBench(t, f, "template.yaml", both, map[string]string{
		"ActionMode": modeCreateUpdate, "TemplateConfiguration": "BuildArtifact::template.yaml", "ParameterOverrides": `{"B":"3"}`,
		"Capabilities": "CAPABILITY_IAM,CAPABILITY_AUTO_EXPAND",
	}, func(_ *bench, got *types.ActionExecution) {
		want(t, "status", got.Status, types.ActionExecutionStatusSucceeded)
		in := f.created
		want(t, "parameters", *in.Parameters[0].ParameterValue+*in.Parameters[1].ParameterValue, "13")
		want(t, "tag", *in.Tags[0].Key+*in.Tags[0].Value, "kv")
		want(t, "policy", *in.StackPolicyBody, `{"Statement":[]}`)
		want(t, "capabilities", in.Capabilities, []cfntypes.Capability{cfntypes.CapabilityCapabilityIam, cfntypes.CapabilityCapabilityAutoExpand})
		want(t, "role", *in.RoleARN, "arn:aws:iam::123456789012:role/deploy")
		want(t, "id", *got.ExternalExecutionId, "arn:stack")
	})
}
