package git

import (
	"testing"
	"time"
)

func TestPushes(t *testing.T) {
	ctx := t.Context()
	c := pushed(t)
	first := git(t, c, "rev-parse", "HEAD")
	before := time.Now() //nolint:forbidigo // git has the same clock
	git(t, c, "commit", "--no-gpg-sign", "--no-verify", "--quiet", "--allow-empty", "-m", "Mine")
	if err := c.Push(ctx); err != nil {
		t.Fatal(err)
	}
	last := git(t, c, "rev-parse", "HEAD")
	after := time.Now() //nolint:forbidigo // as above
	moments, exact, err := c.Pushes(ctx)
	if err != nil || len(moments) != 2 || exact != last {
		t.Fatalf("got %v, exact %s, %v; want %s and %s", moments, exact, err, first, last)
	}
	const tick = 10 * time.Millisecond // a file system's clock may be a little behind
	if at := moments[last]; at.Before(before.Add(-tick)) || at.After(after) {
		t.Errorf("pushed at %v, which was between %v and %v", at, before, after)
	}
	if at := moments[first]; at.Nanosecond() != 0 || at.Sub(before).Abs() > time.Minute {
		t.Errorf("the first was pushed at %v", at)
	}

	// What comes by a fetch was not pushed from here, and makes the file's time say nothing.
	git(t, c, "update-ref", "-m", "fetch origin: fast-forward", "refs/remotes/origin/main", first)
	moments, exact, err = c.Pushes(ctx)
	if err != nil || len(moments) != 2 || exact != "" || moments[last].Nanosecond() != 0 {
		t.Errorf("after a fetch: %v, exact %q, %v", moments, exact, err)
	}
	c.Dir = t.TempDir()
	if moments, _, err := c.Pushes(ctx); err == nil {
		t.Errorf("where there is no working copy: %v", moments)
	}
}
