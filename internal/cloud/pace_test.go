package cloud

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// asked polls for something that takes so long, with a question that takes so
// long, and returns how often it asked and how late it noticed.
func asked(t *testing.T, takes, asking time.Duration) (times int, late time.Duration) {
	t.Helper()
	began := time.Now() //nolint:forbidigo // the bubble's clock
	err := Poll(t.Context(), func(ctx context.Context) (bool, error) {
		times++
		select { // asking takes its time
		case <-time.After(asking):
		case <-ctx.Done():
		}
		return time.Since(began) >= takes, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return times, time.Since(began) - takes
}

func TestPollIsQuickWhereAskingIsCheap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		times, late := asked(t, 20*time.Second, 2*time.Millisecond)
		if late > 200*time.Millisecond || times > 600 {
			t.Errorf("20 s were noticed %s late, after %d questions", late, times)
		}
	})
}

func TestPollIsSparingWhereAskingIsDear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		times, late := asked(t, 5*time.Minute, 80*time.Millisecond)
		if late > 4500*time.Millisecond || times > 250 {
			t.Errorf("5 min were noticed %s late, after %d questions", late, times)
		}
	})
}

func TestPollEndsWithItsContextAndWithAnError(t *testing.T) {
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := Poll(ctx, func(context.Context) (bool, error) {
		cancel(stop)
		return false, nil
	})
	if !errors.Is(err, stop) {
		t.Errorf("the context ended: %v", err)
	}
	if err := Poll(t.Context(), func(context.Context) (bool, error) { return false, stop }); !errors.Is(err, stop) {
		t.Errorf("the question failed: %v", err)
	}
}
