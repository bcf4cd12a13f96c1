package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/mayfly-cd/mayfly/internal/workshop"
)

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
