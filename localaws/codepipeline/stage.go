package codepipeline

import (
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// runStage runs the actions of a stage which the execution has entered: those
// of equal run order in parallel, the next ones when all of them succeeded.
// Actions that have already succeeded are left out, as after a retry.
func (s *Service) runStage(r *run, st types.StageDeclaration) error {
	name := aws.ToString(st.Name)
	var done map[string]bool
	var resumed bool
	event := "STARTED"
	s.change(r, func(e *execution) {
		run := e.stage(name)
		if run == nil {
			e.Stages = append(e.Stages, stageRun{Name: name, Since: len(e.Actions)})
			run = e.stage(name)
		}
		if run.LastRetry != "" {
			event = "RESUMED"
		}
		done = succeeded(e, st)
		if resumed = run.Status == types.StageExecutionStatusInProgress; !resumed {
			run.Status, run.Entered = types.StageExecutionStatusInProgress, s.env.Now()
		}
	})
	if !resumed {
		s.entered(r, name)
		s.emitStage(r, name, event)
	}

	err := s.runGroups(r, st, done)
	var status types.StageExecutionStatus
	switch {
	case err == nil:
		status, event = types.StageExecutionStatusSucceeded, "SUCCEEDED"
	case errors.Is(err, errStopped), errors.Is(err, errAbandoned):
		status, event = types.StageExecutionStatusStopped, "STOPPED"
	case errors.Is(err, errCancelled):
		status, event = types.StageExecutionStatusCancelled, "CANCELED"
	case errors.Is(err, errClosed), errors.Is(err, errDeleted):
		return err
	default:
		status, event = types.StageExecutionStatusFailed, "FAILED"
	}
	s.change(r, func(e *execution) { e.stage(name).Status = status })
	s.emitStage(r, name, event)
	return err
}

func (s *Service) runGroups(r *run, st types.StageDeclaration, done map[string]bool) error {
	for _, group := range byRunOrder(st.Actions) {
		if err := r.halted(); err != nil {
			return err
		}
		var actions sync.WaitGroup
		results := make([]error, len(group))
		for i, a := range group {
			if !done[aws.ToString(a.Name)] {
				actions.Go(func() { results[i] = s.runAction(r, aws.ToString(st.Name), a) })
			}
		}
		actions.Wait()
		// What came from outside counts before what that made of the actions.
		if r.ctx.Err() != nil {
			return r.halted()
		}
		if err := errors.Join(results...); err != nil {
			return errFailed
		}
	}
	return r.halted()
}

// succeeded names the actions of the stage that need not run again.
func succeeded(e *execution, st types.StageDeclaration) map[string]bool {
	done := map[string]bool{}
	for _, a := range st.Actions {
		run := e.action(aws.ToString(st.Name), aws.ToString(a.Name))
		done[aws.ToString(a.Name)] = run != nil && run.Status == types.ActionExecutionStatusSucceeded
	}
	return done
}
