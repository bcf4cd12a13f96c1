//go:build unix

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
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
	p.until("Where shall AWS be?", readers)
	p.types(enter)
	p.answers("Which sample application?", "python"+enter)
	p.answers("Where shall your working copy be?", workdir+enter)
	p.until("How shall it be done?", readers)
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
	refuses("How shall it be done?")
	p.types("d" + enter)
	p.until("Your guess", with(readers, map[string]string{
		"How shall it be done?": "d" + enter, "What next?": "n" + enter, "Your guess": "\x1b[31mone\u202e minute\rq\rq" + enter,
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
	p.until("Where shall AWS be?", readers)
	p.types(enter)
	p.answers("Which sample application?", "python"+enter)
	for _, r := range refused {
		p.answers("Where shall your working copy be?", r[0]+enter)
		p.shows(r[1])
	}
	p.answers("Where shall your working copy be?", `~/a "b" it's $HOME & ü`+enter)
	workdir := filepath.Join(dir, `a "b" it's $HOME & ü`)
	p.until("How shall it be done?", readers)
	p.types("t" + enter)
	p.shows("it'\\''s $HOME & ü'`; for `aws`")
	p.types("b")
	for range 2 {
		p.until("What next?", with(readers, map[string]string{"How shall it be done?": "d" + enter}))
		p.types("n" + enter)
	}
	p.until("How shall it be done?", readers)
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
		p.until("How shall it be done?", readers)
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

// small makes an environment with an application whose builds take no time, and does phases.
func small(t *testing.T, done ...string) (dir string, environ []string) {
	t.Helper()
	dir, environ = home(t)
	app := filepath.Join(dir, "app")
	if err := makeApplication(app); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "mayfly", append([]string{"run", "--app-dir", app}, done...)...)
	run.Env = environ
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir, environ
}

// shellIn types a line in a folder.
func shellIn(t *testing.T, dir, line string, environ []string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	cmd.Dir, cmd.Env = dir, environ
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// TestWalkMendsTheWorkingCopy breaks the working copy in each way, between two
// walks and while one is open, has it mended, and looks for what it held.
func TestWalkMendsTheWorkingCopy(t *testing.T) {
	t.Parallel()
	dir, environ := small(t, "codecommit")
	workdir := filepath.Join(dir, "mayfly", "default")
	p := sit(t, 100, 40, environ)
	p.until("How shall it be done?", with(readers, map[string]string{"What next?": "n" + enter}))
	open := true
	for _, trouble := range []struct {
		name, shell, says string
		// holds is typed when all is right again, and must succeed.
		holds string
	}{
		{"vanished", "mv ../default ../elsewhere", "the working copy is gone", "test -f template.yaml && rm -r ../elsewhere"},
		{"without .git", "rm -rf .git", "has lost its .git", "git log -1 && test -f template.yaml"},
		{
			"another branch, with a name for shells", "git switch -qc 'my;touch$IFS'work && echo mine >mine && git add . && git commit -qm Mine",
			"the workshop builds main", "test -s mine && ! test -e work && git branch | grep -F 'my;touch'",
		},
		{
			"detached", "git switch -q --detach && echo loose >loose && git add . && git commit -qm Loose",
			"HEAD is detached", "test -s loose",
		},
		{"not committed", "echo more >>mine", "is changed and not committed", "grep more mine && test -z \"$(git status --porcelain)\""},
		{"not pushed", "echo yet >>mine && git commit -qam Yet", "1 commit not pushed", "grep yet mine"},
		{"master and not main", "git branch -m master && git push -q origin master", "on the branch master", "git rev-parse main"},
		{"elsewhere", "git remote set-url origin https://example.com/x", "not this environment's repository", "! git remote -v | grep example.com"},
	} {
		t.Run(trouble.name, func(sub *testing.T) {
			p.t = sub
			shellIn(sub, workdir, trouble.shell, environ)
			if open {
				p.answers("How shall it be done?", "d"+enter)
			} else {
				p = sit(t, 100, 40, environ)
				p.t = sub
			}
			p.waits()
			p.shows(trouble.says)
			p.answers("What about the working copy?", "d"+enter)
			p.until("How shall it be done?", with(readers, map[string]string{"What next?": "n" + enter}))
			shellIn(sub, workdir, trouble.holds, environ)
			shellIn(sub, workdir, "test $(git symbolic-ref --short HEAD) = main && git fetch -q && test -z \"$(git log origin/main..main)\"", environ)
		})
		if t.Failed() {
			return
		}
		p.t = t
		if open {
			_ = p.waits()
		}
		p.types("q" + enter)
		p.leaves()
		open = false
	}
}

// TestWalkTellsOfTheFolderWhileItWaits goes astray while mayfly watches what is typed.
func TestWalkTellsOfTheFolderWhileItWaits(t *testing.T) {
	t.Parallel()
	dir, environ := small(t, "codecommit")
	workdir := filepath.Join(dir, "mayfly", "default")
	p := sit(t, 100, 40, environ)
	p.until("How shall it be done?", with(readers, map[string]string{"What next?": "n" + enter}))
	p.types("t" + enter)
	p.shows("mayfly watches.")
	shellIn(t, workdir, "git switch -qc astray", environ)
	p.shows("on the branch astray; the workshop builds main")
	shellIn(t, workdir, "git switch -q main", environ)
	p.shows("the working copy is right again")
	shellIn(t, workdir, "mv ../default ../elsewhere", environ)
	p.shows("the working copy is gone")
	p.types("d")
	p.answers("What about the working copy?", "d"+enter)
	p.until("How shall it be done?", nil)
	shellIn(t, workdir, "git log -1", environ)
}

// TestWalkWithABigFile commits and pushes 200 MB while a walk is open, which
// takes most of a minute; MAYFLY_TEST_BIG asks for it.
func TestWalkWithABigFile(t *testing.T) {
	if os.Getenv("MAYFLY_TEST_BIG") == "" {
		t.Skip("MAYFLY_TEST_BIG=1 pushes 200 MB")
	}
	dir, environ := small(t, "codecommit", "codebuild")
	workdir := filepath.Join(dir, "mayfly", "default")
	p := sit(t, 100, 40, environ)
	p.until("How shall it be done?", with(readers, map[string]string{"What next?": "n" + enter}))
	shellIn(t, workdir, "head -c 200000000 /dev/urandom >big && git add big && git commit -qm Big && git push -q origin main", environ)
	p.types("d" + enter)
	p.until("What next?", with(readers, map[string]string{"How shall it be done?": "d" + enter}))
	p.types("q" + enter)
	if code := p.leaves(); code != exitDone {
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

// TestWalkWithABadState comes back to a state that is damaged, from another
// time or from another mayfly.
func TestWalkWithABadState(t *testing.T) {
	t.Parallel()
	dir, environ := small(t, "codecommit")
	state := filepath.Join(dir, "data", "mayfly", "default")
	change := func(name string, change func(all map[string]any)) {
		t.Helper()
		all := map[string]any{}
		data, err := os.ReadFile(filepath.Join(state, name))
		if err == nil {
			err = json.Unmarshal(data, &all)
		}
		change(all)
		if err == nil {
			data, err = json.Marshal(all)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(state, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	comes := with(readers, map[string]string{"What next?": "n" + enter})
	quits := func(p *person) {
		t.Helper()
		p.until("How shall it be done?", comes)
		p.types("q" + enter)
		if code := p.leaves(); code != exitDone {
			t.Errorf("it ends with %d; the screen:\n%s", code, p.sees())
		}
	}
	quits(sit(t, 100, 40, environ))

	for name, seen := range map[string]time.Duration{"tomorrow": 24 * time.Hour, "a month ago": -30 * 24 * time.Hour} {
		change("progress.json", func(all map[string]any) { all["seen"] = time.Now().Add(seen).UTC() }) //nolint:forbidigo // a person waits
		p := sit(t, 100, 40, environ)
		p.waits()
		if back := strings.Contains(p.sees(), "Welcome back: you were here 30 days ago"); back != (seen < 0) {
			t.Errorf("seen %s: the screen:\n%s", name, p.sees())
		}
		quits(p)
	}

	change("progress.json", func(all map[string]any) { clear(all); all["pushed"] = nil }) // an older one
	quits(sit(t, 100, 40, environ))

	if err := os.WriteFile(filepath.Join(state, "progress.json"), []byte(`{"pushed": {"`), 0o600); err != nil {
		t.Fatal(err)
	}
	p := sit(t, 100, 40, environ)
	p.waits()
	if !strings.Contains(p.text(), "progress.json was damaged") {
		t.Errorf("nobody says that it is damaged:\n%s", p.text())
	}
	quits(p)
	if kept, err := os.ReadFile(filepath.Join(state, "progress.json.damaged")); err != nil || string(kept) != `{"pushed": {"` {
		t.Errorf("what was damaged is lost: %q, %v", kept, err)
	}

	// Two walks at once: each may look; one works, and the other is told so.
	first, second := sit(t, 100, 40, environ), sit(t, 100, 40, environ)
	for _, p := range []*person{first, second} {
		p.until("How shall it be done?", comes)
	}
	release, err := workshop.Lock(state, "a test")
	if err != nil {
		t.Fatal(err)
	}
	first.types("d" + enter)
	first.shows("another mayfly is at work")
	if err := release(); err != nil {
		t.Fatal(err)
	}
	first.answers("How shall it be done?", "d"+enter)
	second.types("d" + enter)
	for _, p := range []*person{first, second} {
		p.until("What next?", with(readers, map[string]string{"How shall it be done?": "d" + enter}))
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if code := p.leaves(); code != exitInterrupted {
			t.Errorf("SIGTERM ends it with %d", code)
		}
	}

	change("environment.json", func(all map[string]any) { all["version"] = 99 })
	p = sit(t, 100, 40, environ)
	if code := p.leaves(); code != exitFailed {
		t.Errorf("a newer state ends with %d", code)
	}
	p.shows("was written by a newer mayfly (format 99")

	p = sit(t, 100, 40, []string{"PATH=" + os.Getenv("PATH")})
	if code := p.leaves(); code != exitFailed {
		t.Errorf("without HOME it ends with %d", code)
	}
	p.shows("HOME is not set: set it")
}
