package prompt

import (
	"bytes"
	"io"
	"slices"
	"unicode/utf8"

	surveyterminal "github.com/AlecAivazis/survey/v2/terminal"

	"github.com/mayfly-cd/mayfly/internal/text"
)

// keyboard stands between a terminal and survey, and hands over one key at a
// time: keys that edit, and visible text of bounded length. survey fails at
// escape sequences that it does not know, takes Ctrl-D for a choice that may
// not be there, and echoes whatever comes.
type keyboard struct {
	in io.Reader
	fd uintptr
	// pending is what was read and not handed over.
	pending []byte
	// count is how many characters the answer has, over that more were typed.
	count int
	over  bool
	// passed is how many bytes of text were handed over since the terminal last
	// said where its cursor is.
	passed int
	// err is what every Read returns from now on.
	err error
}

// Fd is the terminal's: survey sets its mode.
func (k *keyboard) Fd() uintptr { return k.fd }

// tooMuch tells whether the answer just given was longer than an answer may
// be. It forgets that for the next one.
func (k *keyboard) tooMuch() bool {
	over := k.over
	k.over = false
	return over
}

// mostPassed bounds what survey has to keep while it waits for the cursor's
// place: it has room for 4,096 bytes, and panics beyond.
const mostPassed = 3000

const (
	keyInterrupt = 0x03
	keyEnd       = 0x04
	keyEscape    = 0x1b
)

// Read implements io.Reader. Ctrl-C, Ctrl-D and the end of the input are
// [surveyterminal.InterruptErr], for good.
func (k *keyboard) Read(p []byte) (int, error) {
	for k.err == nil {
		key := k.next()
		if len(key) == 0 {
			k.fill()
			continue
		}
		k.pending = k.pending[len(key):]
		switch {
		case key[0] == keyInterrupt || key[0] == keyEnd:
			k.err = surveyterminal.InterruptErr
		case k.passes(key) && len(key) <= len(p):
			return copy(p, key), nil
		}
	}
	return 0, k.err
}

func (k *keyboard) fill() {
	buffer := make([]byte, 4096)
	n, err := k.in.Read(buffer)
	k.pending = append(k.pending, buffer[:n]...)
	if err != nil {
		k.err = surveyterminal.InterruptErr
	}
}

// next is the first whole key of what is pending. A key that is cut off is
// whole with what comes next, but an escape alone is the key of that name.
func (k *keyboard) next() []byte {
	b := k.pending
	switch {
	case len(b) == 0:
		return nil
	case b[0] == keyEscape && (len(b) == 1 || b[1] < ' ' || b[1] == surveyterminal.KeyDelete):
		return b[:1]
	case b[0] == keyEscape && (b[1] == '[' || b[1] == 'O'):
		for i := 2; i < len(b); i++ {
			if b[i] >= 0x40 && b[i] <= 0x7e {
				return b[:i+1]
			}
			if b[i] < 0x20 || b[i] > 0x7e {
				return b[:i]
			}
		}
		if len(b) > 32 {
			return b // no sequence is as long
		}
		return nil
	case b[0] == keyEscape:
		return b[:2]
	case !utf8.FullRune(b):
		return nil
	}
	_, n := utf8.DecodeRune(b)
	return b[:n]
}

// editing are the keys with which survey edits: arrows, Home, End, Delete.
var editing = [][]byte{
	[]byte("\x1b[A"), []byte("\x1b[B"), []byte("\x1b[C"), []byte("\x1b[D"), []byte("\x1b[H"), []byte("\x1b[F"), []byte("\x1b[3~"),
	[]byte("\x1bOA"), []byte("\x1bOB"), []byte("\x1bOC"), []byte("\x1bOD"), []byte("\x1bOH"), []byte("\x1bOF"),
}

// passes tells whether a key is handed over.
func (k *keyboard) passes(key []byte) bool {
	if key[0] == keyEscape {
		// A report of the cursor is the terminal's answer to survey.
		if len(key) > 2 && key[1] == '[' && key[len(key)-1] == 'R' {
			k.passed = 0
			return true
		}
		return slices.ContainsFunc(editing, func(known []byte) bool { return bytes.Equal(key, known) })
	}
	if k.passed+len(key) > mostPassed {
		return false
	}
	passes := k.edits(key) || k.adds(key)
	if passes {
		k.passed += len(key)
	}
	return passes
}

// edits tells whether a key changes what was typed, or ends it.
func (k *keyboard) edits(key []byte) bool {
	switch key[0] {
	case '\r', '\n':
		k.count = 0
		return true
	case surveyterminal.KeyBackspace, surveyterminal.KeyDelete:
		k.count = max(k.count-1, 0)
		return true
	case surveyterminal.KeyDeleteLine:
		k.count, k.over = 0, false
		return true
	case surveyterminal.KeyDeleteWord:
		return true
	}
	return false
}

// adds tells whether a key is text that the answer has room for.
func (k *keyboard) adds(key []byte) bool {
	r, n := utf8.DecodeRune(key)
	if r == utf8.RuneError && n == 1 || !text.Visible(r) {
		return false
	}
	if k.count >= longest {
		k.over = true
		return false
	}
	k.count++
	return true
}
