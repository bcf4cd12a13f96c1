package codepipeline

import (
	"context"
	"strconv"

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
		ExecutionMode: e.Mode, ExecutionType: types.ExecutionTypeStandard, ArtifactRevisions: e.Revisions,
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
	if _, err := s.pipeline(name); err != nil {
		return nil, err
	}
	after, err := decodeToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	limit := pageSize(in.MaxResults, 100)
	read := limit + 1
	if in.Filter != nil {
		read = 0 // how many match is not known before they are read
	}
	rows, err := s.executions.List(name+"/", after, read)
	if err != nil {
		return nil, err
	}
	out := &codepipeline.ListPipelineExecutionsOutput{PipelineExecutionSummaries: []types.PipelineExecutionSummary{}}
	var last string
	for i := range rows {
		e := &rows[i].Value
		if !matchesStage(e, in.Filter) {
			continue
		}
		if len(out.PipelineExecutionSummaries) == limit {
			out.NextToken = encodeToken(last)
			break
		}
		last = rows[i].Key
		out.PipelineExecutionSummaries = append(out.PipelineExecutionSummaries, summarize(e))
	}
	return out, nil
}

func matchesStage(e *execution, filter *types.PipelineExecutionFilter) bool {
	if filter == nil || filter.SucceededInStage == nil {
		return true
	}
	st := e.stage(aws.ToString(filter.SucceededInStage.StageName))
	return st != nil && st.Status == types.StageExecutionStatusSucceeded
}

func summarize(e *execution) types.PipelineExecutionSummary {
	out := types.PipelineExecutionSummary{
		PipelineExecutionId: aws.String(e.ID), Status: e.Status, StatusSummary: optional(e.StatusSummary),
		StartTime: &e.Started, LastUpdateTime: &e.Updated, SourceRevisions: e.Sources, Trigger: &e.Trigger,
		ExecutionMode: e.Mode, ExecutionType: types.ExecutionTypeStandard,
	}
	if e.StopReason != "" {
		out.StopTrigger = &types.StopExecutionTrigger{Reason: aws.String(e.StopReason)}
	}
	return out
}

// ListActionExecutions lists the actions of a pipeline or of one execution, the newest first.
func (s *Service) ListActionExecutions(_ context.Context, in *codepipeline.ListActionExecutionsInput) (*codepipeline.ListActionExecutionsOutput, error) {
	name := aws.ToString(in.PipelineName)
	if _, err := s.pipeline(name); err != nil {
		return nil, err
	}
	after, err := decodeToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	skip, err := strconv.Atoi("0" + after)
	if err != nil {
		return nil, invalidToken()
	}
	details, err := s.actionDetails(name, executionFilter(in.Filter))
	if err != nil {
		return nil, err
	}
	limit := pageSize(in.MaxResults, 100)
	details = details[min(skip, len(details)):]
	out := &codepipeline.ListActionExecutionsOutput{ActionExecutionDetails: details}
	if len(details) > limit {
		out.ActionExecutionDetails = details[:limit]
		out.NextToken = encodeToken(strconv.Itoa(skip + limit))
	}
	return out, nil
}

func executionFilter(f *types.ActionExecutionFilter) string {
	switch {
	case f == nil:
		return ""
	case f.LatestInPipelineExecution != nil:
		return aws.ToString(f.LatestInPipelineExecution.PipelineExecutionId)
	}
	return aws.ToString(f.PipelineExecutionId)
}

func (s *Service) actionDetails(name, id string) ([]types.ActionExecutionDetail, error) {
	details := []types.ActionExecutionDetail{}
	add := func(e *execution) bool {
		for i := len(e.Actions) - 1; i >= 0; i-- {
			details = append(details, s.actionDetail(e, &e.Actions[i]))
		}
		return true
	}
	if id == "" {
		return details, s.newestFirst(name, add)
	}
	_, e, err := s.execution(name, id)
	if err != nil {
		return nil, err
	}
	add(&e)
	return details, nil
}

func (s *Service) actionDetail(e *execution, a *actionRun) types.ActionExecutionDetail {
	return types.ActionExecutionDetail{
		PipelineExecutionId: aws.String(e.ID), ActionExecutionId: aws.String(a.ID), PipelineVersion: aws.Int32(e.Version),
		StageName: aws.String(a.Stage), ActionName: aws.String(a.Name), StartTime: &a.Started, LastUpdateTime: &a.Updated,
		UpdatedBy: optional(a.UpdatedBy), Status: a.Status,
		Input: &types.ActionExecutionInput{
			ActionTypeId: &a.Type, Configuration: a.Configuration, ResolvedConfiguration: a.Resolved,
			RoleArn: optional(a.RoleARN), Region: aws.String(s.env.Region), Namespace: optional(a.Namespace),
			InputArtifacts: artifactDetails(a.Inputs),
		},
		Output: &types.ActionExecutionOutput{
			OutputArtifacts: artifactDetails(a.Outputs), OutputVariables: a.Variables,
			ExecutionResult: &types.ActionExecutionResult{
				ExternalExecutionId: optional(a.ExternalID), ExternalExecutionSummary: optional(a.Summary),
				ExternalExecutionUrl: optional(a.ExternalURL), ErrorDetails: a.Error,
			},
		},
	}
}

func artifactDetails(all []artifact) []types.ArtifactDetail {
	out := make([]types.ArtifactDetail, 0, len(all))
	for _, a := range all {
		out = append(out, types.ArtifactDetail{
			Name: aws.String(a.Name), S3location: &types.S3Location{Bucket: aws.String(a.Bucket), Key: aws.String(a.Key)},
		})
	}
	return out
}
