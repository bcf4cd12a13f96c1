package codepipeline

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// ListActionExecutions lists the actions of a pipeline or of one execution, the newest first.
func (s *Service) ListActionExecutions(_ context.Context, in *codepipeline.ListActionExecutionsInput) (*codepipeline.ListActionExecutionsOutput, error) {
	name := aws.ToString(in.PipelineName)
	if _, err := s.pipeline(name); err != nil {
		return nil, err
	}
	page := &actionPage{service: s, limit: pageSize(in.MaxResults, 100), details: []types.ActionExecutionDetail{}}
	if err := page.resume(name, in.NextToken); err != nil {
		return nil, err
	}
	id, err := page.filter(in.Filter)
	if err != nil {
		return nil, err
	}
	if id != "" {
		key, e, err := s.execution(name, id)
		if err != nil {
			return nil, err
		}
		page.add(key, &e)
	} else if err := s.newestFrom(name, page.key, page.add); err != nil {
		return nil, err
	}
	return &codepipeline.ListActionExecutionsOutput{ActionExecutionDetails: page.details, NextToken: page.next}, nil
}

// actionPage collects one page of actions. Its tokens name an execution and how
// many of its actions, the oldest ones, are still to come.
type actionPage struct {
	service *Service
	key     string // where the page starts
	left    int    // of the actions of that execution; -1 for all
	latest  bool   // of each action only its latest run
	limit   int
	details []types.ActionExecutionDetail
	next    *string
}

func (p *actionPage) resume(pipeline string, token *string) error {
	p.left = -1
	text, err := decodeToken(token)
	if err != nil || text == "" {
		return err
	}
	key, left, ok := strings.Cut(text, " ")
	n, err := strconv.Atoi(left)
	if !ok || err != nil || n < 0 || !strings.HasPrefix(key, pipeline+"/") {
		return invalidToken()
	}
	p.key, p.left = key, n
	return nil
}

// filter returns the execution to which the filter limits the page, or "".
func (p *actionPage) filter(f *types.ActionExecutionFilter) (id string, err error) {
	switch {
	case f == nil:
		return "", nil
	case f.LatestInPipelineExecution == nil:
		return aws.ToString(f.PipelineExecutionId), nil
	case f.PipelineExecutionId != nil:
		return "", validationError("Only one of pipelineExecutionId and latestInPipelineExecution can be given")
	}
	p.latest = f.LatestInPipelineExecution.StartTimeRange == types.StartTimeRangeLatest
	return aws.ToString(f.LatestInPipelineExecution.PipelineExecutionId), nil
}

// add takes the actions of an execution, and says whether there is room for more.
func (p *actionPage) add(key string, e *execution) (more bool) {
	left := len(e.Actions)
	if key == p.key && p.left >= 0 {
		left = min(left, p.left)
	}
	for i := left - 1; i >= 0; i-- {
		a := &e.Actions[i]
		if p.latest && e.action(a.Stage, a.Name) != a {
			continue
		}
		if len(p.details) == p.limit {
			p.next = encodeToken(key + " " + strconv.Itoa(i+1))
			return false
		}
		p.details = append(p.details, p.service.actionDetail(e, a))
	}
	return true
}

func (s *Service) actionDetail(e *execution, a *actionRun) types.ActionExecutionDetail {
	return types.ActionExecutionDetail{
		PipelineExecutionId: aws.String(e.ID), ActionExecutionId: aws.String(a.ID), PipelineVersion: aws.Int32(e.Version),
		StageName: aws.String(a.Stage), ActionName: aws.String(a.Name), StartTime: &a.Started, LastUpdateTime: &a.Updated,
		UpdatedBy: optional(a.UpdatedBy), Status: a.Status,
		Input: &types.ActionExecutionInput{
			ActionTypeId: &a.Type, Configuration: a.Configuration, ResolvedConfiguration: a.resolved(),
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

// ListRuleExecutions lists the rules of stages' conditions that ran: none, since
// conditions are not served.
func (s *Service) ListRuleExecutions(_ context.Context, in *codepipeline.ListRuleExecutionsInput) (*codepipeline.ListRuleExecutionsOutput, error) {
	name := aws.ToString(in.PipelineName)
	if _, err := s.pipeline(name); err != nil {
		return nil, err
	}
	if in.NextToken != nil {
		return nil, invalidToken()
	}
	if f := in.Filter; f != nil {
		id := aws.ToString(f.PipelineExecutionId)
		if f.LatestInPipelineExecution != nil {
			id = aws.ToString(f.LatestInPipelineExecution.PipelineExecutionId)
		}
		if _, _, err := s.execution(name, id); err != nil {
			return nil, err
		}
	}
	return &codepipeline.ListRuleExecutionsOutput{RuleExecutionDetails: []types.RuleExecutionDetail{}}, nil
}
