package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

func liveClient() *http.Client { return &http.Client{Timeout: 15 * time.Second} }

// learnerEnviron are the variables of a learner with a home of their own.
func learnerEnviron(t *testing.T, home, data string) []string {
	t.Helper()
	modules, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatalf("ask go for its module cache: %v", err)
	}
	environ := []string{
		"HOME=" + home, "XDG_DATA_HOME=" + data, "GIT_CONFIG_NOSYSTEM=1", "GOMODCACHE=" + strings.TrimSpace(string(modules)),
		"LC_ALL=C", "AWS_PAGER=", "NO_COLOR=1",
	}
	for _, name := range []string{"PATH", "PYENV_ROOT", "GOPROXY", "GOSUMDB", "GOTOOLCHAIN", "GORACE", "SSL_CERT_FILE"} {
		if value, ok := os.LookupEnv(name); ok {
			environ = append(environ, name+"="+value)
		}
	}
	return environ
}

// shell is a POSIX shell that is typed into.
type shell struct {
	t     *testing.T
	in    io.Writer
	lines chan string
}

// endOfCommand stands before the exit code of each command.
const endOfCommand = "\x1e"

func newShell(t *testing.T, dir string, environ []string) *shell {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh")
	cmd.Dir, cmd.Env = dir, environ
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close() // the shell has its own
	s := &shell{t: t, in: in, lines: make(chan string)}
	go func() {
		defer close(s.lines)
		reader := bufio.NewReader(out)
		for {
			line, err := reader.ReadString('\n')
			if err != nil {
				return
			}
			s.lines <- line
		}
	}()
	t.Cleanup(func() {
		_ = in.Close()
		for range s.lines { // to its end
		}
		_ = cmd.Wait() // its last exit code means nothing
	})
	return s
}

// run types a command and returns what it says, on both streams, and its exit code.
func (s *shell) run(command string) (output string, code int) {
	s.t.Helper()
	text := "{ " + command + "\n} </dev/null\nprintf '\\n" + endOfCommand + "%d\\n' $?\n"
	if _, err := io.WriteString(s.in, text); err != nil {
		s.t.Fatalf("type %s: %v", command, err)
	}
	timeout := time.After(2 * time.Minute)
	var b strings.Builder
	for {
		select {
		case <-timeout:
			s.t.Fatalf("no end of %s; so far it says\n%s", command, b.String())
		case line, ok := <-s.lines:
			if !ok {
				s.t.Fatalf("the shell has ended with %s\n%s", command, b.String())
			}
			if end, ok := strings.CutPrefix(line, endOfCommand); ok {
				code, err := strconv.Atoi(strings.TrimSpace(end))
				if err != nil {
					s.t.Fatal(err)
				}
				return strings.TrimSuffix(b.String(), "\n"), code
			}
			b.WriteString(line)
		}
	}
}

var anything = regexp.MustCompile(`<[a-z][a-z0-9 -]*>`)

// outputMatches compares what a command says with what a lesson shows. A line
// "..." stands for any lines, "<word>" for anything within a line; how much
// space stands between words does not matter.
func outputMatches(shown, output string) bool {
	var b strings.Builder
	b.WriteString(`^`)
	for line := range strings.SplitSeq(strings.TrimSpace(shown), "\n") {
		if strings.TrimSpace(line) == "..." {
			b.WriteString(`(?:[^\n]*\n)*?`)
			continue
		}
		words := strings.Join(strings.Fields(line), " ")
		for i, part := range anything.Split(words, -1) {
			if i > 0 {
				b.WriteString(`[^\n]+`)
			}
			b.WriteString(regexp.QuoteMeta(part))
		}
		b.WriteString(`\n`)
	}
	b.WriteString(`$`)
	var came strings.Builder
	for line := range strings.Lines(output) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			came.WriteString(line + "\n")
		}
	}
	return regexp.MustCompile(b.String()).MatchString(came.String())
}

func TestOutputMatches(t *testing.T) {
	const output = "one 1\n\ntwo\t2\nthree 3\n"
	for shown, want := range map[string]bool{
		"one 1\ntwo 2\nthree 3": true, "...": true, "one <n>\n...": true, "...\nthree 3\n": true, "one 1\n...\nthree <n>": true,
		"one 1": false, "two 2\n...": false, "one 1\n...\ntwo 2": false, "<n>": false, "one 2\n...": false, "one.1\n...": false,
	} {
		if got := outputMatches(shown, output); got != want {
			t.Errorf("%q matches: %v, want %v", shown, got, want)
		}
	}
}

// quiet tells whether nothing goes on that a person would wait for.
func (l *learner) quiet(ctx context.Context) (bool, error) {
	if busy, err := l.building(ctx); busy || err != nil {
		return false, err
	}
	name := l.place.Pipeline()
	state, err := l.scene.CodePipeline.GetPipelineState(ctx, &codepipeline.GetPipelineStateInput{Name: &name})
	if cloud.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	asked := false // somebody, to approve
	for _, stage := range state.StageStates {
		for _, action := range stage.ActionStates {
			if action.LatestExecution == nil || action.LatestExecution.Status != types.ActionExecutionStatusInProgress {
				continue
			}
			if action.LatestExecution.Token == nil {
				return false, nil
			}
			asked = true
		}
	}
	executions, err := l.scene.Executions(ctx)
	if err != nil {
		return false, err
	}
	head, err := l.head(ctx)
	if err != nil {
		return false, err
	}
	seen := head == ""
	for _, e := range executions {
		seen = seen || e.Commit == head
		if e.Status == types.PipelineExecutionStatusInProgress && !asked {
			return false, nil
		}
	}
	return seen, nil
}

// building tells whether a build goes on.
func (l *learner) building(ctx context.Context) (bool, error) {
	name := l.place.Project()
	list, err := l.scene.CodeBuild.ListBuildsForProject(ctx, &codebuild.ListBuildsForProjectInput{ProjectName: &name})
	if cloud.IsNotFound(err) || err == nil && len(list.Ids) == 0 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	builds, err := l.scene.CodeBuild.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: list.Ids})
	if err != nil {
		return false, err
	}
	for _, b := range builds.Builds {
		if b.BuildStatus == buildtypes.StatusTypeInProgress {
			return true, nil
		}
	}
	return false, nil
}

// head is the commit that main is at; "" where there is none.
func (l *learner) head(ctx context.Context) (string, error) {
	name, branch := l.place.Repository(), "main"
	out, err := l.scene.CodeCommit.GetBranch(ctx, &codecommit.GetBranchInput{RepositoryName: &name, BranchName: &branch})
	if cloud.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return *out.Branch.CommitId, nil
}
