package codepipeline

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// recover takes up what was under way when the process ended. An execution that
// waited, for people or before a stage, waits on. Any other has failed: what its
// actions had begun may or may not have happened.
func (s *Service) recover() error {
	rows, err := s.active.List("", "", 0)
	if err != nil {
		return err
	}
	// Those that were started first are ahead of the others.
	slices.SortFunc(rows, func(a, b store.Row[string]) int {
		return cmp.Compare(executionNumber(a.Value), executionNumber(b.Value))
	})
	for _, row := range rows {
		id, key := row.Key, row.Value
		e, ok, err := s.executions.Get(key)
		if err != nil {
			return err
		}
		if !ok || e.ended() {
			s.passive(id)
			continue
		}
		waits, err := s.resume(key, &e)
		if err != nil {
			return err
		}
		if waits {
			continue
		}
		s.interrupt(&e)
		if err := s.executions.Put(key, e); err != nil {
			return err
		}
		s.passive(id)
	}
	return nil
}

// interrupt marks an execution as failed.
func (s *Service) interrupt(e *execution) {
	const message = "The execution was interrupted: the service stopped while it was in progress. Retry the stage or release the change again."
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
}

// resume lets an execution wait on, if it does nothing else.
func (s *Service) resume(key string, e *execution) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, ok, err := s.pipelines.Get(e.Pipeline)
	if err != nil || !ok || e.Status != types.PipelineExecutionStatusInProgress || e.Version != aws.ToInt32(row.Declaration.Version) {
		return false, err
	}
	i := slices.IndexFunc(row.Declaration.Stages, func(st types.StageDeclaration) bool {
		run := e.stage(aws.ToString(st.Name))
		return run == nil || run.Status != types.StageExecutionStatusSucceeded
	})
	if i <= 0 {
		return false, nil
	}
	st := row.Declaration.Stages[i]
	d, err := s.door(e.Pipeline, aws.ToString(st.Name))
	if err != nil {
		return false, err
	}
	asks, before := e.asks(st), e.stage(aws.ToString(st.Name)) == nil && (d.closed || d.inside != nil)
	if !asks && !before {
		return false, nil
	}
	r, err := s.launch(key, executionNumber(key), e, row.Declaration, i)
	switch {
	case err != nil || e.Mode == types.ExecutionModeParallel:
	case asks:
		d.inside = r
	default:
		d.waiting = append(d.waiting, r)
	}
	return err == nil, err
}

// asks says whether the execution is in that stage and waits for people alone.
func (e *execution) asks(st types.StageDeclaration) bool {
	if run := e.stage(aws.ToString(st.Name)); run == nil || run.Status != types.StageExecutionStatusInProgress {
		return false
	}
	var waits bool
	for _, a := range st.Actions {
		run := e.action(aws.ToString(st.Name), aws.ToString(a.Name))
		switch {
		case run == nil || run.Status == types.ActionExecutionStatusSucceeded:
		case run.Status == types.ActionExecutionStatusInProgress && run.Token != "":
			waits = true
		default:
			return false
		}
	}
	return waits
}
