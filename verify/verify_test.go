package verify

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/localaws"
)

// refusing answers one operation with an error, once it is told which.
type refusing struct {
	operation atomic.Value // the X-Amz-Target's end
	code      atomic.Value
}

func (f *refusing) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		operation, _ := f.operation.Load().(string)
		if operation == "" || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+operation) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(http.StatusBadRequest)
		code, _ := f.code.Load().(string)
		_, _ = io.WriteString(w, `{"__type":"`+code+`","message":"refused by the test"}`)
	})
}

func newScene(t *testing.T) (*Scene, *refusing) {
	t.Helper()
	faults := &refusing{}
	server, err := localaws.Start(localaws.Options{Middleware: faults.wrap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	keys := server.Credentials()
	c, err := cloud.Open(t.Context(), cloud.Target{
		Name: "local", Region: server.Region, Endpoint: server.URL,
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, ""),
	}, time.Now) //nolint:forbidigo // the server has the same clock
	if err != nil {
		t.Fatal(err)
	}
	return &Scene{Cloud: c, Names: cloud.Names{Environment: "test", ID: "abcdef"}, Live: http.DefaultClient}, faults
}

func TestNothingThereIsWrongAndSaysWhatToDo(t *testing.T) {
	s, _ := newScene(t)
	for _, check := range []Check{
		Repository, MainBranch, ApplicationPushed, Buildspec, Project, LeastPrivilege, Build, Pipeline, PushRule,
		PushStarts, DeployStage, ApplicationStack, Live, Changed, CacheEnabled, CachePaths, CacheFilled, CachePays,
		BuildspecArtifacts, ApprovalStage, Asked, Approved,
	} {
		r := check.Ask(t.Context(), s)
		if r.State != Wrong {
			t.Errorf("%s: %s, want wrong: %s", check.Name, r.State, r.Observed)
		}
		if r.Observed == "" || r.Expected == "" || r.Fix == "" {
			t.Errorf("%s does not say what was seen, expected and to be done: %+v", check.Name, r)
		}
	}
}

func TestCouldNotLookIsNotIsNotThere(t *testing.T) {
	s, faults := newScene(t)
	for code, trouble := range map[string]cloud.Trouble{
		"AccessDeniedException":       cloud.Denied,
		"UnrecognizedClientException": cloud.Credentials,
		"ExpiredTokenException":       cloud.Credentials,
	} {
		faults.code.Store(code)
		for operation, check := range map[string]Check{
			"GetRepository": Repository, "BatchGetProjects": Project, "GetPipeline": Pipeline,
			"ListRuleNamesByTarget": PushRule, "GetBranch": MainBranch, "ListPipelineExecutions": CachePays,
		} {
			faults.operation.Store(operation)
			r := check.Ask(t.Context(), s)
			if r.State != CannotTell || r.Trouble != trouble || !strings.Contains(r.Observed, "refused by the test") || r.Fix == "" {
				t.Errorf("%s refused with %s: %+v", operation, code, r)
			}
		}
	}
}

func TestUnreachableIsCannotTell(t *testing.T) {
	s, _ := newScene(t)
	c, err := cloud.Configure(t.Context(), cloud.Target{
		Name: "local", Region: "us-east-1", Endpoint: "http://127.0.0.1:1",
		Credentials: credentials.NewStaticCredentialsProvider("AKIA", "secret", ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.CodeCommit = codecommit.NewFromConfig(c, func(o *codecommit.Options) { o.Retryer = aws.NopRetryer{} })
	if r := MainBranch.Ask(t.Context(), s); r.State != CannotTell || r.Trouble != cloud.Unreachable {
		t.Errorf("got %+v", r)
	}
}

func TestMasterIsNamed(t *testing.T) {
	s, _ := newScene(t)
	name := s.Names.Repository()
	if _, err := s.CodeCommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: &name}); err != nil {
		t.Fatal(err)
	}
	if r := MainBranch.Ask(t.Context(), s); r.State != Wrong || !strings.Contains(r.Observed, "nothing has been pushed") {
		t.Errorf("an empty repository: %+v", r)
	}
	out, err := s.CodeCommit.CreateCommit(t.Context(), &codecommit.CreateCommitInput{
		RepositoryName: &name, BranchName: aws.String("master"),
		PutFiles: []types.PutFileEntry{{FilePath: aws.String("template.yaml"), FileContent: []byte("Resources: {}\n")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := MainBranch.Ask(t.Context(), s); r.State != Wrong || !strings.Contains(r.Observed, "master") || !strings.Contains(r.Fix, "main") {
		t.Errorf("master was pushed: %+v", r)
	}
	_, err = s.CodeCommit.CreateBranch(t.Context(), &codecommit.CreateBranchInput{
		RepositoryName: &name, BranchName: aws.String("main"), CommitId: out.CommitId,
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := MainBranch.Ask(t.Context(), s); r.State != Passed || !strings.Contains(r.Observed, aws.ToString(out.CommitId)[:7]) {
		t.Errorf("main was pushed: %+v", r)
	}
	if r := ApplicationPushed.Ask(t.Context(), s); r.State != Passed {
		t.Errorf("template.yaml is there: %+v", r)
	}
	if r := Buildspec.Ask(t.Context(), s); r.State != Wrong || !strings.Contains(r.Observed, "no buildspec.yml") {
		t.Errorf("buildspec.yml is not there: %+v", r)
	}
}

func TestCompare(t *testing.T) {
	execution := func(cache Cache, seconds int) *Execution {
		return &Execution{
			Status: "Succeeded", BuildID: "b", Cache: cache,
			Phases: []BuildPhase{{"BUILD", time.Duration(seconds) * time.Second}, {"QUEUED", time.Hour}},
		}
	}
	failed := execution(CacheHit, 1)
	failed.Status = "Failed"
	c := Compare([]*Execution{failed, execution(CacheHit, 2), execution(CacheMiss, 21), execution(CacheOff, 20), execution(CacheOff, 99)})
	if c.Warm.Commands() != 2*time.Second || c.Filling.Commands() != 21*time.Second || c.Off.Commands() != 20*time.Second {
		t.Errorf("the newest successful of each kind: %+v", c)
	}
	if got := c.sentence(); !strings.Contains(got, "10.0 times faster") {
		t.Errorf("got %q", got)
	}
	for _, slower := range []int{25, 20} {
		c.Warm = execution(CacheHit, slower)
		if got := c.sentence(); !strings.Contains(got, "no gain this time") {
			t.Errorf("%d s: got %q", slower, got)
		}
	}
	c.Off.Phases[0].Took = 20*time.Second + 900*time.Millisecond
	if got := c.sentence(); !strings.Contains(got, "no gain this time") {
		t.Errorf("what may be noise: got %q", got)
	}
}

// TestCommit says who made a commit and what differs from its parent.
func TestCommit(t *testing.T) {
	s, faults := newScene(t)
	name := s.Names.Repository()
	if head, err := s.Head(t.Context()); head != "" || err != nil {
		t.Errorf("no repository: %q, %v", head, err)
	}
	if _, err := s.CodeCommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: &name}); err != nil {
		t.Fatal(err)
	}
	put := func(path, content string) types.PutFileEntry {
		return types.PutFileEntry{FilePath: &path, FileContent: []byte(content)}
	}
	first, err := s.CodeCommit.CreateCommit(t.Context(), &codecommit.CreateCommitInput{
		RepositoryName: &name, BranchName: aws.String("main"), AuthorName: aws.String("Ada"), CommitMessage: aws.String("Begin\n"),
		PutFiles: []types.PutFileEntry{put("stays", "1"), put("goes", "2")},
	})
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.CodeCommit.CreateCommit(t.Context(), &codecommit.CreateCommitInput{
		RepositoryName: &name, BranchName: aws.String("main"), ParentCommitId: first.CommitId, AuthorName: aws.String("Bob"),
		CommitMessage: aws.String("Go on\n\nIn full."), PutFiles: []types.PutFileEntry{put("stays", "one"), put("dir/new", "3")},
		DeleteFiles: []types.DeleteFileEntry{{FilePath: aws.String("goes")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if head, err := s.Head(t.Context()); head != aws.ToString(second.CommitId) || err != nil {
		t.Errorf("head %q, %v", head, err)
	}
	for id, want := range map[string]Commit{
		*first.CommitId: {Author: "Ada", Message: "Begin", Files: []FileChange{{Path: "goes", Change: "added"}, {Path: "stays", Change: "added"}}},
		*second.CommitId: {Author: "Bob", Message: "Go on\n\nIn full.", Files: []FileChange{
			{Path: "dir/new", Change: "added"}, {Path: "goes", Change: "deleted"}, {Path: "stays", Change: "modified"},
		}},
	} {
		got, err := s.Commit(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(got.Files, func(a, b FileChange) int { return strings.Compare(a.Path, b.Path) })
		if got.Author != want.Author || got.Message != want.Message || got.Made.IsZero() || !slices.Equal(got.Files, want.Files) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}

	faults.code.Store("AccessDeniedException")
	faults.operation.Store("GetBranch")
	if _, err := s.Head(t.Context()); err == nil {
		t.Error("that it could not look is not that there is nothing")
	}
	faults.operation.Store("GetDifferences")
	if c, err := s.Commit(t.Context(), *second.CommitId); err == nil || c == nil || c.Author != "Bob" {
		t.Errorf("what is known is kept: %+v, %v", c, err)
	}
}
