package sns

import (
	"context"
	"net/mail"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// subscription is a row.
type subscription struct {
	ARN, TopicARN, Protocol, Endpoint string
	// Token confirms the subscription; it is empty once that is done.
	Token string `json:",omitempty"`
	// By is who subscribed.
	By string
}

// others are the protocols of AWS that would need something to deliver to.
var others = []string{"http", "https", "sms", "sqs", "application", "lambda", "firehose"}

// pending is the ARN of a subscription in listings, until it is confirmed.
const pending = "PendingConfirmation"

// Subscribe adds an e-mail address to a topic. As on AWS it stays pending
// until it is confirmed with the token that the inbox then holds.
func (s *Service) Subscribe(ctx context.Context, in *sns.SubscribeInput) (*sns.SubscribeOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	sub := subscription{TopicARN: *in.TopicArn, Protocol: *in.Protocol, Endpoint: aws.ToString(in.Endpoint), By: identity.From(ctx).ARN}
	if err := sub.check(in.Attributes); err != nil {
		return nil, err
	}
	rows, err := s.subscriptions.List(t.Name+"\x00", "", 0)
	if err != nil {
		return nil, err
	}
	old := slices.IndexFunc(rows, func(row store.Row[subscription]) bool {
		return row.Value.Protocol == sub.Protocol && row.Value.Endpoint == sub.Endpoint
	})
	if old >= 0 {
		sub = rows[old].Value
	} else {
		id := uuid.New()
		sub.ARN, sub.Token = sub.TopicARN+":"+id, strings.ReplaceAll(uuid.New()+uuid.New(), "-", "")
		if err := s.subscriptions.Put(t.Name+"\x00"+id, sub); err != nil {
			return nil, err
		}
	}
	if sub.Token != "" {
		if err := s.askToConfirm(&sub); err != nil {
			return nil, err
		}
	}
	out := &sns.SubscribeOutput{SubscriptionArn: &sub.ARN}
	if sub.Token != "" && !in.ReturnSubscriptionArn {
		out.SubscriptionArn = aws.String("pending confirmation")
	}
	return out, nil
}

func (sub *subscription) check(attributes map[string]string) error {
	switch {
	case slices.Contains(others, sub.Protocol):
		return invalid("Protocol Reason: subscriptions of protocol %s are not served by this local AWS, only email and email-json", sub.Protocol)
	case sub.Protocol != "email" && sub.Protocol != "email-json":
		return invalid("Amazon SNS does not support this protocol string: %s", sub.Protocol)
	}
	if address, err := mail.ParseAddress(sub.Endpoint); err != nil || address.Address != sub.Endpoint {
		return invalid("Email address")
	}
	for name, value := range attributes {
		if err := checkSubscriptionAttribute(name, value); err != nil {
			return err
		}
	}
	return nil
}

// checkSubscriptionAttribute lets through only what asks for nothing.
func checkSubscriptionAttribute(name, value string) error {
	switch name {
	case "FilterPolicy", "FilterPolicyScope", "RedrivePolicy":
		if value != "" && value != "{}" && value != "MessageAttributes" {
			return invalid("Attributes Reason: %s is not served by this local AWS", name)
		}
	case "RawMessageDelivery":
		if value != "false" {
			return invalid("Attributes Reason: Delivery protocol [email] does not support raw message delivery.")
		}
	case "DeliveryPolicy":
		return invalid("Attributes Reason: Delivery protocol [email] does not support delivery policies.")
	default:
		return invalid("AttributeName")
	}
	return nil
}

// ConfirmSubscription confirms the subscription that the token was made for.
func (s *Service) ConfirmSubscription(_ context.Context, in *sns.ConfirmSubscriptionInput) (*sns.ConfirmSubscriptionOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	rows, err := s.subscriptions.List(t.Name+"\x00", "", 0)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if row.Value.Token != "" && row.Value.Token == *in.Token {
			row.Value.Token = ""
			return &sns.ConfirmSubscriptionOutput{SubscriptionArn: &row.Value.ARN}, s.subscriptions.Put(row.Key, row.Value)
		}
	}
	return nil, invalid("Token")
}

// subscription returns the row of a subscription's ARN.
func (s *Service) subscription(arn *string) (*store.Row[subscription], error) {
	name, err := s.nameIn(arn, "SubscriptionArn")
	if err != nil {
		return nil, err
	}
	key := strings.Replace(name, ":", "\x00", 1)
	sub, ok, err := s.subscriptions.Get(key)
	if err == nil && !ok {
		err = noSubscription()
	}
	return &store.Row[subscription]{Key: key, Value: sub}, err
}

// Unsubscribe removes a subscription; that there is none is no error.
func (s *Service) Unsubscribe(_ context.Context, in *sns.UnsubscribeInput) (*sns.UnsubscribeOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, err := s.nameIn(in.SubscriptionArn, "SubscriptionArn")
	if err != nil {
		return nil, err
	}
	return &sns.UnsubscribeOutput{}, s.subscriptions.Delete(strings.Replace(name, ":", "\x00", 1))
}

// GetSubscriptionAttributes describes a subscription.
func (s *Service) GetSubscriptionAttributes(_ context.Context, in *sns.GetSubscriptionAttributesInput) (*sns.GetSubscriptionAttributesOutput, error) {
	row, err := s.subscription(in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	sub := row.Value
	return &sns.GetSubscriptionAttributesOutput{Attributes: map[string]string{
		"SubscriptionArn": sub.ARN, "TopicArn": sub.TopicARN, "Owner": s.env.Account, "Protocol": sub.Protocol, "Endpoint": sub.Endpoint,
		"PendingConfirmation": strconv.FormatBool(sub.Token != ""), "ConfirmationWasAuthenticated": "false",
		"RawMessageDelivery": "false", "SubscriptionPrincipal": sub.By,
	}}, nil
}

// SetSubscriptionAttributes accepts only what changes nothing: an e-mail
// subscription has no attribute that is served here.
func (s *Service) SetSubscriptionAttributes(_ context.Context, in *sns.SetSubscriptionAttributesInput) (*sns.SetSubscriptionAttributesOutput, error) {
	if _, err := s.subscription(in.SubscriptionArn); err != nil {
		return nil, err
	}
	return &sns.SetSubscriptionAttributesOutput{}, checkSubscriptionAttribute(*in.AttributeName, aws.ToString(in.AttributeValue))
}

// ListSubscriptions lists all subscriptions, by topic.
func (s *Service) ListSubscriptions(_ context.Context, in *sns.ListSubscriptionsInput) (*sns.ListSubscriptionsOutput, error) {
	list, next, err := s.list("", in.NextToken)
	return &sns.ListSubscriptionsOutput{Subscriptions: list, NextToken: next}, err
}

// ListSubscriptionsByTopic lists the subscriptions of a topic.
func (s *Service) ListSubscriptionsByTopic(_ context.Context, in *sns.ListSubscriptionsByTopicInput) (*sns.ListSubscriptionsByTopicOutput, error) {
	t, err := s.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	list, next, err := s.list(t.Name+"\x00", in.NextToken)
	return &sns.ListSubscriptionsByTopicOutput{Subscriptions: list, NextToken: next}, err
}

// list reads a page of subscriptions. The token is the last row's key with a
// colon for its NUL, which XML cannot hold.
func (s *Service) list(prefix string, token *string) ([]types.Subscription, *string, error) {
	after := strings.Replace(aws.ToString(token), ":", "\x00", 1)
	rows, err := s.subscriptions.List(prefix, after, pageSize+1)
	if err != nil {
		return nil, nil, err
	}
	var next *string
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		next = aws.String(strings.Replace(rows[pageSize-1].Key, "\x00", ":", 1))
	}
	list := make([]types.Subscription, 0, len(rows))
	for i := range rows {
		sub := &rows[i].Value
		arn := sub.ARN
		if sub.Token != "" {
			arn = pending
		}
		list = append(list, types.Subscription{
			SubscriptionArn: &arn, TopicArn: &sub.TopicARN, Protocol: &sub.Protocol, Endpoint: &sub.Endpoint, Owner: &s.env.Account,
		})
	}
	return list, next, nil
}
