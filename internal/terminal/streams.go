// Package terminal is what a person sees: streams, colour, progress and the
// JSON event stream. Its rules:
//
//   - stdout is the answer, stderr the conversation.
//   - Meaning is never carried by colour alone: every mark has a word beside it.
//   - No stream gets an escape sequence that is not a terminal, or where NO_COLOR,
//     --no-color or TERM=dumb asks for none.
//   - Lines fit 80 columns where the words allow it.
//   - Full sentences to people, lower-case fragments in errors.
package terminal

import (
	"io"
	"os"
	"slices"
	"strings"

	"github.com/fatih/color"
	"golang.org/x/term"
)

// Streams are where a command reads and writes.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// InTerminal, OutTerminal and ErrTerminal say which of them are terminals.
	InTerminal, OutTerminal, ErrTerminal bool
	// plain says that nobody wants escapes.
	plain bool
}

// New returns the streams for three files.
func New(in, out, errOut *os.File, environ []string) *Streams {
	s := &Streams{
		In: in, Out: out, Err: errOut,
		InTerminal: isTerminal(in), OutTerminal: isTerminal(out), ErrTerminal: isTerminal(errOut),
	}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if name == "NO_COLOR" && value != "" || name == "TERM" && value == "dumb" {
			s.plain = true
		}
	}
	return s
}

func isTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd()))
}

// NoColor turns colour off.
func (s *Streams) NoColor() { s.plain = true }

// OutStyle and ErrStyle colour words for stdout and stderr, where that stream shows colour.
func (s *Streams) OutStyle() Style { return Style{on: s.OutTerminal && !s.plain} }

// ErrStyle is OutStyle for stderr.
func (s *Streams) ErrStyle() Style { return Style{on: s.ErrTerminal && !s.plain} }

// Redraw tells whether stderr can show a line that changes in place.
func (s *Streams) Redraw() bool { return s.ErrTerminal && !s.plain }

// Style colours words, or leaves them alone.
type Style struct{ on bool }

func (s Style) paint(text string, attributes ...color.Attribute) string {
	if !s.on {
		return text
	}
	c := color.New(slices.Clone(attributes)...)
	c.EnableColor()
	return c.Sprint(text)
}

// Bold is for headings.
func (s Style) Bold(text string) string { return s.paint(text, color.Bold) }

// Faint is for what may be passed over.
func (s Style) Faint(text string) string { return s.paint(text, color.Faint) }

// Good is for what passed.
func (s Style) Good(text string) string { return s.paint(text, color.FgGreen) }

// Bad is for what is wrong.
func (s Style) Bad(text string) string { return s.paint(text, color.FgRed) }

// Doubt is for what is not known yet.
func (s Style) Doubt(text string) string { return s.paint(text, color.FgYellow) }

// Command is for what can be typed.
func (s Style) Command(text string) string { return s.paint(text, color.FgCyan) }
