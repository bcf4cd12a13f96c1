package conformance

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const s3Lists = "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/s3/test_s3_list_operations.snapshot.json, "

var s3VersionAssumptions = []Assumption{
	{Number: 540, Title: "S3: every write to a versioned bucket is a version", Source: s3Guide + "Versioning.html", Run: func(t *T) {
		bucket := t.versioned()
		first, second := t.object(bucket, "key", "one"), t.object(bucket, "key", "two")
		if first == "" || first == second {
			t.Errorf("the versions are %q and %q", first, second)
		}
		equal(t, "the first version", must(t.read(bucket, "key", first))(t), "one")
		equal(t, "the object", must(t.read(bucket, "key", ""))(t), "two")
	}},
	{Number: 541, Title: "S3: deleting in a versioned bucket puts a delete marker", Source: s3Recorded + "test_delete_object_versioned", Confirmed: true, Run: func(t *T) {
		bucket := t.versioned()
		version := t.object(bucket, "key", "one")
		out := must(t.s3.DeleteObject(t.ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: aws.String("key")}))(t)
		if !aws.ToBool(out.DeleteMarker) || str(out.VersionId) == "" {
			t.Errorf("the answer is %+v", out)
		}
		_, err := t.read(bucket, "key", "")
		t.wantError(err, "NoSuchKey")
		equal(t, "the version", must(t.read(bucket, "key", version))(t), "one")
	}},
	{Number: 542, Title: "S3: a delete marker cannot be read", Source: s3Recorded + "test_delete_object_versioned", Confirmed: true, Run: func(t *T) {
		bucket := t.versioned()
		t.object(bucket, "key", "one")
		marker := must(t.s3.DeleteObject(t.ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: aws.String("key")}))(t).VersionId
		_, err := t.read(bucket, "key", *marker)
		t.wantError(err, "MethodNotAllowed", "The specified method is not allowed against this resource.")
		equal(t, "the status", status(err), http.StatusMethodNotAllowed)
	}},
	{Number: 543, Title: "S3: deleting a delete marker brings the object back", Source: s3Guide + "ManagingDelMarkers.html", Run: func(t *T) {
		bucket := t.versioned()
		t.object(bucket, "key", "one")
		marker := must(t.s3.DeleteObject(t.ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: aws.String("key")}))(t).VersionId
		out := must(t.s3.DeleteObject(t.ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: aws.String("key"), VersionId: marker}))(t)
		equal(t, "DeleteMarker", aws.ToBool(out.DeleteMarker), true)
		equal(t, "the object", must(t.read(bucket, "key", ""))(t), "one")
	}},
	{Number: 544, Title: "S3: a version that is deleted says NoSuchVersion", Source: s3Recorded + "test_delete_object_versioned", Confirmed: true, Run: func(t *T) {
		bucket := t.versioned()
		version := t.object(bucket, "key", "one")
		must(0, t.deleteVersion(bucket, "key", version))(t)
		_, err := t.read(bucket, "key", version)
		t.wantError(err, "NoSuchVersion", "The specified version does not exist.")
		equal(t, "the status", status(err), http.StatusNotFound)
	}},
	{Number: 545, Title: "S3: a version id that is none says InvalidArgument", Source: s3Recorded + "test_delete_object_versioned", Confirmed: true, Run: func(t *T) {
		bucket := t.versioned()
		t.object(bucket, "key", "one")
		err := t.deleteVersion(bucket, "key", "bad")
		t.wantError(err, "InvalidArgument", "Invalid version id specified")
	}},
	{Number: 546, Title: "S3: an object from before versioning is the version null", Source: s3Guide + "AddingObjectstoVersionSuspendedBuckets.html", Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "before")
		t.versioning(bucket, s3types.BucketVersioningStatusEnabled)
		t.object(bucket, "key", "after")
		equal(t, "the version null", must(t.read(bucket, "key", "null"))(t), "before")
	}},
	{Number: 547, Title: "S3: with versioning suspended, a write replaces the version null", Source: s3Guide + "AddingObjectstoVersionSuspendedBuckets.html", Confirmed: true, Run: func(t *T) {
		bucket := t.versioned()
		kept := t.object(bucket, "key", "kept")
		t.versioning(bucket, s3types.BucketVersioningStatusSuspended)
		t.object(bucket, "key", "one")
		t.object(bucket, "key", "two")
		out := must(t.s3.ListObjectVersions(t.ctx, &s3.ListObjectVersionsInput{Bucket: &bucket}))(t)
		if len(out.Versions) != 2 || str(out.Versions[0].VersionId) != "null" || str(out.Versions[1].VersionId) != kept {
			t.Errorf("the versions are %+v", out.Versions)
		}
	}},
	{Number: 548, Title: "S3: versions are listed the newest first", Source: s3API + "ListObjectVersions.html", Run: func(t *T) {
		bucket := t.versioned()
		first, second := t.object(bucket, "key", "one"), t.object(bucket, "key", "two")
		out := must(t.s3.ListObjectVersions(t.ctx, &s3.ListObjectVersionsInput{Bucket: &bucket}))(t)
		if len(out.Versions) != 2 || str(out.Versions[0].VersionId) != second || !aws.ToBool(out.Versions[0].IsLatest) || str(out.Versions[1].VersionId) != first {
			t.Errorf("the versions are %+v", out.Versions)
		}
	}},
	{Number: 549, Title: "S3: DeleteObjects answers 200 with errors inside", Source: s3Recorded + "test_delete_objects", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "x")
		out := must(t.s3.DeleteObjects(t.ctx, &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &s3types.Delete{
			Objects: []s3types.ObjectIdentifier{{Key: aws.String("key"), VersionId: aws.String("HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD")}},
		}}))(t)
		if len(out.Errors) != 1 || str(out.Errors[0].Code) != "NoSuchVersion" || len(out.Deleted) != 0 {
			t.Errorf("deleted %+v, errors %+v", out.Deleted, out.Errors)
		}
	}},
	{Number: 550, Title: "S3: DeleteObjects counts keys that are not there as deleted", Source: s3Recorded + "test_delete_objects", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "x")
		out := must(t.s3.DeleteObjects(t.ctx, &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &s3types.Delete{
			Objects: []s3types.ObjectIdentifier{{Key: aws.String("key")}, {Key: aws.String("not-there")}},
		}}))(t)
		if len(out.Deleted) != 2 || len(out.Errors) != 0 {
			t.Errorf("deleted %+v, errors %+v", out.Deleted, out.Errors)
		}
	}},
	{Number: 551, Title: "S3: keys are listed in the order of their bytes", Source: s3API + "ListObjectsV2.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		for _, key := range []string{"b", "a/2", "B", "a", "é", "a/10"} {
			t.object(bucket, key, "x")
		}
		if got := t.keys(bucket); !slices.Equal(got, []string{"B", "a", "a/10", "a/2", "b", "é"}) {
			t.Errorf("the keys are %q", got)
		}
	}},
	{Number: 552, Title: "S3: a delimiter rolls keys up, and what is rolled up counts as one", Source: s3Lists + "test_list_objects_v2_with_prefix_and_delimiter", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		for _, key := range []string{"test/bar/1", "test/foo/1", "test/foo/2"} {
			t.object(bucket, key, "x")
		}
		out := must(t.s3.ListObjectsV2(t.ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: aws.String("test/"), Delimiter: aws.String("/"), MaxKeys: aws.Int32(1)}))(t)
		if len(out.CommonPrefixes) != 1 || str(out.CommonPrefixes[0].Prefix) != "test/bar/" || aws.ToInt32(out.KeyCount) != 1 || !aws.ToBool(out.IsTruncated) || out.NextContinuationToken == nil {
			t.Errorf("the first page is %+v", out)
		}
		out = must(t.s3.ListObjectsV2(t.ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: aws.String("test/"), Delimiter: aws.String("/"), ContinuationToken: out.NextContinuationToken}))(t)
		if len(out.CommonPrefixes) != 1 || str(out.CommonPrefixes[0].Prefix) != "test/foo/" || aws.ToBool(out.IsTruncated) {
			t.Errorf("the second page is %+v", out)
		}
	}},
	{Number: 553, Title: "S3: a page holds a thousand keys by default", Source: s3Lists + "test_list_objects_v2_with_prefix", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		out := must(t.s3.ListObjectsV2(t.ctx, &s3.ListObjectsV2Input{Bucket: &bucket}))(t)
		equal(t, "MaxKeys", aws.ToInt32(out.MaxKeys), 1000)
	}},
	{Number: 554, Title: "S3: StartAfter begins behind a key", Source: s3API + "ListObjectsV2.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		for _, key := range []string{"a", "b", "c"} {
			t.object(bucket, key, "x")
		}
		out := must(t.s3.ListObjectsV2(t.ctx, &s3.ListObjectsV2Input{Bucket: &bucket, StartAfter: aws.String("a")}))(t)
		if len(out.Contents) != 2 || str(out.Contents[0].Key) != "b" {
			t.Errorf("the keys are %+v", out.Contents)
		}
	}},
	{Number: 555, Title: "S3: with EncodingType url, keys are listed percent-encoded", Source: s3API + "ListObjectsV2.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "a b+c", "x")
		out := must(t.s3.ListObjectsV2(t.ctx, &s3.ListObjectsV2Input{Bucket: &bucket, EncodingType: s3types.EncodingTypeUrl}))(t)
		got := str(out.Contents[0].Key)
		if plain, err := url.QueryUnescape(got); err != nil || got == "a b+c" || plain != "a b+c" {
			t.Errorf("the key is %q", got)
		}
	}},
	{Number: 556, Title: "S3: keys are any UTF-8, and come back as they were", Source: s3Guide + "object-keys.html", Run: func(t *T) {
		bucket, key := t.bucket(), "a b/c+d%2F ü&<>'\"=?#.txt"
		t.object(bucket, key, "x")
		equal(t, "the object", must(t.read(bucket, key, ""))(t), "x")
		if got := t.keys(bucket); len(got) != 1 || got[0] != key {
			t.Errorf("the keys are %q", got)
		}
	}},
	{Number: 557, Title: "S3: a key is no path: dots and double slashes stay", Source: s3Guide + "object-keys.html", Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "a//b", "two")
		t.object(bucket, "a/b", "one")
		equal(t, "a//b", must(t.read(bucket, "a//b", ""))(t), "two")
		equal(t, "a/b", must(t.read(bucket, "a/b", ""))(t), "one")
	}},
	{Number: 558, Title: "S3: a copy within S3 is the same object", Source: s3API + "CopyObject.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "from", "hello")
		must(t.s3.CopyObject(t.ctx, &s3.CopyObjectInput{Bucket: &bucket, Key: aws.String("to"), CopySource: aws.String(bucket + "/from")}))(t)
		equal(t, "the copy", must(t.read(bucket, "to", ""))(t), "hello")
	}},
	{Number: 559, Title: "S3: copying an object onto itself must change something", Source: s3API + "CopyObject.html", Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "hello")
		_, err := t.s3.CopyObject(t.ctx, &s3.CopyObjectInput{Bucket: &bucket, Key: aws.String("key"), CopySource: aws.String(bucket + "/key")})
		t.wantError(err, "InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself")
	}},
	{Number: 560, Title: "S3: a copy's precondition that does not hold says so", Source: "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/s3/test_s3_preconditions.snapshot.json, test_s3_copy_object_preconditions", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "from", "hello")
		_, err := t.s3.CopyObject(t.ctx, &s3.CopyObjectInput{Bucket: &bucket, Key: aws.String("to"), CopySource: aws.String(bucket + "/from"), CopySourceIfMatch: aws.String(`"0"`)})
		t.wantError(err, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	}},
	{Number: 561, Title: "S3: a checksum that does not fit is a bad digest", Source: s3Guide + "checking-object-integrity.html", Run: func(t *T) {
		bucket := t.bucket()
		_, err := t.s3.PutObject(t.ctx, &s3.PutObjectInput{
			Bucket: &bucket, Key: aws.String("key"), Body: strings.NewReader("hello"), ChecksumCRC32: aws.String("AAAAAA=="),
		})
		t.wantError(err, "BadDigest")
		equal(t, "the status", status(err), http.StatusBadRequest)
	}},
	{Number: 562, Title: "S3: an object keeps the CRC32 that it was sent with", Source: s3Recorded + "test_delete_object", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		t.object(bucket, "key", "test-delete")
		out := must(t.s3.HeadObject(t.ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("key"), ChecksumMode: s3types.ChecksumModeEnabled}))(t)
		equal(t, "ChecksumCRC32", str(out.ChecksumCRC32), "1jy6qw==")
	}},
	{Number: 563, Title: "S3: the ETag of an object of parts ends in their number", Source: s3Guide + "checking-object-integrity.html", Run: func(t *T) {
		bucket := t.bucket()
		out := t.multipart(bucket, bytes.Repeat([]byte("x"), 5<<20), []byte("end"))
		if etag := str(out.ETag); !strings.HasSuffix(etag, `-2"`) {
			t.Errorf("ETag is %s", etag)
		}
		head := must(t.s3.HeadObject(t.ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("key")}))(t)
		equal(t, "Content-Length", aws.ToInt64(head.ContentLength), 5<<20+3)
	}},
	{Number: 564, Title: "S3: all parts but the last have 5 MiB", Source: s3API + "CompleteMultipartUpload.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		_, err := t.complete(bucket, t.upload(bucket), []byte("small"), []byte("end"))
		t.wantError(err, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
	}},
	{Number: 565, Title: "S3: an upload that is not there says NoSuchUpload", Source: s3API + "UploadPart.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		upload := t.upload(bucket)
		must(t.s3.AbortMultipartUpload(t.ctx, &s3.AbortMultipartUploadInput{Bucket: &bucket, Key: aws.String("key"), UploadId: &upload}))(t)
		_, err := t.s3.UploadPart(t.ctx, &s3.UploadPartInput{Bucket: &bucket, Key: aws.String("key"), UploadId: &upload, PartNumber: aws.Int32(1), Body: strings.NewReader("x")})
		t.wantError(err, "NoSuchUpload")
		equal(t, "the status", status(err), http.StatusNotFound)
	}},
	{Number: 566, Title: "S3: parts must be completed in ascending order", Source: s3API + "CompleteMultipartUpload.html", Confirmed: true, Run: func(t *T) {
		bucket := t.bucket()
		upload := t.upload(bucket)
		one, two := t.part(bucket, upload, 1, []byte("x")), t.part(bucket, upload, 2, []byte("y"))
		_, err := t.s3.CompleteMultipartUpload(t.ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &bucket, Key: aws.String("key"), UploadId: &upload,
			MultipartUpload: &s3types.CompletedMultipartUpload{Parts: []s3types.CompletedPart{two, one}},
		})
		t.wantError(err, "InvalidPartOrder", "The list of parts was not in ascending order")
	}},
	{Number: 567, Title: "S3: an object is not there until its upload is completed", Source: s3Guide + "mpuoverview.html", Run: func(t *T) {
		bucket := t.bucket()
		t.part(bucket, t.upload(bucket), 1, []byte("x"))
		_, err := t.read(bucket, "key", "")
		t.wantError(err, "NoSuchKey")
		out := must(t.s3.ListMultipartUploads(t.ctx, &s3.ListMultipartUploadsInput{Bucket: &bucket}))(t)
		equal(t, "the number of open uploads", len(out.Uploads), 1)
	}},
}

func (t *T) upload(bucket string) string {
	return str(must(t.s3.CreateMultipartUpload(t.ctx, &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: aws.String("key")}))(t).UploadId)
}

func (t *T) part(bucket, upload string, number int32, body []byte) s3types.CompletedPart {
	out := must(t.s3.UploadPart(t.ctx, &s3.UploadPartInput{
		Bucket: &bucket, Key: aws.String("key"), UploadId: &upload, PartNumber: &number, Body: bytes.NewReader(body),
	}))(t)
	return s3types.CompletedPart{ETag: out.ETag, PartNumber: &number, ChecksumCRC32: out.ChecksumCRC32}
}

func (t *T) complete(bucket, upload string, parts ...[]byte) (*s3.CompleteMultipartUploadOutput, error) {
	done := &s3types.CompletedMultipartUpload{}
	for i, body := range parts {
		done.Parts = append(done.Parts, t.part(bucket, upload, int32(i)+1, body))
	}
	return t.s3.CompleteMultipartUpload(t.ctx, &s3.CompleteMultipartUploadInput{Bucket: &bucket, Key: aws.String("key"), UploadId: &upload, MultipartUpload: done})
}

func (t *T) multipart(bucket string, parts ...[]byte) *s3.CompleteMultipartUploadOutput {
	return must(t.complete(bucket, t.upload(bucket), parts...))(t)
}
