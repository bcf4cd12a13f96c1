package conformance

import (
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// bucket makes an empty bucket, which goes with everything in it.
func (t *T) bucket() string {
	name := t.name()
	must(t.s3.CreateBucket(t.ctx, t.createBucket(name)))(t)
	t.cleanup("bucket "+name, func(t *T) error { return t.deleteBucket(name) })
	return name
}

func (t *T) createBucket(name string) *s3.CreateBucketInput {
	input := &s3.CreateBucketInput{Bucket: &name}
	if region := t.region(); region != "us-east-1" { // which takes no location constraint
		input.CreateBucketConfiguration = &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(region)}
	}
	return input
}

// versioned makes a bucket that keeps versions.
func (t *T) versioned() string {
	name := t.bucket()
	t.versioning(name, s3types.BucketVersioningStatusEnabled)
	return name
}

func (t *T) versioning(bucket string, status s3types.BucketVersioningStatus) {
	must(t.s3.PutBucketVersioning(t.ctx, &s3.PutBucketVersioningInput{
		Bucket: &bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: status},
	}))(t)
}

func (t *T) deleteBucket(name string) error {
	var errs []error
	uploads, err := t.s3.ListMultipartUploads(t.ctx, &s3.ListMultipartUploadsInput{Bucket: &name})
	if err != nil {
		return err
	}
	for _, upload := range uploads.Uploads {
		_, err := t.s3.AbortMultipartUpload(t.ctx, &s3.AbortMultipartUploadInput{Bucket: &name, Key: upload.Key, UploadId: upload.UploadId})
		errs = append(errs, err)
	}
	versions, err := t.s3.ListObjectVersions(t.ctx, &s3.ListObjectVersionsInput{Bucket: &name})
	if err != nil {
		return err
	}
	for _, v := range versions.Versions {
		errs = append(errs, t.deleteVersion(name, str(v.Key), str(v.VersionId)))
	}
	for _, m := range versions.DeleteMarkers {
		errs = append(errs, t.deleteVersion(name, str(m.Key), str(m.VersionId)))
	}
	_, err = t.s3.DeleteBucket(t.ctx, &s3.DeleteBucketInput{Bucket: &name})
	return errors.Join(append(errs, err)...)
}

func (t *T) deleteVersion(bucket, key, version string) error {
	_, err := t.s3.DeleteObject(t.ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key, VersionId: &version})
	return err
}

// object puts an object and returns its version, if there are any.
func (t *T) object(bucket, key, body string) string {
	out := must(t.s3.PutObject(t.ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(body)}))(t)
	return str(out.VersionId)
}

// read is the body of an object, or of one of its versions.
func (t *T) read(bucket, key, version string) (string, error) {
	input := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
	if version != "" {
		input.VersionId = &version
	}
	out, err := t.s3.GetObject(t.ctx, input)
	if err != nil {
		return "", err
	}
	defer func() { _ = out.Body.Close() }() // it has been read
	body, err := io.ReadAll(out.Body)
	return string(body), err
}

// keys are the keys that a bucket lists.
func (t *T) keys(bucket string) []string {
	out := must(t.s3.ListObjectsV2(t.ctx, &s3.ListObjectsV2Input{Bucket: &bucket}))(t)
	keys := []string{}
	for _, object := range out.Contents {
		keys = append(keys, aws.ToString(object.Key))
	}
	return keys
}

// bucketPolicy gives a bucket a policy.
func (t *T) bucketPolicy(bucket string, statements ...statement) {
	must(t.s3.PutBucketPolicy(t.ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: aws.String(document(statements...))}))(t)
}
