//go:build unix

package tty

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Reader reads a terminal, and can be told to stop while it waits. What it has
// not read stays for whoever reads next.
type Reader struct {
	fd         int
	wake, stop *os.File
	once       sync.Once
}

// NewReader returns a reader of a terminal's file descriptor. It is closed in the end.
func NewReader(fd uintptr) (*Reader, error) {
	wake, stop, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("read the terminal: %w", err)
	}
	return &Reader{fd: int(fd), wake: wake, stop: stop}, nil
}

// Stop ends a Read that waits, and all that come: they return io.EOF.
func (r *Reader) Stop() { r.once.Do(func() { _ = r.stop.Close() }) }

// Close frees what the reader has. No Read may be waiting.
func (r *Reader) Close() {
	r.Stop()
	_ = r.wake.Close()
}

// Read implements io.Reader. A terminal that has gone away is at its end.
func (r *Reader) Read(p []byte) (int, error) {
	wait := []unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN}, {Fd: int32(r.wake.Fd()), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(wait, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || wait[1].Revents != 0 || wait[0].Revents&unix.POLLIN == 0 {
			return 0, io.EOF
		}
		n, err := unix.Read(r.fd, p)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		if err != nil || n <= 0 {
			return 0, io.EOF
		}
		return n, nil
	}
}
