package codecommit

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

const maxTags = 50

// tagged returns the name of the repository with that ARN.
func (s *Service) tagged(arn string) (string, error) {
	name, ok := strings.CutPrefix(arn, s.arn(""))
	if !ok {
		return "", &types.InvalidResourceArnException{Message: aws.String("The value for the resource ARN is not valid.")}
	}
	_, err := s.find(&name)
	return name, err
}

// checkTags refuses more tags than a repository may have, and keys that AWS
// keeps for itself: CloudFormation alone sets some of them.
func checkTags(ctx context.Context, tags map[string]string) error {
	const cloudformation = "cloudformation.amazonaws.com"
	caller := identity.From(ctx)
	if caller.Service != cloudformation && !slices.Contains(caller.Via, cloudformation) {
		for key := range tags {
			if strings.HasPrefix(strings.ToLower(key), "aws:") {
				return &types.InvalidSystemTagUsageException{Message: aws.String("The specified tag is not valid. Key names cannot be prefixed with aws:.")}
			}
		}
	}
	if len(tags) > maxTags {
		return errTooManyTags()
	}
	return nil
}

func errTooManyTags() error {
	return &types.TooManyTagsException{Message: aws.String("The maximum number of tags for an AWS resource has been exceeded.")}
}

// TagResource adds tags to a repository.
func (s *Service) TagResource(ctx context.Context, in *codecommit.TagResourceInput) (*codecommit.TagResourceOutput, error) {
	name, err := s.tagged(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	if err := checkTags(ctx, in.Tags); err != nil {
		return nil, err
	}
	err = s.repositories.Update(name, func(row *repository, _ bool) error {
		if row.Tags == nil {
			row.Tags = map[string]string{}
		}
		maps.Copy(row.Tags, in.Tags)
		if len(row.Tags) > maxTags {
			return errTooManyTags()
		}
		return nil
	})
	return &codecommit.TagResourceOutput{}, err
}

// UntagResource removes tags from a repository.
func (s *Service) UntagResource(_ context.Context, in *codecommit.UntagResourceInput) (*codecommit.UntagResourceOutput, error) {
	name, err := s.tagged(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &codecommit.UntagResourceOutput{}, s.repositories.Update(name, func(row *repository, _ bool) error {
		for _, key := range in.TagKeys {
			delete(row.Tags, key)
		}
		return nil
	})
}

// ListTagsForResource returns the tags of a repository.
func (s *Service) ListTagsForResource(_ context.Context, in *codecommit.ListTagsForResourceInput) (*codecommit.ListTagsForResourceOutput, error) {
	name, err := s.tagged(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	row, err := s.find(&name)
	if row.Tags == nil {
		row.Tags = map[string]string{}
	}
	return &codecommit.ListTagsForResourceOutput{Tags: row.Tags}, err
}
