package conformance

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

var cloudformationUpdateAssumptions = []Assumption{
	{Number: 340, Title: "CloudFormation: a stack that cannot be made is rolled back", Source: cfnGuide + "stack-failure-options.html", Run: func(t *T) {
		name := t.stackName()
		equal(t, "StackStatus", t.create(name, badTopic, nil).StackStatus, cfntypes.StackStatusRollbackComplete)
		t.inOrder(name, "Topic CREATE_COMPLETE", "Bad CREATE_FAILED", "stack ROLLBACK_IN_PROGRESS", "Topic DELETE_COMPLETE", "stack ROLLBACK_COMPLETE")
	}},
	{Number: 341, Title: "CloudFormation: a stack in ROLLBACK_COMPLETE can only be deleted", Source: "https://github.com/bitovi/bitops/issues/128, which quotes CloudFormation", Confirmed: true, Run: func(t *T) {
		name := t.stackName()
		t.create(name, badTopic, nil)
		_, err := t.cloudformation.UpdateStack(t.ctx, &cloudformation.UpdateStackInput{StackName: &name, TemplateBody: aws.String(oneTopic)})
		t.wantError(err, "ValidationError", "is in ROLLBACK_COMPLETE state and can not be updated.")
	}},
	{Number: 342, Title: "CloudFormation: the rollback says which resources failed", Source: cfnGuide + "troubleshooting.html", Run: func(t *T) {
		name := t.stackName()
		t.create(name, badTopic, nil)
		for _, event := range t.stackEvents(name) {
			if event.ResourceStatus == cfntypes.ResourceStatusRollbackInProgress {
				equal(t, "ResourceStatusReason", str(event.ResourceStatusReason), "The following resource(s) failed to create: [Bad]. Rollback requested by user.")
				return
			}
		}
		t.Errorf("there is no rollback")
	}},
	{Number: 343, Title: "CloudFormation: with rollback disabled what was made stays", Source: cfnAPI + "CreateStack.html", Confirmed: true, Run: func(t *T) {
		name := t.stackName()
		must(t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: &name, TemplateBody: aws.String(badTopic), DisableRollback: aws.Bool(true)}))(t)
		equal(t, "StackStatus", t.ended(name).StackStatus, cfntypes.StackStatusCreateFailed)
		must(t.sns.GetTopicAttributes(t.ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(t.physical(name, "Topic"))}))(t)
	}},
	{Number: 344, Title: "CloudFormation: an update that fails goes back to what was", Source: cfnGuide + "using-cfn-updating-stacks-update-behaviors.html", Run: func(t *T) {
		name := t.stack(oneTopic)
		equal(t, "StackStatus", t.update(name, badTopic).StackStatus, cfntypes.StackStatusUpdateRollbackComplete)
		t.inOrder(name, "stack UPDATE_IN_PROGRESS", "Bad CREATE_FAILED", "stack UPDATE_ROLLBACK_IN_PROGRESS", "stack UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "stack UPDATE_ROLLBACK_COMPLETE")
	}},
	{Number: 345, Title: "CloudFormation: what is replaced is deleted in the clean-up, after the new one is there", Source: cfnGuide + "using-cfn-updating-stacks-update-behaviors.html", Confirmed: true, Run: func(t *T) {
		name := t.stack("Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: " + t.name() + "}}}")
		before := t.physical(name, "Topic")
		equal(t, "StackStatus", t.update(name, "Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: "+t.name()+"}}}").StackStatus, cfntypes.StackStatusUpdateComplete)
		if after := t.physical(name, "Topic"); after == before {
			t.Errorf("the topic is still %s", after)
		}
		t.inOrder(name, "stack UPDATE_IN_PROGRESS", "Topic UPDATE_IN_PROGRESS", "Topic UPDATE_COMPLETE",
			"stack UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "Topic DELETE_IN_PROGRESS", "Topic DELETE_COMPLETE", "stack UPDATE_COMPLETE")
	}},
	{Number: 346, Title: "CloudFormation: a replacement says why it makes another resource", Source: cfnGuide + "using-cfn-updating-stacks-update-behaviors.html", Run: func(t *T) {
		name := t.stack("Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: " + t.name() + "}}}")
		t.update(name, "Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: "+t.name()+"}}}")
		for _, event := range t.stackEvents(name) {
			if event.ResourceStatus == cfntypes.ResourceStatusUpdateInProgress && str(event.LogicalResourceId) == "Topic" {
				equal(t, "ResourceStatusReason", str(event.ResourceStatusReason), "Requested update requires the creation of a new physical resource; hence creating one.")
				return
			}
		}
		t.Errorf("the topic is not updated")
	}},
	{Number: 347, Title: "CloudFormation: a change set says what it replaces", Source: cfnChanges + "test_create_change_set_update_without_parameters", Confirmed: true, Run: func(t *T) {
		name := t.stack("Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: " + t.name() + "}}}")
		got := t.changeSet(name, "Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: "+t.name()+"}}}", cfntypes.ChangeSetTypeUpdate)
		if len(got.Changes) != 1 {
			t.Fatalf("there are %d changes", len(got.Changes))
		}
		change := got.Changes[0].ResourceChange
		equal(t, "Action", change.Action, cfntypes.ChangeActionModify)
		equal(t, "Replacement", change.Replacement, cfntypes.ReplacementTrue)
		if len(change.Details) != 1 || str(change.Details[0].Target.Name) != "TopicName" || change.Details[0].Target.RequiresRecreation != cfntypes.RequiresRecreationAlways ||
			change.Details[0].Evaluation != cfntypes.EvaluationTypeStatic || change.Details[0].ChangeSource != cfntypes.ChangeSourceDirectModification {
			t.Errorf("the details are %+v", change.Details)
		}
	}},
	{Number: 348, Title: "CloudFormation: a change without replacement keeps the resource", Source: cfnGuide + "using-cfn-updating-stacks-update-behaviors.html", Run: func(t *T) {
		name := t.stack("Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: a}}}")
		before := t.physical(name, "Topic")
		equal(t, "StackStatus", t.update(name, "Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: b}}}").StackStatus, cfntypes.StackStatusUpdateComplete)
		equal(t, "the topic", t.physical(name, "Topic"), before)
	}},
	{Number: 349, Title: "CloudFormation: exports have one name each in an account and region", Source: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html", Confirmed: true, Run: func(t *T) {
		template := oneTopic + "\nOutputs: {Topic: {Value: !Ref Topic, Export: {Name: " + t.name() + "}}}"
		t.stack(template)
		second := t.stackName()
		got := t.create(second, template, nil)
		equal(t, "StackStatus", got.StackStatus, cfntypes.StackStatusRollbackComplete)
		if why := t.allReasons(second); !strings.Contains(why, "is already exported by stack") {
			t.Errorf("the reasons are %s", why)
		}
	}},
	{Number: 350, Title: "CloudFormation: a stack whose export is imported is not deleted: an event says why, and its status stays", Source: "https://github.com/rlister/stax/issues/40, which quotes CloudFormation", Confirmed: true, Run: func(t *T) {
		export := t.name()
		exporting := t.stack(oneTopic + "\nOutputs: {Topic: {Value: !Ref Topic, Export: {Name: " + export + "}}}")
		importing := t.stack("Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !ImportValue " + export + "}}}")
		must(t.cloudformation.DeleteStack(t.ctx, &cloudformation.DeleteStackInput{StackName: &exporting}))(t)
		t.eventually("an event says why", func() bool {
			return strings.Contains(t.allReasons(exporting), "Export "+export+" cannot be deleted as it is in use by "+importing)
		})
		equal(t, "StackStatus", t.describe(exporting).StackStatus, cfntypes.StackStatusCreateComplete)
	}},
	{Number: 351, Title: "CloudFormation: an import that nobody exports fails", Source: "https://repost.aws/knowledge-center/cloudformation-no-export-found-error", Confirmed: true, Run: func(t *T) {
		name := t.stackName()
		_, err := t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: &name, TemplateBody: aws.String("Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !ImportValue " + t.prefix + "-nobody}}}")})
		why := message(err)
		if err == nil {
			equal(t, "StackStatus", t.ended(name).StackStatus, cfntypes.StackStatusRollbackComplete)
			why = t.allReasons(name)
		}
		if !strings.Contains(why, "No export named "+t.prefix+"-nobody found") {
			t.Errorf("the reason is %s", why)
		}
	}},
	{Number: 352, Title: "CloudFormation: resources bear the system tags of their stack", Source: cfnGuide + "aws-properties-resource-tags.html", Confirmed: true, Run: func(t *T) {
		name := t.stack(oneTopic)
		tags := map[string]string{}
		for _, tag := range must(t.sns.ListTagsForResource(t.ctx, &sns.ListTagsForResourceInput{ResourceArn: aws.String(t.physical(name, "Topic"))}))(t).Tags {
			tags[str(tag.Key)] = str(tag.Value)
		}
		equal(t, "stack-name", tags["aws:cloudformation:stack-name"], name)
		equal(t, "stack-id", tags["aws:cloudformation:stack-id"], str(t.describe(name).StackId))
		equal(t, "logical-id", tags["aws:cloudformation:logical-id"], "Topic")
	}},
	{Number: 353, Title: "CloudFormation: GetTemplate gives the very text", Source: cfnStacks + "test_get_template", Confirmed: true, Run: func(t *T) {
		name := t.stack(oneTopic)
		got := must(t.cloudformation.GetTemplate(t.ctx, &cloudformation.GetTemplateInput{StackName: &name, TemplateStage: cfntypes.TemplateStageOriginal}))(t)
		equal(t, "TemplateBody", str(got.TemplateBody), oneTopic)
		equal(t, "the number of stages", len(got.StagesAvailable), 2)
	}},
	{Number: 354, Title: "CloudFormation: a secret parameter is answered as asterisks", Source: cfnGuide + "parameters-section-structure.html", Run: func(t *T) {
		name := t.stackName()
		got := t.create(name, "Parameters: {P: {Type: String, NoEcho: true}}\n"+oneTopic, map[string]string{"P": "secret"})
		equal(t, "ParameterValue", str(got.Parameters[0].ParameterValue), "****")
	}},
	{Number: 355, Title: "CloudFormation: a role that the stack was made with is remembered", Source: cfnGuide + "using-iam-servicerole.html", Confirmed: true, Run: func(t *T) {
		role, name := t.role(trustService("cloudformation.amazonaws.com"), allow("sns:*")), t.stackName()
		t.createWithRole(name, role)
		equal(t, "RoleARN", str(t.describe(name).RoleARN), role)
	}},
	{Number: 356, Title: "CloudFormation: a stack whose remembered role is gone cannot be deleted, but with another", Source: "https://github.com/aws/aws-cdk/issues/10116, which quotes CloudFormation", Confirmed: true, Run: func(t *T) {
		role, other := t.role(trustService("cloudformation.amazonaws.com"), allow("sns:*")), t.role(trustService("cloudformation.amazonaws.com"), allow("sns:*"))
		name := t.stackName()
		t.createWithRole(name, role)
		id := str(t.describe(name).StackId)
		must(0, t.deleteRole(nameOf(role)))(t)
		t.eventually("the role is unknown", func() bool {
			_, err := t.cloudformation.DeleteStack(t.ctx, &cloudformation.DeleteStackInput{StackName: &name})
			if err == nil {
				return t.ended(id).StackStatus == cfntypes.StackStatusDeleteFailed
			}
			if !strings.Contains(message(err), "is invalid or cannot be assumed") {
				t.Fatalf("%v", err)
			}
			return true
		})
		settled(t, func() (*cloudformation.DeleteStackOutput, error) {
			return t.cloudformation.DeleteStack(t.ctx, &cloudformation.DeleteStackInput{StackName: &name, RoleARN: &other})
		})
		t.eventually("the stack is gone", func() bool { return t.describe(id).StackStatus == cfntypes.StackStatusDeleteComplete })
	}},
	{Number: 357, Title: "CloudFormation: a role that does not trust cloudformation.amazonaws.com is refused", Source: cfnGuide + "using-iam-servicerole.html", Run: func(t *T) {
		role, name := t.role(trustService("ec2.amazonaws.com"), allow("sns:*")), t.stackName()
		_, err := t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: &name, TemplateBody: aws.String(oneTopic), RoleARN: &role})
		t.wantError(err, "ValidationError", "Role "+role+" is invalid or cannot be assumed")
	}},
	{Number: 358, Title: "CloudFormation: what the stack's role may not do fails its resource", Source: cfnGuide + "using-iam-servicerole.html", Run: func(t *T) {
		role, name := t.role(trustService("cloudformation.amazonaws.com"), allow("s3:*")), t.stackName()
		settled(t, func() (*cloudformation.CreateStackOutput, error) {
			return t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: &name, TemplateBody: aws.String(oneTopic), RoleARN: &role})
		})
		if status := t.ended(name).StackStatus; status != cfntypes.StackStatusRollbackComplete && status != cfntypes.StackStatusRollbackFailed {
			t.Errorf("StackStatus is %s", status)
		}
		if why := t.allReasons(name); !strings.Contains(strings.ToLower(why), "is not authorized to perform: sns:") {
			t.Errorf("the reasons are %s", why)
		}
	}},
	{Number: 359, Title: "CloudFormation: a new version of unchanged code fails, and the stack goes back", Source: "https://github.com/serverless/serverless/issues/8392, which quotes CloudFormation", Confirmed: true, Run: func(t *T) {
		function := t.function()
		name := t.stack("Resources: {One: {Type: AWS::Lambda::Version, Properties: {FunctionName: " + function + "}}}")
		got := t.update(name, "Resources: {One: {Type: AWS::Lambda::Version, Properties: {FunctionName: "+function+"}}, Two: {Type: AWS::Lambda::Version, Properties: {FunctionName: "+function+"}}}")
		equal(t, "StackStatus", got.StackStatus, cfntypes.StackStatusUpdateRollbackComplete)
		if why := t.allReasons(name); !strings.Contains(why, "A version for this Lambda function exists ( 1 ). Modify the function to create a new version.") {
			t.Errorf("the reasons are %s", why)
		}
	}},
	{Number: 360, Title: "CloudFormation: Fn::Sub, Fn::Join, Fn::Select and pseudo parameters are resolved", Source: cfnGuide + "intrinsic-function-reference.html", Run: func(t *T) {
		name := t.stack(oneTopic + "\nOutputs:\n  A: {Value: !Sub '${AWS::StackName} in ${AWS::Region} of ${AWS::AccountId}'}\n  B: {Value: !Join [':', [a, !Select [1, [x, y]], !GetAtt Topic.TopicName]]}")
		got := t.outputs(name)
		equal(t, "Fn::Sub", got["A"], name+" in "+t.region()+" of "+t.target.Account)
		if !strings.HasPrefix(got["B"], "a:y:"+name+"-Topic-") {
			t.Errorf("Fn::Join is %s", got["B"])
		}
	}},
	{Number: 361, Title: "CloudFormation: ValidateTemplate names parameters and capabilities", Source: cfnAPI + "ValidateTemplate.html", Run: func(t *T) {
		got := must(t.cloudformation.ValidateTemplate(t.ctx, &cloudformation.ValidateTemplateInput{TemplateBody: aws.String("Parameters: {P: {Type: String, Default: x}}\n" + roleTemplate(""))}))(t)
		if len(got.Parameters) != 1 || str(got.Parameters[0].DefaultValue) != "x" || len(got.Capabilities) != 1 || got.Capabilities[0] != cfntypes.CapabilityCapabilityIam {
			t.Errorf("the answer is %+v", got)
		}
		equal(t, "CapabilitiesReason", str(got.CapabilitiesReason), "The following resource(s) require capabilities: [AWS::IAM::Role]")
	}},
}

// allReasons are the reasons of all events of a stack.
func (t *T) allReasons(name string) string {
	var reasons []string
	for _, event := range t.stackEvents(name) {
		reasons = append(reasons, str(event.ResourceStatusReason))
	}
	return strings.Join(reasons, "\n")
}

func (t *T) createWithRole(name, role string) {
	settled(t, func() (*cloudformation.CreateStackOutput, error) {
		return t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{StackName: &name, TemplateBody: aws.String(oneTopic), RoleARN: &role})
	})
	if got := t.ended(name); got.StackStatus != cfntypes.StackStatusCreateComplete {
		t.Fatalf("stack %s is %s: %s", name, got.StackStatus, t.allReasons(name))
	}
}
