package s3

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// source is an opened source of a copy.
type source struct {
	bucket *bucket
	key    string
	id     *string // as the request named it
	version
	file *os.File
}

// parseSource reads a x-amz-copy-source header: bucket/key, URL-encoded, with
// an optional slash before and version id after.
func parseSource(header string) (bucket, key string, id *string, err error) {
	path, query, _ := strings.Cut(header, "?")
	if v, ok := strings.CutPrefix(query, "versionId="); ok && v != "" {
		id = &v
	}
	path, err = url.PathUnescape(path)
	bucket, key, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if err != nil || !ok || bucket == "" || key == "" {
		return "", "", nil, fail("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	if strings.HasPrefix(bucket, "arn:") { // access points
		return "", "", nil, notImplemented()
	}
	return bucket, key, id, nil
}

// openSource opens the source of a copy, if the conditions on it hold. The caller closes its file.
func (s *Service) openSource(ctx context.Context, header string, expectedOwner *string, c conditions) (*source, error) {
	name, key, id, err := parseSource(header)
	if err != nil {
		return nil, err
	}
	b, err := s.bucket(&name, expectedOwner)
	if err != nil {
		return nil, err
	}
	v, file, err := s.openVersion(b, key, id)
	if api, ok := asAPIError(err); ok && api.ErrorCode() == "MethodNotAllowed" {
		err = fail("InvalidRequest", "The source of a copy request may not specifically refer to a delete marker by version id.")
	}
	if err != nil {
		return nil, s.hide(ctx, name, err)
	}
	if c.check(&v) != nil { // a copy knows no "not modified"
		return nil, closing(file, preconditionFailed())
	}
	return &source{b, key, id, v, file}, nil
}

// versionID is the source's version in the answer.
func (s *source) versionID() *string { return s.bucket.versionID(&s.version) }

// CopyObject copies an object, or one version of it, within this S3.
func (s *Service) CopyObject(ctx context.Context, in *s3.CopyObjectInput) (*s3.CopyObjectOutput, error) {
	v, err := s.checkCopy(ctx, in)
	if err != nil {
		return nil, err
	}
	src, err := s.openSource(ctx, *in.CopySource, in.ExpectedSourceBucketOwner, conditions{
		in.CopySourceIfMatch, in.CopySourceIfNoneMatch, in.CopySourceIfModifiedSince, in.CopySourceIfUnmodifiedSince,
	})
	if err != nil {
		return nil, err
	}
	defer src.file.Close() //nolint:errcheck // it was only read
	if err := s.permitTags(ctx, in, src); err != nil {
		return nil, err
	}
	if err := v.inherit(in, src); err != nil {
		return nil, err
	}
	alg := in.ChecksumAlgorithm
	if alg == "" {
		alg = src.Sum.Algorithm
	}
	got, err := s.receive(ctx, src.file, claims{algorithm: alg, length: &src.Size})
	if err != nil {
		return nil, err
	}
	v.take(got)
	b, err := s.commit(*in.Bucket, *in.Key, &v, ifMatches(in.IfMatch, in.IfNoneMatch))
	if err != nil {
		return nil, err
	}
	s.created(ctx, b, *in.Key, &v, "CopyObject")
	result := &types.CopyObjectResult{ETag: quote(v.ETag), LastModified: &v.Modified}
	v.Sum.fill(result)
	return &s3.CopyObjectOutput{
		CopyObjectResult: result, CopySourceVersionId: src.versionID(), VersionId: b.versionID(&v), ServerSideEncryption: encrypted,
	}, nil
}

// checkCopy refuses what it can before the source is looked at. A copy is a
// PutObject in all that the request sets.
func (s *Service) checkCopy(ctx context.Context, in *s3.CopyObjectInput) (version, error) {
	if err := checkEncryption("", in.CopySourceSSECustomerKey); err != nil {
		return version{}, err
	}
	return s.checkPut(ctx, putOf(in))
}

// putOf is the PutObject that a copy amounts to, less the body.
func putOf(in *s3.CopyObjectInput) *s3.PutObjectInput {
	return &s3.PutObjectInput{
		Bucket: in.Bucket, Key: in.Key, ExpectedBucketOwner: in.ExpectedBucketOwner, IfMatch: in.IfMatch, IfNoneMatch: in.IfNoneMatch, Tagging: in.Tagging,
		ACL: in.ACL, GrantFullControl: in.GrantFullControl, GrantRead: in.GrantRead, GrantReadACP: in.GrantReadACP, GrantWriteACP: in.GrantWriteACP,
		ServerSideEncryption: in.ServerSideEncryption, SSECustomerAlgorithm: in.SSECustomerAlgorithm, SSECustomerKey: in.SSECustomerKey, SSEKMSKeyId: in.SSEKMSKeyId,
		ObjectLockMode: in.ObjectLockMode, ObjectLockLegalHoldStatus: in.ObjectLockLegalHoldStatus,
		ObjectLockEventHold: in.ObjectLockEventHold, ObjectLockRetainUntilDate: in.ObjectLockRetainUntilDate,
		CacheControl: in.CacheControl, ContentDisposition: in.ContentDisposition, ContentEncoding: in.ContentEncoding,
		ContentLanguage: in.ContentLanguage, ContentType: in.ContentType, Expires: in.Expires,
		WebsiteRedirectLocation: in.WebsiteRedirectLocation, Metadata: in.Metadata, StorageClass: in.StorageClass,
	}
}

// permitTags asks for what a copy needs that takes the source's tags along,
// where it has any: "Copying, moving, and renaming objects" in the S3 user guide.
func (s *Service) permitTags(ctx context.Context, in *s3.CopyObjectInput, src *source) error {
	if in.TaggingDirective == types.TaggingDirectiveReplace || len(src.Tags) == 0 {
		return nil
	}
	from := object{&src.bucket.Name, &src.key, src.id}
	return s.env.Permit(ctx, policy.Access{
		Action:    versioned("s3:GetObjectTagging", "s3:GetObjectVersionTagging", from.id),
		Resources: onObject(from.bucket, from.key), Keys: s.objectKeys(from),
	}, policy.Access{Action: "s3:PutObjectTagging", Resources: onObject(in.Bucket, in.Key), Keys: tagKeys(s.copyKeys(in), src.Tags)})
}

// inherit takes over from the source what the request does not replace.
// Storage class and redirect are never inherited.
func (v *version) inherit(in *s3.CopyObjectInput, src *source) error {
	same := *in.Bucket == src.bucket.Name && *in.Key == src.key && src.id == nil
	if in.MetadataDirective != types.MetadataDirectiveReplace {
		changed := in.StorageClass != "" || in.WebsiteRedirectLocation != nil || in.ServerSideEncryption != ""
		if same && !changed {
			return fail("InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself "+
				"without changing the object's metadata, storage class, website redirect location or encryption attributes.")
		}
		h := src.headers
		h.StorageClass, h.Redirect = v.StorageClass, v.Redirect
		v.headers = h
	}
	if in.TaggingDirective != types.TaggingDirectiveReplace {
		v.Tags = src.Tags
	}
	return nil
}

// UploadPartCopy makes a part of an object, or of a range of it.
func (s *Service) UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput) (*s3.UploadPartCopyOutput, error) {
	if _, err := s.bucket(in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	if err := checkEncryption("", in.SSECustomerKey, in.CopySourceSSECustomerKey); err != nil {
		return nil, err
	}
	u, err := s.uploadForPart(*in.Bucket, *in.Key, *in.UploadId, *in.PartNumber)
	if err != nil {
		return nil, err
	}
	src, err := s.openSource(ctx, *in.CopySource, in.ExpectedSourceBucketOwner, conditions{
		in.CopySourceIfMatch, in.CopySourceIfNoneMatch, in.CopySourceIfModifiedSince, in.CopySourceIfUnmodifiedSince,
	})
	if err != nil {
		return nil, err
	}
	defer src.file.Close() //nolint:errcheck // it was only read
	piece, err := copyRange(in.CopySourceRange, src.Size)
	if err != nil {
		return nil, err
	}
	body := io.NewSectionReader(src.file, piece.start, piece.length)
	p, err := s.storePart(ctx, in.Bucket, in.Key, u, *in.PartNumber, body, claims{length: &piece.length})
	if err != nil {
		return nil, err
	}
	result := &types.CopyPartResult{ETag: quote(p.ETag), LastModified: &p.Modified}
	if u.Algorithm != "" {
		p.Sum.fill(result)
	}
	return &s3.UploadPartCopyOutput{
		CopyPartResult: result, CopySourceVersionId: src.versionID(), ServerSideEncryption: encrypted,
	}, nil
}

// copyRange reads a x-amz-copy-source-range, which is stricter than a Range.
func copyRange(header *string, size int64) (span, error) {
	if header == nil {
		return span{length: size}, nil
	}
	var first, last int64
	if n, err := fmt.Sscanf(*header, "bytes=%d-%d", &first, &last); err != nil || n != 2 || first < 0 || last < first {
		return span{}, fail("InvalidArgument",
			"The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
	}
	if last >= size {
		return span{}, fail("InvalidRange", fmt.Sprintf("Range specified is not valid for source object of size: %d", size))
	}
	return span{start: first, length: last - first + 1}, nil
}
