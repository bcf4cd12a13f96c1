package resource

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// topicAttributes are the properties of a topic which are its attributes too.
var topicAttributes = []string{"DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig"}

// topic is AWS::SNS::Topic. Ref gives its ARN. FIFO topics, archives, data
// protection and delivery logs are refused.
var topic = Type{
	Name:       "AWS::SNS::Topic",
	Attributes: []string{"TopicArn", "TopicName"},
	Foresee:    named("TopicName", 256, func(r Request, name string) string { return r.arn("sns", name) }),
	Read:       readTopic,
	Create: func(ctx context.Context, r Request) (Result, error) {
		if err := refuseTopic(r); err != nil {
			return Result{}, err
		}
		name := r.nameFrom("TopicName", 256)
		client := sns.NewFromConfig(r.Config)
		// CreateTopic answers with a topic that is there already; a stack must not take it.
		_, err := client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(r.arn("sns", name))})
		if err == nil {
			return Result{}, alreadyExists(name)
		}
		if !isGone(err) {
			return Result{}, err
		}
		in := &sns.CreateTopicInput{Name: &name, Tags: topicTags(r.tags()), Attributes: map[string]string{}}
		for _, attribute := range topicAttributes {
			if value := text(r.Properties, attribute); value != "" {
				in.Attributes[attribute] = value
			}
		}
		out, err := client.CreateTopic(ctx, in)
		if err != nil {
			return Result{}, err
		}
		arn := aws.ToString(out.TopicArn)
		return topicResult(arn, name), setSubscriptions(ctx, client, r, arn)
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		failed := Result{PhysicalID: r.PhysicalID}
		if err := refuseTopic(r); err != nil {
			return failed, err
		}
		client := sns.NewFromConfig(r.Config)
		for _, attribute := range topicAttributes {
			if !r.changed(attribute) {
				continue
			}
			if _, err := client.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{
				TopicArn: &r.PhysicalID, AttributeName: &attribute, AttributeValue: aws.String(text(r.Properties, attribute)),
			}); err != nil {
				return failed, err
			}
		}
		if err := setSubscriptions(ctx, client, r, r.PhysicalID); err != nil {
			return failed, err
		}
		name := r.PhysicalID[len(r.arn("sns", "")):]
		return topicResult(r.PhysicalID, name), retagTopic(ctx, client, r)
	},
	Delete: func(ctx context.Context, r Request) error {
		_, err := sns.NewFromConfig(r.Config).DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &r.PhysicalID})
		return unlessGone(err)
	},
}

func refuseTopic(r Request) error {
	return refuse(r.Properties, "ArchivePolicy", "ContentBasedDeduplication", "DataProtectionPolicy",
		"DeliveryStatusLogging", "FifoThroughputScope", "FifoTopic")
}

func topicResult(arn, name string) Result {
	return Result{PhysicalID: arn, Attributes: map[string]any{"TopicArn": arn, "TopicName": name}}
}

func topicTags(tags map[string]string) []types.Tag {
	return tagList(tags, func(key, value *string) types.Tag { return types.Tag{Key: key, Value: value} })
}

func retagTopic(ctx context.Context, client *sns.Client, r Request) error {
	set, remove := r.tagChanges()
	if len(set) > 0 {
		if _, err := client.TagResource(ctx, &sns.TagResourceInput{ResourceArn: &r.PhysicalID, Tags: topicTags(set)}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		if _, err := client.UntagResource(ctx, &sns.UntagResourceInput{ResourceArn: &r.PhysicalID, TagKeys: remove}); err != nil {
			return err
		}
	}
	return nil
}

// endpoint is an entry of a topic's Subscription property.
type endpoint struct{ protocol, address string }

func endpoints(properties map[string]any) []endpoint {
	var all []endpoint
	for _, subscription := range objects(properties, "Subscription") {
		all = append(all, endpoint{text(subscription, "Protocol"), text(subscription, "Endpoint")})
	}
	return all
}

// setSubscriptions subscribes what the property Subscription newly names and
// unsubscribes what it no longer names.
func setSubscriptions(ctx context.Context, client *sns.Client, r Request, topic string) error {
	old, now := endpoints(r.Old), endpoints(r.Properties)
	for _, e := range now {
		if slices.Contains(old, e) {
			continue
		}
		if _, err := client.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &topic, Protocol: &e.protocol, Endpoint: &e.address}); err != nil {
			return err
		}
	}
	gone := slices.DeleteFunc(old, func(e endpoint) bool { return slices.Contains(now, e) })
	if len(gone) == 0 {
		return nil
	}
	pages := sns.NewListSubscriptionsByTopicPaginator(client, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, s := range page.Subscriptions {
			if !slices.Contains(gone, endpoint{aws.ToString(s.Protocol), aws.ToString(s.Endpoint)}) ||
				aws.ToString(s.SubscriptionArn) == pending {
				continue
			}
			if _, err := client.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: s.SubscriptionArn}); unlessGone(err) != nil {
				return err
			}
		}
	}
	return nil
}

// pending is what SNS gives instead of an ARN until the subscriber has confirmed.
const pending = "PendingConfirmation"

// subscription is AWS::SNS::Subscription. Ref gives its ARN.
var subscription = Type{
	Name:       "AWS::SNS::Subscription",
	Attributes: []string{"Arn"},
	Read:       readSubscription,
	Create: func(ctx context.Context, r Request) (Result, error) {
		if err := refuse(r.Properties, "Region"); err != nil {
			return Result{}, err
		}
		in := &sns.SubscribeInput{ReturnSubscriptionArn: true}
		if err := fill(in, only(r.Properties, "TopicArn", "Protocol", "Endpoint")); err != nil {
			return Result{}, err
		}
		attributes, err := subscriptionAttributes(r.Properties)
		if err != nil {
			return Result{}, err
		}
		in.Attributes = attributes
		out, err := sns.NewFromConfig(r.Config).Subscribe(ctx, in)
		if err != nil {
			return Result{}, err
		}
		return subscriptionResult(aws.ToString(out.SubscriptionArn)), nil
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		failed := Result{PhysicalID: r.PhysicalID}
		old, err := subscriptionAttributes(r.Old)
		if err != nil {
			return failed, err
		}
		now, err := subscriptionAttributes(r.Properties)
		if err != nil {
			return failed, err
		}
		client := sns.NewFromConfig(r.Config)
		for _, name := range slices.Sorted(maps.Keys(without(r.Properties, "TopicArn", "Protocol", "Endpoint", "Region"))) {
			if old[name] == now[name] {
				continue
			}
			if _, err := client.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{
				SubscriptionArn: &r.PhysicalID, AttributeName: &name, AttributeValue: aws.String(now[name]),
			}); err != nil {
				return failed, err
			}
		}
		return subscriptionResult(r.PhysicalID), nil
	},
	Delete: func(ctx context.Context, r Request) error {
		_, err := sns.NewFromConfig(r.Config).Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &r.PhysicalID})
		return unlessGone(err)
	},
}

func subscriptionResult(arn string) Result {
	return Result{PhysicalID: arn, Attributes: map[string]any{"Arn": arn}}
}

func subscriptionAttributes(properties map[string]any) (map[string]string, error) {
	attributes := map[string]string{}
	for name, value := range without(properties, "TopicArn", "Protocol", "Endpoint", "Region") {
		if value == nil {
			continue
		}
		text, ok := scalar(value)
		if !ok {
			var err error
			if text, err = document(value); err != nil {
				return nil, err
			}
		}
		attributes[name] = text
	}
	return attributes, nil
}

// topicPolicy is AWS::SNS::TopicPolicy: one policy for some topics. Ref gives an
// id of its own. Deleting it gives the topics the policy that SNS starts them with.
var topicPolicy = Type{
	Name:       "AWS::SNS::TopicPolicy",
	Attributes: []string{"Id"},
	Foresee:    named("", 100, nil),
	Create: func(ctx context.Context, r Request) (Result, error) {
		id := r.Name(100)
		return Result{PhysicalID: id, Attributes: map[string]any{"Id": id}}, putTopicPolicy(ctx, r)
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		result := Result{PhysicalID: r.PhysicalID, Attributes: map[string]any{"Id": r.PhysicalID}}
		if err := putTopicPolicy(ctx, r); err != nil {
			return result, err
		}
		_, gone := diff(texts(r.Old, "Topics"), texts(r.Properties, "Topics"))
		return result, resetTopicPolicy(ctx, r, gone)
	},
	Delete: func(ctx context.Context, r Request) error {
		return resetTopicPolicy(ctx, r, texts(r.Properties, "Topics"))
	},
}

func putTopicPolicy(ctx context.Context, r Request) error {
	policy, err := document(r.Properties["PolicyDocument"])
	if err != nil {
		return err
	}
	return setTopicPolicy(ctx, r, texts(r.Properties, "Topics"), func(string) (string, error) { return policy, nil })
}

func setTopicPolicy(ctx context.Context, r Request, topics []string, policy func(topic string) (string, error)) error {
	client := sns.NewFromConfig(r.Config)
	for _, topic := range topics {
		value, err := policy(topic)
		if err != nil {
			return err
		}
		if _, err := client.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{
			TopicArn: &topic, AttributeName: aws.String("Policy"), AttributeValue: &value,
		}); err != nil {
			return err
		}
	}
	return nil
}

// resetTopicPolicy gives topics SNS's own policy again: their owner may do all that there is.
func resetTopicPolicy(ctx context.Context, r Request, topics []string) error {
	return unlessGone(setTopicPolicy(ctx, r, topics, func(topic string) (string, error) {
		return document(map[string]any{
			"Version": "2008-10-17", "Id": "__default_policy_ID",
			"Statement": []any{map[string]any{
				"Sid": "__default_statement_ID", "Effect": "Allow", "Principal": map[string]any{"AWS": "*"},
				"Action": []any{
					"SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission",
					"SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
				},
				"Resource":  topic,
				"Condition": map[string]any{"StringEquals": map[string]any{"AWS:SourceOwner": r.Account}},
			}},
		})
	}))
}
