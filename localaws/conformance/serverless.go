package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

const translator = "aws-sam-translator 1.110, model/sam_resources.py"

// serverless is a template of a function Hello with more properties.
func serverless(code, more string) string {
	return "Transform: AWS::Serverless-2016-10-31\nResources:\n  Hello:\n    Type: AWS::Serverless::Function\n    Properties:\n" +
		"      Runtime: provided.al2023\n      Handler: bootstrap\n      CodeUri: " + code + "\n" + more
}

const bucketAndKey = "{Bucket: bkt, Key: abc123}"

// expands wants a serverless function to become these resources.
func (t *T) expands(more string, want ...string) {
	got := t.changeSet(t.stackName(), serverless(bucketAndKey, more), cfntypes.ChangeSetTypeCreate)
	if got.Status != cfntypes.ChangeSetStatusCreateComplete {
		t.Fatalf("the change set is %s: %s", got.Status, str(got.StatusReason))
	}
	var ids []string
	for _, change := range got.Changes {
		ids = append(ids, str(change.ResourceChange.LogicalResourceId))
	}
	slices.Sort(ids)
	slices.Sort(want)
	if !slices.Equal(ids, want) {
		t.Errorf("it becomes %v, want %v", ids, want)
	}
}

var serverlessAssumptions = []Assumption{
	{Number: 370, Title: "SAM: a function becomes itself and its role", Source: translator, Confirmed: true, Run: func(t *T) {
		t.expands("", "Hello", "HelloRole")
	}},
	{Number: 371, Title: "SAM: AutoPublishAlias adds an alias and a version that is named after the hash of the code's place", Source: translator, Confirmed: true, Run: func(t *T) {
		t.expands("      AutoPublishAlias: live\n", "Hello", "HelloRole", "HelloAliaslive", "HelloVersionc78498db53")
	}},
	{Number: 372, Title: "SAM: MemorySize is a part of the version's hash", Source: translator, Confirmed: true, Run: func(t *T) {
		t.expands("      AutoPublishAlias: live\n      MemorySize: 256\n", "Hello", "HelloRole", "HelloAliaslive", "HelloVersion0ffffe181c")
	}},
	{Number: 373, Title: "SAM: a function's URL that asks nobody adds its permissions", Source: translator, Confirmed: true, Run: func(t *T) {
		t.expands("      FunctionUrlConfig: {AuthType: NONE}\n", "Hello", "HelloRole", "HelloUrl", "HelloUrlPublicPermissions", "HelloURLInvokeAllowPublicAccess")
	}},
	{Number: 374, Title: "SAM: a local path in CodeUri is an error", Source: translator, Confirmed: true, Run: func(t *T) {
		got := t.changeSet(t.stackName(), serverless("./src", ""), cfntypes.ChangeSetTypeCreate)
		equal(t, "Status", got.Status, cfntypes.ChangeSetStatusFailed)
		for _, want := range []string{"Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. Number of errors found: 1.", "Resource with id [Hello] is invalid. 'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter."} {
			if !strings.Contains(str(got.StatusReason), want) {
				t.Errorf("the reason is %s, want %s in it", str(got.StatusReason), want)
			}
		}
	}},
	{Number: 375, Title: "CloudFormation: a transform needs CAPABILITY_AUTO_EXPAND where there is no change set", Source: cfnAPI + "CreateStack.html", Confirmed: true, Run: func(t *T) {
		_, err := t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{
			StackName: aws.String(t.stackName()), TemplateBody: aws.String(serverless(bucketAndKey, "")), Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityIam},
		})
		t.wantError(err, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]")
	}},
	{Number: 376, Title: "CloudFormation: a policy's Statement may be one object", Source: iamGuide + "reference_policies_elements_statement.html", Run: func(t *T) {
		name := t.stack("Resources: {Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: {Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: ec2.amazonaws.com}}}}}}")
		must(t.iam.GetRole(t.ctx, &iam.GetRoleInput{RoleName: aws.String(t.physical(name, "Role"))}))(t)
	}},
	{Number: 377, Title: "CloudFormation: a parameter's default is its value, and Outputs may refer to it", Source: cfnGuide + "parameters-section-structure.html", Run: func(t *T) {
		name := t.stack("Parameters: {P: {Type: String, Default: x}}\n" + oneTopic + "\nOutputs: {P: {Value: !Ref P}}")
		equal(t, "the output", t.outputs(name)["P"], "x")
	}},
	{Number: 378, Title: "CloudFormation: a value that is not among AllowedValues is refused", Source: cfnGuide + "parameters-section-structure.html", Run: func(t *T) {
		_, err := t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{
			StackName: aws.String(t.stackName()), TemplateBody: aws.String("Parameters: {P: {Type: String, AllowedValues: [a, b]}}\n" + oneTopic), Parameters: parameters(map[string]string{"P": "c"}),
		})
		t.wantError(err, "ValidationError", "Parameter 'P' must be one of AllowedValues")
	}},
	{Number: 379, Title: "CloudFormation: a resource whose condition is false is not made", Source: cfnGuide + "conditions-section-structure.html", Run: func(t *T) {
		name := t.stack("Conditions: {Never: !Equals [a, b]}\nResources: {Topic: {Type: AWS::SNS::Topic}, Other: {Type: AWS::SNS::Topic, Condition: Never}}")
		out := must(t.cloudformation.DescribeStackResources(t.ctx, &cloudformation.DescribeStackResourcesInput{StackName: &name}))(t).StackResources
		if len(out) != 1 || str(out[0].LogicalResourceId) != "Topic" {
			t.Errorf("the resources are %+v", out)
		}
	}},
	{Number: 380, Title: "CloudFormation: resources say that their drift has not been checked", Source: cfnStacks + "test_stack_update_resources", Confirmed: true, Run: func(t *T) {
		name := t.stack(oneTopic)
		out := must(t.cloudformation.DescribeStackResources(t.ctx, &cloudformation.DescribeStackResourcesInput{StackName: &name}))(t).StackResources
		equal(t, "StackResourceDriftStatus", out[0].DriftInformation.StackResourceDriftStatus, cfntypes.StackResourceDriftStatusNotChecked)
		equal(t, "StackDriftStatus", t.describe(name).DriftInformation.StackDriftStatus, cfntypes.StackDriftStatusNotChecked)
	}},
	{Number: 381, Title: "CloudFormation: a stack's tags are its resources' too", Source: cfnGuide + "aws-properties-resource-tags.html", Run: func(t *T) {
		name := t.stackName()
		must(t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{
			StackName: &name, TemplateBody: aws.String(oneTopic), Tags: []cfntypes.Tag{{Key: aws.String("team"), Value: aws.String("blue")}},
		}))(t)
		t.ended(name)
		tags := must(t.sns.ListTagsForResource(t.ctx, &sns.ListTagsForResourceInput{ResourceArn: aws.String(t.physical(name, "Topic"))}))(t).Tags
		for _, tag := range tags {
			if str(tag.Key) == "team" && str(tag.Value) == "blue" {
				return
			}
		}
		t.Errorf("the tags are %+v", tags)
	}},
	{Number: 382, Title: "CloudFormation: a deleted stack's exports are nobody's", Source: cfnGuide + "using-cfn-stack-exports.html", Run: func(t *T) {
		template := oneTopic + "\nOutputs: {Topic: {Value: !Ref Topic, Export: {Name: " + t.name() + "}}}"
		must(0, t.deleteStack(t.stack(template)))(t)
		t.stack(template)
	}},
	{Number: 383, Title: "CloudFormation: a token names the events of its operation", Source: cfnAPI + "StackEvent.html", Confirmed: true, Run: func(t *T) {
		name, token := t.stackName(), t.prefix
		must(t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: &name, TemplateBody: aws.String(oneTopic), ClientRequestToken: &token}))(t)
		t.ended(name)
		for _, event := range t.stackEvents(name) {
			equal(t, fmt.Sprintf("the token of %s %s", str(event.LogicalResourceId), event.ResourceStatus), str(event.ClientRequestToken), token)
		}
	}},
	{Number: 384, Title: "CloudFormation: what cannot be deleted can be retained in the second attempt", Source: cfnAPI + "DeleteStack.html", Confirmed: true, Run: func(t *T) {
		name := t.stack("Resources: {Bucket: {Type: AWS::S3::Bucket}}")
		id, bucket := str(t.describe(name).StackId), t.physical(name, "Bucket")
		t.cleanup("bucket "+bucket, func(t *T) error { return t.deleteBucket(bucket) })
		t.object(bucket, "key", "x")
		must(t.cloudformation.DeleteStack(t.ctx, &cloudformation.DeleteStackInput{StackName: &name}))(t)
		equal(t, "StackStatus", t.ended(name).StackStatus, cfntypes.StackStatusDeleteFailed)
		must(t.cloudformation.DeleteStack(t.ctx, &cloudformation.DeleteStackInput{StackName: &name, RetainResources: []string{"Bucket"}}))(t)
		t.eventually("the stack is gone", func() bool { return t.describe(id).StackStatus == cfntypes.StackStatusDeleteComplete })
		equal(t, "the object", must(t.read(bucket, "key", ""))(t), "x")
	}},
}
