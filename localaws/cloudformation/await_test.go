package cloudformation

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// The AWS CLI is answered when the stack is done; others are answered at once.
func TestTheCLIIsAnsweredWhenTheStackIsDone(t *testing.T) {
	f := newFixture(t)
	reached, release := make(chan bool), make(chan bool)
	f.setHook(func(string) error {
		close(reached)
		<-release
		return nil
	})
	name, body := "slow", `{"Resources": {"A": {"Type": "Test::A::Thing"}}}`
	out, err := f.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &body})
	if err != nil {
		t.Fatal(err)
	}
	<-reached
	if f.await(t.Context(), "Boto3/1.43 aws-cli/1", *out.StackId) {
		t.Error("a program was held")
	}
	time.AfterFunc(10*time.Millisecond, func() { close(release) })
	if !f.await(t.Context(), "aws-cli/1.45.11 md/Botocore", *out.StackId) {
		t.Error("the CLI was not held")
	}
	f.want(f.settled(name), types.StackStatusCreateComplete, "")
	if f.await(t.Context(), "aws-cli/1.45.11", *out.StackId) {
		t.Error("the CLI was held where nothing goes on")
	}
}
