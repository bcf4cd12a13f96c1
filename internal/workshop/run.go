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
	// Told says that the reporter is told the answer.
	Told bool
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
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	var results []PhaseResult
	for _, p := range wanted {
		began := w.now()
		w.phase, w.step = p.Name, ""
		w.report(Event{Event: PhaseStart, Detail: heading(p)})
		err := w.runPhase(ctx, p)
		if err == nil {
			err = w.MarkDone(p)
		}
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
	if w.did {
		return results, w.retry(ctx)
	}
	return results, nil
}

// requirements fails where a phase needs one that is neither done nor wanted
// too. One in which something is on its way, such as a build that the last push
// has started, lacks nothing.
func (w *Workshop) requirements(ctx context.Context, p *phases.Phase, wanted []*phases.Phase) error {
	var missing []*phases.Phase
	for _, required := range p.AllRequired() {
		if slices.Contains(wanted, required) {
			continue
		}
		status := w.askPhase(ctx, required)
		if status.State == StateUnknown {
			return &CheckError{Phase: required.Name, Check: "requirements", Result: status.first(verify.CannotTell)}
		}
		if status.State != StateDone && status.State != StateUnderWay {
			missing = append(missing, required)
		}
	}
	if len(missing) > 0 {
		return &RequirementError{Phase: p, Missing: missing}
	}
	return nil
}

func (w *Workshop) runPhase(ctx context.Context, p *phases.Phase) error {
	for i := range p.Steps {
		step := &p.Steps[i]
		w.step = step.Title
		held, err := w.holdsOrHeals(ctx, step)
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

// doStep does a step and asks its checks until each has an answer. Where it
// fails, or a check is not passed, what was changed or deleted behind
// CloudFormation's back is put back, and the step is done again, once.
func (w *Workshop) doStep(ctx context.Context, p *phases.Phase, step *phases.Step) error {
	began := w.now()
	w.report(Event{Event: StepStart, Detail: step.Why})
	answers, err := w.attempt(ctx, p, step)
	if err != nil && !isWorkingCopy(err) {
		mended, healErr := w.heal(ctx)
		if mended {
			answers, err = w.attempt(ctx, p, step)
		}
		err = errors.Join(err, healErr)
	}
	w.did = true
	for _, a := range answers {
		w.reportCheck(a.check, a.result)
	}
	if _, told := errors.AsType[*CheckError](err); err != nil && !told {
		return fmt.Errorf("%s: %w", strings.ToLower(step.Title[:1])+step.Title[1:], err)
	}
	if err != nil {
		return err
	}
	w.report(Event{Event: StepDone, Seconds: w.now().Sub(began).Seconds()})
	return nil
}

// isWorkingCopy tells whether an error is about the working copy, where AWS has nothing to put back.
func isWorkingCopy(err error) bool {
	failed, ok := errors.AsType[*CheckError](err)
	return ok && failed.Phase == WorkingCopy
}

// answer is what a check said.
type answer struct {
	check  verify.Check
	result verify.Result
}

// attempt does a step and waits for the answers of its checks. One that is not
// passed is the last, and a *CheckError.
func (w *Workshop) attempt(ctx context.Context, p *phases.Phase, step *phases.Step) ([]answer, error) {
	if err := step.Do(ctx, w); err != nil {
		return nil, err
	}
	return w.settle(ctx, p, step)
}

// settle waits for the answers of a step's checks. One that is not passed is
// the last, and a *CheckError.
func (w *Workshop) settle(ctx context.Context, p *phases.Phase, step *phases.Step) ([]answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, settleWithin,
		fmt.Errorf("the checks of %q had no answer within %s", step.Title, settleWithin))
	defer cancel()
	var answers []answer
	for _, check := range step.Checks {
		var result verify.Result
		err := cloud.Poll(ctx, func(ctx context.Context) (bool, error) {
			result = check.Ask(ctx, w.scene)
			if result.State == verify.NotYet {
				w.working("%s", result.Observed)
			}
			return (result.State != verify.NotYet || waitsForPerson(result)) && result.Trouble != cloud.Throttled, nil
		})
		if err != nil {
			return answers, err
		}
		answers = append(answers, answer{check, result})
		if result.State != verify.Passed {
			return answers, &CheckError{Phase: p.Name, Check: check.Name, Result: result, Told: true}
		}
	}
	return answers, nil
}

// holdsOrHeals tells whether all checks of a step pass. A resource that is not
// as its stack made it is put back first: doing the step again would only come
// to grief over it.
func (w *Workshop) holdsOrHeals(ctx context.Context, step *phases.Step) (bool, error) {
	held, drifted, err := w.holds(ctx, step)
	if err != nil || !drifted {
		return held, err
	}
	mended, err := w.heal(ctx)
	if err != nil || !mended {
		return false, err
	}
	w.did = true
	held, _, err = w.holds(ctx, step)
	return held, err
}

// holds tells whether all checks of a step pass already. What is on its way,
// such as a build that an interrupted run left behind, is waited for as long
// as it usually takes, and again as long, before the step is done anew.
func (w *Workshop) holds(ctx context.Context, step *phases.Step) (held, drifted bool, err error) {
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
			return false, false, err
		}
		if waitsForPerson(result) {
			w.reportCheck(check, result)
			return false, false, &CheckError{Phase: w.phase, Check: check.Name, Result: result, Told: true}
		}
		if result.State != verify.Passed {
			return false, result.Drifted, nil
		}
	}
	return true, false, nil
}

// waitsForPerson says whether a check has no answer before somebody does something.
func waitsForPerson(r verify.Result) bool {
	return r.State == verify.NotYet && r.Fix != ""
}

func (w *Workshop) reportCheck(check verify.Check, r verify.Result) {
	w.report(Event{
		Event: CheckDone, Check: check.Name, State: r.State,
		Detail: r.Observed, Expected: r.Expected, Fix: w.typed(r.Fix),
	})
}

// Verified is what [Workshop.Verify] found.
type Verified struct {
	// WorkingCopy is nil where none has been made.
	WorkingCopy *CheckStatus  `json:"workingCopy,omitempty"`
	Phases      []PhaseStatus `json:"phases"`
	// Solved is the story of what mayfly had broken in secret, once, when it is right again.
	Solved string `json:"solved,omitempty"`
}

// Verify looks at the working copy, asks the checks of the phases, and tells
// each answer. The error is the worst of them: a *CheckError for one that is
// wrong or cannot tell.
func (w *Workshop) Verify(ctx context.Context, wanted []*phases.Phase) (Verified, error) {
	var found Verified
	worst := w.verifyWorkingCopy(ctx, &found)
	for _, p := range wanted {
		w.phase, w.step = p.Name, ""
		status := w.askPhase(ctx, p)
		found.Phases = append(found.Phases, status)
		w.report(Event{Event: PhaseStart, Detail: heading(p)})
		for i, check := range p.Checks() {
			r := status.results[i]
			w.reportCheck(check, r)
			worst = worse(worst, p, check, r)
		}
		w.report(Event{Event: PhaseDone, Detail: string(status.State)})
	}
	w.phase = ""
	if err := w.solved(&found); err != nil {
		return found, err
	}
	return found, worst
}

func (w *Workshop) verifyWorkingCopy(ctx context.Context, found *Verified) error {
	w.phase, w.step = "", ""
	c, made := w.WorkingCopy(ctx)
	if !made {
		return nil
	}
	found.WorkingCopy = &c
	w.report(Event{Event: PhaseStart, Detail: "Working copy: " + w.checkout.Dir})
	w.report(Event{Event: CheckDone, Check: c.Name, State: c.State, Detail: c.Observed, Expected: c.Expected, Fix: c.Fix})
	if c.State == verify.Passed {
		return nil
	}
	return &CheckError{Phase: WorkingCopy, Check: c.Name, Told: true, Result: verify.Result{
		State: c.State, Observed: c.Observed, Expected: c.Expected, Fix: c.Fix,
	}}
}

// worse keeps the first that is wrong; else the first that cannot tell; else the first not yet.
func worse(worst error, p *phases.Phase, check verify.Check, r verify.Result) error {
	order := map[verify.State]int{verify.Passed: 0, verify.NotYet: 1, verify.CannotTell: 2, verify.Wrong: 3}
	have := verify.Passed
	if failed, ok := errors.AsType[*CheckError](worst); ok {
		have = failed.Result.State
	}
	if order[r.State] > order[have] {
		return &CheckError{Phase: p.Name, Check: check.Name, Result: r, Told: true}
	}
	return worst
}

// heading is how a phase is announced.
func heading(p *phases.Phase) string {
	return fmt.Sprintf("%d. %s: %s", p.Number(), p.Title, p.Tagline)
}
