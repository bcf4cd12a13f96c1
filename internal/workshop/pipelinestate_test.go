package workshop

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/localaws"
	"github.com/mayfly-cd/mayfly/verify"
)

func TestPipelineState(t *testing.T) {
	stages := []types.StageState{
		{
			StageName: aws.String("Source"), InboundTransitionState: &types.TransitionState{Enabled: true},
			LatestExecution: &types.StageExecution{PipelineExecutionId: aws.String("e2"), Status: types.StageExecutionStatusSucceeded},
			ActionStates: []types.ActionState{{
				ActionName:      aws.String("Source"),
				LatestExecution: &types.ActionExecution{Status: types.ActionExecutionStatusSucceeded, LastStatusChange: at(1), Token: aws.String("old")},
			}},
		},
		{
			StageName:              aws.String("Deploy"),
			InboundTransitionState: &types.TransitionState{Enabled: false, DisabledReason: aws.String("frozen")},
			InboundExecutions:      []types.StageExecution{{PipelineExecutionId: aws.String("e2")}},
			LatestExecution:        &types.StageExecution{PipelineExecutionId: aws.String("e0"), Status: types.StageExecutionStatusInProgress},
			ActionStates: []types.ActionState{
				{ActionName: aws.String("Approve"), LatestExecution: &types.ActionExecution{
					Status: types.ActionExecutionStatusInProgress, LastStatusChange: at(2), Token: aws.String("t"), Summary: aws.String("say"),
				}},
				{ActionName: aws.String("Execute")},
			},
		},
	}
	executions := []types.PipelineExecutionSummary{{
		PipelineExecutionId: aws.String("e2"),
		SourceRevisions:     []types.SourceRevision{{RevisionId: aws.String("c2"), RevisionSummary: aws.String("hello")}},
	}}
	want := PipelineState{Repository: true, Project: true, Stages: []StageState{
		{
			Name: "Source", Status: "Succeeded", Execution: "e2", Commit: "c2", Message: "hello",
			Actions: []ActionState{{Name: "Source", Status: "Succeeded", Since: *at(1)}},
		},
		{
			Name: "Deploy", Status: "InProgress", Execution: "e0", Locked: true, Reason: "frozen", Waiting: 1,
			Actions: []ActionState{{Name: "Approve", Status: "InProgress", Since: *at(2), Approval: true, Summary: "say"}, {Name: "Execute"}},
		},
	}}
	if diff := cmp.Diff(want, pipelineState(stages, executions)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestBeforeThePipeline asks an AWS in which there is nothing, and then a repository.
func TestBeforeThePipeline(t *testing.T) {
	server, err := localaws.Start(localaws.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	keys := server.Credentials()
	c, err := cloud.Open(t.Context(), cloud.Target{
		Region: server.Region, Endpoint: server.URL,
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, ""),
	}, time.Now) //nolint:forbidigo // signatures are by the clock
	if err != nil {
		t.Fatal(err)
	}
	names := cloud.Names{Environment: "default", ID: "abc234"}
	w := &Workshop{scene: &verify.Scene{Cloud: c, Names: names}}
	for _, want := range []PipelineState{{Stages: []StageState{}}, {Repository: true, Stages: []StageState{}}} {
		got, err := w.PipelineState(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		name := names.Repository()
		if _, err := c.CodeCommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: &name}); err != nil && !want.Repository {
			t.Fatal(err)
		}
	}
}
