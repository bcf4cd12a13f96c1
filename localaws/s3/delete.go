package s3

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

const maxDelete = 1000

// DeleteObject deletes an object, or one version of it for good. What is not
// there is no error.
func (s *Service) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	if _, err := s.bucket(in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	if in.IfMatchLastModifiedTime != nil || in.IfMatchSize != nil { // directory buckets
		return nil, notImplemented()
	}
	d, err := s.remove(ctx, "DeleteObject", *in.Bucket, *in.Key, in.VersionId, in.IfMatch)
	if err != nil {
		return nil, err
	}
	out := &s3.DeleteObjectOutput{VersionId: d.VersionId, DeleteMarker: d.DeleteMarker}
	if d.DeleteMarkerVersionId != nil {
		out.VersionId = d.DeleteMarkerVersionId
	}
	return out, nil
}

// DeleteObjects deletes up to a thousand objects; what fails is named in the answer.
func (s *Service) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput) (*s3.DeleteObjectsOutput, error) {
	if _, err := s.bucket(in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	if n := len(in.Delete.Objects); n == 0 || n > maxDelete {
		return nil, malformedXML()
	}
	out := &s3.DeleteObjectsOutput{}
	for _, o := range in.Delete.Objects {
		d, err := s.removeOne(ctx, *in.Bucket, o)
		if err != nil {
			out.Errors = append(out.Errors, s.deleteError(ctx, o, err))
		} else if !aws.ToBool(in.Delete.Quiet) {
			out.Deleted = append(out.Deleted, *d)
		}
	}
	return out, nil
}

// removeOne removes one of several objects, if the caller may remove that one.
func (s *Service) removeOne(ctx context.Context, bucket string, o types.ObjectIdentifier) (*types.DeletedObject, error) {
	err := s.env.Permit(ctx, policy.Access{
		Action: versioned("s3:DeleteObject", "s3:DeleteObjectVersion", o.VersionId), Resources: onObject(&bucket, o.Key), Keys: s.deleteKeys(o.VersionId, o.ETag),
	})
	if err != nil {
		return nil, err
	}
	d, err := s.remove(ctx, "DeleteObjects", bucket, *o.Key, o.VersionId, o.ETag)
	if errors.Is(err, errVersionID) {
		// Unlike DeleteObject: recorded from AWS in LocalStack's test_s3_api.snapshot.json, test_delete_objects_versioned.
		return nil, noSuchVersion()
	}
	return d, err
}

// deleteKeys are the condition keys of a deletion.
func (s *Service) deleteKeys(id, ifMatch *string) policy.Context {
	return s.keys("s3:VersionId", aws.ToString(id), "s3:if-match", aws.ToString(ifMatch))
}

func (s *Service) deleteError(ctx context.Context, o types.ObjectIdentifier, err error) types.Error {
	e := types.Error{
		Key: o.Key, VersionId: o.VersionId, Code: aws.String("InternalError"),
		Message: aws.String("We encountered an internal error. Please try again."),
	}
	if api, ok := asAPIError(err); ok {
		e.Code, e.Message = aws.String(api.ErrorCode()), aws.String(api.ErrorMessage())
	} else {
		s.env.Log.ErrorContext(ctx, "S3 did not delete an object", "error", err)
	}
	return e
}

// remove deletes one version, or with no id what S3 means by deleting a key: a
// delete marker in a bucket with versions, the null version in one without.
func (s *Service) remove(ctx context.Context, reason, name, key string, id, ifMatch *string) (*types.DeletedObject, error) {
	s.mu.Lock()
	var removed, marker *version
	b, err := s.bucket(&name, nil)
	if err == nil {
		removed, marker, err = s.removeLocked(b, key, id, ifMatch)
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	d := &types.DeletedObject{Key: &key, VersionId: id}
	switch {
	case marker != nil:
		d.DeleteMarker, d.DeleteMarkerVersionId = aws.Bool(true), &marker.ID
		s.deleted(ctx, b, key, marker, reason, true)
	case removed != nil:
		if removed.Marker {
			d.DeleteMarker, d.DeleteMarkerVersionId = aws.Bool(true), &removed.ID
		}
		s.deleted(ctx, b, key, removed, reason, false)
	}
	return d, nil
}

// removeLocked returns what it removed for good, or the delete marker that it placed.
func (s *Service) removeLocked(b *bucket, key string, id, ifMatch *string) (removed, marker *version, err error) {
	if err := checkKey(key); err != nil {
		return nil, nil, err
	}
	row, err := s.row(b.Name, key, id)
	if err != nil {
		return nil, nil, err
	}
	if ifMatch != nil {
		if row == nil || row.Value.Marker {
			return nil, nil, noSuchKey()
		}
		if !matches(*ifMatch, &row.Value) {
			return nil, nil, preconditionFailed()
		}
	}
	if id == nil && b.Versioning != "" {
		marker = &version{Marker: true, Modified: s.now()}
		return nil, marker, s.place(b, key, marker, row)
	}
	if row == nil {
		return nil, nil, nil
	}
	return &row.Value, nil, s.drop(row)
}
