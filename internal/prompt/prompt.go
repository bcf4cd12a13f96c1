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
	// Choose asks for one of the choices, of which there is at least one; the
	// first is the default. It returns the key of the choice.
	Choose(question string, choices []Choice) (key string, err error)
	// Text asks for a line. preset is what an empty answer means; check says what
	// is wrong with an answer, which is then asked for again.
	Text(question, preset string, check func(answer string) error) (string, error)
}

// Choice is one of the things that can be answered.
type Choice struct {
	// Key is the letter or the word that stands for it.
	Key string
	// Label says what it is, shorter than the terminal is wide.
	Label string
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

// Choose implements Prompter. A letter leaves only its own choice, and Enter takes it.
func (t Terminal) Choose(question string, choices []Choice) (string, error) {
	options := make([]string, len(choices))
	for i, c := range choices {
		options[i] = fmt.Sprintf("%-2s %s", c.Key, c.Label)
	}
	var at int
	err := survey.AskOne(&survey.Select{
		Message: question, Options: options, PageSize: len(options),
		Filter: func(typed, option string, _ int) bool { return strings.HasPrefix(option, strings.ToLower(typed)) },
	}, &at, survey.WithStdio(t.In, t.Out, t.Out))
	if err != nil {
		return "", surveyError(err)
	}
	return choices[at].Key, nil
}

// Text implements Prompter.
func (t Terminal) Text(question, preset string, check func(string) error) (string, error) {
	var answer string
	err := survey.AskOne(&survey.Input{Message: question, Default: preset}, &answer,
		survey.WithStdio(t.In, t.Out, t.Out), survey.WithValidator(func(value any) error {
			text, _ := value.(string)
			return check(strings.TrimSpace(text))
		}))
	return strings.TrimSpace(answer), surveyError(err)
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

// Choose implements Prompter.
func (l *Lines) Choose(question string, choices []Choice) (string, error) {
	for {
		var b strings.Builder
		for _, c := range choices {
			fmt.Fprintf(&b, "  %-2s %s\n", c.Key, c.Label)
		}
		answer, err := l.ask(fmt.Sprintf("%s%s [%s] ", b.String(), question, choices[0].Key))
		if err != nil {
			return "", err
		}
		if answer == "" {
			return choices[0].Key, nil
		}
		for _, c := range choices {
			if strings.EqualFold(answer, c.Key) {
				return c.Key, nil
			}
		}
	}
}

// Text implements Prompter.
func (l *Lines) Text(question, preset string, check func(string) error) (string, error) {
	for {
		answer, err := l.ask(fmt.Sprintf("%s [%s] ", question, preset))
		if err != nil {
			return "", err
		}
		if answer == "" {
			answer = preset
		}
		wrong := check(answer)
		if wrong == nil {
			return answer, nil
		}
		if _, err := fmt.Fprintf(l.out, "%v\n", wrong); err != nil {
			return "", fmt.Errorf("ask: %w", err)
		}
	}
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

// Choose implements Prompter.
func (Nobody) Choose(string, []Choice) (string, error) { return "", ErrNoAnswer }

// Text implements Prompter.
func (Nobody) Text(string, string, func(string) error) (string, error) { return "", ErrNoAnswer }
