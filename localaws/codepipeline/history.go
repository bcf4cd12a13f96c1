package codepipeline

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// GetPipelineExecution describes one execution.
func (s *Service) GetPipelineExecution(_ context.Context, in *codepipeline.GetPipelineExecutionInput) (*codepipeline.GetPipelineExecutionOutput, error) {
	if _, err := s.pipeline(aws.ToString(in.PipelineName)); err != nil {
		return nil, err
	}
	_, e, err := s.execution(aws.ToString(in.PipelineName), aws.ToString(in.PipelineExecutionId))
	if err != nil {
		return nil, err
	}
	out := &types.PipelineExecution{
		PipelineName: aws.String(e.Pipeline), PipelineVersion: aws.Int32(e.Version), PipelineExecutionId: aws.String(e.ID),
		Status: e.Status, StatusSummary: optional(e.StatusSummary), Trigger: &e.Trigger,
		ExecutionMode: e.Mode, ExecutionType: e.kind(), RollbackMetadata: e.rollback(), ArtifactRevisions: e.Revisions,
	}
	p, _, err := s.versions.Get(versionKey(e.Pipeline, e.Version))
	if err != nil {
		return nil, err
	}
	for _, v := range p.Variables {
		out.Variables = append(out.Variables, types.ResolvedPipelineVariable{
			Name: v.Name, ResolvedValue: aws.String(e.Variables[aws.ToString(v.Name)]),
		})
	}
	return &codepipeline.GetPipelineExecutionOutput{PipelineExecution: out}, nil
}

// ListPipelineExecutions lists the executions of a pipeline, the newest first.
func (s *Service) ListPipelineExecutions(_ context.Context, in *codepipeline.ListPipelineExecutionsInput) (*codepipeline.ListPipelineExecutionsOutput, error) {
	name := aws.ToString(in.PipelineName)
	row, err := s.pipeline(name)
	if err != nil {
		return nil, err
	}
	after, err := decodeToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	limit := pageSize(in.MaxResults, 100)
	out := &codepipeline.ListPipelineExecutionsOutput{PipelineExecutionSummaries: []types.PipelineExecutionSummary{}}
	for last := ""; ; {
		rows, err := s.headings.List(name+"/", after, limit+1)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			e := &rows[i].Value
			after = rows[i].Key
			if !matchesStage(e, row.Declaration.Version, in.Filter) {
				continue
			}
			if len(out.PipelineExecutionSummaries) == limit {
				out.NextToken = encodeToken(last)
				return out, nil
			}
			last = after
			out.PipelineExecutionSummaries = append(out.PipelineExecutionSummaries, summarize(e))
		}
		if len(rows) <= limit {
			return out, nil
		}
	}
}

// matchesStage filters "for pipeline executions where the stage was successful in
// the current pipeline version", as the API's reference has it.
func matchesStage(e *heading, version *int32, filter *types.PipelineExecutionFilter) bool {
	if filter == nil || filter.SucceededInStage == nil {
		return true
	}
	if e.Version != aws.ToInt32(version) {
		return false
	}
	st := e.stage(aws.ToString(filter.SucceededInStage.StageName))
	return st != nil && st.Status == types.StageExecutionStatusSucceeded
}

// rollback names the execution to which this one goes back; nil for a standard one.
func (e *heading) rollback() *types.PipelineRollbackMetadata {
	if e.Target == "" {
		return nil
	}
	return &types.PipelineRollbackMetadata{RollbackTargetPipelineExecutionId: aws.String(e.Target)}
}

func summarize(e *heading) types.PipelineExecutionSummary {
	out := types.PipelineExecutionSummary{
		PipelineExecutionId: aws.String(e.ID), Status: e.Status, StatusSummary: optional(e.StatusSummary),
		StartTime: &e.Started, LastUpdateTime: &e.Updated, SourceRevisions: e.Sources, Trigger: &e.Trigger,
		ExecutionMode: e.Mode, ExecutionType: e.kind(), RollbackMetadata: e.rollback(),
	}
	if e.StopReason != "" {
		out.StopTrigger = &types.StopExecutionTrigger{Reason: aws.String(e.StopReason)}
	}
	return out
}
