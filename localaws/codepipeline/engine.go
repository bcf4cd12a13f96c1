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
	rollback          bool // of one stage, after which the execution ends
	resumed           bool // it was under way before the process began
	sourcing          bool // it has not gone through the source stage yet; Service.mu guards it
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
func (s *Service) launch(key string, number uint64, e *execution, p types.PipelineDeclaration, from int) (*run, error) {
	if err := s.active.Put(e.ID, key); err != nil {
		return nil, err
	}
	r := &run{
		key: key, id: e.ID, pipeline: e.Pipeline, number: number, mode: e.Mode, declaration: p,
		rollback: e.Type == types.ExecutionTypeRollback, sourcing: from == 0, resumed: !e.ended() && len(e.Stages) > 0,
		stopping: make(chan struct{}), ticket: make(chan struct{}, 1),
	}
	r.ctx, r.cancel = context.WithCancelCause(s.background)
	s.runs[r.id] = r
	s.working.Go(func() {
		defer r.cancel(nil)
		kept, err := s.drive(r, from)
		s.finish(r, err)
		if kept != "" {
			s.rollBackAfter(r, kept)
		}
	})
	return r, nil
}

// drive takes the execution through its stages. A nil error means that it
// succeeded; kept is the stage which it still holds, to be rolled back.
func (s *Service) drive(r *run, from int) (kept string, err error) {
	state := "STARTED"
	if s.retried(r) {
		state = "RESUMED"
	}
	if !r.resumed {
		s.emitPipeline(r, state)
	}
	stages := r.declaration.Stages[from:]
	if r.rollback {
		stages = stages[:1] // what comes after the stage is not rolled back (not confirmed)
	}
	for _, st := range stages {
		name := aws.ToString(st.Name)
		if err := s.enter(r, name); err != nil {
			return "", err
		}
		err := s.runStage(r, st)
		if errors.Is(err, errFailed) && s.retryByItself(r, st) {
			err = s.runStage(r, st)
		}
		if errors.Is(err, errFailed) && rollsBack(st) && !r.rollback {
			return name, err
		}
		if r.mode != types.ExecutionModeParallel {
			s.leave(r, name)
		}
		if err != nil {
			return "", err
		}
		s.sourced(r)
	}
	return "", nil
}

func (s *Service) retried(r *run) bool {
	e, _, err := s.executions.Get(r.key)
	return err == nil && e.attempt() > 1
}

// sourced notes that the execution has its sources.
func (s *Service) sourced(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.sourcing = false
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
		if errors.Is(err, errDeleted) {
			s.passive(r.id)
		}
		return
	default: // our own state could not be read or written
		s.env.Log.Error("pipeline execution", "pipeline", r.pipeline, "execution", r.id, "error", err)
		status, event, summary = types.PipelineExecutionStatusFailed, "FAILED", "Internal error: "+err.Error()
	}
	s.mu.Lock()
	s.change(r, func(e *execution) {
		e.Status, e.StatusSummary = status, summary
	})
	s.passive(r.id)
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

// passive forgets that an execution was under way.
func (s *Service) passive(id string) {
	if err := s.active.Delete(id); err != nil {
		s.env.Log.Error("forget pipeline execution", "execution", id, "error", err)
	}
}
