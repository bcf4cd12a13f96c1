package codepipeline

import (
	"context"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// runS3 copies an object into the artifact bucket: the version or key that the
// execution was started with, or the newest version
// (docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3.html).
func (s *Service) runS3(ctx context.Context, j *job) (result, error) {
	bucket, key := j.configuration["S3Bucket"], j.configuration["S3ObjectKey"]
	var version *string
	if j.override != nil && j.override.RevisionType == types.SourceRevisionTypeS3ObjectKey {
		key = aws.ToString(j.override.RevisionValue)
	} else if j.override != nil {
		version = j.override.RevisionValue
	}
	api := s.clients.s3(j.cfg)
	found, err := objectHead(ctx, api, bucket, key, version)
	if err != nil {
		return result{}, err
	}
	id, etag := aws.ToString(found.VersionId), strings.Trim(aws.ToString(found.ETag), `"`)
	if j.override == nil {
		s.saw(j.run.pipeline, j.action, id)
	}
	summary := "Amazon S3 version id: " + id
	j.report(func(a *actionRun) { a.ExternalID, a.Summary = id, summary })

	object, err := api.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), VersionId: found.VersionId})
	if err != nil {
		return result{}, bucketFailure(bucket, err)
	}
	defer func() { _ = object.Body.Close() }()
	if err := s.upload(ctx, j.cfg, j.outputs[0], func(w io.Writer) error {
		_, err := io.Copy(w, object.Body)
		return err
	}); err != nil {
		return result{}, err
	}
	return result{
		summary:   summary,
		variables: map[string]string{"BucketName": bucket, "ETag": etag, "ObjectKey": key, "VersionId": id},
		revision: &revision{
			id: id, summary: summary, created: found.LastModified,
			url: s.console("s3/object/"+bucket) + "&prefix=" + key + "&versionId=" + id,
		},
	}, nil
}

// objectHead describes the object of a source, whose bucket must keep versions:
// "When you create your source bucket, make sure you enable versioning on the bucket".
func objectHead(ctx context.Context, api objectAPI, bucket, key string, version *string) (*s3.HeadObjectOutput, error) {
	versioning, err := api.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: aws.String(bucket)})
	if err != nil {
		return nil, bucketFailure(bucket, err)
	}
	if versioning.Status != s3types.BucketVersioningStatusEnabled {
		return nil, failed(codeConfiguration, "The Amazon S3 bucket %s does not have versioning enabled. Enable versioning on the bucket, and then try again.", bucket)
	}
	found, err := api.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), VersionId: version})
	if hasCode(err, "NotFound", "NoSuchKey") { // the answer to HEAD has no words
		return nil, failed(codeConfiguration, "The specified key %s does not exist in the Amazon S3 bucket %s", key, bucket)
	}
	if hasCode(err, "Forbidden") {
		return nil, failed(codePermission, "The service role or action role doesn’t have the permissions required to access the Amazon S3 bucket named %s. "+
			"Update the IAM role permissions, and then try again. Error: Amazon S3:AccessDenied:Access Denied", bucket)
	}
	if err != nil {
		return nil, bucketFailure(bucket, err)
	}
	return found, nil
}
