package s3

import (
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// object is what an input names: an object, or a version of it.
type object struct{ bucket, key, id *string }

// versionOp registers an operation that AWS has two actions for: one on
// objects, and one on versions of them that are named.
func versionOp[In, Out any](s *Service, name, plain, onVersion string, of func(in *In) object,
	handle func(ctx context.Context, in *In) (*Out, error), demands ...wire.Demand[In],
) wire.Operation {
	resources := func(in *In) []string { return onObject(of(in).bucket, of(in).key) }
	return wire.Op(name, plain, resources, handle, append([]wire.Demand[In]{
		wire.As(func(in *In) string { return versioned(plain, onVersion, of(in).id) }),
		wire.Keys(func(in *In) policy.Context { return s.objectKeys(of(in)) }),
	}, demands...)...)
}

func (s *Service) objectOperations() []wire.Operation {
	return []wire.Operation{
		versionOp(s, "GetObject", "s3:GetObject", "s3:GetObjectVersion", func(in *s3.GetObjectInput) object { return object{in.Bucket, in.Key, in.VersionId} }, s.GetObject),
		versionOp(s, "HeadObject", "s3:GetObject", "s3:GetObjectVersion", func(in *s3.HeadObjectInput) object { return object{in.Bucket, in.Key, in.VersionId} }, s.HeadObject),
		versionOp(s, "GetObjectAttributes", "s3:GetObjectAttributes", "s3:GetObjectVersionAttributes", func(in *s3.GetObjectAttributesInput) object { return object{in.Bucket, in.Key, in.VersionId} }, s.GetObjectAttributes,
			wire.Also(func(in *s3.GetObjectAttributesInput) []policy.Access {
				return s.read(object{in.Bucket, in.Key, in.VersionId})
			})),
		versionOp(s, "GetObjectTagging", "s3:GetObjectTagging", "s3:GetObjectVersionTagging", func(in *s3.GetObjectTaggingInput) object { return object{in.Bucket, in.Key, in.VersionId} }, s.GetObjectTagging),
		versionOp(s, "PutObjectTagging", "s3:PutObjectTagging", "s3:PutObjectVersionTagging", func(in *s3.PutObjectTaggingInput) object { return object{in.Bucket, in.Key, in.VersionId} }, s.PutObjectTagging,
			wire.Keys(func(in *s3.PutObjectTaggingInput) policy.Context {
				return tagKeys(s.objectKeys(object{in.Bucket, in.Key, in.VersionId}), in.Tagging.TagSet)
			})),
		versionOp(s, "DeleteObjectTagging", "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging", func(in *s3.DeleteObjectTaggingInput) object { return object{in.Bucket, in.Key, in.VersionId} }, s.DeleteObjectTagging),
		versionOp(s, "GetObjectAcl", "s3:GetObjectAcl", "s3:GetObjectVersionAcl", func(in *s3.GetObjectAclInput) object { return object{in.Bucket, in.Key, in.VersionId} }, s.GetObjectAcl),
		versionOp(s, "PutObjectAcl", "s3:PutObjectAcl", "s3:PutObjectVersionAcl", func(in *s3.PutObjectAclInput) object { return object{in.Bucket, in.Key, in.VersionId} }, s.PutObjectAcl,
			wire.Keys(func(in *s3.PutObjectAclInput) policy.Context {
				keys := s.objectKeys(object{in.Bucket, in.Key, in.VersionId})
				maps.Copy(keys, s.aclKeys(string(in.ACL), in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP))
				return keys
			})),
		versionOp(s, "DeleteObject", "s3:DeleteObject", "s3:DeleteObjectVersion", func(in *s3.DeleteObjectInput) object { return object{in.Bucket, in.Key, in.VersionId} }, s.DeleteObject,
			wire.Keys(func(in *s3.DeleteObjectInput) policy.Context { return s.deleteKeys(in.VersionId, in.IfMatch) })),
		// IAM is asked key by key, in the handler: what is denied is among the errors of its answer.
		op(s, "DeleteObjects", "s3:DeleteObject", nil, s.DeleteObjects,
			wire.As(func(*s3.DeleteObjectsInput) string { return "" })),
	}
}

func (s *Service) writeOperations() []wire.Operation {
	return []wire.Operation{
		op(s, "PutObject", "s3:PutObject", func(in *s3.PutObjectInput) []string { return onObject(in.Bucket, in.Key) }, s.PutObject,
			wire.Keys(s.putKeys),
			wire.Also(s.putAlso)),
		op(s, "CopyObject", "s3:PutObject", func(in *s3.CopyObjectInput) []string { return onObject(in.Bucket, in.Key) }, s.CopyObject,
			wire.Keys(s.copyKeys),
			wire.Also(func(in *s3.CopyObjectInput) []policy.Access {
				return append(s.putAlso(putOf(in)), s.readSource(in.CopySource)...)
			})),
		op(s, "CreateMultipartUpload", "s3:PutObject", func(in *s3.CreateMultipartUploadInput) []string { return onObject(in.Bucket, in.Key) }, s.CreateMultipartUpload,
			wire.Keys(func(in *s3.CreateMultipartUploadInput) policy.Context { return s.putKeys(putOfUpload(in)) }),
			wire.Also(func(in *s3.CreateMultipartUploadInput) []policy.Access { return s.putAlso(putOfUpload(in)) })),
		op(s, "UploadPart", "s3:PutObject", func(in *s3.UploadPartInput) []string { return onObject(in.Bucket, in.Key) }, s.UploadPart),
		op(s, "UploadPartCopy", "s3:PutObject", func(in *s3.UploadPartCopyInput) []string { return onObject(in.Bucket, in.Key) }, s.UploadPartCopy,
			wire.Keys(func(in *s3.UploadPartCopyInput) policy.Context {
				return s.keys("s3:x-amz-copy-source", strings.TrimPrefix(*in.CopySource, "/"))
			}),
			wire.Also(func(in *s3.UploadPartCopyInput) []policy.Access { return s.readSource(in.CopySource) })),
		op(s, "CompleteMultipartUpload", "s3:PutObject", func(in *s3.CompleteMultipartUploadInput) []string { return onObject(in.Bucket, in.Key) }, s.CompleteMultipartUpload),
		op(s, "AbortMultipartUpload", "s3:AbortMultipartUpload", func(in *s3.AbortMultipartUploadInput) []string { return onObject(in.Bucket, in.Key) }, s.AbortMultipartUpload),
		op(s, "ListParts", "s3:ListMultipartUploadParts", func(in *s3.ListPartsInput) []string { return onObject(in.Bucket, in.Key) }, s.ListParts),
	}
}
