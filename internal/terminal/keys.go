//go:build unix

package terminal

import (
	"bytes"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/mayfly-cd/mayfly/internal/tty"
)

// Keys hands each key that is typed into a terminal to a function, without an
// echo, until restore is called. Keys that are more than one byte are dropped;
// an Enter behind a key, which some dumb terminals send it with, is no key.
// Ctrl-C stays a signal. The terminal is put back as it was by restore, which
// is to be deferred, by a panic of the function, and by a signal, whose own
// effect follows; what was typed and not read is dropped.
func Keys(terminal *os.File, key func(key rune)) (restore func(), err error) {
	mode, err := tty.Cbreak(terminal)
	if err != nil {
		return nil, err
	}
	in, err := tty.NewReader(terminal.Fd())
	if err != nil {
		_ = mode.Restore() // the first error says more
		return nil, err
	}
	k := &keys{mode: mode, in: in, key: key, signals: make(chan os.Signal, 4)}
	signal.Notify(k.signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGCONT)
	var running sync.WaitGroup
	running.Go(k.read)
	go k.watch()
	return sync.OnceFunc(func() {
		in.Stop()
		running.Wait()
		in.Close()
		k.restore()
		signal.Stop(k.signals)
		close(k.signals)
	}), nil
}

type keys struct {
	in      *tty.Reader
	key     func(rune)
	signals chan os.Signal

	mu   sync.Mutex // guards mode
	mode *tty.Mode  // nil once restored
}

// restore puts the terminal back, once.
func (k *keys) restore() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.mode != nil {
		_ = k.mode.Restore() // a terminal that has gone away needs none
		k.mode = nil
	}
}

// watch puts the terminal back at the first signal that may end the process.
// Ctrl-C and SIGTERM are for the program to deal with, and a second one ends
// it; nobody else deals with the others, which are sent again.
func (k *keys) watch() {
	for s := range k.signals {
		if s == syscall.SIGCONT { // the shell had the terminal meanwhile
			k.mu.Lock()
			if k.mode != nil {
				_ = k.mode.Again() // as it is, then
			}
			k.mu.Unlock()
			continue
		}
		k.restore()
		signal.Stop(k.signals)
		if number, ok := s.(syscall.Signal); ok && (s == syscall.SIGHUP || s == syscall.SIGQUIT) {
			signal.Reset(s)
			_ = syscall.Kill(os.Getpid(), number) // itself, which is there
		}
	}
}

func (k *keys) read() {
	defer func() {
		if r := recover(); r != nil {
			k.restore()
			panic(r)
		}
	}()
	buffer := make([]byte, 64)
	for {
		n, err := k.in.Read(buffer)
		if err != nil {
			return // the terminal is at its end, or restore was called
		}
		typed := bytes.TrimRight(buffer[:n], "\r\n")
		if len(typed) == 1 && typed[0] >= ' ' && typed[0] < 0x7f {
			k.key(rune(typed[0]))
		}
	}
}
