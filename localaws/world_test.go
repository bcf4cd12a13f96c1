package localaws_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	cptypes "github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws"
	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire/wiretest"
)

const (
	region  = "eu-west-1"
	account = "123456789012"
	// patience bounds every wait for something that must happen.
	patience = time.Minute
)

// serveVariable has the test binary serve the state folder that it names, so
// that a test can kill a server.
const serveVariable = "LOCALAWS_TEST_SERVE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveVariable); dir != "" {
		if err := serve(dir); err != nil {
			panic(err)
		}
		return
	}
	m.Run()
}

// endpoint is what a server in another process says of itself.
type endpoint struct{ URL, AccessKeyID, SecretAccessKey string }

// serve runs a server until stdin ends.
func serve(dir string) error {
	s, err := localaws.Start(localaws.Options{Dir: dir, Region: region, Account: account})
	if err != nil {
		return err
	}
	keys := s.Credentials()
	out := json.NewEncoder(os.Stdout) //nolint:forbidigo // this is main
	if err := out.Encode(endpoint{s.URL, keys.AccessKeyID, keys.SecretAccessKey}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin) //nolint:forbidigo // this is main
	return errors.Join(err, s.Close())
}

// child is a server in a process of its own.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	at    endpoint
}

func startChild(t *testing.T, dir string) *child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: exec.Command(self)}
	c.cmd.Env = append(os.Environ(), serveVariable+"="+dir)
	c.cmd.Stderr = os.Stderr //nolint:forbidigo // a child's complaints are the test's
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdin = stdin
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.kill() })
	if err := json.NewDecoder(stdout).Decode(&c.at); err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	return c
}

// kill kills the server as kill -9 does.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// world is a local AWS with clients.
type world struct {
	t      *testing.T
	url    string
	keys   aws.Credentials
	cfg    aws.Config
	client *http.Client

	codecommit     *codecommit.Client
	codebuild      *codebuild.Client
	codepipeline   *codepipeline.Client
	cloudformation *cloudformation.Client
	iam            *iam.Client
	lambda         *lambda.Client
	s3             *s3.Client
}

// start starts a server that ends with the test.
func start(t *testing.T, o localaws.Options) *localaws.Server {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	o.Region, o.Account = region, account
	s, err := localaws.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // twice is once too often, and the test has looked at the first
	return s
}

func newWorld(t *testing.T, o localaws.Options) (*world, *localaws.Server) {
	t.Helper()
	s := start(t, o)
	return dial(t, s.URL, s.Credentials()), s
}

func dial(t *testing.T, url string, keys aws.Credentials) *world {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	w := &world{t: t, url: url, keys: keys, client: &http.Client{Transport: transport}}
	w.cfg = aws.Config{
		Region: region, BaseEndpoint: aws.String(url), HTTPClient: wiretest.PlainBodies{Client: w.client}, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil }),
	}
	w.codecommit, w.codebuild = codecommit.NewFromConfig(w.cfg), codebuild.NewFromConfig(w.cfg)
	w.codepipeline, w.cloudformation = codepipeline.NewFromConfig(w.cfg), cloudformation.NewFromConfig(w.cfg)
	w.iam, w.lambda = iam.NewFromConfig(w.cfg), lambda.NewFromConfig(w.cfg)
	w.s3 = s3.NewFromConfig(w.cfg, func(o *s3.Options) { o.UsePathStyle = true })
	return w
}

func (c *child) dial(t *testing.T) *world {
	t.Helper()
	return dial(t, c.at.URL, aws.Credentials{AccessKeyID: c.at.AccessKeyID, SecretAccessKey: c.at.SecretAccessKey})
}

// must returns a value whose making may not fail.
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// code is the code of an API error.
func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !ask() {
		select {
		case <-late:
			t.Fatalf("waited %s in vain: %s", patience, what)
		case <-tick.C:
		}
	}
}

// role makes a role that services may assume, with the policy of those actions.
func (w *world) role(name string, actions ...string) string {
	w.t.Helper()
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":[
		"codebuild.amazonaws.com","codepipeline.amazonaws.com","cloudformation.amazonaws.com","events.amazonaws.com","lambda.amazonaws.com"]}}]}`
	made := must(w.iam.CreateRole(w.t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String(trust),
	}))(w.t)
	if len(actions) > 0 {
		must(w.iam.PutRolePolicy(w.t.Context(), &iam.PutRolePolicyInput{
			RoleName: aws.String(name), PolicyName: aws.String("all"), PolicyDocument: aws.String(allow(actions...)),
		}))(w.t)
	}
	return *made.Role.Arn
}

func allow(actions ...string) string {
	list, _ := json.Marshal(actions)
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":` + string(list) + `,"Resource":"*"}]}`
}

// project makes a project without source or artifacts.
func (w *world) project(name, role, buildspec string) {
	w.t.Helper()
	must(w.codebuild.CreateProject(w.t.Context(), &codebuild.CreateProjectInput{
		Name: aws.String(name), ServiceRole: aws.String(role),
		Source:    &cbtypes.ProjectSource{Type: cbtypes.SourceTypeNoSource, Buildspec: aws.String(buildspec)},
		Artifacts: &cbtypes.ProjectArtifacts{Type: cbtypes.ArtifactsTypeNoArtifacts},
		Environment: &cbtypes.ProjectEnvironment{
			Type: cbtypes.EnvironmentTypeLinuxContainer, ComputeType: cbtypes.ComputeTypeBuildGeneral1Small,
			Image: aws.String("aws/codebuild/standard:8.0"),
		},
	}))(w.t)
}

func (w *world) startBuild(project string) string {
	w.t.Helper()
	return *must(w.codebuild.StartBuild(w.t.Context(), &codebuild.StartBuildInput{ProjectName: aws.String(project)}))(w.t).Build.Id
}

func (w *world) build(id string) cbtypes.Build {
	w.t.Helper()
	out := must(w.codebuild.BatchGetBuilds(w.t.Context(), &codebuild.BatchGetBuildsInput{Ids: []string{id}}))(w.t)
	if len(out.Builds) != 1 {
		w.t.Fatalf("there is no build %s", id)
	}
	return out.Builds[0]
}

func (w *world) awaitBuild(id string) cbtypes.Build {
	w.t.Helper()
	var build cbtypes.Build
	eventually(w.t, "the build "+id+" ends", func() bool { build = w.build(id); return build.BuildComplete })
	return build
}

// createStack starts to make a stack, and deploy waits for it.
func (w *world) createStack(name, template string) {
	w.t.Helper()
	must(w.cloudformation.CreateStack(w.t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String(name), TemplateBody: aws.String(template),
		Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam, cfntypes.CapabilityCapabilityAutoExpand},
	}))(w.t)
}

func (w *world) deploy(name, template string) map[string]string {
	w.t.Helper()
	w.createStack(name, template)
	stack := w.awaitStack(name)
	if stack.StackStatus != cfntypes.StackStatusCreateComplete {
		w.t.Fatalf("stack %s is %s: %s", name, stack.StackStatus, strings.Join(w.reasons(name), "\n"))
	}
	outputs := map[string]string{}
	for _, output := range stack.Outputs {
		outputs[*output.OutputKey] = *output.OutputValue
	}
	return outputs
}

func (w *world) stack(name string) cfntypes.Stack {
	w.t.Helper()
	return must(w.cloudformation.DescribeStacks(w.t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String(name)}))(w.t).Stacks[0]
}

func (w *world) awaitStack(name string) cfntypes.Stack {
	w.t.Helper()
	var stack cfntypes.Stack
	eventually(w.t, "the operation on stack "+name+" ends", func() bool {
		stack = w.stack(name)
		return !strings.HasSuffix(string(stack.StackStatus), "_IN_PROGRESS")
	})
	return stack
}

// reasons are why resources of the stack failed.
func (w *world) reasons(name string) (reasons []string) {
	w.t.Helper()
	pages := cloudformation.NewDescribeStackEventsPaginator(w.cloudformation, &cloudformation.DescribeStackEventsInput{StackName: aws.String(name)})
	for pages.HasMorePages() {
		for _, event := range must(pages.NextPage(w.t.Context()))(w.t).StackEvents {
			if strings.HasSuffix(string(event.ResourceStatus), "_FAILED") {
				reasons = append(reasons, aws.ToString(event.LogicalResourceId)+": "+aws.ToString(event.ResourceStatusReason))
			}
		}
	}
	return reasons
}

func (w *world) execution(pipeline, id string) cptypes.PipelineExecutionStatus {
	w.t.Helper()
	out := must(w.codepipeline.GetPipelineExecution(w.t.Context(), &codepipeline.GetPipelineExecutionInput{
		PipelineName: aws.String(pipeline), PipelineExecutionId: aws.String(id),
	}))(w.t)
	return out.PipelineExecution.Status
}

func (w *world) awaitExecution(pipeline, id string, want cptypes.PipelineExecutionStatus) {
	w.t.Helper()
	var got cptypes.PipelineExecutionStatus
	eventually(w.t, "the execution "+id+" ends", func() bool {
		got = w.execution(pipeline, id)
		return got != cptypes.PipelineExecutionStatusInProgress && got != cptypes.PipelineExecutionStatusStopping
	})
	if got != want {
		out := must(w.codepipeline.ListActionExecutions(w.t.Context(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String(pipeline)}))(w.t)
		text, _ := json.MarshalIndent(out.ActionExecutionDetails, "", " ")
		w.t.Fatalf("the execution is %s, want %s:\n%s", got, want, text)
	}
}

// executions are the pipeline's executions, the oldest first.
func (w *world) executions(pipeline string) []cptypes.PipelineExecutionSummary {
	w.t.Helper()
	out := must(w.codepipeline.ListPipelineExecutions(w.t.Context(), &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String(pipeline)}))(w.t)
	list := out.PipelineExecutionSummaries
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// gate holds up the builds that ask for it, until it is opened for them.
type gate struct {
	url     string
	arrived chan struct{}
	open    chan struct{}
}

func newGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{arrived: make(chan struct{}, 100), open: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		g.arrived <- struct{}{}
		select {
		case <-g.open:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

// await waits until a build has come to the gate.
func (g *gate) await(t *testing.T) {
	t.Helper()
	select {
	case <-g.arrived:
	case <-time.After(patience):
		t.Fatal("no build came to the gate")
	}
}

// pass lets one build go on.
func (g *gate) pass(t *testing.T) {
	t.Helper()
	select {
	case g.open <- struct{}{}:
	case <-time.After(patience):
		t.Fatal("no build stands at the gate")
	}
}

// processes are the ids of the processes with a text in their command line.
func processes(t *testing.T, text string) (pids []int) {
	t.Helper()
	if runtime.GOOS != "linux" {
		out, err := exec.Command("ps", "-A", "-o", "pid=,args=").Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			if id, args, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.Contains(args, text) {
				pid, _ := strconv.Atoi(id)
				pids = append(pids, pid)
			}
		}
		return pids
	}
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		args, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		if strings.Contains(string(bytes.ReplaceAll(args, []byte{0}, []byte{' '})), text) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// checkout is a working copy of somebody with nothing configured.
type checkout struct {
	t   *testing.T
	dir string
	env []string
}

func newCheckout(t *testing.T) *checkout {
	t.Helper()
	c := &checkout{t: t, dir: t.TempDir(), env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com",
	}}
	c.git("init", "--quiet", "--initial-branch=main")
	return c
}

func (c *checkout) git(args ...string) string {
	c.t.Helper()
	out, err := c.try(args...)
	if err != nil {
		c.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(out)
}

func (c *checkout) try(args ...string) (string, error) {
	cmd := exec.CommandContext(c.t.Context(), "git", args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c *checkout) write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o755); err != nil {
		c.t.Fatal(err)
	}
}

// commit commits everything and returns the commit's id.
func (c *checkout) commit(message string) string {
	c.t.Helper()
	c.git("add", "--all")
	c.git("commit", "--quiet", "--allow-empty", "--message", message)
	return c.git("rev-parse", "HEAD")
}

// push pushes main to the repository, signed with the world's keys.
func (c *checkout) push(w *world, repository string) {
	c.t.Helper()
	c.git("push", "--quiet", w.remote(repository, w.keys.SecretAccessKey), "main")
}

// remote is the URL of a repository with credentials made of a secret key.
func (w *world) remote(repository, secret string) string {
	w.t.Helper()
	u, err := url.Parse(w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	u.Path = "/v1/repos/" + repository
	at := time.Now().UTC().Format(sigv4.GitTimeFormat) //nolint:forbidigo // the server's clock
	u.User = url.UserPassword(w.keys.AccessKeyID, sigv4.GitPassword(secret, region, u.Hostname(), u.Path, at))
	return u.String()
}

// get asks a URL and returns the status and the body.
func (w *world) get(url string, header ...string) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	response, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// unique is a number that nothing else on this machine has in its command line.
func unique() string { return strconv.Itoa(900_000_000 + rand.IntN(99_999_999)) }

// strays is a shell command that leaves two processes of "sleep mark" behind,
// one of which has left the session of its parent, and then waits at the gate.
func (g *gate) strays(t *testing.T, mark string) string {
	t.Helper()
	away := "setsid"
	if _, err := exec.LookPath(away); err != nil {
		away = `perl -MPOSIX -e "setsid; exec @ARGV"` // macOS has no setsid of its own
	}
	return away + " sleep " + mark + " & sleep " + mark + " & curl -s " + g.url
}
