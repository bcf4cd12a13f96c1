package cloud

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// stackWatch follows one operation of a stack by its events.
type stackWatch struct {
	c    *Cloud
	name string
	seen func(StackEvent)
	// last is the id of the newest event told so far.
	last     string
	failures []string
}

func (c *Cloud) watchFrom(name string, stack *types.Stack, seen func(StackEvent)) *stackWatch {
	if stack != nil {
		name = aws.ToString(stack.StackId)
	}
	if seen == nil {
		seen = func(StackEvent) {}
	}
	return &stackWatch{c: c, name: name, seen: seen}
}

// skip passes over the events that have happened already.
func (w *stackWatch) skip(ctx context.Context) error {
	out, err := w.c.CloudFormation.DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: &w.name})
	if IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the events of stack %s: %w", StackName(w.name), err)
	}
	if len(out.StackEvents) > 0 {
		w.last = aws.ToString(out.StackEvents[0].EventId)
	}
	return nil
}

// tell reports the events that are new, the oldest first.
func (w *stackWatch) tell(ctx context.Context) error {
	var fresh []types.StackEvent
	pages := cloudformation.NewDescribeStackEventsPaginator(w.c.CloudFormation,
		&cloudformation.DescribeStackEventsInput{StackName: &w.name})
pages:
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the events of stack %s: %w", StackName(w.name), err)
		}
		for _, e := range page.StackEvents {
			if aws.ToString(e.EventId) == w.last {
				break pages
			}
			fresh = append(fresh, e)
		}
	}
	if len(fresh) > 0 {
		w.last = aws.ToString(fresh[0].EventId)
	}
	for _, e := range slices.Backward(fresh) {
		status, reason := string(e.ResourceStatus), aws.ToString(e.ResourceStatusReason)
		if strings.HasSuffix(status, "_FAILED") && !strings.Contains(reason, "cancelled") &&
			aws.ToString(e.PhysicalResourceId) != aws.ToString(e.StackId) {
			w.failures = append(w.failures, aws.ToString(e.LogicalResourceId)+": "+reason)
		}
		w.seen(StackEvent{
			Resource: aws.ToString(e.LogicalResourceId), Type: aws.ToString(e.ResourceType), Status: status, Reason: reason,
			At: aws.ToTime(e.Timestamp),
		})
	}
	return nil
}

// untilSettled waits for the end of the operation. The stack is nil when it
// has been deleted; a bad end is a *StackError.
func (w *stackWatch) untilSettled(ctx context.Context, arn string) (*types.Stack, error) {
	w.name = arn
	var stack *types.Stack
	err := Poll(ctx, func(ctx context.Context) (bool, error) {
		var err error
		if stack, err = w.c.FindStack(ctx, arn); err != nil {
			if TroubleOf(err) == Throttled {
				return false, nil // a poll that is throttled says nothing about the stack
			}
			return false, err
		}
		// The events of a stack that is gone can still be read by its ARN, says
		// botocore's model of DescribeStackEvents.
		if err := w.tell(ctx); err != nil && TroubleOf(err) != Throttled {
			return false, err
		}
		return stack == nil || !inProgress(stack.StackStatus), nil
	})
	if err != nil || stack == nil || succeeded(stack.StackStatus) {
		return stack, err
	}
	return stack, &StackError{
		Stack: aws.ToString(stack.StackName), Status: string(stack.StackStatus), Failures: w.failures,
	}
}
