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
func (s *Service) usages() (map[string]usage, error) {
	counts := map[string]usage{}
	for _, k := range []kind{s.ofRoles(), s.ofUsers()} {
		all, err := k.below(nil)
		if err != nil {
			return nil, err
		}
		for _, e := range all {
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
	return counts, nil
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
	list := []types.AttachedPolicy{}
	for _, arn := range e.Attached {
		p, err := s.managed(arn)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(p.Path, aws.ToString(prefix)) {
			list = append(list, types.AttachedPolicy{PolicyArn: aws.String(arn), PolicyName: aws.String(p.Name)})
		}
	}
	slices.SortFunc(list, func(a, b types.AttachedPolicy) int { return strings.Compare(attachedKey(a), attachedKey(b)) })
	return list, nil
}

func attachedKey(p types.AttachedPolicy) string { return *p.PolicyName + " " + *p.PolicyArn }

// ListEntitiesForPolicy lists who uses a managed policy. There are no groups here.
func (s *Service) ListEntitiesForPolicy(_ context.Context, in *iam.ListEntitiesForPolicyInput) (*iam.ListEntitiesForPolicyOutput, error) {
	if _, err := s.managed(*in.PolicyArn); err != nil {
		return nil, err
	}
	out := &iam.ListEntitiesForPolicyOutput{PolicyGroups: []types.PolicyGroup{}, PolicyRoles: []types.PolicyRole{}, PolicyUsers: []types.PolicyUser{}}
	uses := func(e entity) bool {
		return in.PolicyUsageFilter != types.PolicyUsageTypePermissionsBoundary && slices.Contains(e.Attached, *in.PolicyArn) ||
			in.PolicyUsageFilter != types.PolicyUsageTypePermissionsPolicy && e.Boundary == *in.PolicyArn
	}
	roles, err := s.ofRoles().below(in.PathPrefix)
	if err != nil {
		return nil, err
	}
	users, err := s.ofUsers().below(in.PathPrefix)
	if err != nil {
		return nil, err
	}
	for _, e := range roles {
		if uses(e) && (in.EntityFilter == "" || in.EntityFilter == types.EntityTypeRole) {
			out.PolicyRoles = append(out.PolicyRoles, types.PolicyRole{RoleId: aws.String(e.ID), RoleName: aws.String(e.Name)})
		}
	}
	for _, e := range users {
		if uses(e) && (in.EntityFilter == "" || in.EntityFilter == types.EntityTypeUser) {
			out.PolicyUsers = append(out.PolicyUsers, types.PolicyUser{UserId: aws.String(e.ID), UserName: aws.String(e.Name)})
		}
	}
	return out, nil
}
