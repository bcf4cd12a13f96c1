package walk

import (
	"strings"

	"github.com/mayfly-cd/mayfly/internal/terminal"
	words "github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

// Screen is where the learner reads: the conversation, on stderr.
type Screen struct{ Streams *terminal.Streams }

// margin is what a screen leaves free for the question below it, in rows.
const margin = 4

func (s *Screen) style() terminal.Style { return s.Streams.ErrStyle() }

func (s *Screen) width() int {
	columns, _ := s.Streams.ErrSize()
	return max(20, min(columns-1, 100))
}

// Heading begins something new.
func (s *Screen) Heading(text string) {
	rule := strings.Repeat("─", min(s.width(), 76))
	s.Lines([]string{"", s.style().Faint(rule)})
	for _, line := range words.Wrap(text, s.width()) {
		s.Lines([]string{s.style().Bold(line)})
	}
	s.Lines([]string{""})
}

// Lines shows lines as they are.
func (s *Screen) Lines(lines []string) {
	for _, line := range lines {
		terminal.Printf(s.Streams.Err, "%s\n", line)
	}
}

// Text shows Markdown, whole, and leaves a line free.
func (s *Screen) Text(markdown string) {
	if strings.TrimSpace(markdown) == "" {
		return
	}
	s.Lines(append(terminal.Markdown(s.style(), markdown, s.width()), ""))
}

// Pages shows Markdown a screen at a time, and asks before each further one.
func (s *Screen) Pages(markdown string, more func() error) error {
	if strings.TrimSpace(markdown) == "" {
		return nil
	}
	return s.pages(terminal.Markdown(s.style(), markdown, s.width()), more)
}

// Diff shows a unified diff a screen at a time.
func (s *Screen) Diff(diff string, more func() error) error {
	var lines []string
	for line := range strings.Lines(diff) {
		lines = append(lines, terminal.DiffLine(s.style(), strings.TrimSuffix(line, "\n")))
	}
	return s.pages(lines, more)
}

func (s *Screen) pages(lines []string, more func() error) error {
	_, rows := s.Streams.ErrSize()
	for i, screen := range terminal.Screens(lines, max(5, rows-margin)) {
		if i > 0 {
			if err := more(); err != nil {
				return err
			}
		}
		s.Lines(screen)
	}
	s.Lines([]string{""})
	return nil
}

// Checks shows the answers of checks: those that are not passed first, with
// what was expected and the fix.
func (s *Screen) Checks(checks []workshop.CheckStatus) {
	terminal.Checks(s.Streams.Err, s.style(), checks)
}

// Pipeline draws the pipeline as it stands.
func (s *Screen) Pipeline(state workshop.PipelineState) {
	s.Lines(append(terminal.Pipeline(s.style(), state, s.width()), ""))
}
