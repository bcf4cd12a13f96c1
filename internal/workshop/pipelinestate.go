package workshop

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// PipelineState is how the pipeline stands just now, or what there is before there is one.
type PipelineState struct {
	// Repository and Project tell what there is where there is no pipeline yet.
	Repository bool `json:"repository"`
	Project    bool `json:"project"`
	// Stages are those of the pipeline, in its order; none where there is no pipeline.
	Stages []StageState `json:"stages"`
}

// StageState is how a stage stands.
type StageState struct {
	Name string `json:"name"`
	// Status is that of the execution that entered it last, in AWS's word; "" where none has.
	Status string `json:"status,omitempty"`
	// Execution and Commit are what that was, as far as it is known.
	Execution string `json:"execution,omitempty"`
	Commit    string `json:"commit,omitempty"`
	Message   string `json:"message,omitempty"`
	// Locked says that the transition into the stage is disabled, Reason why.
	Locked bool   `json:"locked,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Waiting is how many executions wait before the stage.
	Waiting int           `json:"waiting,omitempty"`
	Actions []ActionState `json:"actions"`
}

// ActionState is how an action stands.
type ActionState struct {
	Name   string `json:"name"`
	Status string `json:"status,omitempty"`
	// Since is when the status last changed.
	Since time.Time `json:"since,omitzero"`
	// Approval says that a person is waited for.
	Approval bool   `json:"approval,omitempty"`
	Summary  string `json:"summary,omitempty"`
}

// PipelineState asks how the pipeline stands. It costs two calls.
func (w *Workshop) PipelineState(ctx context.Context) (PipelineState, error) {
	name := w.scene.Names.Pipeline()
	out, err := w.scene.CodePipeline.GetPipelineState(ctx, &codepipeline.GetPipelineStateInput{Name: &name})
	if cloud.IsNotFound(err) {
		return w.beforePipeline(ctx)
	}
	if err != nil {
		return PipelineState{}, fmt.Errorf("ask how the pipeline stands: %w", err)
	}
	executions, err := w.scene.CodePipeline.ListPipelineExecutions(ctx, &codepipeline.ListPipelineExecutionsInput{
		PipelineName: &name, MaxResults: aws.Int32(20),
	})
	if err != nil {
		return PipelineState{}, fmt.Errorf("list the executions of the pipeline: %w", err)
	}
	return pipelineState(out.StageStates, executions.PipelineExecutionSummaries), nil
}

func (w *Workshop) beforePipeline(ctx context.Context) (PipelineState, error) {
	s := PipelineState{Stages: []StageState{}}
	repository, project := w.scene.Names.Repository(), w.scene.Names.Project()
	_, err := w.scene.CodeCommit.GetRepository(ctx, &codecommit.GetRepositoryInput{RepositoryName: &repository})
	if err != nil && !cloud.IsNotFound(err) {
		return s, fmt.Errorf("look for the repository: %w", err)
	}
	s.Repository = err == nil
	projects, err := w.scene.CodeBuild.BatchGetProjects(ctx, &codebuild.BatchGetProjectsInput{Names: []string{project}})
	if err != nil {
		return s, fmt.Errorf("look for the project: %w", err)
	}
	s.Project = len(projects.Projects) > 0
	return s, nil
}

func pipelineState(stages []types.StageState, executions []types.PipelineExecutionSummary) PipelineState {
	known := map[string]types.PipelineExecutionSummary{}
	for _, e := range executions {
		known[aws.ToString(e.PipelineExecutionId)] = e
	}
	s := PipelineState{Repository: true, Project: true, Stages: []StageState{}}
	for _, from := range stages {
		stage := StageState{Name: aws.ToString(from.StageName), Waiting: len(from.InboundExecutions), Actions: []ActionState{}}
		if t := from.InboundTransitionState; t != nil && !t.Enabled {
			stage.Locked, stage.Reason = true, aws.ToString(t.DisabledReason)
		}
		if latest := from.LatestExecution; latest != nil {
			stage.Status, stage.Execution = string(latest.Status), aws.ToString(latest.PipelineExecutionId)
			if e, ok := known[stage.Execution]; ok && len(e.SourceRevisions) > 0 {
				stage.Commit = aws.ToString(e.SourceRevisions[0].RevisionId)
				stage.Message = aws.ToString(e.SourceRevisions[0].RevisionSummary)
			}
		}
		for _, a := range from.ActionStates {
			stage.Actions = append(stage.Actions, actionState(a))
		}
		s.Stages = append(s.Stages, stage)
	}
	return s
}

func actionState(from types.ActionState) ActionState {
	a := ActionState{Name: aws.ToString(from.ActionName)}
	if latest := from.LatestExecution; latest != nil {
		a.Status, a.Since = string(latest.Status), aws.ToTime(latest.LastStatusChange)
		a.Summary = aws.ToString(latest.Summary)
		// Only an approval has a token that is shown: it is what the answer is given with.
		a.Approval = latest.Token != nil && latest.Status == types.ActionExecutionStatusInProgress
	}
	return a
}
