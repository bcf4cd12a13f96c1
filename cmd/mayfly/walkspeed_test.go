//go:build unix

package main

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// What nobody waits for. internal/bench has the figures; here is what they may
// be on a machine that others use too, at the best of several tries.
const (
	mostFirstScreen = 200 * time.Millisecond
	mostKey         = 50 * time.Millisecond
	mostCheck       = 300 * time.Millisecond
)

// TestWalkIsQuick measures the first screen, a key, and the check of a healthy phase.
func TestWalkIsQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("-short goes with the race detector, under which nothing is quick")
	}
	_, environ := small(t, "codecommit", "codebuild", "codepipeline")
	screen, key, start, verify := time.Hour, time.Hour, time.Minute, time.Hour
	quick := func() bool { return screen <= mostFirstScreen && key <= mostKey && verify-start <= mostCheck }
	for tries := 0; tries < 5 && !quick(); tries++ { // others may be at work on this machine
		_, fresh := home(t)
		began := time.Now() //nolint:forbidigo // a person waits
		p := sit(t, 80, 24, fresh)
		for !strings.Contains(p.sees(), "Minutes") && time.Since(began) < patience {
			time.Sleep(time.Millisecond) //nolint:forbidigo // a person waits
		}
		screen = min(screen, time.Since(began))
		p.waits()
		began = time.Now() //nolint:forbidigo // a person waits
		p.types("w")
		key = min(key, time.Since(began))

		began = time.Now() //nolint:forbidigo // a person waits
		runs(t, environ, "version")
		start = min(start, time.Since(began))
		began = time.Now() //nolint:forbidigo // a person waits
		runs(t, environ, "verify", "codepipeline")
		verify = min(verify, time.Since(began))
	}
	t.Logf("first screen %v, key %v, check %v", screen, key, verify-start)
	if !quick() {
		t.Errorf("first screen %v (at most %v), key %v (%v), check %v (%v)", screen, mostFirstScreen, key, mostKey, verify-start, mostCheck)
	}
}

func runs(t *testing.T, environ []string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "mayfly", args...)
	cmd.Env = environ
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mayfly %v: %v\n%s", args, err, out)
	}
}
