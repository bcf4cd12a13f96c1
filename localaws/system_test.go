package localaws_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	cptypes "github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws"
)

const topic = `
Resources:
  Topic: {Type: "AWS::SNS::Topic"}
Outputs:
  Topic: {Value: !Ref Topic}
`

// TestRestartKeepsEverything makes one of each, restarts, and looks again.
func TestRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	w, s := newWorld(t, localaws.Options{Dir: dir})
	must(w.codecommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: aws.String("app")}))(t)
	git := newCheckout(t)
	git.write("README", "hello\n")
	head := git.commit("first")
	git.push(w, "app")
	must(w.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket:                    aws.String("things"),
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	}))(t)
	must(w.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("things"), Key: aws.String("a/b"), Body: strings.NewReader("kept")}))(t)
	stack := w.deploy("kept", topic)
	w.project("works", w.role("builder", "logs:*"), "version: 0.2\nphases: {build: {commands: [echo fine]}}\n")
	build := w.awaitBuild(w.startBuild("works"))
	if build.BuildStatus != cbtypes.StatusTypeSucceeded {
		t.Fatalf("the build is %s: %+v", build.BuildStatus, build.Phases)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	again, s2 := newWorld(t, localaws.Options{Dir: dir})
	if s2.URL != s.URL || s2.Credentials() != s.Credentials() {
		t.Errorf("it was %s with %s and is %s with %s", s.URL, s.Credentials().AccessKeyID, s2.URL, s2.Credentials().AccessKeyID)
	}
	branch := must(again.codecommit.GetBranch(t.Context(), &codecommit.GetBranchInput{RepositoryName: aws.String("app"), BranchName: aws.String("main")}))(t)
	if got := aws.ToString(branch.Branch.CommitId); got != head {
		t.Errorf("main is at %s, want %s", got, head)
	}
	if got := git.git("ls-remote", again.remote("app", again.keys.SecretAccessKey), "main"); !strings.HasPrefix(got, head) {
		t.Errorf("git sees %q, want %s", got, head)
	}
	object := must(again.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("things"), Key: aws.String("a/b")}))(t)
	if body, err := io.ReadAll(object.Body); err != nil || string(body) != "kept" {
		t.Errorf("the object is %q, %v", body, err)
	}
	if got := again.stack("kept"); got.StackStatus != cfntypes.StackStatusCreateComplete || aws.ToString(got.Outputs[0].OutputValue) != stack["Topic"] {
		t.Errorf("the stack is %s with %v, want %v", got.StackStatus, got.Outputs, stack)
	}
	kept := again.build(*build.Id)
	if kept.BuildStatus != build.BuildStatus || len(kept.Phases) != len(build.Phases) || !kept.EndTime.Equal(*build.EndTime) {
		t.Errorf("the build was %+v and is %+v", build, kept)
	}
}

// TestKilledInTheMiddle kills a server while a build, the execution that
// started it and a stack operation go on: they come back as failed.
func TestKilledInTheMiddle(t *testing.T) {
	dir := t.TempDir()
	server := startChild(t, dir)
	w := server.dial(t)
	g, mark := newGate(t), unique()
	line := newLine(w, "line", lineOptions{buildspec: "version: 0.2\nphases: {build: {commands: ['" + g.strays(t, mark) + "']}}\n"})
	git := newCheckout(t)
	git.write("README", "hello\n")
	git.commit("first")
	git.push(w, line.repository)
	g.await(t)
	eventually(t, "the build's two children run", func() bool { return len(processes(t, "sleep "+mark)) >= 2 })
	execution := line.started(1)
	build := line.builds()[0]

	w.createStack("long", manyTopics(400))
	eventually(t, "the stack's operation is under way", func() bool {
		status := w.stack("long").StackStatus
		if status != cfntypes.StackStatusCreateInProgress {
			t.Fatalf("the stack is %s before the server could be killed", status)
		}
		return len(w.events("long")) > 3
	})
	server.kill()

	again := startChild(t, dir).dial(t)
	if again.url != w.url {
		t.Errorf("it was at %s and is at %s", w.url, again.url)
	}
	got := again.build(build)
	if got.BuildStatus != cbtypes.StatusTypeFailed || !got.BuildComplete || got.EndTime == nil {
		t.Errorf("the build is %s, complete %v", got.BuildStatus, got.BuildComplete)
	}
	if status := again.execution(line.pipeline, execution); status != cptypes.PipelineExecutionStatusFailed {
		t.Errorf("the execution is %s", status)
	}
	state := must(again.codepipeline.GetPipelineState(t.Context(), &codepipeline.GetPipelineStateInput{Name: aws.String(line.pipeline)}))(t)
	for _, stage := range state.StageStates {
		for _, action := range stage.ActionStates {
			if action.LatestExecution != nil && action.LatestExecution.Status == cptypes.ActionExecutionStatusInProgress {
				t.Errorf("action %s is still in progress", *action.ActionName)
			}
		}
	}
	if status := again.stack("long").StackStatus; status != cfntypes.StackStatusCreateFailed {
		t.Errorf("the stack is %s", status)
	}
	eventually(t, "no process of the build is left", func() bool { return len(processes(t, "sleep "+mark)) == 0 })

	// What was cut short can be cleared away and done again.
	must(again.cloudformation.DeleteStack(t.Context(), deleteStack("long")))(t)
	eventually(t, "the stack is gone", func() bool { return isGone(again, "long") })
}

// manyTopics is a template of topics each of which waits for the one before.
func manyTopics(n int) string {
	var b strings.Builder
	b.WriteString("Resources:\n")
	for i := range n {
		fmt.Fprintf(&b, "  Topic%d:\n    Type: AWS::SNS::Topic\n", i)
		if i > 0 {
			fmt.Fprintf(&b, "    DependsOn: Topic%d\n", i-1)
		}
	}
	return b.String()
}

func TestPortTaken(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	_, err = localaws.Start(localaws.Options{Dir: t.TempDir(), Port: port})
	taken, ok := errors.AsType[*localaws.PortError](err)
	if !ok || taken.Port != port || taken.Kept {
		t.Errorf("asked for: %v", err)
	}
	dir := t.TempDir()
	if err := localaws.KeepPort(dir, port); err != nil {
		t.Fatal(err)
	}
	_, err = localaws.Start(localaws.Options{Dir: dir})
	taken, ok = errors.AsType[*localaws.PortError](err)
	if !ok || taken.Port != port || !taken.Kept {
		t.Errorf("of the last time: %v", err)
	}
	if want := fmt.Sprintf("port %d, which this local AWS had before, is taken", port); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v does not say %q", err, want)
	}
	// The failed start has let go of the state.
	listener.Close()
	s, err := localaws.Start(localaws.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestPlaceIsKept starts again with nothing said, and with another region.
func TestPlaceIsKept(t *testing.T) {
	dir := t.TempDir()
	start(t, localaws.Options{Dir: dir}).Close()
	again, err := localaws.Start(localaws.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if again.Region != region || again.Account != account {
		t.Errorf("it stands in %s, account %s", again.Region, again.Account)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	_, err = localaws.Start(localaws.Options{Dir: dir, Region: "us-east-1"})
	if other, ok := errors.AsType[*localaws.PlaceError](err); !ok || other.Region != region {
		t.Errorf("in another region: %v", err)
	}
}

func TestStateInUse(t *testing.T) {
	dir := t.TempDir()
	holder := startChild(t, dir)
	if _, err := localaws.Start(localaws.Options{Dir: dir}); !errors.Is(err, localaws.ErrInUse) {
		t.Errorf("start: %v", err)
	}
	if err := localaws.Wipe(dir); !errors.Is(err, localaws.ErrInUse) {
		t.Errorf("wipe: %v", err)
	}
	// The holder is none the worse for it.
	must(holder.dial(t).codecommit.ListRepositories(t.Context(), &codecommit.ListRepositoriesInput{}))(t)
	if err := holder.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := holder.cmd.Wait(); err != nil {
		t.Errorf("the holder did not end well: %v", err)
	}
	start(t, localaws.Options{Dir: dir})
}

func TestUnwritableState(t *testing.T) {
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := localaws.Start(localaws.Options{Dir: file + "/state"})
	if err == nil || !strings.Contains(err.Error(), "make the state folder: ") {
		t.Errorf("got %v", err)
	}
}

func TestTwoServersSideBySide(t *testing.T) {
	a, _ := newWorld(t, localaws.Options{})
	b, _ := newWorld(t, localaws.Options{})
	must(a.codecommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: aws.String("app")}))(t)
	if got := must(b.codecommit.ListRepositories(t.Context(), &codecommit.ListRepositoriesInput{}))(t).Repositories; len(got) != 0 {
		t.Errorf("the other server has %v", got)
	}
	_, err := dial(t, b.url, a.keys).codecommit.ListRepositories(t.Context(), &codecommit.ListRepositoriesInput{})
	if code(err) != "UnrecognizedClientException" {
		t.Errorf("with the other's keys: %v", err)
	}
	must(b.codecommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: aws.String("app")}))(t)
}

// TestBigPush pushes 5 MB that cannot be compressed through the whole endpoint.
func TestBigPush(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	must(w.codecommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: aws.String("app")}))(t)
	data := make([]byte, 5<<20)
	_, _ = rand.Read(data)
	git := newCheckout(t)
	git.write("big", string(data))
	head := git.commit("big")
	git.push(w, "app")
	clone := newCheckout(t)
	clone.git("pull", "--quiet", w.remote("app", w.keys.SecretAccessKey), "main")
	if got := clone.git("rev-parse", "HEAD"); got != head {
		t.Errorf("the clone is at %s, want %s", got, head)
	}
	if got, err := os.ReadFile(clone.dir + "/big"); err != nil || string(got) != string(data) {
		t.Errorf("the file came back otherwise: %d bytes, %v", len(got), err)
	}
}

// TestUnknownTypeIsNamed asks for a type of AWS's that is not served: nothing is made.
func TestUnknownTypeIsNamed(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	_, err := w.cloudformation.CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName:    aws.String("unknown"),
		TemplateBody: aws.String("Resources:\n  Topic: {Type: 'AWS::SNS::Topic'}\n  Queue: {Type: 'AWS::SQS::Queue'}\n"),
	})
	if want := "Template format error: Unrecognized resource types: [AWS::SQS::Queue]"; code(err) != "ValidationError" || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	if !isGone(w, "unknown") {
		t.Errorf("there is a stack: %s", w.stack("unknown").StackStatus)
	}
}

func TestFailedBuildQuotesTheCommand(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	w.project("fails", w.role("builder", "logs:*"), "version: 0.2\nphases: {build: {commands: [\"echo before\", \"exit 1\"]}}\n")
	build := w.awaitBuild(w.startBuild("fails"))
	if build.BuildStatus != cbtypes.StatusTypeFailed {
		t.Errorf("the build is %s", build.BuildStatus)
	}
	for _, phase := range build.Phases {
		if phase.PhaseType != cbtypes.BuildPhaseTypeBuild {
			continue
		}
		const want = "Error while executing command: exit 1. Reason: exit status 1"
		if phase.PhaseStatus != cbtypes.StatusTypeFailed || len(phase.Contexts) != 1 || aws.ToString(phase.Contexts[0].Message) != want {
			t.Errorf("the phase is %s with %+v, want %q", phase.PhaseStatus, phase.Contexts, want)
		}
		return
	}
	t.Errorf("there is no phase BUILD: %+v", build.Phases)
}

// TestCloseDuringABuild ends a server while a build runs, with children that
// have left its session.
func TestCloseDuringABuild(t *testing.T) {
	w, s := newWorld(t, localaws.Options{})
	g, mark := newGate(t), unique()
	w.project("long", w.role("builder", "logs:*"), "version: 0.2\nphases: {build: {commands: ['"+g.strays(t, mark)+"']}}\n")
	id := w.startBuild("long")
	g.await(t)
	eventually(t, "the children run", func() bool { return len(processes(t, "sleep "+mark)) >= 2 })
	began := time.Now() //nolint:forbidigo // a duration is what is tested
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if left := processes(t, "sleep "+mark); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
	again := dialAgain(t, s)
	if build := again.build(id); build.BuildStatus != cbtypes.StatusTypeFailed || !build.BuildComplete {
		t.Errorf("after the restart the build is %s", build.BuildStatus)
	}
}

// dialAgain starts the server once more over the same state.
func dialAgain(t *testing.T, s *localaws.Server) *world {
	t.Helper()
	w, _ := newWorld(t, localaws.Options{Dir: s.Dir()})
	return w
}
