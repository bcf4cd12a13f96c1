package codepipeline

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

const roleARN = "arn:aws:iam::123456789012:role/pipeline"

// bench is a service whose actions do what the test tells them.
type bench struct {
	t   *testing.T
	s   *Service
	env service.Env

	mu      sync.Mutex // guards what follows
	denied  map[string]bool
	assumed int // so many sessions were opened
	events  []string
	bodies  []string // the events' details as JSON
	calls   []string
	gates   map[string]chan error
	given   map[string]result
	jobs    map[string]*job
}

// newBench opens a service in the state folder dir. It is closed at the end of f.
func newBench(t *testing.T, dir string, f func(b *bench)) {
	t.Helper()
	db, err := store.Open(filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{
		t: t, denied: map[string]bool{}, gates: map[string]chan error{}, given: map[string]result{}, jobs: map[string]*job{},
	}
	b.env = service.Env{
		Account: "123456789012", Region: "us-east-1", URL: "http://127.0.0.1:1", Dir: t.TempDir(), DB: db,
		Now: time.Now, //nolint:forbidigo // the bubble's own clock
		Log: slog.New(slog.DiscardHandler), Roles: b, Bus: b,
	}
	if b.s, err = New(b.env, b); err != nil {
		t.Fatal(err)
	}
	for key := range b.s.actors {
		if key != "Approval/Manual" {
			b.s.actors[key] = b.act
		}
	}
	f(b)
	if err := errors.Join(b.s.Close(), db.Close()); err != nil {
		t.Error(err)
	}
}

// inBubble runs a test of the engine under a clock of its own.
func inBubble(t *testing.T, f func(b *bench)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { newBench(t, dir, f) })
}

// Assume is [service.Roles].
func (b *bench) Assume(_ context.Context, in service.Session) (aws.Config, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.assumed++
	if b.denied[in.RoleARN] || in.Service != principal || in.SourceARN == "" {
		return aws.Config{}, errors.New("access denied")
	}
	return aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("ASIAPIPELINE", "secret", "session")}, nil
}

// Publish is [service.Bus].
func (b *bench) Publish(_ context.Context, _, detailType string, _ []string, detail any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	d, ok := detail.(map[string]any)
	if !ok {
		b.t.Errorf("detail is %T", detail)
	}
	var names []string
	for _, key := range []string{"stage", "action"} {
		if v, ok := d[key].(string); ok {
			names = append(names, v)
		}
	}
	body, err := json.Marshal(detail)
	if err != nil {
		b.t.Error(err)
	}
	b.bodies = append(b.bodies, detailType+" "+string(body))
	kind := strings.TrimSuffix(strings.TrimPrefix(detailType, "CodePipeline "), " Execution State Change")
	b.events = append(b.events, strings.TrimSpace(kind+" "+strings.Join(names, "/"))+" "+d["state"].(string))
	return nil
}

// Archive is [Archiver].
func (b *bench) Archive(ctx context.Context, repository, commitID string, w io.Writer) error {
	if p := identity.From(ctx); p.RoleARN != roleARN || p.Service != principal {
		b.t.Errorf("archived as %+v", p)
	}
	return zipOf(w, "README.md", []byte(repository+" at "+commitID))
}

// act is every action: it waits until the test lets it end.
func (b *bench) act(ctx context.Context, j *job) (result, error) {
	b.mu.Lock()
	b.calls = append(b.calls, j.action)
	b.jobs[j.action] = j
	res := b.given[j.action]
	b.mu.Unlock()
	select {
	case err := <-b.gate(j.action):
		if err == nil && res.revision != nil {
			j.report(func(a *actionRun) { a.ExternalID = res.revision.id })
		}
		return res, err
	case <-ctx.Done():
		return result{}, context.Cause(ctx)
	}
}

func (b *bench) gate(action string) chan error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gates[action] == nil {
		b.gates[action] = make(chan error, 100)
	}
	return b.gates[action]
}

// end lets actions end well, one run each, and waits until all is quiet.
func (b *bench) end(actions ...string) {
	for _, a := range actions {
		b.gate(a) <- nil
		synctest.Wait()
	}
}

func (b *bench) fail(action, message string) {
	b.gate(action) <- failed(codeJobFailed, "%s", message)
	synctest.Wait()
}

// ran returns the actions started since the last call, sorted.
func (b *bench) ran() []string {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := b.calls
	b.calls = nil
	slices.Sort(calls)
	return calls
}

func (b *bench) create(p types.PipelineDeclaration) {
	b.t.Helper()
	if _, err := b.s.CreatePipeline(b.ctx(), &codepipeline.CreatePipelineInput{Pipeline: &p}); err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
}

func (b *bench) ctx() context.Context {
	return identity.With(b.t.Context(), identity.Principal{ARN: "arn:aws:iam::123456789012:user/ann"})
}

func (b *bench) start() string {
	b.t.Helper()
	out, err := b.s.StartPipelineExecution(b.ctx(), &codepipeline.StartPipelineExecutionInput{Name: aws.String("p")})
	if err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
	return *out.PipelineExecutionId
}

// status returns the statuses of the pipeline's executions, the oldest first.
func (b *bench) status() []string {
	b.t.Helper()
	synctest.Wait()
	out, err := b.s.ListPipelineExecutions(b.ctx(), &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String("p")})
	if err != nil {
		b.t.Fatal(err)
	}
	var all []string
	for _, e := range slices.Backward(out.PipelineExecutionSummaries) {
		all = append(all, string(e.Status))
	}
	return all
}

func (b *bench) first() string {
	b.t.Helper()
	out, err := b.s.ListPipelineExecutions(b.ctx(), &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String("p")})
	if err != nil {
		b.t.Fatal(err)
	}
	return *out.PipelineExecutionSummaries[len(out.PipelineExecutionSummaries)-1].PipelineExecutionId
}

func (b *bench) state() *codepipeline.GetPipelineStateOutput {
	b.t.Helper()
	out, err := b.s.GetPipelineState(b.ctx(), &codepipeline.GetPipelineStateInput{Name: aws.String("p")})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// declare makes a pipeline named p: a source stage, a build stage, a deploy stage.
func declare(change ...func(p *types.PipelineDeclaration)) types.PipelineDeclaration {
	p := types.PipelineDeclaration{
		Name: aws.String("p"), RoleArn: aws.String(roleARN), PipelineType: types.PipelineTypeV2,
		ArtifactStore: &types.ArtifactStore{Type: types.ArtifactStoreTypeS3, Location: aws.String("bucket")},
		Stages: []types.StageDeclaration{
			stage("Source", source("Source")),
			stage("Build", build("Build")),
			stage("Deploy", deploy("Deploy")),
		},
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func stage(name string, actions ...types.ActionDeclaration) types.StageDeclaration {
	return types.StageDeclaration{Name: aws.String(name), Actions: actions}
}

func typeID(category types.ActionCategory, provider string) *types.ActionTypeId {
	return &types.ActionTypeId{Category: category, Owner: types.ActionOwnerAws, Provider: aws.String(provider), Version: aws.String("1")}
}

func source(name string) types.ActionDeclaration {
	return types.ActionDeclaration{
		Name: aws.String(name), ActionTypeId: typeID(types.ActionCategorySource, "CodeCommit"), Namespace: aws.String(name + "Variables"),
		Configuration:   map[string]string{"RepositoryName": "repo", "BranchName": "main", "PollForSourceChanges": "false"},
		OutputArtifacts: []types.OutputArtifact{{Name: aws.String(name + "Artifact")}},
	}
}

func build(name string) types.ActionDeclaration {
	return types.ActionDeclaration{
		Name: aws.String(name), ActionTypeId: typeID(types.ActionCategoryBuild, "CodeBuild"),
		Configuration:   map[string]string{"ProjectName": "project"},
		InputArtifacts:  []types.InputArtifact{{Name: aws.String("SourceArtifact")}},
		OutputArtifacts: []types.OutputArtifact{{Name: aws.String(name + "Artifact")}},
	}
}

func deploy(name string) types.ActionDeclaration {
	return types.ActionDeclaration{
		Name: aws.String(name), ActionTypeId: typeID(types.ActionCategoryDeploy, "CloudFormation"),
		Configuration: map[string]string{
			"ActionMode": modeChangeSetReplace, "StackName": "app", "ChangeSetName": "changes",
			"RoleArn": "arn:aws:iam::123456789012:role/deploy", "TemplatePath": "BuildArtifact::template.yaml",
		},
		InputArtifacts: []types.InputArtifact{{Name: aws.String("BuildArtifact")}},
	}
}

func approval(name string) types.ActionDeclaration {
	return types.ActionDeclaration{Name: aws.String(name), ActionTypeId: typeID(types.ActionCategoryApproval, "Manual")}
}
