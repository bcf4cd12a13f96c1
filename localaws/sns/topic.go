package sns

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// pageSize is AWS's, for topics and subscriptions alike.
const pageSize = 100

const maxTags = 50

// topic is a row.
type topic struct {
	Name       string
	Attributes map[string]string `json:",omitempty"` // those that were set
	Tags       map[string]string `json:",omitempty"`
}

// topicName is without the length: a counted repetition would cost every start of the program its compilation.
var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

const longestName = 256

func invalid(format string, args ...any) error {
	return &types.InvalidParameterException{Message: aws.String("Invalid parameter: " + fmt.Sprintf(format, args...))}
}

// CreateTopic makes a topic, or returns the one that is there with the same attributes and tags.
func (s *Service) CreateTopic(_ context.Context, in *sns.CreateTopicInput) (*sns.CreateTopicOutput, error) {
	name := *in.Name
	if strings.HasSuffix(name, ".fifo") || in.Attributes["FifoTopic"] == "true" {
		return nil, invalid("FifoTopic Reason: FIFO topics are not served by this local AWS")
	}
	if len(name) > longestName || !topicName.MatchString(name) {
		return nil, invalid("Topic Name")
	}
	if in.DataProtectionPolicy != nil {
		return nil, invalid("DataProtectionPolicy Reason: it is not served by this local AWS")
	}
	for _, attribute := range slices.Sorted(maps.Keys(in.Attributes)) {
		if err := checkAttribute(attribute, in.Attributes[attribute]); err != nil {
			return nil, err
		}
	}
	tags := tagMap(in.Tags)
	if err := checkTags(tags); err != nil {
		return nil, err
	}
	err := s.topics.Update(name, func(row *topic, ok bool) error {
		if !ok {
			*row = topic{Name: name, Attributes: in.Attributes, Tags: tags}
			return nil
		}
		for attribute, value := range in.Attributes {
			if row.Attributes[attribute] != value {
				return invalid("Attributes Reason: Topic already exists with different attributes")
			}
		}
		if len(tags) > 0 && !maps.Equal(tags, row.Tags) {
			return invalid("Tags Reason: Topic already exists with different tags")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sns.CreateTopicOutput{TopicArn: aws.String(s.topicARN(name))}, nil
}

// checkAttribute holds which attributes a topic may have.
func checkAttribute(name, value string) error {
	switch name {
	case "DisplayName":
		if len(value) > 100 || strings.ContainsAny(value, "\r\n") {
			return invalid("DisplayName")
		}
	case "Policy":
		if value != "" {
			return checkPolicy(value)
		}
	case "DeliveryPolicy":
		if value != "" && (!json.Valid([]byte(value)) || value[0] != '{') {
			return invalid("%s Reason: failed to parse JSON", name)
		}
	case "KmsMasterKeyId", "TracingConfig", "ArchivePolicy":
		if value != "" && value != "PassThrough" {
			return invalid("%s Reason: it is not served by this local AWS", name)
		}
	case "FifoTopic":
		if value != "false" {
			return invalid("FifoTopic")
		}
	case "SignatureVersion":
		if value != "1" && value != "2" {
			return invalid("SignatureVersion")
		}
	default:
		return invalid("AttributeName")
	}
	return nil
}

// topic returns the topic of a request.
func (s *Service) topic(arn *string) (*topic, error) {
	name, err := s.nameIn(arn, "TopicArn")
	if err != nil {
		return nil, err
	}
	t, ok, err := s.topics.Get(name)
	if err == nil && !ok {
		err = noTopic()
	}
	return &t, err
}

// change changes the topic of a request.
func (s *Service) change(arn *string, missing error, change func(t *topic) error) error {
	name, err := s.nameIn(arn, "TopicArn")
	if err != nil {
		return err
	}
	return s.topics.Update(name, func(row *topic, ok bool) error {
		if !ok {
			return missing
		}
		return change(row)
	})
}

// DeleteTopic deletes a topic with its subscriptions; that there is none is no error.
func (s *Service) DeleteTopic(_ context.Context, in *sns.DeleteTopicInput) (*sns.DeleteTopicOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, err := s.nameIn(in.TopicArn, "TopicArn")
	if err != nil {
		return nil, err
	}
	if err := s.topics.Delete(name); err != nil {
		return nil, err
	}
	keys, err := s.subscriptions.Keys(name+"\x00", "", 0)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if err := s.subscriptions.Delete(key); err != nil {
			return nil, err
		}
	}
	return &sns.DeleteTopicOutput{}, nil
}

// GetTopicAttributes returns what was set, what AWS sets, and the numbers of subscriptions.
func (s *Service) GetTopicAttributes(_ context.Context, in *sns.GetTopicAttributesInput) (*sns.GetTopicAttributesOutput, error) {
	t, err := s.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	rows, err := s.subscriptions.List(t.Name+"\x00", "", 0)
	if err != nil {
		return nil, err
	}
	pending := 0
	for _, row := range rows {
		if row.Value.Token != "" {
			pending++
		}
	}
	attributes := map[string]string{
		"TopicArn": *in.TopicArn, "Owner": s.env.Account, "DisplayName": "", "Policy": s.defaultPolicy(*in.TopicArn),
		"EffectiveDeliveryPolicy": defaultDelivery, "SubscriptionsDeleted": "0",
		"SubscriptionsPending": strconv.Itoa(pending), "SubscriptionsConfirmed": strconv.Itoa(len(rows) - pending),
	}
	for name, value := range t.Attributes {
		if value != "" || name == "DisplayName" {
			attributes[name] = value
		}
	}
	return &sns.GetTopicAttributesOutput{Attributes: attributes}, nil
}

// defaultDelivery and defaultPolicy are what AWS shows for a topic that was made with neither.
const defaultDelivery = `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`

func (s *Service) defaultPolicy(arn string) string {
	return `{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},` +
		`"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],` +
		`"Resource":"` + arn + `","Condition":{"StringEquals":{"AWS:SourceOwner":"` + s.env.Account + `"}}}]}`
}

// SetTopicAttributes sets one attribute.
func (s *Service) SetTopicAttributes(_ context.Context, in *sns.SetTopicAttributesInput) (*sns.SetTopicAttributesOutput, error) {
	name, value := *in.AttributeName, aws.ToString(in.AttributeValue)
	if err := checkAttribute(name, value); err != nil {
		return nil, err
	}
	err := s.change(in.TopicArn, noTopic(), func(t *topic) error {
		if t.Attributes == nil {
			t.Attributes = map[string]string{}
		}
		t.Attributes[name] = value
		return nil
	})
	return &sns.SetTopicAttributesOutput{}, err
}

// ListTopics lists the topics by name.
func (s *Service) ListTopics(_ context.Context, in *sns.ListTopicsInput) (*sns.ListTopicsOutput, error) {
	names, err := s.topics.Keys("", aws.ToString(in.NextToken), pageSize+1)
	if err != nil {
		return nil, err
	}
	out := &sns.ListTopicsOutput{Topics: []types.Topic{}}
	if len(names) > pageSize {
		names = names[:pageSize]
		out.NextToken = &names[pageSize-1]
	}
	for _, name := range names {
		out.Topics = append(out.Topics, types.Topic{TopicArn: aws.String(s.topicARN(name))})
	}
	return out, nil
}
