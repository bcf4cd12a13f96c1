package workshop

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// Position is where the learner is: the first step that does not hold.
type Position struct {
	// Phase and Step are nil when every phase is done.
	Phase *phases.Phase
	Step  *phases.Step
	// Checks are the answers of the step's checks.
	Checks []CheckStatus
	// Skipped says that the step was left for later: all others are done.
	Skipped bool
}

// Done tells whether everything is done.
func (p Position) Done() bool { return p.Phase == nil }

// StepNumber is the step's place in its phase, from 1.
func (p Position) StepNumber() int {
	for i := range p.Phase.Steps {
		if &p.Phase.Steps[i] == p.Step {
			return i + 1
		}
	}
	return 0
}

// Where asks the checks, phase by phase, until one does not hold. Steps that
// are left for later are passed over as long as there are others, and so are
// those that wait for a person's answer: to answer is a step of its own.
func (w *Workshop) Where(ctx context.Context, all []*phases.Phase) (Position, error) {
	kept, err := loadProgress(w.dir)
	if err != nil {
		return Position{}, err
	}
	var later, waiting Position
	for _, p := range all {
		status := w.askPhase(ctx, p)
		if status.State == StateDone {
			continue
		}
		at := 0
		for i := range p.Steps {
			step := &p.Steps[i]
			checks := status.Checks[at : at+len(step.Checks)]
			at += len(step.Checks)
			if holding(checks) {
				continue
			}
			found := Position{Phase: p, Step: step, Checks: checks}
			if answering(checks) {
				if waiting.Done() {
					waiting = found
				}
				continue
			}
			if !kept.Skipped[stepKey(p, step)] {
				return found, nil
			}
			if later.Done() {
				later = found
				later.Skipped = true
			}
		}
	}
	if !waiting.Done() {
		return waiting, nil
	}
	return later, nil
}

// answering tells whether nothing is missing but a person's answer.
func answering(checks []CheckStatus) bool {
	return !slices.ContainsFunc(checks, func(c CheckStatus) bool {
		return c.State != verify.Passed && (c.State != verify.NotYet || c.Fix == "")
	})
}

func holding(checks []CheckStatus) bool {
	for _, c := range checks {
		if c.State != verify.Passed {
			return false
		}
	}
	return true
}

// Solve does one step as the learner would have done it, and asks its checks.
// What must stand before a phase's first step is not made: see [RequirementError].
func (w *Workshop) Solve(ctx context.Context, p *phases.Phase, step *phases.Step) error {
	if step == &p.Steps[0] {
		if err := w.requirements(ctx, p, nil); err != nil {
			return err
		}
	}
	w.phase, w.step = p.Name, step.Title
	defer func() { w.phase, w.step = "", "" }()
	return w.doStep(ctx, p, step)
}

// Settle waits until no check of a step says "not yet" any more, and tells the answers.
func (w *Workshop) Settle(ctx context.Context, p *phases.Phase, step *phases.Step) error {
	w.phase, w.step = p.Name, step.Title
	defer func() { w.phase, w.step = "", "" }()
	answers, err := w.settle(ctx, p, step)
	for _, a := range answers {
		w.reportCheck(a.check, a.result)
	}
	return err
}

// Follow asks the checks of a step until all of them pass, and tells every
// answer that is not as it was, and what goes wrong with the working copy
// meanwhile. That nothing is there yet is no mistake of a learner who is about
// to type it, and told as what is waited for.
func (w *Workshop) Follow(ctx context.Context, p *phases.Phase, step *phases.Step) error {
	w.phase, w.step = p.Name, step.Title
	defer func() { w.phase, w.step = "", "" }()
	told, folder := map[string]string{}, folderWatch{}
	return cloud.Poll(ctx, func(ctx context.Context) (bool, error) {
		done := true
		folder.look(ctx, w)
		for _, check := range step.Checks {
			r := check.Ask(ctx, w.scene)
			if errors.Is(ctx.Err(), context.Canceled) {
				return false, context.Cause(ctx)
			}
			answer := fmt.Sprint(r.State, r.Observed)
			before, known := told[check.Name]
			told[check.Name] = answer
			switch {
			case before == answer:
			case !known && r.State == verify.Wrong:
				w.working("waiting for %s", r.Expected)
			default:
				w.reportCheck(check, r)
			}
			if done = r.State == verify.Passed; !done {
				return false, nil // what comes after it is not worth asking yet
			}
		}
		return done, nil
	})
}
