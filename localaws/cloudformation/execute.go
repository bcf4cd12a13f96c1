package cloudformation

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// ExecuteChangeSet makes the changes of a change set. The stack's other change sets are deleted.
func (s *Service) ExecuteChangeSet(ctx context.Context, in *cloudformation.ExecuteChangeSetInput) (*cloudformation.ExecuteChangeSetOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.findChangeSet(in.ChangeSetName, in.StackName)
	if err != nil {
		return nil, err
	}
	st, err := s.mustFind(c.StackID)
	if err != nil {
		return nil, err
	}
	token := aws.ToString(in.ClientRequestToken)
	if token != "" && st.Token == token && st.Operation == "ExecuteChangeSet" {
		return &cloudformation.ExecuteChangeSetOutput{}, nil
	}
	if err := c.checkExecutable(st); err != nil {
		return nil, err
	}
	if c.OnStackFailure != "" && in.DisableRollback != nil {
		return nil, invalid("You cannot specify DisableRollback for a change set that specifies OnStackFailure.")
	}
	goal, err := s.load(c.definition, st.ID, st.Name)
	if err != nil {
		return nil, answer(err)
	}
	if goal.policy, err = policyFor(st, nil); err != nil {
		return nil, err
	}
	config, err := s.assume(ctx, c.RoleARN, st.ID)
	if err != nil {
		return nil, err
	}
	c.Execution = types.ExecutionStatusExecuteInProgress
	if err := s.changeSets.Put(c.key(), c); err != nil {
		return nil, err
	}
	s.dropChangeSets(st.ID, c.ID)
	change := func(row *stack) {
		row.RoleARN, row.Token, row.Operation = c.RoleARN, token, "ExecuteChangeSet"
		row.DisableRollback = aws.ToBool(in.DisableRollback) || c.OnStackFailure == types.OnStackFailureDoNothing
		row.RetainExceptOnCreate = aws.ToBool(in.RetainExceptOnCreate)
		row.ChangeSetID = c.ID
	}
	if c.Type == types.ChangeSetTypeUpdate {
		disable := aws.ToBool(in.DisableRollback) || c.OnStackFailure == types.OnStackFailureDoNothing
		return &cloudformation.ExecuteChangeSetOutput{}, s.startUpdate(ctx, st, config, goal, c.ID, disable, change)
	}
	return &cloudformation.ExecuteChangeSetOutput{}, s.executeCreate(ctx, st, config, goal, c, change)
}

func (s *Service) executeCreate(ctx context.Context, st stack, config aws.Config, goal *desired, c changeSet, change func(*stack)) error {
	var after stack
	err := s.setStack(st.ID, types.StackStatusCreateInProgress, "User Initiated", func(row *stack) {
		now := s.env.Now().UTC()
		row.definition, row.Updated = goal.definition, &now
		change(row)
		after = *row
	})
	if err != nil {
		return err
	}
	onFailure := types.OnFailure(c.OnStackFailure)
	if after.DisableRollback {
		onFailure = types.OnFailureDoNothing
	}
	return s.begin(ctx, st, config, goal, c.ID, func(op *operation) { op.runCreate(onFailure, nil) })
}

func (c *changeSet) checkExecutable(st stack) error {
	wrong := func(which string, status string) error {
		return &types.InvalidChangeSetStatusException{
			Message: aws.String("ChangeSet [" + c.ID + "] cannot be executed in its current " + which + " of [" + status + "]"),
		}
	}
	if c.Status != types.ChangeSetStatusCreateComplete {
		return wrong("status", string(c.Status))
	}
	if c.Execution != types.ExecutionStatusAvailable {
		return wrong("execution status", string(c.Execution))
	}
	if c.Type == types.ChangeSetTypeUpdate {
		return checkUpdatable(st)
	}
	if st.Status != types.StackStatusReviewInProgress {
		return invalid("Stack:%s is in %s state and can not be updated.", st.ID, st.Status)
	}
	return nil
}

// endChangeSet writes how the execution of the operation's change set has ended.
func (op *operation) endChangeSet(status types.ExecutionStatus) {
	if op.changeSet == "" {
		return
	}
	key := uuidOf(op.id) + "/" + op.changeSet
	err := op.changeSets.Update(key, func(c *changeSet, _ bool) error {
		c.Execution = status
		return nil
	})
	if err != nil {
		op.env.Log.Error("write change set", "changeset", op.changeSet, "error", err)
	}
}

// DescribeChangeSet returns a change set and its changes.
func (s *Service) DescribeChangeSet(_ context.Context, in *cloudformation.DescribeChangeSetInput) (*cloudformation.DescribeChangeSetOutput, error) {
	c, err := s.findChangeSet(in.ChangeSetName, in.StackName)
	if err != nil {
		return nil, err
	}
	page, next := pageOf(c.Changes, in.NextToken, func(x types.Change) string { return *x.ResourceChange.LogicalResourceId })
	if page == nil {
		page = []types.Change{}
	}
	if !aws.ToBool(in.IncludePropertyValues) {
		page = withoutValues(page)
	}
	return &cloudformation.DescribeChangeSetOutput{
		ChangeSetId: &c.ID, ChangeSetName: &c.Name, StackId: &c.StackID, StackName: &c.StackName,
		Status: c.Status, StatusReason: optional(c.Reason), ExecutionStatus: c.Execution, CreationTime: &c.Created,
		Description: optional(c.Description), Changes: page, NextToken: next, Parameters: describeParameters(c.Parameters),
		Tags: describeTags(c.Tags), Capabilities: c.Capabilities, OnStackFailure: c.OnStackFailure,
		IncludeNestedStacks: aws.Bool(false), RollbackConfiguration: &types.RollbackConfiguration{}, NotificationARNs: []string{},
	}, nil
}

// ListChangeSets returns a stack's change sets.
func (s *Service) ListChangeSets(_ context.Context, in *cloudformation.ListChangeSetsInput) (*cloudformation.ListChangeSetsOutput, error) {
	st, err := s.mustFind(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	sets, err := s.changeSetsOf(st.ID)
	if err != nil {
		return nil, err
	}
	page, next := pageOf(sets, in.NextToken, func(c changeSet) string { return c.ID })
	out := &cloudformation.ListChangeSetsOutput{Summaries: []types.ChangeSetSummary{}, NextToken: next}
	for _, c := range page {
		out.Summaries = append(out.Summaries, types.ChangeSetSummary{
			ChangeSetId: &c.ID, ChangeSetName: &c.Name, StackId: &c.StackID, StackName: &c.StackName, Status: c.Status,
			StatusReason: optional(c.Reason), ExecutionStatus: c.Execution, CreationTime: &c.Created, Description: optional(c.Description),
		})
	}
	return out, nil
}

// DeleteChangeSet deletes a change set; one that is gone already is no error where its stack exists.
func (s *Service) DeleteChangeSet(_ context.Context, in *cloudformation.DeleteChangeSetInput) (*cloudformation.DeleteChangeSetOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.findChangeSet(in.ChangeSetName, in.StackName)
	if isMissing(err) && in.StackName != nil {
		return &cloudformation.DeleteChangeSetOutput{}, nil
	}
	if err != nil {
		return nil, err
	}
	if c.Execution == types.ExecutionStatusExecuteInProgress {
		return nil, &types.InvalidChangeSetStatusException{
			Message: aws.String("ChangeSet [" + c.ID + "] cannot be deleted in its current execution status of [" + string(c.Execution) + "]"),
		}
	}
	return &cloudformation.DeleteChangeSetOutput{}, s.discard(c)
}
