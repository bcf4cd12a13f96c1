package codepipeline

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// createOrUpdate creates the stack, or updates it. With replace, a stack in a
// failed state is deleted first.
func (d *deployment) createOrUpdate(ctx context.Context, replace bool) (result, error) {
	t, err := d.readTemplate(ctx)
	if err != nil {
		return result{}, err
	}
	stack, err := d.find(ctx)
	if err != nil {
		return result{}, err
	}
	if stack != nil && replace && replaceable(stack.StackStatus) {
		if _, err := d.deleteStack(ctx); err != nil {
			return result{}, err
		}
		stack = nil
	}
	if stack == nil {
		return d.create(ctx, t)
	}
	return d.update(ctx, stack, t)
}

// replaceable lists the failed states of REPLACE_ON_FAILURE
// (docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-action-reference.html).
func replaceable(status cfntypes.StackStatus) bool {
	return slices.Contains([]cfntypes.StackStatus{
		cfntypes.StackStatusRollbackComplete, cfntypes.StackStatusRollbackFailed, cfntypes.StackStatusCreateFailed,
		cfntypes.StackStatusDeleteFailed, cfntypes.StackStatusUpdateRollbackFailed,
	}, status)
}

func (d *deployment) create(ctx context.Context, t *template) (result, error) {
	out, err := d.api.CreateStack(ctx, &cloudformation.CreateStackInput{
		StackName: aws.String(d.stack), TemplateBody: aws.String(t.body), Parameters: t.parameters, Tags: t.tags,
		Capabilities: d.capabilities(), RoleARN: optional(d.configuration["RoleArn"]), StackPolicyBody: optional(t.policy),
	})
	if err != nil {
		return result{}, failedCall(codeConfiguration, err)
	}
	d.reportStack(out.StackId)
	return d.outcome(ctx, aws.ToString(out.StackId), "Stack "+d.stack+" was created.")
}

func (d *deployment) update(ctx context.Context, stack *cfntypes.Stack, t *template) (result, error) {
	d.reportStack(stack.StackId)
	_, err := d.api.UpdateStack(ctx, &cloudformation.UpdateStackInput{
		StackName: aws.String(d.stack), TemplateBody: aws.String(t.body), Parameters: t.parameters, Tags: t.tags,
		Capabilities: d.capabilities(), RoleARN: optional(d.configuration["RoleArn"]), StackPolicyBody: optional(t.policy),
	})
	if err != nil && strings.Contains(apiMessage(err), noUpdates) {
		return result{summary: noUpdates}, nil
	}
	if err != nil {
		return result{}, failedCall(codeConfiguration, err)
	}
	return d.outcome(ctx, aws.ToString(stack.StackId), "Stack "+d.stack+" was updated.")
}

// deleteStack deletes the stack. One that does not exist is deleted already.
func (d *deployment) deleteStack(ctx context.Context) (result, error) {
	stack, err := d.find(ctx)
	if err != nil {
		return result{}, err
	}
	if stack == nil {
		return result{summary: "Stack " + d.stack + " does not exist."}, nil
	}
	d.reportStack(stack.StackId)
	if _, err := d.api.DeleteStack(ctx, &cloudformation.DeleteStackInput{
		StackName: aws.String(d.stack), RoleARN: optional(d.configuration["RoleArn"]),
	}); err != nil {
		return result{}, failedCall(codeConfiguration, err)
	}
	// By its id, since the name may belong to another stack the moment after.
	ended, err := d.await(ctx, aws.ToString(stack.StackId))
	if err != nil {
		return result{}, err
	}
	if ended != nil && ended.StackStatus != cfntypes.StackStatusDeleteComplete {
		return result{}, failed(codeJobFailed, "%s", d.reason(ctx, ended))
	}
	return result{summary: "Stack " + d.stack + " was deleted."}, nil
}

func (d *deployment) capabilities() []cfntypes.Capability {
	var out []cfntypes.Capability
	for c := range strings.SplitSeq(d.configuration["Capabilities"], ",") {
		if c = strings.TrimSpace(c); c != "" {
			out = append(out, cfntypes.Capability(c))
		}
	}
	return out
}
