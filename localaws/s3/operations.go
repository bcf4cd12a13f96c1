package s3

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Operations lists what is served, each with its action as "Actions, resources,
// and condition keys for Amazon S3" in the service authorization reference has it.
func (s *Service) Operations() []wire.Operation {
	return slices.Concat(s.bucketOperations(), s.settingOperations(), s.unsetOperations(), s.listOperations(), s.objectOperations(), s.writeOperations())
}

func onBucket(bucket *string) []string { return []string{bucketARN(*bucket)} }

func onObject(bucket, key *string) []string { return []string{bucketARN(*bucket) + "/" + *key} }

// op registers an operation with the condition keys that every action has; a
// demand for other keys replaces them.
func op[In, Out any](s *Service, name, action string, resources func(in *In) []string,
	handle func(ctx context.Context, in *In) (*Out, error), demands ...wire.Demand[In],
) wire.Operation {
	common := wire.Keys(func(*In) policy.Context { return s.keys() })
	return wire.Op(name, action, resources, handle, append([]wire.Demand[In]{common}, demands...)...)
}

func (s *Service) bucketOperations() []wire.Operation {
	return []wire.Operation{
		op(s, "ListBuckets", "s3:ListAllMyBuckets", nil, s.ListBuckets),
		op(s, "CreateBucket", "s3:CreateBucket", func(in *s3.CreateBucketInput) []string { return onBucket(in.Bucket) }, s.CreateBucket,
			wire.Keys(s.createKeys),
			wire.Also(s.createAlso)),
		op(s, "DeleteBucket", "s3:DeleteBucket", func(in *s3.DeleteBucketInput) []string { return onBucket(in.Bucket) }, s.DeleteBucket),
		op(s, "HeadBucket", "s3:ListBucket", func(in *s3.HeadBucketInput) []string { return onBucket(in.Bucket) }, s.HeadBucket),
		op(s, "GetBucketLocation", "s3:GetBucketLocation", func(in *s3.GetBucketLocationInput) []string { return onBucket(in.Bucket) }, s.GetBucketLocation),
		op(s, "PutBucketAcl", "s3:PutBucketAcl", func(in *s3.PutBucketAclInput) []string { return onBucket(in.Bucket) }, s.PutBucketAcl,
			wire.Keys(func(in *s3.PutBucketAclInput) policy.Context {
				return s.aclKeys(string(in.ACL), in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP)
			})),
		op(s, "GetBucketAcl", "s3:GetBucketAcl", func(in *s3.GetBucketAclInput) []string { return onBucket(in.Bucket) }, s.GetBucketAcl),
	}
}

func (s *Service) settingOperations() []wire.Operation {
	return []wire.Operation{
		op(s, "GetBucketVersioning", "s3:GetBucketVersioning", func(in *s3.GetBucketVersioningInput) []string { return onBucket(in.Bucket) }, s.GetBucketVersioning),
		op(s, "PutBucketVersioning", "s3:PutBucketVersioning", func(in *s3.PutBucketVersioningInput) []string { return onBucket(in.Bucket) }, s.PutBucketVersioning),
		op(s, "GetBucketPolicy", "s3:GetBucketPolicy", func(in *s3.GetBucketPolicyInput) []string { return onBucket(in.Bucket) }, s.GetBucketPolicy),
		op(s, "GetBucketPolicyStatus", "s3:GetBucketPolicyStatus", func(in *s3.GetBucketPolicyStatusInput) []string { return onBucket(in.Bucket) }, s.GetBucketPolicyStatus),
		op(s, "PutBucketPolicy", "s3:PutBucketPolicy", func(in *s3.PutBucketPolicyInput) []string { return onBucket(in.Bucket) }, s.PutBucketPolicy),
		op(s, "DeleteBucketPolicy", "s3:DeleteBucketPolicy", func(in *s3.DeleteBucketPolicyInput) []string { return onBucket(in.Bucket) }, s.DeleteBucketPolicy),
		op(s, "GetBucketOwnershipControls", "s3:GetBucketOwnershipControls", func(in *s3.GetBucketOwnershipControlsInput) []string { return onBucket(in.Bucket) }, s.GetBucketOwnershipControls),
		op(s, "PutBucketOwnershipControls", "s3:PutBucketOwnershipControls", func(in *s3.PutBucketOwnershipControlsInput) []string { return onBucket(in.Bucket) }, s.PutBucketOwnershipControls),
		op(s, "DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls", func(in *s3.DeleteBucketOwnershipControlsInput) []string { return onBucket(in.Bucket) }, s.DeleteBucketOwnershipControls),
		op(s, "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", func(in *s3.GetPublicAccessBlockInput) []string { return onBucket(in.Bucket) }, s.GetPublicAccessBlock),
		op(s, "PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock", func(in *s3.PutPublicAccessBlockInput) []string { return onBucket(in.Bucket) }, s.PutPublicAccessBlock),
		op(s, "DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock", func(in *s3.DeletePublicAccessBlockInput) []string { return onBucket(in.Bucket) }, s.DeletePublicAccessBlock),
		op(s, "GetBucketEncryption", "s3:GetEncryptionConfiguration", func(in *s3.GetBucketEncryptionInput) []string { return onBucket(in.Bucket) }, s.GetBucketEncryption),
		op(s, "PutBucketEncryption", "s3:PutEncryptionConfiguration", func(in *s3.PutBucketEncryptionInput) []string { return onBucket(in.Bucket) }, s.PutBucketEncryption),
		op(s, "DeleteBucketEncryption", "s3:PutEncryptionConfiguration", func(in *s3.DeleteBucketEncryptionInput) []string { return onBucket(in.Bucket) }, s.DeleteBucketEncryption),
		op(s, "GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration", func(in *s3.GetBucketLifecycleConfigurationInput) []string { return onBucket(in.Bucket) }, s.GetBucketLifecycleConfiguration),
		op(s, "PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration", func(in *s3.PutBucketLifecycleConfigurationInput) []string { return onBucket(in.Bucket) }, s.PutBucketLifecycleConfiguration),
		op(s, "DeleteBucketLifecycle", "s3:PutLifecycleConfiguration", func(in *s3.DeleteBucketLifecycleInput) []string { return onBucket(in.Bucket) }, s.DeleteBucketLifecycle),
		op(s, "GetBucketTagging", "s3:GetBucketTagging", func(in *s3.GetBucketTaggingInput) []string { return onBucket(in.Bucket) }, s.GetBucketTagging),
		op(s, "PutBucketTagging", "s3:PutBucketTagging", func(in *s3.PutBucketTaggingInput) []string { return onBucket(in.Bucket) }, s.PutBucketTagging),
		op(s, "DeleteBucketTagging", "s3:PutBucketTagging", func(in *s3.DeleteBucketTaggingInput) []string { return onBucket(in.Bucket) }, s.DeleteBucketTagging),
		op(s, "GetBucketNotificationConfiguration", "s3:GetBucketNotification", func(in *s3.GetBucketNotificationConfigurationInput) []string { return onBucket(in.Bucket) }, s.GetBucketNotificationConfiguration),
		op(s, "PutBucketNotificationConfiguration", "s3:PutBucketNotification", func(in *s3.PutBucketNotificationConfigurationInput) []string { return onBucket(in.Bucket) }, s.PutBucketNotificationConfiguration),
	}
}

func (s *Service) listOperations() []wire.Operation {
	return []wire.Operation{
		op(s, "ListObjects", "s3:ListBucket", func(in *s3.ListObjectsInput) []string { return onBucket(in.Bucket) }, s.ListObjects,
			wire.Keys(func(in *s3.ListObjectsInput) policy.Context { return s.listKeys(in.Prefix, in.Delimiter, in.MaxKeys) })),
		op(s, "ListObjectsV2", "s3:ListBucket", func(in *s3.ListObjectsV2Input) []string { return onBucket(in.Bucket) }, s.ListObjectsV2,
			wire.Keys(func(in *s3.ListObjectsV2Input) policy.Context { return s.listKeys(in.Prefix, in.Delimiter, in.MaxKeys) })),
		op(s, "ListObjectVersions", "s3:ListBucketVersions", func(in *s3.ListObjectVersionsInput) []string { return onBucket(in.Bucket) }, s.ListObjectVersions,
			wire.Keys(func(in *s3.ListObjectVersionsInput) policy.Context {
				return s.listKeys(in.Prefix, in.Delimiter, in.MaxKeys)
			})),
		op(s, "ListMultipartUploads", "s3:ListBucketMultipartUploads", func(in *s3.ListMultipartUploadsInput) []string { return onBucket(in.Bucket) }, s.ListMultipartUploads),
	}
}

// unsetOperations answer for settings that a bucket never has.
func (s *Service) unsetOperations() []wire.Operation {
	return []wire.Operation{
		op(s, "GetBucketCors", "s3:GetBucketCORS", func(in *s3.GetBucketCorsInput) []string { return onBucket(in.Bucket) }, s.GetBucketCors),
		op(s, "GetBucketWebsite", "s3:GetBucketWebsite", func(in *s3.GetBucketWebsiteInput) []string { return onBucket(in.Bucket) }, s.GetBucketWebsite),
		op(s, "GetBucketReplication", "s3:GetReplicationConfiguration", func(in *s3.GetBucketReplicationInput) []string { return onBucket(in.Bucket) }, s.GetBucketReplication),
		op(s, "GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration", func(in *s3.GetObjectLockConfigurationInput) []string { return onBucket(in.Bucket) }, s.GetObjectLockConfiguration),
		op(s, "GetBucketLogging", "s3:GetBucketLogging", func(in *s3.GetBucketLoggingInput) []string { return onBucket(in.Bucket) }, s.GetBucketLogging),
		op(s, "GetBucketAccelerateConfiguration", "s3:GetAccelerateConfiguration", func(in *s3.GetBucketAccelerateConfigurationInput) []string { return onBucket(in.Bucket) }, s.GetBucketAccelerateConfiguration),
		op(s, "GetBucketRequestPayment", "s3:GetBucketRequestPayment", func(in *s3.GetBucketRequestPaymentInput) []string { return onBucket(in.Bucket) }, s.GetBucketRequestPayment),
		op(s, "GetBucketAbac", "s3:GetBucketAbac", func(in *s3.GetBucketAbacInput) []string { return onBucket(in.Bucket) }, s.GetBucketAbac),
		op(s, "ListBucketAnalyticsConfigurations", "s3:GetAnalyticsConfiguration", func(in *s3.ListBucketAnalyticsConfigurationsInput) []string { return onBucket(in.Bucket) }, s.ListBucketAnalyticsConfigurations),
		op(s, "ListBucketInventoryConfigurations", "s3:GetInventoryConfiguration", func(in *s3.ListBucketInventoryConfigurationsInput) []string { return onBucket(in.Bucket) }, s.ListBucketInventoryConfigurations),
		op(s, "ListBucketMetricsConfigurations", "s3:GetMetricsConfiguration", func(in *s3.ListBucketMetricsConfigurationsInput) []string { return onBucket(in.Bucket) }, s.ListBucketMetricsConfigurations),
		op(s, "ListBucketIntelligentTieringConfigurations", "s3:GetIntelligentTieringConfiguration", func(in *s3.ListBucketIntelligentTieringConfigurationsInput) []string { return onBucket(in.Bucket) }, s.ListBucketIntelligentTieringConfigurations),
		op(s, "GetObjectLegalHold", "s3:GetObjectLegalHold", func(in *s3.GetObjectLegalHoldInput) []string { return onObject(in.Bucket, in.Key) }, s.GetObjectLegalHold),
		op(s, "GetObjectRetention", "s3:GetObjectRetention", func(in *s3.GetObjectRetentionInput) []string { return onObject(in.Bucket, in.Key) }, s.GetObjectRetention),
	}
}
