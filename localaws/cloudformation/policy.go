package cloudformation

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
)

// checkPolicy takes only the stack policy that allows every update, because none is enforced here.
func checkPolicy(body *string) error {
	if body == nil {
		return nil
	}
	var policy struct {
		Statement []struct {
			Effect                      string
			Action, Principal, Resource any
			NotAction, NotResource      any
			Condition                   any
		}
	}
	if err := json.Unmarshal([]byte(*body), &policy); err != nil {
		return invalid("Error validating stack policy: Invalid stack policy")
	}
	open := false
	for _, s := range policy.Statement {
		if s.Effect != "Allow" || s.NotAction != nil || s.NotResource != nil || s.Condition != nil {
			open = false
			break
		}
		if template.Equal(s.Action, "Update:*") && template.Equal(s.Principal, "*") && template.Equal(s.Resource, "*") {
			open = true
		}
	}
	if !open {
		return invalid("Error validating stack policy: stack policies are not enforced by this AWS, " +
			"so only one that allows Update:* on * to everybody is accepted")
	}
	return nil
}

// SetStackPolicy stores a stack's policy.
func (s *Service) SetStackPolicy(_ context.Context, in *cloudformation.SetStackPolicyInput) (*cloudformation.SetStackPolicyOutput, error) {
	if in.StackPolicyURL != nil {
		return nil, unserved(map[string]bool{"StackPolicyURL": true})
	}
	if err := checkPolicy(in.StackPolicyBody); err != nil {
		return nil, err
	}
	st, err := s.mustFind(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	err = s.stacks.Update(st.ID, func(row *stack, _ bool) error {
		row.Policy = aws.ToString(in.StackPolicyBody)
		return nil
	})
	return &cloudformation.SetStackPolicyOutput{}, err
}

// GetStackPolicy returns a stack's policy, or nothing where it has none.
func (s *Service) GetStackPolicy(_ context.Context, in *cloudformation.GetStackPolicyInput) (*cloudformation.GetStackPolicyOutput, error) {
	st, err := s.mustFind(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	return &cloudformation.GetStackPolicyOutput{StackPolicyBody: optional(st.Policy)}, nil
}
