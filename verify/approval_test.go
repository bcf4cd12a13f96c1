package verify

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// action is an action of an execution that took a minute, from the given one on.
func action(category types.ActionCategory, minute int, change func(*types.ActionExecutionDetail)) types.ActionExecutionDetail {
	from := time.Date(2026, 1, 1, 12, minute, 0, 0, time.UTC)
	a := types.ActionExecutionDetail{
		ActionName: aws.String("It"), Status: types.ActionExecutionStatusSucceeded, StartTime: &from, LastUpdateTime: aws.Time(from.Add(time.Minute)),
		Input:  &types.ActionExecutionInput{ActionTypeId: &types.ActionTypeId{Category: category}},
		Output: &types.ActionExecutionOutput{ExecutionResult: &types.ActionExecutionResult{}},
	}
	if change != nil {
		change(&a)
	}
	return a
}

func described(a *types.ActionExecutionDetail) {
	a.Input.Configuration = map[string]string{"ProjectName": "describes"}
	a.Output.OutputVariables = map[string]string{"AUTHOR": "A Learner", "FILES": "f", "CHANGES": "Modify It"}
	a.Output.ExecutionResult.ExternalExecutionId = aws.String("describes:1")
}

func answered(status types.ActionExecutionStatus, by, comment string) func(*types.ActionExecutionDetail) {
	return func(a *types.ActionExecutionDetail) {
		a.Status, a.UpdatedBy = status, aws.String(by)
		a.Output.ExecutionResult.ExternalExecutionSummary = &comment
		a.Input.ResolvedConfiguration = map[string]string{"CustomData": "told"}
	}
}

// TestExecutionWithAnApproval keeps a person's time out of the deployment's,
// and the build that describes out of the build's.
func TestExecutionWithAnApproval(t *testing.T) {
	e := &Execution{}
	for _, a := range []types.ActionExecutionDetail{ // in any order
		action(types.ActionCategoryDeploy, 9, nil),
		action(types.ActionCategoryApproval, 5, answered(types.ActionExecutionStatusSucceeded, "arn:aws:iam::1:user/boss", "fine")),
		action(types.ActionCategoryBuild, 4, described),
		action(types.ActionCategoryDeploy, 3, nil),
		action(types.ActionCategoryBuild, 1, func(a *types.ActionExecutionDetail) {
			a.Input.Configuration = map[string]string{"ProjectName": "builds"}
			a.Output.ExecutionResult.ExternalExecutionId = aws.String("builds:1")
		}),
	} {
		e.add(a, "describes")
	}
	if e.BuildID != "builds:1" || e.Build.Length() != time.Minute || e.Described.Length() != time.Minute {
		t.Errorf("build %s took %s, the description %s", e.BuildID, e.Build.Length(), e.Described.Length())
	}
	if e.Author != "A Learner" || e.Files != "f" || e.Changes != "Modify It" {
		t.Errorf("told %q, %q, %q", e.Author, e.Files, e.Changes)
	}
	if a := e.Approval; a.Waits() || a.By != "boss" || a.Comment != "fine" || a.Told != "told" || a.Length() != time.Minute {
		t.Errorf("the approval is %+v", a)
	}
	if e.Deploy.Length() != 7*time.Minute || e.Deploying() != 6*time.Minute {
		t.Errorf("the deployment took %s, less the person %s", e.Deploy.Length(), e.Deploying())
	}
}

func TestRejectedExecution(t *testing.T) {
	e := &Execution{}
	e.add(action(types.ActionCategoryDeploy, 1, nil), "")
	e.add(action(types.ActionCategoryApproval, 2, answered(types.ActionExecutionStatusFailed, "arn:aws:iam::000000000000:root", "not today")), "")
	if e.Failure != "rejected by root: not today" {
		t.Errorf("it failed: %s", e.Failure)
	}
	if e.Deploying() != time.Minute {
		t.Errorf("what was rejected took %s to prepare", e.Deploying())
	}
	// Nobody answered in time: AWS says it, and no person is named.
	e = &Execution{}
	e.add(action(types.ActionCategoryApproval, 2, func(a *types.ActionExecutionDetail) {
		a.Status = types.ActionExecutionStatusFailed
		a.Output.ExecutionResult.ErrorDetails = &types.ErrorDetails{Message: aws.String("timed out")}
	}), "")
	if e.Failure != "It failed: timed out" {
		t.Errorf("it failed: %s", e.Failure)
	}
}

func TestHeldBy(t *testing.T) {
	minute := Span{From: time.Unix(0, 0), To: time.Unix(60, 0)}
	waits := &Execution{Commit: "1111111aaa", Approval: &Approval{Status: types.ActionExecutionStatusInProgress}}
	built, builds := &Execution{Commit: "2222222", Build: minute}, &Execution{Commit: "3333333"}
	deploys := &Execution{Commit: "4444444", Build: minute, Deploy: Span{From: minute.From}}
	all := []*Execution{builds, deploys, built, waits}
	for e, want := range map[*Execution]string{
		waits: "the execution of 1111111 waits for approval",
		built: "the execution of 2222222 waits until that of 1111111 is approved or rejected", builds: "", deploys: "",
	} {
		if got := heldBy(all, e); got != want {
			t.Errorf("%s: %q, want %q", e.Commit, got, want)
		}
	}
	if got := heldBy(all[:3], built); got != "" {
		t.Errorf("with nobody waiting: %q", got)
	}
}

func TestApprovalOf(t *testing.T) {
	act := func(order int32, category types.ActionCategory, mode string) types.ActionDeclaration {
		return types.ActionDeclaration{
			RunOrder: &order, ActionTypeId: &types.ActionTypeId{Category: category}, Configuration: map[string]string{"ActionMode": mode},
		}
	}
	made, executed := act(1, types.ActionCategoryDeploy, "CHANGE_SET_REPLACE"), act(3, types.ActionCategoryDeploy, "CHANGE_SET_EXECUTE")
	for name, c := range map[string]struct {
		actions []types.ActionDeclaration
		want    bool
	}{
		"between":    {[]types.ActionDeclaration{made, executed, act(2, types.ActionCategoryApproval, "")}, true},
		"after":      {[]types.ActionDeclaration{made, executed, act(4, types.ActionCategoryApproval, "")}, false},
		"beside":     {[]types.ActionDeclaration{made, executed, act(3, types.ActionCategoryApproval, "")}, false},
		"nobody":     {[]types.ActionDeclaration{made, executed, act(2, types.ActionCategoryBuild, "")}, false},
		"no deploys": {[]types.ActionDeclaration{made, act(2, types.ActionCategoryApproval, "")}, false},
	} {
		got := approvalOf(&types.PipelineDeclaration{Stages: []types.StageDeclaration{{Actions: c.actions}}})
		if (got != nil) != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestQuestionHolds(t *testing.T) {
	q := &Question{Execution: "a", Behind: []string{"b"}}
	if !q.Holds("a") || !q.Holds("b") || q.Holds("c") || (*Question)(nil).Holds("a") {
		t.Error("it holds others than the one that asks and the one behind")
	}
}

func TestNoPipelineAsksNothing(t *testing.T) {
	s, faults := newScene(t)
	if q, err := s.Question(t.Context()); q != nil || err != nil {
		t.Errorf("got %+v, %v", q, err)
	}
	faults.code.Store("AccessDeniedException")
	faults.operation.Store("GetPipelineState")
	if _, err := s.Question(t.Context()); err == nil || !strings.Contains(err.Error(), "refused by the test") {
		t.Errorf("got %v", err)
	}
}
