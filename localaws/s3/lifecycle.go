package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const maxLifecycleRules = 1000

// GetBucketLifecycleConfiguration returns the rules as they were put.
func (s *Service) GetBucketLifecycleConfiguration(_ context.Context, in *s3.GetBucketLifecycleConfigurationInput) (*s3.GetBucketLifecycleConfigurationOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if len(b.Lifecycle) == 0 {
		return nil, fail("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
	}
	return &s3.GetBucketLifecycleConfigurationOutput{Rules: b.Lifecycle, TransitionDefaultMinimumObjectSize: b.Transition}, nil
}

// PutBucketLifecycleConfiguration keeps the rules. They count in days, and are
// not acted upon here.
func (s *Service) PutBucketLifecycleConfiguration(_ context.Context, in *s3.PutBucketLifecycleConfigurationInput) (*s3.PutBucketLifecycleConfigurationOutput, error) {
	var rules []types.LifecycleRule
	if in.LifecycleConfiguration != nil {
		rules = in.LifecycleConfiguration.Rules
	}
	if err := checkLifecycle(rules); err != nil {
		return nil, err
	}
	transition := in.TransitionDefaultMinimumObjectSize
	if transition == "" {
		transition = types.TransitionDefaultMinimumObjectSizeAllStorageClasses128k
	}
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		b.Lifecycle, b.Transition = rules, transition
		return nil
	})
	return &s3.PutBucketLifecycleConfigurationOutput{TransitionDefaultMinimumObjectSize: transition}, err
}

func checkLifecycle(rules []types.LifecycleRule) error {
	if len(rules) == 0 || len(rules) > maxLifecycleRules {
		return malformedXML()
	}
	seen := map[string]bool{}
	for i, r := range rules {
		id := aws.ToString(r.ID)
		switch {
		case len(id) > 255:
			return fail("InvalidArgument", "ID length should not exceed allowed limit of 255")
		case id != "" && seen[id]:
			return fail("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
		case r.Expiration == nil && r.AbortIncompleteMultipartUpload == nil && r.NoncurrentVersionExpiration == nil &&
			len(r.Transitions) == 0 && len(r.NoncurrentVersionTransitions) == 0:
			return fail("InvalidRequest", "At least one action needs to be specified in a rule.")
		case id == "":
			rules[i].ID = aws.String(newID(uint64(i)))
		}
		seen[id] = true
	}
	return nil
}

// DeleteBucketLifecycle removes the rules.
func (s *Service) DeleteBucketLifecycle(_ context.Context, in *s3.DeleteBucketLifecycleInput) (*s3.DeleteBucketLifecycleOutput, error) {
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		b.Lifecycle, b.Transition = nil, ""
		return nil
	})
	return &s3.DeleteBucketLifecycleOutput{}, err
}
