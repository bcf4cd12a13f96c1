package walk

import (
	"strings"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

// Screen is where the learner reads: the conversation, on stderr.
type Screen struct {
	Streams *terminal.Streams
	// unread is how many rows were shown since something was asked.
	unread int
}

// margin is what a screen leaves free for the question below it, in rows.
const margin = 4

// fewest are the fewest rows that a page has, in however low a terminal.
const fewest = 5

func (s *Screen) style() terminal.Style { return s.Streams.ErrStyle() }

func (s *Screen) width() int {
	columns, _ := s.Streams.ErrSize()
	return max(20, min(columns-1, 100))
}

// Heading begins something new.
func (s *Screen) Heading(words string) {
	rule := strings.Repeat("─", min(s.width(), 76))
	s.Lines([]string{"", s.style().Faint(rule)})
	for _, line := range text.Wrap(words, s.width()) {
		s.Lines([]string{s.style().Bold(line)})
	}
	s.Lines([]string{""})
}

// Lines shows lines as they are.
func (s *Screen) Lines(lines []string) {
	columns, _ := s.Streams.ErrSize()
	for _, line := range lines {
		terminal.Printf(s.Streams.Err, "%s\n", line)
		s.unread += max((text.Width(line)+columns-1)/columns, 1)
	}
}

// Text shows Markdown, whole, and leaves a line free.
func (s *Screen) Text(markdown string) {
	if strings.TrimSpace(markdown) == "" {
		return
	}
	s.Lines(append(terminal.Markdown(s.style(), markdown, s.width()), ""))
}

// Say shows a sentence that is no Markdown, such as an error, and leaves a line free.
func (s *Screen) Say(sentence string) {
	s.Lines(append(text.Wrap(terminal.Clean(sentence), s.width()), ""))
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

// pages shows lines a screen at a time. The first has less room where
// something stands above that nobody was asked to read yet.
func (s *Screen) pages(lines []string, more func() error) error {
	columns, rows := s.Streams.ErrSize()
	rows = max(rows-margin, fewest)
	for i, screen := range terminal.Screens(lines, columns, max(rows-s.unread, fewest), rows) {
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

// Checks shows the answers of checks: the first that does not hold with what
// was expected and the fix.
func (s *Screen) Checks(checks []workshop.CheckStatus) {
	s.Lines(append(terminal.Checks(s.style(), checks, s.width()), ""))
}

// paced asks below what was read: where a question's choices would push
// something off the screen that nobody has read, they come after a key.
type paced struct {
	prompt.Prompter
	screen *Screen
}

// hint is as wide as what a question says about how to choose.
const hint = "[letter or arrows, then Enter]"

// Choose implements prompt.Prompter.
func (p paced) Choose(question string, choices []prompt.Choice) (string, error) {
	_, rows := p.screen.Streams.ErrSize()
	asked := len(text.Wrap("? "+question+" "+hint, p.screen.width())) + len(choices) + 1 // the cursor's row
	if n := p.screen.unread; n > 0 && n+asked > rows {
		if err := more(p); err != nil {
			return "", err
		}
	}
	p.screen.unread = 0
	return p.Prompter.Choose(question, choices)
}

// Text implements prompt.Prompter.
func (p paced) Text(question, preset string, check func(answer string) error) (string, error) {
	p.screen.unread = 0
	return p.Prompter.Text(question, preset, check)
}
