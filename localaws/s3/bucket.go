package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const usEast1 = "us-east-1"

// bucket is a row: a bucket with all its settings.
type bucket struct {
	Name       string
	Created    time.Time
	Versioning types.BucketVersioningStatus `json:",omitempty"` // empty: never versioned
	Policy     string                       `json:",omitempty"`
	// Restricted is a policy that lets everybody in, less those outside the account; else empty.
	Restricted string                `json:",omitempty"`
	Tags       []types.Tag           `json:",omitempty"`
	Ownership  types.ObjectOwnership `json:",omitempty"`
	Block      *types.PublicAccessBlockConfiguration
	Encryption *types.ServerSideEncryptionConfiguration
	Lifecycle  []types.LifecycleRule                    `json:",omitempty"`
	Transition types.TransitionDefaultMinimumObjectSize `json:",omitempty"`
	// EventBridge says whether changes of objects become events.
	EventBridge bool `json:",omitempty"`
}

func bucketARN(name string) string { return "arn:aws:s3:::" + name }

// owner is the account in the form of S3, a canonical user id.
func (s *Service) owner() *types.Owner {
	id := sha256.Sum256([]byte("canonical user " + s.env.Account))
	return &types.Owner{ID: aws.String(hex.EncodeToString(id[:]))}
}

// bucket returns the bucket of a request, which is not to be changed. Every operation starts with it, so
// that a bucket of another owner than expected is never touched.
func (s *Service) bucket(name, expectedOwner *string) (*bucket, error) {
	b, err := s.buckets.get(*name)
	switch {
	case err != nil:
		return nil, err
	case b == nil:
		return nil, noSuchBucket(*name)
	}
	return b, s.checkOwner(expectedOwner)
}

func noSuchBucket(name string) error {
	if !validBucketName(name) {
		return fail("InvalidBucketName", "The specified bucket is not valid.")
	}
	return &types.NoSuchBucket{Message: aws.String("The specified bucket does not exist")}
}

func (s *Service) checkOwner(expected *string) error {
	if expected != nil && *expected != s.env.Account {
		return fail("AccessDenied", "Access Denied")
	}
	return nil
}

// CreateBucket makes a bucket. One that exists already is an error, save in
// us-east-1, where S3 answers 200 to its owner and changes nothing.
func (s *Service) CreateBucket(_ context.Context, in *s3.CreateBucketInput) (*s3.CreateBucketOutput, error) {
	name := *in.Bucket
	if !validBucketName(name) {
		return nil, fail("InvalidBucketName", "The specified bucket is not valid.")
	}
	if err := s.checkCreate(in); err != nil {
		return nil, err
	}
	err := s.buckets.update(name, func(row *bucket, ok bool) error {
		if ok && s.env.Region == usEast1 {
			return nil
		}
		if ok {
			return &types.BucketAlreadyOwnedByYou{
				Message: aws.String("Your previous request to create the named bucket succeeded and you already own it."),
			}
		}
		*row = s.newBucket(in)
		return nil
	})
	if err != nil {
		return nil, err
	}
	location := "/" + name
	if s.env.Region != usEast1 {
		location = s.env.URL + "/" + name + "/"
	}
	return &s3.CreateBucketOutput{Location: &location, BucketArn: aws.String(bucketARN(name))}, nil
}

// newBucket has the settings that S3 gives to new buckets since April 2023.
func (s *Service) newBucket(in *s3.CreateBucketInput) bucket {
	b := bucket{
		Name: *in.Bucket, Created: s.now(), Ownership: in.ObjectOwnership,
		Block: &types.PublicAccessBlockConfiguration{
			BlockPublicAcls: aws.Bool(true), IgnorePublicAcls: aws.Bool(true),
			BlockPublicPolicy: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
		},
		Encryption: defaultEncryption(),
	}
	if b.Ownership == "" {
		b.Ownership = types.ObjectOwnershipBucketOwnerEnforced
	}
	if c := in.CreateBucketConfiguration; c != nil {
		b.Tags = c.Tags
	}
	return b
}

func (s *Service) checkCreate(in *s3.CreateBucketInput) error {
	if aws.ToBool(in.ObjectLockEnabledForBucket) || in.BucketNamespace == types.BucketNamespaceAccountRegional {
		return notImplemented()
	}
	for _, grant := range []*string{in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP} {
		if grant != nil {
			return notImplemented()
		}
	}
	switch {
	case in.ACL == "" || in.ACL == types.BucketCannedACLPrivate:
	case in.ObjectOwnership == "" || in.ObjectOwnership == types.ObjectOwnershipBucketOwnerEnforced:
		return fail("InvalidBucketAclWithObjectOwnership",
			"Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
	default:
		return notImplemented()
	}
	c := in.CreateBucketConfiguration
	if c == nil {
		c = &types.CreateBucketConfiguration{}
	}
	if c.Bucket != nil || c.Location != nil { // directory buckets
		return notImplemented()
	}
	if err := checkTags(c.Tags, maxBucketTags); err != nil {
		return err
	}
	return s.checkLocation(string(c.LocationConstraint))
}

func (s *Service) checkLocation(constraint string) error {
	switch {
	case s.env.Region == usEast1 && constraint == "", s.env.Region != usEast1 && constraint == s.env.Region:
		return nil
	case s.env.Region == usEast1 && constraint == usEast1:
		return fail("InvalidLocationConstraint", "The specified location-constraint is not valid")
	case constraint == "":
		constraint = "unspecified"
	}
	return fail("IllegalLocationConstraintException", "The "+constraint+
		" location constraint is incompatible for the region specific endpoint this request was sent to.")
}

// DeleteBucket deletes a bucket without objects, versions and delete markers.
// Multipart uploads in progress go with it.
func (s *Service) DeleteBucket(ctx context.Context, in *s3.DeleteBucketInput) (*s3.DeleteBucketOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	rows, err := s.versions.Keys(listPrefix(b.Name, ""), "", 1)
	if err != nil {
		return nil, err
	}
	if len(rows) > 0 {
		message := "The bucket you tried to delete is not empty"
		if b.Versioning != "" {
			message += ". You must delete all versions in the bucket."
		}
		return nil, fail("BucketNotEmpty", message)
	}
	uploads, err := s.uploads.List(listPrefix(b.Name, ""), "", 0)
	if err != nil {
		return nil, err
	}
	for _, u := range uploads {
		if err := s.dropUpload(ctx, u); err != nil {
			return nil, err
		}
	}
	return &s3.DeleteBucketOutput{}, s.buckets.remove(b.Name)
}

// HeadBucket says whether the bucket exists.
func (s *Service) HeadBucket(_ context.Context, in *s3.HeadBucketInput) (*s3.HeadBucketOutput, error) {
	if _, err := s.bucket(in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, headError(err)
	}
	return &s3.HeadBucketOutput{
		AccessPointAlias: aws.Bool(false), BucketArn: aws.String(bucketARN(*in.Bucket)), BucketRegion: &s.env.Region,
	}, nil
}

// GetBucketLocation returns the bucket's region, which for us-east-1 is nothing.
func (s *Service) GetBucketLocation(_ context.Context, in *s3.GetBucketLocationInput) (*s3.GetBucketLocationOutput, error) {
	if _, err := s.bucket(in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	out := &s3.GetBucketLocationOutput{}
	if s.env.Region != usEast1 {
		out.LocationConstraint = types.BucketLocationConstraint(s.env.Region)
	}
	return out, nil
}

// now is the time in the precision of S3.
func (s *Service) now() time.Time { return s.env.Now().UTC().Truncate(time.Second) }
