// Package prompt asks a person. In a terminal it uses survey, where that
// cannot draw it reads lines; without a person nothing is ever asked: the
// caller's flag decides.
//
// Whatever is typed or pasted, an answer is one line of visible text of at
// most 500 characters. What does not answer the question is asked again, with
// a sentence that says why; the end of the input ends the questions as Ctrl-C does.
package prompt

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/mayfly-cd/mayfly/internal/text"
)

// ErrInterrupted is returned when the person pressed Ctrl-C at a question, or
// ended the input after having answered others.
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
	// Label says what it is. It is cut where the terminal is too narrow.
	Label string
}

// longest is how many characters an answer may have.
const longest = 500

var errTooLong = fmt.Errorf("an answer has at most %d characters", longest)

// tidy makes one line of visible text of an answer.
func tidy(answer string) string {
	return strings.TrimSpace(strings.NewReplacer("\n", " ", "\t", " ").Replace(text.Clean(answer)))
}

// judge is check, for an answer that may be too long; check may be nil.
func judge(answer string, check func(string) error) error {
	if utf8.RuneCountInString(answer) > longest {
		return errTooLong
	}
	if check == nil {
		return nil
	}
	return check(answer)
}

// oneLine is a question as it can be shown.
func oneLine(question string) string { return tidy(question) }

// find returns the choice that a key stands for.
func find(choices []Choice, key string) (Choice, bool) {
	for _, c := range choices {
		if strings.EqualFold(c.Key, key) {
			return c, true
		}
	}
	return Choice{}, false
}

// keys names the choices, as in "a, b or q".
func keys(choices []Choice) string {
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = c.Key
	}
	if n := len(names) - 1; n > 0 {
		return strings.Join(names[:n], ", ") + " or " + names[n]
	}
	return strings.Join(names, "")
}

// keyColumns is how wide the column of the keys is.
func keyColumns(choices []Choice) int {
	widest := 2
	for _, c := range choices {
		widest = max(widest, text.Width(c.Key))
	}
	return widest
}

// Nobody is the prompter where nothing may be asked.
type Nobody struct{}

var _ Prompter = Nobody{}

// Confirm implements Prompter.
func (Nobody) Confirm(string) (bool, error) { return false, ErrNoAnswer }

// Type implements Prompter.
func (Nobody) Type(string, string) (bool, error) { return false, ErrNoAnswer }

// Choose implements Prompter.
func (Nobody) Choose(string, []Choice) (string, error) { return "", ErrNoAnswer }

// Text implements Prompter.
func (Nobody) Text(string, string, func(string) error) (string, error) { return "", ErrNoAnswer }
