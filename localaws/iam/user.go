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
	if err := s.ofUsers().create(user); err != nil {
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
	k, e, ok := s.entityByARN(identity.From(ctx).ARN)
	if !ok || k.label != userLabel {
		return nil, invalid("Must specify userName when calling with non-User credentials")
	}
	return aws.String(e.Name), nil
}

// DeleteUser deletes a user on whom nothing hangs.
func (s *Service) DeleteUser(_ context.Context, in *iam.DeleteUserInput) (*iam.DeleteUserOutput, error) {
	return &iam.DeleteUserOutput{}, s.ofUsers().delete(in.UserName, func(e entity) error {
		switch {
		case len(s.keysOf(e.Name)) > 0:
			return deleteConflict("Cannot delete entity, must delete access keys first.")
		case len(s.credentialsOf(e.Name)) > 0:
			return deleteConflict("Cannot delete entity, must remove referenced objects first.")
		case len(e.Groups) > 0:
			return deleteConflict("Cannot delete entity, must remove users from group first.")
		default:
			return nil
		}
	})
}

// ListUsers lists the users whose path starts so.
func (s *Service) ListUsers(_ context.Context, in *iam.ListUsersInput) (*iam.ListUsersOutput, error) {
	items, truncated, next := page(s.ofUsers().below(in.PathPrefix), entityKey, in.Marker, in.MaxItems)
	out := &iam.ListUsersOutput{Users: []types.User{}, IsTruncated: truncated, Marker: next}
	for i := range items {
		out.Users = append(out.Users, items[i].listedUser())
	}
	return out, nil
}

// TagUser adds tags.
func (s *Service) TagUser(_ context.Context, in *iam.TagUserInput) (*iam.TagUserOutput, error) {
	return &iam.TagUserOutput{}, s.ofUsers().tag(in.UserName, in.Tags)
}

// UntagUser removes tags.
func (s *Service) UntagUser(_ context.Context, in *iam.UntagUserInput) (*iam.UntagUserOutput, error) {
	return &iam.UntagUserOutput{}, s.ofUsers().untag(in.UserName, in.TagKeys)
}

// ListUserTags lists the tags.
func (s *Service) ListUserTags(_ context.Context, in *iam.ListUserTagsInput) (*iam.ListUserTagsOutput, error) {
	tags, truncated, next, err := s.ofUsers().tags(in.UserName, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListUserTagsOutput{Tags: tags, IsTruncated: truncated, Marker: next}, nil
}

// GetLoginProfile answers that there is none: nobody has a password for a console.
func (s *Service) GetLoginProfile(ctx context.Context, in *iam.GetLoginProfileInput) (*iam.GetLoginProfileOutput, error) {
	user, err := s.owner(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return nil, noSuchEntity("Login Profile for User " + user.Name + " cannot be found.")
}

// ListMFADevices answers that there are none: nobody has one here.
func (s *Service) ListMFADevices(ctx context.Context, in *iam.ListMFADevicesInput) (*iam.ListMFADevicesOutput, error) {
	if in.UserName != nil {
		if _, err := s.owner(ctx, in.UserName); err != nil {
			return nil, err
		}
	}
	return &iam.ListMFADevicesOutput{MFADevices: []types.MFADevice{}}, nil
}
