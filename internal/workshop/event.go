package workshop

import (
	"time"

	"github.com/mayfly-cd/mayfly/verify"
)

// Event is told while the workshop runs. As JSON it is one line of the stream.
type Event struct {
	Time  time.Time    `json:"time"`
	Event string       `json:"event"`
	Phase string       `json:"phase,omitempty"`
	Step  string       `json:"step,omitempty"`
	Check string       `json:"check,omitempty"`
	State verify.State `json:"state,omitempty"`
	// Seconds is how long what ends with this event took.
	Seconds float64 `json:"seconds,omitempty"`
	Detail  string  `json:"detail,omitempty"`
	// Expected and Fix are told of checks that did not pass.
	Expected string `json:"expected,omitempty"`
	Fix      string `json:"fix,omitempty"`
	// Task is one of the things that a long work consists of, told by TaskChanged,
	// such as a stack's resource, a build's phase or a pipeline's action. Of is
	// what it belongs to; Status is how it stands, in AWS's own word.
	Task   string `json:"task,omitempty"`
	Of     string `json:"of,omitempty"`
	Status string `json:"status,omitempty"`
}

// Kinds of events.
const (
	// PhaseStart and PhaseDone bracket a phase.
	PhaseStart = "phase.start"
	PhaseDone  = "phase.done"
	// StepStart and StepDone bracket a step.
	StepStart = "step.start"
	StepDone  = "step.done"
	// StepAlready says that a step need not be done.
	StepAlready = "step.already"
	// CheckDone is a check's answer.
	CheckDone = "check"
	// Working says what goes on just now.
	Working = "progress"
	// TaskChanged says how one of the things stands that a long work consists of.
	TaskChanged = "task"
	// Healed says what was put back as CloudFormation had made it.
	Healed = "step.healed"
	// Kept says on which branch the learner's work is that would have been written over.
	Kept = "work.kept"
	// Solved says that what mayfly had broken in secret is right again.
	Solved = "break.solved"
	// LogLine is a line of a build's log, as it comes.
	LogLine = "log"
	// MachineGone is the mayfly line: how long a build's machine lived, and what went with it.
	MachineGone = "build.gone"
	// TeardownStep says that something is being deleted, TeardownItem what became of it.
	TeardownStep = "teardown.step"
	TeardownItem = "teardown.item"
)

// Reporter is told what happens. It must not block for long.
type Reporter interface {
	Report(e Event)
}
