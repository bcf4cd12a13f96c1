package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// PutGroupPolicy writes an inline policy.
func (s *Service) PutGroupPolicy(_ context.Context, in *iam.PutGroupPolicyInput) (*iam.PutGroupPolicyOutput, error) {
	return &iam.PutGroupPolicyOutput{}, s.ofGroups().putPolicy(in.GroupName, in.PolicyName, in.PolicyDocument)
}

// GetGroupPolicy returns an inline policy.
func (s *Service) GetGroupPolicy(_ context.Context, in *iam.GetGroupPolicyInput) (*iam.GetGroupPolicyOutput, error) {
	e, document, err := s.ofGroups().getPolicy(in.GroupName, in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &iam.GetGroupPolicyOutput{GroupName: &e.Name, PolicyName: in.PolicyName, PolicyDocument: encode(document)}, nil
}

// DeleteGroupPolicy deletes an inline policy.
func (s *Service) DeleteGroupPolicy(_ context.Context, in *iam.DeleteGroupPolicyInput) (*iam.DeleteGroupPolicyOutput, error) {
	return &iam.DeleteGroupPolicyOutput{}, s.ofGroups().deletePolicy(in.GroupName, in.PolicyName)
}

// ListGroupPolicies lists the names of the inline policies.
func (s *Service) ListGroupPolicies(_ context.Context, in *iam.ListGroupPoliciesInput) (*iam.ListGroupPoliciesOutput, error) {
	names, truncated, next, err := s.ofGroups().policyNames(in.GroupName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListGroupPoliciesOutput{PolicyNames: names, IsTruncated: truncated, Marker: next}, nil
}

// AttachGroupPolicy attaches a managed policy.
func (s *Service) AttachGroupPolicy(_ context.Context, in *iam.AttachGroupPolicyInput) (*iam.AttachGroupPolicyOutput, error) {
	return &iam.AttachGroupPolicyOutput{}, s.attach(s.ofGroups(), in.GroupName, in.PolicyArn)
}

// DetachGroupPolicy detaches a managed policy.
func (s *Service) DetachGroupPolicy(_ context.Context, in *iam.DetachGroupPolicyInput) (*iam.DetachGroupPolicyOutput, error) {
	return &iam.DetachGroupPolicyOutput{}, s.ofGroups().detach(in.GroupName, in.PolicyArn)
}

// ListAttachedGroupPolicies lists the managed policies attached.
func (s *Service) ListAttachedGroupPolicies(_ context.Context, in *iam.ListAttachedGroupPoliciesInput) (*iam.ListAttachedGroupPoliciesOutput, error) {
	all, err := s.attached(s.ofGroups(), in.GroupName, in.PathPrefix)
	if err != nil {
		return nil, err
	}
	out := &iam.ListAttachedGroupPoliciesOutput{}
	out.AttachedPolicies, out.IsTruncated, out.Marker = page(all, attachedKey, in.Marker, in.MaxItems)
	return out, nil
}
