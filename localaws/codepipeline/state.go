package codepipeline

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// GetPipelineState says where a pipeline stands: for each stage the execution
// that entered it last, the ones that wait before it, and its actions.
func (s *Service) GetPipelineState(_ context.Context, in *codepipeline.GetPipelineStateInput) (*codepipeline.GetPipelineStateOutput, error) {
	name := aws.ToString(in.Name)
	row, err := s.pipeline(name)
	if err != nil {
		return nil, err
	}
	latest, err := s.latest(name, row.Declaration.Stages)
	if err != nil {
		return nil, err
	}
	out := &codepipeline.GetPipelineStateOutput{
		PipelineName: in.Name, PipelineVersion: row.Declaration.Version, Created: &row.Created, Updated: &row.Updated,
	}
	for _, st := range row.Declaration.Stages {
		out.StageStates = append(out.StageStates, s.stageState(name, &row, st, latest[aws.ToString(st.Name)]))
	}
	return out, nil
}

// latest finds for every stage the newest execution that has entered it.
func (s *Service) latest(name string, stages []types.StageDeclaration) (map[string]*execution, error) {
	found, read := map[string]*execution{}, map[string]*execution{}
	for _, st := range stages {
		stage := aws.ToString(st.Name)
		key, ok, err := s.index.Get(name + "/stage/" + stage)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		e := read[key]
		if e == nil { // most often all stages saw the same one last
			row, ok, err := s.executions.Get(key)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			e, read[key] = &row, &row
		}
		if e.stage(stage) != nil {
			found[stage] = e
		}
	}
	return found, nil
}

func (s *Service) stageState(name string, row *pipeline, st types.StageDeclaration, e *execution) types.StageState {
	stage := aws.ToString(st.Name)
	gate := row.Transitions[stage]
	out := types.StageState{
		StageName: st.Name,
		InboundTransitionState: &types.TransitionState{
			Enabled: !gate.Disabled, DisabledReason: optional(gate.Reason), LastChangedBy: optional(gate.ChangedBy),
		},
	}
	if !gate.ChangedAt.IsZero() {
		out.InboundTransitionState.LastChangedAt = &gate.ChangedAt
	}
	for _, id := range s.inbound(name, stage) {
		out.InboundExecutions = append(out.InboundExecutions, types.StageExecution{
			PipelineExecutionId: aws.String(id), Status: types.StageExecutionStatusInProgress, Type: types.ExecutionTypeStandard,
		})
	}
	if len(out.InboundExecutions) > 0 {
		out.InboundExecution = &out.InboundExecutions[0]
	}
	if e != nil {
		run := e.stage(stage)
		out.LatestExecution = &types.StageExecution{
			PipelineExecutionId: aws.String(e.ID), Status: run.Status, Type: e.kind(),
		}
		out.RetryStageMetadata = run.metadata()
	}
	for _, a := range st.Actions {
		out.ActionStates = append(out.ActionStates, s.actionState(e, stage, a))
	}
	return out
}

// metadata tells of the stage's retries; nil where there were none.
func (st *stageRun) metadata() *types.RetryStageMetadata {
	if st.LastRetry == "" {
		return nil
	}
	out := &types.RetryStageMetadata{LatestRetryTrigger: st.LastRetry}
	if st.Retries > 0 {
		out.ManualStageRetryAttempt = aws.Int32(st.Retries)
	}
	if st.AutoRetries > 0 {
		out.AutoStageRetryAttempt = aws.Int32(st.AutoRetries)
	}
	return out
}

// inbound lists the executions that wait before a stage.
func (s *Service) inbound(name, stage string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	if d, ok := s.doors[name+"/"+stage]; ok {
		for _, r := range d.waiting {
			ids = append(ids, r.id)
		}
	}
	return ids
}

func (s *Service) actionState(e *execution, stage string, d types.ActionDeclaration) types.ActionState {
	out := types.ActionState{ActionName: d.Name, EntityUrl: optional(s.entityURL(d.ActionTypeId, d.Configuration))}
	if e == nil {
		return out
	}
	a := e.action(stage, aws.ToString(d.Name))
	if a == nil {
		return out
	}
	out.RevisionUrl = optional(a.RevisionURL)
	if a.RevisionID != "" {
		out.CurrentRevision = &types.ActionRevision{RevisionId: aws.String(a.RevisionID)}
	}
	out.LatestExecution = &types.ActionExecution{
		ActionExecutionId: aws.String(a.ID), Status: a.Status, Summary: optional(a.Summary), LastStatusChange: &a.Updated,
		LastUpdatedBy: optional(a.UpdatedBy), ExternalExecutionId: optional(a.ExternalID),
		ExternalExecutionUrl: optional(a.ExternalURL), ErrorDetails: a.Error,
	}
	if a.Status == types.ActionExecutionStatusInProgress {
		out.LatestExecution.Token = optional(a.Token)
		out.LatestExecution.PercentComplete = a.Percent
	}
	return out
}
