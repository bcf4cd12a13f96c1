package iam

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

const defaultMaxSession = 3600

// CreateRole makes a role.
func (s *Service) CreateRole(_ context.Context, in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	if err := s.checkTrust(*in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	if err := s.checkBoundary(in.PermissionsBoundary); err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	path := pathOf(in.Path)
	if strings.HasPrefix(path, "/aws-service-role/") || strings.HasPrefix(path, "/aws-reserved/") {
		return nil, invalid("Path " + path + " is reserved for AWS use only.")
	}
	role := entity{
		Name: *in.RoleName, Path: path, ID: uniqueID("AROA", idLength), ARN: s.arn("role", path, *in.RoleName),
		Created: s.now(), Description: aws.ToString(in.Description), Trust: *in.AssumeRolePolicyDocument,
		MaxSession: defaultMaxSession, Boundary: aws.ToString(in.PermissionsBoundary), Tags: tags,
	}
	if in.MaxSessionDuration != nil {
		role.MaxSession = *in.MaxSessionDuration
	}
	if err := s.ofRoles().create(role); err != nil {
		return nil, err
	}
	return &iam.CreateRoleOutput{Role: role.role()}, nil
}

// checkTrust holds a trust policy against its grammar and its quota, and its
// principals of this account against those that there are: IAM keeps their ids.
func (s *Service) checkTrust(document string) error {
	if withoutSpace(document) > maxTrustBytes {
		return limitExceeded("Cannot exceed quota for ACLSizePerRole: 2048")
	}
	if err := parse(&document, policy.Trust); err != nil {
		return err
	}
	for _, statement := range s.parsed.get(document, policy.Trust).Statements {
		principals := statement.Principal
		if principals == nil {
			principals = statement.NotPrincipal
		}
		for _, name := range principals.AWS {
			if !s.MayBeThere(name) {
				return &types.MalformedPolicyDocumentException{Message: aws.String(policy.InvalidPrincipal(name).Message)}
			}
		}
	}
	return nil
}

// MayBeThere reports whether a principal that a policy names is not known to be
// missing: those of other accounts are nobody's to know here.
func (s *Service) MayBeThere(name string) bool {
	if accountOf(name) != s.env.Account || strings.HasSuffix(name, ":root") || strings.Contains(name, ":federated-user/") {
		return true
	}
	if _, session, ok := strings.Cut(name, ":assumed-role/"); ok {
		role, _, _ := strings.Cut(session, "/")
		_, ok := s.roles.get(rowKey(role))
		return ok
	}
	_, _, ok := s.entityByARN(name)
	return ok
}

func pathOf(path *string) string {
	if path == nil || *path == "" {
		return "/"
	}
	return *path
}

// role is the entity as GetRole shows it.
func (e *entity) role() *types.Role {
	role := e.listedRole()
	role.PermissionsBoundary = e.boundary()
	role.RoleLastUsed = &types.RoleLastUsed{}
	if len(e.Tags) > 0 {
		role.Tags = tagList(e.Tags)
	}
	return &role
}

// listedRole is the entity as ListRoles shows it, which leaves out boundary, tags and last use.
func (e *entity) listedRole() types.Role {
	role := types.Role{
		Arn: aws.String(e.ARN), CreateDate: aws.Time(e.Created), Path: aws.String(e.Path),
		RoleId: aws.String(e.ID), RoleName: aws.String(e.Name),
		AssumeRolePolicyDocument: encode(e.Trust), MaxSessionDuration: aws.Int32(e.MaxSession),
	}
	if e.Description != "" {
		role.Description = aws.String(e.Description)
	}
	return role
}

// GetRole returns a role.
func (s *Service) GetRole(_ context.Context, in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	e, err := s.ofRoles().get(in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iam.GetRoleOutput{Role: e.role()}, nil
}

// UpdateRole changes description and longest session.
func (s *Service) UpdateRole(_ context.Context, in *iam.UpdateRoleInput) (*iam.UpdateRoleOutput, error) {
	return &iam.UpdateRoleOutput{}, s.ofRoles().update(in.RoleName, func(e *entity) error {
		if in.Description != nil {
			e.Description = *in.Description
		}
		if in.MaxSessionDuration != nil {
			e.MaxSession = *in.MaxSessionDuration
		}
		return nil
	})
}

// UpdateRoleDescription changes the description.
func (s *Service) UpdateRoleDescription(_ context.Context, in *iam.UpdateRoleDescriptionInput) (*iam.UpdateRoleDescriptionOutput, error) {
	var changed entity
	err := s.ofRoles().update(in.RoleName, func(e *entity) error {
		e.Description = *in.Description
		changed = *e
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateRoleDescriptionOutput{Role: changed.role()}, nil
}

// UpdateAssumeRolePolicy replaces the trust policy.
func (s *Service) UpdateAssumeRolePolicy(_ context.Context, in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	if err := s.checkTrust(*in.PolicyDocument); err != nil {
		return nil, err
	}
	return &iam.UpdateAssumeRolePolicyOutput{}, s.ofRoles().update(in.RoleName, func(e *entity) error {
		e.Trust = *in.PolicyDocument
		return nil
	})
}

// DeleteRole deletes a role on which nothing hangs.
func (s *Service) DeleteRole(_ context.Context, in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	return &iam.DeleteRoleOutput{}, s.ofRoles().delete(in.RoleName, func(entity) error { return nil })
}

// ListRoles lists the roles whose path starts so.
func (s *Service) ListRoles(_ context.Context, in *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
	out := &iam.ListRolesOutput{Roles: []types.Role{}}
	items, truncated, next := page(s.ofRoles().below(in.PathPrefix), entityKey, in.Marker, in.MaxItems)
	for i := range items {
		out.Roles = append(out.Roles, items[i].listedRole())
	}
	out.IsTruncated, out.Marker = truncated, next
	return out, nil
}

func entityKey(e entity) string { return rowKey(e.Name) }

// TagRole adds tags.
func (s *Service) TagRole(_ context.Context, in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	return &iam.TagRoleOutput{}, s.ofRoles().tag(in.RoleName, in.Tags)
}

// UntagRole removes tags.
func (s *Service) UntagRole(_ context.Context, in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	return &iam.UntagRoleOutput{}, s.ofRoles().untag(in.RoleName, in.TagKeys)
}

// ListRoleTags lists the tags.
func (s *Service) ListRoleTags(_ context.Context, in *iam.ListRoleTagsInput) (*iam.ListRoleTagsOutput, error) {
	tags, truncated, next, err := s.ofRoles().tags(in.RoleName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListRoleTagsOutput{Tags: tags, IsTruncated: truncated, Marker: next}, nil
}

// ListInstanceProfilesForRole answers that there are none: this AWS has no instances.
func (s *Service) ListInstanceProfilesForRole(_ context.Context, in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleOutput, error) {
	if _, err := s.ofRoles().get(in.RoleName); err != nil {
		return nil, err
	}
	return &iam.ListInstanceProfilesForRoleOutput{InstanceProfiles: []types.InstanceProfile{}}, nil
}

// CreateServiceLinkedRole refuses: no service of this AWS has such a role.
func (s *Service) CreateServiceLinkedRole(_ context.Context, in *iam.CreateServiceLinkedRoleInput) (*iam.CreateServiceLinkedRoleOutput, error) {
	return nil, &smithy.GenericAPIError{
		Code: "AccessDenied", Fault: smithy.FaultClient,
		Message: "Service-linked roles are not supported here: " + *in.AWSServiceName + " cannot have one.",
	}
}
