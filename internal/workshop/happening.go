package workshop

import (
	"time"

	"github.com/mayfly-cd/mayfly/verify"
)

// Happening is something that happened to a commit on its way to production.
// CodePipeline's own events name an execution; a happening also says whose
// commit it is and what is in it. As JSON it is one line of the stream.
type Happening struct {
	// Time is when it happened, by AWS's clock where AWS says it.
	Time  time.Time `json:"time"`
	Event string    `json:"event"`
	// Past says that it had happened before the watch began.
	Past      bool   `json:"past,omitempty"`
	Execution string `json:"execution,omitempty"`
	Commit    string `json:"commit,omitempty"`
	Author    string `json:"author,omitempty"`
	Message   string `json:"message,omitempty"`
	// Committed is when the commit was made, and Files are what it touches; of Noticed.
	Committed *time.Time          `json:"committed,omitempty"`
	Files     []verify.FileChange `json:"files,omitempty"`
	Stage     string              `json:"stage,omitempty"`
	Action    string              `json:"action,omitempty"`
	// Status is AWS's own word for how what the event is about stands.
	Status string `json:"status,omitempty"`
	// Seconds is how long what ends with this event took; of Noticed, how long
	// from the push, where its moment is known; of Live, from the push to the end.
	Seconds float64 `json:"seconds,omitempty"`
	// MedianSeconds is the median of the same in earlier executions, told when it begins, too.
	MedianSeconds float64 `json:"medianSeconds,omitempty"`
	// Failure is why it failed.
	Failure *verify.Failure `json:"failure,omitempty"`
	// URL is the live URL; of Live.
	URL string `json:"url,omitempty"`
	// Detail says the rest: what the URL answers, what could not be read.
	Detail string `json:"detail,omitempty"`
}

// What happens.
const (
	// Noticed says that the pipeline has noticed a commit.
	Noticed = "execution.noticed"
	// ExecutionSucceeded to ExecutionCancelled are the ends of an execution.
	ExecutionSucceeded  = "execution.succeeded"
	ExecutionFailed     = "execution.failed"
	ExecutionSuperseded = "execution.superseded"
	ExecutionStopped    = "execution.stopped"
	ExecutionCancelled  = "execution.cancelled"
	// ExecutionRetried says that an execution which had ended goes on.
	ExecutionRetried = "execution.retried"
	// StageStarted to StageFailed are of a stage.
	StageStarted   = "stage.started"
	StageSucceeded = "stage.succeeded"
	StageFailed    = "stage.failed"
	// ActionStarted to ActionAbandoned are of an action.
	ActionStarted   = "action.started"
	ActionSucceeded = "action.succeeded"
	ActionFailed    = "action.failed"
	ActionAbandoned = "action.abandoned"
	// ApprovalAwaited says that an action waits for a person.
	ApprovalAwaited = "approval.awaited"
	// Answers says what the live URL answers after a deployment.
	Answers = "live"
	// Trouble says what could not be read; it is told once. Recovered says that it can be again.
	Trouble   = "trouble"
	Recovered = "recovered"
)
