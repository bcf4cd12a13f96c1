// Package prompt asks a person. In a terminal it uses survey, from a pipe it
// reads lines; without either nothing is ever asked: the caller's flag decides.
package prompt

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/AlecAivazis/survey/v2"
	surveyterminal "github.com/AlecAivazis/survey/v2/terminal"
)

// ErrInterrupted is returned when the person pressed Ctrl-C at a question.
var ErrInterrupted = errors.New("interrupted")

// ErrNoAnswer is returned when there is nobody to ask.
var ErrNoAnswer = errors.New("there is no terminal to ask in")

// Prompter asks.
type Prompter interface {
	// Confirm asks a question that is answered by yes or no; the default is no.
	Confirm(question string) (bool, error)
	// Type asks for a text that must equal want, as before something severe.
	Type(question, want string) (bool, error)
}

// Terminal asks in a terminal.
type Terminal struct {
	In  surveyterminal.FileReader
	Out surveyterminal.FileWriter
}

// Confirm implements Prompter.
func (t Terminal) Confirm(question string) (yes bool, err error) {
	err = survey.AskOne(&survey.Confirm{Message: question}, &yes, survey.WithStdio(t.In, t.Out, t.Out))
	return yes, surveyError(err)
}

// Type implements Prompter.
func (t Terminal) Type(question, want string) (bool, error) {
	var answer string
	err := survey.AskOne(&survey.Input{Message: question}, &answer, survey.WithStdio(t.In, t.Out, t.Out))
	return strings.TrimSpace(answer) == want, surveyError(err)
}

func surveyError(err error) error {
	if errors.Is(err, surveyterminal.InterruptErr) {
		return ErrInterrupted
	}
	if err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	return nil
}

// Lines asks by writing the question and reading a line.
type Lines struct {
	in  *bufio.Reader
	out io.Writer
}

// NewLines returns a prompter that reads lines.
func NewLines(in io.Reader, out io.Writer) *Lines {
	return &Lines{in: bufio.NewReader(in), out: out}
}

// Confirm implements Prompter.
func (l *Lines) Confirm(question string) (bool, error) {
	answer, err := l.ask(question + " (y/N) ")
	return strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes"), err
}

// Type implements Prompter.
func (l *Lines) Type(question, want string) (bool, error) {
	answer, err := l.ask(question + " ")
	return answer == want, err
}

func (l *Lines) ask(question string) (string, error) {
	if _, err := io.WriteString(l.out, question); err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	line, err := l.in.ReadString('\n')
	if errors.Is(err, io.EOF) && line == "" {
		return "", ErrNoAnswer
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// Nobody is the prompter where nothing may be asked.
type Nobody struct{}

// Confirm implements Prompter.
func (Nobody) Confirm(string) (bool, error) { return false, ErrNoAnswer }

// Type implements Prompter.
func (Nobody) Type(string, string) (bool, error) { return false, ErrNoAnswer }
