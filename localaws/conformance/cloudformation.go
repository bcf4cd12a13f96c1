package conformance

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

const (
	cfnAPI     = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_"
	cfnGuide   = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
	cfnStacks  = "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/cloudformation/api/test_stacks.snapshot.json, "
	cfnChanges = "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/cloudformation/api/test_changesets.snapshot.json, "

	oneTopic  = "Resources: {Topic: {Type: AWS::SNS::Topic}}"
	twoTopics = "Resources: {Topic: {Type: AWS::SNS::Topic}, Other: {Type: AWS::SNS::Topic, DependsOn: Topic}}"
	// badTopic has one resource that is made and one that cannot be.
	badTopic = "Resources: {Topic: {Type: AWS::SNS::Topic}, Bad: {Type: AWS::SNS::Subscription, DependsOn: Topic, Properties: {Protocol: pigeon, Endpoint: loft, TopicArn: !Ref Topic}}}"
)

var cloudformationAssumptions = []Assumption{
	{Number: 301, Title: "CloudFormation: a change set's stack begins in REVIEW_IN_PROGRESS, User Initiated", Source: cfnChanges + "test_name_conflicts", Confirmed: true, Run: func(t *T) {
		name := t.stackName()
		t.changeSet(name, oneTopic, cfntypes.ChangeSetTypeCreate)
		got := t.describe(name)
		equal(t, "StackStatus", got.StackStatus, cfntypes.StackStatusReviewInProgress)
		equal(t, "StackStatusReason", str(got.StackStatusReason), "User Initiated")
	}},
	{Number: 302, Title: "CloudFormation: a stack made by a change set tells these events, in this order", Source: cfnStacks + "test_list_events_after_deployment", Confirmed: true, Run: func(t *T) {
		name := t.stackName()
		must(0, t.execute(t.changeSet(name, oneTopic, cfntypes.ChangeSetTypeCreate)))(t)
		t.eventually("the stack is made", func() bool { return t.describe(name).StackStatus == cfntypes.StackStatusCreateComplete })
		want := []string{"stack REVIEW_IN_PROGRESS", "stack CREATE_IN_PROGRESS", "Topic CREATE_IN_PROGRESS", "Topic CREATE_IN_PROGRESS", "Topic CREATE_COMPLETE", "stack CREATE_COMPLETE"}
		t.inOrder(name, want...)
		if got := t.happened(name); !slices.Equal(got, want) {
			t.Errorf("the events are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}},
	{Number: 303, Title: "CloudFormation: the second event of a resource has its id and says Resource creation Initiated", Source: cfnStacks + "test_list_events_after_deployment", Confirmed: true, Run: func(t *T) {
		name := t.stack(oneTopic)
		var reasons, ids []string
		for _, event := range t.stackEvents(name) {
			if str(event.LogicalResourceId) == "Topic" {
				reasons, ids = append(reasons, str(event.ResourceStatusReason)), append(ids, str(event.PhysicalResourceId))
			}
		}
		if !slices.Equal(reasons, []string{"", "Resource creation Initiated", ""}) || ids[0] != "" || ids[1] == "" || ids[2] != ids[1] {
			t.Errorf("the reasons are %q, the ids %q", reasons, ids)
		}
	}},
	{Number: 304, Title: "CloudFormation: events come the newest first", Source: cfnAPI + "DescribeStackEvents.html", Confirmed: true, Run: func(t *T) {
		name := t.stack(oneTopic)
		t.inOrder(name, "stack CREATE_COMPLETE")
		out := must(t.cloudformation.DescribeStackEvents(t.ctx, &cloudformation.DescribeStackEventsInput{StackName: &name}))(t).StackEvents
		equal(t, "the first", out[0].ResourceStatus, cfntypes.ResourceStatusCreateComplete)
		equal(t, "the first is the stack's", str(out[0].ResourceType), "AWS::CloudFormation::Stack")
		equal(t, "the last", out[len(out)-1].ResourceStatus, cfntypes.ResourceStatusCreateInProgress)
	}},
	{Number: 305, Title: "CloudFormation: physical names are stack, logical id and a random end", Source: cfnGuide + "aws-properties-name.html", Confirmed: true, Run: func(t *T) {
		name := t.stack(oneTopic)
		pattern := regexp.MustCompile("^" + regexp.QuoteMeta(t.arn("sns", name+"-Topic-")) + "[A-Za-z0-9]{12,13}$")
		if got := t.physical(name, "Topic"); !pattern.MatchString(got) {
			t.Errorf("the physical id is %s", got)
		}
	}},
	{Number: 306, Title: "CloudFormation: a bucket's name is lower case", Source: cfnStacks + "test_stack_update_resources", Confirmed: true, Run: func(t *T) {
		name := t.stack("Resources: {Bucket: {Type: AWS::S3::Bucket}}")
		if got := t.physical(name, "Bucket"); !regexp.MustCompile("^" + name + "-bucket-[a-z0-9]{12,13}$").MatchString(got) {
			t.Errorf("the physical id is %s", got)
		}
	}},
	{Number: 307, Title: "CloudFormation: an update that changes nothing is refused", Source: cfnGuide + "troubleshooting.html", Confirmed: true, Run: func(t *T) {
		name := t.stack(oneTopic)
		_, err := t.cloudformation.UpdateStack(t.ctx, &cloudformation.UpdateStackInput{StackName: &name, TemplateBody: aws.String(oneTopic)})
		t.wantError(err, "ValidationError", "No updates are to be performed.")
	}},
	{Number: 308, Title: "CloudFormation: a change set that changes nothing fails and says so", Source: cfnChanges + "test_empty_changeset", Confirmed: true, Run: func(t *T) {
		got := t.changeSet(t.stack(oneTopic), oneTopic, cfntypes.ChangeSetTypeUpdate)
		equal(t, "Status", got.Status, cfntypes.ChangeSetStatusFailed)
		equal(t, "ExecutionStatus", got.ExecutionStatus, cfntypes.ExecutionStatusUnavailable)
		equal(t, "StatusReason", str(got.StatusReason), "The submitted information didn't contain changes. Submit different information to create a change set.")
	}},
	{Number: 309, Title: "CloudFormation: a failed change set is not executed", Source: cfnChanges + "test_empty_changeset", Confirmed: true, Run: func(t *T) {
		got := t.changeSet(t.stack(oneTopic), oneTopic, cfntypes.ChangeSetTypeUpdate)
		t.wantError(t.execute(got), "InvalidChangeSetStatus", "ChangeSet ["+str(got.ChangeSetId)+"] cannot be executed in its current status of [FAILED]")
	}},
	{Number: 310, Title: "CloudFormation: a stack that is not there, to DescribeStacks", Source: cfnAPI + "DescribeStacks.html", Confirmed: true, Run: func(t *T) {
		name := t.name()
		_, err := t.cloudformation.DescribeStacks(t.ctx, &cloudformation.DescribeStacksInput{StackName: &name})
		t.wantError(err, "ValidationError", "Stack with id "+name+" does not exist")
	}},
	{Number: 311, Title: "CloudFormation: a stack that is not there, to change sets", Source: cfnChanges + "test_describe_change_set_nonexisting", Confirmed: true, Run: func(t *T) {
		name := t.name()
		_, err := t.cloudformation.DescribeChangeSet(t.ctx, &cloudformation.DescribeChangeSetInput{StackName: &name, ChangeSetName: aws.String("x")})
		t.wantError(err, "ValidationError", "Stack ["+name+"] does not exist")
	}},
	{Number: 312, Title: "CloudFormation: a change set that is not there says ChangeSetNotFound", Source: cfnChanges + "test_deleted_changeset", Confirmed: true, Run: func(t *T) {
		name := t.stack(oneTopic)
		got := t.changeSet(name, twoTopics, cfntypes.ChangeSetTypeUpdate)
		must(t.cloudformation.DeleteChangeSet(t.ctx, &cloudformation.DeleteChangeSetInput{ChangeSetName: got.ChangeSetId}))(t)
		t.eventually("the change set is gone", func() bool {
			_, err := t.cloudformation.DescribeChangeSet(t.ctx, &cloudformation.DescribeChangeSetInput{ChangeSetName: got.ChangeSetId})
			if err == nil {
				return false
			}
			t.wantError(err, "ChangeSetNotFound", "ChangeSet ["+str(got.ChangeSetId)+"] does not exist")
			return true
		})
	}},
	{Number: 313, Title: "CloudFormation: a change set by name alone needs its stack's", Source: cfnChanges + "test_delete_change_set_exception", Confirmed: true, Run: func(t *T) {
		_, err := t.cloudformation.DeleteChangeSet(t.ctx, &cloudformation.DeleteChangeSetInput{ChangeSetName: aws.String("x")})
		t.wantError(err, "ValidationError", "StackName must be specified if ChangeSetName is not specified as an ARN.")
	}},
	{Number: 314, Title: "CloudFormation: a stack that is there is not made again", Source: cfnAPI + "CreateStack.html", Confirmed: true, Run: func(t *T) {
		name := t.stack(oneTopic)
		_, err := t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: &name, TemplateBody: aws.String(oneTopic)})
		t.wantError(err, "AlreadyExistsException", "Stack ["+name+"] already exists")
	}},
	{Number: 315, Title: "CloudFormation: nor by a change set", Source: cfnChanges + "test_name_conflicts", Confirmed: true, Run: func(t *T) {
		name := t.stack(oneTopic)
		_, err := t.cloudformation.CreateChangeSet(t.ctx, &cloudformation.CreateChangeSetInput{StackName: &name, ChangeSetName: aws.String("c"), TemplateBody: aws.String(oneTopic), ChangeSetType: cfntypes.ChangeSetTypeCreate})
		t.wantError(err, "ValidationError", "Stack ["+name+"] already exists and cannot be created again with the changeSet [c].")
	}},
	{Number: 316, Title: "CloudFormation: making the stack itself while it is in review makes its change sets obsolete", Source: cfnChanges + "test_create_while_in_review", Confirmed: true, Run: func(t *T) {
		name := t.stackName()
		change := t.changeSet(name, oneTopic, cfntypes.ChangeSetTypeCreate)
		equal(t, "StackStatus", t.create(name, oneTopic, nil).StackStatus, cfntypes.StackStatusCreateComplete)
		got := must(t.cloudformation.DescribeChangeSet(t.ctx, &cloudformation.DescribeChangeSetInput{ChangeSetName: change.ChangeSetId}))(t)
		equal(t, "ExecutionStatus", got.ExecutionStatus, cfntypes.ExecutionStatusObsolete)
	}},
	{Number: 317, Title: "CloudFormation: parameters without a default must have values", Source: cfnGuide + "parameters-section-structure.html", Confirmed: true, Run: func(t *T) {
		_, err := t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: aws.String(t.stackName()), TemplateBody: aws.String("Parameters: {P: {Type: String}}\n" + oneTopic)})
		t.wantError(err, "ValidationError", "Parameters: [P] must have values")
	}},
	{Number: 318, Title: "CloudFormation: parameters that the template does not have are refused", Source: cfnAPI + "CreateStack.html", Run: func(t *T) {
		_, err := t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: aws.String(t.stackName()), TemplateBody: aws.String(oneTopic), Parameters: parameters(map[string]string{"P": "x"})})
		t.wantError(err, "ValidationError", "Parameters: [P] do not exist in the template")
	}},
	{Number: 319, Title: "CloudFormation: a template has at least one resource", Source: cfnGuide + "resources-section-structure.html", Confirmed: true, Run: func(t *T) {
		_, err := t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: aws.String(t.stackName()), TemplateBody: aws.String("Description: empty")})
		t.wantError(err, "ValidationError", "Template format error: At least one Resources member must be defined.")
	}},
	{Number: 320, Title: "CloudFormation: a resource is an object", Source: cfnStacks + "test_linting_error_during_creation", Confirmed: true, Run: func(t *T) {
		_, err := t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: aws.String(t.stackName()), TemplateBody: aws.String("Resources: {Topic: x}")})
		t.wantError(err, "ValidationError", "Template format error: Any Resources member must be an object.")
	}},
	{Number: 321, Title: "CloudFormation: a stack's name begins with a letter", Source: cfnStacks + "test_stack_name_creation", Confirmed: true, Known: "it quotes the pattern of botocore", Run: func(t *T) {
		_, err := t.cloudformation.CreateChangeSet(t.ctx, &cloudformation.CreateChangeSetInput{StackName: aws.String("*@x_$"), ChangeSetName: aws.String("c"), TemplateBody: aws.String(oneTopic)})
		t.wantError(err, "ValidationError", "1 validation error detected: Value '*@x_$' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*")
	}},
	{Number: 322, Title: "CloudFormation: references lead to something in the template", Source: "https://github.com/serverless/serverless/issues/4745, which quotes CloudFormation", Confirmed: true, Run: func(t *T) {
		_, err := t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: aws.String(t.stackName()), TemplateBody: aws.String(
			"Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Nobody}}}")})
		t.wantError(err, "ValidationError", "Template format error: Unresolved resource dependencies [Nobody] in the Resources block of the template")
	}},
	{Number: 323, Title: "CloudFormation: dependencies have no circle", Source: cfnGuide + "troubleshooting.html", Run: func(t *T) {
		_, err := t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: aws.String(t.stackName()), TemplateBody: aws.String(
			"Resources: {A: {Type: AWS::SNS::Topic, DependsOn: B}, B: {Type: AWS::SNS::Topic, DependsOn: A}}")})
		t.wantError(err, "ValidationError", "Circular dependency between resources: [A, B]")
	}},
	{Number: 324, Title: "CloudFormation: roles need CAPABILITY_IAM", Source: cfnAPI + "CreateStack.html", Confirmed: true, Run: func(t *T) {
		_, err := t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: aws.String(t.stackName()), TemplateBody: aws.String(roleTemplate(""))})
		t.wantError(err, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]")
	}},
	{Number: 325, Title: "CloudFormation: roles with names of their own need CAPABILITY_NAMED_IAM", Source: cfnAPI + "CreateStack.html", Confirmed: true, Run: func(t *T) {
		_, err := t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{
			StackName: aws.String(t.stackName()), TemplateBody: aws.String(roleTemplate(t.name())), Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityIam},
		})
		t.wantError(err, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]")
	}},
	{Number: 326, Title: "CloudFormation: deleting a stack that is not there succeeds", Source: cfnAPI + "DeleteStack.html", Run: func(t *T) {
		must(t.cloudformation.DeleteStack(t.ctx, &cloudformation.DeleteStackInput{StackName: aws.String(t.name())}))(t)
	}},
	{Number: 327, Title: "CloudFormation: a deleted stack is found by its id alone", Source: cfnChanges + "test_name_conflicts", Confirmed: true, Run: func(t *T) {
		name := t.stack(oneTopic)
		id := str(t.describe(name).StackId)
		must(0, t.deleteStack(name))(t)
		equal(t, "StackStatus", t.describe(id).StackStatus, cfntypes.StackStatusDeleteComplete)
	}},
	{Number: 328, Title: "CloudFormation: a stack under termination protection is not deleted", Source: "https://github.com/rackspace/runway/pull/199, which quotes CloudFormation", Confirmed: true, Run: func(t *T) {
		name := t.stack(oneTopic)
		protect := func(t *T, on bool) error {
			_, err := t.cloudformation.UpdateTerminationProtection(t.ctx, &cloudformation.UpdateTerminationProtectionInput{StackName: &name, EnableTerminationProtection: &on})
			return err
		}
		must(0, protect(t, true))(t)
		t.cleanup("protection", func(t *T) error { return protect(t, false) })
		_, err := t.cloudformation.DeleteStack(t.ctx, &cloudformation.DeleteStackInput{StackName: &name})
		t.wantError(err, "ValidationError", "Stack ["+name+"] cannot be deleted while TerminationProtection is enabled")
	}},
	{Number: 329, Title: "CloudFormation: a bucket that is not empty keeps its stack from being deleted", Source: s3Recorded + "test_delete_bucket_with_objects", Confirmed: true, Run: func(t *T) {
		name := t.stack("Resources: {Bucket: {Type: AWS::S3::Bucket}}")
		bucket := t.physical(name, "Bucket")
		t.object(bucket, "key", "x")
		t.cleanup("object", func(t *T) error {
			_, err := t.s3.DeleteObject(t.ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: aws.String("key")})
			return err
		})
		must(t.cloudformation.DeleteStack(t.ctx, &cloudformation.DeleteStackInput{StackName: &name}))(t)
		got := t.ended(name)
		equal(t, "StackStatus", got.StackStatus, cfntypes.StackStatusDeleteFailed)
		equal(t, "StackStatusReason", str(got.StackStatusReason), "The following resource(s) failed to delete: [Bucket]. ")
		if why := strings.Join(t.reasons(name), " "); !strings.Contains(why, "The bucket you tried to delete is not empty") {
			t.Errorf("the reasons are %s", why)
		}
	}},
	{Number: 330, Title: "CloudFormation: what is to be retained is skipped and left", Source: cfnGuide + "aws-attribute-deletionpolicy.html", Confirmed: true, Run: func(t *T) {
		name := t.stack("Resources: {Topic: {Type: AWS::SNS::Topic, DeletionPolicy: Retain}}")
		id, topic := str(t.describe(name).StackId), t.physical(name, "Topic")
		t.cleanup("topic "+topic, func(t *T) error {
			_, err := t.sns.DeleteTopic(t.ctx, &sns.DeleteTopicInput{TopicArn: &topic})
			return err
		})
		must(0, t.deleteStack(name))(t)
		t.inOrder(id, "stack DELETE_IN_PROGRESS", "Topic DELETE_SKIPPED", "stack DELETE_COMPLETE")
		must(t.sns.GetTopicAttributes(t.ctx, &sns.GetTopicAttributesInput{TopicArn: &topic}))(t)
	}},
}

// roleTemplate has a role, of that name unless it is empty.
func roleTemplate(name string) string {
	properties := "AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: ec2.amazonaws.com}}]}"
	if name != "" {
		properties += ", RoleName: " + name
	}
	return "Resources: {Role: {Type: AWS::IAM::Role, Properties: {" + properties + "}}}"
}
