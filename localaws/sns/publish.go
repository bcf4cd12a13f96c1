package sns

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

const (
	maxMessage = 256 << 10
	maxSubject = 100
	maxBatch   = 10
)

// notification is a message on its way to a topic's subscriptions.
type notification struct {
	ID, TopicARN, Subject string
	Bodies                map[string]string // by protocol, and "default"
	Attributes            map[string]attribute
	Time                  time.Time
}

// attribute is an attribute of a message in the form in which subscribers see it.
type attribute struct{ Type, Value string }

func (n *notification) body(protocol string) string {
	return cmp.Or(n.Bodies[protocol], n.Bodies["default"])
}

// target is the topic that a message is for.
func target(in *sns.PublishInput) *string {
	if in.TopicArn != nil {
		return in.TopicArn
	}
	return in.TargetArn
}

// Publish puts a message into the inbox, addressed to the topic's confirmed
// subscriptions by e-mail, and sees to it that the functions among them are called.
func (s *Service) Publish(_ context.Context, in *sns.PublishInput) (*sns.PublishOutput, error) {
	if in.PhoneNumber != nil {
		return nil, invalid("PhoneNumber Reason: text messages are not served by this local AWS")
	}
	if target(in) == nil {
		return nil, invalid("TopicArn or TargetArn Reason: no value for required parameter")
	}
	t, err := s.topic(target(in))
	if err != nil {
		return nil, err
	}
	n, err := s.notificationOf(in)
	if err != nil {
		return nil, err
	}
	return &sns.PublishOutput{MessageId: &n.ID}, s.publish(t, n) //nolint:contextcheck // a delivery outlives its request
}

// PublishBatch publishes up to ten messages, each for itself.
func (s *Service) PublishBatch(_ context.Context, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
	t, err := s.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(in.PublishBatchRequestEntries); err != nil {
		return nil, err
	}
	out := &sns.PublishBatchOutput{Successful: []types.PublishBatchResultEntry{}, Failed: []types.BatchResultErrorEntry{}}
	for _, e := range in.PublishBatchRequestEntries {
		n, err := s.notificationOf(&sns.PublishInput{
			TopicArn: in.TopicArn, Message: e.Message, Subject: e.Subject, MessageStructure: e.MessageStructure,
			MessageAttributes: e.MessageAttributes, MessageDeduplicationId: e.MessageDeduplicationId,
		})
		if api, ok := errors.AsType[smithy.APIError](err); ok {
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{
				Id: e.Id, Code: aws.String(api.ErrorCode()), Message: aws.String(api.ErrorMessage()), SenderFault: true,
			})
			continue
		}
		if err := s.publish(t, n); err != nil { //nolint:contextcheck // as in Publish
			return nil, err
		}
		out.Successful = append(out.Successful, types.PublishBatchResultEntry{Id: e.Id, MessageId: &n.ID})
	}
	return out, nil
}

func checkBatch(entries []types.PublishBatchRequestEntry) error {
	ids, size := map[string]bool{}, 0
	for _, e := range entries {
		ids[*e.Id] = true
		size += len(aws.ToString(e.Message))
	}
	switch {
	case len(entries) == 0:
		return &types.EmptyBatchRequestException{Message: aws.String("The batch request doesn't contain any entries.")}
	case len(entries) > maxBatch:
		return &types.TooManyEntriesInBatchRequestException{Message: aws.String("The batch request contains more entries than permissible.")}
	case len(ids) < len(entries):
		return &types.BatchEntryIdsNotDistinctException{Message: aws.String("Two or more batch entries in the request have the same Id.")}
	case size > maxMessage:
		return &types.BatchRequestTooLongException{Message: aws.String("The length of all the batch messages put together is more than the limit.")}
	}
	return nil
}

func (s *Service) notificationOf(in *sns.PublishInput) (*notification, error) {
	bodies, err := bodiesOf(in)
	if err != nil {
		return nil, err
	}
	subject := aws.ToString(in.Subject)
	if in.Subject != nil && (subject == "" || utf8.RuneCountInString(subject) > maxSubject || strings.ContainsAny(subject, "\r\n")) {
		return nil, invalid("Subject")
	}
	if in.MessageDeduplicationId != nil {
		return nil, invalid("The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	}
	attributes, err := attributesOf(in.MessageAttributes)
	if err != nil {
		return nil, err
	}
	return &notification{
		ID: uuid.New(), TopicARN: *target(in), Subject: subject, Bodies: bodies, Attributes: attributes, Time: s.env.Now().UTC(),
	}, nil
}

// publish delivers to every confirmed subscription whose filter lets the message through.
func (s *Service) publish(t *topic, n *notification) error {
	rows, err := s.subscriptions.List(t.Name+"\x00", "", 0)
	if err != nil {
		return err
	}
	m := Message{
		ID: n.ID, Time: n.Time, TopicARN: n.TopicARN, Subject: cmp.Or(n.Subject, "AWS Notification Message"), Body: n.body("email"),
	}
	var functions []subscription
	for _, row := range slices.DeleteFunc(rows, func(row store.Row[subscription]) bool { return row.Value.Token != "" || !row.Value.wants(n) }) {
		if row.Value.Protocol == protocolLambda {
			functions = append(functions, row.Value)
		} else {
			m.To = append(m.To, row.Value.Endpoint)
		}
	}
	if err := s.deliver(m); err != nil {
		return err
	}
	for _, sub := range functions {
		if err := s.enqueue(&sub, n); err != nil {
			return err
		}
	}
	return nil
}

// bodiesOf are the texts of a message by protocol.
func bodiesOf(in *sns.PublishInput) (map[string]string, error) {
	message := aws.ToString(in.Message)
	switch {
	case message == "":
		return nil, invalid("Empty message")
	case len(message) > maxMessage:
		return nil, invalid("Message too long")
	case in.MessageStructure == nil:
		return map[string]string{"default": message}, nil
	case *in.MessageStructure != "json":
		return nil, invalid("MessageStructure")
	}
	var given map[string]any
	if err := json.Unmarshal([]byte(message), &given); err != nil {
		return nil, invalid("Message Structure - JSON message body failed to parse")
	}
	bodies := map[string]string{}
	for protocol, body := range given {
		if text, ok := body.(string); ok { // anything else is ignored, says the reference of Publish
			bodies[protocol] = text
		}
	}
	if _, ok := bodies["default"]; !ok {
		return nil, invalid("Message Structure - No default entry in JSON message body")
	}
	return bodies, nil
}

func invalidValue(message string) error {
	return &types.InvalidParameterValueException{Message: aws.String(message)}
}

// attributesOf checks the attributes of a message. The words are those that moto has recorded.
func attributesOf(given map[string]types.MessageAttributeValue) (map[string]attribute, error) {
	attributes := map[string]attribute{}
	for name, value := range given {
		kind := aws.ToString(value.DataType)
		prefix, _, _ := strings.Cut(kind, ".")
		text := aws.ToString(value.StringValue)
		if prefix == "Binary" {
			text = base64.StdEncoding.EncodeToString(value.BinaryValue)
		}
		_, err := strconv.ParseFloat(text, 64)
		switch {
		case kind == "":
			return nil, invalidValue("The message attribute '" + name + "' must contain non-empty message attribute type.")
		case prefix != "String" && prefix != "Number" && prefix != "Binary":
			return nil, invalidValue("The message attribute '" + name + "' has an invalid message attribute type, " +
				"the set of supported type prefixes is Binary, Number, and String.")
		case text == "":
			return nil, invalidValue("The message attribute '" + name + "' must contain non-empty message attribute value for message attribute type '" + kind + "'.")
		case prefix == "Number" && err != nil:
			return nil, invalidValue("Could not cast message attribute '" + name + "' value to number.")
		}
		attributes[name] = attribute{kind, text}
	}
	return attributes, nil
}
