package cloudformation

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// checkUpdatable refuses to update a stack that is busy, or that can only be deleted.
func checkUpdatable(st stack) error {
	updatable := []types.StackStatus{
		types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusUpdateRollbackComplete,
		types.StackStatusCreateFailed, types.StackStatusUpdateFailed,
	}
	if !slices.Contains(updatable, st.Status) {
		return invalid("Stack:%s is in %s state and can not be updated.", st.ID, st.Status)
	}
	return nil
}

// updated gives a stack its new definition. What it returns to is the last state in which all was well.
func (st *stack) updated(d definition) {
	if st.Previous == nil {
		before := st.definition
		st.Previous = &before
	}
	st.definition = d
}

// UpdateStack changes a stack to what a template says.
func (s *Service) UpdateStack(ctx context.Context, in *cloudformation.UpdateStackInput) (*cloudformation.UpdateStackOutput, error) {
	err := unserved(map[string]bool{
		"NotificationARNs":               len(in.NotificationARNs) > 0,
		"RollbackConfiguration triggers": in.RollbackConfiguration != nil && len(in.RollbackConfiguration.RollbackTriggers) > 0,
	})
	if err != nil {
		return nil, err
	}
	policyText, err := s.policyText(ctx, in.StackPolicyBody, in.StackPolicyURL, "StackPolicy")
	if err != nil {
		return nil, err
	}
	during, err := s.policyText(ctx, in.StackPolicyDuringUpdateBody, in.StackPolicyDuringUpdateURL, "StackPolicyDuringUpdate")
	if err != nil {
		return nil, err
	}
	st, err := s.mustFind(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	token := aws.ToString(in.ClientRequestToken)
	if token != "" && st.Token == token && st.Operation == "UpdateStack" {
		return &cloudformation.UpdateStackOutput{StackId: &st.ID}, nil
	}
	if err := checkUpdatable(st); err != nil {
		return nil, err
	}
	goal, err := s.prepare(ctx, request{
		body: in.TemplateBody, url: in.TemplateURL, usePrevious: aws.ToBool(in.UsePreviousTemplate),
		parameters: in.Parameters, capabilities: in.Capabilities, tags: in.Tags,
		previous: &st, direct: true, resourceTypes: in.ResourceTypes, stackID: st.ID, stackName: st.Name,
	})
	if err != nil {
		return nil, failedTransform(err)
	}
	role := st.RoleARN
	if in.RoleARN != nil {
		role = *in.RoleARN
	}
	config, err := s.assume(ctx, role, st.ID)
	if err != nil {
		return nil, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if st, err = s.mustFind(st.ID); err != nil {
		return nil, err
	}
	if err := checkUpdatable(st); err != nil {
		return nil, err
	}
	members, err := s.membersOf(st.ID)
	if err != nil {
		return nil, err
	}
	if _, changed, err := s.plan(goal, members, st.Outputs); err != nil {
		return nil, err
	} else if !changed && st.Previous == nil {
		return nil, invalid("No updates are to be performed.")
	}
	if goal.policy, err = policyFor(st, during); err != nil {
		return nil, err
	}
	if !aws.ToBool(in.DisableValidation) {
		goal.findings = s.validate(goal)
	}
	change := func(st *stack) {
		st.RoleARN, st.Token, st.Operation = role, token, "UpdateStack"
		if policyText != nil {
			st.Policy = *policyText
		}
		if in.RetainExceptOnCreate != nil {
			st.RetainExceptOnCreate = *in.RetainExceptOnCreate
		}
	}
	s.obsoleteChangeSets(st.ID)
	if err := s.startUpdate(ctx, st, config, goal, "", aws.ToBool(in.DisableRollback), change); err != nil {
		return nil, err
	}
	return &cloudformation.UpdateStackOutput{StackId: &st.ID}, nil
}
