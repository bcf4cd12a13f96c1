package s3

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// GetObjectAttributes returns the attributes asked for, without the body.
func (s *Service) GetObjectAttributes(ctx context.Context, in *s3.GetObjectAttributesInput) (*s3.GetObjectAttributesOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	row, err := s.lookup(b, *in.Key, in.VersionId)
	s.mu.RUnlock()
	if err != nil {
		return nil, s.hide(ctx, b.Name, err)
	}
	v := &row.Value
	out := &s3.GetObjectAttributesOutput{LastModified: &v.Modified, VersionId: b.versionID(v)}
	asked := func(a types.ObjectAttributes) bool { return slices.Contains(in.ObjectAttributes, a) }
	if asked(types.ObjectAttributesEtag) {
		out.ETag = aws.String(v.ETag) // without its quotes, here alone
	}
	if asked(types.ObjectAttributesObjectSize) {
		out.ObjectSize = &v.Size
	}
	if asked(types.ObjectAttributesStorageClass) {
		out.StorageClass = classOf(v.StorageClass)
	}
	if asked(types.ObjectAttributesChecksum) && v.Sum.Value != "" {
		out.Checksum = &types.Checksum{}
		v.Sum.fill(out.Checksum)
	}
	if asked(types.ObjectAttributesObjectParts) && len(v.Parts) > 0 {
		out.ObjectParts, err = v.objectParts(in.MaxParts, in.PartNumberMarker)
	}
	return out, err
}

// objectParts is one page of the parts. S3 lists them one by one only where
// each has a checksum of its own, and otherwise tells their number.
func (v *version) objectParts(maxParts *int32, after *string) (*types.GetObjectAttributesParts, error) {
	total := aws.Int32(int32(len(v.Parts)))
	if v.Sum.Type != types.ChecksumTypeComposite {
		return &types.GetObjectAttributesParts{TotalPartsCount: total}, nil
	}
	limit, err := pageSize(maxParts, "max-parts")
	if err != nil {
		return nil, err
	}
	marker, err := partMarker(after)
	if err != nil {
		return nil, err
	}
	out := &types.GetObjectAttributesParts{
		TotalPartsCount: total, MaxParts: aws.Int32(int32(limit)), IsTruncated: aws.Bool(false),
		PartNumberMarker: aws.String(strconv.Itoa(int(marker))), NextPartNumberMarker: aws.String("0"),
	}
	for i := range v.Parts {
		p := &v.Parts[i]
		if p.Number <= marker {
			continue
		}
		if len(out.Parts) == limit {
			out.IsTruncated = aws.Bool(true)
			break
		}
		listed := types.ObjectPart{PartNumber: &p.Number, Size: &p.Size}
		p.Sum.fill(&listed)
		out.Parts = append(out.Parts, listed)
		out.NextPartNumberMarker = aws.String(strconv.Itoa(int(p.Number)))
	}
	return out, nil
}
