package cloud

import (
	"context"
	"time"
)

// Polling starts at once and slows down as time goes by, so that what takes
// milliseconds is seen in milliseconds and what takes minutes costs a call
// every few seconds. It never adds more than a fortieth to what it waits for.
const (
	shortestWait = 20 * time.Millisecond
	longestWait  = 4 * time.Second
	share        = 40
)

// Poll asks until ask says that it is done or fails, or the context ends.
func Poll(ctx context.Context, ask func(ctx context.Context) (done bool, err error)) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	var waited time.Duration
	for {
		done, err := ask(ctx)
		if done || err != nil {
			return err
		}
		wait := min(max(waited/share, shortestWait), longestWait)
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
		}
		waited += wait
	}
}
