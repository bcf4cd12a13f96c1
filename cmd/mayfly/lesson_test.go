package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// TestLessons types every block of commands of every lesson into a shell, in
// the order of the text, and compares what comes with the output that the
// lesson shows. After a step its checks must pass, and at the end nothing is
// left. Where MAYFLY_MEASURE names a file, it gets the seconds that each step
// took, for templates/durations.json; MAYFLY_MEASURE_APP names a sample
// application to measure with, in the place of the one whose builds take no time.
func TestLessons(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes long; TestPersonLetsMayflyDoIt takes the same steps")
	}
	if runtime.GOOS == "windows" {
		t.Skip("builds need a POSIX system")
	}
	t.Parallel()
	needsAWS(t)
	l := newLearner(t)
	measured := map[string]map[string]float64{}
	for _, p := range phases.Every() {
		lesson, err := p.Lesson(l.place)
		if err != nil {
			t.Fatal(err)
		}
		measured[p.Name] = map[string]float64{}
		for _, section := range lesson.Sections {
			began := time.Now() //nolint:forbidigo // it measures a person at a shell
			l.study(p.Name, section)
			l.settle()
			for i := range p.Steps {
				if p.Steps[i].Title == section.Title {
					measured[p.Name][section.Title] = math.Round(10*time.Since(began).Seconds()) / 10
					l.check(p.Name, p.Steps[i].Checks)
				}
			}
		}
		l.checkPhase(p)
	}
	lesson, err := phases.ReadLesson("teardown", l.place)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range lesson.Sections {
		l.study("teardown", section)
		if section.Title == phases.SectionReceipt {
			l.gone = true
		}
	}
	l.checkGone()
	if name := os.Getenv("MAYFLY_MEASURE"); name != "" && !t.Failed() {
		data, err := json.MarshalIndent(measured, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(data, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// needsAWS ends a test that types the lessons' commands where there is no AWS
// CLI: in CI it fails.
func needsAWS(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("aws"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("the lessons' commands need the aws CLI")
		}
		t.Skip("there is no aws CLI in PATH: the lessons' commands are not tried")
	}
}

// learner sits at a shell, in an environment of their own.
type learner struct {
	t       *testing.T
	environ []string
	shell   *shell
	scene   *verify.Scene
	place   phases.Place
	// sees, if there is one, makes of a command what a person at a terminal sees of it, and types.
	sees func(command string) string
	// gone says that the environment was torn down, and its local AWS has stopped.
	gone bool
}

// newLearner makes an environment with nothing in it, and opens a shell that
// has run `eval "$(mayfly local env)"`.
func newLearner(t *testing.T) *learner {
	t.Helper()
	home := t.TempDir()
	data := filepath.Join(home, "data")
	environ := learnerEnviron(t, home, data)
	if err := makeFile(filepath.Join(home, ".gitconfig"), []byte("[user]\n\tname = A Learner\n\temail = learner@example.com\n")); err != nil {
		t.Fatal(err)
	}
	e := workshop.Environment{
		Name: "default", ID: cloud.NewID(), Target: targetLocal, WorkDir: filepath.Join(home, "mayfly", "default"),
		Application: os.Getenv("MAYFLY_MEASURE_APP"), Owner: "learner", Created: time.Now().UTC(), //nolint:forbidigo // it measures a person at a shell
	}
	if e.Application == "" {
		e.ApplicationDir = filepath.Join(home, "app")
		if err := makeApplication(e.ApplicationDir); err != nil {
			t.Fatal(err)
		}
	}
	start := exec.CommandContext(t.Context(), "mayfly", "local", "start")
	start.Env = environ
	if out, err := start.CombinedOutput(); err != nil {
		t.Fatalf("mayfly local start: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		stop := exec.Command("mayfly", "local", "stop")
		stop.Env = environ
		if out, err := stop.CombinedOutput(); err != nil {
			t.Errorf("mayfly local stop: %v\n%s", err, out)
		}
	})
	dir := filepath.Join(data, "mayfly", "default")
	var at endpoint
	text, err := os.ReadFile(endpointFile(dir))
	if err == nil {
		err = json.Unmarshal(text, &at)
	}
	if err != nil {
		t.Fatal(err)
	}
	e.Account, e.Region = at.Account, at.Region
	if err := e.Save(dir); err != nil {
		t.Fatal(err)
	}
	c, err := cloud.Open(t.Context(), at.target(), time.Now) //nolint:forbidigo // it measures a person at a shell
	if err != nil {
		t.Fatal(err)
	}
	chosen, err := application(e)
	if err != nil {
		t.Fatal(err)
	}
	l := &learner{
		t: t, environ: environ, shell: newShell(t, home, environ),
		scene: &verify.Scene{Cloud: c, Names: e.Names(), Live: liveClient()},
		place: phases.NewPlace(e.Names(), e.WorkDir, e.Tags(), chosen),
	}
	if out, code := l.shell.run(`eval "$(mayfly local env)"`); code != 0 {
		t.Fatalf("mayfly local env: %s", out)
	}
	return l
}

// study types the commands of a section.
func (l *learner) study(lesson string, section phases.Section) {
	l.t.Helper()
	for _, block := range phases.Blocks(section.Text) {
		l.settle()
		var output strings.Builder
		for i, command := range block.Commands {
			if l.sees != nil {
				command = l.sees(command)
			}
			began := time.Now() //nolint:forbidigo // it measures a person at a shell
			out, code := l.shell.run(command)
			output.WriteString(out)
			l.t.Logf("%s, %s: %.1f s: %s\n%s", lesson, section.Title, time.Since(began).Seconds(), command, out)
			mayFail := block.Fails && i == len(block.Commands)-1
			if (code != 0) != mayFail {
				l.t.Fatalf("%s, %s: exit code %d of\n%s\n%s", lesson, section.Title, code, command, out)
			}
		}
		if block.Output != "" && !outputMatches(block.Output, output.String()) {
			l.t.Errorf("%s, %s: the lesson shows\n%s\nand what comes is\n%s", lesson, section.Title, block.Output, output.String())
		}
	}
}

// check asks the checks of a step.
func (l *learner) check(phase string, checks []verify.Check) {
	l.t.Helper()
	for _, c := range checks {
		if result := c.Ask(l.t.Context(), l.scene); result.State != verify.Passed {
			l.t.Fatalf("%s: check %s is %s: %s", phase, c.Name, result.State, result.Observed)
		}
	}
}

// checkPhase asks as a learner does.
func (l *learner) checkPhase(p *phases.Phase) {
	l.t.Helper()
	if out, code := l.shell.run("mayfly verify " + p.Name); code != 0 {
		l.t.Fatalf("mayfly verify %s: exit code %d\n%s", p.Name, code, out)
	}
}

// checkGone starts the local AWS again, which teardown has stopped, and asks whether a stack is left.
func (l *learner) checkGone() {
	l.t.Helper()
	if out, code := l.shell.run("mayfly local start"); code != 0 {
		l.t.Fatalf("mayfly local start: %s", out)
	}
	for _, name := range []string{l.place.RepositoryStack(), l.place.PipelineStack(), l.place.ApplicationStack()} {
		stack, err := l.scene.FindStack(l.t.Context(), name)
		if err == nil && stack != nil {
			err = fmt.Errorf("stack %s is still there", name)
		}
		if err != nil {
			l.t.Error(err)
		}
	}
}

// settle waits, as a person does, until what goes on has ended: a push has
// started its execution, and no build, deployment or other action is in progress.
func (l *learner) settle() {
	l.t.Helper()
	if l.gone {
		return
	}
	ctx, cancel := context.WithTimeout(l.t.Context(), 10*time.Minute)
	defer cancel()
	err := cloud.Poll(ctx, func(ctx context.Context) (bool, error) { return l.quiet(ctx) })
	if err != nil {
		l.t.Fatalf("wait for builds and executions: %v", err)
	}
}
