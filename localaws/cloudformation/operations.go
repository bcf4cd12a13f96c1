package cloudformation

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/sam"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// stackARN is what IAM sees of a stack that is named: its ARN with any id.
func (s *Service) stackARN(nameOrARN *string) []string {
	name := aws.ToString(nameOrARN)
	switch {
	case name == "":
		return nil
	case isARN(name):
		return []string{name}
	default:
		return []string{s.env.ARN("cloudformation", "stack/"+name+"/*")}
	}
}

// createChangeSetARNs adds the transform, on which AWS wants the permission too.
func (s *Service) createChangeSetARNs(in *cloudformation.CreateChangeSetInput) []string {
	arns := s.stackARN(in.StackName)
	if strings.Contains(aws.ToString(in.TemplateBody), sam.Transform) {
		arns = append(arns, "arn:aws:cloudformation:"+s.env.Region+":aws:transform/Serverless-2016-10-31")
	}
	return arns
}

// changeSetARN is the stack of a change set, on which its permissions stand.
func (s *Service) changeSetARN(name, stackName *string) []string {
	if stackName != nil {
		return s.stackARN(stackName)
	}
	if c, err := s.findChangeSet(name, nil); err == nil {
		return []string{c.StackID}
	}
	return nil
}

// Operations lists the API.
func (s *Service) Operations() []wire.Operation {
	return append(s.stackOperations(), s.changeSetOperations()...)
}

func (s *Service) stackOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateStack", "cloudformation:CreateStack", func(in *cloudformation.CreateStackInput) []string { return s.stackARN(in.StackName) }, s.CreateStack),
		wire.Op("UpdateStack", "cloudformation:UpdateStack", func(in *cloudformation.UpdateStackInput) []string { return s.stackARN(in.StackName) }, s.UpdateStack),
		wire.Op("DeleteStack", "cloudformation:DeleteStack", func(in *cloudformation.DeleteStackInput) []string { return s.stackARN(in.StackName) }, s.DeleteStack),
		wire.Op("CancelUpdateStack", "cloudformation:CancelUpdateStack", func(in *cloudformation.CancelUpdateStackInput) []string { return s.stackARN(in.StackName) }, s.CancelUpdateStack),
		wire.Op("ContinueUpdateRollback", "cloudformation:ContinueUpdateRollback", func(in *cloudformation.ContinueUpdateRollbackInput) []string { return s.stackARN(in.StackName) }, s.ContinueUpdateRollback),
		wire.Op("RollbackStack", "cloudformation:RollbackStack", func(in *cloudformation.RollbackStackInput) []string { return s.stackARN(in.StackName) }, s.RollbackStack),
		wire.Op("DescribeStacks", "cloudformation:DescribeStacks", func(in *cloudformation.DescribeStacksInput) []string { return s.stackARN(in.StackName) }, s.DescribeStacks),
		wire.Op("ListStacks", "cloudformation:ListStacks", nil, s.ListStacks),
		wire.Op("DescribeStackEvents", "cloudformation:DescribeStackEvents", func(in *cloudformation.DescribeStackEventsInput) []string { return s.stackARN(in.StackName) }, s.DescribeStackEvents),
		wire.Op("DescribeStackResource", "cloudformation:DescribeStackResource", func(in *cloudformation.DescribeStackResourceInput) []string { return s.stackARN(in.StackName) }, s.DescribeStackResource),
		wire.Op("DescribeStackResources", "cloudformation:DescribeStackResources", func(in *cloudformation.DescribeStackResourcesInput) []string { return s.stackARN(in.StackName) }, s.DescribeStackResources),
		wire.Op("ListStackResources", "cloudformation:ListStackResources", func(in *cloudformation.ListStackResourcesInput) []string { return s.stackARN(in.StackName) }, s.ListStackResources),
		wire.Op("GetTemplate", "cloudformation:GetTemplate", func(in *cloudformation.GetTemplateInput) []string {
			return s.changeSetARN(in.ChangeSetName, in.StackName)
		}, s.GetTemplate),
		wire.Op("GetTemplateSummary", "cloudformation:GetTemplateSummary", func(in *cloudformation.GetTemplateSummaryInput) []string { return s.stackARN(in.StackName) }, s.GetTemplateSummary),
		wire.Op("ValidateTemplate", "cloudformation:ValidateTemplate", nil, s.ValidateTemplate),
		wire.Op("ListExports", "cloudformation:ListExports", nil, s.ListExports),
		wire.Op("ListImports", "cloudformation:ListImports", nil, s.ListImports),
		wire.Op("UpdateTerminationProtection", "cloudformation:UpdateTerminationProtection", func(in *cloudformation.UpdateTerminationProtectionInput) []string { return s.stackARN(in.StackName) }, s.UpdateTerminationProtection),
		wire.Op("SetStackPolicy", "cloudformation:SetStackPolicy", func(in *cloudformation.SetStackPolicyInput) []string { return s.stackARN(in.StackName) }, s.SetStackPolicy),
		wire.Op("GetStackPolicy", "cloudformation:GetStackPolicy", func(in *cloudformation.GetStackPolicyInput) []string { return s.stackARN(in.StackName) }, s.GetStackPolicy),
	}
}

func (s *Service) changeSetOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateChangeSet", "cloudformation:CreateChangeSet", s.createChangeSetARNs, s.CreateChangeSet),
		wire.Op("DescribeChangeSet", "cloudformation:DescribeChangeSet", func(in *cloudformation.DescribeChangeSetInput) []string {
			return s.changeSetARN(in.ChangeSetName, in.StackName)
		}, s.DescribeChangeSet),
		wire.Op("ListChangeSets", "cloudformation:ListChangeSets", func(in *cloudformation.ListChangeSetsInput) []string { return s.stackARN(in.StackName) }, s.ListChangeSets),
		wire.Op("DeleteChangeSet", "cloudformation:DeleteChangeSet", func(in *cloudformation.DeleteChangeSetInput) []string {
			return s.changeSetARN(in.ChangeSetName, in.StackName)
		}, s.DeleteChangeSet),
		wire.Op("ExecuteChangeSet", "cloudformation:ExecuteChangeSet", func(in *cloudformation.ExecuteChangeSetInput) []string {
			return s.changeSetARN(in.ChangeSetName, in.StackName)
		}, s.ExecuteChangeSet),
	}
}
