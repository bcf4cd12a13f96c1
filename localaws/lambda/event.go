package lambda

import (
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// event is an invocation of type Event that is not done yet. It survives a
// restart, so a function may see it twice, as on AWS.
type event struct {
	ID                  string
	Function, Qualifier string
	Payload             []byte
	ClientContext       string
	Failures            int
}

// What AWS does about an event that fails:
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
const (
	maxRetries     = 2
	retryAfter     = time.Minute // and twice that the second time
	throttledAfter = time.Second
)

// enqueue keeps the event and starts its delivery.
func (s *Service) enqueue(ref reference, inv *invocation) error {
	ev := event{ID: inv.id, Function: ref.name, Qualifier: ref.qualifier, Payload: inv.payload, ClientContext: inv.clientContext}
	if err := s.events.Put(ev.ID, ev); err != nil {
		return err
	}
	s.spawn(func() { s.deliver(ev) })
	return nil
}

// deliver calls the function until it succeeds, fails for good or is gone.
func (s *Service) deliver(ev event) {
	for {
		wait, again := s.attempt(&ev)
		if s.background.Err() != nil {
			return // the event stays for the next service
		}
		if !again {
			if err := s.events.Delete(ev.ID); err != nil {
				s.env.Log.Error("forget event", "error", err)
			}
			return
		}
		if err := s.events.Put(ev.ID, ev); err != nil {
			s.env.Log.Error("keep event", "error", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.background.Done():
			timer.Stop()
			return
		}
	}
}

func (s *Service) attempt(ev *event) (wait time.Duration, again bool) {
	ref := reference{ev.Function, ev.Qualifier}
	f, r, err := s.find(ref)
	if err != nil {
		return 0, false // the function is gone
	}
	inv := s.newInvocation(ref, ev.Payload, ev.ClientContext)
	inv.id = ev.ID
	out, err := s.execute(s.background, f, r, inv)
	if _, throttled := errors.AsType[*types.TooManyRequestsException](err); throttled {
		return throttledAfter, true
	}
	if err == nil && !out.failed {
		return 0, false
	}
	ev.Failures++
	return retryAfter << (ev.Failures - 1), ev.Failures <= maxRetries
}

// resumeEvents takes up what an earlier service left, as soon as this AWS
// answers: the processes need its listener, the sessions its other services.
func (s *Service) resumeEvents() error {
	rows, err := s.events.List("", "", 0)
	if err != nil || len(rows) == 0 {
		return err
	}
	s.spawn(func() {
		request, err := http.NewRequestWithContext(s.background, http.MethodGet, s.env.URL+runtimePrefix, nil)
		if err != nil {
			s.env.Log.Error("resume events", "error", err)
			return
		}
		answer, err := http.DefaultClient.Do(request) // waits in the listener's queue until it is served
		if err != nil {
			s.env.Log.Error("resume events", "error", err)
			return
		}
		if err := answer.Body.Close(); err != nil {
			s.env.Log.Error("resume events", "error", err)
		}
		for _, row := range rows {
			s.spawn(func() { s.deliver(row.Value) })
		}
	})
	return nil
}
