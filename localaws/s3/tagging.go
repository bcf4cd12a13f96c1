package s3

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

const (
	maxBucketTags = 50
	maxObjectTags = 10
)

// checkTags holds the rules of tag sets.
func checkTags(tags []types.Tag, most int) error {
	if len(tags) > most {
		if most == maxObjectTags {
			return fail("BadRequest", "Object tags cannot be greater than "+strconv.Itoa(most))
		}
		return fail("BadRequest", "Bucket tag count cannot be greater than "+strconv.Itoa(most))
	}
	seen := map[string]bool{}
	for _, t := range tags {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128:
			return fail("InvalidTag", "The TagKey you have provided is invalid")
		case utf8.RuneCountInString(value) > 256:
			return fail("InvalidTag", "The TagValue you have provided is invalid")
		case seen[key]:
			return fail("InvalidTag", "Cannot provide multiple Tags with the same key")
		}
		seen[key] = true
	}
	return nil
}

func systemTag(t types.Tag) bool { return strings.HasPrefix(aws.ToString(t.Key), "aws:") }

// headerTags reads the x-amz-tagging header.
func headerTags(header *string) ([]types.Tag, error) {
	if header == nil {
		return nil, nil
	}
	values, err := url.ParseQuery(*header)
	if err != nil {
		return nil, badTaggingHeader()
	}
	var tags []types.Tag
	for key, all := range values {
		if len(all) != 1 {
			return nil, badTaggingHeader()
		}
		tags = append(tags, types.Tag{Key: aws.String(key), Value: aws.String(all[0])})
	}
	slices.SortFunc(tags, func(a, b types.Tag) int { return strings.Compare(*a.Key, *b.Key) })
	return tags, checkTags(tags, maxObjectTags)
}

func badTaggingHeader() error {
	return fail("InvalidArgument", "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
}

// GetBucketTagging returns the bucket's tags.
func (s *Service) GetBucketTagging(_ context.Context, in *s3.GetBucketTaggingInput) (*s3.GetBucketTaggingOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if len(b.Tags) == 0 {
		return nil, fail("NoSuchTagSet", "The TagSet does not exist")
	}
	return &s3.GetBucketTaggingOutput{TagSet: b.Tags}, nil
}

// PutBucketTagging replaces the bucket's tags. Those that start with "aws:" are
// CloudFormation's to set.
func (s *Service) PutBucketTagging(ctx context.Context, in *s3.PutBucketTaggingInput) (*s3.PutBucketTaggingOutput, error) {
	tags := in.Tagging.TagSet
	if err := checkTags(tags, maxBucketTags); err != nil {
		return nil, err
	}
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		if identity.From(ctx).Service == "" {
			for _, t := range tags {
				if systemTag(t) && !slices.ContainsFunc(b.Tags, func(old types.Tag) bool { return *old.Key == *t.Key }) {
					return fail("InvalidTag", "System tags cannot be added/updated by requester")
				}
			}
		}
		b.Tags = tags
		return nil
	})
	return &s3.PutBucketTaggingOutput{}, err
}

// DeleteBucketTagging removes the bucket's tags.
func (s *Service) DeleteBucketTagging(_ context.Context, in *s3.DeleteBucketTaggingInput) (*s3.DeleteBucketTaggingOutput, error) {
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		b.Tags = nil
		return nil
	})
	return &s3.DeleteBucketTaggingOutput{}, err
}

// GetObjectTagging returns the tags of a version; of none, an empty set.
func (s *Service) GetObjectTagging(ctx context.Context, in *s3.GetObjectTaggingInput) (*s3.GetObjectTaggingOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	row, err := s.lookup(b, *in.Key, in.VersionId)
	s.mu.RUnlock()
	if err != nil {
		return nil, s.hide(ctx, b.Name, err)
	}
	tags := row.Value.Tags
	if tags == nil {
		tags = []types.Tag{}
	}
	return &s3.GetObjectTaggingOutput{TagSet: tags, VersionId: b.versionID(&row.Value)}, nil
}

// PutObjectTagging replaces the tags of a version.
func (s *Service) PutObjectTagging(ctx context.Context, in *s3.PutObjectTaggingInput) (*s3.PutObjectTaggingOutput, error) {
	if err := checkTags(in.Tagging.TagSet, maxObjectTags); err != nil {
		return nil, err
	}
	id, err := s.setTags(in.Bucket, in.ExpectedBucketOwner, *in.Key, in.VersionId, in.Tagging.TagSet)
	return &s3.PutObjectTaggingOutput{VersionId: id}, s.hide(ctx, *in.Bucket, err)
}

// DeleteObjectTagging removes the tags of a version.
func (s *Service) DeleteObjectTagging(ctx context.Context, in *s3.DeleteObjectTaggingInput) (*s3.DeleteObjectTaggingOutput, error) {
	id, err := s.setTags(in.Bucket, in.ExpectedBucketOwner, *in.Key, in.VersionId, nil)
	return &s3.DeleteObjectTaggingOutput{VersionId: id}, s.hide(ctx, *in.Bucket, err)
}

func (s *Service) setTags(name, expectedOwner *string, key string, id *string, tags []types.Tag) (*string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(name, expectedOwner)
	if err != nil {
		return nil, err
	}
	row, err := s.lookup(b, key, id)
	if err != nil {
		return nil, err
	}
	row.Value.Tags = tags
	return b.versionID(&row.Value), s.versions.Put(row.Key, row.Value)
}
