package verify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// Execution is one commit's way through the pipeline, as AWS recorded it.
type Execution struct {
	ID, Commit, Message string
	Status              types.PipelineExecutionStatus
	// Trigger says what started it; ByEvent whether that was an event, as a push makes one.
	Trigger string
	ByEvent bool
	// Failure is why it failed, with the failing command of a build.
	Failure string
	// Started is when the pipeline noticed; Ended is zero while it goes on.
	Started, Ended time.Time
	// Source, Build and Deploy are when their stages' actions began and ended; zero where not reached.
	Source, Build, Deploy Span
	// Described is when a build told what the commit brings; Author, Files and
	// Changes are what it told. Approval is what a person was asked, nil where nobody was.
	Described              Span
	Author, Files, Changes string
	Approval               *Approval
	// BuildID is the CodeBuild build, Phases how long each of its phases took, in its order.
	BuildID string
	Phases  []BuildPhase
	Cache   Cache
	// Actions are the actions begun so far, the oldest first; Version is that of the pipeline that they belong to.
	Actions []Action
	Version int32
}

// Span is from when to when.
type Span struct{ From, To time.Time }

// Length is how long the span is; zero if it has not ended.
func (s Span) Length() time.Duration {
	if s.From.IsZero() || s.To.IsZero() {
		return 0
	}
	return s.To.Sub(s.From)
}

// BuildPhase is one phase of a build.
type BuildPhase struct {
	Name string
	Took time.Duration
}

// Cache tells what a build had of its cache.
type Cache string

// What a build can have of its cache.
const (
	// CacheOff means that there was none.
	CacheOff Cache = "off"
	// CacheMiss means that there was nothing in it yet: this build filled it.
	CacheMiss Cache = "miss"
	// CacheHit means that the build started with what an earlier one left.
	CacheHit Cache = "hit"
)

// cacheVariable is exported by the buildspec of the caching phase.
const cacheVariable = "CACHE"

// Total is from the pipeline's start to its end; zero while it goes on.
func (e *Execution) Total() time.Duration { return Span{e.Started, e.Ended}.Length() }

// Moving tells whether it goes on: it is in progress, or being stopped.
func (e *Execution) Moving() bool {
	return e.Status == types.PipelineExecutionStatusInProgress || e.Status == types.PipelineExecutionStatusStopping
}

// Commands is how long the build's own phases took, those in which the buildspec's commands run.
func (e *Execution) Commands() (sum time.Duration) {
	for _, p := range e.Phases {
		switch p.Name {
		case "INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD":
			sum += p.Took
		}
	}
	return sum
}

// Executions returns the executions of the pipeline, the newest first. Where
// there is no pipeline there are none. It costs three calls per hundred executions.
func (s *Scene) Executions(ctx context.Context) ([]*Execution, error) {
	name := s.Names.Pipeline()
	var executions []*Execution
	byID := map[string]*Execution{}
	list := codepipeline.NewListPipelineExecutionsPaginator(s.CodePipeline,
		&codepipeline.ListPipelineExecutionsInput{PipelineName: &name})
	for list.HasMorePages() {
		page, err := list.NextPage(ctx)
		if cloud.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list the executions of the pipeline: %w", err)
		}
		for _, summary := range page.PipelineExecutionSummaries {
			e := newExecution(summary)
			executions = append(executions, e)
			byID[e.ID] = e
		}
	}
	if err := s.addActions(ctx, byID, nil); err != nil {
		return nil, err
	}
	if err := s.addBuilds(ctx, executions); err != nil {
		return nil, err
	}
	return executions, nil
}

// Newest returns the newest executions, the newest first, without their
// actions and builds. It costs one call. Where there is no pipeline there are none.
func (s *Scene) Newest(ctx context.Context, most int32) ([]*Execution, error) {
	name := s.Names.Pipeline()
	out, err := s.CodePipeline.ListPipelineExecutions(ctx,
		&codepipeline.ListPipelineExecutionsInput{PipelineName: &name, MaxResults: &most})
	if cloud.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the executions of the pipeline: %w", err)
	}
	executions := make([]*Execution, 0, len(out.PipelineExecutionSummaries))
	for _, summary := range out.PipelineExecutionSummaries {
		executions = append(executions, newExecution(summary))
	}
	return executions, nil
}

// Complete adds its actions and its build to an execution from [Scene.Newest], which has neither: two calls.
func (s *Scene) Complete(ctx context.Context, e *Execution) error {
	err := s.addActions(ctx, map[string]*Execution{e.ID: e}, &types.ActionExecutionFilter{PipelineExecutionId: &e.ID})
	if err != nil {
		return err
	}
	return s.addBuilds(ctx, []*Execution{e})
}

func (s *Scene) addActions(ctx context.Context, byID map[string]*Execution, filter *types.ActionExecutionFilter) error {
	name := s.Names.Pipeline()
	pages := codepipeline.NewListActionExecutionsPaginator(s.CodePipeline,
		&codepipeline.ListActionExecutionsInput{PipelineName: &name, Filter: filter})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list the actions of the pipeline: %w", err)
		}
		for _, a := range page.ActionExecutionDetails {
			if e := byID[aws.ToString(a.PipelineExecutionId)]; e != nil {
				e.add(a, s.Names.DescribeProject())
			}
		}
	}
	for _, e := range byID {
		slices.SortStableFunc(e.Actions, func(a, b Action) int { return a.From.Compare(b.From) })
	}
	return nil
}

func newExecution(summary types.PipelineExecutionSummary) *Execution {
	e := &Execution{
		ID: aws.ToString(summary.PipelineExecutionId), Status: summary.Status, Cache: CacheOff,
		Started: aws.ToTime(summary.StartTime),
	}
	if !e.Moving() {
		e.Ended = aws.ToTime(summary.LastUpdateTime)
	}
	if len(summary.SourceRevisions) > 0 {
		e.Commit = aws.ToString(summary.SourceRevisions[0].RevisionId)
		e.Message = aws.ToString(summary.SourceRevisions[0].RevisionSummary)
	}
	if summary.Trigger != nil {
		e.ByEvent = summary.Trigger.TriggerType == types.TriggerTypeCloudWatchEvent
		e.Trigger = triggerText(summary.Trigger)
	}
	return e
}

func triggerText(t *types.ExecutionTrigger) string {
	switch t.TriggerType {
	case types.TriggerTypeCloudWatchEvent:
		return "an event came"
	case types.TriggerTypeCreatePipeline:
		return "the pipeline was made"
	case types.TriggerTypeStartPipelineExecution:
		return "somebody started it"
	default:
		return "of " + string(t.TriggerType)
	}
}

// addBuilds looks the builds up, a hundred a call.
func (s *Scene) addBuilds(ctx context.Context, executions []*Execution) error {
	byBuild := map[string]*Execution{}
	var ids []string
	for _, e := range executions {
		if e.BuildID != "" {
			byBuild[e.BuildID] = e
			ids = append(ids, e.BuildID)
		}
	}
	const most = 100 // BatchGetBuilds takes no more
	for batch := range slices.Chunk(ids, most) {
		out, err := s.CodeBuild.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: batch})
		if err != nil {
			return fmt.Errorf("look up the builds: %w", err)
		}
		for i := range out.Builds {
			byBuild[aws.ToString(out.Builds[i].Id)].addBuild(&out.Builds[i])
		}
	}
	return nil
}

func (e *Execution) addBuild(build *buildtypes.Build) {
	for _, p := range build.Phases {
		took := time.Duration(aws.ToInt64(p.DurationInSeconds)) * time.Second
		if p.StartTime != nil && p.EndTime != nil {
			took = p.EndTime.Sub(*p.StartTime)
		}
		e.Phases = append(e.Phases, BuildPhase{Name: string(p.PhaseType), Took: took})
	}
	for _, v := range build.ExportedEnvironmentVariables {
		if aws.ToString(v.Name) == cacheVariable {
			e.Cache = Cache(aws.ToString(v.Value))
		}
	}
	if build.BuildStatus == buildtypes.StatusTypeFailed {
		e.Failure = BuildFailure(build)
	}
}
