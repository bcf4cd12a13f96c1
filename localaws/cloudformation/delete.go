package cloudformation

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// DeleteStack deletes a stack and what stands in it. A stack that does not exist is no error.
func (s *Service) DeleteStack(ctx context.Context, in *cloudformation.DeleteStackInput) (*cloudformation.DeleteStackOutput, error) {
	done := &cloudformation.DeleteStackOutput{}
	st, ok, err := s.find(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	if !ok || st.Status == types.StackStatusDeleteComplete {
		return done, nil
	}
	role := st.RoleARN
	if in.RoleARN != nil {
		role = *in.RoleARN
	}
	// The role is assumed before the lock is taken: IAM is another service.
	config, roleErr := s.assume(ctx, role, st.ID)

	s.mu.Lock()
	defer s.mu.Unlock()
	if st, ok, err = s.find(st.ID); err != nil || !ok {
		return done, err
	}
	if st.Status == types.StackStatusDeleteComplete || st.Status == types.StackStatusDeleteInProgress {
		return done, nil
	}
	if err := s.checkDeletable(st, in.RetainResources); err != nil {
		return nil, err
	}
	force := in.DeletionMode == types.DeletionModeForceDeleteStack
	if force && st.Status != types.StackStatusDeleteFailed { // the rule is documented, the words are not confirmed
		return nil, invalid("Invalid operation on stack [%s]. FORCE_DELETE_STACK can be specified only when the stack is in the DELETE_FAILED state.", st.ID)
	}
	if roleErr != nil {
		return nil, roleErr
	}
	if op := s.running[st.ID]; op != nil {
		op.halt("Stack deletion requested. ", true)
	}
	token := aws.ToString(in.ClientRequestToken)
	err = s.setStack(st.ID, types.StackStatusDeleteInProgress, "User Initiated", func(row *stack) {
		row.RoleARN, row.Token, row.Operation = role, token, "DeleteStack"
	})
	if err != nil {
		return nil, err
	}
	run := func(op *operation) {
		op.force = force
		op.runDelete(in.RetainResources, st.Status, false)
	}
	return done, s.begin(ctx, st, config, nil, "", run)
}

func (s *Service) checkDeletable(st stack, retain []string) error {
	if st.TerminationProtection {
		return invalid("Stack [%s] cannot be deleted while TerminationProtection is enabled", st.Name)
	}
	// A creation may be cut short by a deletion, an update may not.
	reviewing := st.Status == types.StackStatusReviewInProgress || st.Status == types.StackStatusCreateInProgress
	if inProgress(st.Status) && !reviewing {
		return invalid("Stack [%s] cannot be deleted while in status %s", st.ID, st.Status)
	}
	if len(retain) == 0 {
		return nil
	}
	if st.Status != types.StackStatusDeleteFailed {
		return invalid("Invalid operation on stack [%s]. When you delete a stack, specify which resources to retain only when the stack is in the DELETE_FAILED state.", st.ID)
	}
	members, err := s.membersOf(st.ID)
	if err != nil {
		return err
	}
	var foreign []string
	for _, id := range retain {
		if m := members[id]; m == nil || m.Status != types.ResourceStatusDeleteFailed {
			foreign = append(foreign, id)
		}
	}
	if slices.Sort(foreign); foreign != nil {
		return invalid("The specified resources to retain must be in a valid state. Do not specify resources that are in the DELETE_COMPLETE state, or that are not in the stack: %v", foreign)
	}
	return nil
}

// UpdateTerminationProtection guards a stack against deletion, or no longer.
func (s *Service) UpdateTerminationProtection(_ context.Context, in *cloudformation.UpdateTerminationProtectionInput) (*cloudformation.UpdateTerminationProtectionOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.mustFind(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	if st.Status == types.StackStatusDeleteInProgress || st.Status == types.StackStatusDeleteComplete {
		return nil, invalid("Stack [%s] is in %s state and termination protection cannot be changed", st.ID, st.Status)
	}
	err = s.stacks.Update(st.ID, func(row *stack, _ bool) error {
		row.TerminationProtection = aws.ToBool(in.EnableTerminationProtection)
		return nil
	})
	return &cloudformation.UpdateTerminationProtectionOutput{StackId: &st.ID}, err
}
