//go:build unix

package bench

import (
	"bytes"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// What a learner who sits at a terminal may have to wait for.
const (
	firstScreenWithin = 100 * time.Millisecond
	keyWithin         = 50 * time.Millisecond
	checkWithin       = 300 * time.Millisecond
)

// BenchmarkWalk measures the first screen with its question, and the answer to a key.
func BenchmarkWalk(b *testing.B) {
	w := newWorld(b)
	const tries = 11
	for b.Loop() {
		var screens, keys []time.Duration
		for range tries {
			screen, key := w.sit()
			screens, keys = append(screens, screen), append(keys, key)
		}
		within(b, "mayfly in a terminal: process start to the first question", median(screens), firstScreenWithin, spread(screens))
		within(b, "a key at a question, until it shows", median(keys), keyWithin, spread(keys))
	}
}

// BenchmarkVerify measures the check of a healthy phase, less the process's own start.
func BenchmarkVerify(b *testing.B) {
	w := newWorld(b)
	w.run("run", "codecommit", "codebuild", "codepipeline", "--app-dir", w.application())
	const tries = 11
	for b.Loop() {
		starts := sample(tries, func() time.Duration { return clock(func() { w.run("version") }) })
		checks := sample(tries, func() time.Duration { return clock(func() { w.run("verify", "codepipeline") }) })
		within(b, "mayfly verify codepipeline, less process start", median(checks)-median(starts), checkWithin, spread(checks)+", process and all")
	}
}

// display is what a terminal has shown.
type display struct {
	tty *os.File

	mu   sync.Mutex // guards what follows
	seen []byte
}

// look shows what comes, and tells where the cursor is when it is asked.
func (d *display) look() {
	buffer := make([]byte, 4096)
	for {
		n, err := d.tty.Read(buffer)
		if err != nil {
			return // mayfly has ended
		}
		if bytes.Contains(buffer[:n], []byte("\x1b[6n")) {
			_, _ = d.tty.WriteString("\x1b[1;1R") // where it is makes no difference here
		}
		d.mu.Lock()
		d.seen = append(d.seen, buffer[:n]...)
		d.mu.Unlock()
	}
}

// until waits until enough was seen.
func (d *display) until(b *testing.B, enough func(seen []byte) bool) {
	b.Helper()
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(200 * time.Microsecond) { //nolint:forbidigo // a benchmark's clock is the clock
		d.mu.Lock()
		done := enough(d.seen)
		d.mu.Unlock()
		if done {
			return
		}
	}
	b.Fatalf("it does not come: %q", d.seen)
}

// sit starts mayfly in a terminal, waits for the first question's last choice, and types a key.
func (w *world) sit() (screen, key time.Duration) {
	b := w.b
	b.Helper()
	cmd := w.command()
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "NO_COLOR=1")
	d := &display{}
	screen = clock(func() {
		var err error
		if d.tty, err = pty.StartWithSize(cmd, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
			b.Fatal(err)
		}
		go d.look()
		d.until(b, func(seen []byte) bool { return bytes.Contains(seen, []byte("I do not know")) })
	})
	time.Sleep(100 * time.Millisecond) //nolint:forbidigo // what is left of the screen comes
	d.mu.Lock()
	before := len(d.seen)
	d.mu.Unlock()
	key = clock(func() {
		if _, err := d.tty.WriteString("w"); err != nil {
			b.Fatal(err)
		}
		d.until(b, func(seen []byte) bool { return len(seen) > before })
	})
	_ = cmd.Process.Kill() // it waits for the rest of the answer
	_ = cmd.Wait()
	_ = d.tty.Close()
	return screen, key
}
