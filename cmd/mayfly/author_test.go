package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// TestAuthor is for whoever writes a phase: it does every phase, takes it back,
// does it again, and takes everything down. What it says names the phase, the
// step, the check, and what was forgotten. docs/adding-a-phase.md is about it.
func TestAuthor(t *testing.T) {
	t.Parallel()
	a := newAuthor(t)
	for _, p := range phases.Every() {
		t.Run(p.Name, func(t *testing.T) {
			if err := errors.Join(a.makeRoom(t.Context(), p), a.try(t.Context(), p)); err != nil {
				t.Error(err)
			}
		})
		if t.Failed() {
			return // the next phase begins where this one ends
		}
	}
	t.Run("teardown", func(t *testing.T) {
		if err := a.tearDown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// author tries phases in an environment of its own.
type author struct {
	w     *workshop.Workshop
	world *privilegeWorld
	// done are the phases that stand.
	done []*phases.Phase
}

func newAuthor(t *testing.T) *author {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("builds need a POSIX system")
	}
	world := newPrivilegeWorld(t)
	e := workshop.Environment{
		Name: "default", ID: cloud.NewID(), Target: targetLocal, Account: world.server.Account, Region: world.server.Region,
		WorkDir: filepath.Join(t.TempDir(), "copy"), ApplicationDir: world.app, Owner: "author", Created: time.Now().UTC(), //nolint:forbidigo // a test
	}
	program, err := exec.LookPath("mayfly")
	if err != nil {
		t.Fatal(err)
	}
	c, err := cloud.Open(t.Context(), endpointOf(world.server).target(), time.Now) //nolint:forbidigo // a test
	if err != nil {
		t.Fatal(err)
	}
	chosen, err := application(e)
	if err != nil {
		t.Fatal(err)
	}
	w, err := workshop.Open(workshop.Options{
		Environment: e, Dir: world.dir, Cloud: c, Application: chosen, Reporter: silence{}, Now: time.Now, //nolint:forbidigo // a test
		CredentialHelper: "!" + shellQuote(program) + " git-credential --env default", Environ: world.environ,
	})
	if err == nil {
		err = e.Save(world.dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &author{w: w, world: world}
}

// silence is a reporter that tells nobody.
type silence struct{}

func (silence) Report(workshop.Event) {}

// try does a phase step by step, takes it back and does it again. The error is
// everything that its author forgot.
func (a *author) try(ctx context.Context, p *phases.Phase) error {
	before := p.AllRequired()
	wrong := a.wantWrong(ctx, p, before, "passes before anything was done: it can never fail, or it asks what an earlier phase has made and needs that check's name")
	for i := range p.Steps {
		if err := a.w.Solve(ctx, p, &p.Steps[i]); err != nil {
			return errors.Join(wrong, a.doFailed(p, &p.Steps[i], err))
		}
		wrong = errors.Join(wrong, a.wantPassed(ctx, p, p.Steps[i:i+1], "does not pass when its step was done"))
	}
	wrong = errors.Join(wrong, a.wantPassed(ctx, p, p.Steps, "does not pass at the end of its phase: a later step has undone it"))
	for _, earlier := range before {
		wrong = errors.Join(wrong, a.wantPassed(ctx, earlier, earlier.Steps, "does not pass any more when "+p.Name+" was done"))
	}
	if err := a.takeBack(ctx, p); err != nil {
		return errors.Join(wrong, err)
	}
	wrong = errors.Join(wrong, a.wantWrong(ctx, p, before, "passes when Undo is through: Undo does not take back what it asks for"))
	for _, earlier := range before {
		wrong = errors.Join(wrong, a.wantPassed(ctx, earlier, earlier.Steps, "does not pass when "+p.Name+" was taken back: its Undo takes too much, or FilesAtStart forgets a file"))
	}
	if wrong != nil {
		return wrong
	}
	if _, err := a.w.Run(ctx, []*phases.Phase{p}); err != nil {
		return fmt.Errorf("phase %s: it cannot be done again when it was taken back: %w", p.Name, err)
	}
	a.done = append(a.done, p)
	return nil
}

// makeRoom takes back what a phase does not require: another one beyond the workshop.
func (a *author) makeRoom(ctx context.Context, p *phases.Phase) error {
	for len(a.done) > 0 {
		last := a.done[len(a.done)-1]
		if slices.Contains(p.AllRequired(), last) {
			return nil
		}
		if err := a.takeBack(ctx, last); err != nil {
			return err
		}
		a.done = a.done[:len(a.done)-1]
	}
	return nil
}

// doFailed says what is wrong with a step that could not be done.
func (a *author) doFailed(p *phases.Phase, step *phases.Step, err error) error {
	if check, ok := errors.AsType[*workshop.CheckError](err); ok {
		return complaint(p, step, check.Check, check.Result, "does not pass when Do is through: Do does not do what it asks for")
	}
	return fmt.Errorf("phase %s, step %q: its Do fails: %w", p.Name, step.Title, err)
}

// takeBack goes to the start of a phase, and then takes it back once more.
func (a *author) takeBack(ctx context.Context, p *phases.Phase) error {
	all := slices.Clone(phases.Every()[:p.Number()])
	route, err := a.w.Route(ctx, all, p)
	if err != nil {
		return fmt.Errorf("phase %s: there is no way back to its start: %w", p.Name, err)
	}
	if !slices.Equal(route.Undo, []*phases.Phase{p}) {
		return fmt.Errorf("phase %s: the way back to its start is to %s, and should be to take this phase back", p.Name, route.Describe())
	}
	if _, err := a.w.Travel(ctx, route); err != nil {
		return fmt.Errorf("phase %s: its Undo fails: %w", p.Name, err)
	}
	if err := p.Undo(ctx, a.w); err != nil {
		return fmt.Errorf("phase %s: its Undo fails when there is nothing left to undo: it must be safe to do again: %w", p.Name, err)
	}
	return nil
}

// wantWrong wants each check that is the phase's own to be wrong, with a fix.
func (a *author) wantWrong(ctx context.Context, p *phases.Phase, before []*phases.Phase, butPasses string) (wrong error) {
	for i := range p.Steps {
		step := &p.Steps[i]
		for _, check := range step.Checks {
			if asksToo(before, check.Name) {
				continue
			}
			var forgotten string
			r := check.Ask(ctx, a.w.Scene())
			switch {
			case r.State == verify.Passed:
				forgotten = butPasses
			case r.State != verify.Wrong:
				forgotten = "says neither passed nor wrong where nothing was done: what is not there yet is wrong"
			case r.Fix == "":
				forgotten = "is wrong and says no fix"
			default:
				continue
			}
			wrong = errors.Join(wrong, complaint(p, step, check.Name, r, forgotten))
		}
	}
	return wrong
}

// wantPassed wants every check of the steps to pass.
func (a *author) wantPassed(ctx context.Context, p *phases.Phase, steps []phases.Step, forgotten string) (wrong error) {
	for i := range steps {
		for _, check := range steps[i].Checks {
			if r := check.Ask(ctx, a.w.Scene()); r.State != verify.Passed {
				wrong = errors.Join(wrong, complaint(p, &steps[i], check.Name, r, forgotten))
			}
		}
	}
	return wrong
}

func complaint(p *phases.Phase, step *phases.Step, check string, r verify.Result, forgotten string) error {
	return fmt.Errorf("phase %s, step %q, check %s %s (%s: %s)", p.Name, step.Title, check, forgotten, r.State, r.Observed)
}

// asksToo tells whether a phase before asks a check of that name.
func asksToo(before []*phases.Phase, check string) bool {
	return slices.ContainsFunc(before, func(p *phases.Phase) bool {
		return slices.ContainsFunc(p.Checks(), func(c verify.Check) bool { return c.Name == check })
	})
}

// tearDown takes everything down, and looks whether anything is left.
func (a *author) tearDown(ctx context.Context) error {
	plan, err := a.w.Plan(ctx)
	if err != nil {
		return err
	}
	receipt, err := a.w.Teardown(ctx, plan)
	if err != nil {
		return err
	}
	if !receipt.OK || len(receipt.Remaining) > 0 || len(receipt.Deleted) == 0 {
		err = fmt.Errorf("the receipt says ok %v, deleted %d, remaining %+v", receipt.OK, len(receipt.Deleted), receipt.Remaining)
	}
	return errors.Join(err, a.wantNothing(ctx))
}
