package cloud

import (
	"context"
	"time"
)

// Polling starts at once and slows down with time, so that what takes
// milliseconds is seen in milliseconds and what takes minutes costs a call
// every few seconds. A wait is at most a fortieth of the time waited so far,
// and at most fifty times as long as the question itself took: where an answer
// is cheap, as it is on this machine, it is asked for more often.
const (
	shortestWait   = 20 * time.Millisecond
	longestWait    = 4 * time.Second
	shareOfWaited  = 40
	timesTheAsking = 50
)

// Poll asks until ask says that it is done or fails, or the context ends.
func Poll(ctx context.Context, ask func(ctx context.Context) (done bool, err error)) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	var waited time.Duration
	for {
		began := time.Now() //nolint:forbidigo // what a call costs is measured, not told
		done, err := ask(ctx)
		if done || err != nil {
			return err
		}
		asking := time.Since(began)
		wait := min(max(waited/shareOfWaited, shortestWait), max(asking*timesTheAsking, shortestWait), longestWait)
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
		}
		waited += wait + asking
	}
}
