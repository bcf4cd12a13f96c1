// Command mayfly walks people through continuous delivery on AWS by doing it.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/mayfly-cd/mayfly/internal/terminal"
)

func main() {
	os.Exit(Main())
}

// Main runs the command of os.Args and returns its exit code.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C leaves at once: the first has given the signals back.
	context.AfterFunc(ctx, stop)
	a := &app{
		streams: terminal.New(os.Stdin, os.Stdout, os.Stderr, os.Environ()),
		stdin:   os.Stdin, stderr: os.Stderr,
		environ: os.Environ(), now: time.Now,
	}
	out := &answerFile{File: os.Stdout}
	a.streams.Out = out
	code := a.execute(ctx, os.Args[1:])
	if code == exitDone && out.lost != nil {
		a.say("mayfly: write the answer: %v\n", out.lost)
		return exitFailed
	}
	return code
}

// answerFile is where answers go. It remembers that one was lost, as on a full
// disk: a script must not take the half of it for the whole.
type answerFile struct {
	*os.File
	lost error
}

// Write implements io.Writer.
func (f *answerFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if f.lost == nil && !errors.Is(err, syscall.EPIPE) { // a reader that has gone away wants no more of it
		f.lost = err
	}
	return n, err
}
