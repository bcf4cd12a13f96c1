package cloud

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// emptyPasses bounds how often a bucket into which somebody still writes is emptied.
const emptyPasses = 5

// EmptyBucket removes every version, delete marker and open upload of a bucket
// of this account below a prefix ("" for all), and returns how many that were. A bucket that is not there
// is empty. It fails where something stays, naming one of them.
func (c *Cloud) EmptyBucket(ctx context.Context, bucket, prefix string) (removed int, err error) {
	for range emptyPasses {
		n, err := c.emptyOnce(ctx, bucket, prefix)
		removed += n
		if IsNotFound(err) {
			return removed, nil
		}
		if err != nil {
			return removed, fmt.Errorf("empty bucket %s: %w", bucket, err)
		}
		if n == 0 {
			return removed, nil
		}
	}
	return removed, fmt.Errorf("empty bucket %s: somebody is still writing to it", bucket)
}

func (c *Cloud) emptyOnce(ctx context.Context, bucket, prefix string) (removed int, err error) {
	owner := &c.Account
	uploads := s3.NewListMultipartUploadsPaginator(c.S3, &s3.ListMultipartUploadsInput{
		Bucket: &bucket, Prefix: &prefix, ExpectedBucketOwner: owner,
	})
	for uploads.HasMorePages() {
		page, err := uploads.NextPage(ctx)
		if err != nil {
			return removed, err
		}
		for _, u := range page.Uploads {
			_, err := c.S3.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
				Bucket: &bucket, Key: u.Key, UploadId: u.UploadId, ExpectedBucketOwner: owner,
			})
			if err != nil && !IsNotFound(err) {
				return removed, err
			}
			removed++
		}
	}
	versions := s3.NewListObjectVersionsPaginator(c.S3, &s3.ListObjectVersionsInput{
		Bucket: &bucket, Prefix: &prefix, ExpectedBucketOwner: owner,
	})
	for versions.HasMorePages() {
		page, err := versions.NextPage(ctx)
		if err != nil {
			return removed, err
		}
		var doomed []types.ObjectIdentifier
		for _, v := range page.Versions {
			doomed = append(doomed, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, m := range page.DeleteMarkers {
			doomed = append(doomed, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
		}
		if len(doomed) == 0 {
			continue
		}
		out, err := c.S3.DeleteObjects(ctx, &s3.DeleteObjectsInput{
			Bucket: &bucket, ExpectedBucketOwner: owner,
			Delete: &types.Delete{Objects: doomed, Quiet: aws.Bool(true)},
		})
		if err != nil {
			return removed, err
		}
		removed += len(doomed) - len(out.Errors)
		// The answer is 200 even where single objects could not be deleted.
		if len(out.Errors) > 0 {
			e := out.Errors[0]
			return removed, fmt.Errorf("delete %s: %s: %s", aws.ToString(e.Key), aws.ToString(e.Code), aws.ToString(e.Message))
		}
	}
	return removed, nil
}
