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
		"n\n": false, "\n": false, "no": false, "perhaps\ny\n": true, "yess\nno\n": false,
	} {
		var out strings.Builder
		got, err := NewLines(strings.NewReader(answer), &out, nil).Confirm("Go on?")
		if err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", answer, got, err, want)
		}
		asked := "Go on? (y/N) "
		if strings.Contains(answer, "ess\n") || strings.Contains(answer, "perhaps") {
			asked += "Please answer yes or no.\n" + asked
		}
		if strings.ToLower(strings.TrimSpace(answer)) != "yes" && out.String() != asked {
			t.Errorf("%q: asked %q", answer, out.String())
		}
	}
}

func TestLinesType(t *testing.T) {
	for answer, want := range map[string]bool{"default\n": true, "default": true, "Default\n": false, "\n": false, "y\n": false} {
		got, err := NewLines(strings.NewReader(answer), &strings.Builder{}, nil).Type("Type it:", "default")
		if err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", answer, got, err, want)
		}
	}
}

func choices() []Choice {
	return []Choice{{"n", "go on"}, {"h", "a hint"}, {"Quit", "leave"}, {"10", "ten"}, {"1", "one"}}
}

// TestLinesChoose asks again, with a sentence, until there is a choice.
func TestLinesChoose(t *testing.T) {
	const again = "Please type n, h, Quit, 10 or 1, then Enter.\n"
	for typed, test := range map[string]struct {
		want  string
		again int
	}{
		"\n": {"n", 0}, "h\n": {"h", 0}, " H \n": {"h", 0}, "quit\n": {"Quit", 0}, "1\n": {"1", 0}, "10\n": {"10", 0},
		"x\n2\n-1\nh\n": {"h", 3}, strings.Repeat("z", 400) + "\n\u202e1\n": {"1", 1}, "\x1b[Ah\n": {"h", 0},
	} {
		var out strings.Builder
		got, err := NewLines(strings.NewReader(typed), &out, nil).Choose("What now?", choices())
		if err != nil || got != test.want || strings.Count(out.String(), again) != test.again {
			t.Errorf("%q: %q, %v, asked %q", typed, got, err, out.String())
		}
		if !strings.HasPrefix(out.String(), "  n    go on\n") || strings.Count(out.String(), "a hint") != 1 {
			t.Errorf("%q: asked %q", typed, out.String())
		}
	}
}

// TestLinesText gives every kind of answer that is hard to bear.
func TestLinesText(t *testing.T) {
	check := func(answer string) error {
		if strings.Contains(answer, "bad") {
			return errors.New("that is bad")
		}
		return nil
	}
	long := strings.Repeat("é", 500)
	for typed, want := range map[string]string{
		"\n": "preset", "hello\n": "hello", "  日本語 ü \r\n": "日本語 ü", "bad\n" + "bad\ngood\n": "good",
		"a\x1b[31mb\x00\u202ec\td\n": "abc d", "no newline": "no newline", long + "\n": long,
		strings.Repeat("x", 10_000) + "\nshort\n": "short", strings.Repeat("日", 100_000) + "\nshort\n": "short",
		"\x1b]0;title\a\n": "preset", "broken \xff\n": "broken \ufffd",
	} {
		var out strings.Builder
		got, err := NewLines(strings.NewReader(typed), &out, nil).Text("Say:", "preset", check)
		if err != nil || got != want {
			t.Errorf("%.20q: %.20q, %v; want %.20q", typed, got, err, want)
		}
		if len(typed) > 5000 && !strings.Contains(out.String(), "An answer has at most 500 characters.") {
			t.Errorf("%.20q: asked %q", typed, out.String())
		}
		if strings.Contains(typed, "bad") && strings.Count(out.String(), "That is bad.\n") != 2 {
			t.Errorf("%q: asked %q", typed, out.String())
		}
	}
	if got, err := NewLines(strings.NewReader("\n"), &strings.Builder{}, nil).Text("Say:", "", nil); got != "" || err != nil {
		t.Errorf("no preset and no check: %q, %v", got, err)
	}
}

// TestLinesInARow answers two questions from one pipe. Where the input ends in
// the middle of questions that is as Ctrl-C is.
func TestLinesInARow(t *testing.T) {
	l := NewLines(strings.NewReader("y\ndefault\n"), &strings.Builder{}, nil)
	if ok, err := l.Confirm("One?"); err != nil || !ok {
		t.Errorf("one: %v, %v", ok, err)
	}
	if ok, err := l.Type("Two:", "default"); err != nil || !ok {
		t.Errorf("two: %v, %v", ok, err)
	}
	for range 2 {
		if ok, err := l.Confirm("Three?"); ok || !errors.Is(err, ErrInterrupted) {
			t.Errorf("three, with nobody left: %v, %v", ok, err)
		}
	}
	l = NewLines(strings.NewReader("wrong\n"), &strings.Builder{}, nil)
	if key, err := l.Choose("Which?", choices()); key != "" || !errors.Is(err, ErrInterrupted) {
		t.Errorf("an answer that is none, and no other: %q, %v", key, err)
	}
	l = NewLines(strings.NewReader("wrong\n"), &strings.Builder{}, nil)
	if answer, err := l.Text("Say:", "x", func(string) error { return errors.New("no") }); answer != "" || !errors.Is(err, ErrInterrupted) {
		t.Errorf("an answer that is none, and no other: %q, %v", answer, err)
	}
}

func TestScripted(t *testing.T) {
	s := &Scripted{Answers: []string{"y", "default", "h", "", "bad", "\n", Interrupt}}
	if ok, err := s.Confirm("One?"); !ok || err != nil {
		t.Errorf("confirm: %v, %v", ok, err)
	}
	if ok, err := s.Type("Two:", "default"); !ok || err != nil {
		t.Errorf("type: %v, %v", ok, err)
	}
	for _, want := range []string{"h", "n"} {
		if key, err := s.Choose("Which?", choices()); key != want || err != nil {
			t.Errorf("choose: %q, %v", key, err)
		}
	}
	if key, err := s.Choose("Which?", choices()); key != "" || err == nil {
		t.Errorf("none of them: %q, %v", key, err)
	}
	if answer, err := s.Text("Say:", "preset", nil); answer != "preset" || err != nil {
		t.Errorf("text: %q, %v", answer, err)
	}
	if _, err := s.Text("Say:", "preset", nil); !errors.Is(err, ErrInterrupted) {
		t.Errorf("interrupted: %v", err)
	}
	if _, err := s.Text("Say:", "preset", nil); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("no answers left: %v", err)
	}
	if want := "Which? (n, h, Quit, 10 or 1)"; len(s.Asked) != 8 || s.Asked[2] != want {
		t.Errorf("asked %q", s.Asked)
	}
}

func TestNobodyAnswers(t *testing.T) {
	broken := errors.New("broken pipe")
	for name, test := range map[string]struct {
		prompter Prompter
		want     error
	}{
		"nobody":    {Nobody{}, ErrNoAnswer},
		"empty":     {NewLines(strings.NewReader(""), &strings.Builder{}, nil), ErrNoAnswer},
		"unread":    {NewLines(iotest.ErrReader(broken), &strings.Builder{}, nil), broken},
		"unwritten": {NewLines(strings.NewReader("y\n"), full{broken}, nil), broken},
	} {
		if ok, err := test.prompter.Confirm("?"); ok || !errors.Is(err, test.want) {
			t.Errorf("%s: Confirm: %v, %v", name, ok, err)
		}
		if ok, err := test.prompter.Type("?", "y"); ok || !errors.Is(err, test.want) {
			t.Errorf("%s: Type: %v, %v", name, ok, err)
		}
		if key, err := test.prompter.Choose("?", choices()); key != "" || !errors.Is(err, test.want) {
			t.Errorf("%s: Choose: %v, %v", name, key, err)
		}
		if answer, err := test.prompter.Text("?", "x", nil); answer != "" || !errors.Is(err, test.want) {
			t.Errorf("%s: Text: %v, %v", name, answer, err)
		}
	}
}

type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }
