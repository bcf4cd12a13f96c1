package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/verify"
)

// Human tells a person how the workshop goes, on stderr.
type Human struct {
	streams *Streams
	style   Style
	verbose bool
	mu      sync.Mutex // guards live
	// live tells whether the line that changes in place is on the screen.
	live bool
}

var _ workshop.Reporter = (*Human)(nil)

// NewHuman returns a reporter for people. verbose tells every detail as a line of its own.
func NewHuman(s *Streams, verbose bool) *Human {
	return &Human{streams: s, style: s.ErrStyle(), verbose: verbose}
}

// Report implements workshop.Reporter.
func (h *Human) Report(e workshop.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e.Event {
	case workshop.PhaseStart:
		h.line("")
		h.line("%s", h.style.Bold(e.Detail))
	case workshop.StepStart:
		h.line("  %s", e.Step)
		h.line("    %s", h.style.Faint(e.Detail))
	case workshop.StepAlready:
		h.line("  %s %s", e.Step, h.style.Faint("(done already)"))
	case workshop.CheckDone:
		h.check(e)
	case workshop.Working:
		h.working(e.Detail)
	case workshop.MachineGone, workshop.Healed:
		h.line("    %s", e.Detail)
	case workshop.PhaseDone:
		if e.Seconds > 0 {
			h.line("  %s", h.style.Faint(fmt.Sprintf("%s, %s", e.Detail, Seconds(e.Seconds))))
		}
	case workshop.TeardownStep:
		h.working(e.Detail)
	case workshop.TeardownItem:
		h.line("  %s", e.Detail)
	}
}

func (h *Human) check(e workshop.Event) {
	h.line("    %s", Mark(h.style, e.State)+" "+e.Detail)
	if e.State == verify.Passed {
		return
	}
	if e.Expected != "" {
		h.line("      expected: %s", e.Expected)
	}
	if e.Fix != "" {
		h.line("      fix:      %s", h.style.Command(e.Fix))
	}
}

// Mark is an answer's sign and word.
func Mark(style Style, state verify.State) string {
	switch state {
	case verify.Passed:
		return style.Good("✓")
	case verify.NotYet:
		return style.Doubt("… not yet:")
	case verify.Wrong:
		return style.Bad("✗ wrong:")
	case verify.CannotTell:
		return style.Doubt("? cannot tell:")
	}
	return string(state)
}

func (h *Human) line(format string, args ...any) {
	h.clear()
	writef(h.streams.Err, format+"\n", args...)
}

// working shows a line that the next one replaces.
func (h *Human) working(text string) {
	if h.verbose {
		h.line("    %s", h.style.Faint(text))
		return
	}
	if !h.streams.Redraw() {
		return
	}
	h.clear()
	writef(h.streams.Err, "%s", h.style.Faint(cut("    "+text, h.width()-1)))
	h.live = true
}

func (h *Human) clear() {
	if h.live {
		writef(h.streams.Err, "\r\x1b[K")
		h.live = false
	}
}

// Done takes the line that changes in place off the screen.
func (h *Human) Done() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clear()
}

const usualWidth = 80

func (h *Human) width() int {
	if file, ok := h.streams.Err.(interface{ Fd() uintptr }); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return usualWidth
}

// cut shortens a text to so many columns, counting a rune as one.
func cut(text string, columns int) string {
	text = strings.ReplaceAll(text, "\n", " ")
	runes := []rune(text)
	if len(runes) <= columns {
		return text
	}
	return string(runes[:max(columns-1, 0)]) + "…"
}

// Stream writes every event as one JSON object a line.
type Stream struct {
	mu  sync.Mutex // guards out
	out io.Writer
}

var _ workshop.Reporter = (*Stream)(nil)

// NewStream returns a reporter that writes to out.
func NewStream(out io.Writer) *Stream { return &Stream{out: out} }

// Report implements workshop.Reporter.
func (s *Stream) Report(e workshop.Event) { s.Write(e) }

// Write writes any value as one line of JSON.
func (s *Stream) Write(value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	writeJSON(s.out, value, "")
}

// JSON writes one indented JSON object.
func JSON(w io.Writer, value any) { writeJSON(w, value, "  ") }

func writeJSON(w io.Writer, value any, indent string) {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	_ = encoder.Encode(value) // a reader that has gone away wants no more of it
}

// writef writes to a person, who may have gone away.
func writef(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}

// Printf writes to a stream.
func Printf(w io.Writer, format string, args ...any) { writef(w, format, args...) }
