package events

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// delivery is an event on its way to the targets that a rule had when it was published.
type delivery struct {
	Event   []byte
	Targets []types.Target
	// Token makes a delivery that is repeated after a kill start nothing twice.
	Token string
}

const (
	attempts     = 5
	firstWait    = 100 * time.Millisecond // doubled after each attempt
	callDeadline = 30 * time.Second
)

// Resume delivers what was left from before the last process ended, and starts
// the schedules. It is called once the other services can be reached.
func (s *Service) Resume() error {
	keys, err := s.deliveries.Keys("", "", 0)
	if err != nil {
		return err
	}
	for _, key := range keys {
		name, _, _ := strings.Cut(key, "/")
		s.work(name)
	}
	from := s.env.Now()
	s.workers.Go(func() { s.keepTime(from) })
	return nil
}

// enqueue records a delivery and sees to it that somebody makes it.
func (s *Service) enqueue(name string, d delivery) error {
	n, err := s.deliveries.Next()
	if err != nil {
		return err
	}
	d.Token = uuid.New()
	if err := s.deliveries.Put(fmt.Sprintf("%s/%020d", name, n), d); err != nil {
		return err
	}
	s.work(name)
	return nil
}

// work starts the rule's worker where it is not running. One worker makes all
// deliveries of a rule, so they arrive in the order of their events.
func (s *Service) work(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.working[name] {
		return
	}
	s.working[name] = true
	s.workers.Go(func() {
		for s.deliverNext(name) {
		}
	})
}

// deliverNext makes the oldest delivery of a rule, and answers false when there is none.
func (s *Service) deliverNext(name string) bool {
	s.mu.Lock()
	rows, err := s.deliveries.List(name+"/", "", 1)
	if err != nil || len(rows) == 0 {
		delete(s.working, name)
		s.mu.Unlock()
		if err != nil {
			s.env.Log.Error("read the events to deliver", "rule", name, "error", err)
		}
		return false
	}
	s.mu.Unlock()

	d := rows[0].Value
	var calls sync.WaitGroup
	var unfinished bool
	var mu sync.Mutex // guards unfinished
	for _, target := range d.Targets {
		calls.Go(func() {
			if !s.deliver(name, target, d) {
				mu.Lock()
				unfinished = true
				mu.Unlock()
			}
		})
	}
	calls.Wait()
	if unfinished {
		s.mu.Lock()
		delete(s.working, name)
		s.mu.Unlock()
		return false
	}
	if err := s.deliveries.Delete(rows[0].Key); err != nil {
		s.env.Log.Error("forget a delivered event", "rule", name, "error", err)
		return false
	}
	return true
}

// deliver calls one target, again where that may help. It answers false where
// the service closed before the outcome was certain.
func (s *Service) deliver(name string, target types.Target, d delivery) (finished bool) {
	tries := attempts
	if target.RetryPolicy != nil && target.RetryPolicy.MaximumRetryAttempts != nil {
		tries = min(tries, 1+int(*target.RetryPolicy.MaximumRetryAttempts))
	}
	wait := firstWait
	for try := 1; ; try++ {
		err := s.call(name, target, d)
		if err == nil {
			return true
		}
		if try == tries || !retryable(err) {
			s.failed.Add(1)
			s.env.Log.Warn("an event was not delivered", "rule", name, "target", aws.ToString(target.Arn), "attempts", try, "error", err)
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

func (s *Service) call(name string, target types.Target, d delivery) error {
	// A delivery under way is finished even when the service closes.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.stop), callDeadline)
	defer cancel()
	data, err := s.payload(target, name, d.Event)
	if err != nil {
		return &smithy.GenericAPIError{Code: "InvalidInput", Message: err.Error(), Fault: smithy.FaultClient}
	}
	return s.invoke(ctx, invocation{rule: name, target: target, payload: data, token: d.Token})
}

// retryable says whether the same call may succeed later. As on AWS, a missing
// permission or a missing target is final.
func retryable(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return true
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.HTTPStatusCode() >= http.StatusInternalServerError {
		return true
	}
	_, throttled := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
	return throttled || api.ErrorFault() == smithy.FaultServer
}
