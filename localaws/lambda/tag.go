package lambda

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

const maxTags = 50

// TagResource adds tags to a function.
func (s *Service) TagResource(_ context.Context, in *lambda.TagResourceInput) (*lambda.TagResourceOutput, error) {
	ref, _, err := s.latest(in.Resource)
	if err != nil {
		return nil, err
	}
	return &lambda.TagResourceOutput{}, s.update(ref, func(f *function) error {
		if f.Tags == nil {
			f.Tags = map[string]string{}
		}
		maps.Copy(f.Tags, in.Tags)
		if len(f.Tags) > maxTags {
			return invalid("Number of tags exceeds resource tag limit.")
		}
		return nil
	})
}

// UntagResource removes tags from a function.
func (s *Service) UntagResource(_ context.Context, in *lambda.UntagResourceInput) (*lambda.UntagResourceOutput, error) {
	ref, _, err := s.latest(in.Resource)
	if err != nil {
		return nil, err
	}
	return &lambda.UntagResourceOutput{}, s.update(ref, func(f *function) error {
		for _, key := range in.TagKeys {
			delete(f.Tags, key)
		}
		return nil
	})
}

// ListTags lists the tags of a function.
func (s *Service) ListTags(_ context.Context, in *lambda.ListTagsInput) (*lambda.ListTagsOutput, error) {
	ref, _, err := s.latest(in.Resource)
	if err != nil {
		return nil, err
	}
	f, err := s.function(ref)
	if err != nil {
		return nil, err
	}
	if f.Tags == nil {
		f.Tags = map[string]string{}
	}
	return &lambda.ListTagsOutput{Tags: f.Tags}, nil
}
