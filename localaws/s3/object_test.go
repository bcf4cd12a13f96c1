package s3

import (
	"crypto/md5"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestObjectRoundTrip(t *testing.T) {
	w, ctx := newBucket(t, ""), t.Context()
	expires := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	in := &s3.PutObjectInput{
		Bucket: aws.String("bucket"), Key: aws.String("../é/ \x01\x00/k"), Body: strings.NewReader("hello"), ContentLength: aws.Int64(5),
		ContentType: aws.String("text/plain"), CacheControl: aws.String("no-cache"), ContentDisposition: aws.String("inline"),
		ContentEncoding: aws.String("aws-chunked,gzip"), ContentLanguage: aws.String("en"), Expires: &expires,
		Metadata: map[string]string{"commit": "abc"}, Tagging: aws.String("a=1&b=2%203"), StorageClass: types.StorageClassStandardIa,
	}
	put := must(w.PutObject(ctx, in))(t)
	if *put.ETag != `"5d41402abc4b2a76b9719d911017c592"` || put.VersionId != nil || put.ServerSideEncryption != encrypted {
		t.Errorf("PutObject answers %+v", put)
	}
	got := must(w.GetObject(ctx, &s3.GetObjectInput{Bucket: in.Bucket, Key: in.Key}))(t)
	if body := readAll(t, got.Body); body != "hello" {
		t.Errorf("body %q", body)
	}
	head := must(w.HeadObject(ctx, &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key}))(t)
	if *head.ContentLength != 5 || *head.ETag != *put.ETag || !head.LastModified.Equal(*got.LastModified) {
		t.Errorf("HeadObject answers %+v", head)
	}
	for name, pair := range map[string][2]string{
		"type": {*got.ContentType, "text/plain"}, "cache": {*got.CacheControl, "no-cache"}, "disposition": {*got.ContentDisposition, "inline"},
		"encoding": {*got.ContentEncoding, "gzip"}, "language": {*got.ContentLanguage, "en"}, "metadata": {got.Metadata["commit"], "abc"},
		"expires": {*got.ExpiresString, "Tue, 01 Jan 2030 00:00:00 GMT"}, "class": {string(got.StorageClass), "STANDARD_IA"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", name, pair[0], pair[1])
		}
	}
	if *got.TagCount != 2 || got.ChecksumCRC64NVME != nil {
		t.Errorf("tag count %d, checksum without being asked %v", *got.TagCount, got.ChecksumCRC64NVME)
	}
	over := must(w.GetObject(ctx, &s3.GetObjectInput{Bucket: in.Bucket, Key: in.Key, ResponseContentType: aws.String("x/y")}))(t)
	if readAll(t, over.Body); *over.ContentType != "x/y" {
		t.Errorf("overridden type %q", *over.ContentType)
	}
}

func TestPutObjectRefuses(t *testing.T) {
	for _, tt := range []struct {
		name        string
		in          s3.PutObjectInput
		code, words string
	}{
		{"long key", s3.PutObjectInput{Key: aws.String(strings.Repeat("k", 1025))}, "KeyTooLongError", "Your key is too long"},
		{"key not UTF-8", s3.PutObjectInput{Key: aws.String("\xff")}, "InvalidURI", "Couldn't parse"},
		{"MD5 malformed", s3.PutObjectInput{ContentMD5: aws.String("!")}, "InvalidDigest", "The Content-MD5 you specified was invalid."},
		{"MD5 wrong", s3.PutObjectInput{ContentMD5: aws.String(md5Of("other"))}, "BadDigest", "The Content-MD5 you specified did not match what we received."},
		{"CRC32 wrong", s3.PutObjectInput{ChecksumCRC32: aws.String("AAAAAA==")}, "BadDigest", "The CRC32 you specified did not match the calculated checksum."},
		{"CRC32 malformed", s3.PutObjectInput{ChecksumCRC32: aws.String("AAAA")}, "InvalidRequest", "Value for x-amz-checksum-crc32 header is invalid."},
		{"two checksums", s3.PutObjectInput{ChecksumCRC32: aws.String("AAAAAA=="), ChecksumCRC32C: aws.String("AAAAAA==")}, "InvalidRequest", "Multiple checksum Types are not allowed."},
		{"checksum not served", s3.PutObjectInput{ChecksumAlgorithm: types.ChecksumAlgorithmXxhash3}, "NotImplemented", "not implemented"},
		{"short body", s3.PutObjectInput{ContentLength: aws.Int64(6)}, "IncompleteBody", "number of bytes specified by the Content-Length"},
		{"broken body", s3.PutObjectInput{Body: io.MultiReader(strings.NewReader("he"), iotest.ErrReader(io.ErrUnexpectedEOF))}, "IncompleteBody", "number of bytes"},
		{"too large", s3.PutObjectInput{ContentLength: aws.Int64(maxPutSize + 1)}, "EntityTooLarge", "exceeds the maximum allowed size"},
		{"metadata", s3.PutObjectInput{Metadata: map[string]string{"k": strings.Repeat("v", 2048)}}, "MetadataTooLarge", "metadata headers exceed"},
		{"tags twice", s3.PutObjectInput{Tagging: aws.String("a=1&a=2")}, "InvalidArgument", "x-amz-tagging"},
		{"eleven tags", s3.PutObjectInput{Tagging: aws.String("a&b&c&d&e&f&g&h&i&j&k")}, "BadRequest", "Object tags cannot be greater than 10"},
		{"ACL", s3.PutObjectInput{ACL: types.ObjectCannedACLPublicRead}, "AccessControlListNotSupported", "The bucket does not allow ACLs"},
		{"archive", s3.PutObjectInput{StorageClass: types.StorageClassGlacier}, "NotImplemented", "not implemented"},
		{"class", s3.PutObjectInput{StorageClass: types.StorageClassOutposts}, "InvalidStorageClass", "The storage class you specified is not valid"},
		{"customer key", s3.PutObjectInput{SSECustomerKey: aws.String("k")}, "NotImplemented", "not implemented"},
		{"If-None-Match", s3.PutObjectInput{IfNoneMatch: aws.String(`"etag"`)}, "NotImplemented", "not implemented"},
		{"If-Match nothing", s3.PutObjectInput{IfMatch: aws.String(`"etag"`)}, "NoSuchKey", "The specified key does not exist."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newBucket(t, "")
			tt.in.Bucket = aws.String("bucket")
			if tt.in.Key == nil {
				tt.in.Key = aws.String("k")
			}
			if tt.in.Body == nil {
				tt.in.Body = strings.NewReader("hello")
			}
			_, err := w.PutObject(t.Context(), &tt.in)
			wantError(t, err, tt.code, tt.words)
			if n := w.fileCount(t); n != 0 {
				t.Errorf("%d files left", n)
			}
		})
	}
}

func md5Of(s string) string {
	sum := md5.Sum([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func TestBodyThatFailsForAnotherReason(t *testing.T) {
	w := newBucket(t, "")
	broken := errors.New("broken")
	_, err := w.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k"), Body: iotest.ErrReader(broken)})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if n := w.fileCount(t); n != 0 {
		t.Errorf("%d files left", n)
	}
}

// The check values of "123456789" are those of the catalogues of CRCs and of the standards of the digests.
func TestChecksums(t *testing.T) {
	w, ctx := newBucket(t, ""), t.Context()
	for alg, want := range map[types.ChecksumAlgorithm]string{
		types.ChecksumAlgorithmCrc32:     "y/Q5Jg==",
		types.ChecksumAlgorithmCrc32c:    "4waSgw==",
		types.ChecksumAlgorithmCrc64nvme: "rosUhgp5mIg=",
		types.ChecksumAlgorithmSha1:      "98O8HYCOBHMq32eZZczDTKeuNEE=",
		types.ChecksumAlgorithmSha256:    "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
		types.ChecksumAlgorithmMd5:       "JfnnlDI7RTiF9RgfG2JNCw==",
	} {
		t.Run(string(alg), func(t *testing.T) {
			in := &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String(string(alg)), Body: strings.NewReader("123456789")}
			checksum{Algorithm: alg, Value: want}.fill(in)
			must(w.PutObject(ctx, in))(t)
			got := must(w.GetObject(ctx, &s3.GetObjectInput{Bucket: in.Bucket, Key: in.Key, ChecksumMode: types.ChecksumModeEnabled}))(t)
			readAll(t, got.Body)
			sum, err := checksumOf(got)
			if err != nil || sum.Algorithm != alg || sum.Value != want || got.ChecksumType != types.ChecksumTypeFullObject {
				t.Errorf("got %+v %v", sum, err)
			}
		})
	}
	t.Run("CRC64NVME by default", func(t *testing.T) {
		out := must(w.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k"), Body: strings.NewReader("123456789")}))(t)
		if aws.ToString(out.ChecksumCRC64NVME) != "rosUhgp5mIg=" {
			t.Errorf("got %+v", out)
		}
	})
}

func TestRanges(t *testing.T) {
	w, ctx := newBucket(t, ""), t.Context()
	w.put(t, "k", "0123456789")
	w.put(t, "empty", "")
	for _, tt := range []struct{ key, header, body, contentRange string }{
		{"k", "bytes=0-0", "0", "bytes 0-0/10"},
		{"k", "bytes=2-4", "234", "bytes 2-4/10"},
		{"k", "bytes=7-", "789", "bytes 7-9/10"},
		{"k", "bytes=7-99", "789", "bytes 7-9/10"},
		{"k", "bytes=-3", "789", "bytes 7-9/10"},
		{"k", "bytes=-99", "0123456789", "bytes 0-9/10"},
		{"k", "bytes=4-2", "0123456789", ""},
		{"k", "bytes=0-1,3-4", "0123456789", ""},
		{"k", "lines=0-1", "0123456789", ""},
		{"k", "bytes=x", "0123456789", ""},
		{"k", "bytes=--1", "0123456789", ""},
		{"k", "bytes=10-", "InvalidRange", ""},
		{"k", "bytes=-0", "InvalidRange", ""},
		{"empty", "bytes=0-", "InvalidRange", ""},
		{"empty", "", "", ""},
	} {
		t.Run(tt.key+" "+tt.header, func(t *testing.T) {
			out, err := w.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: &tt.key, Range: &tt.header, ChecksumMode: types.ChecksumModeEnabled})
			if tt.body == "InvalidRange" {
				wantError(t, err, "InvalidRange", "The requested range is not satisfiable")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			body := readAll(t, out.Body)
			if body != tt.body || aws.ToString(out.ContentRange) != tt.contentRange || *out.ContentLength != int64(len(body)) {
				t.Errorf("got %q, %q, length %d", body, aws.ToString(out.ContentRange), *out.ContentLength)
			}
			if (out.ChecksumCRC64NVME == nil) != (tt.contentRange != "") {
				t.Errorf("checksum %v with range %q", out.ChecksumCRC64NVME, tt.contentRange)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	w, ctx := newBucket(t, ""), t.Context()
	w.put(t, "k", "hello")
	etag := aws.String(`"5d41402abc4b2a76b9719d911017c592"`)
	other := aws.String(`"other"`)
	head := must(w.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k")}))(t)
	same, before := head.LastModified, aws.Time(head.LastModified.Add(-time.Second))
	for _, tt := range []struct {
		name string
		in   s3.GetObjectInput
		want string
	}{
		{"match", s3.GetObjectInput{IfMatch: etag}, "hello"},
		{"match any", s3.GetObjectInput{IfMatch: aws.String("*")}, "hello"},
		{"match unquoted", s3.GetObjectInput{IfMatch: aws.String("5d41402abc4b2a76b9719d911017c592")}, "hello"},
		{"match other", s3.GetObjectInput{IfMatch: other}, "PreconditionFailed"},
		{"none match", s3.GetObjectInput{IfNoneMatch: etag}, "NotModified"},
		{"none match other", s3.GetObjectInput{IfNoneMatch: other}, "hello"},
		{"modified since", s3.GetObjectInput{IfModifiedSince: before}, "hello"},
		{"not modified since", s3.GetObjectInput{IfModifiedSince: same}, "NotModified"},
		{"unmodified since", s3.GetObjectInput{IfUnmodifiedSince: same}, "hello"},
		{"not unmodified since", s3.GetObjectInput{IfUnmodifiedSince: before}, "PreconditionFailed"},
		{"match wins over unmodified", s3.GetObjectInput{IfMatch: etag, IfUnmodifiedSince: before}, "hello"},
		{"none match wins over modified", s3.GetObjectInput{IfNoneMatch: etag, IfModifiedSince: before}, "NotModified"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.Bucket, tt.in.Key = aws.String("bucket"), aws.String("k")
			out, err := w.GetObject(ctx, &tt.in)
			var got string
			if err != nil {
				got = codeOf(err)
			} else {
				got = readAll(t, out.Body)
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestConditionalPut(t *testing.T) {
	w, ctx := newBucket(t, ""), t.Context()
	put := func(body string, match, noneMatch *string) error {
		_, err := w.PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String("bucket"), Key: aws.String("k"), Body: strings.NewReader(body), IfMatch: match, IfNoneMatch: noneMatch,
		})
		return err
	}
	if err := put("one", nil, aws.String("*")); err != nil {
		t.Fatal(err)
	}
	wantError(t, put("two", nil, aws.String("*")), "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	wantError(t, put("two", aws.String(`"no"`), nil), "PreconditionFailed", "pre-conditions")
	if err := put("two", aws.String("*"), nil); err != nil {
		t.Fatal(err)
	}
	if got := w.get(t, "k", ""); got != "two" || w.fileCount(t) != 1 {
		t.Errorf("object %q, %d files", got, w.fileCount(t))
	}
}

// Of many that make the same object only if it is not there, one does.
func TestConditionalPutAtOnce(t *testing.T) {
	w := newBucket(t, "")
	var wg sync.WaitGroup
	wins := make(chan int, 20)
	for i := range 20 {
		wg.Go(func() {
			_, err := w.PutObject(t.Context(), &s3.PutObjectInput{
				Bucket: aws.String("bucket"), Key: aws.String("k"), Body: strings.NewReader("x"), IfNoneMatch: aws.String("*"),
			})
			if err == nil {
				wins <- i
			} else if codeOf(err) != "PreconditionFailed" {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(wins) != 1 || w.fileCount(t) != 1 {
		t.Errorf("%d wins, %d files", len(wins), w.fileCount(t))
	}
}

// Readers and overwriters of one key at once: every read is one whole body.
func TestReadWhileOverwritten(t *testing.T) {
	w := newBucket(t, "")
	w.put(t, "k", strings.Repeat("0", 1000))
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 50 {
				w.put(t, "k", strings.Repeat(string(rune('a'+i)), 1000))
			}
		})
		wg.Go(func() {
			for range 50 {
				got := w.get(t, "k", "")
				if len(got) != 1000 || strings.Count(got, got[:1]) != 1000 {
					t.Errorf("torn body %.20q", got)
				}
			}
		})
	}
	wg.Wait()
	if n := w.fileCount(t); n != 1 {
		t.Errorf("%d files", n)
	}
}

func TestObjectTagging(t *testing.T) {
	w, ctx, name, key := newBucket(t, types.BucketVersioningStatusEnabled), t.Context(), aws.String("bucket"), aws.String("k")
	first := w.put(t, "k", "x")
	second := w.put(t, "k", "y")
	out := must(w.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{
		Bucket: name, Key: key, VersionId: &first, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}},
	}))(t)
	if *out.VersionId != first {
		t.Errorf("version %s", *out.VersionId)
	}
	if got := must(w.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: name, Key: key, VersionId: &first}))(t); len(got.TagSet) != 1 {
		t.Errorf("tags %+v", got.TagSet)
	}
	if got := must(w.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: name, Key: key}))(t); len(got.TagSet) != 0 || *got.VersionId != second {
		t.Errorf("tags of the other version %+v", got.TagSet)
	}
	must(w.DeleteObjectTagging(ctx, &s3.DeleteObjectTaggingInput{Bucket: name, Key: key, VersionId: &first}))(t)
	if got := must(w.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: name, Key: key, VersionId: &first}))(t); len(got.TagSet) != 0 {
		t.Errorf("tags after deletion %+v", got.TagSet)
	}
	_, err := w.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: name, Key: aws.String("none")})
	wantError(t, err, "NoSuchKey", "The specified key does not exist.")
}
