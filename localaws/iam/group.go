package iam

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// CreateGroup makes a group.
func (s *Service) CreateGroup(_ context.Context, in *iam.CreateGroupInput) (*iam.CreateGroupOutput, error) {
	path := pathOf(in.Path)
	group := entity{
		Name: *in.GroupName, Path: path, ID: uniqueID("AGPA", idLength), ARN: s.arn(groupLabel, path, *in.GroupName), Created: s.now(),
	}
	if err := s.ofGroups().create(group); err != nil {
		return nil, err
	}
	return &iam.CreateGroupOutput{Group: group.group()}, nil
}

func (e *entity) group() *types.Group {
	return &types.Group{
		Arn: aws.String(e.ARN), CreateDate: aws.Time(e.Created), Path: aws.String(e.Path),
		GroupId: aws.String(e.ID), GroupName: aws.String(e.Name),
	}
}

// members are the users in a group, in the order of their names.
func (s *Service) members(name string) []entity {
	return slices.DeleteFunc(s.users.list(), func(user entity) bool { return !slices.Contains(user.Groups, rowKey(name)) })
}

// GetGroup returns a group with its users.
func (s *Service) GetGroup(_ context.Context, in *iam.GetGroupInput) (*iam.GetGroupOutput, error) {
	e, err := s.ofGroups().get(in.GroupName)
	if err != nil {
		return nil, err
	}
	items, truncated, next := page(s.members(e.Name), entityKey, in.Marker, in.MaxItems)
	out := &iam.GetGroupOutput{Group: e.group(), Users: []types.User{}, IsTruncated: truncated, Marker: next}
	for i := range items {
		out.Users = append(out.Users, items[i].listedUser())
	}
	return out, nil
}

// DeleteGroup deletes a group that has neither users nor policies.
func (s *Service) DeleteGroup(_ context.Context, in *iam.DeleteGroupInput) (*iam.DeleteGroupOutput, error) {
	return &iam.DeleteGroupOutput{}, s.ofGroups().delete(in.GroupName, func(e entity) error {
		if len(s.members(e.Name)) > 0 {
			return deleteConflict("Cannot delete entity, must remove users from group first.")
		}
		return nil
	})
}

// ListGroups lists the groups whose path starts so.
func (s *Service) ListGroups(_ context.Context, in *iam.ListGroupsInput) (*iam.ListGroupsOutput, error) {
	out := &iam.ListGroupsOutput{}
	out.Groups, out.IsTruncated, out.Marker = groupPage(s.ofGroups().below(in.PathPrefix), in.Marker, in.MaxItems)
	return out, nil
}

func groupPage(all []entity, marker *string, maxItems *int32) (groups []types.Group, truncated bool, next *string) {
	items, truncated, next := page(all, entityKey, marker, maxItems)
	groups = []types.Group{}
	for i := range items {
		groups = append(groups, *items[i].group())
	}
	return groups, truncated, next
}

// AddUserToGroup puts a user into a group; one who is in it stays in it.
func (s *Service) AddUserToGroup(_ context.Context, in *iam.AddUserToGroupInput) (*iam.AddUserToGroupOutput, error) {
	group, err := s.ofGroups().get(in.GroupName)
	if err != nil {
		return nil, err
	}
	return &iam.AddUserToGroupOutput{}, s.ofUsers().update(in.UserName, func(user *entity) error {
		key := rowKey(group.Name)
		i, found := slices.BinarySearch(user.Groups, key)
		if found {
			return nil
		}
		if len(user.Groups) >= maxGroups {
			return limitExceeded("Cannot exceed quota for GroupsPerUser: 10")
		}
		user.Groups = slices.Insert(user.Groups, i, key)
		return nil
	})
}

// RemoveUserFromGroup takes a user out of a group.
func (s *Service) RemoveUserFromGroup(_ context.Context, in *iam.RemoveUserFromGroupInput) (*iam.RemoveUserFromGroupOutput, error) {
	group, err := s.ofGroups().get(in.GroupName)
	if err != nil {
		return nil, err
	}
	return &iam.RemoveUserFromGroupOutput{}, s.ofUsers().update(in.UserName, func(user *entity) error {
		i, found := slices.BinarySearch(user.Groups, rowKey(group.Name))
		if !found {
			return noSuchEntity("User " + user.Name + " is not in group " + group.Name + ".") // the words are not confirmed
		}
		user.Groups = slices.Delete(user.Groups, i, i+1)
		return nil
	})
}

// ListGroupsForUser lists the groups that a user is in.
func (s *Service) ListGroupsForUser(_ context.Context, in *iam.ListGroupsForUserInput) (*iam.ListGroupsForUserOutput, error) {
	user, err := s.ofUsers().get(in.UserName)
	if err != nil {
		return nil, err
	}
	out := &iam.ListGroupsForUserOutput{}
	out.Groups, out.IsTruncated, out.Marker = groupPage(s.groupsOf(user), in.Marker, in.MaxItems)
	return out, nil
}

func (s *Service) groupsOf(user entity) []entity {
	var all []entity
	for _, key := range user.Groups {
		if group, ok := s.groups.get(key); ok {
			all = append(all, group)
		}
	}
	return all
}
