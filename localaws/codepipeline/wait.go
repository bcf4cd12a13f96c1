package codepipeline

import (
	"context"
	"time"
)

// The API offers nothing to wait for, so it is asked again, as AWS does too.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = 50 * time.Millisecond
)

// until asks again and again, until done says so or fails. Being throttled is
// no answer: what is waited for goes on meanwhile.
func until(ctx context.Context, done func() (bool, error)) error {
	for pause := firstPause; ; pause = min(pause*2, lastPause) {
		if ok, err := done(); err == nil && ok || err != nil && !transient(err) {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}

// transient says whether a call may succeed the next time. The SDK's own
// retries are over by then.
func transient(err error) bool {
	return hasCode(err, "Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown",
		"ServiceUnavailable", "InternalFailure", "InternalError")
}
