// Package sns is Amazon SNS in this process: topics, subscriptions by e-mail
// and of functions, filter policies, and an inbox that every message lands in.
// No e-mail is ever sent; functions are really called.
//
// Non-goals: subscriptions of other kinds, FIFO topics, encryption. Requests
// for them are refused by name.
package sns

import (
	"context"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Service is one account's SNS in one region. It is safe for concurrent use.
type Service struct {
	env           service.Env
	topics        *store.Table[topic]        // by name
	subscriptions *store.Table[subscription] // by topic's name, NUL, id
	messages      *store.Table[Message]      // by number, so in the order of arrival
	deliveries    *store.Table[delivery]     // by an id of their own

	stop    context.Context // ends when the service closes: no more retries
	cancel  context.CancelFunc
	workers sync.WaitGroup
	life    sync.Mutex // guards closed
	closed  bool

	// mu guards the step from reading a topic's subscriptions to changing them.
	mu sync.Mutex
}

// New opens the state under env.
func New(env service.Env) (*Service, error) {
	s := &Service{env: env}
	var err error
	if s.topics, err = store.NewTable[topic](env.DB, "sns/topics"); err != nil {
		return nil, err
	}
	if s.subscriptions, err = store.NewTable[subscription](env.DB, "sns/subscriptions"); err != nil {
		return nil, err
	}
	if s.messages, err = store.NewTable[Message](env.DB, "sns/messages"); err != nil {
		return nil, err
	}
	if s.deliveries, err = store.NewTable[delivery](env.DB, "sns/deliveries"); err != nil {
		return nil, err
	}
	s.stop, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Operations lists what is served, each with its action, resources and condition keys:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateTopic", "sns:CreateTopic", func(in *sns.CreateTopicInput) []string { return []string{s.topicARN(aws.ToString(in.Name))} }, s.CreateTopic,
			wire.Keys(func(in *sns.CreateTopicInput) policy.Context { return policy.Context(nil).RequestTags(tagMap(in.Tags)) }),
			wire.Also(s.tagsOnCreate)),
		wire.Op("DeleteTopic", "sns:DeleteTopic", func(in *sns.DeleteTopicInput) []string { return on(in.TopicArn) }, s.DeleteTopic),
		wire.Op("GetTopicAttributes", "sns:GetTopicAttributes", func(in *sns.GetTopicAttributesInput) []string { return on(in.TopicArn) }, s.GetTopicAttributes),
		wire.Op("SetTopicAttributes", "sns:SetTopicAttributes", func(in *sns.SetTopicAttributesInput) []string { return on(in.TopicArn) }, s.SetTopicAttributes),
		wire.Op("ListTopics", "sns:ListTopics", func(*sns.ListTopicsInput) []string { return s.all() }, s.ListTopics),
		wire.Op("Subscribe", "sns:Subscribe", func(in *sns.SubscribeInput) []string { return on(in.TopicArn) }, s.Subscribe,
			wire.Keys(func(in *sns.SubscribeInput) policy.Context {
				return policy.Keys("sns:Protocol", aws.ToString(in.Protocol), "sns:Endpoint", aws.ToString(in.Endpoint))
			})),
		wire.Op("ConfirmSubscription", "sns:ConfirmSubscription", func(in *sns.ConfirmSubscriptionInput) []string { return on(in.TopicArn) }, s.ConfirmSubscription),
		wire.Op("Unsubscribe", "sns:Unsubscribe", func(in *sns.UnsubscribeInput) []string { return onTopicOf(in.SubscriptionArn) }, s.Unsubscribe),
		wire.Op("ListSubscriptions", "sns:ListSubscriptions", func(*sns.ListSubscriptionsInput) []string { return s.all() }, s.ListSubscriptions),
		wire.Op("ListSubscriptionsByTopic", "sns:ListSubscriptionsByTopic", func(in *sns.ListSubscriptionsByTopicInput) []string { return on(in.TopicArn) }, s.ListSubscriptionsByTopic),
		wire.Op("GetSubscriptionAttributes", "sns:GetSubscriptionAttributes", func(in *sns.GetSubscriptionAttributesInput) []string { return onTopicOf(in.SubscriptionArn) }, s.GetSubscriptionAttributes),
		wire.Op("SetSubscriptionAttributes", "sns:SetSubscriptionAttributes", func(in *sns.SetSubscriptionAttributesInput) []string { return onTopicOf(in.SubscriptionArn) }, s.SetSubscriptionAttributes),
		wire.Op("Publish", "sns:Publish", func(in *sns.PublishInput) []string { return on(target(in)) }, s.Publish),
		wire.Op("PublishBatch", "sns:Publish", func(in *sns.PublishBatchInput) []string { return on(in.TopicArn) }, s.PublishBatch),
		wire.Op("AddPermission", "sns:AddPermission", func(in *sns.AddPermissionInput) []string { return on(in.TopicArn) }, s.AddPermission),
		wire.Op("RemovePermission", "sns:RemovePermission", func(in *sns.RemovePermissionInput) []string { return on(in.TopicArn) }, s.RemovePermission),
		wire.Op("TagResource", "sns:TagResource", func(in *sns.TagResourceInput) []string { return on(in.ResourceArn) }, s.TagResource,
			wire.Keys(func(in *sns.TagResourceInput) policy.Context { return policy.Context(nil).RequestTags(tagMap(in.Tags)) })),
		wire.Op("UntagResource", "sns:UntagResource", func(in *sns.UntagResourceInput) []string { return on(in.ResourceArn) }, s.UntagResource,
			wire.Keys(func(in *sns.UntagResourceInput) policy.Context { return policy.TagKeys(in.TagKeys) })),
		wire.Op("ListTagsForResource", "sns:ListTagsForResource", func(in *sns.ListTagsForResourceInput) []string { return on(in.ResourceArn) }, s.ListTagsForResource),
	}
}

// all is what the lists of an account are on, as SNS's own denials say it.
func (s *Service) all() []string { return []string{s.topicARN("*")} }

// on is a topic's ARN; nothing, which is every resource, where none is given.
func on(arn *string) []string {
	if arn == nil || *arn == "" {
		return nil
	}
	return []string{*arn}
}

// tagsOnCreate is what else a topic with tags needs, says the reference of CreateTopic.
func (s *Service) tagsOnCreate(in *sns.CreateTopicInput) []policy.Access {
	if len(in.Tags) == 0 {
		return nil
	}
	return []policy.Access{{
		Action: "sns:TagResource", Resources: []string{s.topicARN(aws.ToString(in.Name))},
		Keys: policy.Context(nil).RequestTags(tagMap(in.Tags)),
	}}
}

func tagMap(tags []types.Tag) map[string]string {
	values := make(map[string]string, len(tags))
	for _, tag := range tags {
		values[*tag.Key] = *tag.Value
	}
	return values
}

// onTopicOf is the topic's ARN, which a subscription's ARN continues.
func onTopicOf(subscription *string) []string {
	arn := aws.ToString(subscription)
	if i := strings.LastIndexByte(arn, ':'); strings.Count(arn, ":") == 6 {
		arn = arn[:i]
	}
	return []string{arn}
}

func (s *Service) topicARN(name string) string { return s.env.ARN("sns", name) }

// nameIn returns the rest of an ARN of this account's SNS: a topic's name, and
// after a colon a subscription's id.
func (s *Service) nameIn(arn *string, member string) (string, error) {
	if elements := strings.Count(aws.ToString(arn), ":") + 1; elements < 6 {
		return "", invalid("%s Reason: An ARN must have at least 6 elements, not %d", member, elements)
	}
	name, ok := strings.CutPrefix(*arn, s.topicARN(""))
	if !ok {
		return "", invalid("%s", member)
	}
	return name, nil
}

func noTopic() error { return &types.NotFoundException{Message: aws.String("Topic does not exist")} }

func noSubscription() error {
	return &types.NotFoundException{Message: aws.String("Subscription does not exist")}
}
