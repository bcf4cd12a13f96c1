package sns

import (
	"context"
	"maps"
	"net/mail"
	"regexp"
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
	By         string
	Attributes map[string]string `json:",omitempty"` // those that were set
	// Authenticated says that the confirmation asked for it to take a signature to unsubscribe.
	Authenticated bool `json:",omitempty"`
}

// protocolLambda is that of functions, which need no confirmation.
const protocolLambda = "lambda"

// others are the protocols of AWS that would need something to deliver to.
var others = []string{"http", "https", "sms", "sqs", "application", "firehose"}

var functionARN = regexp.MustCompile(`^arn:aws:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:[$A-Za-z0-9_-]+)?$`)

// pending is the ARN of a subscription in listings, until it is confirmed.
const pending = "PendingConfirmation"

// Subscribe adds an e-mail address or a function to a topic. As on AWS an
// address stays pending until it is confirmed with the token that the inbox then
// holds.
func (s *Service) Subscribe(ctx context.Context, in *sns.SubscribeInput) (*sns.SubscribeOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	sub := subscription{TopicARN: *in.TopicArn, Protocol: *in.Protocol, Endpoint: aws.ToString(in.Endpoint), By: identity.From(ctx).ARN, Attributes: in.Attributes}
	if err := s.check(&sub); err != nil {
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
		for name, value := range in.Attributes {
			if rows[old].Value.Attributes[name] != value {
				return nil, invalid("Attributes Reason: Subscription already exists with different attributes")
			}
		}
		sub = rows[old].Value
	} else {
		id := uuid.New()
		sub.ARN, sub.Authenticated = sub.TopicARN+":"+id, sub.Protocol == protocolLambda
		if sub.Protocol != protocolLambda {
			sub.Token = strings.ReplaceAll(uuid.New()+uuid.New(), "-", "")
		}
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

func (s *Service) check(sub *subscription) error {
	switch {
	case slices.Contains(others, sub.Protocol):
		return invalid("Protocol Reason: subscriptions of protocol %s are not served by this local AWS, only email, email-json and lambda", sub.Protocol)
	case sub.Protocol == protocolLambda:
		if !functionARN.MatchString(sub.Endpoint) {
			return invalid("Lambda endpoint ARN")
		}
		if !strings.HasPrefix(sub.Endpoint, s.env.ARN("lambda", "function:")) {
			return invalid("Endpoint Reason: functions in another account or region are not served by this local AWS")
		}
	case sub.Protocol != "email" && sub.Protocol != "email-json":
		return invalid("Amazon SNS does not support this protocol string: %s", sub.Protocol)
	default:
		if address, err := mail.ParseAddress(sub.Endpoint); err != nil || address.Address != sub.Endpoint {
			return invalid("Email address")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sub.Attributes)) {
		if err := sub.checkAttribute(name, sub.Attributes[name]); err != nil {
			return err
		}
	}
	return nil
}

// checkAttribute refuses what has no effect here.
func (sub *subscription) checkAttribute(name, value string) error {
	switch name {
	case "FilterPolicy":
		if value == "" {
			return nil
		}
		if err := checkFilter(value, sub.scope()); err != nil {
			return invalid("Attributes Reason: FilterPolicy: %v", err)
		}
	case "FilterPolicyScope":
		if value != scopeAttributes && value != scopeBody {
			return invalid("FilterPolicyScope: Invalid value [%s]. Please use either MessageBody or MessageAttributes", value)
		}
	case "RedrivePolicy":
		if value != "" && value != "{}" {
			return invalid("Attributes Reason: RedrivePolicy is not served by this local AWS")
		}
	case "RawMessageDelivery":
		if value != "false" {
			return invalid("Attributes Reason: Delivery protocol [%s] does not support raw message delivery.", sub.Protocol)
		}
	case "DeliveryPolicy":
		return invalid("Attributes Reason: Delivery protocol [%s] does not support delivery policies.", sub.Protocol)
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
			row.Value.Token, row.Value.Authenticated = "", strings.EqualFold(aws.ToString(in.AuthenticateOnUnsubscribe), "true")
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
	attributes := map[string]string{
		"SubscriptionArn": sub.ARN, "TopicArn": sub.TopicARN, "Owner": s.env.Account, "Protocol": sub.Protocol, "Endpoint": sub.Endpoint,
		"PendingConfirmation": strconv.FormatBool(sub.Token != ""), "ConfirmationWasAuthenticated": strconv.FormatBool(sub.Authenticated),
		"RawMessageDelivery": "false", "SubscriptionPrincipal": sub.By,
	}
	if filter := sub.Attributes["FilterPolicy"]; filter != "" {
		attributes["FilterPolicy"], attributes["FilterPolicyScope"] = filter, sub.scope()
	}
	return &sns.GetSubscriptionAttributesOutput{Attributes: attributes}, nil
}

// SetSubscriptionAttributes sets one attribute, such as the filter policy.
func (s *Service) SetSubscriptionAttributes(_ context.Context, in *sns.SetSubscriptionAttributesInput) (*sns.SetSubscriptionAttributesOutput, error) {
	row, err := s.subscription(in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	name, value := *in.AttributeName, aws.ToString(in.AttributeValue)
	return &sns.SetSubscriptionAttributesOutput{}, s.subscriptions.Update(row.Key, func(sub *subscription, ok bool) error {
		if !ok {
			return noSubscription()
		}
		if err := sub.checkAttribute(name, value); err != nil {
			return err
		}
		if sub.Attributes == nil {
			sub.Attributes = map[string]string{}
		}
		sub.Attributes[name] = value
		if filter := sub.Attributes["FilterPolicy"]; name == "FilterPolicyScope" && filter != "" {
			return sub.checkAttribute("FilterPolicy", filter)
		}
		return nil
	})
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
