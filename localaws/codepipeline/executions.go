package codepipeline

import (
	"context"
	"slices"
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
	r, err := s.start(p, execution{
		heading: heading{Trigger: triggerOf(identity.From(ctx))}, Variables: variables, Overrides: in.SourceRevisions,
	}, 0)
	if err != nil {
		return nil, err
	}
	if in.ClientRequestToken != nil {
		if err := s.index.Put(token, r.key); err != nil {
			return nil, err
		}
	}
	return &codepipeline.StartPipelineExecutionOutput{PipelineExecutionId: aws.String(r.id)}, nil
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
		i := slices.IndexFunc(p.Stages[0].Actions, func(a types.ActionDeclaration) bool { return aws.ToString(a.Name) == name })
		if i < 0 {
			return validationError("Source action %s does not exist in pipeline %s", name, aws.ToString(p.Name))
		}
		takes := []types.SourceRevisionType{types.SourceRevisionTypeCommitId}
		if a := p.Stages[0].Actions[i]; aws.ToString(a.ActionTypeId.Provider) == "S3" {
			takes = []types.SourceRevisionType{types.SourceRevisionTypeS3ObjectVersionId}
			if strings.EqualFold(a.Configuration["AllowOverrideForS3ObjectKey"], "true") {
				takes = append(takes, types.SourceRevisionTypeS3ObjectKey)
			}
		}
		if !slices.Contains(takes, o.RevisionType) {
			return validationError("Source revision type %s is not valid for action %s. It takes %s", o.RevisionType, name, takes[0])
		}
	}
	return nil
}

// room says whether one more execution may run. The caller holds mu.
func (s *Service) room(pipeline string, mode types.ExecutionMode) error {
	if mode == types.ExecutionModeSuperseded {
		return nil
	}
	var busy int
	for _, r := range s.runs {
		if r.pipeline == pipeline {
			busy++
		}
	}
	if busy < maxConcurrent {
		return nil
	}
	return &types.ConcurrentPipelineExecutionsLimitExceededException{
		Message: aws.String("The pipeline has reached the limit for concurrent pipeline executions."),
	}
}

// start writes a new execution and launches it at the stage of that index. The caller holds mu.
func (s *Service) start(p types.PipelineDeclaration, e execution, from int) (*run, error) {
	name := aws.ToString(p.Name)
	if err := s.room(name, p.ExecutionMode); err != nil {
		return nil, err
	}
	number, err := s.executions.Next()
	if err != nil {
		return nil, err
	}
	now := s.env.Now()
	e.ID, e.Pipeline, e.Version, e.Mode = uuid.New(), name, aws.ToInt32(p.Version), p.ExecutionMode
	e.Status, e.Started, e.Updated = types.PipelineExecutionStatusInProgress, now, now
	key := executionKey(name, number)
	if err := s.executions.Put(key, e); err != nil {
		return nil, err
	}
	if err := s.index.Put(name+"/id/"+e.ID, key); err != nil {
		return nil, err
	}
	return s.launch(key, number, &e, p, from)
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

// entered notes that an execution is in a stage, as the newest one that ever was.
func (s *Service) entered(r *run, stage string) {
	err := s.index.Update(r.pipeline+"/stage/"+stage, func(key *string, ok bool) error {
		if !ok || r.key < *key { // keys sort the newest first
			*key = r.key
		}
		return nil
	})
	if err != nil {
		s.env.Log.Error("note the stage of an execution", "pipeline", r.pipeline, "stage", stage, "error", err)
	}
}

// latestIn returns the newest execution that has entered the stage, or nil.
func (s *Service) latestIn(pipeline, stage string) (*execution, error) {
	key, ok, err := s.index.Get(pipeline + "/stage/" + stage)
	if err != nil || !ok {
		return nil, err
	}
	e, ok, err := s.executions.Get(key)
	if err != nil || !ok || e.stage(stage) == nil {
		return nil, err
	}
	return &e, nil
}

// newestFirst visits the executions of a pipeline until visit returns false.
func (s *Service) newestFirst(pipeline string, visit func(e *execution) bool) error {
	return s.newestFrom(pipeline, "", func(_ string, e *execution) bool { return visit(e) })
}

// newestFrom visits the executions from the one of that key on, the newest
// first; an empty key is that of the newest.
func (s *Service) newestFrom(pipeline, key string, visit func(key string, e *execution) bool) error {
	if key != "" {
		e, ok, err := s.executions.Get(key)
		if err != nil || ok && !visit(key, &e) {
			return err
		}
	}
	// Most want the newest alone, and decoding costs more than reading.
	page := 1
	for after := key; ; page = 8 {
		rows, err := s.executions.List(pipeline+"/", after, page)
		if err != nil {
			return err
		}
		for i := range rows {
			if !visit(rows[i].Key, &rows[i].Value) {
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
