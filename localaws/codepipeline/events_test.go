package codepipeline

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// The details of AWS's sample events, with the names of these tests, in
// docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html.
// ID, TIME and KEY stand for what is never the same twice.
const (
	sampleStarted = `CodePipeline Pipeline Execution State Change {
		"pipeline": "p", "execution-id": "ID", "start-time": "TIME",
		"execution-trigger": {"trigger-type": "StartPipelineExecution", "trigger-detail": "arn:aws:iam::123456789012:user/ann"},
		"state": "STARTED", "version": 1.0, "pipeline-execution-attempt": 1.0}`
	sampleStopping = `CodePipeline Pipeline Execution State Change {
		"pipeline": "p", "execution-id": "ID", "start-time": "TIME", "state": "STOPPING", "version": 1.0,
		"pipeline-execution-attempt": 1.0, "stop-execution-comments": "Stopping the pipeline for an update"}`
	sampleSucceeded = `CodePipeline Pipeline Execution State Change {
		"pipeline": "p", "execution-id": "ID", "start-time": "TIME", "state": "SUCCEEDED", "version": 1.0, "pipeline-execution-attempt": 1.0}`
	sampleFailed = `CodePipeline Pipeline Execution State Change {
		"pipeline": "p", "execution-id": "ID", "start-time": "TIME", "state": "FAILED", "version": 1.0, "pipeline-execution-attempt": 1.0}`
	sampleStageStarted = `CodePipeline Stage Execution State Change {
		"pipeline": "p", "version": 1.0, "execution-id": "ID", "start-time": "TIME", "stage": "Deploy", "state": "STARTED", "pipeline-execution-attempt": 1.0}`
	sampleStageStopping = `CodePipeline Stage Execution State Change {
		"pipeline": "p", "execution-id": "ID", "start-time": "TIME", "stage": "Deploy", "state": "STOPPING", "version": 1.0, "pipeline-execution-attempt": 1.0}`
	sampleStageStopped = `CodePipeline Stage Execution State Change {
		"pipeline": "p", "execution-id": "ID", "start-time": "TIME", "stage": "Deploy", "state": "STOPPED", "version": 1.0, "pipeline-execution-attempt": 1.0}`
	// AWS's sample has no start-time here, which all other events have.
	sampleStageResumed = `CodePipeline Stage Execution State Change {
		"pipeline": "p", "execution-id": "ID", "start-time": "TIME", "stage-last-retry-attempt-time": "TIME", "stage": "Deploy", "state": "RESUMED",
		"version": 1.0, "pipeline-execution-attempt": 2.0}`
	sampleActionStarted = `CodePipeline Action Execution State Change {
		"pipeline": "p", "execution-id": "ID", "start-time": "TIME", "stage": "Deploy", "action-execution-id": "ID", "action": "Deploy",
		"input-artifacts": [{"name": "BuildArtifact", "s3location": {"bucket": "bucket", "key": "KEY"}}], "state": "STARTED", "region": "us-east-1",
		"type": {"owner": "AWS", "provider": "CloudFormation", "category": "Deploy", "version": "1"}, "version": 1.0, "pipeline-execution-attempt": 1.0}`
	sampleActionSucceeded = `CodePipeline Action Execution State Change {
		"pipeline": "p", "execution-id": "ID", "start-time": "TIME", "stage": "Source",
		"execution-result": {"external-execution-url": "https://us-east-1.console.aws.amazon.com/codesuite/codecommit/repositories/repo/commit/8cf40f2",
			"external-execution-summary": "Added LICENSE.txt", "external-execution-id": "8cf40f2"},
		"output-artifacts": [{"name": "SourceArtifact", "s3location": {"bucket": "bucket", "key": "KEY"}}],
		"action-execution-id": "ID", "action": "Source", "state": "SUCCEEDED", "region": "us-east-1",
		"type": {"owner": "AWS", "provider": "CodeCommit", "category": "Source", "version": "1"}, "version": 1.0, "pipeline-execution-attempt": 1.0}`
	sampleActionFailed = `CodePipeline Action Execution State Change {
		"pipeline": "p", "execution-id": "ID", "start-time": "TIME", "stage": "Deploy",
		"input-artifacts": [{"name": "BuildArtifact", "s3location": {"bucket": "bucket", "key": "KEY"}}],
		"execution-result": {"external-execution-summary": "Deployment failed", "error-code": "JobFailed"},
		"action-execution-id": "ID", "action": "Deploy", "state": "FAILED", "region": "us-east-1",
		"type": {"owner": "AWS", "provider": "CloudFormation", "category": "Deploy", "version": "1"}, "version": 1.0, "pipeline-execution-attempt": 1.0}`
	sampleActionAbandoned = `CodePipeline Action Execution State Change {
		"pipeline": "p", "execution-id": "ID", "start-time": "TIME", "stage": "Deploy", "action-execution-id": "ID", "action": "Deploy",
		"input-artifacts": [{"name": "BuildArtifact", "s3location": {"bucket": "bucket", "key": "KEY"}}],
		"state": "ABANDONED", "region": "us-east-1",
		"type": {"owner": "AWS", "provider": "CloudFormation", "category": "Deploy", "version": "1"}, "version": 1.0, "pipeline-execution-attempt": 1.0}`
)

var unlike = []struct {
	pattern *regexp.Regexp
	word    string
}{
	{regexp.MustCompile(`"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"`), `"ID"`},
	{regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`), `"TIME"`},
	{regexp.MustCompile(`"p/[A-Za-z]+/[0-9A-Za-z]{7}(\.zip)?"`), `"KEY"`},
}

// alike brings an event into the form in which it is compared.
func alike(t *testing.T, event string) string {
	t.Helper()
	kind, body, _ := strings.Cut(event, " {")
	for _, u := range unlike {
		body = u.pattern.ReplaceAllString(body, u.word)
	}
	decoder := json.NewDecoder(strings.NewReader("{" + body))
	decoder.UseNumber() // 1.0 is not 1
	var detail map[string]any
	if err := decoder.Decode(&detail); err != nil {
		t.Fatalf("%v in %s", err, event)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(detail); err != nil {
		t.Fatal(err)
	}
	return kind + " " + out.String()
}

// emitted returns the one event of that kind, of that stage or action, in that state.
func (b *bench) emitted(line string) string {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	found := ""
	for i, e := range b.events {
		if e == line {
			found = b.bodies[i]
		}
	}
	if found == "" {
		b.t.Fatalf("no event %s among %v", line, b.events)
	}
	return found
}

func (b *bench) hold(line, sample string) {
	b.t.Helper()
	want(b.t, line, alike(b.t, b.emitted(line)), alike(b.t, sample))
}

func TestEventsAreAsSampled(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.given["Source"] = result{summary: "Added LICENSE.txt", revision: &revision{
			id: "8cf40f2", url: "https://us-east-1.console.aws.amazon.com/codesuite/codecommit/repositories/repo/commit/8cf40f2",
		}}
		b.create(declare())
		b.end("Source", "Build", "Deploy")
		b.hold("Pipeline SUCCEEDED", sampleSucceeded)
		b.hold("Action Source/Source SUCCEEDED", sampleActionSucceeded)

		b.start()
		b.end("Source", "Build")
		b.hold("Pipeline STARTED", sampleStarted)
		b.hold("Stage Deploy STARTED", sampleStageStarted)
		b.hold("Action Deploy/Deploy STARTED", sampleActionStarted)
		b.fail("Deploy", "Deployment failed")
		b.hold("Action Deploy/Deploy FAILED", sampleActionFailed)
		b.hold("Pipeline FAILED", sampleFailed)
	})
}

func TestEventsOfStopping(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		b.end("Source", "Build")
		if _, err := b.s.StopPipelineExecution(b.ctx(), &codepipeline.StopPipelineExecutionInput{
			PipelineName: aws.String("p"), PipelineExecutionId: aws.String(b.first()), Abandon: true, Reason: aws.String("Stopping the pipeline for an update"),
		}); err != nil {
			t.Fatal(err)
		}
		want(t, "status", b.status(), []string{"Stopped"})
		b.hold("Pipeline STOPPING", sampleStopping)
		b.hold("Stage Deploy STOPPING", sampleStageStopping)
		b.hold("Stage Deploy STOPPED", sampleStageStopped)
		b.hold("Action Deploy/Deploy ABANDONED", sampleActionAbandoned)
		order := strings.Join(b.events, ",")
		if !strings.HasSuffix(order, "Pipeline STOPPING,Stage Deploy STOPPING,Action Deploy/Deploy ABANDONED,Stage Deploy STOPPED,Pipeline STOPPED") {
			t.Errorf("order: %s", order)
		}
	})
}

func TestEventsOfRetryAndUpdate(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		b.end("Source", "Build")
		b.fail("Deploy", "no")
		b.retry("Deploy", types.StageRetryModeFailedActions)
		b.hold("Stage Deploy RESUMED", sampleStageResumed)
		p := declare()
		if _, err := b.s.UpdatePipeline(b.ctx(), &codepipeline.UpdatePipelineInput{Pipeline: &p}); err != nil {
			t.Fatal(err)
		}
		want(t, "status", b.status(), []string{"Cancelled"})
		b.emitted("Action Deploy/Deploy CANCELED")
		b.emitted("Stage Deploy CANCELED")
		b.emitted("Pipeline CANCELED")
	})
}

func TestEventOfSuperseded(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		b.start()
		b.start()
		b.hold("Pipeline SUPERSEDED", strings.Replace(sampleSucceeded, "SUCCEEDED", "SUPERSEDED", 1))
	})
}
