package cloudformation

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Operations lists the API.
func (s *Service) Operations() []wire.Operation {
	all := slices.Concat(s.stackOperations(), s.readOperations(), s.driftOperations())
	return append(all, s.changeSetOperations()...)
}

func (s *Service) stackOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateStack", "cloudformation:CreateStack", func(in *cloudformation.CreateStackInput) []string { return s.stackARN(in.StackName) }, s.CreateStack,
			wire.Keys(createStackKeys), passRole(func(in *cloudformation.CreateStackInput) *string { return in.RoleARN })),
		wire.Op("UpdateStack", "cloudformation:UpdateStack", func(in *cloudformation.UpdateStackInput) []string { return s.stackARN(in.StackName) }, s.UpdateStack,
			wire.Keys(updateStackKeys), passRole(func(in *cloudformation.UpdateStackInput) *string { return in.RoleARN })),
		wire.Op("DeleteStack", "cloudformation:DeleteStack", func(in *cloudformation.DeleteStackInput) []string { return s.stackARN(in.StackName) }, s.DeleteStack,
			wire.Keys(func(in *cloudformation.DeleteStackInput) policy.Context { return roleKeys(in.RoleARN) }),
			passRole(func(in *cloudformation.DeleteStackInput) *string { return in.RoleARN })),
		wire.Op("CancelUpdateStack", "cloudformation:CancelUpdateStack", func(in *cloudformation.CancelUpdateStackInput) []string { return s.stackARN(in.StackName) }, s.CancelUpdateStack),
		wire.Op("ContinueUpdateRollback", "cloudformation:ContinueUpdateRollback", func(in *cloudformation.ContinueUpdateRollbackInput) []string { return s.stackARN(in.StackName) }, s.ContinueUpdateRollback,
			wire.Keys(func(in *cloudformation.ContinueUpdateRollbackInput) policy.Context { return roleKeys(in.RoleARN) }),
			passRole(func(in *cloudformation.ContinueUpdateRollbackInput) *string { return in.RoleARN })),
		wire.Op("RollbackStack", "cloudformation:RollbackStack", func(in *cloudformation.RollbackStackInput) []string { return s.stackARN(in.StackName) }, s.RollbackStack,
			wire.Keys(func(in *cloudformation.RollbackStackInput) policy.Context { return roleKeys(in.RoleARN) }),
			passRole(func(in *cloudformation.RollbackStackInput) *string { return in.RoleARN })),
		wire.Op("UpdateTerminationProtection", "cloudformation:UpdateTerminationProtection", func(in *cloudformation.UpdateTerminationProtectionInput) []string { return s.stackARN(in.StackName) }, s.UpdateTerminationProtection),
		wire.Op("SetStackPolicy", "cloudformation:SetStackPolicy", func(in *cloudformation.SetStackPolicyInput) []string { return s.stackARN(in.StackName) }, s.SetStackPolicy,
			wire.Keys(func(in *cloudformation.SetStackPolicyInput) policy.Context {
				return definitionKeys(nil, nil, in.StackPolicyURL, nil, nil)
			})),
	}
}

func (s *Service) readOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("DescribeStacks", "cloudformation:DescribeStacks", func(in *cloudformation.DescribeStacksInput) []string { return s.stackARN(in.StackName) }, s.DescribeStacks),
		wire.Op("ListStacks", "cloudformation:ListStacks", func(*cloudformation.ListStacksInput) []string { return s.everyStack() }, s.ListStacks),
		wire.Op("DescribeStackEvents", "cloudformation:DescribeStackEvents", func(in *cloudformation.DescribeStackEventsInput) []string { return s.stackARN(in.StackName) }, s.DescribeStackEvents),
		wire.Op("DescribeEvents", "cloudformation:DescribeEvents", func(in *cloudformation.DescribeEventsInput) []string {
			if in.ChangeSetName != nil {
				return s.changeSetARN(in.ChangeSetName, in.StackName)
			}
			return s.stackARN(in.StackName)
		}, s.DescribeEvents),
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
		wire.Op("GetStackPolicy", "cloudformation:GetStackPolicy", func(in *cloudformation.GetStackPolicyInput) []string { return s.stackARN(in.StackName) }, s.GetStackPolicy),
	}
}

func (s *Service) driftOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("DetectStackDrift", "cloudformation:DetectStackDrift", func(in *cloudformation.DetectStackDriftInput) []string { return s.stackARN(in.StackName) }, s.DetectStackDrift),
		wire.Op("DetectStackResourceDrift", "cloudformation:DetectStackResourceDrift", func(in *cloudformation.DetectStackResourceDriftInput) []string { return s.stackARN(in.StackName) }, s.DetectStackResourceDrift),
		wire.Op("DescribeStackDriftDetectionStatus", "cloudformation:DescribeStackDriftDetectionStatus", nil, s.DescribeStackDriftDetectionStatus),
		wire.Op("DescribeStackResourceDrifts", "cloudformation:DescribeStackResourceDrifts", func(in *cloudformation.DescribeStackResourceDriftsInput) []string { return s.stackARN(in.StackName) }, s.DescribeStackResourceDrifts),
	}
}

func (s *Service) changeSetOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateChangeSet", "cloudformation:CreateChangeSet", func(in *cloudformation.CreateChangeSetInput) []string { return s.stackARN(in.StackName) }, s.CreateChangeSet,
			wire.Keys(createChangeSetKeys), passRole(func(in *cloudformation.CreateChangeSetInput) *string { return in.RoleARN })),
		wire.Op("DescribeChangeSet", "cloudformation:DescribeChangeSet", func(in *cloudformation.DescribeChangeSetInput) []string {
			return s.changeSetARN(in.ChangeSetName, in.StackName)
		}, s.DescribeChangeSet,
			wire.Keys(func(in *cloudformation.DescribeChangeSetInput) policy.Context { return changeSetKeys(in.ChangeSetName) })),
		wire.Op("ListChangeSets", "cloudformation:ListChangeSets", func(in *cloudformation.ListChangeSetsInput) []string { return s.stackARN(in.StackName) }, s.ListChangeSets),
		wire.Op("DeleteChangeSet", "cloudformation:DeleteChangeSet", func(in *cloudformation.DeleteChangeSetInput) []string {
			return s.changeSetARN(in.ChangeSetName, in.StackName)
		}, s.DeleteChangeSet,
			wire.Keys(func(in *cloudformation.DeleteChangeSetInput) policy.Context { return changeSetKeys(in.ChangeSetName) })),
		wire.Op("ExecuteChangeSet", "cloudformation:ExecuteChangeSet", func(in *cloudformation.ExecuteChangeSetInput) []string {
			return s.changeSetARN(in.ChangeSetName, in.StackName)
		}, s.ExecuteChangeSet,
			wire.Keys(func(in *cloudformation.ExecuteChangeSetInput) policy.Context { return changeSetKeys(in.ChangeSetName) })),
	}
}
