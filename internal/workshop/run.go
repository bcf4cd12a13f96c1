package workshop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// PhaseResult is what became of a phase in a run.
type PhaseResult struct {
	Name    string  `json:"name"`
	State   string  `json:"state"`
	Seconds float64 `json:"seconds"`
}

// The states of a phase in a run.
const (
	phasePassed = "passed"
	phaseFailed = "failed"
)

// CheckError says that a check came out other than passed.
type CheckError struct {
	Phase, Check string
	Result       verify.Result
}

func (e *CheckError) Error() string {
	text := fmt.Sprintf("%s, %s: %s", e.Phase, e.Check, e.Result.Observed)
	if e.Result.Expected != "" {
		text += "; expected: " + e.Result.Expected
	}
	return text
}

// RequirementError says that phases which must come first are not done.
type RequirementError struct {
	Phase   *phases.Phase
	Missing []*phases.Phase
}

func (e *RequirementError) Error() string {
	names := make([]string, len(e.Missing))
	for i, p := range e.Missing {
		names[i] = p.Name
	}
	return fmt.Sprintf("%s needs %s first: `mayfly run %s %s`",
		e.Phase.Name, strings.Join(names, ", "), strings.Join(names, " "), e.Phase.Name)
}

// Run does and verifies the phases, in the workshop's order. Steps whose
// checks pass already are not done again. It stops at the first that fails;
// the results are those of the phases begun.
func (w *Workshop) Run(ctx context.Context, wanted []*phases.Phase) ([]PhaseResult, error) {
	wanted = slices.Clone(wanted)
	slices.SortFunc(wanted, func(a, b *phases.Phase) int { return a.Number() - b.Number() })
	wanted = slices.Compact(wanted)
	for _, p := range wanted {
		if err := w.requirements(ctx, p, wanted); err != nil {
			return nil, err
		}
	}
	var results []PhaseResult
	for _, p := range wanted {
		began := w.now()
		w.phase, w.step = p.Name, ""
		w.report(Event{Event: PhaseStart, Detail: heading(p)})
		err := w.runPhase(ctx, p)
		result := PhaseResult{Name: p.Name, State: phasePassed, Seconds: w.now().Sub(began).Seconds()}
		if err != nil {
			result.State = phaseFailed
		}
		results = append(results, result)
		w.step = ""
		w.report(Event{Event: PhaseDone, Seconds: result.Seconds, Detail: result.State})
		w.phase = ""
		if err != nil {
			return results, err
		}
	}
	return results, nil
}

// requirements fails where a phase needs one that is neither done nor wanted too.
func (w *Workshop) requirements(ctx context.Context, p *phases.Phase, wanted []*phases.Phase) error {
	var missing []*phases.Phase
	for _, required := range allRequirements(p) {
		if slices.Contains(wanted, required) {
			continue
		}
		status := w.askPhase(ctx, required)
		if status.State == StateUnknown {
			return &CheckError{Phase: required.Name, Check: "requirements", Result: status.first(verify.CannotTell)}
		}
		if status.State != StateDone {
			missing = append(missing, required)
		}
	}
	if len(missing) > 0 {
		return &RequirementError{Phase: p, Missing: missing}
	}
	return nil
}

func allRequirements(p *phases.Phase) []*phases.Phase {
	var all []*phases.Phase
	for _, r := range p.Requires {
		all = append(append(all, allRequirements(r)...), r)
	}
	return all
}

func (w *Workshop) runPhase(ctx context.Context, p *phases.Phase) error {
	for i := range p.Steps {
		step := &p.Steps[i]
		w.step = step.Title
		held, err := w.holds(ctx, step)
		if err != nil {
			return err
		}
		if held {
			w.report(Event{Event: StepAlready})
			continue
		}
		if err := w.doStep(ctx, p, step); err != nil {
			return err
		}
	}
	return nil
}

// doStep does a step and asks its checks until each has an answer.
func (w *Workshop) doStep(ctx context.Context, p *phases.Phase, step *phases.Step) error {
	began := w.now()
	w.report(Event{Event: StepStart, Detail: step.Why})
	if err := step.Do(ctx, w); err != nil {
		return fmt.Errorf("%s: %w", strings.ToLower(step.Title[:1])+step.Title[1:], err)
	}
	if err := w.settleStep(ctx, p, step); err != nil {
		return err
	}
	w.report(Event{Event: StepDone, Seconds: w.now().Sub(began).Seconds()})
	return nil
}

// holds tells whether all checks of a step pass already. What is on its way,
// such as a build that an interrupted run left behind, is waited for as long
// as it usually takes, and again as long, before the step is done anew.
func (w *Workshop) holds(ctx context.Context, step *phases.Step) (bool, error) {
	for _, check := range step.Checks {
		var result verify.Result
		began := w.now()
		err := cloud.Poll(ctx, func(ctx context.Context) (bool, error) {
			result = check.Ask(ctx, w.scene)
			if result.State == verify.NotYet {
				w.working("%s", result.Observed)
			}
			return result.State != verify.NotYet || waitsForPerson(result) || w.now().Sub(began) > 2*result.Wait, nil
		})
		if err != nil {
			return false, err
		}
		if waitsForPerson(result) {
			w.reportCheck(check, result)
			return false, &CheckError{Phase: w.phase, Check: check.Name, Result: result}
		}
		if result.State != verify.Passed {
			return false, nil
		}
	}
	return true, nil
}

// waitsForPerson says whether a check has no answer before somebody does something.
func waitsForPerson(r verify.Result) bool { return r.State == verify.NotYet && r.Fix != "" }

// settleStep asks a step's checks until each has an answer other than "not yet",
// or a person is waited for.
func (w *Workshop) settleStep(ctx context.Context, p *phases.Phase, step *phases.Step) error {
	ctx, cancel := context.WithTimeoutCause(ctx, settleWithin,
		fmt.Errorf("the checks of %q had no answer within %s", step.Title, settleWithin))
	defer cancel()
	for _, check := range step.Checks {
		var result verify.Result
		err := cloud.Poll(ctx, func(ctx context.Context) (bool, error) {
			result = check.Ask(ctx, w.scene)
			return (result.State != verify.NotYet || waitsForPerson(result)) && result.Trouble != cloud.Throttled, nil
		})
		if err != nil {
			return err
		}
		w.reportCheck(check, result)
		if result.State != verify.Passed {
			return &CheckError{Phase: p.Name, Check: check.Name, Result: result}
		}
	}
	return nil
}

func (w *Workshop) reportCheck(check verify.Check, r verify.Result) {
	w.report(Event{
		Event: CheckDone, Check: check.Name, State: r.State,
		Detail: r.Observed, Expected: r.Expected, Fix: r.Fix,
	})
}

// Verify asks the checks of the phases and tells each answer. The error is the
// worst of them: a *CheckError for one that is wrong or cannot tell.
func (w *Workshop) Verify(ctx context.Context, wanted []*phases.Phase) ([]PhaseStatus, error) {
	var statuses []PhaseStatus
	var worst error
	for _, p := range wanted {
		w.phase, w.step = p.Name, ""
		status := w.askPhase(ctx, p)
		statuses = append(statuses, status)
		w.report(Event{Event: PhaseStart, Detail: heading(p)})
		for i, check := range p.Checks() {
			r := status.results[i]
			w.reportCheck(check, r)
			worst = worse(worst, p, check, r)
		}
		w.report(Event{Event: PhaseDone, Detail: string(status.State)})
	}
	w.phase = ""
	return statuses, worst
}

// worse keeps the first that is wrong; else the first that cannot tell; else the first not yet.
func worse(worst error, p *phases.Phase, check verify.Check, r verify.Result) error {
	order := map[verify.State]int{verify.Passed: 0, verify.NotYet: 1, verify.CannotTell: 2, verify.Wrong: 3}
	have := verify.Passed
	if failed, ok := errors.AsType[*CheckError](worst); ok {
		have = failed.Result.State
	}
	if order[r.State] > order[have] {
		return &CheckError{Phase: p.Name, Check: check.Name, Result: r}
	}
	return worst
}

// heading is how a phase is announced.
func heading(p *phases.Phase) string {
	return fmt.Sprintf("%d. %s: %s", p.Number(), p.Title, p.Tagline)
}
