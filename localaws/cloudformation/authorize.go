package cloudformation

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/sam"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// The condition keys of CloudFormation's actions are those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html

// principal is CloudFormation as roles trust it and as users pass roles to it.
const principal = "cloudformation.amazonaws.com"

// stackARN is what IAM sees of a stack: its ARN where there is one of that name,
// as in https://github.com/mattclay/aws-terminator/pull/131, and the name with
// any id where there is none, as in
// https://github.com/aws-samples/aws-hpc-tutorials/issues/271. An operation that
// names no stack is on all of them, as in https://github.com/jogold/cloudstructs/issues/215.
func (s *Service) stackARN(nameOrARN *string) []string {
	name := aws.ToString(nameOrARN)
	switch {
	case name == "":
		return s.everyStack()
	case isARN(name):
		return []string{name}
	}
	if id, ok, err := s.names.Get(name); err == nil && ok {
		return []string{id}
	}
	return []string{s.env.ARN("cloudformation", "stack/"+name+"/*")}
}

func (s *Service) everyStack() []string { return []string{s.env.ARN("cloudformation", "stack/*/*")} }

// changeSetARN is the stack of a change set, on which its permissions stand.
func (s *Service) changeSetARN(name, stackName *string) []string {
	if stackName != nil {
		return s.stackARN(stackName)
	}
	if c, err := s.findChangeSet(name, nil); err == nil {
		return []string{c.StackID}
	}
	return s.everyStack()
}

// permitTransform asks for the permission to use AWS::Serverless, which stands
// on the transform's own ARN and is asked of whoever gives the template, however
// it is given.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html
func (s *Service) permitTransform(ctx context.Context, names []string) error {
	for _, name := range names {
		if name != sam.Transform {
			continue
		}
		return s.env.Permit(ctx, policy.Access{
			Action:    "cloudformation:CreateChangeSet",
			Resources: []string{"arn:aws:cloudformation:" + s.env.Region + ":aws:transform/" + strings.TrimPrefix(name, "AWS::")},
		})
	}
	return nil
}

// TagsOf returns the tags of the stack with that ARN, whose id may be a
// wildcard where only its name is known; nil where it has none.
func (s *Service) TagsOf(arn string) map[string]string {
	_, resource, _ := strings.Cut(arn, ":stack/")
	name, id, _ := strings.Cut(resource, "/")
	if id == "*" {
		arn = name
	}
	st, _, err := s.find(arn)
	if err != nil {
		s.env.Log.Error("read stack", "stack", arn, "error", err)
	}
	return st.Tags
}

// passRole is what an operation needs that gives the stack a service role. A
// role that the stack has already is used by everybody who may change the stack.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
func passRole[In any](role func(in *In) *string) wire.Demand[In] {
	return wire.Also(func(in *In) []policy.Access { return policy.PassRole(role(in), principal, "") })
}

// definitionKeys are the condition keys of the operations that take a template.
func definitionKeys(role, templateURL, policyURL *string, resourceTypes []string, tags []types.Tag) policy.Context {
	keys := policy.Keys("cloudformation:RoleArn", aws.ToString(role), "cloudformation:TemplateUrl", aws.ToString(templateURL),
		"cloudformation:StackPolicyUrl", aws.ToString(policyURL))
	if len(resourceTypes) > 0 {
		keys.Set("cloudformation:ResourceTypes", resourceTypes...)
	}
	values := make(map[string]string, len(tags))
	for _, t := range tags {
		values[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return keys.RequestTags(values)
}

func createStackKeys(in *cloudformation.CreateStackInput) policy.Context {
	return definitionKeys(in.RoleARN, in.TemplateURL, in.StackPolicyURL, in.ResourceTypes, in.Tags)
}

func updateStackKeys(in *cloudformation.UpdateStackInput) policy.Context {
	return definitionKeys(in.RoleARN, in.TemplateURL, in.StackPolicyURL, in.ResourceTypes, in.Tags)
}

func createChangeSetKeys(in *cloudformation.CreateChangeSetInput) policy.Context {
	keys := definitionKeys(in.RoleARN, in.TemplateURL, nil, in.ResourceTypes, in.Tags)
	keys.Set("cloudformation:ChangeSetName", aws.ToString(in.ChangeSetName))
	return keys
}

func roleKeys(role *string) policy.Context {
	return policy.Keys("cloudformation:RoleArn", aws.ToString(role))
}

// changeSetKeys gives the name of a change set, be it named by its ARN.
func changeSetKeys(nameOrARN *string) policy.Context {
	name := aws.ToString(nameOrARN)
	if isARN(name) {
		_, name, _ = strings.Cut(name, "changeSet/")
		name, _, _ = strings.Cut(name, "/")
	}
	return policy.Keys("cloudformation:ChangeSetName", name)
}
