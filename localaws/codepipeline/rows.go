package codepipeline

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// pipeline is the row of a pipeline.
type pipeline struct {
	Declaration      types.PipelineDeclaration
	Created, Updated time.Time
	Tags             map[string]string
	Transitions      map[string]transition // the inbound transitions that were ever changed, by stage
	Seen             map[string]string     // the newest revision seen by each source action, for polling
}

// transition is the gate before a stage.
type transition struct {
	Disabled  bool
	Reason    string
	ChangedAt time.Time
	ChangedBy string
}

// heading is what lists tell of a pipeline execution. It is read without the
// rest of the row, which costs several times as much to decode.
type heading struct {
	ID, Pipeline  string
	Version       int32
	Mode          types.ExecutionMode
	Status        types.PipelineExecutionStatus
	StatusSummary string
	Type          types.ExecutionType // empty for a standard one
	Target        string              // the execution to which a rollback goes back
	Trigger       types.ExecutionTrigger
	StopReason    string
	Started       time.Time
	Updated       time.Time
	Stages        []stageRun
	Sources       []types.SourceRevision
}

// execution is the row of a pipeline execution with all that happened in it.
type execution struct {
	heading

	Variables  map[string]string // the pipeline's variables, resolved
	Overrides  []types.SourceRevisionOverride
	Actions    []actionRun // in the order in which they started, retries included
	Revisions  []types.ArtifactRevision
	Artifacts  map[string]artifact          // by name
	Namespaces map[string]map[string]string // the variables of actions
}

// kind is the type of the execution.
func (e *heading) kind() types.ExecutionType {
	if e.Type == types.ExecutionTypeRollback {
		return types.ExecutionTypeRollback
	}
	return types.ExecutionTypeStandard
}

// attempt counts how often the execution was begun or retried.
func (e *heading) attempt() int {
	n := 1
	for i := range e.Stages {
		n += int(e.Stages[i].Retries + e.Stages[i].AutoRetries)
	}
	return n
}

// stage returns the run of that stage, or nil where it has not been entered.
func (e *heading) stage(name string) *stageRun {
	for i := range e.Stages {
		if e.Stages[i].Name == name {
			return &e.Stages[i]
		}
	}
	return nil
}

// action returns the latest run of an action that counts, or nil.
func (e *execution) action(stage, name string) *actionRun {
	st := e.stage(stage)
	if st == nil {
		return nil
	}
	for i := len(e.Actions) - 1; i >= st.Since; i-- {
		if a := &e.Actions[i]; a.Stage == stage && a.Name == name {
			return a
		}
	}
	return nil
}

// actionByID returns the run of an action by its id. It must exist.
func (e *execution) actionByID(id string) *actionRun {
	for i := range e.Actions {
		if e.Actions[i].ID == id {
			return &e.Actions[i]
		}
	}
	return &actionRun{}
}

func (e *execution) ended() bool {
	return e.Status != types.PipelineExecutionStatusInProgress && e.Status != types.PipelineExecutionStatusStopping
}

// stageRun is one execution's passage through a stage.
type stageRun struct {
	Name    string
	Status  types.StageExecutionStatus
	Entered time.Time
	Since   int // actions before this index no longer count: a retry runs them all again
	// Retries counts those that people asked for, AutoRetries those of the
	// stage's onFailure.
	Retries, AutoRetries int32
	LastRetry            types.RetryTrigger
	Retried              time.Time
}

// retry notes that the stage is to run once more.
func (st *stageRun) retry(mode types.StageRetryMode, by types.RetryTrigger, now time.Time, actions int) {
	if by == types.RetryTriggerAutomatedStageRetry {
		st.AutoRetries++
	} else {
		st.Retries++
	}
	st.LastRetry, st.Retried = by, now
	if mode == types.StageRetryModeAllActions {
		st.Since = actions
	}
}

// actionRun is one run of an action.
type actionRun struct {
	ID, Stage, Name  string
	Type             types.ActionTypeId
	Status           types.ActionExecutionStatus
	Started, Updated time.Time
	UpdatedBy        string              `json:",omitempty"`
	Namespace        string              `json:",omitempty"`
	RoleARN          string              `json:",omitempty"`
	Configuration    map[string]string   `json:",omitempty"`
	Resolved         map[string]string   `json:",omitempty"` // nil where it is the same
	Inputs, Outputs  []artifact          `json:",omitempty"`
	Summary          string              `json:",omitempty"`
	ExternalID       string              `json:",omitempty"`
	ExternalURL      string              `json:",omitempty"`
	RevisionID       string              `json:",omitempty"`
	RevisionURL      string              `json:",omitempty"`
	Error            *types.ErrorDetails `json:",omitempty"`
	Variables        map[string]string   `json:",omitempty"`
	Token            string              `json:",omitempty"` // of an approval; kept once it was answered, gone where it expired
	Percent          *int32              `json:",omitempty"` // of an invocation
}

// resolved is the configuration with its variables' values.
func (a *actionRun) resolved() map[string]string {
	if a.Resolved == nil {
		return a.Configuration
	}
	return a.Resolved
}

// artifact is where one execution keeps one artifact.
type artifact struct {
	Name, Bucket, Key string
	Revision          string `json:",omitempty"` // the commit or object version that a source brought
}

// executionKey sorts the executions of a pipeline with the newest first.
func executionKey(pipeline string, number uint64) string {
	return fmt.Sprintf("%s/%016x", pipeline, math.MaxUint64-number)
}

func versionKey(pipeline string, version int32) string {
	return fmt.Sprintf("%s/%08d", pipeline, version)
}

func parseHex(s string) uint64 {
	n, _ := strconv.ParseUint(s, 16, 64) // only ever what executionKey wrote
	return n
}
