package sns

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire/wiretest"
)

const topicARN = "arn:aws:sns:eu-west-1:123456789012:topic"

type rootKey struct{}

func (rootKey) Key(id string) (identity.Key, bool) {
	return identity.Key{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret", Principal: identity.Principal{
		ARN: "arn:aws:iam::123456789012:root", Account: "123456789012",
	}}, id == "AKIAEXAMPLE"
}

// serve starts an SNS with one topic, "topic", and returns the SDK's client for it.
func serve(t *testing.T) (*Service, *sns.Client) {
	t.Helper()
	db, err := store.Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(service.Env{
		Account: "123456789012", Region: "eu-west-1", DB: db,
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	host := ""
	handler, err := wire.New(wire.Config{
		Account: "123456789012", Region: "eu-west-1", Keys: rootKey{}, Hosts: func() []string { return []string{host} },
	}, wire.Service{Name: "sns", Operations: s.Operations()})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	host = server.Listener.Addr().String()
	t.Cleanup(func() {
		server.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	client := sns.NewFromConfig(aws.Config{
		Region: "eu-west-1", BaseEndpoint: &server.URL, RetryMaxAttempts: 1, HTTPClient: wiretest.PlainBodies{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	out := must(client.CreateTopic(t.Context(), &sns.CreateTopicInput{
		Name: aws.String("topic"), Attributes: map[string]string{"DisplayName": "Mayfly"}, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}},
	}))(t)
	if *out.TopicArn != topicARN {
		t.Fatalf("topic %s", *out.TopicArn)
	}
	return s, client
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatalf("unexpected error: %v", err)
		}
		return v
	}
}

func wantError(t *testing.T, err error, code, words string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), words) {
		t.Fatalf("error %v, want %s with %q", err, code, words)
	}
}

func TestTopic(t *testing.T) {
	_, c := serve(t)
	ctx, arn := t.Context(), aws.String(topicARN)
	must(c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("topic"), Attributes: map[string]string{"DisplayName": "Mayfly"}}))(t)
	_, err := c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("topic"), Attributes: map[string]string{"DisplayName": "Other"}})
	wantError(t, err, "InvalidParameter", "Invalid parameter: Attributes Reason: Topic already exists with different attributes")
	_, err = c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("topic"), Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}}})
	wantError(t, err, "InvalidParameter", "Topic already exists with different tags")

	must(c.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: arn, AttributeName: aws.String("DisplayName"), AttributeValue: aws.String("New")}))(t)
	got := must(c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: arn}))(t).Attributes
	if got["DisplayName"] != "New" || got["TopicArn"] != topicARN || got["Owner"] != "123456789012" || !strings.Contains(got["Policy"], topicARN) {
		t.Errorf("attributes %v", got)
	}
	must(c.TagResource(ctx, &sns.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}}}))(t)
	must(c.UntagResource(ctx, &sns.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}))(t)
	if tags := must(c.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: arn}))(t).Tags; len(tags) != 1 || *tags[0].Key != "b" {
		t.Errorf("tags %+v", tags)
	}
	must(c.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: arn}))(t)
	must(c.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: arn}))(t)
	_, err = c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: arn})
	wantError(t, err, "NotFound", "Topic does not exist")
	_, err = c.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: arn})
	wantError(t, err, "ResourceNotFound", "Resource does not exist")
}

func TestTopicRefuses(t *testing.T) {
	_, c := serve(t)
	for _, tt := range []struct{ name, attribute, value, words string }{
		{"a b", "", "", "Invalid parameter: Topic Name"},
		{"x.fifo", "FifoTopic", "true", "FIFO topics are not served by this local AWS"},
		{"x", "KmsMasterKeyId", "alias/aws/sns", "KmsMasterKeyId Reason: it is not served by this local AWS"},
		{"x", "Policy", "nonsense", "Policy Error: Syntax errors in policy."},
		{"x", "Colour", "red", "Invalid parameter: AttributeName"},
	} {
		in := &sns.CreateTopicInput{Name: &tt.name}
		if tt.attribute != "" {
			in.Attributes = map[string]string{tt.attribute: tt.value}
		}
		_, err := c.CreateTopic(t.Context(), in)
		wantError(t, err, "InvalidParameter", tt.words)
	}
	_, err := c.GetTopicAttributes(t.Context(), &sns.GetTopicAttributesInput{TopicArn: aws.String("topic")})
	wantError(t, err, "InvalidParameter", "TopicArn Reason: An ARN must have at least 6 elements, not 1")
	_, err = c.DeleteTopic(t.Context(), &sns.DeleteTopicInput{TopicArn: aws.String("arn:aws:sns:us-east-1:123456789012:topic")})
	wantError(t, err, "InvalidParameter", "Invalid parameter: TopicArn")
}

func TestListTopicsInPages(t *testing.T) {
	_, c := serve(t)
	for i := range 250 {
		must(c.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String(fmt.Sprint("t-", i))}))(t)
	}
	seen := map[string]bool{}
	pages := sns.NewListTopicsPaginator(c, &sns.ListTopicsInput{})
	for pages.HasMorePages() {
		for _, topic := range must(pages.NextPage(t.Context()))(t).Topics {
			seen[*topic.TopicArn] = true
		}
	}
	if len(seen) != 251 {
		t.Errorf("%d topics", len(seen))
	}
}

// From subscription to delivery: pending, asked to confirm, confirmed with the
// token in the inbox, addressed, unsubscribed.
func TestEmail(t *testing.T) {
	s, c := serve(t)
	ctx, arn := t.Context(), aws.String(topicARN)
	in := &sns.SubscribeInput{TopicArn: arn, Protocol: aws.String("email"), Endpoint: aws.String("ann@example.com")}
	if out := must(c.Subscribe(ctx, in))(t); *out.SubscriptionArn != "pending confirmation" {
		t.Errorf("Subscribe answers %s", *out.SubscriptionArn)
	}
	in.ReturnSubscriptionArn = true
	sub := must(c.Subscribe(ctx, in))(t).SubscriptionArn
	if !strings.HasPrefix(*sub, topicARN+":") {
		t.Errorf("ARN %s", *sub)
	}
	listed := must(c.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: arn}))(t).Subscriptions
	if len(listed) != 1 || *listed[0].SubscriptionArn != "PendingConfirmation" || *listed[0].Endpoint != "ann@example.com" {
		t.Errorf("subscriptions %+v", listed)
	}
	publish := func() Message {
		id := must(c.Publish(ctx, &sns.PublishInput{TopicArn: arn, Message: aws.String("Approve?"), Subject: aws.String("Mayfly")}))(t).MessageId
		inbox := must(s.Inbox())(t)
		last := inbox[len(inbox)-1]
		if last.ID != *id || last.Subject != "Mayfly" || last.Body != "Approve?" || last.TopicARN != topicARN || last.Time.IsZero() {
			t.Errorf("message %+v", last)
		}
		return last
	}
	if m := publish(); len(m.To) != 0 {
		t.Errorf("a pending subscription got %+v", m)
	}
	_, err := c.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: arn, Token: aws.String("wrong")})
	wantError(t, err, "InvalidParameter", "Invalid parameter: Token")
	asked := must(s.Inbox())(t)[0]
	confirmed := must(c.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: arn, Token: &asked.Token}))(t)
	if *confirmed.SubscriptionArn != *sub || !strings.Contains(asked.Body, asked.Token) {
		t.Errorf("confirmed %s", *confirmed.SubscriptionArn)
	}
	if m := publish(); len(m.To) != 1 || m.To[0] != "ann@example.com" {
		t.Errorf("a confirmed subscription got %+v", m)
	}
	if got := must(c.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: sub}))(t).Attributes; got["PendingConfirmation"] != "false" {
		t.Errorf("attributes %v", got)
	}
	if got := must(c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: arn}))(t).Attributes; got["SubscriptionsConfirmed"] != "1" || got["SubscriptionsPending"] != "0" {
		t.Errorf("attributes %v", got)
	}
	must(c.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: sub}))(t)
	if all := must(c.ListSubscriptions(ctx, &sns.ListSubscriptionsInput{}))(t).Subscriptions; len(all) != 0 {
		t.Errorf("subscriptions %+v", all)
	}
	_, err = c.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: sub})
	wantError(t, err, "NotFound", "Subscription does not exist")
}

func TestSubscribeRefuses(t *testing.T) {
	_, c := serve(t)
	for _, tt := range []struct{ protocol, endpoint, attribute, words string }{
		{"lambda", "f", "", "Invalid parameter: Lambda endpoint ARN"},
		{"lambda", "arn:aws:lambda:us-east-1:123456789012:function:f", "", "functions in another account or region are not served"},
		{"sqs", "arn:aws:sqs:eu-west-1:123456789012:q", "", "protocol sqs are not served"},
		{"https", "https://example.com", "", "protocol https are not served"},
		{"pigeon", "coop", "", "Amazon SNS does not support this protocol string: pigeon"},
		{"email", "nobody", "", "Invalid parameter: Email address"},
		{"email", "ann@example.com", "FilterPolicy", "FilterPolicy: Filter is not an object"},
		{"email", "ann@example.com", "RawMessageDelivery", "does not support raw message delivery"},
	} {
		in := &sns.SubscribeInput{TopicArn: aws.String(topicARN), Protocol: &tt.protocol, Endpoint: &tt.endpoint}
		if tt.attribute != "" {
			in.Attributes = map[string]string{tt.attribute: "true"}
		}
		_, err := c.Subscribe(t.Context(), in)
		wantError(t, err, "InvalidParameter", tt.words)
	}
	_, err := c.Unsubscribe(t.Context(), &sns.UnsubscribeInput{SubscriptionArn: aws.String("PendingConfirmation")})
	wantError(t, err, "InvalidParameter", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1")
}

func TestPublishRefuses(t *testing.T) {
	s, c := serve(t)
	arn := aws.String(topicARN)
	for _, tt := range []struct {
		in          sns.PublishInput
		code, words string
	}{
		{sns.PublishInput{TopicArn: arn, Message: aws.String("")}, "InvalidParameter", "Invalid parameter: Empty message"},
		{sns.PublishInput{TopicArn: arn, Message: aws.String(strings.Repeat("x", maxMessage+1))}, "InvalidParameter", "Invalid parameter: Message too long"},
		{sns.PublishInput{TopicArn: arn, Message: aws.String("x"), Subject: aws.String("a\nb")}, "InvalidParameter", "Invalid parameter: Subject"},
		{sns.PublishInput{TopicArn: arn, Message: aws.String("x"), MessageStructure: aws.String("json")}, "InvalidParameter", "JSON message body failed to parse"},
		{sns.PublishInput{TopicArn: arn, Message: aws.String(`{"email":"x"}`), MessageStructure: aws.String("json")}, "InvalidParameter", "No default entry in JSON message body"},
		{sns.PublishInput{PhoneNumber: aws.String("+1"), Message: aws.String("x")}, "InvalidParameter", "text messages are not served"},
		{sns.PublishInput{Message: aws.String("x")}, "InvalidParameter", "TopicArn or TargetArn Reason: no value for required parameter"},
		{sns.PublishInput{TopicArn: aws.String(topicARN + "-none"), Message: aws.String("x")}, "NotFound", "Topic does not exist"},
	} {
		_, err := c.Publish(t.Context(), &tt.in)
		wantError(t, err, tt.code, tt.words)
	}
	if inbox := must(s.Inbox())(t); len(inbox) != 0 {
		t.Errorf("the inbox holds %+v", inbox)
	}
	must(c.Publish(t.Context(), &sns.PublishInput{TargetArn: arn, Message: aws.String(`{"default":"d","email":"e"}`), MessageStructure: aws.String("json")}))(t)
	if inbox := must(s.Inbox())(t); len(inbox) != 1 || inbox[0].Body != "e" || inbox[0].Subject != "AWS Notification Message" {
		t.Errorf("the inbox holds %+v", inbox)
	}
}
