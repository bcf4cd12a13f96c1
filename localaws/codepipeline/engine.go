package codepipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// Why an execution ends before its last stage.
var (
	errFailed     = errors.New("an action failed")
	errSuperseded = errors.New("superseded by a newer execution")
	errStopped    = errors.New("stopped")
	errAbandoned  = errors.New("stopped, its actions abandoned")
	errCancelled  = errors.New("the pipeline was updated")
	errDeleted    = errors.New("the pipeline was deleted")
	errClosed     = errors.New("the service was closed")
)

// run is an execution under way: a goroutine drives it from stage to stage.
type run struct {
	key, id, pipeline string
	number            uint64 // the later the execution was started, the greater
	mode              types.ExecutionMode
	declaration       types.PipelineDeclaration

	ctx      context.Context // its cause is one of the errors above
	cancel   context.CancelCauseFunc
	stopping chan struct{} // closed by a stop that waits for the actions
	ticket   chan struct{} // admits the execution to the stage before which it waits
}

// halted returns why the execution must not go on, or nil.
func (r *run) halted() error {
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	select {
	case <-r.stopping:
		return errStopped
	default:
		return nil
	}
}

// launch drives an execution in the background, from the stage of that index.
// The caller holds mu and has written the row.
func (s *Service) launch(key string, number uint64, e *execution, p types.PipelineDeclaration, from int) *run {
	r := &run{
		key: key, id: e.ID, pipeline: e.Pipeline, number: number, mode: e.Mode, declaration: p,
		stopping: make(chan struct{}), ticket: make(chan struct{}, 1),
	}
	r.ctx, r.cancel = context.WithCancelCause(s.background)
	s.runs[r.id] = r
	s.working.Go(func() {
		defer r.cancel(nil)
		s.finish(r, s.drive(r, from))
	})
	return r
}

// drive takes the execution through its stages. nil means that it succeeded.
func (s *Service) drive(r *run, from int) error {
	state := "STARTED"
	if from > 0 || s.retried(r) {
		state = "RESUMED"
	}
	s.emitPipeline(r, state)
	for _, st := range r.declaration.Stages[from:] {
		name := aws.ToString(st.Name)
		if err := s.enter(r, name); err != nil {
			return err
		}
		err := s.runStage(r, st)
		if r.mode != types.ExecutionModeParallel {
			s.leave(r, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) retried(r *run) bool {
	e, _, err := s.executions.Get(r.key)
	return err == nil && e.attempt() > 1
}

// finish writes how the execution ended. The row and the list of runs change
// together, so that a retry never meets a run that is about to end.
func (s *Service) finish(r *run, err error) {
	var status types.PipelineExecutionStatus
	var event, summary string
	switch {
	case err == nil:
		status, event = types.PipelineExecutionStatusSucceeded, "SUCCEEDED"
	case errors.Is(err, errSuperseded):
		status, event = types.PipelineExecutionStatusSuperseded, "SUPERSEDED"
	case errors.Is(err, errStopped), errors.Is(err, errAbandoned):
		status, event = types.PipelineExecutionStatusStopped, "STOPPED"
	case errors.Is(err, errCancelled):
		status, event = types.PipelineExecutionStatusCancelled, "CANCELED"
	case errors.Is(err, errFailed):
		status, event = types.PipelineExecutionStatusFailed, "FAILED"
	case errors.Is(err, errDeleted), errors.Is(err, errClosed):
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.runs, r.id)
		return
	default: // our own state could not be read or written
		s.env.Log.Error("pipeline execution", "pipeline", r.pipeline, "execution", r.id, "error", err)
		status, event, summary = types.PipelineExecutionStatusFailed, "FAILED", "Internal error: "+err.Error()
	}
	s.mu.Lock()
	s.change(r, func(e *execution) {
		e.Status, e.StatusSummary = status, summary
	})
	delete(s.runs, r.id)
	s.mu.Unlock()
	s.emitPipeline(r, event)
}

// change changes the row of an execution that is under way.
func (s *Service) change(r *run, change func(e *execution)) {
	err := s.executions.Update(r.key, func(e *execution, ok bool) error {
		if !ok {
			return errDeleted
		}
		change(e)
		e.Updated = s.env.Now()
		return nil
	})
	if err != nil && !errors.Is(err, errDeleted) {
		s.env.Log.Error("write pipeline execution", "pipeline", r.pipeline, "execution", r.id, "error", err)
		r.cancel(fmt.Errorf("write the execution: %w", err))
	}
}

// recover marks what was under way when the process ended as failed. Nothing
// resumes by itself: what an action had begun may or may not have happened.
func (s *Service) recover() error {
	const message = "The execution was interrupted: the service stopped while it was in progress. Retry the stage or release the change again."
	rows, err := s.executions.List("", "", 0)
	if err != nil {
		return err
	}
	for _, row := range rows {
		e := row.Value
		if e.ended() {
			continue
		}
		now := s.env.Now()
		e.Status, e.StatusSummary, e.Updated = types.PipelineExecutionStatusFailed, message, now
		for i := range e.Stages {
			if st := e.Stages[i].Status; st == types.StageExecutionStatusInProgress || st == types.StageExecutionStatusStopping {
				e.Stages[i].Status = types.StageExecutionStatusFailed
			}
		}
		for i := range e.Actions {
			if a := &e.Actions[i]; a.Status == types.ActionExecutionStatusInProgress {
				a.Status, a.Updated, a.Token = types.ActionExecutionStatusFailed, now, ""
				a.Error = &types.ErrorDetails{Code: aws.String(codeInternal), Message: aws.String(message)}
			}
		}
		if err := s.executions.Put(row.Key, e); err != nil {
			return err
		}
	}
	return nil
}
