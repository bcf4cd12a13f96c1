package codepipeline

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// The words of these refusals are those of the API's reference.
const (
	notStoppable = "Unable to stop the pipeline execution. The execution might already be in a Stopped state, or it might no longer be in progress."
	stoppedTwice = "The pipeline execution is already in a Stopping state. If you already chose to stop and wait, you cannot make that request again. " +
		"You can choose to stop and abandon now, but be aware that this option can lead to failed tasks or out of sequence tasks. " +
		"If you already chose to stop and abandon, you cannot make that request again."
	notRetryable = "Unable to retry. The pipeline structure or stage state might have changed while actions awaited retry, or the stage contains no failed actions."
	notLatest    = "The stage has failed in a later run of the pipeline and the pipelineExecutionId associated with the request is out of date."
)

// StopPipelineExecution stops an execution: once its actions under way have
// ended, or at once, abandoning them.
func (s *Service) StopPipelineExecution(_ context.Context, in *codepipeline.StopPipelineExecutionInput) (*codepipeline.StopPipelineExecutionOutput, error) {
	if _, err := s.pipeline(aws.ToString(in.PipelineName)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, e, err := s.execution(aws.ToString(in.PipelineName), aws.ToString(in.PipelineExecutionId))
	if err != nil { // the API has no error of its own for one that does not exist
		return nil, &types.PipelineExecutionNotStoppableException{Message: aws.String(notStoppable)}
	}
	r, running := s.runs[e.ID]
	switch {
	case e.ended() || !running:
		return nil, &types.PipelineExecutionNotStoppableException{Message: aws.String(notStoppable)}
	case e.Status == types.PipelineExecutionStatusStopping && (!in.Abandon || r.ctx.Err() != nil):
		return nil, &types.DuplicatedStopRequestException{Message: aws.String(stoppedTwice)}
	}
	again := e.Status == types.PipelineExecutionStatusStopping
	if err := s.executions.Update(key, func(e *execution, _ bool) error {
		for i := range e.Stages {
			if e.Stages[i].Status == types.StageExecutionStatusInProgress {
				e.Stages[i].Status = types.StageExecutionStatusStopping
			}
		}
		e.Status, e.Updated = types.PipelineExecutionStatusStopping, s.env.Now()
		e.StopReason = cmp.Or(aws.ToString(in.Reason), e.StopReason)
		return nil
	}); err != nil {
		return nil, err
	}
	if !again {
		s.emitStopping(r) //nolint:contextcheck // an event outlives its request
	}
	if in.Abandon {
		r.cancel(errAbandoned)
	} else {
		close(r.stopping)
	}
	return &codepipeline.StopPipelineExecutionOutput{PipelineExecutionId: aws.String(e.ID)}, nil
}

// RetryStageExecution runs a failed stage again in the same execution: its
// failed actions and what comes after them, or all of its actions.
func (s *Service) RetryStageExecution(_ context.Context, in *codepipeline.RetryStageExecutionInput) (*codepipeline.RetryStageExecutionOutput, error) {
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
	key, e, err := s.execution(name, aws.ToString(in.PipelineExecutionId))
	if err != nil {
		return nil, validationError("Pipeline execution %s does not exist in pipeline %s", aws.ToString(in.PipelineExecutionId), name)
	}
	d, err := s.door(name, stage)
	if err != nil {
		return nil, err
	}
	if err := firstError(s.checkRetry(&row, &e, stage, d), s.room(name, e.Mode)); err != nil {
		return nil, err
	}
	if err := s.executions.Update(key, func(e *execution, _ bool) error {
		e.stage(stage).retry(in.RetryMode, types.RetryTriggerManualStageRetry, s.env.Now(), len(e.Actions))
		e.Status, e.StatusSummary, e.StopReason, e.Updated = types.PipelineExecutionStatusInProgress, "", "", s.env.Now()
		return nil
	}); err != nil {
		return nil, err
	}
	r, err := s.launch(key, executionNumber(key), &e, row.Declaration, i) //nolint:contextcheck // an execution outlives its request
	if err != nil {
		return nil, err
	}
	if e.Mode != types.ExecutionModeParallel {
		d.inside = r // it is in the stage still; those that wait before it go on waiting
	}
	return &codepipeline.RetryStageExecutionOutput{PipelineExecutionId: aws.String(e.ID)}, nil
}

// checkRetry says why a stage cannot be retried in that execution, or nil.
func (s *Service) checkRetry(row *pipeline, e *execution, stage string, d *door) error {
	if e.Mode != types.ExecutionModeParallel {
		newest, err := s.latestIn(e.Pipeline, stage)
		if err != nil {
			return err
		}
		if d.inside != nil && d.inside.id != e.ID || newest != nil && newest.ID != e.ID {
			return &types.NotLatestPipelineExecutionException{Message: aws.String(notLatest)}
		}
	}
	st := e.stage(stage)
	if st == nil || !e.ended() || e.Version != aws.ToInt32(row.Declaration.Version) ||
		st.Status != types.StageExecutionStatusFailed && st.Status != types.StageExecutionStatusStopped {
		return &types.StageNotRetryableException{Message: aws.String(notRetryable)}
	}
	return nil
}
