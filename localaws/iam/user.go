package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// CreateUser makes a user.
func (s *Service) CreateUser(_ context.Context, in *iam.CreateUserInput) (*iam.CreateUserOutput, error) {
	if err := s.checkBoundary(in.PermissionsBoundary); err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	path := pathOf(in.Path)
	user := entity{
		Name: *in.UserName, Path: path, ID: uniqueID("AIDA", idLength), ARN: s.arn("user", path, *in.UserName),
		Created: s.now(), Boundary: aws.ToString(in.PermissionsBoundary), Tags: tags,
	}
	err = s.users.Update(rowKey(user.Name), func(row *entity, exists bool) error {
		if exists {
			return alreadyExists("User with name " + user.Name + " already exists.")
		}
		*row = user
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateUserOutput{User: user.user()}, nil
}

func (e *entity) user() *types.User {
	user := e.listedUser()
	user.PermissionsBoundary = e.boundary()
	if len(e.Tags) > 0 {
		user.Tags = tagList(e.Tags)
	}
	return &user
}

func (e *entity) listedUser() types.User {
	return types.User{
		Arn: aws.String(e.ARN), CreateDate: aws.Time(e.Created), Path: aws.String(e.Path),
		UserId: aws.String(e.ID), UserName: aws.String(e.Name),
	}
}

// GetUser returns a user, or the caller where none is named.
func (s *Service) GetUser(ctx context.Context, in *iam.GetUserInput) (*iam.GetUserOutput, error) {
	name := in.UserName
	if name == nil {
		caller := identity.From(ctx)
		if caller.ARN == s.root.Principal.ARN {
			return &iam.GetUserOutput{User: &types.User{
				Arn: aws.String(caller.ARN), UserId: aws.String(caller.UserID), Path: aws.String("/"),
				// The root user has the account's name, which nobody has given here.
				UserName: aws.String("root"), CreateDate: aws.Time(s.now()),
			}}, nil
		}
		var err error
		if name, err = s.callerName(ctx); err != nil {
			return nil, err
		}
	}
	e, err := s.ofUsers().get(name)
	if err != nil {
		return nil, err
	}
	return &iam.GetUserOutput{User: e.user()}, nil
}

// callerName is the user who calls, for operations whose user name may be left out.
func (s *Service) callerName(ctx context.Context) (*string, error) {
	users, err := s.ofUsers().below(nil)
	if err != nil {
		return nil, err
	}
	for _, e := range users {
		if e.ARN == identity.From(ctx).ARN {
			return aws.String(e.Name), nil
		}
	}
	return nil, invalid("Must specify userName when calling with non-User credentials")
}

// DeleteUser deletes a user on whom nothing hangs.
func (s *Service) DeleteUser(_ context.Context, in *iam.DeleteUserInput) (*iam.DeleteUserOutput, error) {
	e, err := s.ofUsers().get(in.UserName)
	if err != nil {
		return nil, err
	}
	if keys, err := s.keysOf(e.Name); err != nil {
		return nil, err
	} else if len(keys) > 0 {
		return nil, deleteConflict("Cannot delete entity, must delete access keys first.")
	}
	if err := e.emptied(); err != nil {
		return nil, err
	}
	return &iam.DeleteUserOutput{}, s.users.Delete(rowKey(e.Name))
}

// ListUsers lists the users whose path starts so.
func (s *Service) ListUsers(_ context.Context, in *iam.ListUsersInput) (*iam.ListUsersOutput, error) {
	all, err := s.ofUsers().below(in.PathPrefix)
	if err != nil {
		return nil, err
	}
	items, truncated, next := page(all, entityKey, in.Marker, in.MaxItems)
	out := &iam.ListUsersOutput{Users: []types.User{}, IsTruncated: truncated, Marker: next}
	for i := range items {
		out.Users = append(out.Users, items[i].listedUser())
	}
	return out, nil
}

// PutUserPolicy writes an inline policy.
func (s *Service) PutUserPolicy(_ context.Context, in *iam.PutUserPolicyInput) (*iam.PutUserPolicyOutput, error) {
	return &iam.PutUserPolicyOutput{}, s.ofUsers().putPolicy(in.UserName, in.PolicyName, in.PolicyDocument)
}

// GetUserPolicy returns an inline policy.
func (s *Service) GetUserPolicy(_ context.Context, in *iam.GetUserPolicyInput) (*iam.GetUserPolicyOutput, error) {
	e, document, err := s.ofUsers().getPolicy(in.UserName, in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &iam.GetUserPolicyOutput{UserName: &e.Name, PolicyName: in.PolicyName, PolicyDocument: encode(document)}, nil
}

// DeleteUserPolicy deletes an inline policy.
func (s *Service) DeleteUserPolicy(_ context.Context, in *iam.DeleteUserPolicyInput) (*iam.DeleteUserPolicyOutput, error) {
	return &iam.DeleteUserPolicyOutput{}, s.ofUsers().deletePolicy(in.UserName, in.PolicyName)
}

// ListUserPolicies lists the names of the inline policies.
func (s *Service) ListUserPolicies(_ context.Context, in *iam.ListUserPoliciesInput) (*iam.ListUserPoliciesOutput, error) {
	names, truncated, next, err := s.ofUsers().policyNames(in.UserName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListUserPoliciesOutput{PolicyNames: names, IsTruncated: truncated, Marker: next}, nil
}

// AttachUserPolicy attaches a managed policy.
func (s *Service) AttachUserPolicy(_ context.Context, in *iam.AttachUserPolicyInput) (*iam.AttachUserPolicyOutput, error) {
	return &iam.AttachUserPolicyOutput{}, s.attach(s.ofUsers(), in.UserName, in.PolicyArn)
}

// DetachUserPolicy detaches a managed policy.
func (s *Service) DetachUserPolicy(_ context.Context, in *iam.DetachUserPolicyInput) (*iam.DetachUserPolicyOutput, error) {
	return &iam.DetachUserPolicyOutput{}, s.ofUsers().detach(in.UserName, in.PolicyArn)
}

// ListAttachedUserPolicies lists the managed policies attached.
func (s *Service) ListAttachedUserPolicies(_ context.Context, in *iam.ListAttachedUserPoliciesInput) (*iam.ListAttachedUserPoliciesOutput, error) {
	all, err := s.attached(s.ofUsers(), in.UserName, in.PathPrefix)
	if err != nil {
		return nil, err
	}
	out := &iam.ListAttachedUserPoliciesOutput{}
	out.AttachedPolicies, out.IsTruncated, out.Marker = page(all, attachedKey, in.Marker, in.MaxItems)
	return out, nil
}
