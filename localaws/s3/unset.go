package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// These settings can be read here and not be set, so the answers are S3's for a
// bucket that has never had them. Requests to set them are refused by name.

// GetBucketCors answers that there are no rules.
func (s *Service) GetBucketCors(_ context.Context, in *s3.GetBucketCorsInput) (*s3.GetBucketCorsOutput, error) {
	return nil, s.unset(in.Bucket, in.ExpectedBucketOwner, "NoSuchCORSConfiguration", "The CORS configuration does not exist")
}

// GetBucketWebsite answers that the bucket is no website.
func (s *Service) GetBucketWebsite(_ context.Context, in *s3.GetBucketWebsiteInput) (*s3.GetBucketWebsiteOutput, error) {
	return nil, s.unset(in.Bucket, in.ExpectedBucketOwner,
		"NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration")
}

// GetBucketReplication answers that nothing is replicated.
func (s *Service) GetBucketReplication(_ context.Context, in *s3.GetBucketReplicationInput) (*s3.GetBucketReplicationOutput, error) {
	return nil, s.unset(in.Bucket, in.ExpectedBucketOwner,
		"ReplicationConfigurationNotFoundError", "The replication configuration was not found")
}

// GetObjectLockConfiguration answers that objects are not locked.
func (s *Service) GetObjectLockConfiguration(_ context.Context, in *s3.GetObjectLockConfigurationInput) (*s3.GetObjectLockConfigurationOutput, error) {
	return nil, s.unset(in.Bucket, in.ExpectedBucketOwner,
		"ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket")
}

// GetObjectLegalHold answers that objects are not locked.
func (s *Service) GetObjectLegalHold(_ context.Context, in *s3.GetObjectLegalHoldInput) (*s3.GetObjectLegalHoldOutput, error) {
	return nil, s.unset(in.Bucket, in.ExpectedBucketOwner, "InvalidRequest", "Bucket is missing Object Lock Configuration")
}

// GetObjectRetention answers that objects are not locked.
func (s *Service) GetObjectRetention(_ context.Context, in *s3.GetObjectRetentionInput) (*s3.GetObjectRetentionOutput, error) {
	return nil, s.unset(in.Bucket, in.ExpectedBucketOwner, "InvalidRequest", "Bucket is missing Object Lock Configuration")
}

// unset answers with an error, where the bucket is there.
func (s *Service) unset(name, expectedOwner *string, code, message string) error {
	if _, err := s.bucket(name, expectedOwner); err != nil {
		return err
	}
	return fail(code, message)
}

// GetBucketLogging answers that access is not logged.
func (s *Service) GetBucketLogging(_ context.Context, in *s3.GetBucketLoggingInput) (*s3.GetBucketLoggingOutput, error) {
	_, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	return &s3.GetBucketLoggingOutput{}, err
}

// GetBucketAccelerateConfiguration answers that acceleration was never on.
func (s *Service) GetBucketAccelerateConfiguration(_ context.Context, in *s3.GetBucketAccelerateConfigurationInput) (*s3.GetBucketAccelerateConfigurationOutput, error) {
	_, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	return &s3.GetBucketAccelerateConfigurationOutput{}, err
}

// GetBucketRequestPayment answers that the owner pays.
func (s *Service) GetBucketRequestPayment(_ context.Context, in *s3.GetBucketRequestPaymentInput) (*s3.GetBucketRequestPaymentOutput, error) {
	_, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	return &s3.GetBucketRequestPaymentOutput{Payer: types.PayerBucketOwner}, err
}

// GetBucketAbac answers that tags of the bucket do not count in policies.
func (s *Service) GetBucketAbac(_ context.Context, in *s3.GetBucketAbacInput) (*s3.GetBucketAbacOutput, error) {
	_, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	return &s3.GetBucketAbacOutput{AbacStatus: &types.AbacStatus{Status: types.BucketAbacStatusDisabled}}, err
}

// ListBucketAnalyticsConfigurations lists none.
func (s *Service) ListBucketAnalyticsConfigurations(_ context.Context, in *s3.ListBucketAnalyticsConfigurationsInput) (*s3.ListBucketAnalyticsConfigurationsOutput, error) {
	_, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	return &s3.ListBucketAnalyticsConfigurationsOutput{IsTruncated: aws.Bool(false)}, err
}

// ListBucketInventoryConfigurations lists none.
func (s *Service) ListBucketInventoryConfigurations(_ context.Context, in *s3.ListBucketInventoryConfigurationsInput) (*s3.ListBucketInventoryConfigurationsOutput, error) {
	_, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	return &s3.ListBucketInventoryConfigurationsOutput{IsTruncated: aws.Bool(false)}, err
}

// ListBucketMetricsConfigurations lists none.
func (s *Service) ListBucketMetricsConfigurations(_ context.Context, in *s3.ListBucketMetricsConfigurationsInput) (*s3.ListBucketMetricsConfigurationsOutput, error) {
	_, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	return &s3.ListBucketMetricsConfigurationsOutput{IsTruncated: aws.Bool(false)}, err
}

// ListBucketIntelligentTieringConfigurations lists none.
func (s *Service) ListBucketIntelligentTieringConfigurations(_ context.Context, in *s3.ListBucketIntelligentTieringConfigurationsInput) (*s3.ListBucketIntelligentTieringConfigurationsOutput, error) {
	_, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	return &s3.ListBucketIntelligentTieringConfigurationsOutput{IsTruncated: aws.Bool(false)}, err
}
