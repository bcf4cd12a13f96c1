package s3

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestCopyObject(t *testing.T) {
	w, ctx, name := newBucket(t, types.BucketVersioningStatusEnabled), t.Context(), aws.String("bucket")
	must(w.PutObject(ctx, &s3.PutObjectInput{
		Bucket: name, Key: aws.String("a/é +.txt"), Body: strings.NewReader("one"), ContentType: aws.String("text/plain"),
		Metadata: map[string]string{"m": "1"}, Tagging: aws.String("t=1"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	}))(t)
	first := w.listing(t, nil)
	first = strings.TrimSuffix(strings.TrimPrefix(first, "a/é +.txt="), "*")
	w.put(t, "a/é +.txt", "two")

	out := must(w.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: name, Key: aws.String("copy"), CopySource: aws.String("/bucket/a/%C3%A9%20%2B.txt?versionId=" + first),
	}))(t)
	if *out.CopySourceVersionId != first || *out.VersionId == "" || out.CopyObjectResult.ChecksumSHA256 == nil {
		t.Errorf("answer %+v", out)
	}
	got := must(w.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: aws.String("copy")}))(t)
	if readAll(t, got.Body) != "one" || *got.ContentType != "text/plain" || got.Metadata["m"] != "1" || *got.TagCount != 1 {
		t.Errorf("the copy %+v", got)
	}
	must(w.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: name, Key: aws.String("copy"), CopySource: aws.String("bucket/copy"), Metadata: map[string]string{"m": "2"},
		MetadataDirective: types.MetadataDirectiveReplace, TaggingDirective: types.TaggingDirectiveReplace,
	}))(t)
	head := must(w.HeadObject(ctx, &s3.HeadObjectInput{Bucket: name, Key: aws.String("copy")}))(t)
	if head.Metadata["m"] != "2" || *head.ContentType != "binary/octet-stream" || head.TagCount != nil {
		t.Errorf("the copy to itself %+v", head)
	}
}

func TestCopyObjectRefuses(t *testing.T) {
	w := newBucket(t, types.BucketVersioningStatusEnabled)
	w.put(t, "k", "x")
	w.put(t, "deleted", "x")
	marker := *w.remove1(t, "deleted", "").VersionId
	for _, tt := range []struct{ name, source, code, words string }{
		{"itself", "bucket/k", "InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself"},
		{"no key", "bucket", "InvalidArgument", "Copy Source must mention the source bucket and key"},
		{"escape", "bucket/%zz", "InvalidArgument", "Copy Source must mention"},
		{"missing bucket", "missing/k", "NoSuchBucket", "does not exist"},
		{"missing key", "bucket/none", "NoSuchKey", "The specified key does not exist."},
		{"deleted key", "bucket/deleted", "NoSuchKey", "The specified key does not exist."},
		{"delete marker", "bucket/deleted?versionId=" + marker, "InvalidRequest", "may not specifically refer to a delete marker by version id"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k"), CopySource: &tt.source})
			wantError(t, err, tt.code, tt.words)
		})
	}
	_, err := w.CopyObject(t.Context(), &s3.CopyObjectInput{
		Bucket: aws.String("bucket"), Key: aws.String("copy"), CopySource: aws.String("bucket/k"), CopySourceIfMatch: aws.String("no"),
	})
	wantError(t, err, "PreconditionFailed", "pre-conditions")
	if n := w.fileCount(t); n != 2 {
		t.Errorf("%d files", n)
	}
}

func TestUploadPartCopy(t *testing.T) {
	w, ctx := newBucket(t, ""), t.Context()
	w.put(t, "source", "0123456789")
	m := w.multipart(t, "")
	copyPart := func(ranges *string) (*s3.UploadPartCopyOutput, error) {
		return w.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
			Bucket: aws.String("bucket"), Key: aws.String("k"), UploadId: m.id, PartNumber: aws.Int32(1),
			CopySource: aws.String("bucket/source"), CopySourceRange: ranges,
		})
	}
	_, err := copyPart(aws.String("bytes=5-10"))
	wantError(t, err, "InvalidRange", "Range specified is not valid for source object of size: 10")
	_, err = copyPart(aws.String("bytes=5-"))
	wantError(t, err, "InvalidArgument", "must be of the form bytes=first-last")
	must(copyPart(nil))(t)
	out := must(copyPart(aws.String("bytes=2-4")))(t)
	m.parts = []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: out.CopyPartResult.ETag}}
	must(m.complete(t))(t)
	if got := w.get(t, "k", ""); got != "234" {
		t.Errorf("got %q", got)
	}
}
