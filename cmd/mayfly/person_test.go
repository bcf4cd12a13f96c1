//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"github.com/hinshun/vt10x"

	"github.com/mayfly-cd/mayfly/internal/workshop"
)

// person sits at a terminal in which mayfly runs, reads the screen and types.
type person struct {
	t      *testing.T
	cmd    *exec.Cmd
	tty    *os.File
	screen vt10x.Terminal
	// id matches the environment's id, over the ends of lines too.
	id *regexp.Regexp
	// lined says that mayfly asks in lines, and draws nothing.
	lined bool

	mu      sync.Mutex // guards what follows
	written int        // bytes that came
	last    time.Time  // when the newest of them came
	ended   bool
	// all is everything that came, for a failure's report.
	all strings.Builder
	// hears is told what comes, if somebody records it.
	hears func(data []byte)
}

// patience is how long a person waits for a screen.
const patience = 90 * time.Second

// sit starts mayfly in a terminal of that size.
func sit(t *testing.T, columns, rows int, environ []string, args ...string) *person {
	t.Helper()
	return sitBefore(t, columns, rows, exec.CommandContext(t.Context(), "mayfly", args...), environ, func([]byte) {})
}

// sitBefore starts a program in a terminal of that size; hears is told what it writes.
func sitBefore(t *testing.T, columns, rows int, cmd *exec.Cmd, environ []string, hears func([]byte)) *person {
	t.Helper()
	cmd.Env = append([]string{"TERM=xterm-256color"}, environ...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)})
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, cmd: cmd, tty: tty, last: time.Now(), hears: hears} //nolint:forbidigo // a person waits in real time
	p.screen = vt10x.New(vt10x.WithWriter(tty), vt10x.WithSize(columns, rows))
	go p.look()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		_ = tty.Close()
	})
	return p
}

// look shows what comes on the screen.
func (p *person) look() {
	buffer := make([]byte, 4096)
	for {
		n, err := p.tty.Read(buffer)
		p.mu.Lock()
		_, _ = p.screen.Write(buffer[:n])
		p.all.Write(buffer[:n])
		p.hears(buffer[:n])
		p.written += n
		p.last = time.Now() //nolint:forbidigo // a person waits in real time
		p.ended = err != nil
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// lines are what the screen shows, and where the cursor is.
func (p *person) lines() (lines []string, cursor vt10x.Cursor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.screen.Lock()
	cursor = p.screen.Cursor()
	p.screen.Unlock()
	for line := range strings.Lines(p.screen.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return lines, cursor
}

func (p *person) sees() string {
	lines, _ := p.lines()
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// text is everything that came.
func (p *person) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.String()
}

// question is what mayfly waits for an answer to; "" while it waits for none.
func (p *person) question() string {
	if p.lined {
		p.mu.Lock()
		defer p.mu.Unlock()
		// The question may have wrapped: it begins with a capital.
		lines := strings.Split(strings.ReplaceAll(p.all.String(), "\r", ""), "\n")
		at := len(lines) - 1
		if !strings.HasSuffix(lines[at], " ") {
			return ""
		}
		for at > 0 && (lines[at] == "" || lines[at][0] < 'A' || lines[at][0] > 'Z') {
			at--
		}
		return strings.Join(lines[at:], " ")
	}
	lines, cursor := p.lines()
	for i, line := range slices.Backward(lines) {
		asked, ok := strings.CutPrefix(line, "? ")
		if !ok {
			continue
		}
		chooses := false
		for _, below := range lines[i+1:] {
			chooses = chooses || strings.HasPrefix(below, "> ")
		}
		// An answer is awaited right behind the words, which may have wrapped.
		behind := cursor.X > 0 && cursor.Y >= i && strings.Join(lines[cursor.Y+1:], "") == ""
		if chooses || behind {
			return asked
		}
		return ""
	}
	return ""
}

// waits returns when something is asked and the screen has come to rest.
func (p *person) waits() string {
	p.t.Helper()
	const rest = 60 * time.Millisecond
	for began := time.Now(); time.Since(began) < patience; time.Sleep(10 * time.Millisecond) { //nolint:forbidigo // a person waits in real time
		asked := p.question()
		p.mu.Lock()
		still, ended := time.Since(p.last) > rest, p.ended
		p.mu.Unlock()
		if ended {
			return ""
		}
		if asked != "" && still && asked == p.question() {
			return asked
		}
	}
	p.t.Fatalf("nothing is asked; the screen:\n%s", p.sees())
	return ""
}

// types sends keys, and waits until something has come of it.
func (p *person) types(keys string) {
	p.t.Helper()
	p.mu.Lock()
	before := p.written
	p.mu.Unlock()
	if _, err := p.tty.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < patience; time.Sleep(5 * time.Millisecond) { //nolint:forbidigo // a person waits in real time
		p.mu.Lock()
		came := p.written > before || p.ended
		p.mu.Unlock()
		if came {
			return
		}
	}
	p.t.Fatalf("nothing came of %q; the screen:\n%s", keys, p.sees())
}

// expects waits for a question, and wants it to begin so.
func (p *person) expects(question string) {
	p.t.Helper()
	if asked := p.waits(); !strings.HasPrefix(asked, question) {
		p.t.Fatalf("asked is %q, want %q; the screen:\n%s", asked, question, p.sees())
	}
}

// answers waits for a question that begins so, and answers it.
func (p *person) answers(question, keys string) {
	p.t.Helper()
	p.expects(question)
	p.types(keys)
}

// until answers each question that it knows, until one comes that begins so.
func (p *person) until(question string, habits map[string]string) {
	p.t.Helper()
	p.untilBy(p.types, question, habits)
}

// untilBy is until with another way to type.
func (p *person) untilBy(types func(keys string), question string, habits map[string]string) {
	p.t.Helper()
	for range 500 {
		asked := p.waits()
		if strings.HasPrefix(asked, question) {
			return
		}
		known := false
		for begin, keys := range habits {
			if strings.HasPrefix(asked, begin) {
				types(keys)
				known = true
				break
			}
		}
		if !known {
			p.t.Fatalf("nobody told me what to answer to %q; the screen:\n%s", asked, p.sees())
		}
	}
	p.t.Fatalf("%q is never asked; the screen:\n%s", question, p.sees())
}

// leaves waits until mayfly has ended, and returns its exit code.
func (p *person) leaves() int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	done := make(chan struct{})
	go func() {
		_ = p.cmd.Wait()
		close(done)
	}()
	select {
	case <-done:
		return p.cmd.ProcessState.ExitCode()
	case <-ctx.Done():
		p.t.Fatalf("mayfly does not end; the screen:\n%s", p.sees())
		return -1
	}
}

// What differs from run to run, and what stands for it in a golden screen.
var differs = []struct {
	form *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\b[0-9a-f]{7,40}\b`), "0123456"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:12345"},
	{regexp.MustCompile(`lambda-url/[a-z0-9]+`), "lambda-url/abc"},
	{regexp.MustCompile(`\s+\d+(\.\d+)? (ms|s|min)\b( \d\d s)?`), " 1 s"},
	{regexp.MustCompile(`\d+\.\d times`), "9.9 times"},
	{regexp.MustCompile(`[█▒░▓▁▂·]{2,}|[█▒░▓]`), "█"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d`), "2026-01-02"},
	{regexp.MustCompile(`\d\d:\d\d:\d\d`), "12:34:56"},
	{regexp.MustCompile(`\b\d\d:\d\d\b`), "12:34"},
	{regexp.MustCompile(`/\S*/(mayfly/default)`), "~/$1"},
	{regexp.MustCompile(`█[ █]*`), "█"},
	{regexp.MustCompile(`\d{1,2} [A-Z][a-z]+ 20\d\d`), "2 January 2026"},
	{regexp.MustCompile(`(?m)[ \t]+$`), ""},
}

// settled takes out of a line what differs from run to run. A line that had a
// time in it loses its columns too; in a frame it is as wide as it was.
func settled(line string) string {
	got := line
	for _, d := range differs {
		got = d.form.ReplaceAllString(got, d.with)
	}
	if got != line && times.MatchString(line) {
		indent := len(got) - len(strings.TrimLeft(got, " "))
		got = got[:indent] + strings.Join(strings.Fields(got), " ")
	}
	inner := strings.Trim(got, "│")
	if got != "│"+inner+"│" || strings.Contains(inner, "│") {
		return got
	}
	width := utf8.RuneCountInString(line) - 2
	if moves.MatchString(inner) { // it stands where the time is on the scale
		inner = fmt.Sprintf("%*s", width-6, strings.TrimSpace(inner))
	}
	return "│" + inner + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(inner))) + "│"
}

// moves matches what stands under a scale, there where it points to.
var moves = regexp.MustCompile(`^ +\^ *$|you are here: `)

var times = regexp.MustCompile(`\d (ms|s|min)\b|[█▒░▓]`)

// knows makes the person know the environment's id, which differs from run to run.
func (p *person) knows(environment workshop.Environment) {
	p.id = regexp.MustCompile(strings.Join(strings.Split(environment.ID, ""), `\n?`))
}

// golden compares the screen, from some words on where it has them, with the
// one that is kept under that name.
func (p *person) golden(name, from string) {
	p.t.Helper()
	seen := p.sees()
	if at := strings.LastIndex(seen, from); at > 0 {
		seen = seen[at:]
	}
	var b strings.Builder
	for line := range strings.Lines(p.id.ReplaceAllString(seen+"\n", "abcdef")) {
		b.WriteString(settled(strings.TrimRight(line, " \n")) + "\n")
	}
	got := b.String()
	file := filepath.Join("testdata", "screens", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			p.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatalf("%v; -update writes it", err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		p.t.Errorf("screen %s has changed (-want +got); -update writes it again:\n%s", name, d)
	}
}
