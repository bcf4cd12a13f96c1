//go:build unix

package prompt

import (
	"sync"
	"testing"
	"time"

	expect "github.com/Netflix/go-expect"
	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/term"
)

// person sits at a real terminal.
type person struct {
	t       *testing.T
	console *expect.Console
	screen  vt10x.Terminal
	asks    Terminal
	// stop ends every question when it is closed.
	stop chan struct{}
	// before is how the terminal was set before a question.
	before *term.State
}

// sit opens a terminal that answers as one does, with a screen to look at.
func sit(t *testing.T, columns, rows int) *person {
	t.Helper()
	// What the screen answers, such as where its cursor is, is typed into the terminal.
	answers, answered, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := term.MakeRaw(int(answered.Fd())); err != nil {
		t.Fatal(err)
	}
	screen := vt10x.New(vt10x.WithWriter(answered), vt10x.WithSize(columns, rows))
	console, err := expect.NewConsole(expect.WithStdin(answers), expect.WithStdout(screen),
		expect.WithCloser(answers, answered), expect.WithDefaultTimeout(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = console.Close() })
	if err := pty.Setsize(console.Tty(), &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)}); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	return &person{
		t: t, console: console, screen: screen, stop: stop, asks: Terminal{In: console.Tty(), Out: console.Tty(), Stop: stop},
	}
}

func (p *person) sees(words string) {
	p.t.Helper()
	if _, err := p.console.ExpectString(words); err != nil {
		p.t.Fatalf("%q does not come: %v; the screen:\n%s", words, err, p.screen)
	}
}

func (p *person) types(keys string) {
	p.t.Helper()
	if _, err := p.console.Send(keys); err != nil {
		p.t.Fatal(err)
	}
}

// isHeard waits until the terminal hands over single keys: survey shows a
// question a moment before it listens.
func (p *person) isHeard() {
	p.t.Helper()
	for range 10_000 {
		if now, err := term.GetState(int(p.console.Tty().Fd())); err == nil && *now != *p.before {
			return
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // a terminal tells nobody when its mode changes
	}
	p.t.Fatal("the terminal hands over no single keys")
}

// reply is an answer and how it came.
type reply struct {
	answer string
	yes    bool
	err    error
}

// answers asks in the background, plays the person, and returns the answer.
func (p *person) answers(ask func(Prompter) reply, play func()) reply {
	p.t.Helper()
	before, err := term.GetState(int(p.console.Tty().Fd()))
	if err != nil {
		p.t.Fatal(err)
	}
	p.before = before
	got := make(chan reply, 1)
	go func() { got <- ask(p.asks) }()
	play()
	// The screen is fed while the answer is awaited.
	var feeding sync.WaitGroup
	stop := make(chan struct{})
	feeding.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = p.console.Expect(expect.WithTimeout(20*time.Millisecond), expect.String("\x00never"))
			}
		}
	})
	select {
	case r := <-got:
		close(stop)
		feeding.Wait()
		// Whatever was written before this title is on the screen once it is there.
		const title = "\x1b]0;answered\a"
		if _, err := p.console.Tty().WriteString(title); err != nil {
			p.t.Fatal(err)
		}
		p.sees(title)
		after, err := term.GetState(int(p.console.Tty().Fd()))
		if err == nil && *after != *before {
			p.t.Error("the terminal was not given back as it was")
		}
		return r
	case <-time.After(20 * time.Second):
		p.t.Fatalf("no answer; the screen:\n%s", p.screen)
		return reply{}
	}
}
