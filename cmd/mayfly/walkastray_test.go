//go:build unix

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mayfly-cd/mayfly/internal/workshop"
)

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
	p.until("How do you want to do it?", with(readers, map[string]string{"What next?": "n" + enter}))
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
				p.answers("How do you want to do it?", "d"+enter)
			} else {
				p = sit(t, 100, 40, environ)
				p.t = sub
			}
			p.waits()
			p.shows(trouble.says)
			p.answers("What about the working copy?", "d"+enter)
			p.until("How do you want to do it?", with(readers, map[string]string{"What next?": "n" + enter}))
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
	p.until("How do you want to do it?", with(readers, map[string]string{"What next?": "n" + enter}))
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
	p.until("How do you want to do it?", nil)
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
	p.until("How do you want to do it?", with(readers, map[string]string{"What next?": "n" + enter}))
	shellIn(t, workdir, "head -c 200000000 /dev/urandom >big && git add big && git commit -qm Big && git push -q origin main", environ)
	p.types("d" + enter)
	p.until("What next?", with(readers, map[string]string{"How do you want to do it?": "d" + enter}))
	p.types("q" + enter)
	if code := p.leaves(); code != exitDone {
		t.Errorf("it ends with %d; the screen:\n%s", code, p.sees())
	}
}

// TestWalkIsNotToldWhatWaits denies what tells whether an approval waits: the
// walk says so, and goes on if the learner wants that.
func TestWalkIsNotToldWhatWaits(t *testing.T) {
	t.Parallel()
	dir, environ := small(t, "codecommit")
	if out, err := command(t, environ, "local", "stop"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	serve := exec.CommandContext(t.Context(), "mayfly", "local", "serve", "--fault", "operation=codepipeline:ListPipelineExecutions,kind=deny,times=3")
	serve.Env = environ
	serve.Cancel = func() error { return serve.Process.Signal(os.Interrupt) }
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = serve.Process.Signal(os.Interrupt)
		_ = serve.Wait()
	})
	for began := time.Now(); time.Since(began) < patience; time.Sleep(10 * time.Millisecond) { //nolint:forbidigo // a person waits
		if _, err := os.Stat(endpointFile(filepath.Join(dir, "data", "mayfly", "default"))); err == nil {
			break
		}
	}
	p := sit(t, 100, 40, environ)
	for _, key := range []string{"c", "g"} {
		p.waits()
		p.shows("whether an approval waits is not known: list the executions of the pipeline")
		p.answers("AWS did not let mayfly look.", key+enter)
	}
	p.until("How do you want to do it?", readers)
	p.types("s" + enter) // another turn of the walk, with the third denial
	p.until("How do you want to do it?", readers)
	p.types("q" + enter)
	if code := p.leaves(); code != exitDone {
		t.Errorf("it ends with %d; the screen:\n%s", code, p.sees())
	}
}

// TestWalkMendsWhenItMay wants something mended while another mayfly is at
// work: it is told so, and asked again.
func TestWalkMendsWhenItMay(t *testing.T) {
	t.Parallel()
	dir, environ := small(t, "codecommit", "codebuild")
	if out, err := command(t, environ, "break", "codebuild", "--way", "project"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := sit(t, 100, 40, environ)
	p.until("What now?", readers)
	release, err := workshop.Lock(filepath.Join(dir, "data", "mayfly", "default"), "a test")
	if err != nil {
		t.Fatal(err)
	}
	p.types("d" + enter)
	p.shows("another mayfly is at work")
	p.expects("What now?")
	if err := release(); err != nil {
		t.Fatal(err)
	}
	p.types("d" + enter)
	p.until("How do you want to do it?", with(readers, map[string]string{"What now?": "d" + enter}))
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
		p.until("How do you want to do it?", comes)
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
		p.until("How do you want to do it?", comes)
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
	first.answers("How do you want to do it?", "d"+enter)
	second.types("d" + enter)
	for _, p := range []*person{first, second} {
		p.until("What next?", with(readers, map[string]string{"How do you want to do it?": "d" + enter}))
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
