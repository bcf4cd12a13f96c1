package workshop

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// eventList keeps what is told in the words of a test.
type eventList []string

func (l *eventList) Report(e Event) {
	switch e.Event {
	case TaskChanged:
		*l = append(*l, fmt.Sprintf("%s / %s is %s %q %.1f", e.Of, e.Task, e.Status, e.Detail, e.Seconds))
	case LogLine:
		*l = append(*l, fmt.Sprintf("%s says %s", e.Of, e.Detail))
	default:
		*l = append(*l, e.Event+" "+e.Detail)
	}
}

func (l *eventList) want(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(*l, want) {
		t.Errorf("told\n%q, want\n%q", *l, want)
	}
	*l = nil
}

func listener() (*Workshop, *eventList) {
	var told eventList
	return &Workshop{reporter: &told, now: noon}, &told
}

func at(seconds float64) *time.Time {
	moment := noon().Add(time.Duration(seconds * float64(time.Second)))
	return &moment
}

func TestFollowStack(t *testing.T) {
	w, told := listener()
	seen := w.followStack("one")
	const stack = "AWS::CloudFormation::Stack"
	seen(cloud.StackEvent{Resource: "one", Type: stack, Status: "CREATE_IN_PROGRESS", At: *at(0)})
	seen(cloud.StackEvent{Resource: "Bucket", Type: "AWS::S3::Bucket", Status: "CREATE_IN_PROGRESS", At: *at(1)})
	seen(cloud.StackEvent{Resource: "Bucket", Type: "AWS::S3::Bucket", Status: "CREATE_FAILED", Reason: "it exists", At: *at(1.5)})
	seen(cloud.StackEvent{Resource: "one", Type: stack, Status: "ROLLBACK_COMPLETE", At: *at(4)})
	told.want(t,
		`stack one / stack one is CREATE_IN_PROGRESS "" 0.0`, "progress CREATE_IN_PROGRESS AWS::CloudFormation::Stack one",
		`stack one / Bucket is CREATE_IN_PROGRESS "" 0.0`, "progress CREATE_IN_PROGRESS AWS::S3::Bucket Bucket",
		`stack one / Bucket is CREATE_FAILED "it exists" 0.5`, "progress CREATE_FAILED AWS::S3::Bucket Bucket",
		`stack one / stack one is ROLLBACK_COMPLETE "" 4.0`, "progress ROLLBACK_COMPLETE AWS::CloudFormation::Stack one",
	)
}

// TestFollowBuild looks at a build three times: each state and each line is told once.
func TestFollowBuild(t *testing.T) {
	w, told := listener()
	log := &fakeLog{messages: []string{"hello"}}
	f := &buildFollower{tasks: w.tasksOf("build 1a2b"), log: logTail{logs: log}}
	build := &buildtypes.Build{
		BuildStatus: buildtypes.StatusTypeInProgress, StartTime: at(0), Logs: location(),
		Phases: []buildtypes.BuildPhase{
			{PhaseType: "QUEUED", PhaseStatus: "SUCCEEDED", StartTime: at(0), EndTime: at(2)},
			{PhaseType: "BUILD", StartTime: at(2)},
		},
	}
	for range 2 {
		f.look(t.Context(), build)
	}
	told.want(t,
		`build 1a2b / build 1a2b is IN_PROGRESS "" 0.0`, `build 1a2b / QUEUED is SUCCEEDED "" 2.0`,
		`build 1a2b / BUILD is IN_PROGRESS "" 0.0`, "build 1a2b says hello",
	)
	if f.over {
		t.Error("it is over too early")
	}
	log.messages = append(log.messages, "goodbye")
	build.BuildStatus, build.EndTime = buildtypes.StatusTypeFailed, at(7)
	build.Phases[1].PhaseStatus, build.Phases[1].EndTime = "FAILED", at(7)
	build.Phases[1].Contexts = []buildtypes.PhaseContext{{Message: aws.String("exit status 1")}}
	build.Phases = append(build.Phases, buildtypes.BuildPhase{PhaseType: buildtypes.BuildPhaseTypeCompleted, StartTime: at(7)})
	for range 2 {
		f.look(t.Context(), build)
	}
	told.want(t,
		`build 1a2b / BUILD is FAILED "exit status 1" 5.0`, "build 1a2b says goodbye", `build 1a2b / build 1a2b is FAILED "" 7.0`,
	)
	if !f.over {
		t.Error("it is not over")
	}
}

// TestFollowAction tells an action's end with its reason.
func TestFollowAction(t *testing.T) {
	w, told := listener()
	f := w.followExecution()
	action := types.ActionExecutionDetail{
		StageName: aws.String("Deploy"), ActionName: aws.String("Execute"), Status: types.ActionExecutionStatusInProgress,
		StartTime: at(0), LastUpdateTime: at(1),
	}
	f.action(t.Context(), action)
	f.action(t.Context(), action)
	action.Status, action.LastUpdateTime = types.ActionExecutionStatusFailed, at(3)
	action.Output = &types.ActionExecutionOutput{ExecutionResult: &types.ActionExecutionResult{
		ExternalExecutionSummary: aws.String("summary"), ErrorDetails: &types.ErrorDetails{Message: aws.String("it is in rollback")},
	}}
	f.action(t.Context(), action)
	told.want(t, `pipeline / Deploy: Execute is InProgress "" 0.0`, `pipeline / Deploy: Execute is Failed "it is in rollback" 3.0`)
}

// TestWorkingThroughTasks lets what is told in between not make a sentence new.
func TestWorkingThroughTasks(t *testing.T) {
	w, told := listener()
	w.working("build 1 is in BUILD")
	w.report(Event{Event: LogLine, Of: "build 1", Detail: "hello"})
	w.working("build 1 is in BUILD")
	told.want(t, "progress build 1 is in BUILD", "build 1 says hello")
}
