package s3

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
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
	paged, last := limit > 0, ""
	err := s.buckets.table.Walk(aws.ToString(in.Prefix), after, func(row store.Raw) (string, bool, error) {
		if paged && len(out.Buckets) == limit {
			out.ContinuationToken = toToken(last)
			return "", false, nil
		}
		var made struct{ Created time.Time }
		if err := row.Decode(&made); err != nil {
			return "", false, err
		}
		last = row.Key
		b := types.Bucket{Name: aws.String(row.Key), CreationDate: &made.Created}
		if paged { // only the paged form has them
			b.BucketRegion, b.BucketArn = &s.env.Region, aws.String(bucketARN(row.Key))
		}
		out.Buckets = append(out.Buckets, b)
		return "", true, nil
	})
	return out, err
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
