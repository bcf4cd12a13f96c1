package codepipeline

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

func (b *bench) rollBack(stage, target string) (string, error) {
	out, err := b.s.RollbackStage(b.ctx(), &codepipeline.RollbackStageInput{
		PipelineName: aws.String("p"), StageName: aws.String(stage), TargetPipelineExecutionId: aws.String(target),
	})
	synctest.Wait()
	if err != nil {
		return "", err
	}
	return *out.PipelineExecutionId, nil
}

func (b *bench) execution(id string) *types.PipelineExecution {
	b.t.Helper()
	out, err := b.s.GetPipelineExecution(b.ctx(), &codepipeline.GetPipelineExecutionInput{PipelineName: aws.String("p"), PipelineExecutionId: aws.String(id)})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.PipelineExecution
}

// failing makes the deploy stage do that when it fails.
func failing(result types.Result, mode types.StageRetryMode) func(p *types.PipelineDeclaration) {
	return func(p *types.PipelineDeclaration) {
		p.Stages[2].OnFailure = &types.FailureConditions{Result: result}
		if mode != "" {
			p.Stages[2].OnFailure.RetryConfiguration = &types.RetryConfiguration{RetryMode: mode}
		}
	}
}

func TestRollbackStage(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		first := b.first()
		b.end("Source", "Build", "Deploy")
		good := b.jobs["Deploy"].inputs
		b.start()
		b.end("Source", "Build", "Deploy")
		b.ran()

		id, err := b.rollBack("Deploy", first)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "the stage alone runs", b.ran(), []string{"Deploy"})
		want(t, "with the artifacts of then", b.jobs["Deploy"].inputs, good)
		_, err = b.rollBack("Deploy", first)
		wantError(t, err, "UnableToRollbackStageException: "+notRollable) // it is running
		b.end("Deploy")
		want(t, "and nothing after it", b.status(), []string{"Succeeded", "Succeeded", "Succeeded"})
		got := b.execution(id)
		want(t, "execution", []any{got.ExecutionType, *got.RollbackMetadata.RollbackTargetPipelineExecutionId, got.Trigger.TriggerType, *got.Trigger.TriggerDetail},
			[]any{types.ExecutionTypeRollback, first, types.TriggerTypeManualRollback, "arn:aws:iam::123456789012:user/ann"})
		want(t, "state", b.state().StageStates[2].LatestExecution.Type, types.ExecutionTypeRollback)
		want(t, "the stage before is as it was", b.state().StageStates[1].LatestExecution.Type, types.ExecutionTypeStandard)
	})
}

func TestRollbackRefused(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		first := b.first()
		b.end("Source", "Build")
		b.fail("Deploy", "no")
		unable := "UnableToRollbackStageException: " + notRollable
		_, err := b.rollBack("Source", first)
		wantError(t, err, unable)
		_, err = b.rollBack("Deploy", first) // it failed there
		wantError(t, err, unable)
		_, err = b.rollBack("Nowhere", first)
		wantError(t, err, "StageNotFoundException: Pipeline 'p' does not have a stage with name 'Nowhere'")
		other := uuid.New()
		_, err = b.rollBack("Deploy", other)
		wantError(t, err, "PipelineExecutionNotFoundException: Pipeline 'p' does not have an execution with ID '"+other+"'")

		id, err := b.rollBack("Build", first)
		if err != nil {
			t.Fatal(err)
		}
		b.end("Build")
		_, err = b.rollBack("Build", id) // a rollback itself
		wantError(t, err, unable)
		p := declare()
		if _, err := b.s.UpdatePipeline(b.ctx(), &codepipeline.UpdatePipelineInput{Pipeline: &p}); err != nil {
			t.Fatal(err)
		}
		_, err = b.rollBack("Build", first)
		wantError(t, err, "PipelineExecutionOutdatedException: The specified pipeline execution is outdated and cannot be used as a target pipeline execution for rollback.")
	})
}

func TestAutomatedRollback(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare(failing(types.ResultRollback, "")))
		first := b.first()
		b.end("Source", "Build")
		b.fail("Deploy", "too early")
		want(t, "nothing to go back to", b.status(), []string{"Failed"})
		b.retry("Deploy", types.StageRetryModeFailedActions)
		b.end("Deploy")
		second := b.start()
		b.end("Source", "Build")
		third := b.start()
		b.end("Source", "Build") // waits before the stage
		b.ran()
		b.fail("Deploy", "no")
		want(t, "it goes back before another enters", b.ran(), []string{"Deploy"})
		out, err := b.s.ListPipelineExecutions(b.ctx(), &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String("p")})
		if err != nil {
			t.Fatal(err)
		}
		rolled := out.PipelineExecutionSummaries[0]
		want(t, "trigger", []any{rolled.Trigger.TriggerType, *rolled.Trigger.TriggerDetail, rolled.ExecutionType, *rolled.RollbackMetadata.RollbackTargetPipelineExecutionId},
			[]any{types.TriggerTypeAutomatedRollback, `{"FailedPipelineExecutionId":"` + second + `"}`, types.ExecutionTypeRollback, first})
		b.fail("Deploy", "again")
		want(t, "a rollback that fails is not rolled back", b.ran(), []string{"Deploy"}) // the third's
		b.end("Deploy")
		want(t, "statuses", b.status(), []string{"Succeeded", "Failed", "Succeeded", "Failed"})
		want(t, "the waiting one went on", b.execution(third).Status, types.PipelineExecutionStatusSucceeded)
	})
}

func TestAutomatedRetry(t *testing.T) {
	two := func(p *types.PipelineDeclaration) {
		p.Stages[2].Actions = append(p.Stages[2].Actions, deploy("Canary"))
	}
	for mode, again := range map[types.StageRetryMode][]string{
		"": {"Deploy"}, types.StageRetryModeFailedActions: {"Deploy"}, types.StageRetryModeAllActions: {"Canary", "Deploy"},
	} {
		t.Run(string(mode), func(t *testing.T) {
			inBubble(t, func(b *bench) {
				b.create(declare(two, failing(types.ResultRetry, mode)))
				b.end("Source", "Build", "Canary")
				b.ran()
				b.fail("Deploy", "flaky")
				want(t, "once more", b.ran(), again)
				want(t, "status", b.status(), []string{"InProgress"})
				b.fail("Deploy", "flaky")
				if mode == types.StageRetryModeAllActions {
					b.end("Canary")
				}
				want(t, "but only once", b.status(), []string{"Failed"})
				b.retry("Deploy", types.StageRetryModeFailedActions)
				b.end("Deploy")
				want(t, "status", b.status(), []string{"Succeeded"})
				got := b.state().StageStates[2].RetryStageMetadata
				want(t, "metadata", []any{*got.AutoStageRetryAttempt, *got.ManualStageRetryAttempt, got.LatestRetryTrigger},
					[]any{int32(1), int32(1), types.RetryTriggerManualStageRetry})
				if n := len(slices.DeleteFunc(b.events, func(e string) bool { return e != "Stage Deploy RESUMED" })); n != 2 {
					t.Errorf("%d events RESUMED of the stage, want 2", n)
				}
			})
		})
	}
}

func TestFailResult(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare(failing(types.ResultFail, "")))
		b.end("Source", "Build")
		b.fail("Deploy", "no")
		want(t, "status", b.status(), []string{"Failed"})
	})
}
