package s3

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// GetObject returns an object or a range of it. The body is a file that was
// opened with the lookup: what happens to the key meanwhile does not touch it.
func (s *Service) GetObject(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if err := checkEncryption("", in.SSECustomerKey); err != nil {
		return nil, err
	}
	v, file, err := s.openVersion(b, *in.Key, in.VersionId)
	if err != nil {
		return nil, s.hide(ctx, b.Name, err)
	}
	c := conditions{in.IfMatch, in.IfNoneMatch, in.IfModifiedSince, in.IfUnmodifiedSince}
	span, err := v.read(c, in.Range, in.PartNumber)
	if err != nil {
		return nil, closing(file, err)
	}
	out := &s3.GetObjectOutput{
		AcceptRanges: aws.String("bytes"), Body: span.of(file), ContentLength: &span.length, ContentRange: span.header(v.Size),
		ETag: quote(v.ETag), LastModified: &v.Modified, VersionId: b.versionID(&v), PartsCount: v.partsCount(in.PartNumber),
		CacheControl:       either(in.ResponseCacheControl, v.CacheControl),
		ContentDisposition: either(in.ResponseContentDisposition, v.ContentDisposition),
		ContentEncoding:    either(in.ResponseContentEncoding, v.ContentEncoding),
		ContentLanguage:    either(in.ResponseContentLanguage, v.ContentLanguage),
		ContentType:        either(in.ResponseContentType, v.contentType()),
		Expires:            either(in.ResponseExpires, v.Expires), //nolint:staticcheck // deprecated in favour of the string, which clients read; both are set
		Metadata:           v.Metadata, ServerSideEncryption: encrypted, StorageClass: v.storageClass(),
		TagCount: v.tagCount(), WebsiteRedirectLocation: v.Redirect,
	}
	out.ExpiresString = httpTime(out.Expires) //nolint:staticcheck // as above
	if in.ChecksumMode == types.ChecksumModeEnabled && !span.partial {
		v.Sum.fill(out)
	}
	return out, nil
}

// HeadObject is GetObject without the body.
func (s *Service) HeadObject(ctx context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, headError(err)
	}
	if err := checkEncryption("", in.SSECustomerKey); err != nil {
		return nil, err
	}
	s.mu.RLock()
	row, err := s.lookup(b, *in.Key, in.VersionId)
	s.mu.RUnlock()
	if err != nil {
		return nil, headError(s.hide(ctx, b.Name, err))
	}
	v := &row.Value
	c := conditions{in.IfMatch, in.IfNoneMatch, in.IfModifiedSince, in.IfUnmodifiedSince}
	span, err := v.read(c, in.Range, in.PartNumber)
	if err != nil {
		return nil, err
	}
	out := &s3.HeadObjectOutput{
		AcceptRanges: aws.String("bytes"), ContentLength: &span.length, ContentRange: span.header(v.Size),
		ETag: quote(v.ETag), LastModified: &v.Modified, VersionId: b.versionID(v), PartsCount: v.partsCount(in.PartNumber),
		CacheControl:       either(in.ResponseCacheControl, v.CacheControl),
		ContentDisposition: either(in.ResponseContentDisposition, v.ContentDisposition),
		ContentEncoding:    either(in.ResponseContentEncoding, v.ContentEncoding),
		ContentLanguage:    either(in.ResponseContentLanguage, v.ContentLanguage),
		ContentType:        either(in.ResponseContentType, v.contentType()),
		Expires:            either(in.ResponseExpires, v.Expires), //nolint:staticcheck // as in GetObject
		Metadata:           v.Metadata, ServerSideEncryption: encrypted, StorageClass: v.storageClass(),
		TagCount: v.tagCount(), WebsiteRedirectLocation: v.Redirect,
	}
	out.ExpiresString = httpTime(out.Expires) //nolint:staticcheck // as in GetObject
	if in.ChecksumMode == types.ChecksumModeEnabled && !span.partial {
		v.Sum.fill(out)
	}
	return out, nil
}

// openVersion finds a version and opens its file, before anybody can remove it.
func (s *Service) openVersion(b *bucket, key string, id *string) (version, *os.File, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	row, err := s.lookup(b, key, id)
	if err != nil {
		return version{}, nil, err
	}
	file, err := s.files.open(row.Value.File)
	if err != nil {
		return version{}, nil, fmt.Errorf("open the file of %s/%s: %w", b.Name, key, err)
	}
	return row.Value, file, nil
}

// closing closes the file on the way out with an error.
func closing(file io.Closer, err error) error {
	_ = file.Close() // it was only read
	return err
}

// read checks the conditions and returns the span of the body to answer with.
func (v *version) read(c conditions, ranges *string, partNumber *int32) (span, error) {
	if err := c.check(v); err != nil {
		return span{}, err
	}
	if partNumber != nil {
		if ranges != nil {
			return span{}, fail("InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
		}
		return v.partSpan(*partNumber)
	}
	return parseRange(aws.ToString(ranges), v.Size)
}

// contentType is never missing: S3 has a default.
func (v *version) contentType() *string {
	if v.ContentType == nil {
		return aws.String("binary/octet-stream")
	}
	return v.ContentType
}

func (v *version) tagCount() *int32 {
	if len(v.Tags) == 0 {
		return nil
	}
	return aws.Int32(int32(len(v.Tags)))
}

// partsCount is told to those who ask for a part.
func (v *version) partsCount(asked *int32) *int32 {
	if asked == nil || len(v.Parts) == 0 {
		return nil
	}
	return aws.Int32(int32(len(v.Parts)))
}

// either returns what the request overrides, else what the object has.
func either[T any](override, own *T) *T {
	if override != nil {
		return override
	}
	return own
}

func httpTime(t *time.Time) *string {
	if t == nil {
		return nil
	}
	return aws.String(t.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
}
