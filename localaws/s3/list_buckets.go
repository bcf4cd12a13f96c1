package s3

import (
	"context"
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// ListBuckets lists the account's buckets by name; in pages where MaxBuckets asks for them.
func (s *Service) ListBuckets(_ context.Context, in *s3.ListBucketsInput) (*s3.ListBucketsOutput, error) {
	after := ""
	if in.ContinuationToken != nil {
		var err error
		if after, err = fromToken(*in.ContinuationToken); err != nil {
			return nil, err
		}
	}
	out := &s3.ListBucketsOutput{Owner: s.owner(), Prefix: in.Prefix, Buckets: []types.Bucket{}}
	if in.BucketRegion != nil && *in.BucketRegion != s.env.Region {
		return out, nil
	}
	limit := int(aws.ToInt32(in.MaxBuckets))
	more := 0
	if limit > 0 {
		more = limit + 1
	}
	rows, err := s.buckets.List(aws.ToString(in.Prefix), after, more)
	if err != nil {
		return nil, err
	}
	if limit > 0 && len(rows) > limit {
		rows = rows[:limit]
		out.ContinuationToken = toToken(rows[limit-1].Key)
	}
	for _, row := range rows {
		b := types.Bucket{Name: aws.String(row.Key), CreationDate: aws.Time(row.Value.Created)}
		if limit > 0 { // only the paged form has them
			b.BucketRegion, b.BucketArn = &s.env.Region, aws.String(bucketARN(row.Key))
		}
		out.Buckets = append(out.Buckets, b)
	}
	return out, nil
}

// toToken makes the opaque continuation token of a page that ended with last.
func toToken(last string) *string {
	return aws.String("1" + base64.RawURLEncoding.EncodeToString([]byte(last)))
}

func fromToken(token string) (string, error) {
	if len(token) > 0 && token[0] == '1' {
		if last, err := base64.RawURLEncoding.DecodeString(token[1:]); err == nil {
			return string(last), nil
		}
	}
	return "", fail("InvalidArgument", "The continuation token provided is incorrect")
}
