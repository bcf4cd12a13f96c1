package workshop

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// PhaseState says how far a phase is, going by its checks alone.
type PhaseState string

// The states of a phase.
const (
	// StateDone means that every check passed.
	StateDone PhaseState = "done"
	// StateUnderWay means that a check is not yet through, and none is wrong.
	StateUnderWay PhaseState = "under-way"
	// StateStarted means that some checks passed and some are wrong.
	StateStarted PhaseState = "started"
	// StateToDo means that no check passed that is the phase's own.
	StateToDo PhaseState = "to-do"
	// StateUnknown means that a check could not look.
	StateUnknown PhaseState = "unknown"
)

// CheckStatus is a check and its answer.
type CheckStatus struct {
	Name     string       `json:"name"`
	State    verify.State `json:"state"`
	Observed string       `json:"observed"`
	Expected string       `json:"expected,omitempty"`
	Fix      string       `json:"fix,omitempty"`
}

// PhaseStatus is a phase and the answers of its checks.
type PhaseStatus struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
	Title  string `json:"title"`
	// Bonus marks a phase beyond the workshop, which is told of once it was begun.
	Bonus  bool          `json:"bonus,omitempty"`
	State  PhaseState    `json:"state"`
	Checks []CheckStatus `json:"checks"`

	results []verify.Result
}

// first is the first answer of a kind; the zero Result where there is none.
func (s PhaseStatus) first(state verify.State) verify.Result {
	i := slices.IndexFunc(s.results, func(r verify.Result) bool { return r.State == state })
	if i < 0 {
		return verify.Result{}
	}
	return s.results[i]
}

// Next is the one thing to do next.
type Next struct {
	Phase   string `json:"phase,omitempty"`
	Command string `json:"command"`
	Why     string `json:"why"`
}

// Cost is what the environment has cost so far at AWS's list price.
type Cost struct {
	USD   float64 `json:"usd"`
	Basis string  `json:"basis"`
}

// Status is where the learner is, asked of AWS.
type Status struct {
	Environment string `json:"environment"`
	ID          string `json:"id"`
	Target      string `json:"target"`
	Account     string `json:"account"`
	Region      string `json:"region"`
	WorkDir     string `json:"workdir"`
	LiveURL     string `json:"liveUrl,omitempty"`
	// WorkingCopy is how the working copy stands on this machine; nil where none has been made.
	WorkingCopy *CheckStatus  `json:"workingCopy,omitempty"`
	Phases      []PhaseStatus `json:"phases"`
	Next        Next          `json:"next"`
	LeadTimes   []LeadTime    `json:"leadTimes"`
	Cost        Cost          `json:"cost"`
}

// checksAtOnce bounds how many questions AWS is asked at a time.
const checksAtOnce = 8

// Status asks all checks. Nothing of it is remembered: a file that is lost loses nothing.
func (w *Workshop) Status(ctx context.Context) (Status, error) {
	s := Status{
		Environment: w.env.Name, ID: w.env.ID, Target: w.env.Target, Account: w.env.Account,
		Region: w.env.Region, WorkDir: w.env.WorkDir,
	}
	if c, made := w.WorkingCopy(ctx); made {
		s.WorkingCopy = &c
	}
	for _, p := range w.Phases(ctx) {
		s.Phases = append(s.Phases, w.askPhase(ctx, p))
	}
	executions, err := w.scene.Executions(ctx)
	// Without the moments of the pushes, which only this machine remembers.
	s.LeadTimes = w.leadTimes(ctx, executions, nil)
	s.Cost = cost(executions)
	if url, urlErr := w.scene.LiveURL(ctx); urlErr == nil {
		s.LiveURL = url
	}
	s.Next = w.next(s)
	return s, err
}

// AskPhase asks the checks of one phase.
func (w *Workshop) AskPhase(ctx context.Context, p *phases.Phase) PhaseStatus {
	return w.askPhase(ctx, p)
}

// Phases are those of the workshop, and of those beyond it the ones that were
// begun: the first thing that they make is there.
func (w *Workshop) Phases(ctx context.Context) []*phases.Phase {
	all := slices.Clone(phases.All)
	for _, p := range phases.Bonus {
		if first := p.Checks()[0]; first.Ask(ctx, w.scene).State == verify.Passed {
			all = append(all, p)
		}
	}
	return all
}

// askPhase asks the checks of a phase, several at a time.
func (w *Workshop) askPhase(ctx context.Context, p *phases.Phase) PhaseStatus {
	checks := p.Checks()
	s := PhaseStatus{Number: p.Number(), Name: p.Name, Title: p.Title, Bonus: p.IsBonus(), results: make([]verify.Result, len(checks))}
	var group errgroup.Group
	group.SetLimit(checksAtOnce)
	for i, check := range checks {
		group.Go(func() error {
			s.results[i] = check.Ask(ctx, w.scene)
			return nil
		})
	}
	_ = group.Wait() // the functions return no error
	counts := map[verify.State]int{}
	// What an earlier phase asks too says nothing of whether this one was begun.
	asked := map[string]bool{}
	for _, before := range p.AllRequired() {
		for _, check := range before.Checks() {
			asked[check.Name] = true
		}
	}
	begun := false
	for i, r := range s.results {
		counts[r.State]++
		begun = begun || !asked[checks[i].Name] && (r.State == verify.Passed || r.State == verify.NotYet)
		s.Checks = append(s.Checks, w.checkStatus(checks[i].Name, r))
	}
	switch {
	case counts[verify.Passed] == len(checks):
		s.State = StateDone
	case counts[verify.CannotTell] > 0:
		s.State = StateUnknown
	case counts[verify.Wrong] == 0:
		s.State = StateUnderWay
	case !begun:
		s.State = StateToDo
	default:
		s.State = StateStarted
	}
	return s
}

// next finds the one thing to do, on this machine first.
func (w *Workshop) next(s Status) Next {
	if c := s.WorkingCopy; c != nil && c.State == verify.Wrong {
		return Next{Command: c.Fix, Why: c.Observed}
	}
	n := next(s.Phases)
	n.Command, n.Why = w.typed(n.Command), phases.TypedIn(w.env.Name, n.Why)
	return n
}

// next finds the one thing to do in the phases.
func next(all []PhaseStatus) Next {
	var answer Next
	for _, p := range all {
		switch p.State {
		case StateDone:
			continue
		case StateUnderWay:
			if r := p.first(verify.NotYet); r.Fix != "" { // to answer may be a step of a later phase
				answer = cmp.Or(answer, Next{Phase: p.Name, Command: r.Fix, Why: r.Observed})
				continue
			}
			return Next{Phase: p.Name, Command: "mayfly verify " + p.Name, Why: p.first(verify.NotYet).Observed + ": wait for it"}
		case StateUnknown:
			return Next{Phase: p.Name, Command: "mayfly doctor", Why: p.first(verify.CannotTell).Observed}
		case StateToDo, StateStarted:
			trouble := p.first(verify.Wrong)
			return Next{
				Phase: p.Name, Command: cmp.Or(trouble.Fix, "mayfly run "+p.Name),
				Why: fmt.Sprintf("phase %d, %s: %s", p.Number, p.Title, trouble.Observed),
			}
		}
	}
	if answer.Command != "" {
		return answer
	}
	why := "all phases are done; teardown takes everything away again"
	if len(all) == len(phases.All) {
		why += ", and `mayfly run approval` is a bonus"
	}
	return Next{Command: "mayfly teardown", Why: why}
}

// List prices in USD per minute, as third parties copied them from AWS in 2026.
const (
	actionMinute = 0.002
	buildMinute  = 0.005
)

func cost(executions []*verify.Execution) Cost {
	var usd float64
	for _, e := range executions {
		// An approval costs nothing: https://aws.amazon.com/codepipeline/pricing/
		for _, took := range []time.Duration{e.Source.Length(), e.Build.Length(), e.Deploying()} {
			usd += billed(took) * actionMinute
		}
		usd += (billed(e.Build.Length()) + billed(e.Described.Length())) * buildMinute
	}
	return Cost{USD: usd, Basis: "executions and builds at list price (third-party copy of 2026), before free tiers; on the local target nothing is charged"}
}

// billed are the minutes that are charged: begun ones count whole.
func billed(d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64((d + time.Minute - 1) / time.Minute)
}
