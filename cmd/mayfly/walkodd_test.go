//go:build unix

package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/phases"
)

// sequence is what moves the cursor or colours.
var (
	sequence = regexp.MustCompile(`\x1b(\[[0-9;?]*[A-Za-z]|[78=>])`)
	colour   = regexp.MustCompile(`\x1b\[[0-9;]*[34][0-9][0-9;]*m`)
)

// TestWalkInOddTerminals walks through three phases in terminals that are
// narrow, that can draw nothing, or in which nobody wants colour.
func TestWalkInOddTerminals(t *testing.T) {
	t.Parallel()
	for _, odd := range []struct {
		name          string
		columns, rows int
		variable      string
		args          []string
		lined, colour bool
	}{
		{name: "narrow", columns: 60, rows: 20, variable: "NO_COLOR=", colour: true},
		{name: "dumb", columns: 80, rows: 24, variable: "TERM=dumb", lined: true},
		{name: "plain", columns: 60, rows: 20, variable: "NO_COLOR=", args: []string{"--plain"}, lined: true},
		{name: "without colour", columns: 80, rows: 24, variable: "NO_COLOR=1"},
	} {
		t.Run(odd.name, func(t *testing.T) {
			t.Parallel()
			_, environ := home(t)
			p := sit(t, odd.columns, odd.rows, append(environ, odd.variable), odd.args...)
			p.lined = odd.lined
			p.began("")
			p.types("t" + enter)
			p.shows("goes back")
			p.types("b") // a key that is offered works, whatever the terminal can draw
			p.until("How do you want to do it?", readers)
			for range phases.All[:3] {
				p.until("What next?", with(readers, map[string]string{"How do you want to do it?": "d" + enter}))
				p.types("n" + enter)
			}
			p.until("How do you want to do it?", readers)
			p.types("q" + enter)
			if code := p.leaves(); code != exitDone {
				t.Errorf("it ends with %d", code)
			}
			all := p.text()
			if odd.lined && strings.Contains(all, "\x1b") {
				t.Errorf("an escape sequence where none may be: %.200q", all[strings.Index(all, "\x1b"):])
			}
			if found := colour.FindStringIndex(all); (found != nil) != odd.colour {
				t.Errorf("colour: %t, want %t: %.200q", found != nil, odd.colour, all[max(0, append(found, 0)[0]-50):])
			}
			fits(t, all, odd.columns)
		})
	}
}

// fits holds every line to the terminal's width, but for what is shown as it
// is, such as a template, a single word, and what was asked and answered.
func fits(t *testing.T, all string, columns int) {
	t.Helper()
	for line := range strings.FieldsFuncSeq(sequence.ReplaceAllString(all, ""), func(r rune) bool { return r == '\n' || r == '\r' }) {
		if text.Width(line) > columns && len(strings.Fields(line)) > 1 && !strings.HasPrefix(line, "    ") && !strings.HasPrefix(strings.TrimPrefix(line, "? "), "Where should your working copy go?") &&
			!strings.HasPrefix(strings.TrimLeft(line, " "), "(/") && !strings.HasPrefix(line, "[/") {
			t.Errorf("wider than %d columns: %q", columns, line)
		}
	}
}

// TestWalkIsResized makes the terminal narrower in the middle of work.
func TestWalkIsResized(t *testing.T) {
	_, environ := home(t)
	p := sit(t, 100, 30, environ)
	p.began("")
	p.types("d" + enter)
	time.Sleep(50 * time.Millisecond) //nolint:forbidigo // a person waits
	for _, columns := range []int{60, 90, 50} {
		p.mu.Lock()
		p.screen.Resize(columns, 20)
		p.mu.Unlock()
		if err := pty.Setsize(p.tty, &pty.Winsize{Cols: uint16(columns), Rows: 20}); err != nil {
			t.Fatal(err)
		}
		p.until("How do you want to do it?", with(readers, map[string]string{"What next?": "n" + enter}))
		p.types("d" + enter)
		time.Sleep(100 * time.Millisecond) //nolint:forbidigo // a person waits
	}
	p.until("What next?", with(readers, map[string]string{"How do you want to do it?": "d" + enter}))
	if n := strings.Count(p.sees(), "What next?"); n != 1 {
		t.Errorf("the question stands there %d times:\n%s", n, p.sees())
	}
	p.types("q" + enter)
	if code := p.leaves(); code != exitDone {
		t.Errorf("it ends with %d", code)
	}
}
