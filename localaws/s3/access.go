package s3

import (
	"context"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// The condition keys are those of "Actions, resources, and condition keys for
// Amazon S3" in the service authorization reference, as far as an input holds
// them:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html

// keys are the condition keys that every action of S3 has, and those given by
// name and value.
func (s *Service) keys(namesAndValues ...string) policy.Context {
	return policy.Keys(append(namesAndValues,
		"s3:ResourceAccount", s.env.Account,
		"s3:signatureversion", "AWS4-HMAC-SHA256", // no other is served
		"s3:TlsVersion", "1.3", // the loopback stands for TLS
	)...)
}

// listKeys are the keys of a listing. A prefix that is given and empty is one:
// policies allow it to those who may list the top of a bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/walkthrough1.html
func (s *Service) listKeys(prefix, delimiter *string, maxKeys *int32) policy.Context {
	keys := s.keys()
	if prefix != nil {
		keys.Set("s3:prefix", *prefix)
	}
	if delimiter != nil {
		keys.Set("s3:delimiter", *delimiter)
	}
	if maxKeys != nil {
		keys.Set("s3:max-keys", strconv.Itoa(int(*maxKeys)))
	}
	return keys
}

// objectKeys are the keys of an action on an object that is there: the version
// asked for, and the tags that the object has.
func (s *Service) objectKeys(o object) policy.Context {
	keys := s.keys("s3:VersionId", aws.ToString(o.id))
	s.mu.RLock()
	defer s.mu.RUnlock()
	row, err := s.row(*o.bucket, *o.key, o.id)
	if err != nil || row == nil {
		return keys // the handler meets the same error
	}
	for _, tag := range row.Value.Tags {
		keys.Set("s3:ExistingObjectTag/"+*tag.Key, *tag.Value)
	}
	return keys
}

// tagKeys adds the tags that a request gives to an object.
func tagKeys(keys policy.Context, tags []types.Tag) policy.Context {
	names := make([]string, 0, len(tags))
	for _, tag := range tags {
		keys.Set("s3:RequestObjectTag/"+aws.ToString(tag.Key), aws.ToString(tag.Value))
		names = append(names, aws.ToString(tag.Key))
	}
	keys.Set("s3:RequestObjectTagKeys", names...)
	return keys
}

// taggingKeys adds the tags of an x-amz-tagging header. One that cannot be read
// adds none: the handler refuses it.
func taggingKeys(keys policy.Context, header *string) policy.Context {
	values, err := url.ParseQuery(aws.ToString(header))
	if err != nil {
		return keys
	}
	var tags []types.Tag
	for key := range values {
		tags = append(tags, types.Tag{Key: aws.String(key), Value: aws.String(values.Get(key))})
	}
	return tagKeys(keys, tags)
}

// putKeys are the keys of a request that makes an object.
func (s *Service) putKeys(in *s3.PutObjectInput) policy.Context {
	acl := s.aclKeys(string(in.ACL), in.GrantFullControl, in.GrantRead, in.GrantReadACP, nil, in.GrantWriteACP)
	keys := s.keys(
		"s3:x-amz-server-side-encryption", string(in.ServerSideEncryption),
		"s3:x-amz-server-side-encryption-aws-kms-key-id", aws.ToString(in.SSEKMSKeyId),
		"s3:x-amz-server-side-encryption-customer-algorithm", aws.ToString(in.SSECustomerAlgorithm),
		"s3:x-amz-storage-class", string(in.StorageClass),
		"s3:x-amz-website-redirect-location", aws.ToString(in.WebsiteRedirectLocation),
		"s3:if-match", aws.ToString(in.IfMatch), "s3:if-none-match", aws.ToString(in.IfNoneMatch),
	)
	maps.Copy(keys, acl)
	return taggingKeys(keys, in.Tagging)
}

// putAlso is what a request that makes an object needs besides s3:PutObject,
// says PutObject in the API reference.
func (s *Service) putAlso(in *s3.PutObjectInput) []policy.Access {
	var needs []policy.Access
	need := func(action string) {
		needs = append(needs, policy.Access{Action: action, Resources: onObject(in.Bucket, in.Key), Keys: s.putKeys(in)})
	}
	if in.ACL != "" || given(in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWriteACP) {
		need("s3:PutObjectAcl")
	}
	if in.Tagging != nil {
		need("s3:PutObjectTagging")
	}
	return needs
}

// copyKeys are the keys of the destination of a copy.
func (s *Service) copyKeys(in *s3.CopyObjectInput) policy.Context {
	keys := s.putKeys(putOf(in))
	keys.Set("s3:x-amz-copy-source", strings.TrimPrefix(*in.CopySource, "/"))
	if in.MetadataDirective != "" {
		keys.Set("s3:x-amz-metadata-directive", string(in.MetadataDirective))
	}
	return keys
}

// readSource is the read of the source of a copy. A source that cannot be read
// off the request needs nothing: the handler refuses it.
func (s *Service) readSource(header *string) []policy.Access {
	bucket, key, id, err := parseSource(*header)
	if err != nil {
		return nil
	}
	return s.read(object{&bucket, &key, id})
}

// read is the access to the bytes of an object.
func (s *Service) read(o object) []policy.Access {
	return []policy.Access{{
		Action: versioned("s3:GetObject", "s3:GetObjectVersion", o.id), Resources: onObject(o.bucket, o.key), Keys: s.objectKeys(o),
	}}
}

// createKeys are the keys of a request that makes a bucket.
func (s *Service) createKeys(in *s3.CreateBucketInput) policy.Context {
	location := ""
	if c := in.CreateBucketConfiguration; c != nil {
		location = string(c.LocationConstraint)
	}
	keys := s.keys("s3:LocationConstraint", location, "s3:x-amz-object-ownership", string(in.ObjectOwnership))
	maps.Copy(keys, s.aclKeys(string(in.ACL), in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP))
	return keys
}

// aclKeys are the keys of an ACL that a request gives.
func (s *Service) aclKeys(canned string, fullControl, read, readACP, write, writeACP *string) policy.Context {
	return s.keys("s3:x-amz-acl", canned, "s3:x-amz-grant-full-control", aws.ToString(fullControl),
		"s3:x-amz-grant-read", aws.ToString(read), "s3:x-amz-grant-read-acp", aws.ToString(readACP),
		"s3:x-amz-grant-write", aws.ToString(write), "s3:x-amz-grant-write-acp", aws.ToString(writeACP))
}

// createAlso is what a request that makes a bucket needs besides
// s3:CreateBucket, says CreateBucket in the API reference.
func (s *Service) createAlso(in *s3.CreateBucketInput) []policy.Access {
	var needs []policy.Access
	need := func(action string, keys policy.Context) {
		needs = append(needs, policy.Access{Action: action, Resources: onBucket(in.Bucket), Keys: keys})
	}
	if in.ACL != "" && in.ACL != types.BucketCannedACLPrivate || given(in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP) {
		need("s3:PutBucketAcl", s.createKeys(in))
	}
	if aws.ToBool(in.ObjectLockEnabledForBucket) {
		need("s3:PutBucketObjectLockConfiguration", s.createKeys(in))
		need("s3:PutBucketVersioning", s.createKeys(in))
	}
	if in.ObjectOwnership != "" {
		need("s3:PutBucketOwnershipControls", s.createKeys(in))
	}
	if c := in.CreateBucketConfiguration; c != nil && len(c.Tags) > 0 {
		tags := make(map[string]string, len(c.Tags))
		for _, tag := range c.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
		need("s3:TagResource", s.createKeys(in).RequestTags(tags))
	}
	return needs
}

func given(values ...*string) bool {
	for _, value := range values {
		if value != nil {
			return true
		}
	}
	return false
}

// versioned chooses between the action on an object and the one on a version of it.
func versioned(plain, onVersion string, id *string) string {
	if id != nil {
		return onVersion
	}
	return plain
}

// hide keeps from a caller who may not list the bucket that it has no such key:
// "If you don't have the s3:ListBucket permission, Amazon S3 returns an HTTP
// status code 403 error", says GetObject in the API reference.
func (s *Service) hide(ctx context.Context, bucket string, err error) error {
	if api, ok := asAPIError(err); !ok || api.ErrorCode() != "NoSuchKey" {
		return err
	}
	if denied := s.env.Permit(ctx, policy.Access{Action: "s3:ListBucket", Resources: onBucket(&bucket), Keys: s.keys()}); denied != nil {
		return denied
	}
	return err
}
