package s3

import (
	"context"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const maxParts = 10_000

// UploadPart stores one part; the same number again replaces it.
func (s *Service) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	if _, err := s.bucket(in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	if err := checkEncryption("", in.SSECustomerKey); err != nil {
		return nil, err
	}
	u, err := s.uploadForPart(*in.Bucket, *in.Key, *in.UploadId, *in.PartNumber)
	if err != nil {
		return nil, err
	}
	claimed, err := checksumOf(in)
	if err != nil {
		return nil, err
	}
	c := claims{algorithm: in.ChecksumAlgorithm, sum: claimed, md5: in.ContentMD5, length: in.ContentLength}
	if claimed.Algorithm != "" {
		c.algorithm = claimed.Algorithm
	}
	if err := u.checkPart(c.algorithm); err != nil {
		return nil, err
	}
	p, err := s.storePart(ctx, in.Bucket, in.Key, u, *in.PartNumber, in.Body, c)
	if err != nil {
		return nil, err
	}
	out := &s3.UploadPartOutput{ETag: quote(p.ETag), ServerSideEncryption: encrypted}
	p.Sum.fill(out)
	return out, nil
}

// uploadForPart returns the upload that a part is for, before its body is read.
func (s *Service) uploadForPart(bucket, key, id string, number int32) (*upload, error) {
	if number < 1 || number > maxParts {
		return nil, fail("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	row, err := s.uploadOf(bucket, key, id)
	if err != nil {
		return nil, err
	}
	return &row.Value, nil
}

// checkPart requires the checksum that the upload was opened for. An upload
// whose checksum is made of its parts' needs one with each.
func (u *upload) checkPart(alg types.ChecksumAlgorithm) error {
	if u.Algorithm == "" || u.Algorithm == alg || alg == "" && u.Type == types.ChecksumTypeFullObject {
		return nil
	}
	actual := "null"
	if alg != "" {
		actual = strings.ToLower(string(alg))
	}
	return fail("InvalidRequest", "Checksum Type mismatch occurred, expected checksum Type: "+
		strings.ToLower(string(u.Algorithm))+", actual checksum Type: "+actual)
}

// storePart receives a part and writes its row, if the upload is still open then.
func (s *Service) storePart(ctx context.Context, bucket, key *string, u *upload, number int32, body io.Reader, c claims) (*part, error) {
	if c.algorithm == "" {
		c.algorithm = u.Algorithm
	}
	got, err := s.receive(ctx, body, c)
	if err != nil {
		return nil, err
	}
	p := part{blob: got, Number: number}
	s.mu.Lock()
	defer s.mu.Unlock()
	row := partKey(u.ID, number)
	_, err = s.uploadOf(*bucket, *key, u.ID)
	var old part
	if err == nil {
		old, _, err = s.parts.Get(row)
	}
	if err == nil {
		p.Modified = s.now()
		err = s.parts.Put(row, p)
	}
	if err != nil {
		_ = s.files.remove(p.File) // the first error counts
		return nil, err
	}
	return &p, s.files.remove(old.File)
}
