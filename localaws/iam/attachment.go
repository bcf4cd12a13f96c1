package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// usage counts who uses a managed policy.
type usage struct{ attached, boundary int32 }

// usages counts the uses of every managed policy, by ARN.
func (s *Service) usages() map[string]usage {
	counts := map[string]usage{}
	for _, t := range []*table[entity]{s.roles, s.users, s.groups} {
		for _, e := range t.list() {
			for _, arn := range e.Attached {
				u := counts[arn]
				u.attached++
				counts[arn] = u
			}
			u := counts[e.Boundary]
			u.boundary++
			counts[e.Boundary] = u
		}
	}
	return counts
}

func (s *Service) attach(k kind, name, arn *string) error {
	if _, err := s.managed(*arn); err != nil {
		if _, missing := k.get(name); missing != nil {
			return missing
		}
		return notAttachable(*arn, err)
	}
	return k.update(name, func(e *entity) error {
		if slices.Contains(e.Attached, *arn) {
			return nil
		}
		if len(e.Attached) >= maxAttached {
			return limitExceeded("Cannot exceed quota for PoliciesPer" + strings.ToUpper(k.label[:1]) + k.label[1:] + ": 10")
		}
		e.Attached = append(e.Attached, *arn)
		return nil
	})
}

// notAttachable turns "not found" into the words of the operations that attach.
func notAttachable(arn string, err error) error {
	if isMissing(err) {
		return noSuchEntity("Policy " + arn + " does not exist or is not attachable.")
	}
	return err
}

func (s *Service) checkBoundary(arn *string) error {
	if arn == nil {
		return nil
	}
	if _, err := s.managed(*arn); err != nil {
		if isMissing(err) {
			return noSuchEntity("Scope ARN: " + *arn + " does not exist or is not attachable.")
		}
		return err
	}
	return nil
}

func (s *Service) attached(k kind, name, prefix *string) ([]types.AttachedPolicy, error) {
	e, err := k.get(name)
	if err != nil {
		return nil, err
	}
	return s.attachedTo(e, aws.ToString(prefix)), nil
}

// attachedTo are the managed policies of an entity with such a path, in the order of their names.
func (s *Service) attachedTo(e entity, prefix string) []types.AttachedPolicy {
	list := []types.AttachedPolicy{}
	for _, arn := range e.Attached {
		if p, err := s.managed(arn); err == nil && strings.HasPrefix(p.Path, prefix) {
			list = append(list, types.AttachedPolicy{PolicyArn: aws.String(arn), PolicyName: aws.String(p.Name)})
		}
	}
	slices.SortFunc(list, func(a, b types.AttachedPolicy) int { return strings.Compare(attachedKey(a), attachedKey(b)) })
	return list
}

func attachedKey(p types.AttachedPolicy) string { return *p.PolicyName + " " + *p.PolicyArn }

// ListEntitiesForPolicy lists who uses a managed policy.
func (s *Service) ListEntitiesForPolicy(_ context.Context, in *iam.ListEntitiesForPolicyInput) (*iam.ListEntitiesForPolicyOutput, error) {
	if _, err := s.managed(*in.PolicyArn); err != nil {
		return nil, err
	}
	type user struct {
		kind
		entity
	}
	var all []user
	for _, k := range []kind{s.ofGroups(), s.ofRoles(), s.ofUsers()} {
		if in.EntityFilter != "" && !strings.EqualFold(string(in.EntityFilter), k.label) {
			continue
		}
		for _, e := range k.below(in.PathPrefix) {
			if in.PolicyUsageFilter != types.PolicyUsageTypePermissionsBoundary && slices.Contains(e.Attached, *in.PolicyArn) ||
				in.PolicyUsageFilter != types.PolicyUsageTypePermissionsPolicy && e.Boundary == *in.PolicyArn {
				all = append(all, user{k, e})
			}
		}
	}
	items, truncated, next := page(all, func(u user) string { return u.label + "/" + rowKey(u.Name) }, in.Marker, in.MaxItems)
	out := &iam.ListEntitiesForPolicyOutput{
		PolicyGroups: []types.PolicyGroup{}, PolicyRoles: []types.PolicyRole{}, PolicyUsers: []types.PolicyUser{},
		IsTruncated: truncated, Marker: next,
	}
	for _, u := range items {
		switch u.label {
		case groupLabel:
			out.PolicyGroups = append(out.PolicyGroups, types.PolicyGroup{GroupId: aws.String(u.ID), GroupName: aws.String(u.Name)})
		case roleLabel:
			out.PolicyRoles = append(out.PolicyRoles, types.PolicyRole{RoleId: aws.String(u.ID), RoleName: aws.String(u.Name)})
		default:
			out.PolicyUsers = append(out.PolicyUsers, types.PolicyUser{UserId: aws.String(u.ID), UserName: aws.String(u.Name)})
		}
	}
	return out, nil
}
