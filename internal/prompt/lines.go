package prompt

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/tty"
)

// Lines asks by writing the question and reading a line.
type Lines struct {
	in  *bufio.Reader
	out io.Writer
	// person says that somebody is there: in is a terminal, or has given an answer.
	person bool
	// keyboard is in, where that is a terminal that can be left, of that file
	// descriptor; else nil.
	keyboard *tty.Reader
	fd       uintptr
	stop     <-chan struct{}
}

var _ Prompter = (*Lines)(nil)

// NewLines returns a prompter that reads lines. When stop is closed, which may
// be nil, a question in a terminal ends as by Ctrl-C, and none is asked any more.
func NewLines(in io.Reader, out io.Writer, stop <-chan struct{}) *Lines {
	l := &Lines{in: bufio.NewReader(in), out: out, stop: stop}
	file, ok := in.(interface{ Fd() uintptr })
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return l
	}
	l.person = true
	if keyboard, err := tty.NewReader(file.Fd()); err == nil {
		l.keyboard, l.fd, l.in = keyboard, file.Fd(), bufio.NewReader(keyboard)
	}
	return l
}

// Confirm implements Prompter.
func (l *Lines) Confirm(question string) (yes bool, err error) {
	_, err = l.until(l.asked(question, "(y/N)"), func(answer string) error {
		switch strings.ToLower(answer) {
		case "y", "yes":
			yes = true
		case "n", "no", "":
		default:
			return errors.New("please answer yes or no")
		}
		return nil
	})
	return yes && err == nil, err
}

// Type implements Prompter.
func (l *Lines) Type(question, want string) (bool, error) {
	answer, err := l.until(l.asked(question, ""), func(string) error { return nil })
	return answer == want && err == nil, err
}

// Choose implements Prompter.
func (l *Lines) Choose(question string, choices []Choice) (string, error) {
	var b strings.Builder
	for _, c := range choices {
		before := "  " + text.Pad(c.Key, keyColumns(choices)) + " "
		label := text.Wrap(oneLine(c.Label), l.width()-len(before))
		fmt.Fprintf(&b, "%s%s\n", before, strings.Join(label, "\n"+strings.Repeat(" ", len(before))))
	}
	if err := l.say(b.String()); err != nil {
		return "", err
	}
	var chosen Choice
	_, err := l.until(l.asked(question, "["+choices[0].Key+"]"), func(answer string) error {
		if answer == "" {
			answer = choices[0].Key
		}
		var ok bool
		if chosen, ok = find(choices, answer); !ok {
			return fmt.Errorf("please type %s, then Enter", keys(choices))
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return chosen.Key, nil
}

// Text implements Prompter.
func (l *Lines) Text(question, preset string, check func(string) error) (string, error) {
	behind := ""
	if preset != "" {
		behind = "[" + oneLine(preset) + "]"
	}
	answer, err := l.until(l.asked(question, behind), func(answer string) error {
		if answer == "" {
			answer = preset
		}
		return judge(answer, check)
	})
	if answer == "" && err == nil {
		answer = preset
	}
	return answer, err
}

// asked is a question as it stands before its answer: broken between its words,
// with what comes behind it in a line of its own where it finds no room.
func (l *Lines) asked(question, behind string) string {
	lines := text.Wrap(oneLine(question), l.width())
	last := lines[len(lines)-1]
	switch {
	case behind == "":
	case text.Width(last)+text.Width(behind)+roomToType > l.width():
		lines = append(lines, behind)
	default:
		lines[len(lines)-1] = last + " " + behind
	}
	return strings.Join(lines, "\n") + " "
}

// width is how many columns a line may have. What is no terminal breaks no line.
func (l *Lines) width() int {
	if file, ok := l.out.(interface{ Fd() uintptr }); ok {
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
			return max(columns-1, narrowest)
		}
	}
	return math.MaxInt32
}

// roomToType is what a line leaves free behind a question, for a short answer.
const roomToType = 10

// narrowest is the narrowest that lines are broken for.
const narrowest = 20

// until asks until an answer is one.
func (l *Lines) until(question string, check func(string) error) (string, error) {
	if l.keyboard != nil {
		defer stopWith(l.keyboard, l.stop)()
	}
	for {
		l.drop()
		if err := l.say(question); err != nil {
			return "", err
		}
		answer, err := l.read()
		if err != nil {
			return "", err
		}
		wrong := judge(answer, check)
		if wrong == nil {
			return answer, nil
		}
		if err := l.say(sentence(wrong) + "\n"); err != nil {
			return "", err
		}
	}
}

// drop drops what was typed into a terminal before the question, and what is
// left of a paste behind an answer. A pipe's lines are all answers.
func (l *Lines) drop() {
	if l.keyboard != nil {
		tty.DropInput(l.fd)
		l.in.Reset(l.keyboard)
	}
}

func (l *Lines) say(words string) error {
	if stopped(l.stop) {
		return ErrInterrupted
	}
	if _, err := io.WriteString(l.out, words); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	return nil
}

// read reads a line, of which it keeps no more than tells that it is too long.
func (l *Lines) read() (string, error) {
	var line []byte
	for {
		part, err := l.in.ReadSlice('\n')
		line = append(line, part[:min(len(part), max((longest+1)*utf8.UTFMax-len(line), 0))]...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) == 0:
			if l.person {
				_, _ = io.WriteString(l.out, "\n") // the question stands in a line that nobody ended
				return "", ErrInterrupted
			}
			return "", ErrNoAnswer
		case err != nil && !errors.Is(err, io.EOF):
			return "", fmt.Errorf("read the answer: %w", err)
		}
		l.person = true
		return tidy(string(line)), nil
	}
}

// sentence is what is wrong with an answer, as people are told.
func sentence(err error) string {
	words := tidy(err.Error())
	first, n := utf8.DecodeRuneInString(words)
	if n == 0 {
		return "That is no answer."
	}
	words = strings.ToUpper(string(first)) + words[n:]
	if !strings.HasSuffix(words, ".") {
		words += "."
	}
	return words
}
