package iam

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

const maxVersions = 5

func missingVersion(arn, id string) error {
	return noSuchEntity("Policy " + arn + " version " + id + " does not exist or is not attachable.")
}

func (p *managedPolicy) policyVersion(v version) types.PolicyVersion {
	return types.PolicyVersion{
		VersionId: aws.String(v.ID), IsDefaultVersion: v.ID == p.Default, CreateDate: aws.Time(v.Created),
	}
}

// GetPolicyVersion returns a version with its document.
func (s *Service) GetPolicyVersion(_ context.Context, in *iam.GetPolicyVersionInput) (*iam.GetPolicyVersionOutput, error) {
	p, err := s.managed(*in.PolicyArn)
	if err != nil {
		return nil, err
	}
	v, ok := p.version(*in.VersionId)
	if !ok {
		return nil, missingVersion(p.ARN, *in.VersionId)
	}
	out := p.policyVersion(v)
	out.Document = encode(v.Document)
	return &iam.GetPolicyVersionOutput{PolicyVersion: &out}, nil
}

// CreatePolicyVersion adds a version.
func (s *Service) CreatePolicyVersion(_ context.Context, in *iam.CreatePolicyVersionInput) (*iam.CreatePolicyVersionOutput, error) {
	if err := checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	var out types.PolicyVersion
	err := s.updateManaged(*in.PolicyArn, func(p *managedPolicy) error {
		if len(p.Versions) >= maxVersions {
			return limitExceeded("A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
		}
		p.Latest++
		v := version{ID: "v" + strconv.Itoa(p.Latest), Document: *in.PolicyDocument, Created: s.now()}
		p.Versions, p.Updated = append(p.Versions, v), v.Created
		if in.SetAsDefault {
			p.Default = v.ID
		}
		out = p.policyVersion(v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreatePolicyVersionOutput{PolicyVersion: &out}, nil
}

// DeletePolicyVersion deletes a version other than the default.
func (s *Service) DeletePolicyVersion(_ context.Context, in *iam.DeletePolicyVersionInput) (*iam.DeletePolicyVersionOutput, error) {
	return &iam.DeletePolicyVersionOutput{}, s.updateManaged(*in.PolicyArn, func(p *managedPolicy) error {
		if _, ok := p.version(*in.VersionId); !ok {
			return missingVersion(p.ARN, *in.VersionId)
		}
		if p.Default == *in.VersionId {
			return deleteConflict("Cannot delete the default version of a policy.")
		}
		p.Versions = slices.DeleteFunc(p.Versions, func(v version) bool { return v.ID == *in.VersionId })
		return nil
	})
}

// SetDefaultPolicyVersion makes a version the one in force.
func (s *Service) SetDefaultPolicyVersion(_ context.Context, in *iam.SetDefaultPolicyVersionInput) (*iam.SetDefaultPolicyVersionOutput, error) {
	return &iam.SetDefaultPolicyVersionOutput{}, s.updateManaged(*in.PolicyArn, func(p *managedPolicy) error {
		if _, ok := p.version(*in.VersionId); !ok {
			return missingVersion(p.ARN, *in.VersionId)
		}
		p.Default, p.Updated = *in.VersionId, s.now()
		return nil
	})
}

// ListPolicyVersions lists the versions, the newest first.
func (s *Service) ListPolicyVersions(_ context.Context, in *iam.ListPolicyVersionsInput) (*iam.ListPolicyVersionsOutput, error) {
	p, err := s.managed(*in.PolicyArn)
	if err != nil {
		return nil, err
	}
	// There are at most five, so a marker is never handed out; MaxItems alone can cut the list.
	out := &iam.ListPolicyVersionsOutput{}
	for _, v := range slices.Backward(p.Versions) {
		out.Versions = append(out.Versions, p.policyVersion(v))
	}
	if in.MaxItems != nil || in.Marker != nil {
		place := func(v types.PolicyVersion) string {
			return strconv.Itoa(slices.IndexFunc(out.Versions, func(o types.PolicyVersion) bool { return *o.VersionId == *v.VersionId }))
		}
		out.Versions, out.IsTruncated, out.Marker = page(out.Versions, place, in.Marker, in.MaxItems)
	}
	return out, nil
}
