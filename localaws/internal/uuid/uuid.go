// Package uuid makes the random identifiers that AWS gives to what has no name
// of its own: builds, executions, events, requests.
package uuid

import (
	"crypto/rand"
	"fmt"
)

// New returns a random UUID, of version 4, in lower case.
func New() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
