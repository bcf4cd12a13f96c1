package workshop

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/internal/git"
	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

func TestNext(t *testing.T) {
	status := func(p *phases.Phase, state PhaseState, r ...verify.Result) PhaseStatus {
		return PhaseStatus{
			Number: p.Number(), Name: p.Name, Title: p.Title, State: state, results: append([]verify.Result{{State: verify.Passed}}, r...),
		}
	}
	waits := verify.Result{State: verify.NotYet, Observed: "an execution is in progress"}
	asks := verify.Result{State: verify.NotYet, Observed: "it waits for approval", Fix: "mayfly approve"}
	done := status(phases.CodeCommit, StateDone, verify.Result{State: verify.Passed})
	for name, test := range map[string]struct {
		all  []PhaseStatus
		want Next
	}{
		"to do": {
			[]PhaseStatus{done, status(phases.CodeBuild, StateToDo, verify.Result{State: verify.Wrong, Observed: "there is no project"})},
			Next{Phase: "codebuild", Command: "mayfly run codebuild", Why: "phase 2, " + phases.CodeBuild.Title + ": there is no project"},
		},
		"started": {
			[]PhaseStatus{done, status(phases.CodeBuild, StateStarted, waits, verify.Result{State: verify.Wrong, Observed: "build 1 is FAILED", Fix: "Mend it."})},
			Next{Phase: "codebuild", Command: "Mend it.", Why: "phase 2, " + phases.CodeBuild.Title + ": build 1 is FAILED"},
		},
		"under way": {
			[]PhaseStatus{done, status(phases.CodeBuild, StateUnderWay, verify.Result{State: verify.NotYet, Observed: "build 1 is in BUILD"})},
			Next{Phase: "codebuild", Command: "mayfly verify codebuild", Why: "build 1 is in BUILD: wait for it"},
		},
		"unknown": {
			[]PhaseStatus{status(phases.CodeCommit, StateUnknown, verify.Result{State: verify.Wrong, Fix: "no"}, verify.Result{State: verify.CannotTell, Observed: "no answer"}), done},
			Next{Phase: "codecommit", Command: "mayfly doctor", Why: "no answer"},
		},
		"a person is waited for": {
			[]PhaseStatus{status(phases.CodePipeline, StateUnderWay, asks), status(phases.Caching, StateUnderWay, asks), done},
			Next{Phase: "codepipeline", Command: "mayfly approve", Why: "it waits for approval"},
		},
		"to answer is a step": {
			[]PhaseStatus{status(phases.CodePipeline, StateUnderWay, asks), status(phases.Approval, StateStarted, verify.Result{State: verify.Wrong, Observed: "nobody answers", Fix: "mayfly approve"})},
			Next{Phase: "approval", Command: "mayfly approve", Why: "phase 6, " + phases.Approval.Title + ": nobody answers"},
		},
		"all done": {
			[]PhaseStatus{done, done, done, done, done},
			Next{Command: "mayfly teardown", Why: "all phases are done; teardown takes everything away again, and `mayfly run approval` is a bonus"},
		},
		"the bonus too": {
			[]PhaseStatus{done, done, done, done, done, done},
			Next{Command: "mayfly teardown", Why: "all phases are done; teardown takes everything away again"},
		},
	} {
		if got := next(test.all); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

// TestWorse holds the order of the answers: the exit code follows the worst.
func TestWorse(t *testing.T) {
	check := func(state verify.State) verify.Check { return verify.Check{Name: string(state)} }
	for _, test := range []struct {
		states []verify.State
		want   verify.State
	}{
		{[]verify.State{verify.Passed, verify.Passed}, verify.Passed},
		{[]verify.State{verify.NotYet, verify.Passed}, verify.NotYet},
		{[]verify.State{verify.NotYet, verify.CannotTell, verify.NotYet}, verify.CannotTell},
		{[]verify.State{verify.CannotTell, verify.Wrong, verify.CannotTell}, verify.Wrong},
		{[]verify.State{verify.Wrong, verify.Wrong}, verify.Wrong},
	} {
		var worst error
		for _, state := range test.states {
			worst = worse(worst, phases.CodeBuild, check(state), verify.Result{State: state})
		}
		got := verify.Passed
		if failed, ok := worst.(*CheckError); ok { //nolint:errorlint // worse wraps nothing
			got = failed.Result.State
		}
		if got != test.want {
			t.Errorf("%v: the worst is %s, want %s", test.states, got, test.want)
		}
	}
}

// asked is an approval that took so long.
func asked(from, to time.Time) []verify.Action {
	return []verify.Action{{Category: types.ActionCategoryApproval, Span: verify.Span{From: from, To: to}}}
}

// TestCost charges minutes begun whole: two actions of a source and a build,
// and the build's machine; a deployment not reached costs nothing.
func TestCost(t *testing.T) {
	span := func(d time.Duration) verify.Span { return verify.Span{From: noon(), To: noon().Add(d)} }
	got := cost([]*verify.Execution{{Source: span(3 * time.Second), Build: span(61 * time.Second)}})
	const want = 1*actionMinute + 2*actionMinute + 2*buildMinute
	if got.USD < want-1e-9 || got.USD > want+1e-9 || got.Basis == "" {
		t.Errorf("got %+v, want %v", got, want)
	}
	waited := &verify.Execution{
		Deploy: span(2 * time.Hour), Described: span(3 * time.Second),
		Actions: asked(noon().Add(time.Second), noon().Add(2*time.Hour-2*time.Second)),
	}
	if got, want := cost([]*verify.Execution{waited}).USD, actionMinute+buildMinute; got < want-1e-9 || got > want+1e-9 {
		t.Errorf("a person's two hours cost %v, want %v", got, want)
	}
	if got := cost(nil); got.USD != 0 {
		t.Errorf("nothing costs %v", got.USD)
	}
}

// TestLeadTimes starts the clock at the push where that is known, once.
func TestLeadTimes(t *testing.T) {
	w := &Workshop{checkout: &git.Checkout{Dir: t.TempDir()}}
	at := func(seconds int) time.Time { return noon().Add(time.Duration(seconds) * time.Second) }
	executions := []*verify.Execution{ // the newest first
		{ID: "4", Commit: "c2", Status: types.PipelineExecutionStatusInProgress, ByEvent: true, Started: at(60)},
		{ID: "3", Commit: "c1", Status: types.PipelineExecutionStatusSucceeded, ByEvent: true, Started: at(40), Ended: at(50)},
		{ID: "2", Commit: "c1", Status: types.PipelineExecutionStatusFailed, ByEvent: true, Started: at(20), Ended: at(30)},
		{
			ID: "1", Commit: "c0", Status: types.PipelineExecutionStatusSucceeded, Started: at(0), Ended: at(10),
			Phases: []verify.BuildPhase{{Name: "SUBMITTED"}, {Name: "BUILD", Took: 4 * time.Second}},
		},
	}
	pushes := map[string]time.Time{"c1": at(18), "c0": at(-5)}
	got := w.leadTimes(t.Context(), executions, pushes)
	if len(got) != 3 || got[0].Execution != "1" || got[1].Execution != "2" || got[2].Execution != "3" {
		t.Fatalf("got %+v", got)
	}
	for i, want := range []LeadSeconds{{Total: 10, Commands: 4}, {Total: 12, Noticed: 2}, {Total: 10}} {
		if got[i].Seconds != want {
			t.Errorf("execution %s: %+v, want %+v", got[i].Execution, got[i].Seconds, want)
		}
	}
	if len(got[0].Phases) != 1 || got[0].Phases[0] != (PhaseSeconds{"BUILD", 4}) {
		t.Errorf("phases %v", got[0].Phases)
	}
	waited := &verify.Execution{
		ID: "5", Status: types.PipelineExecutionStatusSucceeded, Started: at(0), Ended: at(100),
		Deploy: verify.Span{From: at(10), To: at(100)}, Actions: asked(at(15), at(95)),
	}
	if got := w.leadTimes(t.Context(), []*verify.Execution{waited}, nil)[0].Seconds; got != (LeadSeconds{Total: 100, Deploy: 10, Approval: 80}) {
		t.Errorf("asked: %+v", got)
	}
	if len(pushes) != 2 {
		t.Error("the caller's map was changed")
	}
	if none := w.leadTimes(t.Context(), nil, nil); none == nil || len(none) != 0 {
		t.Errorf("no executions: %v; JSON wants an empty list", none)
	}
}

// TestOwns refuses stacks that bear our name and not our mark.
func TestOwns(t *testing.T) {
	w := &Workshop{env: Environment{Name: "default", ID: "abc234"}}
	w.scene = &verify.Scene{Names: w.env.Names()}
	app, role := w.env.Names().ApplicationStack(), "arn:aws:iam::1:role/"+w.env.Names().PipelineStack()+"-DeployRole-X1"
	tag := func(id string) []cftypes.Tag {
		return []cftypes.Tag{{Key: aws.String(cloud.TagEnvironment), Value: &id}}
	}
	for name, test := range map[string]struct {
		stack cftypes.Stack
		want  bool
	}{
		"tagged":              {cftypes.Stack{StackName: aws.String("any"), Tags: tag("abc234")}, true},
		"another's tag":       {cftypes.Stack{StackName: aws.String(app), Tags: tag("zzz999")}, false},
		"our name alone":      {cftypes.Stack{StackName: aws.String(app)}, false},
		"made by our role":    {cftypes.Stack{StackName: aws.String(app), RoleARN: &role}, true},
		"our role, elsewhere": {cftypes.Stack{StackName: aws.String("any"), RoleARN: &role}, false},
	} {
		if got := w.owns(&test.stack); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
