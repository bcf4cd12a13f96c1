package s3

import (
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Operations lists what is served, each with its action as "Actions, resources,
// and condition keys for Amazon S3" in the service authorization reference has
// it. Reading or deleting by version id is under the action for the plain
// object here, since an operation has one action.
func (s *Service) Operations() []wire.Operation {
	return append(s.bucketOperations(), s.objectOperations()...)
}

func onBucket(bucket *string) []string { return []string{bucketARN(*bucket)} }

func onObject(bucket, key *string) []string { return []string{bucketARN(*bucket) + "/" + *key} }

func (s *Service) bucketOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("ListBuckets", "s3:ListAllMyBuckets", nil, s.ListBuckets),
		wire.Op("CreateBucket", "s3:CreateBucket", func(in *s3.CreateBucketInput) []string { return onBucket(in.Bucket) }, s.CreateBucket),
		wire.Op("DeleteBucket", "s3:DeleteBucket", func(in *s3.DeleteBucketInput) []string { return onBucket(in.Bucket) }, s.DeleteBucket),
		wire.Op("HeadBucket", "s3:ListBucket", func(in *s3.HeadBucketInput) []string { return onBucket(in.Bucket) }, s.HeadBucket),
		wire.Op("GetBucketLocation", "s3:GetBucketLocation", func(in *s3.GetBucketLocationInput) []string { return onBucket(in.Bucket) }, s.GetBucketLocation),
		wire.Op("GetBucketAcl", "s3:GetBucketAcl", func(in *s3.GetBucketAclInput) []string { return onBucket(in.Bucket) }, s.GetBucketAcl),
		wire.Op("GetBucketVersioning", "s3:GetBucketVersioning", func(in *s3.GetBucketVersioningInput) []string { return onBucket(in.Bucket) }, s.GetBucketVersioning),
		wire.Op("PutBucketVersioning", "s3:PutBucketVersioning", func(in *s3.PutBucketVersioningInput) []string { return onBucket(in.Bucket) }, s.PutBucketVersioning),
		wire.Op("GetBucketPolicy", "s3:GetBucketPolicy", func(in *s3.GetBucketPolicyInput) []string { return onBucket(in.Bucket) }, s.GetBucketPolicy),
		wire.Op("GetBucketPolicyStatus", "s3:GetBucketPolicyStatus", func(in *s3.GetBucketPolicyStatusInput) []string { return onBucket(in.Bucket) }, s.GetBucketPolicyStatus),
		wire.Op("PutBucketPolicy", "s3:PutBucketPolicy", func(in *s3.PutBucketPolicyInput) []string { return onBucket(in.Bucket) }, s.PutBucketPolicy),
		wire.Op("DeleteBucketPolicy", "s3:DeleteBucketPolicy", func(in *s3.DeleteBucketPolicyInput) []string { return onBucket(in.Bucket) }, s.DeleteBucketPolicy),
		wire.Op("GetBucketOwnershipControls", "s3:GetBucketOwnershipControls", func(in *s3.GetBucketOwnershipControlsInput) []string { return onBucket(in.Bucket) }, s.GetBucketOwnershipControls),
		wire.Op("PutBucketOwnershipControls", "s3:PutBucketOwnershipControls", func(in *s3.PutBucketOwnershipControlsInput) []string { return onBucket(in.Bucket) }, s.PutBucketOwnershipControls),
		wire.Op("DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls", func(in *s3.DeleteBucketOwnershipControlsInput) []string { return onBucket(in.Bucket) }, s.DeleteBucketOwnershipControls),
		wire.Op("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", func(in *s3.GetPublicAccessBlockInput) []string { return onBucket(in.Bucket) }, s.GetPublicAccessBlock),
		wire.Op("PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock", func(in *s3.PutPublicAccessBlockInput) []string { return onBucket(in.Bucket) }, s.PutPublicAccessBlock),
		wire.Op("DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock", func(in *s3.DeletePublicAccessBlockInput) []string { return onBucket(in.Bucket) }, s.DeletePublicAccessBlock),
		wire.Op("GetBucketEncryption", "s3:GetEncryptionConfiguration", func(in *s3.GetBucketEncryptionInput) []string { return onBucket(in.Bucket) }, s.GetBucketEncryption),
		wire.Op("PutBucketEncryption", "s3:PutEncryptionConfiguration", func(in *s3.PutBucketEncryptionInput) []string { return onBucket(in.Bucket) }, s.PutBucketEncryption),
		wire.Op("DeleteBucketEncryption", "s3:PutEncryptionConfiguration", func(in *s3.DeleteBucketEncryptionInput) []string { return onBucket(in.Bucket) }, s.DeleteBucketEncryption),
		wire.Op("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration", func(in *s3.GetBucketLifecycleConfigurationInput) []string { return onBucket(in.Bucket) }, s.GetBucketLifecycleConfiguration),
		wire.Op("PutBucketLifecycleConfiguration", "s3:PutLifecycleConfiguration", func(in *s3.PutBucketLifecycleConfigurationInput) []string { return onBucket(in.Bucket) }, s.PutBucketLifecycleConfiguration),
		wire.Op("DeleteBucketLifecycle", "s3:PutLifecycleConfiguration", func(in *s3.DeleteBucketLifecycleInput) []string { return onBucket(in.Bucket) }, s.DeleteBucketLifecycle),
		wire.Op("GetBucketTagging", "s3:GetBucketTagging", func(in *s3.GetBucketTaggingInput) []string { return onBucket(in.Bucket) }, s.GetBucketTagging),
		wire.Op("PutBucketTagging", "s3:PutBucketTagging", func(in *s3.PutBucketTaggingInput) []string { return onBucket(in.Bucket) }, s.PutBucketTagging),
		wire.Op("DeleteBucketTagging", "s3:PutBucketTagging", func(in *s3.DeleteBucketTaggingInput) []string { return onBucket(in.Bucket) }, s.DeleteBucketTagging),
		wire.Op("GetBucketNotificationConfiguration", "s3:GetBucketNotification", func(in *s3.GetBucketNotificationConfigurationInput) []string { return onBucket(in.Bucket) }, s.GetBucketNotificationConfiguration),
		wire.Op("PutBucketNotificationConfiguration", "s3:PutBucketNotification", func(in *s3.PutBucketNotificationConfigurationInput) []string { return onBucket(in.Bucket) }, s.PutBucketNotificationConfiguration),
		wire.Op("ListObjects", "s3:ListBucket", func(in *s3.ListObjectsInput) []string { return onBucket(in.Bucket) }, s.ListObjects),
		wire.Op("ListObjectsV2", "s3:ListBucket", func(in *s3.ListObjectsV2Input) []string { return onBucket(in.Bucket) }, s.ListObjectsV2),
		wire.Op("ListObjectVersions", "s3:ListBucketVersions", func(in *s3.ListObjectVersionsInput) []string { return onBucket(in.Bucket) }, s.ListObjectVersions),
		wire.Op("ListMultipartUploads", "s3:ListBucketMultipartUploads", func(in *s3.ListMultipartUploadsInput) []string { return onBucket(in.Bucket) }, s.ListMultipartUploads),
	}
}

func (s *Service) objectOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("PutObject", "s3:PutObject", func(in *s3.PutObjectInput) []string { return onObject(in.Bucket, in.Key) }, s.PutObject),
		wire.Op("GetObject", "s3:GetObject", func(in *s3.GetObjectInput) []string { return onObject(in.Bucket, in.Key) }, s.GetObject),
		wire.Op("HeadObject", "s3:GetObject", func(in *s3.HeadObjectInput) []string { return onObject(in.Bucket, in.Key) }, s.HeadObject),
		wire.Op("DeleteObject", "s3:DeleteObject", func(in *s3.DeleteObjectInput) []string { return onObject(in.Bucket, in.Key) }, s.DeleteObject),
		wire.Op("GetObjectAttributes", "s3:GetObjectAttributes", func(in *s3.GetObjectAttributesInput) []string { return onObject(in.Bucket, in.Key) }, s.GetObjectAttributes),
		wire.Op("GetObjectTagging", "s3:GetObjectTagging", func(in *s3.GetObjectTaggingInput) []string { return onObject(in.Bucket, in.Key) }, s.GetObjectTagging),
		wire.Op("PutObjectTagging", "s3:PutObjectTagging", func(in *s3.PutObjectTaggingInput) []string { return onObject(in.Bucket, in.Key) }, s.PutObjectTagging),
		wire.Op("DeleteObjectTagging", "s3:DeleteObjectTagging", func(in *s3.DeleteObjectTaggingInput) []string { return onObject(in.Bucket, in.Key) }, s.DeleteObjectTagging),
		wire.Op("CopyObject", "s3:PutObject", func(in *s3.CopyObjectInput) []string { return onObject(in.Bucket, in.Key) }, s.CopyObject),
		wire.Op("CreateMultipartUpload", "s3:PutObject", func(in *s3.CreateMultipartUploadInput) []string { return onObject(in.Bucket, in.Key) }, s.CreateMultipartUpload),
		wire.Op("UploadPart", "s3:PutObject", func(in *s3.UploadPartInput) []string { return onObject(in.Bucket, in.Key) }, s.UploadPart),
		wire.Op("UploadPartCopy", "s3:PutObject", func(in *s3.UploadPartCopyInput) []string { return onObject(in.Bucket, in.Key) }, s.UploadPartCopy),
		wire.Op("CompleteMultipartUpload", "s3:PutObject", func(in *s3.CompleteMultipartUploadInput) []string { return onObject(in.Bucket, in.Key) }, s.CompleteMultipartUpload),
		wire.Op("AbortMultipartUpload", "s3:AbortMultipartUpload", func(in *s3.AbortMultipartUploadInput) []string { return onObject(in.Bucket, in.Key) }, s.AbortMultipartUpload),
		wire.Op("ListParts", "s3:ListMultipartUploadParts", func(in *s3.ListPartsInput) []string { return onObject(in.Bucket, in.Key) }, s.ListParts),
		wire.Op("DeleteObjects", "s3:DeleteObject", deletedObjects, s.DeleteObjects),
	}
}

func deletedObjects(in *s3.DeleteObjectsInput) []string {
	arns := make([]string, 0, len(in.Delete.Objects))
	for _, o := range in.Delete.Objects {
		arns = append(arns, onObject(in.Bucket, o.Key)...)
	}
	return arns
}
