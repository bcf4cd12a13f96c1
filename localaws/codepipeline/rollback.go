package codepipeline

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// The words of these refusals are those of the API's reference.
const (
	notRollable = "Unable to roll back the stage. The cause might be if the pipeline version has changed since the target pipeline execution was deployed, " +
		"the stage is currently running, or an incorrect target pipeline execution ID was provided."
	outdated = "The specified pipeline execution is outdated and cannot be used as a target pipeline execution for rollback."
)

// RollbackStage runs a stage once more with what an earlier execution brought
// to it, in a new execution
// (docs.aws.amazon.com/codepipeline/latest/userguide/stage-rollback.html).
func (s *Service) RollbackStage(ctx context.Context, in *codepipeline.RollbackStageInput) (*codepipeline.RollbackStageOutput, error) {
	name, stage := aws.ToString(in.PipelineName), aws.ToString(in.StageName)
	s.mu.Lock()
	defer s.mu.Unlock()
	row, err := s.pipeline(name)
	if err != nil {
		return nil, err
	}
	i, err := stageIndex(&row.Declaration, stage)
	if err != nil {
		return nil, err
	}
	_, target, err := s.execution(name, aws.ToString(in.TargetPipelineExecutionId))
	if err != nil {
		return nil, err
	}
	d, err := s.door(name, stage)
	if err != nil {
		return nil, err
	}
	switch {
	case target.Version != aws.ToInt32(row.Declaration.Version):
		return nil, &types.PipelineExecutionOutdatedException{Message: aws.String(outdated)}
	case i == 0, row.Declaration.ExecutionMode == types.ExecutionModeParallel, d.inside != nil, !rollbackTarget(&target, stage):
		return nil, &types.UnableToRollbackStageException{Message: aws.String(notRollable)}
	}
	r, err := s.rollBack(row.Declaration, i, &target, d, types.ExecutionTrigger{
		TriggerType: types.TriggerTypeManualRollback, TriggerDetail: optional(identity.From(ctx).ARN),
	})
	if err != nil {
		return nil, err
	}
	return &codepipeline.RollbackStageOutput{PipelineExecutionId: aws.String(r.id)}, nil
}

// rollbackTarget says whether a stage can go back to that execution: one that
// succeeded in it and is no rollback itself.
func rollbackTarget(e *execution, stage string) bool {
	st := e.stage(stage)
	return e.kind() == types.ExecutionTypeStandard && st != nil && st.Status == types.StageExecutionStatusSucceeded
}

// rollBack starts the execution that takes the place in the stage at once: "The
// target pipeline execution chosen for rollback is used to retrieve source
// revisions and variables." The caller holds mu.
func (s *Service) rollBack(p types.PipelineDeclaration, stage int, target *execution, d *door, trigger types.ExecutionTrigger) (*run, error) {
	r, err := s.start(p, execution{
		heading:   heading{Type: types.ExecutionTypeRollback, Target: target.ID, Trigger: trigger, Sources: slices.Clone(target.Sources)},
		Variables: target.Variables, Revisions: slices.Clone(target.Revisions),
		Artifacts: maps.Clone(target.Artifacts), Namespaces: maps.Clone(target.Namespaces),
	}, stage)
	if err == nil {
		d.inside = r
	}
	return r, err
}

// rollsBack says whether a stage that fails goes back by itself.
func rollsBack(st types.StageDeclaration) bool {
	return st.OnFailure != nil && st.OnFailure.Result == types.ResultRollback
}

// rollBackAfter rolls the stage back in which an execution has failed, to the
// most recent one that succeeded in it, or just frees it where there is none
// (docs.aws.amazon.com/codepipeline/latest/userguide/stage-rollback-auto.html).
func (s *Service) rollBackAfter(r *run, stage string) {
	defer s.leave(r, stage)
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.doors[r.pipeline+"/"+stage]
	row, err := s.pipeline(r.pipeline)
	if err != nil || !ok || d.inside != r || aws.ToInt32(row.Declaration.Version) != aws.ToInt32(r.declaration.Version) {
		return // it was updated, deleted or retried meanwhile
	}
	i, err := stageIndex(&row.Declaration, stage)
	if err != nil {
		return
	}
	var target *execution
	err = s.newestFirst(r.pipeline, func(e *execution) bool {
		if e.Version != aws.ToInt32(row.Declaration.Version) {
			return false // and so are all that came before
		}
		if rollbackTarget(e, stage) {
			target = e
		}
		return target == nil
	})
	if err == nil && target != nil {
		detail, _ := json.Marshal(map[string]string{"FailedPipelineExecutionId": r.id}) // strings always marshal
		_, err = s.rollBack(row.Declaration, i, target, d, types.ExecutionTrigger{
			TriggerType: types.TriggerTypeAutomatedRollback, TriggerDetail: aws.String(string(detail)),
		})
	}
	if err != nil {
		s.env.Log.Error("roll back", "pipeline", r.pipeline, "stage", stage, "error", err)
	}
}

// retryByItself says whether a stage that failed runs once more by its
// onFailure, and notes it: "You can only configure automatic retry on stage
// failure for one retry attempt"
// (docs.aws.amazon.com/codepipeline/latest/userguide/stage-retry.html).
func (s *Service) retryByItself(r *run, st types.StageDeclaration) bool {
	if st.OnFailure == nil || st.OnFailure.Result != types.ResultRetry || r.halted() != nil {
		return false
	}
	mode := types.StageRetryModeFailedActions // where none is configured (not confirmed)
	if c := st.OnFailure.RetryConfiguration; c != nil && c.RetryMode != "" {
		mode = c.RetryMode
	}
	var again bool
	s.change(r, func(e *execution) {
		if run := e.stage(aws.ToString(st.Name)); run.AutoRetries == 0 {
			run.retry(mode, types.RetryTriggerAutomatedStageRetry, s.env.Now(), len(e.Actions))
			again = true
		}
	})
	return again
}
