package logs

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

const maxTags = 50

func (s *Service) tag(name string, tags map[string]string) error {
	return s.updateGroup(name, func(row *group) error {
		if row.Tags == nil {
			row.Tags = map[string]string{}
		}
		maps.Copy(row.Tags, tags)
		if len(row.Tags) > maxTags {
			return &types.TooManyTagsException{Message: aws.String("A resource can have no more than 50 tags.")}
		}
		return nil
	})
}

func (s *Service) untag(name string, keys []string) error {
	return s.updateGroup(name, func(row *group) error {
		for _, key := range keys {
			delete(row.Tags, key)
		}
		return nil
	})
}

func (s *Service) tags(name string) (map[string]string, error) {
	_, row, err := s.find(&name, nil)
	if row.Tags == nil {
		row.Tags = map[string]string{}
	}
	return row.Tags, err
}

// TagResource adds tags to a group, named by its ARN.
func (s *Service) TagResource(_ context.Context, in *cloudwatchlogs.TagResourceInput) (*cloudwatchlogs.TagResourceOutput, error) {
	return &cloudwatchlogs.TagResourceOutput{}, s.tag(groupName(nil, in.ResourceArn), in.Tags)
}

// UntagResource removes tags from a group, named by its ARN.
func (s *Service) UntagResource(_ context.Context, in *cloudwatchlogs.UntagResourceInput) (*cloudwatchlogs.UntagResourceOutput, error) {
	return &cloudwatchlogs.UntagResourceOutput{}, s.untag(groupName(nil, in.ResourceArn), in.TagKeys)
}

// ListTagsForResource returns the tags of a group, named by its ARN.
func (s *Service) ListTagsForResource(_ context.Context, in *cloudwatchlogs.ListTagsForResourceInput) (*cloudwatchlogs.ListTagsForResourceOutput, error) {
	tags, err := s.tags(groupName(nil, in.ResourceArn))
	return &cloudwatchlogs.ListTagsForResourceOutput{Tags: tags}, err
}

// TagLogGroup is the older TagResource, by the group's name.
func (s *Service) TagLogGroup(_ context.Context, in *cloudwatchlogs.TagLogGroupInput) (*cloudwatchlogs.TagLogGroupOutput, error) {
	return &cloudwatchlogs.TagLogGroupOutput{}, s.tag(*in.LogGroupName, in.Tags)
}

// UntagLogGroup is the older UntagResource, by the group's name.
func (s *Service) UntagLogGroup(_ context.Context, in *cloudwatchlogs.UntagLogGroupInput) (*cloudwatchlogs.UntagLogGroupOutput, error) {
	return &cloudwatchlogs.UntagLogGroupOutput{}, s.untag(*in.LogGroupName, in.Tags)
}

// ListTagsLogGroup is the older ListTagsForResource, by the group's name.
func (s *Service) ListTagsLogGroup(_ context.Context, in *cloudwatchlogs.ListTagsLogGroupInput) (*cloudwatchlogs.ListTagsLogGroupOutput, error) {
	tags, err := s.tags(*in.LogGroupName)
	return &cloudwatchlogs.ListTagsLogGroupOutput{Tags: tags}, err
}
