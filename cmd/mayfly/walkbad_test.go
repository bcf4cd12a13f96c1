//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/term"

	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

// nonsense is what no question takes for an answer of its own.
var nonsense = map[string]string{
	"out of range":      "99" + enter,
	"no choice":         "zz" + enter,
	"several lines":     "zz\rmore of it\rq\r",
	"unicode":           "日本語 ü 👍" + enter,
	"right to left":     "\u202eabc\u2066 שלום" + enter,
	"10,000 characters": strings.Repeat("x", 10_000) + enter,
	"control":           "\x00\x01\x1b]0;title\x07\x1b[31mzz" + enter,
}

// atOnce is within what somebody who interrupts must be told.
const atOnce = 3 * time.Second

// backToEmpty takes away what was typed: Ctrl-X.
const backToEmpty = "\x18"

// shows waits until the screen has those words.
func (p *person) shows(words string) {
	p.t.Helper()
	for began := time.Now(); time.Since(began) < patience; time.Sleep(10 * time.Millisecond) { //nolint:forbidigo // a person waits
		if strings.Contains(strings.ToLower(strings.Join(strings.Fields(p.sees()), " ")), strings.ToLower(words)) {
			return
		}
	}
	p.t.Fatalf("%q is not on the screen:\n%s", words, p.sees())
}

// mode is how the terminal is set.
func (p *person) mode() (mode *term.State) {
	p.t.Helper()
	raw, err := p.tty.SyscallConn()
	if err != nil {
		p.t.Fatal(err)
	}
	if controlErr := raw.Control(func(fd uintptr) { mode, err = term.GetState(int(fd)) }); controlErr != nil || err != nil {
		p.t.Fatal(controlErr, err)
	}
	return mode
}

// began answers the first questions, and stops at the first step.
func (p *person) began(workdir string) {
	p.t.Helper()
	p.answers("How long does it take", "week"+enter)
	p.until("Where should AWS run?", readers)
	p.types(enter)
	p.answers("Which sample application?", "python"+enter)
	p.answers("Where should your working copy go?", workdir+enter)
	p.until("How do you want to do it?", readers)
}

// TestWalkTakesNoNonsense gives bad answers at every kind of question, and then a good one.
func TestWalkTakesNoNonsense(t *testing.T) {
	t.Parallel()
	_, environ := home(t)
	p := sit(t, 80, 24, environ)
	refuses := func(question string) {
		t.Helper()
		for name, keys := range nonsense {
			p.waits()
			p.types(keys)
			p.shows("There is no such choice")
			p.types(backToEmpty)
			if asked := p.waits(); !strings.HasPrefix(asked, question) {
				t.Fatalf("%s at %q: asked is %q; the screen:\n%s", name, question, asked, p.sees())
			}
		}
		if strings.ContainsAny(p.text(), "\u202e\u2066\x07") {
			t.Errorf("%q echoes what should not be seen", question)
		}
	}
	refuses("How long does it take")
	p.began("")
	refuses("How do you want to do it?")
	p.types("d" + enter)
	p.until("Your guess", with(readers, map[string]string{
		"How do you want to do it?": "d" + enter, "What next?": "n" + enter, "Your guess": "\x1b[31mone\u202e minute\rq\rq" + enter,
	}))
}

// TestWalkRefusesFolders names folders that cannot be the working copy, then
// one that is hard to type, in which the first two phases must go well.
func TestWalkRefusesFolders(t *testing.T) {
	t.Parallel()
	dir, environ := home(t)
	file, full, repository := filepath.Join(dir, "file"), filepath.Join(dir, "full"), filepath.Join(dir, "repository")
	for _, name := range []string{file, filepath.Join(full, "mine")} {
		if err := makeFile(name, []byte("mine\n")); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "git", "init", "-q", repository).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	closed := filepath.Join(dir, "closed")
	if err := os.Mkdir(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	refused := [][2]string{
		{file, "it is a file"},
		{full, "holds files that mayfly did not make"},
		{"~", "holds files that mayfly did not make"},
		{"~nobody/x", "type the whole path"},
		{filepath.Join(repository, "below"), "inside another Git repository"},
		{filepath.Join(file, "below"), "not a directory"},
		{strings.Repeat("x", 10_000), "at most 500 characters"},
		{strings.Repeat("x", 400), "file name too long"},
	}
	if os.Geteuid() != 0 { // for root no folder is closed
		refused = append(refused, [2]string{filepath.Join(closed, "below"), "nothing can be written"})
	} else if _, err := os.Stat("/proc/self"); err == nil {
		refused = append(refused, [2]string{"/proc/below", "nothing can be written"})
	}
	p := sit(t, 100, 40, environ)
	p.answers("How long does it take", "week"+enter)
	p.until("Where should AWS run?", readers)
	p.types(enter)
	p.answers("Which sample application?", "python"+enter)
	for _, r := range refused {
		p.answers("Where should your working copy go?", r[0]+enter)
		p.shows(r[1])
	}
	p.answers("Where should your working copy go?", `~/a "b" it's $HOME & ü`+enter)
	workdir := filepath.Join(dir, `a "b" it's $HOME & ü`)
	for range 2 {
		p.until("What next?", with(readers, map[string]string{"How do you want to do it?": "d" + enter}))
		p.types("n" + enter)
	}
	p.until("How do you want to do it?", readers)
	p.types("t" + enter)
	p.shows("it'\\''s $HOME & ü'`; for `aws`, run `eval \"$(mayfly local env)\"` there first.")
	p.types("b")
	p.until("How do you want to do it?", readers)
	if _, err := os.Stat(filepath.Join(workdir, ".git")); err != nil {
		t.Error(err)
	}
	// What the lessons show is typed into a shell as it stands.
	e, _, err := workshop.LoadEnvironment(filepath.Join(dir, "data", "mayfly", "default"))
	if err != nil || e.WorkDir != workdir {
		t.Fatal(err, e.WorkDir)
	}
	place := phases.Place{WorkDir: e.WorkDir}
	push := exec.CommandContext(t.Context(), "sh", "-c", "cd "+place.Checkout()+" && git commit --allow-empty -m 'By hand' && git push origin main")
	push.Env = environ
	if out, err := push.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// interrupted holds mayfly to what it owes to somebody who pressed Ctrl-C.
func (p *person) interrupted(before *term.State) {
	p.t.Helper()
	began := time.Now() //nolint:forbidigo // a person waits
	code := p.leaves()
	if took := time.Since(began); took > atOnce {
		p.t.Errorf("it takes %v to leave", took)
	}
	if code != exitInterrupted {
		p.t.Errorf("it ends with %d; the screen:\n%s", code, p.sees())
	}
	p.shows("Interrupted. What was done is kept; `mayfly` goes on from here.")
	if !reflect.DeepEqual(before, p.mode()) {
		p.t.Errorf("the terminal is not as it was: %v, %v", before, p.mode())
	}
}

// TestWalkIsInterrupted leaves by Ctrl-C and Ctrl-D at a question.
func TestWalkIsInterrupted(t *testing.T) {
	_, environ := home(t)
	sitDown := func() (p *person, before *term.State) {
		p = sit(t, 80, 24, environ)
		return p, p.mode()
	}
	for _, key := range []string{"\x03", "\x04"} {
		p, before := sitDown()
		p.answers("How long does it take", key)
		p.interrupted(before)
	}
	for _, key := range []string{"\x03", "\x04", "zz\x03"} {
		p := sit(t, 80, 24, environ, "--plain")
		p.lined = true
		before := p.mode()
		p.answers("How long does it take", key)
		p.interrupted(before)
	}
	other := sit(t, 80, 24, environ, "--env", "team")
	other.answers("How long does it take", "\x03")
	other.shows("`mayfly --env team` goes on from here.")

	p, before := sitDown()
	p.began("")
	p.types("\x03")
	p.interrupted(before)
}

// held makes an environment in which phase 1 is done, and whose builds end when
// the function that it returns has been called.
func held(t *testing.T) (environ []string, release func()) {
	t.Helper()
	dir, environ := home(t)
	bin := filepath.Join(dir, "bin")
	environ = append(environ, "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	app := filepath.Join(dir, "app")
	spec := "version: 0.2\nphases:\n  build:\n    commands:\n      - until command -v released; do sleep 0.1; done\n"
	if err := makeFile(filepath.Join(app, "buildspecs", "codebuild.yml"), []byte(spec)); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := makeApplication(app); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "mayfly", "run", "--app-dir", app, "codecommit")
	run.Env = environ
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return environ, func() {
		if err := os.WriteFile(filepath.Join(bin, "released"), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWalkIsInterruptedInABuild presses Ctrl-C in the middle of a build, comes
// back to the same build, closes the terminal, and comes back again.
func TestWalkIsInterruptedInABuild(t *testing.T) {
	t.Parallel()
	environ, release := held(t)
	p := sit(t, 80, 24, environ)
	before := p.mode()
	for range 3 {
		p.until("How do you want to do it?", readers)
		p.types("d" + enter)
	}
	p.shows("BUILD IN_PROGRESS")
	p.types("\x03")
	p.interrupted(before)

	p = sit(t, 80, 24, environ)
	p.shows("is in BUILD")
	if err := p.tty.Close(); err != nil {
		t.Fatal(err)
	}
	gone := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	_ = p.cmd.Wait()
	if !gone.Stop() {
		t.Fatal("mayfly stays when its terminal is closed")
	}

	p = sit(t, 80, 24, environ)
	before = p.mode()
	p.shows("is in BUILD")
	release()
	p.until("What next?", readers)
	p.types("q" + enter)
	if code := p.leaves(); code != exitDone || !reflect.DeepEqual(before, p.mode()) {
		t.Errorf("it ends with %d; the screen:\n%s", code, p.sees())
	}
}

// TestTeardownTakesOnlyTheName types all sorts of things instead of the
// environment's name, after which everything is there, and then the name.
func TestTeardownTakesOnlyTheName(t *testing.T) {
	_, environ := small(t, "codecommit")
	bad := with(nonsense, map[string]string{"nothing": enter, "another case": "DEFAULT" + enter, "two lines": "no\rdefault" + enter})
	for name, keys := range bad {
		p := sit(t, 100, 40, environ, "teardown")
		p.answers("Type the environment's name", keys)
		if code := p.leaves(); code == exitDone {
			t.Fatalf("%s takes everything down:\n%s", name, p.sees())
		}
		runs(t, environ, "verify", "codecommit")
	}
	p := sit(t, 100, 40, environ, "teardown")
	p.answers("Type the environment's name", "default"+enter)
	if code := p.leaves(); code != exitDone {
		t.Errorf("it ends with %d; the screen:\n%s", code, p.sees())
	}
}
