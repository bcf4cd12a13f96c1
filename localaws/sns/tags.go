package sns

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return &types.TagLimitExceededException{Message: aws.String("Could not complete request: tag quota of per resource exceeded")}
	}
	return nil
}

func noResource() error {
	return &types.ResourceNotFoundException{Message: aws.String("Resource does not exist")}
}

// TagResource sets tags of a topic.
func (s *Service) TagResource(_ context.Context, in *sns.TagResourceInput) (*sns.TagResourceOutput, error) {
	err := s.change(in.ResourceArn, noResource(), func(t *topic) error {
		if t.Tags == nil {
			t.Tags = map[string]string{}
		}
		for _, tag := range in.Tags {
			t.Tags[*tag.Key] = *tag.Value
		}
		return checkTags(t.Tags)
	})
	return &sns.TagResourceOutput{}, err
}

// UntagResource removes tags of a topic.
func (s *Service) UntagResource(_ context.Context, in *sns.UntagResourceInput) (*sns.UntagResourceOutput, error) {
	err := s.change(in.ResourceArn, noResource(), func(t *topic) error {
		for _, key := range in.TagKeys {
			delete(t.Tags, key)
		}
		return nil
	})
	return &sns.UntagResourceOutput{}, err
}

// ListTagsForResource lists the tags of a topic by key.
func (s *Service) ListTagsForResource(_ context.Context, in *sns.ListTagsForResourceInput) (*sns.ListTagsForResourceOutput, error) {
	name, err := s.nameIn(in.ResourceArn, "ResourceArn")
	if err != nil {
		return nil, err
	}
	t, ok, err := s.topics.Get(name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, noResource()
	}
	out := &sns.ListTagsForResourceOutput{Tags: []types.Tag{}}
	for _, key := range slices.Sorted(maps.Keys(t.Tags)) {
		out.Tags = append(out.Tags, types.Tag{Key: aws.String(key), Value: aws.String(t.Tags[key])})
	}
	return out, nil
}
