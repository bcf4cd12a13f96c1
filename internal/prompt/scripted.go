package prompt

import (
	"fmt"
	"strings"
)

// Interrupt is the answer of a Scripted prompter that presses Ctrl-C.
const Interrupt = "\x03"

// Scripted answers from a list, for tests. Its answers are judged as a
// person's are; one that does not answer its question is an error, since
// nobody is there who could be asked again.
type Scripted struct {
	// Answers are given in order, as they would be typed.
	Answers []string
	// Asked are the questions so far, each with the keys that it offered.
	Asked []string
}

var _ Prompter = (*Scripted)(nil)

func (s *Scripted) next(question string) (string, error) {
	s.Asked = append(s.Asked, question)
	if len(s.Answers) == 0 {
		return "", ErrNoAnswer
	}
	answer := s.Answers[0]
	s.Answers = s.Answers[1:]
	if answer == Interrupt {
		return "", ErrInterrupted
	}
	return answer, nil
}

// Confirm implements Prompter.
func (s *Scripted) Confirm(question string) (bool, error) {
	answer, err := s.next(question)
	if err != nil {
		return false, err
	}
	return NewLines(strings.NewReader(answer+"\n"), &strings.Builder{}, nil).Confirm(question)
}

// Type implements Prompter.
func (s *Scripted) Type(question, want string) (bool, error) {
	answer, err := s.next(question)
	return tidy(answer) == want && err == nil, err
}

// Choose implements Prompter.
func (s *Scripted) Choose(question string, choices []Choice) (string, error) {
	answer, err := s.next(question + " (" + keys(choices) + ")")
	if err != nil {
		return "", err
	}
	if tidy(answer) == "" {
		return choices[0].Key, nil
	}
	if c, ok := find(choices, tidy(answer)); ok {
		return c.Key, nil
	}
	return "", fmt.Errorf("%q is none of %s", answer, keys(choices))
}

// Text implements Prompter.
func (s *Scripted) Text(question, preset string, check func(string) error) (string, error) {
	answer, err := s.next(question)
	if err != nil {
		return "", err
	}
	if answer = tidy(answer); answer == "" {
		answer = preset
	}
	if err := judge(answer, check); err != nil {
		return "", err
	}
	return answer, nil
}
