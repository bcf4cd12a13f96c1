package iam

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

const maxManagedBytes = 6144

// managedPolicy is a managed policy with its versions.
type managedPolicy struct {
	Name, Path, ID, ARN string
	Description         string
	Created, Updated    time.Time
	Default             string
	Latest              int // the number of the version made last
	Versions            []version
	Tags                map[string]string
}

type version struct {
	ID, Document string
	Created      time.Time
}

func (p *managedPolicy) version(id string) (version, bool) {
	i := slices.IndexFunc(p.Versions, func(v version) bool { return v.ID == id })
	if i < 0 {
		return version{}, false
	}
	return p.Versions[i], true
}

// CreatePolicy makes a managed policy.
func (s *Service) CreatePolicy(_ context.Context, in *iam.CreatePolicyInput) (*iam.CreatePolicyOutput, error) {
	if err := checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	now, path := s.now(), pathOf(in.Path)
	p := managedPolicy{
		Name: *in.PolicyName, Path: path, ID: uniqueID("ANPA", idLength), ARN: s.arn("policy", path, *in.PolicyName),
		Description: aws.ToString(in.Description), Created: now, Updated: now, Default: "v1", Latest: 1,
		Versions: []version{{ID: "v1", Document: *in.PolicyDocument, Created: now}}, Tags: tags,
	}
	err = s.policies.update(rowKey(p.Name), func(row *managedPolicy, exists bool) error {
		if exists {
			return alreadyExists("A policy called " + p.Name + " already exists. Duplicate names are not allowed.")
		}
		*row = p
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreatePolicyOutput{Policy: p.policy(usage{})}, nil
}

func checkManaged(document *string) error {
	if withoutSpace(*document) > maxManagedBytes {
		return limitExceeded("Cannot exceed quota for PolicySize: 6144")
	}
	return parse(document, policy.Identity)
}

// managed finds a policy of the account or one of AWS's.
func (s *Service) managed(arn string) (managedPolicy, error) {
	var p managedPolicy
	var ok bool
	if isAWSManaged(arn) {
		p, ok = awsManaged()[arn]
	} else {
		p, ok = s.policies.get(rowKey(arn[strings.LastIndex(arn, "/")+1:]))
	}
	if !ok || p.ARN != arn {
		return managedPolicy{}, noSuchEntity("Policy " + arn + " was not found.")
	}
	return p, nil
}

func (s *Service) updateManaged(arn string, change func(p *managedPolicy) error) error {
	if isAWSManaged(arn) {
		if _, err := s.managed(arn); err != nil {
			return err
		}
		return accessDenied("Cannot perform the operation on the protected policy " + arn + ".")
	}
	return s.policies.update(rowKey(arn[strings.LastIndex(arn, "/")+1:]), func(p *managedPolicy, ok bool) error {
		if !ok || p.ARN != arn {
			return noSuchEntity("Policy " + arn + " was not found.")
		}
		return change(p)
	})
}

func (p *managedPolicy) policy(u usage) *types.Policy {
	out := types.Policy{
		Arn: aws.String(p.ARN), PolicyName: aws.String(p.Name), PolicyId: aws.String(p.ID), Path: aws.String(p.Path),
		CreateDate: aws.Time(p.Created), UpdateDate: aws.Time(p.Updated), DefaultVersionId: aws.String(p.Default),
		IsAttachable: true, AttachmentCount: aws.Int32(u.attached), PermissionsBoundaryUsageCount: aws.Int32(u.boundary),
	}
	if p.Description != "" {
		out.Description = aws.String(p.Description)
	}
	if len(p.Tags) > 0 {
		out.Tags = tagList(p.Tags)
	}
	return &out
}

// GetPolicy returns a managed policy.
func (s *Service) GetPolicy(_ context.Context, in *iam.GetPolicyInput) (*iam.GetPolicyOutput, error) {
	p, err := s.managed(*in.PolicyArn)
	if err != nil {
		return nil, err
	}
	return &iam.GetPolicyOutput{Policy: p.policy(s.usages()[p.ARN])}, nil
}

// DeletePolicy deletes a policy that nothing uses and that has no version but the default.
func (s *Service) DeletePolicy(_ context.Context, in *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error) {
	usages := s.usages()
	err := s.updateManaged(*in.PolicyArn, func(p *managedPolicy) error {
		if u := usages[p.ARN]; u.attached+u.boundary > 0 {
			return deleteConflict("Cannot delete a policy attached to entities.")
		}
		if len(p.Versions) > 1 {
			return deleteConflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeletePolicyOutput{}, s.policies.delete(rowKey((*in.PolicyArn)[strings.LastIndex(*in.PolicyArn, "/")+1:]))
}

// ListPolicies lists managed policies. Its items have no description and no tags, as on AWS.
func (s *Service) ListPolicies(_ context.Context, in *iam.ListPoliciesInput) (*iam.ListPoliciesOutput, error) {
	usages := s.usages()
	var all []managedPolicy
	if in.Scope != types.PolicyScopeTypeAws {
		all = s.policies.list()
	}
	if in.Scope != types.PolicyScopeTypeLocal {
		all = slices.AppendSeq(all, maps.Values(awsManaged()))
	}
	all = slices.DeleteFunc(all, func(p managedPolicy) bool {
		u := usages[p.ARN]
		unused := in.OnlyAttached && u.attached == 0 ||
			in.PolicyUsageFilter == types.PolicyUsageTypePermissionsBoundary && u.boundary == 0 ||
			in.PolicyUsageFilter == types.PolicyUsageTypePermissionsPolicy && u.attached == 0
		return unused || !strings.HasPrefix(p.Path, aws.ToString(in.PathPrefix))
	})
	byARN := func(p managedPolicy) string { return p.ARN }
	slices.SortFunc(all, func(a, b managedPolicy) int { return strings.Compare(a.ARN, b.ARN) })
	items, truncated, next := page(all, byARN, in.Marker, in.MaxItems)
	out := &iam.ListPoliciesOutput{Policies: []types.Policy{}, IsTruncated: truncated, Marker: next}
	for i := range items {
		listed := *items[i].policy(usages[items[i].ARN])
		listed.Description, listed.Tags = nil, nil
		out.Policies = append(out.Policies, listed)
	}
	return out, nil
}

// TagPolicy adds tags.
func (s *Service) TagPolicy(_ context.Context, in *iam.TagPolicyInput) (*iam.TagPolicyOutput, error) {
	return &iam.TagPolicyOutput{}, s.updateManaged(*in.PolicyArn, func(p *managedPolicy) (err error) {
		p.Tags, err = mergeTags(p.Tags, in.Tags)
		return err
	})
}

// UntagPolicy removes tags.
func (s *Service) UntagPolicy(_ context.Context, in *iam.UntagPolicyInput) (*iam.UntagPolicyOutput, error) {
	return &iam.UntagPolicyOutput{}, s.updateManaged(*in.PolicyArn, func(p *managedPolicy) error {
		p.Tags = withoutTags(p.Tags, in.TagKeys)
		return nil
	})
}

// ListPolicyTags lists the tags.
func (s *Service) ListPolicyTags(_ context.Context, in *iam.ListPolicyTagsInput) (*iam.ListPolicyTagsOutput, error) {
	p, err := s.managed(*in.PolicyArn)
	if err != nil {
		return nil, err
	}
	out := &iam.ListPolicyTagsOutput{}
	out.Tags, out.IsTruncated, out.Marker = page(tagList(p.Tags), tagKey, in.Marker, in.MaxItems)
	return out, nil
}
