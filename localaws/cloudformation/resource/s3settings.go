package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// bucketSetting is a property of a bucket and the call that makes it true,
// whether it is given or no longer given.
type bucketSetting struct {
	property string
	apply    func(ctx context.Context, client *s3.Client, r Request, bucket string) error
}

var bucketSettings = []bucketSetting{
	{"OwnershipControls", func(ctx context.Context, client *s3.Client, r Request, bucket string) error {
		if r.Properties["OwnershipControls"] == nil {
			_, err := client.DeleteBucketOwnershipControls(ctx, &s3.DeleteBucketOwnershipControlsInput{Bucket: &bucket})
			return err
		}
		in := &s3.PutBucketOwnershipControlsInput{Bucket: &bucket}
		if err := fill(in, only(r.Properties, "OwnershipControls")); err != nil {
			return err
		}
		_, err := client.PutBucketOwnershipControls(ctx, in)
		return err
	}},
	{"PublicAccessBlockConfiguration", func(ctx context.Context, client *s3.Client, r Request, bucket string) error {
		if r.Properties["PublicAccessBlockConfiguration"] == nil {
			_, err := client.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: &bucket})
			return err
		}
		in := &s3.PutPublicAccessBlockInput{Bucket: &bucket}
		if err := fill(in, only(r.Properties, "PublicAccessBlockConfiguration")); err != nil {
			return err
		}
		_, err := client.PutPublicAccessBlock(ctx, in)
		return err
	}},
	{"VersioningConfiguration", func(ctx context.Context, client *s3.Client, r Request, bucket string) error {
		status := types.BucketVersioningStatus(text(object(r.Properties, "VersioningConfiguration"), "Status"))
		if status == "" {
			status = types.BucketVersioningStatusSuspended // versioning cannot be taken away
		}
		_, err := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
			Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: status},
		})
		return err
	}},
	{"BucketEncryption", func(ctx context.Context, client *s3.Client, r Request, bucket string) error {
		if r.Properties["BucketEncryption"] == nil {
			_, err := client.DeleteBucketEncryption(ctx, &s3.DeleteBucketEncryptionInput{Bucket: &bucket})
			return err
		}
		configuration, err := encryption(object(r.Properties, "BucketEncryption"))
		if err != nil {
			return err
		}
		_, err = client.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{
			Bucket: &bucket, ServerSideEncryptionConfiguration: configuration,
		})
		return err
	}},
	{"LifecycleConfiguration", func(ctx context.Context, client *s3.Client, r Request, bucket string) error {
		if r.Properties["LifecycleConfiguration"] == nil {
			_, err := client.DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: &bucket})
			return err
		}
		configuration := object(r.Properties, "LifecycleConfiguration")
		in := &s3.PutBucketLifecycleConfigurationInput{Bucket: &bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{}}
		if err := fill(in, without(configuration, "Rules")); err != nil {
			return err
		}
		rules, err := lifecycleRules(configuration)
		if err != nil {
			return err
		}
		in.LifecycleConfiguration.Rules = rules
		_, err = client.PutBucketLifecycleConfiguration(ctx, in)
		return err
	}},
	{"NotificationConfiguration", func(ctx context.Context, client *s3.Client, r Request, bucket string) error {
		configuration := object(r.Properties, "NotificationConfiguration")
		for name := range without(configuration, "EventBridgeConfiguration") {
			return unsupported("NotificationConfiguration." + name)
		}
		out := &types.NotificationConfiguration{}
		bridge := object(configuration, "EventBridgeConfiguration")
		if len(bridge) > 0 && text(bridge, "EventBridgeEnabled") != "false" {
			out.EventBridgeConfiguration = &types.EventBridgeConfiguration{}
		}
		_, err := client.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{
			Bucket: &bucket, NotificationConfiguration: out,
		})
		return err
	}},
}

// encryption renames what CloudFormation calls otherwise than S3.
func encryption(given map[string]any) (*types.ServerSideEncryptionConfiguration, error) {
	configuration := &types.ServerSideEncryptionConfiguration{}
	for _, rule := range objects(given, "ServerSideEncryptionConfiguration") {
		renamed := without(rule, "ServerSideEncryptionByDefault")
		renamed["ApplyServerSideEncryptionByDefault"] = rule["ServerSideEncryptionByDefault"]
		var out types.ServerSideEncryptionRule
		if err := fill(&out, renamed); err != nil {
			return nil, err
		}
		configuration.Rules = append(configuration.Rules, out)
	}
	return configuration, nil
}

// lifecycleRules turns CloudFormation's flat rules into S3's nested ones.
func lifecycleRules(configuration map[string]any) ([]types.LifecycleRule, error) {
	var rules []types.LifecycleRule
	for _, given := range objects(configuration, "Rules") {
		if err := refuse(given, "ExpirationDate", "NoncurrentVersionTransition", "Transition"); err != nil {
			return nil, err
		}
		renamed := only(given, "Id", "Status", "AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration")
		if days := given["NoncurrentVersionExpirationInDays"]; days != nil && renamed["NoncurrentVersionExpiration"] == nil {
			renamed["NoncurrentVersionExpiration"] = map[string]any{"NoncurrentDays": days}
		}
		expiration := map[string]any{"Days": given["ExpirationInDays"], "ExpiredObjectDeleteMarker": given["ExpiredObjectDeleteMarker"]}
		if given["ExpirationInDays"] != nil || given["ExpiredObjectDeleteMarker"] != nil {
			renamed["Expiration"] = expiration
		}
		renamed["Transitions"] = transitions(given, "Transitions", "TransitionInDays", "Days")
		renamed["NoncurrentVersionTransitions"] = transitions(given, "NoncurrentVersionTransitions", "TransitionInDays", "NoncurrentDays")
		renamed["Filter"] = lifecycleFilter(given)
		var out types.LifecycleRule
		if err := fill(&out, renamed); err != nil {
			return nil, err
		}
		rules = append(rules, out)
	}
	return rules, nil
}

func transitions(given map[string]any, property, from, to string) any {
	var list []any
	for _, transition := range objects(given, property) {
		renamed := without(transition, from)
		if days := transition[from]; days != nil {
			renamed[to] = days
		}
		list = append(list, renamed)
	}
	if list == nil {
		return nil
	}
	return list
}

// lifecycleFilter is the rule's filter; S3 wants several conditions under And.
func lifecycleFilter(given map[string]any) map[string]any {
	filter := only(given, "Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
	tags, _ := given["TagFilters"].([]any)
	if len(filter)+len(tags) <= 1 {
		if len(tags) == 1 {
			filter["Tag"] = tags[0]
		}
		if len(filter) == 0 {
			filter["Prefix"] = ""
		}
		return filter
	}
	if len(tags) > 0 {
		filter["Tags"] = tags
	}
	return map[string]any{"And": filter}
}
