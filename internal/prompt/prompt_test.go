package prompt

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

func TestLinesConfirm(t *testing.T) {
	for answer, want := range map[string]bool{
		"y\n": true, "Y\n": true, "yes\n": true, " YES \r\n": true, "y": true,
		"n\n": false, "\n": false, "yess\n": false, "no": false,
	} {
		var out strings.Builder
		got, err := NewLines(strings.NewReader(answer), &out).Confirm("Go on?")
		if err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", answer, got, err, want)
		}
		if out.String() != "Go on? (y/N) " {
			t.Errorf("asked %q", out.String())
		}
	}
}

func TestLinesType(t *testing.T) {
	for answer, want := range map[string]bool{"default\n": true, "default": true, "Default\n": false, "\n": false, "y\n": false} {
		got, err := NewLines(strings.NewReader(answer), &strings.Builder{}).Type("Type it:", "default")
		if err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", answer, got, err, want)
		}
	}
}

// TestLinesInARow answers two questions from one pipe.
func TestLinesInARow(t *testing.T) {
	l := NewLines(strings.NewReader("y\ndefault\n"), &strings.Builder{})
	if ok, err := l.Confirm("One?"); err != nil || !ok {
		t.Errorf("one: %v, %v", ok, err)
	}
	if ok, err := l.Type("Two:", "default"); err != nil || !ok {
		t.Errorf("two: %v, %v", ok, err)
	}
	if ok, err := l.Confirm("Three?"); ok || !errors.Is(err, ErrNoAnswer) {
		t.Errorf("three, with nobody left: %v, %v", ok, err)
	}
}

func TestNobodyAnswers(t *testing.T) {
	broken := errors.New("broken pipe")
	for name, test := range map[string]struct {
		prompter Prompter
		want     error
	}{
		"nobody":    {Nobody{}, ErrNoAnswer},
		"empty":     {NewLines(strings.NewReader(""), &strings.Builder{}), ErrNoAnswer},
		"unread":    {NewLines(iotest.ErrReader(broken), &strings.Builder{}), broken},
		"unwritten": {NewLines(strings.NewReader("y\n"), full{broken}), broken},
	} {
		if ok, err := test.prompter.Confirm("?"); ok || !errors.Is(err, test.want) {
			t.Errorf("%s: Confirm: %v, %v", name, ok, err)
		}
		if ok, err := test.prompter.Type("?", "y"); ok || !errors.Is(err, test.want) {
			t.Errorf("%s: Type: %v, %v", name, ok, err)
		}
	}
}

type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }
