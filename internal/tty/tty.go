//go:build unix

// Package tty sets how a terminal hands over what is typed.
package tty

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Mode is how a terminal stood, and how it was set.
type Mode struct {
	fd          int
	before, set unix.Termios
}

// Cbreak has a terminal hand over each key at once and echo none. Ctrl-C,
// Ctrl-\ and Ctrl-Z stay signals. It fails where f is no terminal, and where
// this process is in the background, which would be stopped for trying.
func Cbreak(f *os.File) (*Mode, error) {
	m := &Mode{fd: int(f.Fd())}
	now, err := unix.IoctlGetTermios(m.fd, getMode)
	if err != nil {
		return nil, fmt.Errorf("read the terminal's mode: %w", err)
	}
	if group, err := unix.IoctlGetInt(m.fd, unix.TIOCGPGRP); err == nil && group != unix.Getpgrp() {
		return nil, fmt.Errorf("set the terminal's mode: process group %d has it", group)
	}
	m.before, m.set = *now, *now
	m.set.Lflag &^= unix.ICANON | unix.ECHO | unix.ECHONL
	m.set.Cc[unix.VMIN], m.set.Cc[unix.VTIME] = 1, 0
	return m, m.Again()
}

// Again sets the mode once more, as after the process had been stopped.
func (m *Mode) Again() error {
	if err := unix.IoctlSetTermios(m.fd, setMode, &m.set); err != nil {
		return fmt.Errorf("set the terminal's mode: %w", err)
	}
	return nil
}

// Restore puts the terminal back as it was, and drops what was typed and not read.
func (m *Mode) Restore() error {
	if err := unix.IoctlSetTermios(m.fd, setModeAndDrop, &m.before); err != nil {
		return fmt.Errorf("restore the terminal's mode: %w", err)
	}
	return nil
}

// DropInput drops what was typed and not read. It does nothing where fd is no terminal.
func DropInput(fd uintptr) {
	if now, err := unix.IoctlGetTermios(int(fd), getMode); err == nil {
		_ = unix.IoctlSetTermios(int(fd), setModeAndDrop, now) // what cannot be dropped is read
	}
}
