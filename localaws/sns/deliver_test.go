package sns

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// functions stands for Lambda. Answers are taken from statuses, then 202; calls arrive on calls.
type functions struct {
	calls    chan map[string]any
	who      chan identity.Principal
	statuses chan int
}

func newFunctions() *functions {
	return &functions{make(chan map[string]any, 10), make(chan identity.Principal, 10), make(chan int, 10)}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) Do(r *http.Request) (*http.Response, error) { return f(r) }

func (f *functions) Assume(ctx context.Context, _ service.Session) (aws.Config, error) {
	f.who <- identity.From(ctx)
	return aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		HTTPClient: roundTrip(func(r *http.Request) (*http.Response, error) {
			var body map[string]any
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				return nil, err
			}
			f.calls <- body
			status := http.StatusAccepted
			select {
			case status = <-f.statuses:
			default:
			}
			return &http.Response{
				StatusCode: status, Request: r, Header: http.Header{"X-Amzn-Errortype": {"SomeException"}}, Body: io.NopCloser(strings.NewReader(`{}`)),
			}, nil
		}),
	}, nil
}

func (s *Service) subscribed(t *testing.T) (arn string) {
	t.Helper()
	must(s.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("topic")}))(t)
	return *must(s.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: aws.String(topicARN), Protocol: aws.String("lambda"), Endpoint: aws.String("arn:aws:lambda:eu-west-1:123456789012:function:f:live"),
	}))(t).SubscriptionArn
}

func open(t *testing.T, db *store.DB, f *functions) *Service {
	t.Helper()
	return must(New(service.Env{
		Account: "123456789012", Region: "eu-west-1", DB: db, Roles: f, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	}))(t)
}

// TestFunctionIsCalled publishes to a function, which needs no confirmation.
func TestFunctionIsCalled(t *testing.T) {
	db := must(store.Open(filepath.Join(t.TempDir(), "state")))(t)
	f := newFunctions()
	s := open(t, db, f)
	arn := s.subscribed(t)
	id := must(s.Publish(t.Context(), &sns.PublishInput{
		TopicArn: aws.String(topicARN), Subject: aws.String("Hi"), MessageStructure: aws.String("json"), Message: aws.String(`{"default":"d","lambda":"l"}`),
		MessageAttributes: map[string]types.MessageAttributeValue{"n": {DataType: aws.String("Number"), StringValue: aws.String("1")}},
	}))(t).MessageId
	want := map[string]any{"Records": []any{map[string]any{
		"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": arn, "Sns": map[string]any{
			"Type": "Notification", "MessageId": *id, "TopicArn": topicARN, "Subject": "Hi", "Message": "l",
			"Timestamp": "2026-01-02T03:04:05.000Z", "SignatureVersion": "1", "Signature": "", "SigningCertUrl": "", "UnsubscribeUrl": "",
			"MessageAttributes": map[string]any{"n": map[string]any{"Type": "Number", "Value": "1"}},
		},
	}}}
	if diff := cmp.Diff(want, <-f.calls); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(identity.Principal{Account: "123456789012", Service: "sns.amazonaws.com", SourceARN: topicARN}, <-f.who); diff != "" {
		t.Errorf("the caller, -want +got:\n%s", diff)
	}
	f.statuses <- http.StatusInternalServerError // tried again
	must(s.Publish(t.Context(), &sns.PublishInput{TopicArn: aws.String(topicARN), Message: aws.String("again")}))(t)
	<-f.calls
	<-f.calls
	f.statuses <- http.StatusForbidden // final
	must(s.Publish(t.Context(), &sns.PublishInput{TopicArn: aws.String(topicARN), Message: aws.String("once")}))(t)
	<-f.calls
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left := must(s.deliveries.Keys("", "", 0))(t); len(left) > 0 || len(f.calls) > 0 {
		t.Errorf("%d deliveries are left, %d calls came", len(left), len(f.calls))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCallsSurvive closes the service before a function could be called; the next one calls it.
func TestCallsSurvive(t *testing.T) {
	db := must(store.Open(filepath.Join(t.TempDir(), "state")))(t)
	s := open(t, db, newFunctions())
	s.subscribed(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	must(s.Publish(t.Context(), &sns.PublishInput{TopicArn: aws.String(topicARN), Message: aws.String("late")}))(t)
	f := newFunctions()
	s = open(t, db, f)
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	<-f.calls
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
