//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"
)

// continues tells when the process goes on after it was stopped, as by Ctrl-Z.
func continues() (continued <-chan os.Signal, ignore func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGCONT)
	return signals, func() { signal.Stop(signals) }
}
