package verify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cctypes "github.com/aws/aws-sdk-go-v2/service/codecommit/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// Pipeline asks whether the pipeline is there.
var Pipeline = Check{
	Name: "pipeline", Asks: "Is there a pipeline from source to build?",
	Ask: func(ctx context.Context, s *Scene) Result {
		pipeline, result := s.pipeline(ctx)
		if pipeline == nil {
			return result
		}
		if len(pipeline.Stages) < 2 || pipeline.Stages[0].Name == nil {
			return wrong("the pipeline has fewer than two stages", "a Source and a Build stage", "mayfly run codepipeline")
		}
		if pipeline.Stages[0].Actions[0].Configuration["PollForSourceChanges"] != "false" {
			return wrong("the pipeline polls the repository once a minute", "PollForSourceChanges: \"false\", and a rule instead",
				"mayfly run codepipeline")
		}
		if closed, err := s.closedTransition(ctx); err != nil {
			return cannotTell("codepipeline GetPipelineState", err)
		} else if closed != "" {
			return wrong(closed, "every execution may go from stage to stage", "mayfly run codepipeline")
		}
		return passed("the pipeline has %d stages and does not poll", len(pipeline.Stages))
	},
}

// closedTransition says which transition between stages is disabled, or "".
func (s *Scene) closedTransition(ctx context.Context) (string, error) {
	name := s.Names.Pipeline()
	out, err := s.CodePipeline.GetPipelineState(ctx, &codepipeline.GetPipelineStateInput{Name: &name})
	if err != nil {
		return "", err
	}
	for _, stage := range out.StageStates {
		if t := stage.InboundTransitionState; t != nil && !t.Enabled {
			return fmt.Sprintf("the transition into the stage %s is disabled: %s", aws.ToString(stage.StageName), aws.ToString(t.DisabledReason)), nil
		}
	}
	return "", nil
}

func (s *Scene) pipeline(ctx context.Context) (*types.PipelineDeclaration, Result) {
	name := s.Names.Pipeline()
	out, err := s.CodePipeline.GetPipeline(ctx, &codepipeline.GetPipelineInput{Name: &name})
	if cloud.IsNotFound(err) {
		return nil, s.because(ctx, wrong("there is no pipeline "+name, "a pipeline", "mayfly run codepipeline"), s.Names.PipelineStack())
	}
	if err != nil {
		return nil, cannotTell("codepipeline GetPipeline", err)
	}
	return out.Pipeline, Result{}
}

// PushStarts asks whether the newest commit went through the pipeline, started by its push.
var PushStarts = Check{
	Name: "push-starts", Asks: "Did the push of the newest commit start an execution, and did that succeed?",
	Ask: func(ctx context.Context, s *Scene) Result {
		head, result := s.head(ctx)
		if head == "" {
			return result
		}
		if pipeline, result := s.pipeline(ctx); pipeline == nil {
			return result
		}
		return s.headExecution(ctx, head)
	},
}

// noticeWithin is how long a push may take to start an execution.
const noticeWithin = 20 * time.Second

// headExecution judges the executions of a commit: one was started by its
// push, and the newest succeeded.
func (s *Scene) headExecution(ctx context.Context, commit string) Result {
	executions, err := s.Executions(ctx)
	if err != nil {
		return cannotTell("codepipeline ListPipelineExecutions", err)
	}
	return s.judgeHead(ctx, executions, commit)
}

func (s *Scene) judgeHead(ctx context.Context, executions []*Execution, commit string) Result {
	expected := fmt.Sprintf("an execution of commit %.7s, started by the push, that succeeded", commit)
	of := slices.DeleteFunc(slices.Clone(executions), func(e *Execution) bool { return e.Commit != commit })
	if len(of) == 0 {
		observed := fmt.Sprintf("no execution has commit %.7s, the head of main", commit)
		if c, err := s.commit(ctx, commit); err == nil && s.justNow(c) {
			return notYet(observed, expected, noticeWithin)
		}
		return wrong(observed, expected, startAgain)
	}
	newest := of[0]
	switch newest.Status {
	case types.PipelineExecutionStatusSucceeded:
		if !slices.ContainsFunc(of, func(e *Execution) bool { return e.ByEvent }) {
			return wrong(fmt.Sprintf("commit %.7s was built because %s", commit, newest.Trigger), expected, startAgain)
		}
		return passed("the push of %.7s started an execution, which took %s", commit, newest.Total().Round(100*time.Millisecond))
	case types.PipelineExecutionStatusInProgress, types.PipelineExecutionStatusStopping:
		if asks := heldBy(executions, newest); asks != "" {
			return Result{State: NotYet, Observed: asks, Expected: expected, Fix: "mayfly approve"}
		}
		return notYet(fmt.Sprintf("the execution of %.7s is in progress", commit), expected, usualDeployment)
	case types.PipelineExecutionStatusFailed, types.PipelineExecutionStatusCancelled,
		types.PipelineExecutionStatusStopped, types.PipelineExecutionStatusSuperseded:
	}
	observed := fmt.Sprintf("the execution of %.7s is %s", commit, newest.Status)
	if newest.Failure != "" {
		observed += ": " + newest.Failure
	}
	fix := ""
	if newest.sourcesFault() {
		if fix = s.goBack(ctx, commit, lastGood(executions, commit)); fix != "" && s.stillborn(ctx) {
			fix += " && mayfly run codepipeline cloudformation"
		}
	}
	if fix == "" && newest.Status == types.PipelineExecutionStatusFailed && !newest.Deploy.From.IsZero() {
		fix = "mayfly run codepipeline"
	}
	return wrong(observed, expected, cmp.Or(fix, startAgain))
}

// stillborn tells whether the application's stack could not be made: such a
// stack takes no change, and has to go before the next execution.
func (s *Scene) stillborn(ctx context.Context) bool {
	stack, err := s.FindStack(ctx, s.Names.ApplicationStack())
	return err == nil && stack != nil && cloud.Stillborn(stack.StackStatus)
}

// sourcesFault tells whether an execution failed by what was committed.
func (e *Execution) sourcesFault() bool {
	return e.Status == types.PipelineExecutionStatusFailed && !e.Build.From.IsZero() && isTheSources(e.Failure)
}

// WantsRetry tells whether another push is wanted after something was mended:
// the newest execution of main's head ended badly, and not by what was
// committed, or none of them was started by a push. One that is in progress is
// to be waited for.
func (s *Scene) WantsRetry(ctx context.Context, head string) (again, inProgress bool, err error) {
	executions, err := s.Executions(ctx)
	if err != nil {
		return false, false, err
	}
	of := slices.DeleteFunc(executions, func(e *Execution) bool { return e.Commit != head })
	if len(of) == 0 {
		return false, false, nil
	}
	switch of[0].Status {
	case types.PipelineExecutionStatusInProgress, types.PipelineExecutionStatusStopping:
		return false, true, nil
	case types.PipelineExecutionStatusSucceeded:
		return !slices.ContainsFunc(of, func(e *Execution) bool { return e.ByEvent }), false, nil
	case types.PipelineExecutionStatusFailed, types.PipelineExecutionStatusCancelled,
		types.PipelineExecutionStatusStopped, types.PipelineExecutionStatusSuperseded:
	}
	return !of[0].sourcesFault(), false, nil
}

// justNow tells whether a commit was made so short a time ago that its push
// need not have been noticed.
func (s *Scene) justNow(c *cctypes.Commit) bool {
	if c.Committer == nil {
		return false
	}
	age := s.Now().Sub(madeAt(aws.ToString(c.Committer.Date)))
	return age >= 0 && age < noticeWithin
}

// lastGood is the newest commit other than this one whose execution succeeded, or "".
func lastGood(executions []*Execution, not string) string {
	for _, e := range executions {
		if e.Status == types.PipelineExecutionStatusSucceeded && e.Commit != not {
			return e.Commit
		}
	}
	return ""
}

// heldBy says which approval an execution waits for, its own or that of one
// before it; "" where it goes on by itself.
func heldBy(executions []*Execution, e *Execution) string {
	if e.Approval.Waits() {
		return fmt.Sprintf("the execution of %.7s waits for approval", e.Commit)
	}
	for _, other := range executions {
		if other.Approval.Waits() && e.Build.Length() > 0 && e.Deploy.From.IsZero() {
			return fmt.Sprintf("the execution of %.7s waits until that of %.7s is approved or rejected", e.Commit, other.Commit)
		}
	}
	return ""
}
