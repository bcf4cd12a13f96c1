package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// GetBucketAcl returns the one ACL there is: the owner may do everything.
func (s *Service) GetBucketAcl(_ context.Context, in *s3.GetBucketAclInput) (*s3.GetBucketAclOutput, error) { //nolint:revive // the operation's name
	if _, err := s.bucket(in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	return &s3.GetBucketAclOutput{Owner: s.owner(), Grants: s.fullControl()}, nil
}

// GetObjectAcl returns the one ACL there is: the owner may do everything.
func (s *Service) GetObjectAcl(ctx context.Context, in *s3.GetObjectAclInput) (*s3.GetObjectAclOutput, error) { //nolint:revive // the operation's name
	if _, err := s.object(ctx, in.Bucket, in.ExpectedBucketOwner, *in.Key, in.VersionId); err != nil {
		return nil, err
	}
	return &s3.GetObjectAclOutput{Owner: s.owner(), Grants: s.fullControl()}, nil
}

// PutBucketAcl lets through what changes nothing: the owner keeps full control.
func (s *Service) PutBucketAcl(ctx context.Context, in *s3.PutBucketAclInput) (*s3.PutBucketAclOutput, error) { //nolint:revive // the operation's name
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	err = b.checkNewACL(ctx, string(in.ACL), "s3:PutBucketAcl", bucketARN(b.Name),
		in.AccessControlPolicy != nil || given(in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP))
	return &s3.PutBucketAclOutput{}, err
}

// PutObjectAcl lets through what changes nothing: the owner keeps full control.
func (s *Service) PutObjectAcl(ctx context.Context, in *s3.PutObjectAclInput) (*s3.PutObjectAclOutput, error) { //nolint:revive // the operation's name
	b, err := s.object(ctx, in.Bucket, in.ExpectedBucketOwner, *in.Key, in.VersionId)
	if err != nil {
		return nil, err
	}
	err = b.checkNewACL(ctx, string(in.ACL), "s3:PutObjectAcl", bucketARN(b.Name)+"/"+*in.Key,
		in.AccessControlPolicy != nil || given(in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP))
	return &s3.PutObjectAclOutput{}, err
}

// object returns the bucket of an object that must be there.
func (s *Service) object(ctx context.Context, name, expectedOwner *string, key string, id *string) (*bucket, error) {
	b, err := s.bucket(name, expectedOwner)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	_, err = s.lookup(b, key, id)
	s.mu.RUnlock()
	return b, s.hide(ctx, b.Name, err)
}

func (s *Service) fullControl() []types.Grant {
	return []types.Grant{{
		Grantee: &types.Grantee{Type: types.TypeCanonicalUser, ID: s.owner().ID}, Permission: types.PermissionFullControl,
	}}
}

// checkNewACL decides on an ACL that replaces the one there is.
func (b *bucket) checkNewACL(ctx context.Context, canned, action, resource string, grants bool) error {
	switch {
	case b.Ownership == types.ObjectOwnershipBucketOwnerEnforced:
		return noACLs()
	case canned == "" && !grants:
		return fail("MissingSecurityHeader", "Your request was missing a required header")
	}
	return b.checkGrants(ctx, canned, action, resource, grants)
}

// checkACL decides on the ACL that comes with an object: a bucket that enforces
// its owner's control takes the one canned ACL that says so.
func (b *bucket) checkACL(ctx context.Context, key string, acl types.ObjectCannedACL, grants ...*string) error {
	switch {
	case acl == "" && !given(grants...), acl == types.ObjectCannedACLBucketOwnerFullControl && !given(grants...):
		return nil
	case b.Ownership == types.ObjectOwnershipBucketOwnerEnforced:
		return noACLs()
	}
	return b.checkGrants(ctx, string(acl), "s3:PutObject", bucketARN(b.Name)+"/"+key, given(grants...))
}

func noACLs() error {
	return fail("AccessControlListNotSupported", "The bucket does not allow ACLs")
}

// checkGrants refuses what would let others in: public ACLs as the bucket's
// block does, and everything else because it is not served.
func (b *bucket) checkGrants(ctx context.Context, canned, action, resource string, grants bool) error {
	switch canned {
	case "", "private", "bucket-owner-read", "bucket-owner-full-control":
		if !grants {
			return nil
		}
	case "public-read", "public-read-write", "authenticated-read":
		if b.Block != nil && aws.ToBool(b.Block.BlockPublicAcls) {
			return fail("AccessDenied", "User: "+identity.From(ctx).ARN+" is not authorized to perform: "+action+" on resource: \""+resource+
				"\" because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access.")
		}
	}
	return notImplemented()
}
