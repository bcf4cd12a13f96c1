package s3

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // S3's ETags and Content-MD5 are MD5
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	maxPutSize  = 5 << 30
	minPartSize = 5 << 20
)

// blob is what one body became: a file that is kept, but belongs to no row yet.
type blob struct {
	File string
	Size int64
	ETag string
	Sum  checksum
}

// claims is what a request says about its body.
type claims struct {
	algorithm types.ChecksumAlgorithm
	sum       checksum
	md5       *string
	// length is nil where it is not known.
	length *int64
}

// receive streams a body into a file and checks it against the claims.
func (s *Service) receive(ctx context.Context, body io.Reader, c claims) (blob, error) {
	wantMD5, err := c.check()
	if err != nil {
		return blob{}, err
	}
	alg, digest, err := newDigest(c.algorithm)
	if err != nil {
		return blob{}, err
	}
	d, err := s.files.create()
	if err != nil {
		return blob{}, err
	}
	defer d.discard()
	sum := md5.New() //nolint:gosec // as above
	if body == nil {
		body = bytes.NewReader(nil)
	}
	size, err := io.Copy(io.MultiWriter(d, sum, digest), contextReader{ctx, body})
	if err != nil {
		return blob{}, bodyError(err)
	}
	if c.length != nil && *c.length != size {
		return blob{}, incompleteBody()
	}
	if wantMD5 != nil && !bytes.Equal(wantMD5, sum.Sum(nil)) {
		return blob{}, fail("BadDigest", "The Content-MD5 you specified did not match what we received.")
	}
	got := checksum{
		Algorithm: alg, Type: types.ChecksumTypeFullObject,
		Value: base64.StdEncoding.EncodeToString(digest.Sum(nil)),
	}
	if got, err = verify(d, got, c.sum, body); err != nil {
		return blob{}, err
	}
	name, err := d.keep()
	if err != nil {
		return blob{}, err
	}
	return blob{File: name, Size: size, ETag: hex.EncodeToString(sum.Sum(nil)), Sum: got}, nil
}

// verify compares the checksum with the one claimed, in the request or in the
// trailer of its body. Only then may it turn out that another algorithm is meant.
func verify(d *draft, got, claimed checksum, body io.Reader) (checksum, error) {
	if t, ok := body.(interface{ Trailer() http.Header }); ok && claimed.Value == "" {
		claimed = trailing(t.Trailer())
	}
	if claimed.Value == "" {
		return got, nil
	}
	if claimed.Algorithm != got.Algorithm {
		_, digest, err := newDigest(claimed.Algorithm)
		if err != nil {
			return got, err
		}
		if _, err := d.Seek(0, io.SeekStart); err != nil {
			return got, fmt.Errorf("read an object's file: %w", err)
		}
		if _, err := io.Copy(digest, d); err != nil {
			return got, fmt.Errorf("read an object's file: %w", err)
		}
		got.Algorithm, got.Value = claimed.Algorithm, base64.StdEncoding.EncodeToString(digest.Sum(nil))
	}
	if claimed.Value != got.Value {
		return got, mismatch(claimed.Algorithm)
	}
	return got, nil
}

// check holds what can be held before the body is read, and completes the algorithm.
func (c *claims) check() (wantMD5 []byte, err error) {
	if c.sum.Algorithm != "" {
		c.algorithm = c.sum.Algorithm
	}
	if c.length != nil && *c.length > maxPutSize {
		return nil, fail("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	if c.md5 == nil {
		return nil, nil
	}
	wantMD5, err = base64.StdEncoding.DecodeString(*c.md5)
	if err != nil || len(wantMD5) != md5.Size {
		return nil, fail("InvalidDigest", "The Content-MD5 you specified was invalid.")
	}
	return wantMD5, nil
}

// bodyError tells a body that broke off from what the wire says about it and
// from a failure of our own.
func bodyError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return incompleteBody()
	}
	return fmt.Errorf("receive a body: %w", err)
}

func incompleteBody() error {
	return fail("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
}

// contextReader ends a copy when its request ends.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// quote is the form of ETags on the wire.
func quote(etag string) *string { return aws.String(`"` + etag + `"`) }
