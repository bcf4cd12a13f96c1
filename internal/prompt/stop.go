package prompt

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/mayfly-cd/mayfly/internal/tty"
)

// stopped tells whether nothing is to be asked any more.
func stopped(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// stopWith ends a read when stop is closed or a signal comes, so that the
// terminal is given back as it was. The function that it returns stops that.
func stopWith(reader *tty.Reader, stop <-chan struct{}) (release func()) {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		select {
		case <-signals:
		case <-stop:
		case <-done:
			return
		}
		reader.Stop()
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}
