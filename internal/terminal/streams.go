// Package terminal is what a person sees: streams, colour, progress and the
// JSON event stream. Its rules:
//
//   - stdout is the answer, stderr the conversation.
//   - Meaning is never carried by colour alone: every mark has a word beside it.
//   - No stream gets an escape sequence that is not a terminal, or where
//     TERM=dumb or --plain asks for none. NO_COLOR and --no-color ask for no
//     colour; lines may still change in place.
//   - Text from outside (a commit's message, a log, a file's name) passes Clean
//     before it is shown.
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

	"github.com/mayfly-cd/mayfly/internal/text"
)

// Streams are where a command reads and writes.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// InTerminal, OutTerminal and ErrTerminal say which of them are terminals.
	InTerminal, OutTerminal, ErrTerminal bool
	// noColor says that nobody wants colour, fixed that no line may change in place.
	noColor, fixed bool
	// everything says that each event is told, in a line of its own.
	everything bool
}

// New returns the streams for three files.
func New(in, out, errOut *os.File, environ []string) *Streams {
	s := &Streams{
		In: in, Out: out, Err: errOut,
		InTerminal: isTerminal(in), OutTerminal: isTerminal(out), ErrTerminal: isTerminal(errOut),
	}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		switch {
		case name == "NO_COLOR" && value != "":
			s.noColor = true
		case name == "TERM" && value == "dumb":
			s.noColor, s.fixed = true, true
		}
	}
	return s
}

func isTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd()))
}

// NoColor turns colour off.
func (s *Streams) NoColor() { s.noColor = true }

// Colors tells whether colour is wanted, where a stream can show it.
func (s *Streams) Colors() bool { return !s.noColor }

// Plain is for whoever listens to a screen rather than looks at it: no colour,
// no line that changes in place, and a line for every event.
func (s *Streams) Plain() { s.noColor, s.fixed, s.everything = true, true, true }

// IsPlain tells whether Plain was asked for.
func (s *Streams) IsPlain() bool { return s.everything }

// OutStyle and ErrStyle colour words for stdout and stderr, where that stream shows colour.
func (s *Streams) OutStyle() Style { return Style{on: s.OutTerminal && !s.noColor} }

// ErrStyle is OutStyle for stderr.
func (s *Streams) ErrStyle() Style { return Style{on: s.ErrTerminal && !s.noColor} }

// Redraw tells whether stderr can show a line that changes in place.
func (s *Streams) Redraw() bool { return s.ErrTerminal && !s.fixed }

// What a terminal measures where it does not say.
const usualColumns, usualRows = 80, 24

// OutSize is how many columns and rows stdout shows, 80 and 24 where it does not say.
func (s *Streams) OutSize() (columns, rows int) { return size(s.Out) }

// ErrSize is OutSize for stderr.
func (s *Streams) ErrSize() (columns, rows int) { return size(s.Err) }

func size(stream any) (columns, rows int) {
	if file, ok := stream.(interface{ Fd() uintptr }); ok {
		if columns, rows, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 && rows > 0 {
			return columns, rows
		}
	}
	return usualColumns, usualRows
}

// Style colours words, or leaves them alone.
type Style struct{ on bool }

func (s Style) paint(words string, attributes ...color.Attribute) string {
	if !s.on || words == "" {
		return words
	}
	c := color.New(slices.Clone(attributes)...)
	c.EnableColor()
	return c.Sprint(words)
}

// Bold is for headings.
func (s Style) Bold(words string) string { return s.paint(words, color.Bold) }

// Italic is for what is stressed.
func (s Style) Italic(words string) string { return s.paint(words, color.Italic) }

// Faint is for what may be passed over.
func (s Style) Faint(words string) string { return s.paint(words, color.Faint) }

// Good is for what passed.
func (s Style) Good(words string) string { return s.paint(words, color.FgGreen) }

// Bad is for what is wrong.
func (s Style) Bad(words string) string { return s.paint(words, color.FgRed) }

// Doubt is for what is not known yet.
func (s Style) Doubt(words string) string { return s.paint(words, color.FgYellow) }

// Command is for what can be typed.
func (s Style) Command(words string) string { return s.paint(words, color.FgCyan) }

// Heading is for the line above a text: bold, or with a mark where there is no colour.
func (s Style) Heading(words string) string {
	if !s.on {
		return "== " + words + " =="
	}
	return s.Bold(words)
}

// Clean takes out of a text from outside whatever would do something other
// than be seen: see [text.Clean].
func Clean(s string) string { return text.Clean(s) }
