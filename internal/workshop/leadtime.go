package workshop

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/verify"
)

// LeadTime is one commit's way to production, measured.
type LeadTime struct {
	Commit    string       `json:"commit"`
	Execution string       `json:"execution"`
	Message   string       `json:"message,omitempty"`
	Status    string       `json:"status"`
	Cache     verify.Cache `json:"cache"`
	// Started is when the pipeline noticed, Ended when the execution came to its end.
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	// Seconds are from the push on; what was not reached is zero.
	Seconds LeadSeconds `json:"seconds"`
	// Phases are the phases of the build, in seconds.
	Phases []PhaseSeconds `json:"phases,omitempty"`
}

// Succeeded is the status of a commit that came through.
const Succeeded = string(types.PipelineExecutionStatusSucceeded)

// LeadSeconds are the parts of a lead time.
type LeadSeconds struct {
	// Total is from the push (where that is known; else from the execution's start) to the end.
	Total float64 `json:"total"`
	// Waited is from the commit to the push.
	Waited float64 `json:"waited,omitempty"`
	// Noticed is from the push to the execution's start.
	Noticed float64 `json:"noticed,omitempty"`
	Source  float64 `json:"source"`
	Build   float64 `json:"build"`
	// Commands is the part of Build in which the buildspec's commands ran.
	Commands float64 `json:"commands,omitempty"`
	// Approval is the wait for people, which is no part of Deploy.
	Approval float64 `json:"approval,omitempty"`
	Deploy   float64 `json:"deploy"`
}

// Succeeded tells whether the commit reached the pipeline's end.
func (t LeadTime) Succeeded() bool { return t.Status == Succeeded }

// PhaseSeconds is a phase of a build.
type PhaseSeconds struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// LeadTimes measures every execution that has ended, the oldest first.
func (w *Workshop) LeadTimes(ctx context.Context) ([]LeadTime, error) {
	executions, err := w.scene.Executions(ctx)
	if err != nil {
		return nil, err
	}
	pushes, err := w.pushes(ctx)
	if err != nil {
		return nil, err
	}
	return w.leadTimes(ctx, executions, pushes), nil
}

// pushes are the moments of the pushes: those that mayfly has measured, and of
// those made by hand what the working copy's reflog tells. An exact one is kept,
// since the next push makes it less so.
func (w *Workshop) pushes(ctx context.Context) (map[string]time.Time, error) {
	p, err := loadProgress(w.dir)
	if err != nil {
		return nil, err
	}
	moments, exact, err := w.checkout.Pushes(ctx)
	if err != nil {
		return p.Pushed, nil //nolint:nilerr // without a working copy there are none
	}
	if _, known := p.Pushed[exact]; exact != "" && !known {
		err = w.pushed(exact, moments[exact])
	}
	maps.Copy(moments, p.Pushed)
	return moments, err
}

// pushed keeps when a commit had been pushed for the first time.
func (w *Workshop) pushed(commit string, at time.Time) error {
	return w.remember(func(p *progress) {
		if _, known := p.Pushed[commit]; !known {
			p.Pushed[commit] = at.UTC()
		}
	})
}

// leadTimes measures the executions from the pushes whose moments are known,
// and the others from their start.
func (w *Workshop) leadTimes(ctx context.Context, executions []*verify.Execution, pushes map[string]time.Time) []LeadTime {
	pushes = maps.Clone(pushes)
	all := make([]LeadTime, 0, len(executions))
	for _, e := range slices.Backward(executions) {
		if e.Moving() {
			continue
		}
		t := LeadTime{
			Commit: e.Commit, Execution: e.ID, Message: e.Message, Status: string(e.Status), Cache: e.Cache,
			Started: e.Started.UTC(), Ended: e.Ended.UTC(),
			Seconds: LeadSeconds{
				Total: e.Total().Seconds(), Source: e.Source.Length().Seconds(), Build: e.Build.Length().Seconds(),
				Commands: e.Commands().Seconds(), Approval: e.Asking().Seconds(), Deploy: e.Deploying().Seconds(),
			},
		}
		// A commit may be executed again later: the push belongs to the first time.
		if pushed, ok := pushes[e.Commit]; ok && e.ByEvent {
			w.addPush(ctx, &t, e, pushed)
			delete(pushes, e.Commit)
		}
		for _, phase := range e.Phases {
			if phase.Took > 0 {
				t.Phases = append(t.Phases, PhaseSeconds{Name: phase.Name, Seconds: phase.Took.Seconds()})
			}
		}
		all = append(all, t)
	}
	return all
}

// addPush starts the clock at the push. The clocks of this machine and of AWS
// may differ: a notice from before the push counts as none.
func (w *Workshop) addPush(ctx context.Context, t *LeadTime, e *verify.Execution, pushed time.Time) {
	if noticed := e.Started.Sub(pushed); noticed > 0 {
		t.Seconds.Noticed = noticed.Seconds()
		t.Seconds.Total += noticed.Seconds()
	}
	if made, err := w.checkout.CommitTime(ctx, e.Commit); err == nil {
		t.Seconds.Waited = max(0, pushed.Sub(made).Seconds())
	}
}
