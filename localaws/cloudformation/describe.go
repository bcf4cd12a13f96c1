package cloudformation

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// DescribeStacks returns one stack, or all that are not deleted.
func (s *Service) DescribeStacks(ctx context.Context, in *cloudformation.DescribeStacksInput) (*cloudformation.DescribeStacksOutput, error) {
	if in.StackName != nil {
		st, ok, err := s.find(*in.StackName)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, invalid("Stack with id %s does not exist", *in.StackName)
		}
		if s.await(ctx, wire.UserAgent(ctx), st.ID) {
			if st, _, err = s.find(st.ID); err != nil {
				return nil, err
			}
		}
		return &cloudformation.DescribeStacksOutput{Stacks: []types.Stack{st.describe()}}, nil
	}
	stacks, err := s.stacks.live()
	if err != nil {
		return nil, err
	}
	page, next := pageOf(stacks, in.NextToken, func(st stack) string { return st.ID })
	out := &cloudformation.DescribeStacksOutput{Stacks: []types.Stack{}, NextToken: next}
	for _, st := range page {
		out.Stacks = append(out.Stacks, st.describe())
	}
	return out, nil
}

func (st *stack) describe() types.Stack {
	var outputs []types.Output
	for _, o := range st.Outputs {
		outputs = append(outputs, types.Output{
			OutputKey: aws.String(o.Key), OutputValue: aws.String(o.Value), Description: optional(o.Description), ExportName: optional(o.Export),
		})
	}
	return types.Stack{
		StackId: &st.ID, StackName: &st.Name, StackStatus: st.Status, StackStatusReason: optional(st.Reason),
		CreationTime: &st.Created, LastUpdatedTime: st.Updated, DeletionTime: st.Deleted, Description: optional(st.Description),
		Parameters: describeParameters(st.Parameters), Outputs: outputs, Tags: describeTags(st.Tags), Capabilities: st.Capabilities,
		RoleARN: optional(st.RoleARN), ChangeSetId: optional(st.ChangeSetID), DisableRollback: aws.Bool(st.DisableRollback),
		EnableTerminationProtection: aws.Bool(st.TerminationProtection), TimeoutInMinutes: st.Timeout,
		NotificationARNs: []string{}, RollbackConfiguration: &types.RollbackConfiguration{},
		DriftInformation: &types.StackDriftInformation{StackDriftStatus: st.drift(), LastCheckTimestamp: st.Drifted},
	}
}

// ListStacks returns summaries of all stacks, the deleted ones among them.
func (s *Service) ListStacks(_ context.Context, in *cloudformation.ListStacksInput) (*cloudformation.ListStacksOutput, error) {
	stacks, err := s.stacks.all(func(st *stack) bool {
		return in.StackStatusFilter == nil || slices.Contains(in.StackStatusFilter, st.Status)
	})
	if err != nil {
		return nil, err
	}
	page, next := pageOf(stacks, in.NextToken, func(st stack) string { return st.ID })
	out := &cloudformation.ListStacksOutput{StackSummaries: []types.StackSummary{}, NextToken: next}
	for _, st := range page {
		out.StackSummaries = append(out.StackSummaries, types.StackSummary{
			StackId: &st.ID, StackName: &st.Name, StackStatus: st.Status, StackStatusReason: optional(st.Reason),
			CreationTime: &st.Created, LastUpdatedTime: st.Updated, DeletionTime: st.Deleted, TemplateDescription: optional(st.Description),
			DriftInformation: &types.StackDriftInformationSummary{StackDriftStatus: st.drift(), LastCheckTimestamp: st.Drifted},
		})
	}
	return out, nil
}

// resources returns a stack and its resources in the order of their logical ids.
func (s *Service) resources(stackName string) (stack, []*member, error) {
	st, ok, err := s.find(stackName)
	if err == nil && !ok {
		err = invalid("Stack with id %s does not exist", stackName)
	}
	if err != nil {
		return st, nil, err
	}
	members, err := s.membersOf(st.ID)
	if err != nil {
		return st, nil, err
	}
	list := make([]*member, 0, len(members))
	for _, id := range slices.Sorted(maps.Keys(members)) {
		list = append(list, members[id])
	}
	return st, list, nil
}

// ListStackResources returns summaries of a stack's resources.
func (s *Service) ListStackResources(_ context.Context, in *cloudformation.ListStackResourcesInput) (*cloudformation.ListStackResourcesOutput, error) {
	st, members, err := s.resources(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	page, next := pageOf(members, in.NextToken, func(m *member) string { return m.LogicalID })
	out := &cloudformation.ListStackResourcesOutput{StackResourceSummaries: []types.StackResourceSummary{}, NextToken: next}
	for _, m := range page {
		drift, checked := s.driftOf(st.ID, m)
		out.StackResourceSummaries = append(out.StackResourceSummaries, types.StackResourceSummary{
			LogicalResourceId: &m.LogicalID, PhysicalResourceId: optional(m.Current.PhysicalID), ResourceType: &m.Type,
			ResourceStatus: m.Status, ResourceStatusReason: optional(m.Reason), LastUpdatedTimestamp: &m.Updated,
			DriftInformation: &types.StackResourceDriftInformationSummary{StackResourceDriftStatus: drift, LastCheckTimestamp: checked},
		})
	}
	return out, nil
}

// DescribeStackResources returns the resources of the stack that is named, or of the one that a physical id belongs to.
func (s *Service) DescribeStackResources(_ context.Context, in *cloudformation.DescribeStackResourcesInput) (*cloudformation.DescribeStackResourcesOutput, error) {
	name := aws.ToString(in.StackName)
	if name == "" {
		owner, err := s.ownerOf(aws.ToString(in.PhysicalResourceId))
		if err != nil {
			return nil, err
		}
		name = owner
	}
	st, members, err := s.resources(name)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.DescribeStackResourcesOutput{StackResources: []types.StackResource{}}
	for _, m := range members {
		if in.LogicalResourceId != nil && m.LogicalID != *in.LogicalResourceId {
			continue
		}
		drift, checked := s.driftOf(st.ID, m)
		out.StackResources = append(out.StackResources, types.StackResource{
			StackId: &st.ID, StackName: &st.Name, LogicalResourceId: &m.LogicalID, PhysicalResourceId: optional(m.Current.PhysicalID),
			ResourceType: &m.Type, ResourceStatus: m.Status, ResourceStatusReason: optional(m.Reason), Timestamp: &m.Updated,
			DriftInformation: &types.StackResourceDriftInformation{StackResourceDriftStatus: drift, LastCheckTimestamp: checked},
		})
	}
	return out, nil
}

// ownerOf returns the id of the live stack to which a physical id belongs.
func (s *Service) ownerOf(physicalID string) (string, error) {
	if physicalID == "" {
		return "", invalid("You must specify either StackName or PhysicalResourceId")
	}
	stacks, err := s.stacks.live()
	if err != nil {
		return "", err
	}
	for _, st := range stacks {
		members, err := s.membersOf(st.ID)
		if err != nil {
			return "", err
		}
		for _, m := range members {
			if m.Current.PhysicalID == physicalID {
				return st.ID, nil
			}
		}
	}
	return "", invalid("Stack for %s does not exist", physicalID)
}

// DescribeStackResource returns one resource of a stack.
func (s *Service) DescribeStackResource(_ context.Context, in *cloudformation.DescribeStackResourceInput) (*cloudformation.DescribeStackResourceOutput, error) {
	name, id := aws.ToString(in.StackName), aws.ToString(in.LogicalResourceId)
	st, ok, err := s.find(name)
	if err == nil && !ok {
		err = invalid("Stack '%s' does not exist", name)
	}
	if err != nil {
		return nil, err
	}
	m, ok, err := s.members.Get(memberKey(st.ID, id))
	if err == nil && !ok {
		err = invalid("Resource %s does not exist for stack %s", id, name)
	}
	if err != nil {
		return nil, err
	}
	drift, checked := s.driftOf(st.ID, &m)
	metadata := "{}"
	if m.Current.Metadata != nil {
		if metadata, err = template.Encode(map[string]any(m.Current.Metadata)); err != nil {
			return nil, err
		}
	}
	return &cloudformation.DescribeStackResourceOutput{StackResourceDetail: &types.StackResourceDetail{
		StackId: &st.ID, StackName: &st.Name, LogicalResourceId: &m.LogicalID, PhysicalResourceId: optional(m.Current.PhysicalID),
		ResourceType: &m.Type, ResourceStatus: m.Status, ResourceStatusReason: optional(m.Reason), LastUpdatedTimestamp: &m.Updated,
		Metadata: &metadata, DriftInformation: &types.StackResourceDriftInformation{StackResourceDriftStatus: drift, LastCheckTimestamp: checked},
	}}, nil
}
