package sns

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// delivery is a call of a function that a message makes. It survives a restart.
type delivery struct {
	TopicARN, Function string
	Event              []byte
}

const (
	principal    = "sns.amazonaws.com"
	attempts     = 5                      // AWS makes many more, over 23 days
	firstWait    = 100 * time.Millisecond // doubled after each attempt
	callDeadline = 30 * time.Second
)

// record is a message as a function gets it:
// https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
type record struct {
	EventSource          string
	EventVersion         string
	EventSubscriptionArn string
	Sns                  recordBody
}

// recordBody has no signature: nobody but this AWS could have made it.
type recordBody struct {
	Type              string
	MessageID         string `json:"MessageId"`
	TopicArn          string
	Subject           *string
	Message           string
	Timestamp         string
	SignatureVersion  string
	Signature         string
	SigningCertURL    string `json:"SigningCertUrl"`
	UnsubscribeURL    string `json:"UnsubscribeUrl"`
	MessageAttributes map[string]attribute
}

// enqueue records the call of a function and sees to it that it is made.
func (s *Service) enqueue(sub *subscription, n *notification) error {
	body := recordBody{
		Type: "Notification", MessageID: n.ID, TopicArn: n.TopicARN, Message: n.body(sub.Protocol),
		Timestamp: n.Time.Format("2006-01-02T15:04:05.000Z"), SignatureVersion: "1", MessageAttributes: n.Attributes,
	}
	if n.Subject != "" {
		body.Subject = &n.Subject
	}
	event, err := json.Marshal(map[string][]record{"Records": {{
		EventSource: "aws:sns", EventVersion: "1.0", EventSubscriptionArn: sub.ARN, Sns: body,
	}}})
	if err != nil {
		return err
	}
	id, d := uuid.New(), delivery{TopicARN: n.TopicARN, Function: sub.Endpoint, Event: event}
	if err := s.deliveries.Put(id, d); err != nil {
		return err
	}
	s.work(id, d)
	return nil
}

// Resume makes the calls that were left from before the last process ended. It
// is called once the other services can be reached.
func (s *Service) Resume() error {
	rows, err := s.deliveries.List("", "", 0)
	for _, row := range rows {
		s.work(row.Key, row.Value)
	}
	return err
}

// Close waits for the calls under way. What fails from now on is tried again at the next start.
func (s *Service) Close() error {
	s.life.Lock()
	s.closed = true
	s.life.Unlock()
	s.cancel()
	s.workers.Wait()
	return nil
}

func (s *Service) work(id string, d delivery) {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return
	}
	s.workers.Go(func() {
		if !s.callPatiently(d) {
			return
		}
		if err := s.deliveries.Delete(id); err != nil {
			s.env.Log.Error("forget a delivered message", "function", d.Function, "error", err)
		}
	})
}

// callPatiently calls the function, again where that may help. It answers false
// where the service closed before the outcome was certain.
func (s *Service) callPatiently(d delivery) (finished bool) {
	wait := firstWait
	for try := 1; ; try++ {
		err := s.call(d)
		if err == nil {
			return true
		}
		if try == attempts || !retryable(err) {
			s.env.Log.Warn("a message was not delivered", "topic", d.TopicARN, "function", d.Function, "attempts", try, "error", err)
			return true
		}
		timer := time.NewTimer(wait)
		select {
		case <-s.stop.Done():
			timer.Stop()
			return false
		case <-timer.C:
		}
		wait *= 2
	}
}

// call invokes the function as the service itself, which the function's policy must allow.
func (s *Service) call(d delivery) error {
	// A delivery under way is finished even when the service closes.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.stop), callDeadline)
	defer cancel()
	ctx = identity.With(ctx, identity.Principal{Account: s.env.Account, Service: principal, SourceARN: d.TopicARN})
	cfg, err := s.env.Roles.Assume(ctx, service.Session{Name: "sns", Service: principal, SourceARN: d.TopicARN})
	if err != nil {
		return err
	}
	_, err = lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &d.Function, InvocationType: lambdatypes.InvocationTypeEvent, Payload: d.Event,
	})
	return err
}

// retryable says whether the same call may succeed later. A missing permission
// and a missing function are final, as on AWS: SNS does not retry client-side errors.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
func retryable(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return true
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.HTTPStatusCode() >= http.StatusInternalServerError {
		return true
	}
	_, throttled := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
	return throttled || api.ErrorFault() == smithy.FaultServer
}
