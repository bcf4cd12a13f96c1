package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func readBucketPolicy(ctx context.Context, r Request) (map[string]any, error) {
	out, err := s3.NewFromConfig(r.Config).GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String(text(r.Properties, "Bucket"))})
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"Bucket": text(r.Properties, "Bucket"), "PolicyDocument": shapeText(r.Properties["PolicyDocument"], aws.ToString(out.Policy)),
	}, nil
}

// readBucket does not compare lifecycle rules and notifications, which the API has in another form.
func readBucket(ctx context.Context, r Request) (map[string]any, error) {
	client := s3.NewFromConfig(r.Config)
	name := &r.PhysicalID
	if _, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: name}); err != nil {
		return nil, err
	}
	actual := only(r.Properties, "LifecycleConfiguration", "NotificationConfiguration")
	if r.Properties["BucketName"] != nil {
		actual["BucketName"] = r.PhysicalID
	}
	for property, read := range map[string]func() (any, error){
		"VersioningConfiguration": func() (any, error) {
			out, err := client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: name})
			return map[string]any{"VersioningConfiguration": out}, err
		},
		"PublicAccessBlockConfiguration": func() (any, error) {
			return client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: name})
		},
		"OwnershipControls": func() (any, error) {
			return client.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: name})
		},
		"BucketEncryption": func() (any, error) { return readEncryption(ctx, client, r) },
		"Tags":             func() (any, error) { return readBucketTags(ctx, client, r) },
	} {
		if r.Properties[property] == nil {
			continue
		}
		output, err := read()
		if isGone(err) {
			continue // the bucket is there, and has no such setting
		}
		if err != nil {
			return nil, err
		}
		if value, ok := shaped(only(r.Properties, property), output)[property]; ok {
			actual[property] = value
		}
	}
	return actual, nil
}

func readEncryption(ctx context.Context, client *s3.Client, r Request) (any, error) {
	out, err := client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	type rule struct{ ServerSideEncryptionByDefault, BucketKeyEnabled any }
	var rules []rule
	for _, given := range out.ServerSideEncryptionConfiguration.Rules {
		rules = append(rules, rule{given.ApplyServerSideEncryptionByDefault, given.BucketKeyEnabled})
	}
	return map[string]any{"BucketEncryption": struct{ ServerSideEncryptionConfiguration []rule }{rules}}, nil
}

func readBucketTags(ctx context.Context, client *s3.Client, r Request) (any, error) {
	out, err := client.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, tag := range out.TagSet {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return map[string]any{"Tags": r.ownTags(tags)}, nil
}
