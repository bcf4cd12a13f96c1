package cloudformation

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/resource"
)

const pair = `
Parameters:
  Size: {Type: Number, Default: 1}
Resources:
  A:
    Type: Test::A::Thing
    Properties: {Size: !Ref Size}
  B:
    Type: Test::B::Thing
    Properties: {Target: !GetAtt A.Arn}
Outputs:
  Arn: {Value: !Sub "${B}/${A.Arn}", Export: {Name: !Sub "${AWS::StackName}-arn"}}
`

func failOn(call, reason string) func(string) error {
	return func(c string) error {
		if c == call {
			return &resource.Error{Code: "InvalidRequest", Message: reason}
		}
		return nil
	}
}

func TestCreateTellsItsStory(t *testing.T) {
	f := newFixture(t)
	st := f.create("one", pair)
	f.want(st, types.StackStatusCreateComplete, "")
	equal(t, "story", f.story("one"), []string{
		"one CREATE_IN_PROGRESS User Initiated",
		"A CREATE_IN_PROGRESS", "A CREATE_IN_PROGRESS Resource creation Initiated", "A CREATE_COMPLETE",
		"B CREATE_IN_PROGRESS", "B CREATE_IN_PROGRESS Resource creation Initiated", "B CREATE_COMPLETE",
		"one CREATE_COMPLETE",
	})
	if got := st.Outputs[0].Value; got != "b-2/arn:a-1" {
		t.Errorf("output is %q", got)
	}
	st = f.delete("one")
	f.want(st, types.StackStatusDeleteComplete, "")
	equal(t, "calls", f.takeLog(), []string{"create A", "create B", "delete b-2", "delete a-1"})
	if _, err := f.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("one")}); err == nil {
		t.Error("a deleted stack is found by its name")
	}
	out, err := f.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: &st.ID})
	if err != nil || out.Stacks[0].StackStatus != types.StackStatusDeleteComplete {
		t.Errorf("a deleted stack is not found by its ARN: %v", err)
	}
}

func TestFailedCreation(t *testing.T) {
	const reason = "The following resource(s) failed to create: [B]. "
	for _, c := range []struct {
		onFailure types.OnFailure
		status    types.StackStatus
		reason    string
		left      int
	}{
		{"", types.StackStatusRollbackComplete, "", 0},
		{types.OnFailureRollback, types.StackStatusRollbackComplete, "", 0},
		{types.OnFailureDelete, types.StackStatusDeleteComplete, "", 0},
		{types.OnFailureDoNothing, types.StackStatusCreateFailed, reason, 1},
	} {
		t.Run(string(c.onFailure), func(t *testing.T) {
			f := newFixture(t)
			f.setHook(failOn("create B", "too big"))
			st := f.create("one", pair, func(in *cloudformation.CreateStackInput) { in.OnFailure = c.onFailure })
			f.want(st, c.status, c.reason)
			if f.count() != c.left {
				t.Errorf("%d things are left, want %d", f.count(), c.left)
			}
			story := strings.Join(f.story(st.ID), "\n")
			if !strings.Contains(story, `B CREATE_FAILED Resource handler returned message: "too big" (RequestToken: `) ||
				!strings.Contains(story, "HandlerErrorCode: InvalidRequest)") {
				t.Errorf("no reason in\n%s", story)
			}
			if c.onFailure == "" && !strings.Contains(story, "one ROLLBACK_IN_PROGRESS "+reason+"Rollback requested by user.") {
				t.Errorf("no rollback in\n%s", story)
			}
		})
	}
}

func TestRolledBackStackCanOnlyBeDeleted(t *testing.T) {
	f := newFixture(t)
	f.setHook(failOn("create B", "no"))
	st := f.create("one", pair)
	_, err := f.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("one"), TemplateBody: aws.String(pair)})
	wantError(t, err, "ValidationError", "Stack:"+st.ID+" is in ROLLBACK_COMPLETE state and can not be updated.")
	f.want(f.delete("one"), types.StackStatusDeleteComplete, "")
}

func size(value string) func(*cloudformation.UpdateStackInput) {
	return func(in *cloudformation.UpdateStackInput) {
		in.Parameters = []types.Parameter{{ParameterKey: aws.String("Size"), ParameterValue: &value}}
	}
}

func TestUpdateInPlaceAndNoOp(t *testing.T) {
	f := newFixture(t)
	f.create("one", pair)
	_, err := f.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("one"), TemplateBody: aws.String(pair)})
	wantError(t, err, "ValidationError", "No updates are to be performed.")
	f.takeLog()
	f.want(f.update("one", pair, size("2")), types.StackStatusUpdateComplete, "")
	equal(t, "calls", f.takeLog(), []string{"update A"})
}

const fixedPair = `
Parameters: {Fixed: {Type: String, Default: x}, Size: {Type: String, Default: "1"}}
Resources:
  A: {Type: Test::A::Thing, Properties: {Fixed: !Ref Fixed}}
  B: {Type: Test::B::Thing, Properties: {Target: !Ref A, Size: !Ref Size}}
`

func fixed(value string) func(*cloudformation.UpdateStackInput) {
	return func(in *cloudformation.UpdateStackInput) {
		in.Parameters = []types.Parameter{{ParameterKey: aws.String("Fixed"), ParameterValue: &value}}
	}
}

func TestReplacementMakesTheNewOneFirst(t *testing.T) {
	f := newFixture(t)
	f.create("one", fixedPair)
	f.takeLog()
	f.want(f.update("one", fixedPair, fixed("y")), types.StackStatusUpdateComplete, "")
	equal(t, "calls", f.takeLog(), []string{"create A", "update B", "delete a-1"})
	story := f.story("one")
	equal(t, "story", story[len(story)-10:], []string{
		"one UPDATE_IN_PROGRESS User Initiated",
		"A UPDATE_IN_PROGRESS Requested update requires the creation of a new physical resource; hence creating one.",
		"A UPDATE_IN_PROGRESS Resource creation Initiated", "A UPDATE_COMPLETE",
		"B UPDATE_IN_PROGRESS", "B UPDATE_COMPLETE",
		"one UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
		"A DELETE_IN_PROGRESS", "A DELETE_COMPLETE",
		"one UPDATE_COMPLETE",
	})
}

func TestUpdateRollsBack(t *testing.T) {
	f := newFixture(t)
	f.create("one", fixedPair)
	f.takeLog()
	f.setHook(failOn("update B", "no room"))
	st := f.update("one", fixedPair+"  C: {Type: Test::A::Thing}\n", fixed("y"))
	f.want(st, types.StackStatusUpdateRollbackFailed, "The following resource(s) failed to update: [B]. ")

	f.setHook(nil)
	if _, err := f.ContinueUpdateRollback(t.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: aws.String("one")}); err != nil {
		t.Fatal(err)
	}
	f.want(f.settled("one"), types.StackStatusUpdateRollbackComplete, "")
	equal(t, "resources", sortedMap(f.statuses("one")), []string{"A UPDATE_COMPLETE", "B UPDATE_COMPLETE"})
	if f.count() != 2 || f.things["a-1"] == nil || f.things["b-2"]["Target"] != "a-1" {
		t.Errorf("the world is %v", f.things)
	}
	if got := f.settled("one").Parameters[0].Value; got != "x" {
		t.Errorf("the parameter is %q after the rollback", got)
	}
	f.want(f.update("one", fixedPair, fixed("z")), types.StackStatusUpdateComplete, "")
	f.want(f.delete("one"), types.StackStatusDeleteComplete, "")
	if f.count() != 0 {
		t.Errorf("left: %v", f.things)
	}
}

func TestUpdateThatFailsToCreateRollsBack(t *testing.T) {
	f := newFixture(t)
	f.create("one", pair)
	f.setHook(failOn("create C", "no"))
	body := strings.Replace(pair, "Outputs:", "  C: {Type: Test::A::Thing, DependsOn: A}\nOutputs:", 1)
	st := f.update("one", body, size("9"))
	f.want(st, types.StackStatusUpdateRollbackComplete, "")
	if !strings.Contains(strings.Join(f.story("one"), "\n"), "one UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [C].") {
		t.Error(f.story("one"))
	}
	if got := f.things["a-1"]["Size"]; got != "1" {
		t.Errorf("Size is %v after the rollback", got)
	}
	equal(t, "resources", sortedMap(f.statuses("one")), []string{"A UPDATE_COMPLETE", "B CREATE_COMPLETE"})
}

func TestUpdateWithoutRollbackCanBeRepeated(t *testing.T) {
	f := newFixture(t)
	f.create("one", fixedPair)
	f.setHook(failOn("update B", "no room"))
	st := f.update("one", fixedPair, fixed("y"), func(in *cloudformation.UpdateStackInput) { in.DisableRollback = aws.Bool(true) })
	f.want(st, types.StackStatusUpdateFailed, "The following resource(s) failed to update: [B]. ")
	f.setHook(nil)
	f.want(f.update("one", fixedPair, fixed("y")), types.StackStatusUpdateComplete, "")
	if f.count() != 2 || f.things["a-1"] != nil {
		t.Errorf("the world is %v", f.things)
	}
}

func TestPolicies(t *testing.T) {
	f := newFixture(t)
	body := `
Resources:
  Keep: {Type: Test::A::Thing, DeletionPolicy: Retain}
  Late: {Type: Test::A::Thing, DeletionPolicy: RetainExceptOnCreate}
  Swap: {Type: Test::A::Thing, UpdateReplacePolicy: Retain, Properties: {Fixed: x}}
`
	f.create("one", body)
	f.want(f.update("one", strings.Replace(body, "Fixed: x", "Fixed: y", 1)), types.StackStatusUpdateComplete, "")
	f.want(f.delete("one"), types.StackStatusDeleteComplete, "")
	if f.count() != 3 {
		t.Errorf("%d things are left, want Keep, Late and the replaced Swap: %v", f.count(), f.things)
	}
	f = newFixture(t)
	f.setHook(failOn("create Swap", "no"))
	body = strings.Replace(body, "Type: Test::A::Thing, UpdateReplacePolicy", "Type: Test::A::Thing, DependsOn: [Keep, Late], UpdateReplacePolicy", 1)
	f.want(f.create("one", body), types.StackStatusRollbackComplete, "")
	if f.count() != 1 {
		t.Errorf("%d things are left, want Keep alone", f.count())
	}
}

func TestDeleteFailedNamesTheResourceAndCanRetain(t *testing.T) {
	f := newFixture(t)
	f.create("one", pair)
	f.setHook(func(call string) error {
		if call == "delete a-1" {
			return errors.New("in use")
		}
		return nil
	})
	f.want(f.delete("one"), types.StackStatusDeleteFailed, "The following resource(s) failed to delete: [A]. ")
	equal(t, "resources", sortedMap(f.statuses("one")), []string{"A DELETE_FAILED", "B DELETE_COMPLETE"})
	_, err := f.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("one"), RetainResources: []string{"A"}})
	if err != nil {
		t.Fatal(err)
	}
	f.want(f.settled(f.liveID("one")), types.StackStatusDeleteComplete, "")
}

func (f *fixture) liveID(name string) string {
	rows, _ := f.stacks.List("", "", 0)
	for _, r := range rows {
		if r.Value.Name == name {
			return r.Value.ID
		}
	}
	return ""
}

func TestDeletionCutsCreationShort(t *testing.T) {
	f := newFixture(t)
	begun, release := make(chan struct{}), make(chan struct{})
	f.setHook(func(call string) error {
		if call == "create A" {
			close(begun)
			<-release
		}
		return nil
	})
	out, err := f.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("one"), TemplateBody: aws.String(pair)})
	if err != nil {
		t.Fatal(err)
	}
	<-begun
	_, err = f.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("one"), TemplateBody: aws.String(pair)})
	wantError(t, err, "ValidationError", "Stack:"+*out.StackId+" is in CREATE_IN_PROGRESS state and can not be updated.")
	if _, err := f.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("one")}); err != nil {
		t.Fatal(err)
	}
	close(release)
	f.want(f.settled(*out.StackId), types.StackStatusDeleteComplete, "")
	if f.count() != 0 {
		t.Errorf("left: %v", f.things)
	}
	equal(t, "calls", f.takeLog(), []string{"create A", "delete a-1"})
}

func TestIndependentResourcesRunInParallel(t *testing.T) {
	f := newFixture(t)
	meet := make(chan struct{})
	f.setHook(func(call string) error { // each of the two waits for the other
		switch call {
		case "create X":
			meet <- struct{}{}
		case "create Y":
			<-meet
		}
		return nil
	})
	f.want(f.create("one", "Resources:\n  X: {Type: Test::A::Thing}\n  Y: {Type: Test::A::Thing}\n"), types.StackStatusCreateComplete, "")
}

func TestCancelUpdate(t *testing.T) {
	f := newFixture(t)
	f.create("one", pair)
	begun, release := make(chan struct{}), make(chan struct{})
	f.setHook(func(call string) error {
		if call == "update A" {
			begun <- struct{}{}
			<-release
		}
		return nil
	})
	_, err := f.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{
		StackName: aws.String("one"), TemplateBody: aws.String(pair),
		Parameters: []types.Parameter{{ParameterKey: aws.String("Size"), ParameterValue: aws.String("7")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	<-begun
	if _, err := f.CancelUpdateStack(t.Context(), &cloudformation.CancelUpdateStackInput{StackName: aws.String("one")}); err != nil {
		t.Fatal(err)
	}
	f.setHook(nil)
	close(release)
	f.want(f.settled("one"), types.StackStatusUpdateRollbackComplete, "")
	if got := f.things["a-1"]["Size"]; got != "1" {
		t.Errorf("Size is %v after the rollback", got)
	}
}

func TestProviderPanicFailsTheResource(t *testing.T) {
	f := newFixture(t)
	f.setHook(func(call string) error {
		if call == "create A" {
			panic("oh")
		}
		return nil
	})
	f.want(f.create("one", pair), types.StackStatusRollbackComplete, "")
}
