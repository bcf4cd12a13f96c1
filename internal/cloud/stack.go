package cloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Stack describes a stack as it should be.
type Stack struct {
	Name       string
	Template   []byte
	Parameters map[string]string
	Tags       map[string]string
}

// StackEvent is told to whoever watches a stack change.
type StackEvent struct {
	Resource, Type, Status, Reason string
	// At is when it happened, by AWS's clock.
	At time.Time
}

// StackError says that a stack operation ended badly, and what failed first.
type StackError struct {
	Stack, Status string
	// Failures are "logical id: reason", in the order in which they happened.
	Failures []string
}

func (e *StackError) Error() string {
	if len(e.Failures) == 0 {
		return fmt.Sprintf("stack %s is in %s", e.Stack, e.Status)
	}
	return fmt.Sprintf("stack %s is in %s: %s", e.Stack, e.Status, strings.Join(e.Failures, "; "))
}

// FindStack returns the stack of that name or ARN, or nil where there is none
// or it has been deleted.
func (c *Cloud) FindStack(ctx context.Context, nameOrARN string) (*types.Stack, error) {
	out, err := c.CloudFormation.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &nameOrARN})
	if IsNotFound(err) {
		return nil, nil //nolint:nilnil // no stack and no error is one of the two answers
	}
	if err != nil {
		return nil, fmt.Errorf("describe stack %s: %w", nameOrARN, err)
	}
	if len(out.Stacks) == 0 || out.Stacks[0].StackStatus == types.StackStatusDeleteComplete {
		return nil, nil //nolint:nilnil // as above
	}
	return &out.Stacks[0], nil
}

// Output returns an output of a stack, or "".
func Output(stack *types.Stack, key string) string {
	if stack == nil {
		return ""
	}
	for _, o := range stack.Outputs {
		if aws.ToString(o.OutputKey) == key {
			return aws.ToString(o.OutputValue)
		}
	}
	return ""
}

// Tag returns a tag of a stack, or "".
func Tag(stack *types.Stack, key string) string {
	for _, t := range stack.Tags {
		if aws.ToString(t.Key) == key {
			return aws.ToString(t.Value)
		}
	}
	return ""
}

// Deploy creates or updates the stack and waits for the end of it. It waits
// first for an operation that is still going on, as after an interruption, and
// clears away a stack whose creation had failed. A stack that is as it should
// be is no error. seen is called for each event and may be nil.
func (c *Cloud) Deploy(ctx context.Context, s Stack, seen func(StackEvent)) (*types.Stack, error) {
	stack, err := c.settle(ctx, s.Name, seen)
	if err != nil {
		return nil, err
	}
	if stack, err = c.clearAway(ctx, stack, seen); err != nil {
		return nil, err
	}
	var parameters []types.Parameter
	for k, v := range s.Parameters {
		parameters = append(parameters, types.Parameter{ParameterKey: aws.String(k), ParameterValue: aws.String(v)})
	}
	var tags []types.Tag
	for k, v := range s.Tags {
		tags = append(tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	capabilities := []types.Capability{types.CapabilityCapabilityIam}
	watch := c.watchFrom(s.Name, stack, seen)
	var id *string
	if stack == nil {
		var out *cloudformation.CreateStackOutput
		out, err = c.CloudFormation.CreateStack(ctx, &cloudformation.CreateStackInput{
			StackName: &s.Name, TemplateBody: aws.String(string(s.Template)),
			Parameters: parameters, Tags: tags, Capabilities: capabilities,
		})
		if err == nil {
			id = out.StackId
		}
	} else {
		if err := watch.skip(ctx); err != nil {
			return nil, err
		}
		var out *cloudformation.UpdateStackOutput
		out, err = c.CloudFormation.UpdateStack(ctx, &cloudformation.UpdateStackInput{
			StackName: stack.StackId, TemplateBody: aws.String(string(s.Template)),
			Parameters: parameters, Tags: tags, Capabilities: capabilities,
		})
		if noUpdates(err) {
			return stack, nil
		}
		if err == nil {
			id = out.StackId
		}
	}
	if err != nil {
		return nil, fmt.Errorf("deploy stack %s: %w", s.Name, err)
	}
	return watch.untilSettled(ctx, aws.ToString(id))
}

// settle waits for an operation in progress and returns the stack, nil where there is none.
func (c *Cloud) settle(ctx context.Context, name string, seen func(StackEvent)) (*types.Stack, error) {
	stack, err := c.FindStack(ctx, name)
	if err != nil || stack == nil || !inProgress(stack.StackStatus) {
		return stack, err
	}
	stack, err = c.watchFrom(name, stack, seen).untilSettled(ctx, aws.ToString(stack.StackId))
	if _, failed := errors.AsType[*StackError](err); failed && stack != nil {
		return stack, nil // it ended badly before this call; the caller's deployment decides anew
	}
	return stack, err
}

func neverWorked(status types.StackStatus) bool {
	return Stillborn(status) || status == types.StackStatusReviewInProgress || status == types.StackStatusDeleteFailed
}

// Stillborn tells whether a stack's creation has failed: it takes no update, and can only be deleted.
func Stillborn(status types.StackStatus) bool {
	return slices.Contains([]types.StackStatus{
		types.StackStatusRollbackComplete, types.StackStatusRollbackFailed, types.StackStatusCreateFailed,
	}, status)
}

func inProgress(status types.StackStatus) bool {
	return strings.HasSuffix(string(status), "_IN_PROGRESS") && status != types.StackStatusReviewInProgress
}

func succeeded(status types.StackStatus) bool {
	return status == types.StackStatusCreateComplete || status == types.StackStatusUpdateComplete
}

// DeleteStack deletes a stack by its ARN and waits until it is gone. A stack
// that is gone already is no error. What is done to it just now, such as by a
// pipeline that was stopped, is waited for: a stack is not deleted in its midst.
func (c *Cloud) DeleteStack(ctx context.Context, arn string, seen func(StackEvent)) error {
	if stack, err := c.settle(ctx, arn, seen); err != nil || stack == nil {
		return err
	}
	watch := c.watchFrom(arn, nil, seen)
	if err := watch.skip(ctx); err != nil {
		return err
	}
	if _, err := c.CloudFormation.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &arn}); err != nil {
		if IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("delete stack %s: %w", StackName(arn), err)
	}
	_, err := watch.untilSettled(ctx, arn)
	return err
}

// StackName is the name in a stack's ARN; anything else is returned as it is.
func StackName(arn string) string {
	if parts := strings.Split(arn, "/"); len(parts) == 3 && strings.HasPrefix(arn, "arn:") {
		return parts[1]
	}
	return arn
}
