package s3

import (
	"context"
	"crypto/md5" //nolint:gosec // the ETag of a multipart object is made of MD5 sums
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// CompleteMultipartUpload makes an object of the parts. Asked again after it
// succeeded, it answers the same, so that a client may retry.
func (s *Service) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (*s3.CompleteMultipartUploadOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if err := checkIfNoneMatch(in.IfNoneMatch); err != nil {
		return nil, err
	}
	if v := s.completed(b.Name, *in.Key, *in.UploadId); v != nil {
		return s.completion(in, b, v), s.dropCompleted(ctx, in)
	}
	row, parts, err := s.beginCompletion(in)
	if err != nil {
		return nil, err
	}
	defer s.endCompletion(row.Value.ID)
	v, err := s.assemble(ctx, in, &row.Value, parts)
	if err != nil {
		return nil, err
	}
	b, err = s.commit(*in.Bucket, *in.Key, &v, ifMatches(in.IfMatch, in.IfNoneMatch))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	err = s.dropUpload(ctx, *row)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	s.created(ctx, b, *in.Key, &v, "CompleteMultipartUpload")
	return s.completion(in, b, &v), nil
}

func (s *Service) completion(in *s3.CompleteMultipartUploadInput, b *bucket, v *version) *s3.CompleteMultipartUploadOutput {
	out := &s3.CompleteMultipartUploadOutput{
		Bucket: in.Bucket, Key: in.Key, ETag: quote(v.ETag), VersionId: b.versionID(v), ServerSideEncryption: encrypted,
		Location: aws.String(s.env.URL + "/" + *in.Bucket + "/" + strings.ReplaceAll(url.PathEscape(*in.Key), "%2F", "/")),
	}
	v.Sum.fill(out)
	return out
}

// dropCompleted removes an upload that a killed process completed, but had not removed yet.
func (s *Service) dropCompleted(ctx context.Context, in *s3.CompleteMultipartUploadInput) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, err := s.uploadOf(*in.Bucket, *in.Key, *in.UploadId)
	if _, gone := asAPIError(err); gone { // as it is after every other completion
		return nil
	}
	if err != nil {
		return err
	}
	return s.dropUpload(ctx, *row)
}

// completed finds the version that an upload became.
func (s *Service) completed(bucket, key, uploadID string) *version {
	row, err := s.firstVersion(keyPrefix(bucket, key), func(v *version) bool { return v.Upload == uploadID })
	if err != nil || row == nil {
		return nil
	}
	return &row.Value
}

// beginCompletion checks the list of parts and closes the upload to others.
func (s *Service) beginCompletion(in *s3.CompleteMultipartUploadInput) (*uploadRow, []part, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, err := s.uploadOf(*in.Bucket, *in.Key, *in.UploadId)
	if err != nil {
		return nil, nil, err
	}
	if in.MultipartUpload == nil || len(in.MultipartUpload.Parts) == 0 {
		return nil, nil, malformedXML()
	}
	asked := in.MultipartUpload.Parts
	if len(asked) > maxParts {
		return nil, nil, malformedXML()
	}
	parts := make([]part, 0, len(asked))
	for i, a := range asked {
		if i > 0 && aws.ToInt32(a.PartNumber) <= aws.ToInt32(asked[i-1].PartNumber) {
			return nil, nil, fail("InvalidPartOrder",
				"The list of parts was not in ascending order. Parts must be ordered by part number.")
		}
	}
	for i, a := range asked {
		p, err := s.askedPart(&row.Value, &a)
		if err != nil {
			return nil, nil, err
		}
		if i < len(asked)-1 && p.Size < minPartSize {
			return nil, nil, fail("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
		}
		parts = append(parts, p)
	}
	s.completing[row.Value.ID] = true
	return row, parts, nil
}

func (s *Service) endCompletion(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.completing, id)
}

// askedPart returns the part that the request means, by number, ETag and checksum.
func (s *Service) askedPart(u *upload, a *types.CompletedPart) (part, error) {
	number := aws.ToInt32(a.PartNumber)
	p, ok, err := s.parts.Get(partKey(u.ID, number))
	if err != nil {
		return p, err
	}
	claimed, err := checksumOf(a)
	if err != nil {
		return p, err
	}
	switch {
	case !ok, strings.Trim(aws.ToString(a.ETag), `"`) != p.ETag,
		claimed.Value != "" && (claimed.Algorithm != p.Sum.Algorithm || claimed.Value != p.Sum.Value):
		return p, fail("InvalidPart", "One or more of the specified parts could not be found.  "+
			"The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
	case u.Type == types.ChecksumTypeComposite && claimed.Value == "":
		return p, fail("InvalidRequest", fmt.Sprintf("The upload was created using a %s checksum. "+
			"The complete request must include the checksum for each part. It was missing for part %d in the request.",
			strings.ToLower(string(u.Algorithm)), number))
	}
	return p, nil
}

// assemble writes the parts into one file, and makes the version of it.
func (s *Service) assemble(ctx context.Context, in *s3.CompleteMultipartUploadInput, u *upload, parts []part) (version, error) {
	claimed, err := checksumOf(in)
	if err != nil {
		return version{}, err
	}
	v := version{Upload: u.ID, Tags: u.Tags, headers: u.headers}
	etags := md5.New() //nolint:gosec // as above
	for _, p := range parts {
		raw, err := hex.DecodeString(p.ETag)
		if err != nil {
			return version{}, fmt.Errorf("ETag of part %d: %w", p.Number, err)
		}
		etags.Write(raw)
		v.Size += p.Size
		piece := partRange{Number: p.Number, Size: p.Size}
		if p.Sum.Algorithm == u.Algorithm {
			piece.Sum = p.Sum
		}
		v.Parts = append(v.Parts, piece)
	}
	if in.MpuObjectSize != nil && *in.MpuObjectSize != v.Size {
		return version{}, fail("InvalidRequest", fmt.Sprintf(
			"The provided 'x-amz-mp-object-size' header value %d does not match what was computed: %d", *in.MpuObjectSize, v.Size))
	}
	body := &partsReader{files: s.files, parts: parts}
	defer body.close()
	whole, err := s.receive(ctx, body, claims{
		algorithm: u.Algorithm, sum: claimedWhole(u, claimed),
	})
	if err != nil {
		return version{}, err
	}
	v.take(whole)
	v.ETag = hex.EncodeToString(etags.Sum(nil)) + "-" + strconv.Itoa(len(parts))
	if u.Type == types.ChecksumTypeComposite {
		if v.Sum, err = composite(u.Algorithm, parts); err == nil && claimed.Value != "" && !v.Sum.sameComposite(claimed) {
			err = mismatch(claimed.Algorithm)
		}
		if err != nil {
			_ = s.files.remove(v.File) // the first error counts
			return version{}, err
		}
	}
	return v, nil
}

// claimedWhole is the claim about the whole body's checksum: a composite is no such claim.
func claimedWhole(u *upload, claimed checksum) checksum {
	if u.Type == types.ChecksumTypeComposite {
		return checksum{}
	}
	return claimed
}

// sameComposite compares with a claim that may leave out the number of parts.
func (c checksum) sameComposite(claimed checksum) bool {
	value, _, _ := strings.Cut(c.Value, "-")
	return claimed.Algorithm == c.Algorithm && (claimed.Value == c.Value || claimed.Value == value)
}

// partsReader reads the files of parts one after the other, one open at a time.
type partsReader struct {
	files *files
	parts []part
	file  *os.File
}

func (r *partsReader) Read(p []byte) (int, error) {
	for {
		if r.file == nil {
			if len(r.parts) == 0 {
				return 0, io.EOF
			}
			var err error
			if r.file, err = r.files.open(r.parts[0].File); err != nil {
				return 0, fmt.Errorf("open part %d: %w", r.parts[0].Number, err)
			}
			r.parts = r.parts[1:]
		}
		n, err := r.file.Read(p)
		if n > 0 || err != nil && err != io.EOF {
			return n, err
		}
		r.close()
	}
}

func (r *partsReader) close() {
	if r.file != nil {
		_ = r.file.Close() // it was only read
		r.file = nil
	}
}
