package localaws_test

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	cptypes "github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws"
)

// lineTemplate is a whole line from repository to production, for a project and
// an application whose build is given. Its one role may do everything.
//
//go:embed conformance/workshop/line.yaml
var lineTemplate string

// What the line deploys: a function as a shell script, which answers the commit
// that it was built of. The build waits at the URL in the file "gate".
var (
	//go:embed conformance/workshop/app/template.yaml
	appTemplate string
	//go:embed conformance/workshop/app/bootstrap
	bootstrap string
	//go:embed conformance/workshop/app/buildspec.yml
	stamp string
)

type lineOptions struct {
	buildspec string // empty: the one in the repository
}

// line is a deployed lineTemplate.
type line struct {
	w                             *world
	repository, pipeline, project string
	before                        int // executions, of those that the pipeline's creation starts
}

func newLine(w *world, name string, o lineOptions) *line {
	w.t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		w.t.Fatalf("these tests need curl: %v", err)
	}
	must(w.cloudformation.CreateStack(w.t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String(name), TemplateBody: aws.String(lineTemplate),
		Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityIam},
		Parameters: []cfntypes.Parameter{{
			ParameterKey: aws.String("Buildspec"), ParameterValue: aws.String(cmp.Or(o.buildspec, "source")),
		}},
	}))(w.t)
	if stack := w.awaitStack(name); stack.StackStatus != cfntypes.StackStatusCreateComplete {
		w.t.Fatalf("stack %s is %s: %s", name, stack.StackStatus, strings.Join(w.reasons(name), "\n"))
	}
	outputs := w.outputs(name)
	l := &line{w: w, repository: outputs["Repository"], pipeline: outputs["Pipeline"], project: outputs["Project"]}
	// As on AWS, a new pipeline runs at once, and fails: there is no branch yet.
	created := w.executions(l.pipeline)
	for _, e := range created {
		w.awaitExecution(l.pipeline, aws.ToString(e.PipelineExecutionId), cptypes.PipelineExecutionStatusFailed)
	}
	l.before = len(created)
	return l
}

// builds are the ids of the project's builds, the oldest first.
func (l *line) builds() []string {
	l.w.t.Helper()
	out := must(l.w.codebuild.ListBuildsForProject(l.w.t.Context(), &codebuild.ListBuildsForProjectInput{
		ProjectName: aws.String(l.project), SortOrder: "ASCENDING",
	}))(l.w.t)
	return out.Ids
}

func (w *world) outputs(stack string) map[string]string {
	w.t.Helper()
	outputs := map[string]string{}
	for _, output := range w.stack(stack).Outputs {
		outputs[*output.OutputKey] = *output.OutputValue
	}
	return outputs
}

func (w *world) events(stack string) []cfntypes.StackEvent {
	w.t.Helper()
	return must(w.cloudformation.DescribeStackEvents(w.t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String(stack)}))(w.t).StackEvents
}

func deleteStack(name string) *cloudformation.DeleteStackInput {
	return &cloudformation.DeleteStackInput{StackName: aws.String(name)}
}

func isGone(w *world, stack string) bool {
	_, err := w.cloudformation.DescribeStacks(w.t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String(stack)})
	return code(err) == "ValidationError"
}

// application is a checkout of the sample, whose builds wait at the gate.
func application(t *testing.T, g *gate) *checkout {
	t.Helper()
	git := newCheckout(t)
	git.write("bootstrap", bootstrap)
	git.write("template.yaml", appTemplate)
	git.write("buildspec.yml", stamp)
	git.write("gate", g.url)
	return git
}

// started waits until n pushes have started executions, and returns the id of the last.
func (l *line) started(n int) string {
	l.w.t.Helper()
	var list []cptypes.PipelineExecutionSummary
	eventually(l.w.t, fmt.Sprintf("execution %d starts", n), func() bool {
		list = l.w.executions(l.pipeline)
		return len(list) >= l.before+n
	})
	return aws.ToString(list[l.before+n-1].PipelineExecutionId)
}

// waiting waits until an execution stands before a stage.
func (l *line) waiting(stage, id string) {
	l.w.t.Helper()
	eventually(l.w.t, "execution "+id+" waits before "+stage, func() bool {
		state := must(l.w.codepipeline.GetPipelineState(l.w.t.Context(), &codepipeline.GetPipelineStateInput{Name: aws.String(l.pipeline)}))(l.w.t)
		i := slices.IndexFunc(state.StageStates, func(s cptypes.StageState) bool { return aws.ToString(s.StageName) == stage })
		for _, inbound := range append(state.StageStates[i].InboundExecutions, inboundOf(state.StageStates[i])) {
			if aws.ToString(inbound.PipelineExecutionId) == id {
				return true
			}
		}
		return false
	})
}

// TestAPushDeploys takes commits from git push to the live URL, and lets others
// come while one is under way.
func TestAPushDeploys(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	g := newGate(t)
	l := newLine(w, "line", lineOptions{})
	git := application(t, g)

	first := git.commit("first")
	git.push(w, l.repository)
	g.await(t)
	one := l.started(1)
	// While the first is being built, a second and a third arrive: the second,
	// which waits before the stage, gives way to the third.
	git.commit("second")
	git.push(w, l.repository)
	two := l.started(2)
	l.waiting("Build", two)
	third := git.commit("third")
	git.push(w, l.repository)
	three := l.started(3)
	w.awaitExecution(l.pipeline, two, cptypes.PipelineExecutionStatusSuperseded)
	l.waiting("Build", three)
	g.pass(t)
	w.awaitExecution(l.pipeline, one, cptypes.PipelineExecutionStatusSucceeded)
	url := w.outputs("line-live")["Url"]
	g.await(t) // the third is being built
	if status, body := w.get(url); status != http.StatusOK || body != first {
		t.Errorf("after the first commit the URL answered %d %q, want %s", status, body, first)
	}
	g.pass(t)
	w.awaitExecution(l.pipeline, three, cptypes.PipelineExecutionStatusSucceeded)
	if status, body := w.get(url); status != http.StatusOK || body != third {
		t.Errorf("after the third commit the URL answered %d %q, want %s", status, body, third)
	}
	if n := len(l.builds()); n != 2 {
		t.Errorf("there were %d builds, want 2", n)
	}
	t.Run("browser", func(t *testing.T) { testBrowser(t, w, url, third) })
	t.Run("queued", func(t *testing.T) { testQueued(t, w, l, g, git, url) })
}

// testBrowser asks the function's URL as pages of other sites do.
func testBrowser(t *testing.T, w *world, url, want string) {
	t.Helper()
	for _, header := range [][]string{
		{"Origin", "https://example.com"},
		{"Sec-Fetch-Site", "cross-site"},
		{"Origin", "null", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors"},
	} {
		if status, body := w.get(url, header...); status != http.StatusOK || body != want {
			t.Errorf("%v: %d %q", header, status, body)
		}
	}
	if status, _ := w.get(url, "Host", "evil.example.com"); status != http.StatusForbidden {
		t.Errorf("under another host name: %d", status)
	}
}

// testQueued has the pipeline queue what comes while it works.
func testQueued(t *testing.T, w *world, l *line, g *gate, git *checkout, url string) {
	t.Helper()
	pipeline := must(w.codepipeline.GetPipeline(t.Context(), &codepipeline.GetPipelineInput{Name: aws.String(l.pipeline)}))(t).Pipeline
	pipeline.ExecutionMode = cptypes.ExecutionModeQueued
	must(w.codepipeline.UpdatePipeline(t.Context(), &codepipeline.UpdatePipelineInput{Pipeline: pipeline}))(t)
	before := len(w.executions(l.pipeline)) - l.before
	var ids, commits []string
	for i := range 3 {
		commits = append(commits, git.commit(fmt.Sprintf("queued %d", i)))
		git.push(w, l.repository)
		ids = append(ids, l.started(before+1+i))
		if i == 0 {
			g.await(t)
		}
	}
	for i, id := range ids {
		if i > 0 {
			g.await(t)
		}
		for _, later := range ids[i+1:] {
			if status := w.execution(l.pipeline, later); status != cptypes.PipelineExecutionStatusInProgress {
				t.Errorf("execution %s, which waits, is %s", later, status)
			}
		}
		g.pass(t)
		w.awaitExecution(l.pipeline, id, cptypes.PipelineExecutionStatusSucceeded)
	}
	if status, body := w.get(url); status != http.StatusOK || body != commits[2] {
		t.Errorf("the URL answered %d %q, want %s", status, body, commits[2])
	}
}

// TestABrokenPushFails pushes a build that fails: nothing is deployed, and the
// execution says why.
func TestABrokenPushFails(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	l := newLine(w, "line", lineOptions{})
	git := newCheckout(t)
	git.write("buildspec.yml", "version: 0.2\nphases: {build: {commands: [exit 1]}}\nartifacts: {files: [template.yaml]}\n")
	git.write("template.yaml", appTemplate)
	git.commit("broken")
	git.push(w, l.repository)
	id := l.started(1)
	w.awaitExecution(l.pipeline, id, cptypes.PipelineExecutionStatusFailed)
	if !isGone(w, "line-live") {
		t.Errorf("a stack was made of a failed build: %s", w.stack("line-live").StackStatus)
	}
	build := w.build(l.builds()[0])
	text, err := json.Marshal(build.Phases)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "Error while executing command: exit 1. Reason: exit status 1") {
		t.Errorf("the build's phases do not quote the command: %s", text)
	}
	// Mended, it deploys.
	g := newGate(t)
	for _, name := range []string{"buildspec.yml", "template.yaml"} {
		if err := os.Remove(git.dir + "/" + name); err != nil {
			t.Fatal(err)
		}
	}
	git.write("bootstrap", bootstrap)
	git.write("template.yaml", appTemplate)
	git.write("buildspec.yml", stamp)
	git.write("gate", g.url)
	mended := git.commit("mended")
	git.push(w, l.repository)
	g.await(t)
	g.pass(t)
	w.awaitExecution(l.pipeline, l.started(2), cptypes.PipelineExecutionStatusSucceeded)
	if status, body := w.get(w.outputs("line-live")["Url"]); status != http.StatusOK || body != mended {
		t.Errorf("the URL answered %d %q, want %s", status, body, mended)
	}
}

func inboundOf(stage cptypes.StageState) cptypes.StageExecution {
	if stage.InboundExecution == nil {
		return cptypes.StageExecution{}
	}
	return *stage.InboundExecution
}
