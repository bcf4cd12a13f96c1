package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// DeployStage asks whether the pipeline ends with a deployment by change set.
var DeployStage = Check{
	Name: "deploy-stage", Asks: "Does the pipeline end in production?",
	Ask: func(ctx context.Context, s *Scene) Result {
		pipeline, result := s.pipeline(ctx)
		if pipeline == nil {
			return result
		}
		var modes []string
		for _, stage := range pipeline.Stages {
			for _, action := range stage.Actions {
				if mode := action.Configuration["ActionMode"]; mode != "" {
					modes = append(modes, mode)
				}
			}
		}
		if strings.Join(modes, " ") != "CHANGE_SET_REPLACE CHANGE_SET_EXECUTE" {
			return wrong("the pipeline does not make and execute a change set",
				"a Deploy stage with CHANGE_SET_REPLACE, then CHANGE_SET_EXECUTE", "mayfly run cloudformation")
		}
		return passed("the pipeline makes a change set and executes it")
	},
}

// stackComplete looks at a stack's status; also are those that are good beside the usual two.
func stackComplete(ctx context.Context, s *Scene, name, what, fix string, also ...string) Result {
	stack, err := s.FindStack(ctx, name)
	if err != nil {
		return cannotTell("cloudformation DescribeStacks", err)
	}
	expected := "stack " + name + " complete"
	if stack == nil {
		return wrong("there is no stack "+name, expected, fix)
	}
	status := string(stack.StackStatus)
	switch {
	case status == "CREATE_COMPLETE" || status == "UPDATE_COMPLETE" || slices.Contains(also, status):
		return passed("%s is %s", what, status)
	case status == "REVIEW_IN_PROGRESS":
		return notYet("stack "+name+" has a change set that was not executed", expected, time.Minute)
	case strings.HasSuffix(status, "_IN_PROGRESS"):
		return notYet(fmt.Sprintf("stack %s is %s", name, status), expected, 2*time.Minute)
	}
	observed := fmt.Sprintf("stack %s is %s", name, status)
	if reason := s.firstFailure(ctx, aws.ToString(stack.StackId), time.Time{}); reason != "" {
		observed += ": " + reason
	}
	return wrong(observed, expected, fix)
}

// firstFailure is the reason of the first resource that failed in the last
// operation of a stack, since a moment, or "" where it cannot be read.
func (s *Scene) firstFailure(ctx context.Context, stack string, since time.Time) string {
	out, err := s.CloudFormation.DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: &stack})
	if err != nil {
		return ""
	}
	reason := ""
	for _, e := range out.StackEvents { // the newest first
		if aws.ToString(e.ResourceStatusReason) == "User Initiated" || aws.ToTime(e.Timestamp).Before(since) {
			break
		}
		if strings.HasSuffix(string(e.ResourceStatus), "_FAILED") && aws.ToString(e.PhysicalResourceId) != aws.ToString(e.StackId) {
			reason = aws.ToString(e.LogicalResourceId) + ": " + aws.ToString(e.ResourceStatusReason)
		}
	}
	return reason
}

// LiveURL is where the application answers, or "" where there is none yet.
func (s *Scene) LiveURL(ctx context.Context) (string, error) {
	stack, err := s.FindStack(ctx, s.Names.ApplicationStack())
	if err != nil {
		return "", err
	}
	return cloud.Output(stack, "Url"), nil
}
