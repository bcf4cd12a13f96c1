package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// encrypted is what every object reports: encryption by S3's own key, which AWS
// applies to every upload since January 2023.
const encrypted = types.ServerSideEncryptionAes256

// defaultEncryption is what a bucket has that was never told otherwise.
func defaultEncryption() *types.ServerSideEncryptionConfiguration {
	return &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{
		ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: encrypted},
		BucketKeyEnabled:                   aws.Bool(false),
	}}}
}

// GetBucketEncryption returns the default encryption of new objects.
func (s *Service) GetBucketEncryption(_ context.Context, in *s3.GetBucketEncryptionInput) (*s3.GetBucketEncryptionOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: b.Encryption}, nil
}

// PutBucketEncryption sets the default encryption; that by KMS is not served.
func (s *Service) PutBucketEncryption(_ context.Context, in *s3.PutBucketEncryptionInput) (*s3.PutBucketEncryptionOutput, error) {
	c := in.ServerSideEncryptionConfiguration
	if len(c.Rules) != 1 {
		return nil, malformedXML()
	}
	if by := c.Rules[0].ApplyServerSideEncryptionByDefault; by != nil {
		if by.SSEAlgorithm != encrypted {
			return nil, notImplemented()
		}
		if by.KMSMasterKeyID != nil {
			return nil, fail("InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
		}
	}
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		b.Encryption = c
		return nil
	})
	return &s3.PutBucketEncryptionOutput{}, err
}

// DeleteBucketEncryption goes back to encryption by S3's own key.
func (s *Service) DeleteBucketEncryption(_ context.Context, in *s3.DeleteBucketEncryptionInput) (*s3.DeleteBucketEncryptionOutput, error) {
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		b.Encryption = defaultEncryption()
		return nil
	})
	return &s3.DeleteBucketEncryptionOutput{}, err
}

// checkEncryption refuses what would need a key that is not S3's own.
func checkEncryption(sse types.ServerSideEncryption, keys ...*string) error {
	if sse != "" && sse != encrypted {
		return notImplemented()
	}
	for _, key := range keys {
		if key != nil {
			return notImplemented()
		}
	}
	return nil
}
