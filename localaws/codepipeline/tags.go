package codepipeline

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

const maxTags = 50

// TagResource adds tags to a pipeline.
func (s *Service) TagResource(_ context.Context, in *codepipeline.TagResourceInput) (*codepipeline.TagResourceOutput, error) {
	return &codepipeline.TagResourceOutput{}, s.updateTags(in.ResourceArn, func(row *pipeline) (err error) {
		row.Tags, err = addTags(row.Tags, in.Tags)
		return err
	})
}

// UntagResource removes tags from a pipeline.
func (s *Service) UntagResource(_ context.Context, in *codepipeline.UntagResourceInput) (*codepipeline.UntagResourceOutput, error) {
	return &codepipeline.UntagResourceOutput{}, s.updateTags(in.ResourceArn, func(row *pipeline) error {
		for _, key := range in.TagKeys {
			delete(row.Tags, key)
		}
		return nil
	})
}

// ListTagsForResource lists the tags of a pipeline by key, in one page.
func (s *Service) ListTagsForResource(_ context.Context, in *codepipeline.ListTagsForResourceInput) (*codepipeline.ListTagsForResourceOutput, error) {
	if in.NextToken != nil {
		return nil, invalidToken()
	}
	name, err := s.nameOf(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	row, ok, err := s.pipelines.Get(name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, s.noResource(in.ResourceArn)
	}
	out := &codepipeline.ListTagsForResourceOutput{Tags: []types.Tag{}}
	for _, key := range slices.Sorted(maps.Keys(row.Tags)) {
		out.Tags = append(out.Tags, types.Tag{Key: aws.String(key), Value: aws.String(row.Tags[key])})
	}
	return out, nil
}

func (s *Service) updateTags(arn *string, change func(row *pipeline) error) error {
	name, err := s.nameOf(arn)
	if err != nil {
		return err
	}
	return s.pipelines.Update(name, func(row *pipeline, ok bool) error {
		if !ok {
			return s.noResource(arn)
		}
		return change(row)
	})
}

func addTags(tags map[string]string, more []types.Tag) (map[string]string, error) {
	tags = maps.Clone(tags)
	for _, t := range more {
		key := aws.ToString(t.Key)
		if strings.HasPrefix(strings.ToLower(key), "aws:") && !strings.HasPrefix(key, "aws:cloudformation:") {
			return nil, &types.InvalidTagsException{Message: aws.String("Tag keys that start with aws: are reserved: " + key)}
		}
		if tags == nil {
			tags = map[string]string{}
		}
		tags[key] = aws.ToString(t.Value)
	}
	if len(tags) > maxTags {
		return nil, &types.TooManyTagsException{Message: aws.String("The tags limit for a resource has been exceeded.")}
	}
	return tags, nil
}

// nameOf takes the pipeline's name from its ARN.
func (s *Service) nameOf(arn *string) (string, error) {
	name, ok := strings.CutPrefix(aws.ToString(arn), s.arn(""))
	if !ok || name == "" {
		return "", &types.InvalidArnException{Message: aws.String("The specified resource ARN is invalid: " + aws.ToString(arn))}
	}
	return name, nil
}

func (s *Service) noResource(arn *string) error {
	return &types.ResourceNotFoundException{Message: aws.String("The resource was specified in an invalid format or does not exist: " + aws.ToString(arn))}
}
