package resource

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const usEast1 = "us-east-1"

// bucket is AWS::S3::Bucket. Ref gives its name. Properties that bucketSettings
// does not list are refused.
var bucket = Type{
	Name:       "AWS::S3::Bucket",
	Attributes: []string{"Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"},
	Foresee:    named("BucketName", 63, func(_ Request, name string) string { return strings.ToLower(name) }),
	Read:       readBucket,
	Create: func(ctx context.Context, r Request) (Result, error) {
		if err := refuseBucket(r); err != nil {
			return Result{}, err
		}
		name := text(r.Properties, "BucketName")
		if name == "" {
			name = strings.ToLower(r.Name(63))
		}
		client := s3.NewFromConfig(r.Config)
		if err := createBucket(ctx, client, r, name); err != nil {
			return Result{}, err
		}
		return bucketResult(r, name), setBucket(ctx, client, r, name)
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		if err := refuseBucket(r); err != nil {
			return Result{PhysicalID: r.PhysicalID}, err
		}
		return bucketResult(r, r.PhysicalID), setBucket(ctx, s3.NewFromConfig(r.Config), r, r.PhysicalID)
	},
	Delete: func(ctx context.Context, r Request) error {
		_, err := s3.NewFromConfig(r.Config).DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &r.PhysicalID})
		return unlessGone(err)
	},
}

func refuseBucket(r Request) error {
	served := map[string]bool{"BucketName": true, "Tags": true}
	for _, setting := range bucketSettings {
		served[setting.property] = true
	}
	for name := range r.Properties {
		if !served[name] && r.Properties[name] != nil {
			return unsupported(name)
		}
	}
	return nil
}

func createBucket(ctx context.Context, client *s3.Client, r Request, name string) error {
	in := &s3.CreateBucketInput{Bucket: &name}
	if r.Region == usEast1 {
		// Here S3 answers 200 for a bucket that the caller has already.
		if _, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name}); err == nil {
			return alreadyExists(name)
		}
	} else {
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(r.Region)}
	}
	for _, rule := range objects(object(r.Properties, "OwnershipControls"), "Rules") {
		in.ObjectOwnership = types.ObjectOwnership(text(rule, "ObjectOwnership"))
	}
	_, err := client.CreateBucket(ctx, in)
	if c := code(err); c == "BucketAlreadyOwnedByYou" || c == "BucketAlreadyExists" {
		return alreadyExists(name)
	}
	return err
}

func bucketResult(r Request, name string) Result {
	return Result{PhysicalID: name, Attributes: map[string]any{
		"Arn":                 "arn:aws:s3:::" + name,
		"DomainName":          name + ".s3.amazonaws.com",
		"DualStackDomainName": name + ".s3.dualstack." + r.Region + ".amazonaws.com",
		"RegionalDomainName":  name + ".s3." + r.Region + ".amazonaws.com",
		"WebsiteURL":          "http://" + name + ".s3-website-" + r.Region + ".amazonaws.com",
	}}
}

// setBucket applies every setting that differs from the last success, and the tags.
func setBucket(ctx context.Context, client *s3.Client, r Request, name string) error {
	for _, setting := range bucketSettings {
		if !r.changed(setting.property) {
			continue
		}
		if err := setting.apply(ctx, client, r, name); err != nil {
			return err
		}
	}
	// S3 refuses aws: tags from whoever asks. AWS's CloudFormation has rights of its own to set them.
	r.Tags, r.OldTags = lessSystem(r.Tags), lessSystem(r.OldTags)
	set, remove := r.tagChanges()
	tags := tagList(r.tags(), func(key, value *string) types.Tag { return types.Tag{Key: key, Value: value} })
	switch {
	case r.Old != nil && len(set) == 0 && len(remove) == 0, r.Old == nil && len(tags) == 0:
		return nil
	case len(tags) == 0:
		_, err := client.DeleteBucketTagging(ctx, &s3.DeleteBucketTaggingInput{Bucket: &name})
		return err
	}
	_, err := client.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: &name, Tagging: &types.Tagging{TagSet: tags}})
	return err
}

// bucketPolicy is AWS::S3::BucketPolicy. Ref gives the bucket's name.
var bucketPolicy = Type{
	Name: "AWS::S3::BucketPolicy",
	Read: readBucketPolicy,
	Create: func(ctx context.Context, r Request) (Result, error) {
		name := text(r.Properties, "Bucket")
		_, err := s3.NewFromConfig(r.Config).GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &name})
		if err == nil {
			return Result{}, &Error{Code: "AlreadyExists", Message: "The bucket policy already exists on bucket " + name + "."}
		}
		if code(err) != "NoSuchBucketPolicy" {
			return Result{}, err
		}
		return putBucketPolicy(ctx, r)
	},
	Update: putBucketPolicy,
	Delete: func(ctx context.Context, r Request) error {
		_, err := s3.NewFromConfig(r.Config).DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{
			Bucket: aws.String(text(r.Properties, "Bucket")),
		})
		return unlessGone(err)
	},
}

func putBucketPolicy(ctx context.Context, r Request) (Result, error) {
	name := text(r.Properties, "Bucket")
	policy, err := document(r.Properties["PolicyDocument"])
	if err != nil {
		return Result{PhysicalID: r.PhysicalID}, err
	}
	_, err = s3.NewFromConfig(r.Config).PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &name, Policy: &policy})
	if err != nil {
		return Result{PhysicalID: r.PhysicalID}, err
	}
	return Result{PhysicalID: name}, nil
}
