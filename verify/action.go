package verify

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// Action is one run of one action in an execution.
type Action struct {
	// ID is that of this run: an action that is retried has several.
	ID, Stage, Name string
	Category        types.ActionCategory
	Status          types.ActionExecutionStatus
	Span
	// Says is what the action itself says of its end, such as why it failed.
	Says string
	// External is the id of what it runs elsewhere, such as a build.
	External string
}

// Waiting tells whether the action waits for a person.
func (a Action) Waiting() bool {
	return a.Category == types.ActionCategoryApproval && a.Status == types.ActionExecutionStatusInProgress
}

// Stage is from when to when a stage's actions ran; To is zero while one goes on.
func (e *Execution) Stage(name string) (span Span) {
	for _, a := range e.Actions {
		if a.Stage != name {
			continue
		}
		if span.From.IsZero() {
			span = a.Span
			continue
		}
		if a.To.IsZero() || !span.To.IsZero() && a.To.After(span.To) {
			span.To = a.To
		}
	}
	return span
}

// Action is from when to when the latest run of an action went; zero where there was none.
func (e *Execution) Action(stage, name string) (span Span) {
	for _, a := range e.Actions {
		if a.Stage == stage && a.Name == name {
			span = a.Span
		}
	}
	return span
}

// Asking is how long the execution waited for people, whatever they said.
func (e *Execution) Asking() (sum time.Duration) {
	for _, a := range e.Actions {
		if a.Category == types.ActionCategoryApproval {
			sum += a.Length()
		}
	}
	return sum
}

// Deploying is how long the deployment took, without the waits for people in its midst.
func (e *Execution) Deploying() time.Duration {
	took := e.Deploy.Length()
	for _, a := range e.Actions {
		if a.Category == types.ActionCategoryApproval && !a.From.Before(e.Deploy.From) && !a.To.After(e.Deploy.To) {
			took -= a.Length()
		}
	}
	return max(took, 0)
}

// add takes one action into the execution. Actions come in any order.
// describes is the project whose build tells what the commit brings.
func (e *Execution) add(detail types.ActionExecutionDetail, describes string) {
	a := newAction(detail)
	e.Actions = append(e.Actions, a)
	e.Version = aws.ToInt32(detail.PipelineVersion)
	var span *Span
	switch {
	case a.Category == types.ActionCategorySource:
		span = &e.Source
		e.addRevision(detail)
	case a.Category == types.ActionCategoryBuild && detail.Input.Configuration["ProjectName"] == describes:
		span = &e.Described
		if detail.Output != nil {
			told := detail.Output.OutputVariables
			e.Author, e.Files, e.Changes = told["AUTHOR"], told["FILES"], told["CHANGES"]
		}
	case a.Category == types.ActionCategoryBuild:
		span = &e.Build
		e.BuildID = cmp.Or(a.External, e.BuildID)
	case a.Category == types.ActionCategoryDeploy:
		span = &e.Deploy
	case a.Category == types.ActionCategoryApproval:
		e.Approval = newApproval(detail, a.Span)
	}
	if span != nil {
		*span = span.widened(a.Span)
	}
	if a.Status == types.ActionExecutionStatusFailed {
		e.addFailure(a)
	}
}

func (e *Execution) addFailure(a Action) {
	if a.Category == types.ActionCategoryApproval && e.Approval.By != "" {
		e.Failure = e.Approval.answer("rejected")
		return
	}
	e.Failure = a.Name + " failed"
	if a.Says != "" {
		e.Failure += ": " + a.Says
	}
}

// widened is the span that takes in another, too.
func (s Span) widened(other Span) Span {
	if s.From.IsZero() || other.From.Before(s.From) {
		s.From = other.From
	}
	if other.To.After(s.To) {
		s.To = other.To
	}
	return s
}

func newAction(detail types.ActionExecutionDetail) Action {
	a := Action{
		ID: aws.ToString(detail.ActionExecutionId), Stage: aws.ToString(detail.StageName), Name: aws.ToString(detail.ActionName),
		Status: detail.Status, Span: Span{From: aws.ToTime(detail.StartTime)},
	}
	if a.Status != types.ActionExecutionStatusInProgress {
		a.To = aws.ToTime(detail.LastUpdateTime)
	}
	if detail.Input != nil && detail.Input.ActionTypeId != nil {
		a.Category = detail.Input.ActionTypeId.Category
	}
	if detail.Output != nil && detail.Output.ExecutionResult != nil {
		result := detail.Output.ExecutionResult
		a.External, a.Says = aws.ToString(result.ExternalExecutionId), aws.ToString(result.ExternalExecutionSummary)
		if result.ErrorDetails != nil {
			a.Says = cmp.Or(aws.ToString(result.ErrorDetails.Message), a.Says)
		}
	}
	return a
}

func (e *Execution) addRevision(a types.ActionExecutionDetail) {
	if a.Output != nil && e.Commit == "" {
		e.Commit = a.Output.OutputVariables["CommitId"]
		e.Message = a.Output.OutputVariables["CommitMessage"]
	}
}

// Declared are the actions of each stage in a version of the pipeline, in order.
type Declared []DeclaredStage

// DeclaredStage is a stage and the names of its actions.
type DeclaredStage struct {
	Name    string
	Actions []string
}

// Declared reads what a version of the pipeline consists of; 0 is the newest.
func (s *Scene) Declared(ctx context.Context, version int32) (Declared, error) {
	in := &codepipeline.GetPipelineInput{Name: aws.String(s.Names.Pipeline())}
	if version > 0 {
		in.Version = &version
	}
	out, err := s.CodePipeline.GetPipeline(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("read the pipeline: %w", err)
	}
	var all Declared
	for _, stage := range out.Pipeline.Stages {
		declared := DeclaredStage{Name: aws.ToString(stage.Name)}
		for _, action := range stage.Actions {
			declared.Actions = append(declared.Actions, aws.ToString(action.Name))
		}
		all = append(all, declared)
	}
	return all, nil
}
