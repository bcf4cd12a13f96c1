package cloudformation

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// startUpdate begins an update that has been checked. The caller holds s.mu.
func (s *Service) startUpdate(ctx context.Context, st stack, config aws.Config, goal *desired, changeSet string, disableRollback bool, change func(*stack)) error {
	if goal.Template == "" {
		if err := s.keep(goal); err != nil {
			return err
		}
	}
	now := s.env.Now().UTC()
	err := s.setStack(st.ID, types.StackStatusUpdateInProgress, "User Initiated", func(st *stack) {
		st.updated(goal.definition)
		st.Updated = &now
		change(st)
	})
	if err != nil {
		return err
	}
	return s.begin(ctx, st, config, goal, changeSet, func(op *operation) { op.runUpdate(disableRollback) })
}

// CancelUpdateStack stops an update that is in progress and rolls it back.
func (s *Service) CancelUpdateStack(_ context.Context, in *cloudformation.CancelUpdateStackInput) (*cloudformation.CancelUpdateStackOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.mustFind(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	op := s.running[st.ID]
	if st.Status != types.StackStatusUpdateInProgress || op == nil {
		return nil, invalid("CancelUpdateStack cannot be called from current stack status")
	}
	op.halt("User Initiated", false)
	return &cloudformation.CancelUpdateStackOutput{}, nil
}

// ContinueUpdateRollback tries a failed rollback of an update once more.
func (s *Service) ContinueUpdateRollback(ctx context.Context, in *cloudformation.ContinueUpdateRollbackInput) (*cloudformation.ContinueUpdateRollbackOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.mustFind(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	if st.Status != types.StackStatusUpdateRollbackFailed {
		return nil, invalid("Stack:%s is in %s state and can not be rolled back.", st.ID, st.Status)
	}
	if err := s.checkSkippable(st, in.ResourcesToSkip); err != nil {
		return nil, err
	}
	st.Token, st.Operation = aws.ToString(in.ClientRequestToken), "ContinueUpdateRollback"
	_, err = s.startRollback(ctx, st, in.RoleARN, types.StackStatusUpdateRollbackInProgress, func(op *operation) {
		op.skip(in.ResourcesToSkip)
		op.rollBackUpdate()
	})
	return &cloudformation.ContinueUpdateRollbackOutput{}, err
}

// checkSkippable refuses to skip what has not failed in the rollback. AWS
// documents the rule; its words are not confirmed.
func (s *Service) checkSkippable(st stack, ids []string) error {
	members, err := s.membersOf(st.ID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if m := members[id]; m == nil || m.Status != types.ResourceStatusUpdateFailed {
			return invalid("Resource [%s] cannot be skipped. Only resources of the stack that are in the UPDATE_FAILED state can be skipped.", id)
		}
	}
	return nil
}

// RollbackStack rolls back a stack whose creation or update has failed and has been left so.
func (s *Service) RollbackStack(ctx context.Context, in *cloudformation.RollbackStackInput) (*cloudformation.RollbackStackOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.mustFind(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	var id string
	st.Token, st.Operation = aws.ToString(in.ClientRequestToken), "RollbackStack"
	switch {
	case st.Status == types.StackStatusUpdateFailed, st.Status == types.StackStatusCreateFailed && st.Previous != nil:
		id, err = s.startRollback(ctx, st, in.RoleARN, types.StackStatusUpdateRollbackInProgress, (*operation).rollBackUpdate)
	case st.Status == types.StackStatusCreateFailed:
		id, err = s.startRollback(ctx, st, in.RoleARN, types.StackStatusRollbackInProgress, (*operation).rollBackCreate)
	default:
		return nil, invalid("Stack:%s is in %s state and can not be rolled back.", st.ID, st.Status)
	}
	return &cloudformation.RollbackStackOutput{StackId: &id}, err
}

func (s *Service) startRollback(ctx context.Context, st stack, role *string, status types.StackStatus, run func(*operation)) (string, error) {
	if role != nil {
		st.RoleARN = *role
	}
	config, err := s.assume(ctx, st.RoleARN, st.ID)
	if err != nil {
		return "", err
	}
	err = s.setStack(st.ID, status, "User Initiated", func(row *stack) {
		row.RoleARN, row.Token, row.Operation = st.RoleARN, st.Token, st.Operation
	})
	if err != nil {
		return "", err
	}
	return st.ID, s.begin(ctx, st, config, nil, "", run)
}
