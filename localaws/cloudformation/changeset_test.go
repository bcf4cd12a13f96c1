package cloudformation

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

func (f *fixture) changeSet(name string, kind types.ChangeSetType, body string, parameters ...types.Parameter) *cloudformation.DescribeChangeSetOutput {
	f.t.Helper()
	_, err := f.CreateChangeSet(f.t.Context(), &cloudformation.CreateChangeSetInput{
		StackName: aws.String("one"), ChangeSetName: &name, ChangeSetType: kind, TemplateBody: &body, Parameters: parameters,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return f.describeChangeSet(name)
}

func (f *fixture) describeChangeSet(name string) *cloudformation.DescribeChangeSetOutput {
	f.t.Helper()
	out, err := f.DescribeChangeSet(f.t.Context(), &cloudformation.DescribeChangeSetInput{StackName: aws.String("one"), ChangeSetName: &name})
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

func (f *fixture) execute(name string) error {
	_, err := f.ExecuteChangeSet(f.t.Context(), &cloudformation.ExecuteChangeSetInput{StackName: aws.String("one"), ChangeSetName: &name})
	return err
}

func TestCreateByChangeSet(t *testing.T) {
	f := newFixture(t)
	c := f.changeSet("first", types.ChangeSetTypeCreate, pair)
	if c.Status != types.ChangeSetStatusCreateComplete || c.ExecutionStatus != types.ExecutionStatusAvailable || len(c.Changes) != 2 {
		t.Fatalf("change set is %s %s with %d changes", c.Status, c.ExecutionStatus, len(c.Changes))
	}
	f.want(f.settled("one"), types.StackStatusReviewInProgress, "User Initiated")
	f.changeSet("second", types.ChangeSetTypeCreate, pair)
	if err := f.execute("first"); err != nil {
		t.Fatal(err)
	}
	f.want(f.settled("one"), types.StackStatusCreateComplete, "")
	equal(t, "story", f.story("one")[:2], []string{"one REVIEW_IN_PROGRESS User Initiated", "one CREATE_IN_PROGRESS User Initiated"})
	wantError(t, f.execute("second"), "ChangeSetNotFound", "ChangeSet [second] does not exist")
	err := f.execute("first")
	wantError(t, err, "InvalidChangeSetStatus", "ChangeSet ["+*c.ChangeSetId+"] cannot be executed in its current execution status of [EXECUTE_COMPLETE]")
}

func TestChangeSetWithoutChanges(t *testing.T) {
	f := newFixture(t)
	f.create("one", pair)
	c := f.changeSet("none", types.ChangeSetTypeUpdate, pair)
	if c.Status != types.ChangeSetStatusFailed || c.ExecutionStatus != types.ExecutionStatusUnavailable || *c.StatusReason != noChanges {
		t.Errorf("change set is %s %s %q", c.Status, c.ExecutionStatus, *c.StatusReason)
	}
	wantError(t, f.execute("none"), "InvalidChangeSetStatus", "ChangeSet ["+*c.ChangeSetId+"] cannot be executed in its current status of [FAILED]")
}

func TestChangesOfAChangeSet(t *testing.T) {
	f := newFixture(t)
	f.create("one", fixedPair+"  Old: {Type: Test::A::Thing}\n")
	c := f.changeSet("next", types.ChangeSetTypeUpdate, fixedPair+"  New: {Type: Test::A::Thing}\n",
		types.Parameter{ParameterKey: aws.String("Fixed"), ParameterValue: aws.String("y")})
	var lines []string
	for _, x := range c.Changes {
		r := x.ResourceChange
		words := []string{string(r.Action), *r.LogicalResourceId, string(r.Replacement)}
		for _, d := range r.Details {
			words = append(words, *d.Target.Name+":"+string(d.ChangeSource)+":"+string(d.Evaluation)+":"+string(d.Target.RequiresRecreation)+":"+aws.ToString(d.CausingEntity))
		}
		lines = append(lines, strings.TrimSpace(strings.Join(words, " ")))
	}
	equal(t, "changes", lines, []string{
		"Modify A True Fixed:ParameterReference:Static:Always:Fixed",
		"Modify B False Target:ResourceReference:Dynamic:Never:A",
		"Add New", "Remove Old",
	})
	if err := f.execute("next"); err != nil {
		t.Fatal(err)
	}
	f.want(f.settled("one"), types.StackStatusUpdateComplete, "")
	if got := f.describeChangeSet("next").ExecutionStatus; got != types.ExecutionStatusExecuteComplete {
		t.Errorf("execution status is %s", got)
	}
	equal(t, "resources", sortedMap(f.statuses("one")), []string{"A UPDATE_COMPLETE", "B UPDATE_COMPLETE", "New CREATE_COMPLETE"})
}

func TestChangeSetErrors(t *testing.T) {
	f := newFixture(t)
	f.create("one", pair)
	for _, c := range []struct {
		name          string
		in            cloudformation.CreateChangeSetInput
		code, message string
	}{
		{"no stack", cloudformation.CreateChangeSetInput{StackName: aws.String("two"), ChangeSetName: aws.String("c"), TemplateBody: aws.String(pair)}, "ValidationError", "Stack [two] does not exist"},
		{"created again", cloudformation.CreateChangeSetInput{StackName: aws.String("one"), ChangeSetName: aws.String("c"), ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: aws.String(pair)}, "ValidationError", "Stack [one] already exists and cannot be created again with the changeSet [c]."},
		{"import", cloudformation.CreateChangeSetInput{StackName: aws.String("one"), ChangeSetName: aws.String("c"), ChangeSetType: types.ChangeSetTypeImport, TemplateBody: aws.String(pair)}, "ValidationError", "ChangeSetType IMPORT is not served by this AWS"},
		{"no role", cloudformation.CreateChangeSetInput{StackName: aws.String("one"), ChangeSetName: aws.String("c"), TemplateBody: aws.String(pair), RoleARN: aws.String(missingRole)}, "ValidationError", "Role " + missingRole + " is invalid or cannot be assumed"},
		{"both templates", cloudformation.CreateChangeSetInput{StackName: aws.String("one"), ChangeSetName: aws.String("c"), TemplateBody: aws.String(pair), UsePreviousTemplate: aws.Bool(true)}, "ValidationError", "You cannot specify both usePreviousTemplate and Template Body/Template URL."},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := f.CreateChangeSet(t.Context(), &c.in)
			wantError(t, err, c.code, c.message)
		})
	}
	f.changeSet("twice", types.ChangeSetTypeUpdate, pair)
	_, err := f.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{StackName: aws.String("one"), ChangeSetName: aws.String("twice"), TemplateBody: aws.String(pair)})
	wantError(t, err, "AlreadyExistsException", "ChangeSet twice already exists")
	_, err = f.DeleteChangeSet(t.Context(), &cloudformation.DeleteChangeSetInput{StackName: aws.String("one"), ChangeSetName: aws.String("never")})
	if err != nil {
		t.Errorf("deleting a change set that is not there: %v", err)
	}
}

func TestDirectUpdateMakesChangeSetsObsolete(t *testing.T) {
	f := newFixture(t)
	f.create("one", pair)
	c := f.changeSet("stale", types.ChangeSetTypeUpdate, pair, types.Parameter{ParameterKey: aws.String("Size"), ParameterValue: aws.String("3")})
	f.update("one", pair, size("2"))
	wantError(t, f.execute("stale"), "InvalidChangeSetStatus", "ChangeSet ["+*c.ChangeSetId+"] cannot be executed in its current execution status of [OBSOLETE]")
}

func TestTransform(t *testing.T) {
	f := newFixture(t)
	f.expand = func(document, values map[string]any) (map[string]any, error) {
		if values["AWS::Region"] != "eu-west-1" {
			t.Errorf("values are %v", values)
		}
		resources, _ := document["Resources"].(map[string]any)
		if resources["Bad"] != nil {
			return nil, errBadSpec
		}
		return map[string]any{"Transform": document["Transform"], "Resources": map[string]any{"Made": map[string]any{"Type": "Test::A::Thing"}}}, nil
	}
	const body = "Transform: AWS::Serverless-2016-10-31\nResources: {Fn: {Type: AWS::Serverless::Function}}\n"
	c := f.changeSet("sam", types.ChangeSetTypeCreate, body)
	if c.Status != types.ChangeSetStatusCreateComplete || *c.Changes[0].ResourceChange.LogicalResourceId != "Made" {
		t.Fatalf("change set is %s %v", c.Status, c.Changes)
	}
	if err := f.execute("sam"); err != nil {
		t.Fatal(err)
	}
	f.want(f.settled("one"), types.StackStatusCreateComplete, "")
	got, err := f.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: aws.String("one"), TemplateStage: types.TemplateStageProcessed})
	if err != nil || *got.TemplateBody != `{"Resources":{"Made":{"Type":"Test::A::Thing"}}}` {
		t.Errorf("processed template is %v, %v", got, err)
	}
	bad := strings.Replace(body, "Fn:", "Bad:", 1)
	c = f.changeSet("bad", types.ChangeSetTypeUpdate, bad)
	want := "Transform AWS::Serverless-2016-10-31 failed with: " + errBadSpec.Error()
	if c.Status != types.ChangeSetStatusFailed || *c.StatusReason != want {
		t.Errorf("change set is %s %q", c.Status, *c.StatusReason)
	}
	_, err = f.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("two"), TemplateBody: &bad})
	wantError(t, err, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]")
	_, err = f.CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String("two"), TemplateBody: &bad, Capabilities: []types.Capability{types.CapabilityCapabilityAutoExpand},
	})
	wantError(t, err, "ValidationError", want)
}

// BenchmarkEmptyChangeSet is the round trip of a change set that changes nothing: create, describe, delete.
func BenchmarkEmptyChangeSet(b *testing.B) {
	f := newFixture(b)
	f.create("one", pair)
	for b.Loop() {
		f.changeSet("none", types.ChangeSetTypeUpdate, pair)
		if _, err := f.DeleteChangeSet(b.Context(), &cloudformation.DeleteChangeSetInput{StackName: aws.String("one"), ChangeSetName: aws.String("none")}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPropertyValues asks a change set for what properties were and are to be.
func TestPropertyValues(t *testing.T) {
	f := newFixture(t)
	f.create("one", fixedPair)
	f.changeSet("next", types.ChangeSetTypeUpdate, fixedPair, types.Parameter{ParameterKey: aws.String("Fixed"), ParameterValue: aws.String("y")})
	if plain := f.describeChangeSet("next").Changes[0].ResourceChange; plain.AfterContext != nil || plain.Details[0].Target.AfterValue != nil {
		t.Errorf("values that nobody has asked for: %+v", plain)
	}
	out, err := f.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{
		StackName: aws.String("one"), ChangeSetName: aws.String("next"), IncludePropertyValues: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range out.Changes {
		r := c.ResourceChange
		target := r.Details[0].Target
		lines = append(lines, *r.BeforeContext+" -> "+*r.AfterContext,
			*target.Path+" "+string(target.AttributeChangeType)+" "+*target.BeforeValue+" -> "+*target.AfterValue)
	}
	equal(t, "values", lines, []string{
		`{"Properties":{"Fixed":"x"}} -> {"Properties":{"Fixed":"y"}}`,
		"/Properties/Fixed Modify x -> y",
		`{"Properties":{"Size":"1","Target":"a-1"}} -> {"Properties":{"Size":"1","Target":"{{changeSet:KNOWN_AFTER_APPLY}}"}}`,
		"/Properties/Target Modify a-1 -> {{changeSet:KNOWN_AFTER_APPLY}}",
	})
}

func TestForcedDeletion(t *testing.T) {
	f := newFixture(t)
	f.create("one", pair)
	force := func() error {
		_, err := f.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("one"), DeletionMode: types.DeletionModeForceDeleteStack})
		return err
	}
	st, _, _ := f.find("one")
	wantError(t, force(), "ValidationError", "Invalid operation on stack ["+st.ID+"]. FORCE_DELETE_STACK can be specified only when the stack is in the DELETE_FAILED state.")
	f.setHook(func(call string) error {
		if call == "delete a-1" {
			return errors.New("no")
		}
		return nil
	})
	f.want(f.delete("one"), types.StackStatusDeleteFailed, "The following resource(s) failed to delete: [A]. ")
	if err := force(); err != nil {
		t.Fatal(err)
	}
	f.want(f.settled(st.ID), types.StackStatusDeleteComplete, "")
	if f.count() != 1 {
		t.Errorf("the world is %v", f.things)
	}
}

func TestCreateWhileInReview(t *testing.T) {
	f := newFixture(t)
	c := f.changeSet("c", types.ChangeSetTypeCreate, pair)
	st := f.create("one", pair)
	f.want(st, types.StackStatusCreateComplete, "")
	if st.ID != *c.StackId || f.describeChangeSet("c").ExecutionStatus != types.ExecutionStatusObsolete {
		t.Errorf("stack %s, change set %s of %s", st.ID, f.describeChangeSet("c").ExecutionStatus, *c.StackId)
	}
}
