//go:build unix

package prompt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/mayfly-cd/mayfly/internal/text"
)

func chooses(p Prompter) reply {
	key, err := p.Choose("What now?", []Choice{
		{"n", "go on with the next step"}, {"h", "a hint " + strings.Repeat("that is too long ", 20)}, {"s", "do it for me"}, {"q", "leave"},
	})
	return reply{answer: key, err: err}
}

func texts(p Prompter) reply {
	answer, err := p.Text("Say:", "hello", func(answer string) error {
		if answer == "bad" {
			return errors.New("that is bad")
		}
		return nil
	})
	return reply{answer: answer, err: err}
}

func confirms(p Prompter) reply {
	yes, err := p.Confirm("Go on?")
	return reply{yes: yes, err: err}
}

func TestTerminalChoose(t *testing.T) {
	for keys, want := range map[string]string{
		"\r": "n", "s\r": "s", "S\r": "s", "\x1b[B\r": "h", "\x1b[A\r": "q", "z\x7fq\r": "q", "zz\x18h\r": "h",
		"\x1b[15~\x1bx\u202es\r": "s", "\x1bs\x7f\x7f\r": "n",
	} {
		for _, columns := range []int{80, 60, 40} {
			p := sit(t, columns, 20)
			got := p.answers(chooses, func() {
				p.sees("leave")
				p.types(keys)
			})
			if got.err != nil || got.answer != want {
				t.Errorf("%q at %d columns: %+v, want %s", keys, columns, got, want)
			}
		}
	}
}

// TestTerminalChooseFits holds every option to one row of a narrow terminal.
func TestTerminalChooseFits(t *testing.T) {
	for _, columns := range []int{80, 60, 40} {
		p := sit(t, columns, 20)
		p.answers(chooses, func() {
			p.sees("leave")
			lines := strings.Split(strings.TrimRight(p.screen.String(), " \n"), "\n")
			if len(lines) != 6 || !strings.Contains(lines[3], "h  a hint") || !strings.Contains(lines[3], "…") || !strings.Contains(lines[4], "do it") {
				t.Errorf("%d columns:\n%s", columns, strings.Join(lines, "\n"))
			}
			for _, line := range lines {
				if text.Width(strings.TrimRight(line, " ")) >= columns {
					t.Errorf("%d columns: %q", columns, line)
				}
			}
			p.types("x")
			p.sees("no such choice")
			p.types("\x7fh\r")
		})
		lines := strings.Split(strings.TrimRight(p.screen.String(), " \n"), "\n")
		if len(lines) != 2 || !strings.HasPrefix(lines[1], "  h  a hint") {
			t.Errorf("%d columns, answered:\n%s", columns, strings.Join(lines, "\n"))
		}
	}
}

// TestTerminalAnswersAtOnce measures from the key to the answer; the best of
// a few, since others use this machine too.
func TestTerminalAnswersAtOnce(t *testing.T) {
	const most = 50 * time.Millisecond
	best := time.Hour
	for range 5 {
		p := sit(t, 60, 20)
		typed := make(chan time.Time, 1)
		got := p.answers(func(p Prompter) reply {
			r := chooses(p)
			r.answer += " " + time.Since(<-typed).String()
			return r
		}, func() {
			p.sees("leave")
			typed <- time.Now() //nolint:forbidigo // a duration is what is tested
			p.types("q\r")
		})
		key, took, _ := strings.Cut(got.answer, " ")
		d, err := time.ParseDuration(took)
		if key != "q" || err != nil {
			t.Fatalf("%+v", got)
		}
		best = min(best, d)
	}
	if best > most {
		t.Errorf("the answer took %v, more than %v", best, most)
	}
}

// TestTerminalEnds ends each question in each way that a person can.
func TestTerminalEnds(t *testing.T) {
	for question, ask := range map[string]func(Prompter) reply{"Go on?": confirms, "Say:": texts, "What now?": chooses} {
		for name, end := range map[string]func(p *person){
			"Ctrl-C":             func(p *person) { p.types("\x03") },
			"Ctrl-D":             func(p *person) { p.types("\x04") },
			"Ctrl-D, typed more": func(p *person) { p.types("zzz\x04") },
			"Stop":               func(p *person) { close(p.stop) },
			"SIGTERM": func(p *person) {
				if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
					p.t.Error(err)
				}
			},
		} {
			p := sit(t, 80, 20)
			got := p.answers(ask, func() {
				p.sees(question)
				p.isHeard()
				end(p)
			})
			if !errors.Is(got.err, ErrInterrupted) || got.yes || got.answer != "" {
				t.Errorf("%s %s: %+v", question, name, got)
			}
		}
	}
}

// TestNothingIsAskedOnceStopped comes to a question after a Ctrl-C that was
// typed while nothing was asked.
func TestNothingIsAskedOnceStopped(t *testing.T) {
	for name, ask := range map[string]func(Prompter) reply{"Confirm": confirms, "Text": texts, "Choose": chooses} {
		p := sit(t, 80, 20)
		close(p.stop)
		got := p.answers(ask, func() {})
		if !errors.Is(got.err, ErrInterrupted) || strings.TrimSpace(p.screen.String()) != "" {
			t.Errorf("%s: %+v; the screen:\n%s", name, got, p.screen)
		}
		var out strings.Builder
		if got := ask(NewLines(strings.NewReader("y\n"), &out, p.stop)); !errors.Is(got.err, ErrInterrupted) || out.String() != "" {
			t.Errorf("%s, in lines: %+v, %q", name, got, out.String())
		}
	}
}

// TestLinesInATerminalAreLeft presses Ctrl-C at a question that reads a line.
func TestLinesInATerminalAreLeft(t *testing.T) {
	for name, ask := range map[string]func(Prompter) reply{"Go on?": confirms, "Say:": texts, "What now?": chooses} {
		p := sit(t, 80, 20)
		lines := NewLines(p.console.Tty(), p.console.Tty(), p.stop)
		got := p.answers(func(Prompter) reply { return ask(lines) }, func() {
			p.sees(name)
			p.types("zz")
			close(p.stop)
		})
		if !errors.Is(got.err, ErrInterrupted) || got.yes || got.answer != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestTerminalHangsUp takes the terminal away in the middle of a question.
func TestTerminalHangsUp(t *testing.T) {
	user, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	got := make(chan error, 1)
	go func() {
		_, err := Terminal{In: tty, Out: tty}.Choose("Which?", choices())
		got <- err
	}()
	var seen bytes.Buffer
	for !strings.Contains(seen.String(), "one") {
		buffer := make([]byte, 1000)
		n, err := user.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		seen.Write(buffer[:n])
	}
	if err := user.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-got:
		if err == nil {
			t.Error("an answer from nobody")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it asks for ever")
	}
}

func TestTerminalText(t *testing.T) {
	for keys, want := range map[string]string{
		"\r": "hello", "ü 日本語 👍\r": "ü 日本語 👍", "  spaced  \r": "spaced",
		"one\x7f\x7fut\r": "out", "a\x1b[31mb\u202ec\x00\x07\td\r": "abcd", "ab\x1b[D\x1b[DR\r": "Rab",
		"\x1b[15~\x1bx\x1b\r":    "hello",
		"first\rsecond\rthird\r": "first", strings.Repeat("y", 500) + "\r": strings.Repeat("y", 500),
	} {
		p := sit(t, 60, 20)
		got := p.answers(texts, func() {
			p.sees("(hello)")
			p.types(keys)
		})
		if got.err != nil || got.answer != want {
			t.Errorf("%.40q: %+v, want %.40q", keys, got, want)
		}
		if screen := p.screen.String(); strings.ContainsAny(screen, "\u202e\x07") {
			t.Errorf("%.40q: the screen:\n%s", keys, screen)
		}
	}
}

// TestTerminalAsksAgain gives answers that are none, and looks for the sentence.
func TestTerminalAsksAgain(t *testing.T) {
	p := sit(t, 80, 24)
	got := p.answers(texts, func() {
		p.sees("(hello)")
		p.types("bad\r")
		p.sees("That is bad.")
		p.sees("(hello)")
		p.types("good\r")
	})
	if got.answer != "good" || got.err != nil {
		t.Errorf("%+v", got)
	}
	p = sit(t, 80, 24)
	got = p.answers(texts, func() {
		p.sees("(hello)")
		for range 100 {
			p.types(strings.Repeat("0123456789", 10))
		}
		p.types("\r")
		p.sees("An answer has at most 500 characters.")
		p.sees("(hello)")
		p.types("short\r")
	})
	if got.answer != "short" || got.err != nil {
		t.Errorf("10,000 characters: %+v", got)
	}
	p = sit(t, 80, 24)
	got = p.answers(confirms, func() {
		p.sees("Go on?")
		p.types("perhaps\r")
		p.sees("is not a valid answer")
		p.types("y\r")
	})
	if !got.yes || got.err != nil {
		t.Errorf("%+v", got)
	}
}

// TestTerminalDropsTheRest pastes several lines: the rest answers no later
// question, nor does what was typed before the question stood there.
func TestTerminalDropsTheRest(t *testing.T) {
	p := sit(t, 80, 24)
	p.types("y\r")
	p.sees("y") // echoed, as nobody asks yet
	got := p.answers(texts, func() {
		p.sees("(hello)")
		p.types("first\r" + strings.Repeat("y\r", 3))
	})
	if got.answer != "first" || got.err != nil {
		t.Errorf("%+v", got)
	}
	got = p.answers(confirms, func() {
		p.sees("Go on?")
		p.types("\r")
	})
	if got.yes || got.err != nil {
		t.Errorf("what was pasted has answered: %+v", got)
	}
}

// TestLinesInATerminalDropTheRest pastes several lines where lines are read.
func TestLinesInATerminalDropTheRest(t *testing.T) {
	p := sit(t, 80, 24)
	lines := NewLines(p.console.Tty(), p.console.Tty(), p.stop)
	got := p.answers(func(Prompter) reply { return chooses(lines) }, func() {
		p.sees("What now?")
		p.types("zz\rh\rq\r")
		p.sees("Please type n, h, s or q, then Enter.")
		p.sees("What now? [n] ")
		p.types("s\r")
	})
	if got.answer != "s" || got.err != nil {
		t.Errorf("%+v", got)
	}
}

func TestTerminalType(t *testing.T) {
	for keys, want := range map[string]bool{"default\r": true, "Default\r": false, "\r": false, "default\u202e\r": true} {
		p := sit(t, 80, 24)
		got := p.answers(func(p Prompter) reply {
			yes, err := p.Type("Type the environment's name:", "default")
			return reply{yes: yes, err: err}
		}, func() {
			p.sees("name:")
			p.types(keys)
		})
		if got.yes != want || got.err != nil {
			t.Errorf("%q: %+v", keys, got)
		}
	}
}

// TestTerminalBreaksBetweenWords asks more than a line holds, in a narrow terminal.
func TestTerminalBreaksBetweenWords(t *testing.T) {
	const question = "Make resources in account 123456789012, eu-west-1 (no account has been tried with this version; under $0.25)?"
	p := sit(t, 40, 20)
	got := p.answers(func(p Prompter) reply {
		yes, err := p.Confirm(question)
		return reply{yes: yes, err: err}
	}, func() {
		p.sees("(y/N)")
		for line := range strings.SplitSeq(p.screen.String(), "\n") {
			for word := range strings.FieldsSeq(line) {
				if !strings.Contains("? (y/N) "+question, word) {
					t.Errorf("a word is broken: %q in\n%s", word, p.screen)
				}
			}
		}
		p.types("y\r")
	})
	lines := strings.Split(strings.TrimRight(p.screen.String(), " \n"), "\n")
	if !got.yes || got.err != nil || !strings.HasPrefix(lines[0], "? Make resources in account") || len(lines) != 4 {
		t.Errorf("%+v; the screen:\n%s", got, p.screen)
	}
}

func TestTerminalWithoutColour(t *testing.T) {
	p := sit(t, 80, 24)
	p.asks.NoColor = true
	got := p.answers(chooses, func() {
		seen, err := p.console.ExpectString("leave")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(seen, "m") && strings.Contains(fmt.Sprintf("%q", seen), "[0;") {
			t.Errorf("colour: %q", seen)
		}
		p.types("q\r")
	})
	if got.answer != "q" || got.err != nil {
		t.Errorf("%+v", got)
	}
}
