package codepipeline

import (
	"context"
	"encoding/json"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// stackAPI is what is needed of CloudFormation.
type stackAPI interface {
	DescribeStacks(ctx context.Context, in *cloudformation.DescribeStacksInput, opts ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error)
	DescribeStackEvents(ctx context.Context, in *cloudformation.DescribeStackEventsInput, opts ...func(*cloudformation.Options)) (*cloudformation.DescribeStackEventsOutput, error)
	CreateStack(ctx context.Context, in *cloudformation.CreateStackInput, opts ...func(*cloudformation.Options)) (*cloudformation.CreateStackOutput, error)
	UpdateStack(ctx context.Context, in *cloudformation.UpdateStackInput, opts ...func(*cloudformation.Options)) (*cloudformation.UpdateStackOutput, error)
	DeleteStack(ctx context.Context, in *cloudformation.DeleteStackInput, opts ...func(*cloudformation.Options)) (*cloudformation.DeleteStackOutput, error)
	CreateChangeSet(ctx context.Context, in *cloudformation.CreateChangeSetInput, opts ...func(*cloudformation.Options)) (*cloudformation.CreateChangeSetOutput, error)
	DescribeChangeSet(ctx context.Context, in *cloudformation.DescribeChangeSetInput, opts ...func(*cloudformation.Options)) (*cloudformation.DescribeChangeSetOutput, error)
	ExecuteChangeSet(ctx context.Context, in *cloudformation.ExecuteChangeSetInput, opts ...func(*cloudformation.Options)) (*cloudformation.ExecuteChangeSetOutput, error)
	DeleteChangeSet(ctx context.Context, in *cloudformation.DeleteChangeSetInput, opts ...func(*cloudformation.Options)) (*cloudformation.DeleteChangeSetOutput, error)
}

// deployment is one CloudFormation action at work.
type deployment struct {
	*job
	service *Service
	api     stackAPI
	stack   string
}

// runCloudFormation does what the action's ActionMode says.
func (s *Service) runCloudFormation(ctx context.Context, j *job) (result, error) {
	d := &deployment{job: j, service: s, api: s.clients.cloudformation(j.cfg), stack: j.configuration["StackName"]}
	var res result
	var err error
	switch mode := j.configuration["ActionMode"]; mode {
	case modeChangeSetReplace:
		res, err = d.replaceChangeSet(ctx)
	case modeChangeSetExecute:
		res, err = d.executeChangeSet(ctx)
	case modeCreateUpdate, modeReplaceOnFailure:
		res, err = d.createOrUpdate(ctx, mode == modeReplaceOnFailure)
	case modeDeleteOnly:
		return d.deleteStack(ctx)
	default: // a variable made it so
		return result{}, failed(codeConfiguration, "ActionMode %s is not known", mode)
	}
	if err != nil {
		return result{}, err
	}
	return d.handOutputs(ctx, res)
}

// handOutputs reads the stack's outputs for the action's namespace, and writes
// them into the output artifact where OutputFileName asks for it.
func (d *deployment) handOutputs(ctx context.Context, res result) (result, error) {
	stack, err := d.find(ctx)
	if err != nil {
		return result{}, err
	}
	res.variables = map[string]string{}
	if stack != nil {
		for _, o := range stack.Outputs {
			res.variables[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
		}
	}
	name := d.configuration["OutputFileName"]
	if name == "" || len(d.outputs) == 0 {
		d.outputs = nil // nothing was written
		return res, nil
	}
	data, err := json.Marshal(res.variables)
	if err != nil {
		return result{}, err
	}
	return res, d.service.upload(ctx, d.cfg, d.outputs[0], func(w io.Writer) error { return zipOf(w, name, data) })
}

// find returns the stack, or nil where there is none.
func (d *deployment) find(ctx context.Context) (*cfntypes.Stack, error) {
	stack, err := d.describe(ctx, d.stack)
	if err != nil {
		return nil, failedCall(codeConfiguration, err)
	}
	return stack, nil
}

func (d *deployment) describe(ctx context.Context, nameOrID string) (*cfntypes.Stack, error) {
	out, err := d.api.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(nameOrID)})
	if hasCode(err, "ValidationError") && strings.Contains(apiMessage(err), "does not exist") {
		return nil, nil
	}
	if err != nil || len(out.Stacks) == 0 {
		return nil, err
	}
	return &out.Stacks[0], nil
}

// reportStack records the stack on which the action works.
func (d *deployment) reportStack(id *string) {
	if id == nil {
		return
	}
	d.report(func(a *actionRun) {
		a.ExternalID = *id
		a.ExternalURL = d.service.console("cloudformation/home") + "#/stacks/stackinfo?stackId=" + *id
	})
}

// await waits until the stack's operation has ended.
func (d *deployment) await(ctx context.Context, id string) (*cfntypes.Stack, error) {
	var stack *cfntypes.Stack
	err := until(ctx, func() (bool, error) {
		var err error
		if stack, err = d.describe(ctx, id); err != nil {
			return false, err
		}
		return stack == nil || !strings.HasSuffix(string(stack.StackStatus), "_IN_PROGRESS"), nil
	})
	if err != nil {
		return nil, failedCall(codeJobFailed, err)
	}
	return stack, nil
}

// outcome turns the end of an operation into the action's.
func (d *deployment) outcome(ctx context.Context, id, summary string) (result, error) {
	stack, err := d.await(ctx, id)
	if err != nil {
		return result{}, err
	}
	if stack == nil {
		return result{}, failed(codeJobFailed, "Stack [%s] does not exist any more", d.stack)
	}
	if s := stack.StackStatus; s == cfntypes.StackStatusCreateComplete || s == cfntypes.StackStatusUpdateComplete {
		return result{summary: summary}, nil
	}
	return result{}, failed(codeJobFailed, "%s", d.reason(ctx, stack))
}

// reason says why a stack failed. Its first failed resource is named where the
// role may read the events; otherwise the message stays general
// (docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html).
func (d *deployment) reason(ctx context.Context, stack *cfntypes.Stack) string {
	text := "Stack " + d.stack + " ended in status " + string(stack.StackStatus) + "."
	if r := aws.ToString(stack.StackStatusReason); r != "" {
		text += " " + r
	}
	out, err := d.api.DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: stack.StackId})
	if err != nil {
		return text
	}
	// Events come newest first: the last match of this operation is its first failure.
	for _, e := range out.StackEvents {
		if aws.ToString(e.PhysicalResourceId) == aws.ToString(stack.StackId) && aws.ToString(e.ResourceStatusReason) == "User Initiated" {
			break
		}
		reason := aws.ToString(e.ResourceStatusReason)
		if strings.HasSuffix(string(e.ResourceStatus), "_FAILED") && aws.ToString(e.PhysicalResourceId) != aws.ToString(stack.StackId) &&
			!strings.Contains(reason, "cancelled") {
			text = "Stack " + d.stack + " ended in status " + string(stack.StackStatus) + ". First failed resource: " +
				aws.ToString(e.LogicalResourceId) + " (" + aws.ToString(e.ResourceType) + "), " + string(e.ResourceStatus) + ": " + reason
		}
	}
	return text
}
