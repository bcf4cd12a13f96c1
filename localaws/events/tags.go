package events

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// ruleOf returns the name of the rule with that ARN; rules alone carry tags here.
func (s *Service) ruleOf(arn *string) (*string, error) {
	name, ok := strings.CutPrefix(*arn, s.ruleARN(""))
	if !ok {
		return nil, &types.ResourceNotFoundException{Message: aws.String("Resource " + *arn + " does not exist.")}
	}
	return aws.String(strings.TrimPrefix(name, defaultBus+"/")), nil
}

// TagResource adds tags to a rule.
func (s *Service) TagResource(_ context.Context, in *eventbridge.TagResourceInput) (*eventbridge.TagResourceOutput, error) {
	name, err := s.ruleOf(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &eventbridge.TagResourceOutput{}, s.update(nil, name, func(row *rule) error {
		for _, tag := range in.Tags {
			row.Tags[*tag.Key] = *tag.Value
		}
		return nil
	})
}

// UntagResource removes tags from a rule.
func (s *Service) UntagResource(_ context.Context, in *eventbridge.UntagResourceInput) (*eventbridge.UntagResourceOutput, error) {
	name, err := s.ruleOf(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &eventbridge.UntagResourceOutput{}, s.update(nil, name, func(row *rule) error {
		for _, key := range in.TagKeys {
			delete(row.Tags, key)
		}
		return nil
	})
}

// ListTagsForResource returns the tags of a rule.
func (s *Service) ListTagsForResource(_ context.Context, in *eventbridge.ListTagsForResourceInput) (*eventbridge.ListTagsForResourceOutput, error) {
	name, err := s.ruleOf(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	row, err := s.find(nil, name)
	if err != nil {
		return nil, err
	}
	out := &eventbridge.ListTagsForResourceOutput{Tags: []types.Tag{}}
	for _, key := range slices.Sorted(maps.Keys(row.Tags)) {
		out.Tags = append(out.Tags, types.Tag{Key: &key, Value: aws.String(row.Tags[key])})
	}
	return out, nil
}
