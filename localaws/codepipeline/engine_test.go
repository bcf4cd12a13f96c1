package codepipeline

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

func want(t *testing.T, what string, got, wanted any) {
	t.Helper()
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestCreateStartsAnExecution(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		want(t, "running", b.ran(), []string{"Source"})
		b.end("Source", "Build", "Deploy")
		want(t, "statuses", b.status(), []string{"Succeeded"})
		out, err := b.s.GetPipelineExecution(b.ctx(), &codepipeline.GetPipelineExecutionInput{
			PipelineName: aws.String("p"), PipelineExecutionId: aws.String(b.first()),
		})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "trigger", out.PipelineExecution.Trigger.TriggerType, types.TriggerTypeCreatePipeline)
		want(t, "events", b.events, []string{
			"Pipeline STARTED",
			"Stage Source STARTED", "Action Source/Source STARTED", "Action Source/Source SUCCEEDED", "Stage Source SUCCEEDED",
			"Stage Build STARTED", "Action Build/Build STARTED", "Action Build/Build SUCCEEDED", "Stage Build SUCCEEDED",
			"Stage Deploy STARTED", "Action Deploy/Deploy STARTED", "Action Deploy/Deploy SUCCEEDED", "Stage Deploy SUCCEEDED",
			"Pipeline SUCCEEDED",
		})
	})
}

func TestSuperseded(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		b.end("Source") // the first builds
		second := b.start()
		b.end("Source") // the second waits before Build
		want(t, "one waits", *b.state().StageStates[1].InboundExecution.PipelineExecutionId, second)
		third := b.start()
		b.end("Source")
		want(t, "a newer one waits instead", *b.state().StageStates[1].InboundExecution.PipelineExecutionId, third)
		want(t, "statuses", b.status(), []string{"InProgress", "Superseded", "InProgress"})
		b.end("Build", "Build", "Deploy", "Deploy")
		want(t, "statuses", b.status(), []string{"Succeeded", "Superseded", "Succeeded"})
	})
}

func TestSupersededBeforeTheFirstStage(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		b.start()
		b.start()
		want(t, "statuses", b.status(), []string{"InProgress", "Superseded", "InProgress"})
		want(t, "runs", b.ran(), []string{"Source"})
		b.end("Source")
		want(t, "runs", b.ran(), []string{"Build", "Source"})
	})
}

func TestQueued(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare(func(p *types.PipelineDeclaration) { p.ExecutionMode = types.ExecutionModeQueued }))
		b.start()
		b.start()
		want(t, "all live", b.status(), []string{"InProgress", "InProgress", "InProgress"})
		want(t, "one runs", b.ran(), []string{"Source"})
		b.end("Source", "Source", "Source", "Build", "Build", "Build", "Deploy", "Deploy", "Deploy")
		want(t, "all end well", b.status(), []string{"Succeeded", "Succeeded", "Succeeded"})
		for range maxConcurrent {
			b.start()
		}
		_, err := b.s.StartPipelineExecution(b.ctx(), &codepipeline.StartPipelineExecutionInput{Name: aws.String("p")})
		wantError(t, err, "ConcurrentPipelineExecutionsLimitExceededException: The pipeline has reached the limit for concurrent pipeline executions.")
	})
}

func TestParallelExecutions(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare(func(p *types.PipelineDeclaration) { p.ExecutionMode = types.ExecutionModeParallel }))
		b.start()
		want(t, "both run", b.ran(), []string{"Source", "Source"})
		b.end("Source", "Source")
		want(t, "both build", b.ran(), []string{"Build", "Build"})
		for range maxConcurrent - 2 {
			b.start()
		}
		_, err := b.s.StartPipelineExecution(b.ctx(), &codepipeline.StartPipelineExecutionInput{Name: aws.String("p")})
		wantError(t, err, "ConcurrentPipelineExecutionsLimitExceededException: The pipeline has reached the limit for concurrent pipeline executions.")
	})
}

func TestRunOrder(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare(func(p *types.PipelineDeclaration) {
			unit, lint, last := build("Unit"), build("Lint"), build("Build")
			last.RunOrder = aws.Int32(2)
			p.Stages[1].Actions = []types.ActionDeclaration{last, unit, lint}
		}))
		b.ran()
		b.end("Source")
		want(t, "equal orders in parallel", b.ran(), []string{"Lint", "Unit"})
		b.end("Lint")
		want(t, "the next order waits for both", b.ran(), []string(nil))
		b.end("Unit")
		want(t, "the next order", b.ran(), []string{"Build"})
	})
}

func TestFailureAndRetry(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare(func(p *types.PipelineDeclaration) {
			lint, last := build("Lint"), build("Build")
			last.RunOrder = aws.Int32(2)
			p.Stages[1].Actions = []types.ActionDeclaration{lint, build("Unit"), last}
		}))
		b.end("Source", "Lint")
		b.fail("Unit", "Build terminated with state: FAILED")
		want(t, "status", b.status(), []string{"Failed"})
		unit := b.state().StageStates[1].ActionStates[1].LatestExecution
		want(t, "error", []string{*unit.ErrorDetails.Code, *unit.ErrorDetails.Message}, []string{"JobFailed", "Build terminated with state: FAILED"})

		b.ran()
		b.retry("Build", types.StageRetryModeFailedActions)
		want(t, "only the failed action runs again", b.ran(), []string{"Unit"})
		b.end("Unit")
		want(t, "then what follows", b.ran(), []string{"Build"})
		b.fail("Build", "no")
		b.retry("Build", types.StageRetryModeAllActions)
		want(t, "all actions run again", b.ran(), []string{"Lint", "Unit"})
		b.end("Lint", "Unit", "Build", "Deploy")
		want(t, "status", b.status(), []string{"Succeeded"})
		want(t, "attempts", *b.state().StageStates[1].RetryStageMetadata.ManualStageRetryAttempt, int32(2))
		if !slices.Contains(b.events, "Pipeline RESUMED") || !slices.Contains(b.events, "Stage Build RESUMED") {
			t.Errorf("no RESUMED among %v", b.events)
		}
	})
}

func (b *bench) retry(stage string, mode types.StageRetryMode) {
	b.t.Helper()
	if err := b.tryRetry(stage, b.first(), mode); err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
}

func (b *bench) tryRetry(stage, id string, mode types.StageRetryMode) error {
	_, err := b.s.RetryStageExecution(b.ctx(), &codepipeline.RetryStageExecutionInput{
		PipelineName: aws.String("p"), StageName: aws.String(stage), PipelineExecutionId: aws.String(id), RetryMode: mode,
	})
	return err
}

func TestRetryRefused(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		first := b.first()
		mode := types.StageRetryModeFailedActions
		wantError(t, b.tryRetry("Nowhere", first, mode), "StageNotFoundException: Pipeline 'p' does not have a stage with name 'Nowhere'")
		wantError(t, b.tryRetry("Source", first, mode), "StageNotRetryableException: Unable to retry. The pipeline structure or stage state might have changed "+
			"while actions awaited retry, or the stage contains no failed actions.")
		b.fail("Source", "no")
		b.start()
		b.fail("Source", "no")
		wantError(t, b.tryRetry("Source", first, mode), "NotLatestPipelineExecutionException: The stage has failed in a later run of the pipeline "+
			"and the pipelineExecutionId associated with the request is out of date.")
	})
}

func TestRetryKeepsItsPlaceBeforeThoseThatWait(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		b.end("Source")
		b.transition("Build", true)
		b.start()
		b.end("Source") // the second waits before the closed door
		b.fail("Build", "no")
		b.ran()
		b.retry("Build", types.StageRetryModeFailedActions)
		want(t, "the retry runs", b.ran(), []string{"Build"})
		want(t, "statuses", b.status(), []string{"InProgress", "InProgress"})
	})
}

func (b *bench) transition(stage string, closed bool) {
	b.t.Helper()
	var err error
	if closed {
		_, err = b.s.DisableStageTransition(b.ctx(), &codepipeline.DisableStageTransitionInput{
			PipelineName: aws.String("p"), StageName: aws.String(stage), TransitionType: types.StageTransitionTypeInbound, Reason: aws.String("freeze"),
		})
	} else {
		_, err = b.s.EnableStageTransition(b.ctx(), &codepipeline.EnableStageTransitionInput{
			PipelineName: aws.String("p"), StageName: aws.String(stage), TransitionType: types.StageTransitionTypeInbound,
		})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
}

func TestDisabledTransition(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		b.transition("Deploy", true)
		b.end("Source", "Build")
		gate := b.state().StageStates[2]
		want(t, "gate", []any{gate.InboundTransitionState.Enabled, *gate.InboundTransitionState.DisabledReason, *gate.InboundTransitionState.LastChangedBy},
			[]any{false, "freeze", "arn:aws:iam::123456789012:user/ann"})
		want(t, "waits", *gate.InboundExecution.PipelineExecutionId, b.first())
		b.start()
		b.end("Source", "Build")
		want(t, "a newer one supersedes it", b.status(), []string{"Superseded", "InProgress"})
		b.transition("Deploy", false)
		b.end("Deploy")
		want(t, "statuses", b.status(), []string{"Superseded", "Succeeded"})
	})
}

func TestStop(t *testing.T) {
	stop := func(b *bench, abandon bool) error {
		_, err := b.s.StopPipelineExecution(b.ctx(), &codepipeline.StopPipelineExecutionInput{
			PipelineName: aws.String("p"), PipelineExecutionId: aws.String(b.first()), Abandon: abandon, Reason: aws.String("lunch"),
		})
		synctest.Wait()
		return err
	}
	t.Run("waiting for the actions", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			b.create(declare())
			b.end("Source")
			if err := stop(b, false); err != nil {
				t.Fatal(err)
			}
			want(t, "stopping", b.status(), []string{"Stopping"})
			want(t, "stage", b.state().StageStates[1].LatestExecution.Status, types.StageExecutionStatusStopping)
			if err := stop(b, false); err == nil || !strings.HasPrefix(err.Error(), "DuplicatedStopRequestException: The pipeline execution is already in a Stopping state.") {
				t.Errorf("stopping twice: %v", err)
			}
			b.end("Build")
			want(t, "stopped", b.status(), []string{"Stopped"})
			want(t, "nothing follows", b.ran(), []string{"Build", "Source"})
			wantError(t, stop(b, false), "PipelineExecutionNotStoppableException: Unable to stop the pipeline execution. "+
				"The execution might already be in a Stopped state, or it might no longer be in progress.")
		})
	})
	t.Run("abandoning", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			b.create(declare())
			b.end("Source")
			if err := stop(b, true); err != nil {
				t.Fatal(err)
			}
			want(t, "stopped", b.status(), []string{"Stopped"})
			want(t, "action", b.state().StageStates[1].ActionStates[0].LatestExecution.Status, types.ActionExecutionStatusAbandoned)
			b.ran()
			b.retry("Build", types.StageRetryModeFailedActions)
			want(t, "a stopped stage can be retried", b.ran(), []string{"Build"})
		})
	})
	t.Run("between stages", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			b.create(declare())
			b.transition("Build", true)
			b.end("Source")
			if err := stop(b, false); err != nil {
				t.Fatal(err)
			}
			want(t, "stopped", b.status(), []string{"Stopped"})
			want(t, "nobody waits", b.state().StageStates[1].InboundExecution, (*types.StageExecution)(nil))
		})
	})
}

func TestUpdateCancels(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		p := declare()
		out, err := b.s.UpdatePipeline(b.ctx(), &codepipeline.UpdatePipelineInput{Pipeline: &p})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "version", *out.Pipeline.Version, int32(2))
		want(t, "status", b.status(), []string{"Cancelled"})
		got, err := b.s.GetPipeline(b.ctx(), &codepipeline.GetPipelineInput{Name: aws.String("p"), Version: aws.Int32(1)})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "old version", *got.Pipeline.Version, int32(1))
		_, err = b.s.GetPipeline(b.ctx(), &codepipeline.GetPipelineInput{Name: aws.String("p"), Version: aws.Int32(3)})
		wantError(t, err, "PipelineVersionNotFoundException: The pipeline version does not exist.")
	})
}

func TestDeleteEndsExecutions(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		for range 2 { // deleting what does not exist is no error
			if _, err := b.s.DeletePipeline(b.ctx(), &codepipeline.DeletePipelineInput{Name: aws.String("p")}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		_, err := b.s.GetPipeline(b.ctx(), &codepipeline.GetPipelineInput{Name: aws.String("p")})
		wantError(t, err, "PipelineNotFoundException: Account '123456789012' does not have a pipeline with name 'p'")
		b.ran()
		b.create(declare())
		want(t, "a new pipeline of that name starts afresh", b.status(), []string{"InProgress"})
		want(t, "runs", b.ran(), []string{"Source"})
		b.end("Source", "Build", "Deploy")
		want(t, "status", b.status(), []string{"Succeeded"})
	})
}

func TestRestartFailsWhatWasUnderWay(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		newBench(t, dir, func(b *bench) {
			b.create(declare())
			b.end("Source")
			b.start()
			b.end("Source") // waits before Build
		})
		newBench(t, dir, func(b *bench) {
			want(t, "statuses", b.status(), []string{"Failed", "Failed"})
			failed := b.state().StageStates[1]
			want(t, "stage", failed.LatestExecution.Status, types.StageExecutionStatusFailed)
			if e := failed.ActionStates[0].LatestExecution.ErrorDetails; e == nil || !strings.HasPrefix(*e.Message, "The execution was interrupted: the service stopped") {
				t.Errorf("error details %v", e)
			}
			b.retry("Build", types.StageRetryModeFailedActions)
			b.end("Build", "Deploy")
			want(t, "the stage is free and can be retried", b.status(), []string{"Succeeded", "Failed"})
		})
	})
}

func TestTriggers(t *testing.T) {
	tests := []struct {
		caller identity.Principal
		want   types.ExecutionTrigger
	}{
		{
			identity.Principal{ARN: "arn:aws:iam::123456789012:user/ann"},
			types.ExecutionTrigger{TriggerType: types.TriggerTypeStartPipelineExecution, TriggerDetail: aws.String("arn:aws:iam::123456789012:user/ann")},
		},
		{
			identity.Principal{ARN: "arn:aws:sts::123456789012:assumed-role/r/s", Service: "events.amazonaws.com", SourceARN: "arn:aws:events:us-east-1:123456789012:rule/push"},
			types.ExecutionTrigger{TriggerType: types.TriggerTypeCloudWatchEvent, TriggerDetail: aws.String("arn:aws:events:us-east-1:123456789012:rule/push")},
		},
	}
	for _, test := range tests {
		if got := triggerOf(test.caller); got != test.want && (got.TriggerType != test.want.TriggerType || *got.TriggerDetail != *test.want.TriggerDetail) {
			t.Errorf("triggerOf(%+v) = %+v, want %+v", test.caller, got, test.want)
		}
	}
}

func TestRoleCannotBeAssumed(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		b.mu.Lock()
		b.denied[roleARN] = true
		b.mu.Unlock()
		b.end("Source")
		want(t, "status", b.status(), []string{"Failed"})
		got := b.state().StageStates[1].ActionStates[0].LatestExecution.ErrorDetails
		want(t, "error", []string{*got.Code, *got.Message}, []string{"PermissionError", "CodePipeline is not authorized to perform AssumeRole on role " + roleARN})
		p := declare()
		_, err := b.s.UpdatePipeline(b.ctx(), &codepipeline.UpdatePipelineInput{Pipeline: &p})
		wantError(t, err, "InvalidStructureException: CodePipeline is not authorized to perform AssumeRole on role "+roleARN)
	})
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || err.Error() != text {
		t.Errorf("error:\n got %v\nwant %s", err, text)
	}
}
