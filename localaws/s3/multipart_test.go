package s3

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// multipart drives one upload to bucket, key "k".
type multipart struct {
	*world
	id    *string
	parts []types.CompletedPart
}

func (w *world) multipart(tb testing.TB, alg types.ChecksumAlgorithm) *multipart {
	tb.Helper()
	out := must(w.CreateMultipartUpload(tb.Context(), &s3.CreateMultipartUploadInput{
		Bucket: aws.String("bucket"), Key: aws.String("k"), ChecksumAlgorithm: alg, ContentType: aws.String("text/plain"), Tagging: aws.String("a=1"),
	}))(tb)
	return &multipart{world: w, id: out.UploadId}
}

func (m *multipart) upload(tb testing.TB, number int32, body string, alg types.ChecksumAlgorithm) {
	tb.Helper()
	out := must(m.UploadPart(tb.Context(), &s3.UploadPartInput{
		Bucket: aws.String("bucket"), Key: aws.String("k"), UploadId: m.id, PartNumber: &number, Body: strings.NewReader(body), ChecksumAlgorithm: alg,
	}))(tb)
	p := types.CompletedPart{PartNumber: &number, ETag: out.ETag}
	sum, err := checksumOf(out)
	if err != nil {
		tb.Fatal(err)
	}
	if alg != "" {
		sum.fill(&p)
	}
	m.parts = append(m.parts, p)
}

func (m *multipart) complete(tb testing.TB) (*s3.CompleteMultipartUploadOutput, error) {
	tb.Helper()
	return m.CompleteMultipartUpload(tb.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: aws.String("bucket"), Key: aws.String("k"), UploadId: m.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: m.parts},
	})
}

func TestMultipart(t *testing.T) {
	w, ctx := newBucket(t, types.BucketVersioningStatusEnabled), t.Context()
	big := strings.Repeat("a", minPartSize)
	m := w.multipart(t, "")
	m.upload(t, 1, "replaced", "")
	m.parts = nil
	m.upload(t, 1, big, "")
	m.upload(t, 7, "tail", "")
	out := must(m.complete(t))(t)
	// md5(md5(5 MiB of "a") + md5("tail")), as "md5sum | xxd -r -p" has it.
	if *out.ETag != multipartETag(big, "tail") || *out.VersionId == "" || out.ChecksumType != types.ChecksumTypeFullObject || out.ChecksumCRC64NVME == nil {
		t.Errorf("answer %+v", out)
	}
	if got := w.get(t, "k", ""); got != big+"tail" {
		t.Errorf("body of %d bytes", len(got))
	}
	if n := w.fileCount(t); n != 1 {
		t.Errorf("%d files", n)
	}
	again := must(m.complete(t))(t)
	if *again.VersionId != *out.VersionId || w.listing(t, map[string]string{*out.VersionId: "1"}) != "k=1*" {
		t.Errorf("completed again: %+v", again)
	}
	part := must(w.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k"), PartNumber: aws.Int32(7)}))(t)
	if readAll(t, part.Body) != "tail" || *part.PartsCount != 2 || *part.ContentType != "text/plain" || *part.TagCount != 1 {
		t.Errorf("part 7: %+v", part)
	}
	_, err := w.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k"), PartNumber: aws.Int32(2)})
	wantError(t, err, "InvalidPartNumber", "The requested partnumber is not satisfiable")
}

func multipartETag(parts ...string) string {
	var all []byte
	for _, p := range parts {
		raw, _ := base64.StdEncoding.DecodeString(md5Of(p))
		all = append(all, raw...)
	}
	raw, _ := base64.StdEncoding.DecodeString(md5Of(string(all)))
	return fmt.Sprintf("\"%x-%d\"", raw, len(parts))
}

func TestMultipartComposite(t *testing.T) {
	w, ctx := newBucket(t, ""), t.Context()
	big := strings.Repeat("a", minPartSize)
	m := w.multipart(t, types.ChecksumAlgorithmSha256)
	_, err := w.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String("bucket"), Key: aws.String("k"), UploadId: m.id, PartNumber: aws.Int32(1), Body: strings.NewReader("x")})
	wantError(t, err, "InvalidRequest", "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null")
	m.upload(t, 1, big, types.ChecksumAlgorithmSha256)
	m.upload(t, 2, "tail", types.ChecksumAlgorithmSha256)
	bare := &multipart{world: w, id: m.id}
	for _, p := range m.parts {
		bare.parts = append(bare.parts, types.CompletedPart{PartNumber: p.PartNumber, ETag: p.ETag})
	}
	_, err = bare.complete(t)
	wantError(t, err, "InvalidRequest", "The upload was created using a sha256 checksum. The complete request must include the checksum for each part. It was missing for part 1 in the request.")
	out := must(m.complete(t))(t)
	one, two := sha256.Sum256([]byte(big)), sha256.Sum256([]byte("tail"))
	whole := sha256.Sum256(slices.Concat(one[:], two[:]))
	if want := base64.StdEncoding.EncodeToString(whole[:]) + "-2"; *out.ChecksumSHA256 != want || out.ChecksumType != types.ChecksumTypeComposite {
		t.Errorf("checksum %s, want %s", *out.ChecksumSHA256, want)
	}
	attributes := must(w.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{
		Bucket: aws.String("bucket"), Key: aws.String("k"), ObjectAttributes: types.ObjectAttributes("").Values(), MaxParts: aws.Int32(1),
	}))(t)
	parts := attributes.ObjectParts
	if *parts.TotalPartsCount != 2 || !*parts.IsTruncated || *parts.NextPartNumberMarker != "1" || len(parts.Parts) != 1 ||
		*attributes.ObjectSize != minPartSize+4 || strings.Contains(*attributes.ETag, `"`) || *attributes.Checksum.ChecksumSHA256 != *out.ChecksumSHA256 {
		t.Errorf("attributes %+v %+v", attributes, parts)
	}
}

func TestMultipartRefuses(t *testing.T) {
	w, ctx := newBucket(t, ""), t.Context()
	big := strings.Repeat("a", minPartSize)
	complete := func(change func(*multipart)) error {
		m := w.multipart(t, "")
		m.upload(t, 1, big, "")
		m.upload(t, 2, "small", "")
		m.upload(t, 3, "tail", "")
		change(m)
		_, err := m.complete(t)
		if _, gone := w.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: aws.String("bucket"), Key: aws.String("k"), UploadId: m.id}); err != nil && codeOf(err) != "NoSuchUpload" && gone != nil {
			t.Error(gone)
		}
		return err
	}
	wantError(t, complete(func(*multipart) {}), "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
	wantError(t, complete(func(m *multipart) { m.parts = nil }), "MalformedXML", "The XML you provided")
	wantError(t, complete(func(m *multipart) { slices.Reverse(m.parts) }), "InvalidPartOrder", "The list of parts was not in ascending order.")
	wantError(t, complete(func(m *multipart) { m.parts[0].ETag = aws.String("no") }), "InvalidPart", "One or more of the specified parts could not be found.")
	wantError(t, complete(func(m *multipart) { m.parts = m.parts[:1]; m.parts[0].PartNumber = aws.Int32(9) }), "InvalidPart", "One or more of the specified parts")
	wantError(t, complete(func(m *multipart) { m.id = aws.String(newID(77)) }), "NoSuchUpload", "The specified upload does not exist.")
	wantError(t, complete(func(m *multipart) { m.id = aws.String("junk") }), "NoSuchUpload", "The upload ID may be invalid")
	_, err := w.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String("bucket"), Key: aws.String("k"), UploadId: aws.String("x"), PartNumber: aws.Int32(10001)})
	wantError(t, err, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	_, err = w.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: aws.String("bucket"), Key: aws.String("k"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256, ChecksumType: types.ChecksumTypeFullObject,
	})
	wantError(t, err, "InvalidRequest", "The FULL_OBJECT checksum type cannot be used with the SHA256 checksum algorithm.")
}

func TestAbortRemovesParts(t *testing.T) {
	w, ctx := newBucket(t, ""), t.Context()
	m := w.multipart(t, "")
	m.upload(t, 1, "x", "")
	in := &s3.AbortMultipartUploadInput{Bucket: aws.String("bucket"), Key: aws.String("k"), UploadId: m.id}
	must(w.AbortMultipartUpload(ctx, in))(t)
	if n := w.fileCount(t); n != 0 {
		t.Errorf("%d files", n)
	}
	_, err := w.AbortMultipartUpload(ctx, in)
	wantError(t, err, "NoSuchUpload", "does not exist")
	_, err = w.ListParts(ctx, &s3.ListPartsInput{Bucket: in.Bucket, Key: in.Key, UploadId: m.id})
	wantError(t, err, "NoSuchUpload", "does not exist")
}

// Parts, completion and abortion at once: one outcome, and no file without a row.
func TestMultipartAtOnce(t *testing.T) {
	w := newBucket(t, "")
	for range 10 {
		m := w.multipart(t, "")
		m.upload(t, 1, "body", "")
		var wg sync.WaitGroup
		var completed, aborted error
		wg.Go(func() { _, completed = m.complete(t) })
		wg.Go(func() {
			_, aborted = w.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: aws.String("bucket"), Key: aws.String("k"), UploadId: m.id})
		})
		wg.Wait()
		if (completed == nil) == (aborted == nil) {
			t.Fatalf("completed: %v, aborted: %v", completed, errors.Join(aborted))
		}
		w.remove1(t, "k", "")
		if n := w.fileCount(t); n != 0 {
			t.Fatalf("%d files", n)
		}
	}
}

func TestListPartsAndUploads(t *testing.T) {
	w, ctx, name := newBucket(t, ""), t.Context(), aws.String("bucket")
	m := w.multipart(t, "")
	for n := range int32(5) {
		m.upload(t, n*10+1, "x", "")
	}
	in := &s3.ListPartsInput{Bucket: name, Key: aws.String("k"), UploadId: m.id, MaxParts: aws.Int32(2)}
	var numbers []int32
	for {
		out := must(w.ListParts(ctx, in))(t)
		for _, p := range out.Parts {
			numbers = append(numbers, *p.PartNumber)
		}
		if in.PartNumberMarker = out.NextPartNumberMarker; !*out.IsTruncated {
			break
		}
	}
	if !slices.Equal(numbers, []int32{1, 11, 21, 31, 41}) {
		t.Errorf("parts %v", numbers)
	}
	for _, key := range []string{"a/1", "a/2", "b", "b"} {
		must(w.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: name, Key: &key}))(t)
	}
	for delimiter, want := range map[string][]string{"": {"a/1", "a/2", "b", "b", "k"}, "/": {"a/", "b", "b", "k"}} {
		for size := int32(1); size < 7; size++ {
			if got := uploadPages(t, w, delimiter, size); !slices.Equal(got, want) {
				t.Errorf("uploads in pages of %d: %q, want %q", size, got, want)
			}
		}
	}
}

func uploadPages(tb testing.TB, w *world, delimiter string, size int32) []string {
	tb.Helper()
	in := &s3.ListMultipartUploadsInput{Bucket: aws.String("bucket"), Delimiter: &delimiter, MaxUploads: &size}
	var list []string
	for {
		out := must(w.ListMultipartUploads(tb.Context(), in))(tb)
		for _, p := range out.CommonPrefixes {
			list = append(list, *p.Prefix)
		}
		for _, u := range out.Uploads {
			list = append(list, *u.Key)
		}
		if in.KeyMarker, in.UploadIdMarker = out.NextKeyMarker, out.NextUploadIdMarker; !*out.IsTruncated {
			return list
		}
	}
}
