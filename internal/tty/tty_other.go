//go:build !unix

// Package tty sets how a terminal hands over what is typed.
package tty

import (
	"errors"
	"io"
)

// DropInput does nothing here.
func DropInput(uintptr) {}

// Reader is not to be had here.
type Reader struct{}

// NewReader fails.
func NewReader(uintptr) (*Reader, error) {
	return nil, errors.New("a terminal is read by key on Unix alone")
}

// Stop does nothing here.
func (*Reader) Stop() {}

// Close does nothing here.
func (*Reader) Close() {}

// Read implements io.Reader.
func (*Reader) Read([]byte) (int, error) { return 0, io.EOF }
