package localaws_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/mayfly-cd/mayfly/localaws"
)

// TestInbox reads what a topic has sent, and lets nobody else read it.
func TestInbox(t *testing.T) {
	w, s := newWorld(t, localaws.Options{})
	topics := sns.NewFromConfig(s.Config())
	topic := must(topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("approvals")}))(t).TopicArn
	must(topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("email"), Endpoint: aws.String("ann@example.com")}))(t)
	must(topics.Publish(t.Context(), &sns.PublishInput{TopicArn: topic, Subject: aws.String("Look"), Message: aws.String("please approve")}))(t)

	now := time.Now() //nolint:forbidigo // signatures are by the clock
	inbox := must(localaws.ReadInbox(t.Context(), w.url, region, s.Credentials(), now))(t)
	if len(inbox) != 2 || inbox[0].Token == "" || inbox[0].To[0] != "ann@example.com" {
		t.Fatalf("the inbox: %+v", inbox)
	}
	if m := inbox[1]; m.TopicARN != *topic || m.Subject != "Look" || m.Body != "please approve" || m.Token != "" || m.Time.IsZero() {
		t.Errorf("the message: %+v", m)
	}
	for name, credentials := range map[string]aws.Credentials{
		"another secret": {AccessKeyID: s.Credentials().AccessKeyID, SecretAccessKey: "x"},
		"another key":    {AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: s.Credentials().SecretAccessKey},
	} {
		if _, err := localaws.ReadInbox(t.Context(), w.url, region, credentials, now); err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("with %s: %v", name, err)
		}
	}
	if _, err := localaws.ReadInbox(t.Context(), w.url, region, s.Credentials(), now.Add(-time.Hour)); err == nil {
		t.Error("an old signature was accepted")
	}
	if status, body := w.get(w.url + "/mayfly/inbox"); status != 403 || strings.Contains(body, "approve") {
		t.Errorf("unsigned: %d %s", status, body)
	}
	if status, _ := w.get(w.url+"/mayfly/inbox", "Origin", "https://example.com"); status != 403 {
		t.Errorf("from a web page: %d", status)
	}
}
