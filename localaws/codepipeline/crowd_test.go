package codepipeline

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// queueingBuilds is a CodeBuild that runs so many builds at a time, a minute each.
type queueingBuilds struct {
	*fakeAWS
	slots chan struct{}

	guard         sync.Mutex // guards what follows
	ended         map[string]bool
	running, most int
}

func (q *queueingBuilds) StartBuild(context.Context, *codebuild.StartBuildInput, ...func(*codebuild.Options)) (*codebuild.StartBuildOutput, error) {
	id := "project:" + uuid.New()
	go func() {
		q.slots <- struct{}{}
		q.count(1)
		time.Sleep(time.Minute) //nolint:forbidigo // the build; the bubble's clock jumps
		q.count(-1)
		<-q.slots
		q.guard.Lock()
		defer q.guard.Unlock()
		q.ended[id] = true
	}()
	return &codebuild.StartBuildOutput{Build: &buildtypes.Build{Id: aws.String(id)}}, nil
}

func (q *queueingBuilds) count(n int) {
	q.guard.Lock()
	defer q.guard.Unlock()
	q.running += n
	q.most = max(q.most, q.running)
}

func (q *queueingBuilds) BatchGetBuilds(_ context.Context, in *codebuild.BatchGetBuildsInput, _ ...func(*codebuild.Options)) (*codebuild.BatchGetBuildsOutput, error) {
	q.guard.Lock()
	defer q.guard.Unlock()
	status := buildtypes.StatusTypeInProgress
	if q.ended[in.Ids[0]] {
		status = buildtypes.StatusTypeSucceeded
	}
	return &codebuild.BatchGetBuildsOutput{Builds: []buildtypes.Build{{BuildStatus: status, BuildComplete: q.ended[in.Ids[0]]}}}, nil
}

func TestFiftyPipelinesAtOnce(t *testing.T) {
	const crowd, slots = 50, 4
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: commit}
		b.real(f)
		q := &queueingBuilds{fakeAWS: f, slots: make(chan struct{}, slots), ended: map[string]bool{}}
		b.s.clients.codebuild = func(aws.Config) buildAPI { return q }
		for i := range crowd {
			p := twoStages(func(p *types.PipelineDeclaration) { p.Name = aws.String(fmt.Sprintf("p%02d", i)) })
			if _, err := b.s.CreatePipeline(b.ctx(), &codepipeline.CreatePipelineInput{Pipeline: &p}); err != nil {
				t.Fatal(err)
			}
		}
		pass((crowd/slots + 2) * time.Minute)
		for i := range crowd {
			out, err := b.s.ListPipelineExecutions(b.ctx(), &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String(fmt.Sprintf("p%02d", i))})
			if err != nil {
				t.Fatal(err)
			}
			want(t, "status", out.PipelineExecutionSummaries[0].Status, types.PipelineExecutionStatusSucceeded)
		}
		want(t, "builds at a time", q.most, slots)
	})
}

// manyRows opens a service that remembers so many pipelines, the first of which
// has so many executions of four actions.
func manyRows(b *testing.B, pipelines, executions int) *Service {
	b.Helper()
	db, err := store.Open(filepath.Join(b.TempDir(), "state.db"))
	if err != nil {
		b.Fatal(err)
	}
	env := service.Env{
		Account: "123456789012", Region: "us-east-1", Dir: b.TempDir(), DB: db, Now: time.Now, //nolint:forbidigo // a benchmark's clock
		Log: slog.New(slog.DiscardHandler),
	}
	s, err := New(env, nobody{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := firstError(s.Close(), db.Close()); err != nil {
			b.Error(err)
		}
	})
	p := declare()
	if err := validate(&p, "us-east-1"); err != nil {
		b.Fatal(err)
	}
	p.Version = aws.Int32(1)
	for i := range pipelines {
		name := fmt.Sprintf("p%04d", i)
		p.Name = aws.String(name)
		row := pipeline{Declaration: p, Created: env.Now(), Updated: env.Now()}
		if err := s.pipelines.Put(name, row); err != nil {
			b.Fatal(err)
		}
		s.keep(&row)
	}
	for i := range executions {
		e := pastExecution("p0000", env.Now())
		key := executionKey("p0000", uint64(i+1))
		if err := firstError(s.executions.Put(key, e), s.index.Put("p0000/id/"+e.ID, key)); err != nil {
			b.Fatal(err)
		}
		for _, st := range e.Stages {
			s.entered(&run{key: key, pipeline: "p0000"}, st.Name)
		}
	}
	return s
}

// nobody archives nothing.
type nobody struct{}

func (nobody) Archive(context.Context, string, string, io.Writer) error { return nil }

// pastExecution is the row of an execution that went through all its stages.
func pastExecution(name string, now time.Time) execution {
	e := execution{
		heading: heading{
			ID: uuid.New(), Pipeline: name, Version: 1, Mode: types.ExecutionModeSuperseded, Status: types.PipelineExecutionStatusSucceeded,
			Started: now, Updated: now,
		},
		Artifacts: map[string]artifact{}, Namespaces: map[string]map[string]string{},
	}
	made := artifact{Name: "SourceArtifact", Bucket: "bucket", Key: name + "/SourceArti/0123456", Revision: commit}
	for _, st := range declare().Stages {
		e.Stages = append(e.Stages, stageRun{Name: *st.Name, Status: types.StageExecutionStatusSucceeded, Entered: now, Since: len(e.Actions)})
		for _, a := range st.Actions {
			e.Actions = append(e.Actions, actionRun{
				ID: uuid.New(), Stage: *st.Name, Name: *a.Name, Type: *a.ActionTypeId, Status: types.ActionExecutionStatusSucceeded, Started: now, Updated: now,
				Configuration: a.Configuration, Inputs: []artifact{made}, Outputs: []artifact{made},
				Summary: "Say hello", ExternalID: "project:" + uuid.New(), ExternalURL: "https://us-east-1.console.aws.amazon.com/codesuite/codebuild/projects/project",
				Variables: map[string]string{"CommitId": commit, "CommitMessage": "Say hello", "BranchName": "main"},
			})
		}
	}
	e.Artifacts["SourceArtifact"], e.Namespaces["SourceVariables"] = made, e.Actions[0].Variables
	e.Sources = []types.SourceRevision{{ActionName: aws.String("Source"), RevisionId: aws.String(commit)}}
	e.Revisions = []types.ArtifactRevision{{Name: aws.String("SourceArtifact"), RevisionId: aws.String(commit)}}
	return e
}

// BenchmarkCrowd measures a page of every list, and a state, among 1,000
// pipelines and 10,000 executions: each is to take less than 5 ms, a state 0.5 ms.
func BenchmarkCrowd(b *testing.B) {
	s := manyRows(b, 1000, 10000)
	name := aws.String("p0000")
	stage := &types.PipelineExecutionFilter{SucceededInStage: &types.SucceededInStageFilter{StageName: aws.String("Build")}}
	for _, bench := range []struct {
		name string
		call func(ctx context.Context) error
	}{
		{"ListPipelines", func(ctx context.Context) error {
			_, err := s.ListPipelines(ctx, &codepipeline.ListPipelinesInput{})
			return err
		}},
		{"ListPipelineExecutions", func(ctx context.Context) error {
			_, err := s.ListPipelineExecutions(ctx, &codepipeline.ListPipelineExecutionsInput{PipelineName: name})
			return err
		}},
		{"ListPipelineExecutions/succeededInStage", func(ctx context.Context) error {
			_, err := s.ListPipelineExecutions(ctx, &codepipeline.ListPipelineExecutionsInput{PipelineName: name, Filter: stage})
			return err
		}},
		{"ListActionExecutions", func(ctx context.Context) error {
			_, err := s.ListActionExecutions(ctx, &codepipeline.ListActionExecutionsInput{PipelineName: name})
			return err
		}},
		{"GetPipelineState", func(ctx context.Context) error {
			_, err := s.GetPipelineState(ctx, &codepipeline.GetPipelineStateInput{Name: name})
			return err
		}},
		{"TagsOf", func(context.Context) error {
			s.TagsOf("arn:aws:codepipeline:us-east-1:123456789012:p0000/Deploy")
			return nil
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				if err := bench.call(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
