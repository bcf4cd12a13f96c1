package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// GetBucketNotificationConfiguration says whether changes go to EventBridge.
func (s *Service) GetBucketNotificationConfiguration(_ context.Context, in *s3.GetBucketNotificationConfigurationInput) (*s3.GetBucketNotificationConfigurationOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	out := &s3.GetBucketNotificationConfigurationOutput{}
	if b.EventBridge {
		out.EventBridgeConfiguration = &types.EventBridgeConfiguration{}
	}
	return out, nil
}

// PutBucketNotificationConfiguration turns the events of EventBridge on or off.
// Queues, topics and functions as destinations are not served.
func (s *Service) PutBucketNotificationConfiguration(_ context.Context, in *s3.PutBucketNotificationConfigurationInput) (*s3.PutBucketNotificationConfigurationOutput, error) {
	c := in.NotificationConfiguration
	if len(c.LambdaFunctionConfigurations)+len(c.QueueConfigurations)+len(c.TopicConfigurations) > 0 {
		return nil, fail("InvalidArgument", "Unable to validate the following destination configurations")
	}
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		b.EventBridge = c.EventBridgeConfiguration != nil
		return nil
	})
	return &s3.PutBucketNotificationConfigurationOutput{}, err
}

// event is the detail of S3's events, as "Amazon S3 event notifications to
// EventBridge" in the S3 user guide shows it.
type event struct {
	Version      string      `json:"version"`
	Bucket       eventBucket `json:"bucket"`
	Object       eventObject `json:"object"`
	Requester    string      `json:"requester"`
	Reason       string      `json:"reason"`
	DeletionType string      `json:"deletion-type,omitempty"`
}

type eventBucket struct {
	Name string `json:"name"`
}

type eventObject struct {
	Key     string `json:"key"`
	Size    *int64 `json:"size,omitempty"`
	ETag    string `json:"etag,omitempty"`
	Version string `json:"version-id,omitempty"`
}

// created tells EventBridge of a new object or version.
func (s *Service) created(ctx context.Context, b *bucket, key string, v *version, reason string) {
	s.publish(ctx, b, "Object Created", event{
		Object: eventObject{Key: key, Size: &v.Size, ETag: v.ETag}, Reason: reason,
	}, v)
}

// deleted tells EventBridge of a deletion.
func (s *Service) deleted(ctx context.Context, b *bucket, key string, v *version, reason string, marker bool) {
	kind := "Permanently Deleted"
	if marker {
		kind = "Delete Marker Created"
	}
	s.publish(ctx, b, "Object Deleted", event{
		Object: eventObject{Key: key, ETag: v.ETag}, Reason: reason, DeletionType: kind,
	}, v)
}

// publish sends an event where the bucket asks for them. What happened has
// happened: an event that cannot be recorded is the operator's to know of, as
// S3 delivers at best effort.
func (s *Service) publish(ctx context.Context, b *bucket, detailType string, e event, v *version) {
	if !b.EventBridge {
		return
	}
	e.Version, e.Bucket.Name = "0", b.Name
	e.Requester = identity.From(ctx).Account
	if id := b.versionID(v); id != nil {
		e.Object.Version = *id
	}
	if err := s.env.Bus.Publish(ctx, "aws.s3", detailType, []string{bucketARN(b.Name)}, e); err != nil {
		s.env.Log.ErrorContext(ctx, "S3 event was not published", "bucket", b.Name, "event", detailType, "error", err)
	}
}
