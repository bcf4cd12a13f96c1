package workshop

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// What follows a stack, a build or an execution tells how its parts stand. It
// is for the eye only: what it cannot see is no failure.

// tasks tells how the parts of one thing stand, each state once.
type tasks struct {
	w    *Workshop
	of   string
	told map[string]string
}

func (w *Workshop) tasksOf(of string) *tasks {
	return &tasks{w: w, of: of, told: map[string]string{}}
}

// tell tells how a task stands, if that is new. took is how long it took, if it has ended.
func (t *tasks) tell(task, status, detail string, took time.Duration) {
	if t.told[task] == status {
		return
	}
	t.told[task] = status
	t.w.report(Event{
		Event: TaskChanged, Of: t.of, Task: task, Status: status, Detail: detail, Seconds: max(took.Seconds(), 0),
	})
}

// followStack returns what a stack's events are given to.
func (w *Workshop) followStack(name string) func(cloud.StackEvent) {
	follow := w.tasksOf("stack " + name)
	began := map[string]time.Time{}
	return func(e cloud.StackEvent) {
		task := e.Resource
		if task == name && e.Type == "AWS::CloudFormation::Stack" {
			task = follow.of
		}
		var took time.Duration
		if from, ok := began[task]; ok {
			took = e.At.Sub(from)
		} else {
			began[task] = e.At
		}
		follow.tell(task, e.Status, e.Reason, took)
		w.working("%s %s %s", e.Status, e.Type, e.Resource)
	}
}

// buildFollower follows a build by its phases and its log.
type buildFollower struct {
	*tasks
	log logTail
	// over says that the build's end has been told.
	over bool
}

func (w *Workshop) followBuild(id string) *buildFollower {
	return &buildFollower{tasks: w.tasksOf("build " + shortID(id)), log: logTail{logs: w.scene.Logs}}
}

func (f *buildFollower) look(ctx context.Context, build *buildtypes.Build) {
	f.over = build.BuildStatus != buildtypes.StatusTypeInProgress
	var took time.Duration
	if f.over {
		took = between(build.StartTime, build.EndTime)
	} else {
		f.tell(f.of, string(build.BuildStatus), "", 0)
	}
	for _, p := range build.Phases {
		status, detail := string(p.PhaseStatus), ""
		switch {
		case p.PhaseType == buildtypes.BuildPhaseTypeCompleted:
			continue // no phase: the mark of the end
		case status == "": // AWS gives a phase a status when it ends
			status = string(buildtypes.StatusTypeInProgress)
		}
		for _, c := range p.Contexts {
			detail = aws.ToString(c.Message)
		}
		f.tell(string(p.PhaseType), status, detail, between(p.StartTime, p.EndTime))
	}
	for _, line := range f.log.read(ctx, build.Logs) {
		f.w.report(Event{Event: LogLine, Of: f.of, Detail: line})
	}
	if f.over {
		f.tell(f.of, string(build.BuildStatus), "", took)
	}
}

func between(from, to *time.Time) time.Duration {
	if from == nil || to == nil {
		return 0
	}
	return to.Sub(*from)
}

// executionFollower follows an execution by its actions, and the builds that they are.
type executionFollower struct {
	*tasks
	builds map[string]*buildFollower
}

func (w *Workshop) followExecution() *executionFollower {
	return &executionFollower{tasks: w.tasksOf("pipeline"), builds: map[string]*buildFollower{}}
}

// look tells what is new, and returns in words where the execution is, and
// whether it may be waiting for a person.
func (f *executionFollower) look(ctx context.Context, e types.PipelineExecutionSummary) (where string, mayWait bool) {
	name := f.w.scene.Names.Pipeline()
	out, err := f.w.scene.CodePipeline.ListActionExecutions(ctx, &codepipeline.ListActionExecutionsInput{
		PipelineName: &name, Filter: &types.ActionExecutionFilter{PipelineExecutionId: e.PipelineExecutionId},
	})
	if err != nil || len(out.ActionExecutionDetails) == 0 {
		return "the pipeline has noticed the push", false
	}
	over := e.Status != types.PipelineExecutionStatusInProgress && e.Status != types.PipelineExecutionStatusStopping
	if !over {
		f.tell(f.of, string(e.Status), "", 0)
	}
	for _, a := range slices.Backward(out.ActionExecutionDetails) { // AWS has the newest first
		f.action(ctx, a)
	}
	if over {
		f.tell(f.of, string(e.Status), "", between(e.StartTime, e.LastUpdateTime))
	}
	newest := out.ActionExecutionDetails[0]
	works := newest.Status == types.ActionExecutionStatusInProgress && newest.Input != nil &&
		newest.Input.ActionTypeId != nil && newest.Input.ActionTypeId.Category != types.ActionCategoryApproval
	return fmt.Sprintf("%s: %s is %s", aws.ToString(newest.StageName), aws.ToString(newest.ActionName), newest.Status), !works
}

func (f *executionFollower) action(ctx context.Context, a types.ActionExecutionDetail) {
	var took time.Duration
	if a.Status != types.ActionExecutionStatusInProgress {
		took = between(a.StartTime, a.LastUpdateTime)
	}
	detail, id := "", ""
	if a.Output != nil && a.Output.ExecutionResult != nil {
		result := a.Output.ExecutionResult
		id, detail = aws.ToString(result.ExternalExecutionId), aws.ToString(result.ExternalExecutionSummary)
		if result.ErrorDetails != nil {
			detail = aws.ToString(result.ErrorDetails.Message)
		}
	}
	if id != "" && a.Input != nil && a.Input.ActionTypeId != nil && aws.ToString(a.Input.ActionTypeId.Provider) == "CodeBuild" {
		f.build(ctx, id)
	}
	f.tell(aws.ToString(a.StageName)+": "+aws.ToString(a.ActionName), string(a.Status), detail, took)
}

func (f *executionFollower) build(ctx context.Context, id string) {
	follower := f.builds[id]
	if follower == nil {
		follower = f.w.followBuild(id)
		f.builds[id] = follower
	}
	if follower.over {
		return
	}
	if build, err := f.w.scene.FindBuild(ctx, id); err == nil {
		follower.look(ctx, build)
	}
}
