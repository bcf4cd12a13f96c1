package s3

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// ListParts lists the parts of an upload by number.
func (s *Service) ListParts(_ context.Context, in *s3.ListPartsInput) (*s3.ListPartsOutput, error) {
	if _, err := s.bucket(in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	limit, err := pageSize(in.MaxParts, "max-parts")
	if err != nil {
		return nil, err
	}
	marker, err := partMarker(in.PartNumberMarker)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	u, err := s.uploadOf(*in.Bucket, *in.Key, *in.UploadId)
	if err != nil {
		return nil, err
	}
	rows, err := s.parts.List(u.Value.ID+"\x00", partKey(u.Value.ID, marker), limit+1)
	if err != nil {
		return nil, err
	}
	out := &s3.ListPartsOutput{
		Bucket: in.Bucket, Key: in.Key, UploadId: in.UploadId, Owner: s.owner(), Initiator: u.Value.initiator(),
		StorageClass: classOf(u.Value.StorageClass), ChecksumAlgorithm: u.Value.Algorithm, ChecksumType: u.Value.Type,
		MaxParts: aws.Int32(int32(limit)), PartNumberMarker: aws.String(strconv.Itoa(int(marker))),
		IsTruncated: aws.Bool(len(rows) > limit), NextPartNumberMarker: aws.String("0"), Parts: []types.Part{},
	}
	for _, row := range rows[:min(limit, len(rows))] {
		p := types.Part{
			PartNumber: &row.Value.Number, Size: &row.Value.Size, ETag: quote(row.Value.ETag), LastModified: &row.Value.Modified,
		}
		if u.Value.Algorithm != "" {
			row.Value.Sum.fill(&p)
		}
		out.Parts = append(out.Parts, p)
		out.NextPartNumberMarker = aws.String(strconv.Itoa(int(row.Value.Number)))
	}
	return out, nil
}

func partMarker(marker *string) (int32, error) {
	if aws.ToString(marker) == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(*marker, 10, 31)
	if err != nil {
		return 0, fail("InvalidArgument", "Provided part-number-marker not an integer or within integer range")
	}
	return int32(min(n, maxParts)), nil
}

// ListMultipartUploads lists uploads in progress by key, of a key the oldest first.
func (s *Service) ListMultipartUploads(_ context.Context, in *s3.ListMultipartUploadsInput) (*s3.ListMultipartUploadsOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	limit, err := pageSize(in.MaxUploads, "max-uploads")
	if err != nil {
		return nil, err
	}
	q := query{b.Name, aws.ToString(in.Prefix), aws.ToString(in.Delimiter), aws.ToString(in.KeyMarker), limit}
	start := q.startRow()
	if n, ok := numberOf(aws.ToString(in.UploadIdMarker)); ok && q.after != "" {
		start = keyPrefix(b.Name, q.after) + oldestFirst(n)
	}
	code := coder(in.EncodingType)
	out := &s3.ListMultipartUploadsOutput{
		Bucket: in.Bucket, Prefix: code(aws.String(q.prefix)), Delimiter: code(in.Delimiter), EncodingType: in.EncodingType,
		KeyMarker: code(aws.String(q.after)), UploadIdMarker: aws.String(aws.ToString(in.UploadIdMarker)),
		MaxUploads: aws.Int32(int32(limit)), IsTruncated: aws.Bool(false), Uploads: []types.MultipartUpload{},
	}
	if limit == 0 {
		return out, nil
	}
	return out, s.uploads.Walk(listPrefix(b.Name, q.prefix), start, func(row store.Raw) (string, bool, error) {
		if len(out.Uploads)+len(out.CommonPrefixes) == limit {
			out.IsTruncated = aws.Bool(true)
			return "", false, nil
		}
		var u upload
		if err := row.Decode(&u); err != nil {
			return "", false, err
		}
		if prefix, ok := commonPrefix(u.Key, q.prefix, q.delimiter); ok {
			out.CommonPrefixes = append(out.CommonPrefixes, types.CommonPrefix{Prefix: code(&prefix)})
			out.NextKeyMarker, out.NextUploadIdMarker = code(&prefix), nil
			return listPrefix(b.Name, prefix) + pastAll, true, nil
		}
		out.Uploads = append(out.Uploads, types.MultipartUpload{
			Key: code(&u.Key), UploadId: &u.ID, Initiated: &u.Initiated, Owner: s.owner(), Initiator: u.initiator(),
			StorageClass: classOf(u.StorageClass), ChecksumAlgorithm: u.Algorithm, ChecksumType: u.Type,
		})
		out.NextKeyMarker, out.NextUploadIdMarker = code(&u.Key), &u.ID
		return "", true, nil
	})
}
