package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// configure changes the settings of the bucket of a request.
func (s *Service) configure(name, expectedOwner *string, change func(b *bucket) error) error {
	return s.buckets.update(*name, func(row *bucket, ok bool) error {
		if !ok {
			return noSuchBucket(*name)
		}
		if err := s.checkOwner(expectedOwner); err != nil {
			return err
		}
		return change(row)
	})
}

// GetBucketVersioning returns the state of versioning: nothing where it was never on.
func (s *Service) GetBucketVersioning(_ context.Context, in *s3.GetBucketVersioningInput) (*s3.GetBucketVersioningOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &s3.GetBucketVersioningOutput{Status: b.Versioning}, nil
}

// PutBucketVersioning turns versioning on, or suspends it.
func (s *Service) PutBucketVersioning(_ context.Context, in *s3.PutBucketVersioningInput) (*s3.PutBucketVersioningOutput, error) {
	c := in.VersioningConfiguration
	if c.Status == "" {
		return nil, fail("IllegalVersioningConfigurationException",
			"The Versioning element must be specified")
	}
	if c.MFADelete == types.MFADeleteEnabled {
		return nil, notImplemented()
	}
	s.mu.Lock() // a write in progress sees the one state or the other
	defer s.mu.Unlock()
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		b.Versioning = c.Status
		return nil
	})
	return &s3.PutBucketVersioningOutput{}, err
}

// GetBucketOwnershipControls returns who owns uploaded objects.
func (s *Service) GetBucketOwnershipControls(_ context.Context, in *s3.GetBucketOwnershipControlsInput) (*s3.GetBucketOwnershipControlsOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.Ownership == "" {
		return nil, fail("OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
	}
	return &s3.GetBucketOwnershipControlsOutput{OwnershipControls: &types.OwnershipControls{
		Rules: []types.OwnershipControlsRule{{ObjectOwnership: b.Ownership}},
	}}, nil
}

// PutBucketOwnershipControls says who owns uploaded objects, and so whether ACLs are on.
func (s *Service) PutBucketOwnershipControls(_ context.Context, in *s3.PutBucketOwnershipControlsInput) (*s3.PutBucketOwnershipControlsOutput, error) {
	rules := in.OwnershipControls.Rules
	if len(rules) != 1 {
		return nil, malformedXML()
	}
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		b.Ownership = rules[0].ObjectOwnership
		return nil
	})
	return &s3.PutBucketOwnershipControlsOutput{}, err
}

// DeleteBucketOwnershipControls removes the setting; a bucket without one lets writers own their objects.
func (s *Service) DeleteBucketOwnershipControls(_ context.Context, in *s3.DeleteBucketOwnershipControlsInput) (*s3.DeleteBucketOwnershipControlsOutput, error) {
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		b.Ownership = ""
		return nil
	})
	return &s3.DeleteBucketOwnershipControlsOutput{}, err
}

// GetPublicAccessBlock returns the four switches.
func (s *Service) GetPublicAccessBlock(_ context.Context, in *s3.GetPublicAccessBlockInput) (*s3.GetPublicAccessBlockOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.Block == nil {
		return nil, fail("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
	}
	return &s3.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: b.Block}, nil
}

// PutPublicAccessBlock sets the four switches; one that is not given is off.
func (s *Service) PutPublicAccessBlock(_ context.Context, in *s3.PutPublicAccessBlockInput) (*s3.PutPublicAccessBlockOutput, error) {
	c := in.PublicAccessBlockConfiguration
	block := &types.PublicAccessBlockConfiguration{
		BlockPublicAcls: aws.Bool(aws.ToBool(c.BlockPublicAcls)), IgnorePublicAcls: aws.Bool(aws.ToBool(c.IgnorePublicAcls)),
		BlockPublicPolicy: aws.Bool(aws.ToBool(c.BlockPublicPolicy)), RestrictPublicBuckets: aws.Bool(aws.ToBool(c.RestrictPublicBuckets)),
	}
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		b.Block = block
		return nil
	})
	return &s3.PutPublicAccessBlockOutput{}, err
}

// DeletePublicAccessBlock removes the four switches.
func (s *Service) DeletePublicAccessBlock(_ context.Context, in *s3.DeletePublicAccessBlockInput) (*s3.DeletePublicAccessBlockOutput, error) {
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		b.Block = nil
		return nil
	})
	return &s3.DeletePublicAccessBlockOutput{}, err
}

func malformedXML() error {
	return fail("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}
