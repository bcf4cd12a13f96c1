package conformance

import (
	"crypto/md5" //nolint:gosec // S3's ETags are of MD5
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	s3API      = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_"
	s3Guide    = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
	s3Recorded = "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/s3/test_s3_api.snapshot.json, "
)

var s3Assumptions = []Assumption{
	{Number: 501, Title: "S3: a new bucket has never had versions", Source: s3API + "GetBucketVersioning.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		out := must(t.s3.GetBucketVersioning(t.ctx, &s3.GetBucketVersioningInput{Bucket: &bucket}))(t)
		equal(t, "Status", out.Status, "")
	}},
	{Number: 502, Title: "S3: a bucket with objects is not deleted", Source: s3Recorded + "test_delete_bucket_with_objects", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "x")
		_, err := t.s3.DeleteBucket(t.ctx, &s3.DeleteBucketInput{Bucket: &bucket})
		t.wantError(err, "BucketNotEmpty", "The bucket you tried to delete is not empty")
		equal(t, "the status", status(err), http.StatusConflict)
	}},
	{Number: 503, Title: "S3: a bucket of which a delete marker is left is not empty", Source: s3Recorded + "test_delete_versioned_bucket_with_objects", Confirmed: true, Run: func(t *T) {
		bucket := t.versioned()
		version := t.object(bucket, "key", "x")
		must(t.s3.DeleteObject(t.ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: aws.String("key")}))(t)
		must(0, t.deleteVersion(bucket, "key", version))(t)
		_, err := t.s3.DeleteBucket(t.ctx, &s3.DeleteBucketInput{Bucket: &bucket})
		t.wantError(err, "BucketNotEmpty", "You must delete all versions in the bucket.")
	}},
	{Number: 504, Title: "S3: a bucket that is not there says NoSuchBucket", Source: s3Guide + "troubleshooting.html", Run: func(t *T) {
		_, err := t.s3.ListObjectsV2(t.ctx, &s3.ListObjectsV2Input{Bucket: aws.String(t.name())})
		t.wantError(err, "NoSuchBucket", "The specified bucket does not exist")
		equal(t, "the status", status(err), http.StatusNotFound)
	}},
	{Number: 505, Title: "S3: creating one's own bucket again says BucketAlreadyOwnedByYou", Source: s3API + "CreateBucket.html", Run: func(t *T) {
		bucket := t.bucket()
		_, err := t.s3.CreateBucket(t.ctx, t.createBucket(bucket))
		if t.region() == "us-east-1" { // where it succeeds
			must(0, err)(t)
			return
		}
		t.wantError(err, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
		equal(t, "the status", status(err), http.StatusConflict)
	}},
	{Number: 506, Title: "S3: bucket names are lower case", Source: s3Guide + "bucketnamingrules.html", Run: func(t *T) {
		_, err := t.s3.CreateBucket(t.ctx, t.createBucket(strings.ToUpper(t.name())))
		t.wantError(err, "InvalidBucketName")
	}},
	{Number: 507, Title: "S3: objects that are not there say NoSuchKey", Source: s3Recorded + "test_delete_object_versioned", Confirmed: true, Run: func(t *T) {
		_, err := t.read(t.bucket(), "key", "")
		t.wantError(err, "NoSuchKey", "The specified key does not exist.")
		equal(t, "the status", status(err), http.StatusNotFound)
	}},
	{Number: 508, Title: "S3: who may not list a bucket gets 403 for objects that are not there", Source: s3API + "GetObject.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "there", "x")
		blind := t.user(document(statement{Effect: "Allow", Action: []string{"s3:GetObject"}, Resource: []string{"arn:aws:s3:::" + bucket + "/*"}}))
		settled(blind, func() (string, error) { return blind.read(bucket, "there", "") })
		_, err := blind.read(bucket, "not-there", "")
		t.wantError(err, "AccessDenied")
		equal(t, "the status", status(err), http.StatusForbidden)
	}},
	{Number: 509, Title: "S3: who may list a bucket gets 404 for objects that are not there", Source: s3API + "GetObject.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "there", "x")
		seeing := t.user(document(statement{Effect: "Allow", Action: []string{"s3:GetObject", "s3:ListBucket"}, Resource: []string{"arn:aws:s3:::" + bucket, "arn:aws:s3:::" + bucket + "/*"}}))
		settled(seeing, func() (string, error) { return seeing.read(bucket, "there", "") })
		_, err := seeing.read(bucket, "not-there", "")
		t.wantError(err, "NoSuchKey")
	}},
	{Number: 510, Title: "S3: HeadObject of what is not there has a status and no body", Source: s3API + "HeadObject.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		_, err := t.s3.HeadObject(t.ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("key")})
		t.wantError(err, "NotFound")
		equal(t, "the status", status(err), http.StatusNotFound)
	}},
	{Number: 511, Title: "S3: without a type an object is binary/octet-stream", Source: s3Recorded + "test_delete_object_versioned", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		// The SDK would give a type of its own.
		must(t.s3.PutObject(t.ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("key"), Body: strings.NewReader("x"), ContentType: aws.String("")}))(t)
		out := must(t.s3.HeadObject(t.ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("key")}))(t)
		if got := str(out.ContentType); got != "binary/octet-stream" && got != "application/octet-stream" {
			t.Errorf("Content-Type is %q", got)
		}
	}},
	{Number: 512, Title: "S3: the ETag of a plain object is its MD5, in quotes", Source: s3Recorded + "test_delete_object", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		out := must(t.s3.PutObject(t.ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("key"), Body: strings.NewReader("hello")}))(t)
		sum := md5.Sum([]byte("hello")) //nolint:gosec // S3's ETags are of MD5
		equal(t, "ETag", str(out.ETag), `"`+hex.EncodeToString(sum[:])+`"`)
	}},
	{Number: 513, Title: "S3: objects are encrypted with AES256 unless told otherwise", Source: s3Recorded + "test_delete_object", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		out := must(t.s3.PutObject(t.ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("key"), Body: strings.NewReader("hello")}))(t)
		equal(t, "ServerSideEncryption", out.ServerSideEncryption, s3types.ServerSideEncryptionAes256)
	}},
	{Number: 514, Title: "S3: objects keep their metadata, with keys in lower case", Source: s3Guide + "UsingMetadata.html", Run: func(t *T) {
		bucket := t.bucket()
		must(t.s3.PutObject(t.ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("key"), Body: strings.NewReader("x"), Metadata: map[string]string{"Colour": "Green"}}))(t)
		out := must(t.s3.HeadObject(t.ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("key")}))(t)
		equal(t, "the metadata", out.Metadata["colour"], "Green")
	}},
	{Number: 515, Title: "S3: a range is answered with 206 and says which bytes it is", Source: s3API + "GetObject.html", Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "0123456789")
		out := must(t.s3.GetObject(t.ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("key"), Range: aws.String("bytes=2-4")}))(t)
		_ = out.Body.Close() // not read
		equal(t, "Content-Range", str(out.ContentRange), "bytes 2-4/10")
		equal(t, "Content-Length", aws.ToInt64(out.ContentLength), 3)
	}},
	{Number: 516, Title: "S3: a range behind the end says InvalidRange", Source: s3Guide + "troubleshooting.html", Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "0123456789")
		_, err := t.s3.GetObject(t.ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("key"), Range: aws.String("bytes=20-")})
		t.wantError(err, "InvalidRange", "The requested range is not satisfiable")
		equal(t, "the status", status(err), http.StatusRequestedRangeNotSatisfiable)
	}},
	{Number: 517, Title: "S3: If-None-Match * writes only what is not there", Source: s3Guide + "conditional-writes.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "x")
		_, err := t.s3.PutObject(t.ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("key"), Body: strings.NewReader("y"), IfNoneMatch: aws.String("*")})
		t.wantError(err, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
		equal(t, "the status", status(err), http.StatusPreconditionFailed)
	}},
	{Number: 518, Title: "S3: If-Match on reading takes only that ETag", Source: s3API + "GetObject.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "x")
		_, err := t.s3.GetObject(t.ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("key"), IfMatch: aws.String(`"0"`)})
		t.wantError(err, "PreconditionFailed")
	}},
	{Number: 519, Title: "S3: deleting what is not there succeeds", Source: s3Recorded + "test_delete_object", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		out := must(t.s3.DeleteObject(t.ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: aws.String("key")}))(t)
		if out.DeleteMarker != nil || out.VersionId != nil {
			t.Errorf("the answer is %+v", out)
		}
	}},
	{Number: 520, Title: "S3: a bucket that expects another owner refuses", Source: s3Guide + "bucket-owner-condition.html", Run: func(t *T) {
		bucket := t.bucket()
		_, err := t.s3.ListObjectsV2(t.ctx, &s3.ListObjectsV2Input{Bucket: &bucket, ExpectedBucketOwner: aws.String("999999999999")})
		t.wantError(err, "AccessDenied")
		equal(t, "the status", status(err), http.StatusForbidden)
	}},
	{Number: 521, Title: "S3: a bucket without a policy says NoSuchBucketPolicy", Source: s3Guide + "troubleshooting.html", Run: func(t *T) {
		bucket := t.bucket()
		_, err := t.s3.GetBucketPolicy(t.ctx, &s3.GetBucketPolicyInput{Bucket: &bucket})
		t.wantError(err, "NoSuchBucketPolicy", "The bucket policy does not exist")
	}},
	{Number: 522, Title: "S3: a bucket without tags says NoSuchTagSet", Source: s3API + "GetBucketTagging.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		_, err := t.s3.GetBucketTagging(t.ctx, &s3.GetBucketTaggingInput{Bucket: &bucket})
		t.wantError(err, "NoSuchTagSet", "The TagSet does not exist")
	}},
	{Number: 523, Title: "S3: a bucket without rules says NoSuchLifecycleConfiguration", Source: s3API + "GetBucketLifecycleConfiguration.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		_, err := t.s3.GetBucketLifecycleConfiguration(t.ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &bucket})
		t.wantError(err, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
	}},
	{Number: 524, Title: "S3: a new bucket blocks all public access", Source: "https://aws.amazon.com/blogs/aws/heads-up-amazon-s3-security-changes-are-coming-in-april-of-2023/", Run: func(t *T) {
		bucket := t.bucket()
		out := must(t.s3.GetPublicAccessBlock(t.ctx, &s3.GetPublicAccessBlockInput{Bucket: &bucket}))(t).PublicAccessBlockConfiguration
		if !aws.ToBool(out.BlockPublicAcls) || !aws.ToBool(out.BlockPublicPolicy) || !aws.ToBool(out.IgnorePublicAcls) || !aws.ToBool(out.RestrictPublicBuckets) {
			t.Errorf("the configuration is %+v", out)
		}
	}},
	{Number: 525, Title: "S3: a new bucket's objects belong to the bucket's owner", Source: s3Guide + "about-object-ownership.html", Run: func(t *T) {
		bucket := t.bucket()
		out := must(t.s3.GetBucketOwnershipControls(t.ctx, &s3.GetBucketOwnershipControlsInput{Bucket: &bucket}))(t)
		equal(t, "ObjectOwnership", out.OwnershipControls.Rules[0].ObjectOwnership, s3types.ObjectOwnershipBucketOwnerEnforced)
	}},
	{Number: 526, Title: "S3: a policy that makes a bucket public is refused while that is blocked", Source: s3Guide + "access-control-block-public-access.html", Run: func(t *T) {
		bucket := t.bucket()
		open := document(statement{Effect: "Allow", Action: []string{"s3:GetObject"}, Resource: []string{"arn:aws:s3:::" + bucket + "/*"}, Principal: map[string]any{"AWS": "*"}})
		_, err := t.s3.PutBucketPolicy(t.ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &open})
		t.wantError(err, "AccessDenied")
	}},
	{Number: 527, Title: "S3: a bucket policy that is no JSON is malformed", Source: s3Guide + "troubleshooting.html", Run: func(t *T) {
		bucket := t.bucket()
		_, err := t.s3.PutBucketPolicy(t.ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: aws.String("{")})
		t.wantError(err, "MalformedPolicy")
	}},
	{Number: 528, Title: "S3: the location of a bucket is its region, and null in us-east-1", Source: s3API + "GetBucketLocation.html", Confirmed: true, Run: func(t *T) {
		bucket, want := t.bucket(), t.region()
		if want == "us-east-1" {
			want = ""
		}
		out := must(t.s3.GetBucketLocation(t.ctx, &s3.GetBucketLocationInput{Bucket: &bucket}))(t)
		equal(t, "LocationConstraint", string(out.LocationConstraint), want)
	}},
}
