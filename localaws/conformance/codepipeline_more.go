package conformance

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	cptypes "github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// hears subscribes a new function to a topic, and returns its name.
func (t *T) hears(topic string) string {
	function := t.function()
	must(t.lambda.AddPermission(t.ctx, &lambda.AddPermissionInput{
		FunctionName: &function, StatementId: aws.String("sns"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("sns.amazonaws.com"), SourceArn: &topic,
	}))(t)
	made := must(t.sns.Subscribe(t.ctx, &sns.SubscribeInput{TopicArn: &topic, Protocol: aws.String("lambda"), Endpoint: aws.String(t.arn("lambda", "function:"+function))}))(t)
	t.cleanup("subscription", func(t *T) error {
		_, err := t.sns.Unsubscribe(t.ctx, &sns.UnsubscribeInput{SubscriptionArn: made.SubscriptionArn})
		return err
	})
	return function
}

// deployed has three parameters and shows them.
const deployed = `Parameters: {Bucket: {Type: String}, Key: {Type: String}, Word: {Type: String}}
Resources: {Topic: {Type: AWS::SNS::Topic}}
Outputs: {Bucket: {Value: !Ref Bucket}, Key: {Value: !Ref Key}, Word: {Value: !Ref Word}}
`

// deployment is a pipeline that deploys a stack of the repository's template, and the stack's name.
func (t *T) deployment(configuration map[string]string) (*line, string) {
	role := t.role(trustService("cloudformation.amazonaws.com"), allow("sns:*"))
	stack := t.stackName()
	configuration["StackName"], configuration["RoleArn"] = stack, role
	l, declaration := t.declare(stage("Deploy", cptypes.ActionDeclaration{
		Name: aws.String("Deploy"), ActionTypeId: actionType(cptypes.ActionCategoryDeploy, "CloudFormation"), Namespace: aws.String("DeployVariables"),
		Configuration: configuration, InputArtifacts: []cptypes.InputArtifact{{Name: aws.String("SourceArtifact")}},
	}))
	words := t.put(l.repository, "words.json", `{"word": "hello"}`, l.commit)
	l.commit = t.put(l.repository, "template.yaml", deployed, words)
	l.create(declaration)
	return l, stack
}

var deliveryAssumptions = []Assumption{
	{Number: 240, Title: "CodePipeline: an approval is told to a topic, with its token and what it is about", Source: cpGuide + "approvals-json-format.html", Confirmed: true, Run: func(t *T) {
		topic := t.topic()
		function := t.hears(topic)
		gate := approval()
		gate.Actions[0].Configuration = map[string]string{"NotificationArn": topic, "CustomData": "say yes", "ExternalEntityLink": "https://example.com/"}
		l := t.line(gate)
		token := l.token()
		for _, want := range []string{token, l.name, "approvalReviewLink", "consoleLink", "https://example.com/"} {
			t.heard(function, want)
		}
	}},
	{Number: 241, Title: "CodePipeline: a source's variables are put into another action's configuration", Source: cpGuide + "reference-variables.html", Confirmed: true, Run: func(t *T) {
		project := t.project(exporting([]string{"COMMIT"}, "true")+"artifacts: {files: [README.md]}\n", inPipeline)
		stage := building(project)
		stage.Actions[0].Configuration["EnvironmentVariables"] = `[{"name":"COMMIT","value":"#{SourceVariables.CommitId}"}]`
		l := t.line(stage)
		l.becomes(l.first(), cptypes.PipelineExecutionStatusSucceeded)
		ids := must(t.codebuild.ListBuildsForProject(t.ctx, &codebuild.ListBuildsForProjectInput{ProjectName: &project}))(t).Ids
		equal(t, "COMMIT", t.says(t.lookBuild(ids[0]), "COMMIT"), l.commit)
	}},
	{Number: 242, Title: "CodePipeline: what a build exports are its action's output variables", Source: cpGuide + "action-reference-CodeBuild.html", Confirmed: true, Run: func(t *T) {
		l := t.line(building(t.project(exporting([]string{"WORD"}, "export WORD=hello")+"artifacts: {files: [README.md]}\n", inPipeline)))
		l.becomes(l.first(), cptypes.PipelineExecutionStatusSucceeded)
		for _, action := range l.actions() {
			if str(action.StageName) == "Build" {
				equal(t, "WORD", action.Output.OutputVariables["WORD"], "hello")
			}
		}
	}},
	{Number: 243, Title: "CodePipeline: the API's own default is PipelineType V1", Source: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-codepipeline-pipeline.html", Run: func(t *T) {
		l, declaration := t.declare(approval())
		declaration.PipelineType = ""
		l.create(declaration)
		got := must(t.codepipeline.GetPipeline(t.ctx, &codepipeline.GetPipelineInput{Name: &l.name}))(t).Pipeline
		equal(t, "PipelineType", got.PipelineType, cptypes.PipelineTypeV1)
		equal(t, "ExecutionMode", got.ExecutionMode, cptypes.ExecutionModeSuperseded)
	}},
	{Number: 244, Title: "CodePipeline: an artifact that nobody makes is refused", Source: cpGuide + "reference-pipeline-structure.html", Run: func(t *T) {
		stage := building("project")
		stage.Actions[0].InputArtifacts[0].Name = aws.String("Nobodys")
		_, declaration := t.declare(stage)
		_, err := t.codepipeline.CreatePipeline(t.ctx, &codepipeline.CreatePipelineInput{Pipeline: declaration})
		if !strings.HasPrefix(code(err), "Invalid") || !strings.Contains(message(err), "Nobodys") {
			t.Errorf("the error is %v", err)
		}
	}},
	{Number: 245, Title: "CodePipeline: a role that may not read the repository fails the source", Source: cpGuide + "troubleshooting.html", Run: func(t *T) {
		l, declaration := t.declare(approval())
		poor := t.role(trustService("codepipeline.amazonaws.com"), allow("s3:*"))
		declaration.RoleArn = &poor
		l.create(declaration)
		l.becomes(l.first(), cptypes.PipelineExecutionStatusFailed)
		if got := l.action("Source").ErrorDetails; got == nil || str(got.Code) != "PermissionError" {
			t.Errorf("the error is %+v", got)
		}
	}},
	{Number: 246, Title: "CodePipeline: a deployment takes its template and its parameters from artifacts, and gives the stack's outputs", Source: cpGuide + "action-reference-CloudFormation.html", Confirmed: true, Run: func(t *T) {
		l, stack := t.deployment(map[string]string{
			"ActionMode": "CREATE_UPDATE", "TemplatePath": "SourceArtifact::template.yaml",
			"ParameterOverrides": `{"Bucket": {"Fn::GetArtifactAtt": ["SourceArtifact", "BucketName"]}, "Key": {"Fn::GetArtifactAtt": ["SourceArtifact", "ObjectKey"]}, "Word": {"Fn::GetParam": ["SourceArtifact", "words.json", "word"]}}`,
		})
		l.becomes(l.first(), cptypes.PipelineExecutionStatusSucceeded)
		got := t.outputs(stack)
		equal(t, "Bucket", got["Bucket"], l.bucket)
		equal(t, "Key", got["Key"], l.artifact("Source"))
		equal(t, "Word", got["Word"], "hello")
		for _, action := range l.actions() {
			if str(action.StageName) == "Deploy" {
				equal(t, "the output variable", action.Output.OutputVariables["Word"], "hello")
			}
		}
	}},
	{Number: 247, Title: "CodePipeline: CHANGE_SET_REPLACE makes a change set, which leaves the stack in review", Source: cpGuide + "action-reference-CloudFormation.html", Confirmed: true, Run: func(t *T) {
		l, stack := t.deployment(map[string]string{
			"ActionMode": "CHANGE_SET_REPLACE", "ChangeSetName": "next", "TemplatePath": "SourceArtifact::template.yaml",
			"ParameterOverrides": `{"Bucket": "b", "Key": "k", "Word": "w"}`,
		})
		l.becomes(l.first(), cptypes.PipelineExecutionStatusSucceeded)
		equal(t, "StackStatus", t.describe(stack).StackStatus, cfntypes.StackStatusReviewInProgress)
		got := must(t.cloudformation.DescribeChangeSet(t.ctx, &cloudformation.DescribeChangeSetInput{StackName: &stack, ChangeSetName: aws.String("next")}))(t)
		equal(t, "ExecutionStatus", got.ExecutionStatus, cfntypes.ExecutionStatusAvailable)
	}},
	{Number: 248, Title: "CodePipeline: a file that the artifact does not have fails the deployment", Source: cpGuide + "action-reference-CloudFormation.html", Run: func(t *T) {
		l, _ := t.deployment(map[string]string{"ActionMode": "CREATE_UPDATE", "TemplatePath": "SourceArtifact::nothing.yaml"})
		l.becomes(l.first(), cptypes.PipelineExecutionStatusFailed)
		if got := l.action("Deploy").ErrorDetails; got == nil || !strings.Contains(str(got.Message), "nothing.yaml") {
			t.Errorf("the error is %+v", got)
		}
	}},
	{Number: 249, Title: "CodePipeline: an approval's custom data has the variables of actions before it, and the history shows it resolved", Source: cpGuide + "actions-variables.html and botocore model: ActionExecutionInput, resolvedConfiguration", Confirmed: true, Run: func(t *T) {
		gate := approval()
		gate.Actions[0].Configuration = map[string]string{"CustomData": "Deploy #{SourceVariables.CommitId}: #{SourceVariables.CommitMessage}?"}
		l := t.line(gate)
		l.token()
		want := "Deploy " + l.commit + ": put README.md?"
		out := must(t.codepipeline.ListActionExecutions(t.ctx, &codepipeline.ListActionExecutionsInput{PipelineName: &l.name}))(t)
		equal(t, "CustomData", out.ActionExecutionDetails[0].Input.ResolvedConfiguration["CustomData"], want)
	}},
	{Number: 752, Title: "SNS: a function is given a message in Records, each with an Sns", Source: "https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html", Confirmed: true, Run: func(t *T) {
		topic := t.topic()
		function := t.hears(topic)
		must(t.sns.Publish(t.ctx, &sns.PublishInput{TopicArn: &topic, Message: aws.String("say hello"), Subject: aws.String("greeting")}))(t)
		for _, want := range []string{`"EventSource":"aws:sns"`, `"Message":"say hello"`, `"Subject":"greeting"`, `"TopicArn":"` + topic + `"`, `"Type":"Notification"`} {
			t.heard(function, want)
		}
	}},
	{Number: 753, Title: "SNS: a function's subscription is confirmed at once", Source: snsAPI + "Subscribe.html", Confirmed: true, Run: func(t *T) {
		topic := t.topic()
		t.hears(topic)
		listed := must(t.sns.ListSubscriptionsByTopic(t.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic}))(t).Subscriptions
		if len(listed) != 1 || !strings.HasPrefix(str(listed[0].SubscriptionArn), topic+":") {
			t.Errorf("the subscriptions are %+v", listed)
		}
	}},
}
