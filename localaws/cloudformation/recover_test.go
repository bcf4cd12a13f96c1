package cloudformation

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// cut starts an operation, closes the service in the middle of one call, and opens it again.
func (f *fixture) cut(call string, start func() error) {
	f.t.Helper()
	begun, release := make(chan struct{}), make(chan struct{})
	f.setHook(func(c string) error {
		if c == call {
			close(begun)
			<-release
			return f.t.Context().Err()
		}
		return nil
	})
	if err := start(); err != nil {
		f.t.Fatal(err)
	}
	<-begun
	closed := make(chan struct{})
	go func() { defer close(closed); _ = f.Close() }()
	<-f.life.Done()
	f.setHook(nil)
	close(release)
	<-closed
	f.reopen()
}

func TestInterruptedCreation(t *testing.T) {
	f := newFixture(t)
	f.cut("create A", func() error {
		_, err := f.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("one"), TemplateBody: aws.String(pair)})
		return err
	})
	f.want(f.settled("one"), types.StackStatusCreateFailed, interruption)
	f.want(f.delete("one"), types.StackStatusDeleteComplete, "")
	if f.count() != 0 {
		t.Errorf("left: %v", f.things)
	}
}

func TestInterruptedUpdateCanBeRepeated(t *testing.T) {
	f := newFixture(t)
	f.create("one", fixedPair)
	f.changeSet("next", types.ChangeSetTypeUpdate, fixedPair, types.Parameter{ParameterKey: aws.String("Fixed"), ParameterValue: aws.String("y")})
	f.cut("create A", func() error { return f.execute("next") })
	f.want(f.settled("one"), types.StackStatusUpdateFailed, interruption)
	if got := f.describeChangeSet("next").ExecutionStatus; got != types.ExecutionStatusExecuteFailed {
		t.Errorf("execution status is %s", got)
	}
	f.want(f.update("one", fixedPair, fixed("y")), types.StackStatusUpdateComplete, "")
	if f.count() != 2 {
		t.Errorf("the world is %v", f.things)
	}
}

func TestInterruptedUpdateCanBeRolledBack(t *testing.T) {
	f := newFixture(t)
	f.create("one", fixedPair)
	f.cut("update B", func() error {
		_, err := f.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{
			StackName: aws.String("one"), TemplateBody: aws.String(fixedPair),
			Parameters: []types.Parameter{{ParameterKey: aws.String("Fixed"), ParameterValue: aws.String("y")}},
		})
		return err
	})
	f.want(f.settled("one"), types.StackStatusUpdateFailed, interruption)
	if _, err := f.RollbackStack(t.Context(), &cloudformation.RollbackStackInput{StackName: aws.String("one")}); err != nil {
		t.Fatal(err)
	}
	f.want(f.settled("one"), types.StackStatusUpdateRollbackComplete, "")
	if f.count() != 2 || f.things["b-2"]["Target"] != "a-1" {
		t.Errorf("the world is %v", f.things)
	}
}

func TestInterruptedCleanupIsDoneByTheNextOperation(t *testing.T) {
	f := newFixture(t)
	f.create("one", fixedPair)
	f.cut("delete a-1", func() error {
		_, err := f.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{
			StackName: aws.String("one"), TemplateBody: aws.String(fixedPair),
			Parameters: []types.Parameter{{ParameterKey: aws.String("Fixed"), ParameterValue: aws.String("y")}},
		})
		return err
	})
	f.want(f.settled("one"), types.StackStatusUpdateComplete, interruption)
	f.want(f.delete("one"), types.StackStatusDeleteComplete, "")
	if f.count() != 0 {
		t.Errorf("left: %v", f.things)
	}
}

func TestInterruptedDeletion(t *testing.T) {
	f := newFixture(t)
	f.create("one", pair)
	f.cut("delete b-2", func() error {
		_, err := f.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("one")})
		return err
	})
	f.want(f.settled("one"), types.StackStatusDeleteFailed, interruption)
	f.want(f.delete("one"), types.StackStatusDeleteComplete, "")
	if f.count() != 0 {
		t.Errorf("left: %v", f.things)
	}
}

// TestKilledWithinCreate abandons a process within a provider's create, when
// the resource is there and its id is not yet written down.
func TestKilledWithinCreate(t *testing.T) {
	const body = `Resources: {A: {Type: Test::N::Thing}}`
	f := newFixture(t)
	made, release := make(chan struct{}), make(chan struct{})
	f.setHook(func(c string) error {
		if c == "made A" {
			close(made)
			<-release
		}
		return nil
	})
	killed := f.Service
	t.Cleanup(func() { close(release); _ = killed.Close() })
	if _, err := f.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("one"), TemplateBody: aws.String(body)}); err != nil {
		t.Fatal(err)
	}
	<-made
	f.reopen()
	f.setHook(nil)
	f.want(f.settled("one"), types.StackStatusCreateFailed, interruption)
	f.want(f.delete("one"), types.StackStatusDeleteComplete, "")
	if f.count() != 0 {
		t.Errorf("left: %v", f.things)
	}
}
