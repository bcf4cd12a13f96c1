package codepipeline

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// maxConcurrent is AWS's quota of executions under way in the modes QUEUED and PARALLEL.
const maxConcurrent = 50

// StartPipelineExecution starts an execution, of given revisions or of the newest ones.
func (s *Service) StartPipelineExecution(ctx context.Context, in *codepipeline.StartPipelineExecutionInput) (*codepipeline.StartPipelineExecutionOutput, error) {
	name := aws.ToString(in.Name)
	s.mu.Lock()
	defer s.mu.Unlock()
	row, err := s.pipeline(name)
	if err != nil {
		return nil, err
	}
	p := row.Declaration
	token := name + "/token/" + aws.ToString(in.ClientRequestToken)
	if in.ClientRequestToken != nil {
		if key, ok, err := s.index.Get(token); err != nil || ok {
			e, _, err2 := s.executions.Get(key)
			return &codepipeline.StartPipelineExecutionOutput{PipelineExecutionId: aws.String(e.ID)}, firstError(err, err2)
		}
	}
	if err := checkOverrides(&p, in.SourceRevisions); err != nil {
		return nil, err
	}
	variables, err := pipelineVariables(&p, in.Variables)
	if err != nil {
		return nil, err
	}
	key, err := s.start(p, execution{ //nolint:contextcheck // an execution outlives its request
		Trigger: triggerOf(identity.From(ctx)), Variables: variables, Overrides: in.SourceRevisions,
	})
	if err != nil {
		return nil, err
	}
	if in.ClientRequestToken != nil {
		if err := s.index.Put(token, key); err != nil {
			return nil, err
		}
	}
	e, _, err := s.executions.Get(key)
	return &codepipeline.StartPipelineExecutionOutput{PipelineExecutionId: aws.String(e.ID)}, err
}

// triggerOf says who started an execution: a rule of EventBridge, or the caller.
func triggerOf(p identity.Principal) types.ExecutionTrigger {
	if p.Service == "events.amazonaws.com" {
		return types.ExecutionTrigger{TriggerType: types.TriggerTypeCloudWatchEvent, TriggerDetail: optional(p.SourceARN)}
	}
	return types.ExecutionTrigger{TriggerType: types.TriggerTypeStartPipelineExecution, TriggerDetail: optional(p.ARN)}
}

// checkOverrides checks that revisions are given to source actions, in a form that they know.
func checkOverrides(p *types.PipelineDeclaration, given []types.SourceRevisionOverride) error {
	for _, o := range given {
		name := aws.ToString(o.ActionName)
		var found bool
		for _, a := range p.Stages[0].Actions {
			found = found || aws.ToString(a.Name) == name
		}
		if !found {
			return validationError("Source action %s does not exist in pipeline %s", name, aws.ToString(p.Name))
		}
		if o.RevisionType != types.SourceRevisionTypeCommitId {
			return validationError("Source revision type %s is not valid for action %s. It takes COMMIT_ID", o.RevisionType, name)
		}
	}
	return nil
}

// start writes a new execution and launches it. The caller holds mu.
func (s *Service) start(p types.PipelineDeclaration, e execution) (key string, err error) {
	name := aws.ToString(p.Name)
	if p.ExecutionMode != types.ExecutionModeSuperseded {
		var busy int
		for _, r := range s.runs {
			if r.pipeline == name {
				busy++
			}
		}
		if busy >= maxConcurrent {
			return "", &types.ConcurrentPipelineExecutionsLimitExceededException{
				Message: aws.String("The pipeline has reached the limit for concurrent pipeline executions."),
			}
		}
	}
	number, err := s.executions.Next()
	if err != nil {
		return "", err
	}
	now := s.env.Now()
	e.ID, e.Pipeline, e.Version, e.Mode = uuid.New(), name, aws.ToInt32(p.Version), p.ExecutionMode
	e.Status, e.Started, e.Updated = types.PipelineExecutionStatusInProgress, now, now
	key = executionKey(name, number)
	if err := s.executions.Put(key, e); err != nil {
		return "", err
	}
	if err := s.index.Put(name+"/id/"+e.ID, key); err != nil {
		return "", err
	}
	s.launch(key, number, &e, p, 0)
	return key, nil
}

// execution finds an execution by its id.
func (s *Service) execution(pipeline, id string) (key string, e execution, err error) {
	key, ok, err := s.index.Get(pipeline + "/id/" + id)
	if err == nil && ok {
		e, ok, err = s.executions.Get(key)
	}
	if err == nil && !ok {
		err = &types.PipelineExecutionNotFoundException{
			Message: aws.String("Pipeline '" + pipeline + "' does not have an execution with ID '" + id + "'"),
		}
	}
	return key, e, err
}

// latestIn returns the newest execution that has entered the stage, or nil.
func (s *Service) latestIn(pipeline, stage string) (*execution, error) {
	var found *execution
	err := s.newestFirst(pipeline, func(e *execution) bool {
		if e.stage(stage) != nil {
			found = e
		}
		return found == nil
	})
	return found, err
}

// newestFirst visits the executions of a pipeline until visit returns false.
func (s *Service) newestFirst(pipeline string, visit func(e *execution) bool) error {
	// Most want the newest alone, and decoding costs more than reading.
	page := 1
	for after := ""; ; page = 8 {
		rows, err := s.executions.List(pipeline+"/", after, page)
		if err != nil {
			return err
		}
		for i := range rows {
			if !visit(&rows[i].Value) {
				return nil
			}
		}
		if len(rows) < page {
			return nil
		}
		after = rows[len(rows)-1].Key
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// executionNumber is the inverse of executionKey.
func executionNumber(key string) uint64 {
	return ^parseHex(key[strings.LastIndex(key, "/")+1:])
}
