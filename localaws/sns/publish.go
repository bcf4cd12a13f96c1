package sns

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

const (
	maxMessage = 256 << 10
	maxSubject = 100
)

// Message is one message of the inbox: what was published to a topic, or a
// request to confirm a subscription.
type Message struct {
	ID       string
	Time     time.Time
	TopicARN string
	Subject  string
	Body     string
	// To are the addresses that AWS would have sent an e-mail to.
	To []string `json:",omitempty"`
	// Token confirms the subscription that the message is about, where it is about one.
	Token string `json:",omitempty"`
}

// Inbox returns every message that has arrived, the oldest first.
func (s *Service) Inbox() ([]Message, error) {
	rows, err := s.messages.List("", "", 0)
	if err != nil {
		return nil, err
	}
	inbox := make([]Message, len(rows))
	for i, row := range rows {
		inbox[i] = row.Value
	}
	return inbox, nil
}

func (s *Service) deliver(m Message) error {
	n, err := s.messages.Next()
	if err != nil {
		return err
	}
	m.Time = s.env.Now().UTC()
	return s.messages.Put(fmt.Sprintf("%016x", n), m)
}

// askToConfirm puts into the inbox what AWS would send to a new address.
func (s *Service) askToConfirm(sub *subscription) error {
	return s.deliver(Message{
		ID: uuid.New(), TopicARN: sub.TopicARN, To: []string{sub.Endpoint}, Token: sub.Token,
		Subject: "AWS Notification - Subscription Confirmation",
		Body: "You have chosen to subscribe to the topic:\n" + sub.TopicARN +
			"\n\nTo confirm this subscription, call ConfirmSubscription with the token:\n" + sub.Token + "\n",
	})
}

// target is the topic that a message is for.
func target(in *sns.PublishInput) *string {
	if in.TopicArn != nil {
		return in.TopicArn
	}
	return in.TargetArn
}

// Publish puts a message into the inbox, addressed to the topic's confirmed subscriptions.
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
	body, err := bodyOf(in)
	if err != nil {
		return nil, err
	}
	subject := aws.ToString(in.Subject)
	if in.Subject != nil && (subject == "" || utf8.RuneCountInString(subject) > maxSubject || strings.ContainsAny(subject, "\r\n")) {
		return nil, invalid("Subject")
	}
	rows, err := s.subscriptions.List(t.Name+"\x00", "", 0)
	if err != nil {
		return nil, err
	}
	m := Message{ID: uuid.New(), TopicARN: *target(in), Subject: cmp.Or(subject, "AWS Notification Message"), Body: body}
	for _, row := range rows {
		if row.Value.Token == "" {
			m.To = append(m.To, row.Value.Endpoint)
		}
	}
	if err := s.deliver(m); err != nil {
		return nil, err
	}
	return &sns.PublishOutput{MessageId: &m.ID}, nil
}

// bodyOf is the message as e-mail has it.
func bodyOf(in *sns.PublishInput) (string, error) {
	message := aws.ToString(in.Message)
	switch {
	case message == "":
		return "", invalid("Empty message")
	case len(message) > maxMessage:
		return "", invalid("Message too long")
	case in.MessageStructure == nil:
		return message, nil
	case *in.MessageStructure != "json":
		return "", invalid("MessageStructure")
	}
	var byProtocol map[string]string
	if err := json.Unmarshal([]byte(message), &byProtocol); err != nil {
		return "", invalid("Message Structure - JSON message body failed to parse")
	}
	byDefault, ok := byProtocol["default"]
	if !ok {
		return "", invalid("Message Structure - No default entry in JSON message body")
	}
	if email, ok := byProtocol["email"]; ok {
		return email, nil
	}
	return byDefault, nil
}
