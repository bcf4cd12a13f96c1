//go:build !unix

// Package tty sets how a terminal hands over what is typed.
package tty

// DropInput does nothing here.
func DropInput(uintptr) {}
