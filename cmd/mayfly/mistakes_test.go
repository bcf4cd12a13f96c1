package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// mistake is something that a learner does wrong, and what mayfly is to make of it.
type mistake struct {
	name string
	// at is the phase that the learner has reached.
	at *phases.Phase
	// shell is typed in the working copy; do is done to AWS. One of the two is set, or both.
	shell string
	do    func(w *mistakeWorld) error
	// check names the mistake, with an observation that matches says. A
	// mistake without a check is none: everything passes all the same.
	check, says string
	// broken says that mayfly itself has made it, and tells the story when it is right again.
	broken bool
}

// TestMistakes makes each mistake in a workshop that was right, reads what
// `mayfly verify` says first, types the fix as it stands into a shell, and
// wants everything right again. docs/fixes.md is written by it (-update).
func TestMistakes(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes every mistake in the book")
	}
	if runtime.GOOS == "windows" {
		t.Skip("builds need a POSIX system")
	}
	t.Parallel()
	const worlds = 2
	free := make(chan *mistakeWorld, worlds)
	for range worlds {
		free <- newMistakeWorld(t)
	}
	all := mistakes()
	told := make([]*fixed, len(all)) // nil where -run has left one out
	t.Cleanup(func() { compareFixes(t, told) })
	for i, m := range all {
		t.Run(strings.ReplaceAll(m.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := <-free
			w.t = t
			defer func() { free <- w }()
			f := w.try(t, m)
			f.seen.Observed, f.seen.Fix = w.stable(f.seen.Observed), w.stable(f.seen.Fix)
			told[i] = &f
			if f.failure != "" {
				t.Errorf("%s", f.failure)
			}
		})
	}
}

// mistakeWorld is a home with one environment, of which a copy is kept at every phase.
type mistakeWorld struct {
	t       *testing.T
	home    string
	environ []string
	env     workshop.Environment
	copies  map[*phases.Phase]string
}

func (w *mistakeWorld) workdir() string { return filepath.Join(w.home, "mayfly", "default") }
func (w *mistakeWorld) state() string   { return filepath.Join(w.home, "data", "mayfly", "default") }

func newMistakeWorld(t *testing.T) *mistakeWorld {
	t.Helper()
	w := &mistakeWorld{t: t, home: t.TempDir(), copies: map[*phases.Phase]string{}}
	app := filepath.Join(w.home, "app")
	if err := makeApplication(app); err != nil {
		t.Fatal(err)
	}
	if err := makeFile(filepath.Join(w.home, ".gitconfig"), []byte("[user]\n\tname = A Learner\n\temail = learner@example.com\n")); err != nil {
		t.Fatal(err)
	}
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); !strings.HasPrefix(name, "AWS_") && name != "HOME" && name != "XDG_DATA_HOME" {
			w.environ = append(w.environ, v)
		}
	}
	w.environ = append(w.environ, "HOME="+w.home, "XDG_DATA_HOME="+filepath.Join(w.home, "data"), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_EDITOR=false")
	t.Cleanup(func() {
		w.t = t
		w.stop()
	})
	for _, p := range phases.All {
		if out, err := w.run(w.home, "mayfly run "+p.Name+" --app-dir '"+app+"'"); err != nil {
			t.Fatalf("mayfly run %s: %v\n%s", p.Name, err, out)
		}
		w.stop()
		w.copies[p] = t.TempDir()
		w.copyTree(w.state(), filepath.Join(w.copies[p], "state"))
		w.copyTree(w.workdir(), filepath.Join(w.copies[p], "workdir"))
	}
	var err error
	if w.env, _, err = workshop.LoadEnvironment(w.state()); err != nil {
		t.Fatal(err)
	}
	return w
}

// run types a line into a shell.
func (w *mistakeWorld) run(dir, line string) (string, error) {
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, w.environ, time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (w *mistakeWorld) stop() {
	cmd := exec.Command("mayfly", "local", "stop")
	cmd.Env = w.environ
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Errorf("mayfly local stop: %v\n%s", err, out)
	}
}

func (w *mistakeWorld) copyTree(from, to string) {
	w.t.Helper()
	err := errors.Join(os.RemoveAll(to), os.MkdirAll(filepath.Dir(to), 0o700))
	if err == nil {
		err = exec.Command("cp", "-Rp", from, to).Run()
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// restore puts the world back to where a phase had just been done.
func (w *mistakeWorld) restore(p *phases.Phase) {
	w.t.Helper()
	w.stop()
	_ = os.Remove(filepath.Join(w.home, "released")) // of a build that was held
	w.copyTree(filepath.Join(w.copies[p], "state"), w.state())
	w.copyTree(filepath.Join(w.copies[p], "workdir"), w.workdir())
	if out, err := w.run(w.home, "mayfly local start"); err != nil {
		w.t.Fatalf("mayfly local start: %v\n%s", err, out)
	}
}

// cloud is the environment's AWS.
func (w *mistakeWorld) cloud() (*cloud.Cloud, error) {
	var at endpoint
	data, err := os.ReadFile(endpointFile(w.state()))
	if err == nil {
		err = json.Unmarshal(data, &at)
	}
	if err != nil {
		return nil, err
	}
	return cloud.Open(w.t.Context(), at.target(), time.Now) //nolint:forbidigo // a test
}

// verified is what `mayfly verify --json` answers.
type verified struct {
	OK bool `json:"ok"`
	workshop.Verified
}

// first is the first check that is not passed; a zero one where all are.
func (v verified) first() workshop.CheckStatus {
	if v.WorkingCopy != nil && v.WorkingCopy.State != verify.Passed {
		return *v.WorkingCopy
	}
	for _, p := range v.Phases {
		for _, c := range p.Checks {
			if c.State != verify.Passed {
				return c
			}
		}
	}
	return workshop.CheckStatus{}
}

const workingCopyCheck = "working-copy"

func (w *mistakeWorld) verify(at *phases.Phase) (verified, error) {
	var v verified
	arguments := []string{"verify", "--json"}
	for _, p := range phases.All[:at.Number()] {
		arguments = append(arguments, p.Name)
	}
	cmd := exec.CommandContext(w.t.Context(), "mayfly", arguments...)
	cmd.Dir, cmd.Env = w.home, w.environ
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	runErr := cmd.Run() // its exit code says what the checks say
	if err := json.Unmarshal(out.Bytes(), &v); err != nil {
		return v, fmt.Errorf("mayfly verify: %w: %s%s", errors.Join(runErr, err), out.String(), errOut.String())
	}
	return v, nil
}

// seenWithin is how long a mistake may take to show; mendedWithin how long the
// execution that mends it may.
const (
	seenWithin   = 40 * time.Second
	mendedWithin = 60 * time.Second
)

// until asks the checks until ask is content.
func (w *mistakeWorld) until(at *phases.Phase, within time.Duration, ask func(verified) bool) (verified, error) {
	deadline := time.After(within)
	for {
		v, err := w.verify(at)
		if err != nil || ask(v) {
			return v, err
		}
		select {
		case <-deadline:
			return v, fmt.Errorf("not within %s", within)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// fixed is what became of a mistake.
type fixed struct {
	mistake
	seen    workshop.CheckStatus
	failure string
}

func (w *mistakeWorld) try(t *testing.T, m mistake) (f fixed) {
	t.Helper()
	f.mistake = m
	fail := func(format string, args ...any) fixed {
		f.failure = fmt.Sprintf(format, args...)
		return f
	}
	w.restore(m.at)
	if m.shell != "" {
		if out, err := w.run(w.workdir(), m.shell); err != nil {
			t.Fatalf("the mistake could not be made: %v\n%s", err, out)
		}
	}
	if m.do != nil {
		if err := m.do(w); err != nil {
			t.Fatalf("the mistake could not be made: %v", err)
		}
	}
	story := ""
	allRight := func(v verified) bool {
		story += v.Solved
		return v.OK
	}
	if m.check == "" {
		if v, err := w.until(m.at, mendedWithin, allRight); err != nil {
			return fail("it was to do no harm: %v: %+v", err, v.first())
		}
		return f
	}
	says := regexp.MustCompile(m.says)
	v, err := w.until(m.at, seenWithin, func(v verified) bool {
		c := v.first()
		return c.State == verify.Wrong && c.Name == m.check && says.MatchString(c.Observed)
	})
	f.seen = v.first()
	if err != nil {
		return fail("%s did not say %q: %v: %+v", m.check, m.says, err, f.seen)
	}
	if f.seen.Fix == "" {
		return fail("%s prints no fix: %+v", m.check, f.seen)
	}
	out, err := w.run(w.home, f.seen.Fix)
	if err != nil {
		return fail("the fix %q fails: %v\n%s", f.seen.Fix, err, out)
	}
	if m.broken && (m.says == "" || v.Solved != "") {
		return fail("it is told too early, or not looked for: %q", v.Solved)
	}
	if v, err := w.until(m.at, mendedWithin, allRight); err != nil {
		return fail("the fix %q did not mend it: %v: %+v\n%s", f.seen.Fix, err, v.first(), out)
	}
	if out, err := w.run(w.home, "mayfly break --reveal"); m.broken && (err == nil || strings.Count(story, ".") == 0) {
		return fail("it was found, and the story is %q; then mayfly break --reveal says: %s", story, out)
	}
	return f
}

// stable takes what differs from run to run out of a text.
func (w *mistakeWorld) stable(text string) string {
	text = strings.ReplaceAll(text, w.workdir(), "~/mayfly/default")
	text = strings.ReplaceAll(text, w.env.ID, "abc234")
	for _, r := range []struct{ pattern, with string }{
		{`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+\b`, "<id>"},
		{`\b[0-9a-f]{40}\b`, "<commit>"},
		{`\b[0-9a-f]{10}\b`, "<commit>"},
		{`\b[0-9a-f]{7}\b`, "<commit>"},
		{`127\.0\.0\.1:\d+`, "127.0.0.1:<port>"},
		{`/lambda-url/[0-9a-z]+`, "/lambda-url/<id>"},
		{`-[A-Z0-9]{12,13}\b`, "-<suffix>"},
		{`-artifacts-[a-z0-9]+`, "-artifacts-<suffix>"},
		{`\bbuild \d+`, "build <n>"},
	} {
		text = regexp.MustCompile(r.pattern).ReplaceAllString(text, r.with)
	}
	return text
}
