// Command mayfly walks people through continuous delivery on AWS by doing it.
package main

import (
	"context"
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
	return a.execute(ctx, os.Args[1:])
}
