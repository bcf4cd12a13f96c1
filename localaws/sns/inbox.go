package sns

import (
	"fmt"
	"time"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
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
	return s.messages.Put(fmt.Sprintf("%016x", n), m)
}

// askToConfirm puts into the inbox what AWS would send to a new address.
func (s *Service) askToConfirm(sub *subscription) error {
	return s.deliver(Message{
		ID: uuid.New(), Time: s.env.Now().UTC(), TopicARN: sub.TopicARN, To: []string{sub.Endpoint}, Token: sub.Token,
		Subject: "AWS Notification - Subscription Confirmation",
		Body: "You have chosen to subscribe to the topic:\n" + sub.TopicARN +
			"\n\nTo confirm this subscription, call ConfirmSubscription with the token:\n" + sub.Token + "\n",
	})
}
