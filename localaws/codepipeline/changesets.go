package codepipeline

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// What CloudFormation says of a change that changes nothing.
const (
	noUpdates = "No updates are to be performed"
	noChanges = "didn't contain changes"
)

// replaceChangeSet deletes the change set where it exists and makes a new one.
//
// A change set without changes is FAILED to CloudFormation, but no failure of
// the action, nor of its later execution: CDK Pipelines prepare and execute a
// change set for every stack in every execution, changed or not, with exactly
// these two modes (aws-cdk-lib/pipelines, useChangeSets), and stay green.
func (d *deployment) replaceChangeSet(ctx context.Context) (result, error) {
	t, err := d.readTemplate(ctx)
	if err != nil {
		return result{}, err
	}
	stack, err := d.find(ctx)
	if err != nil {
		return result{}, err
	}
	name := aws.String(d.configuration["ChangeSetName"])
	kind := cfntypes.ChangeSetTypeCreate
	if stack != nil {
		if _, err := d.api.DeleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{
			StackName: aws.String(d.stack), ChangeSetName: name,
		}); err != nil && !missing(err) {
			return result{}, failedCall(codeConfiguration, err)
		}
		if stack.StackStatus != cfntypes.StackStatusReviewInProgress {
			kind = cfntypes.ChangeSetTypeUpdate
		}
	}
	made, err := d.api.CreateChangeSet(ctx, &cloudformation.CreateChangeSetInput{
		StackName: aws.String(d.stack), ChangeSetName: name, ChangeSetType: kind, TemplateBody: aws.String(t.body),
		Parameters: t.parameters, Tags: t.tags, Capabilities: d.capabilities(), RoleARN: optional(d.configuration["RoleArn"]),
	})
	if err != nil {
		return result{}, failedCall(codeConfiguration, err)
	}
	d.reportChangeSet(made.Id, made.StackId)
	set, err := d.awaitChangeSet(ctx, made.Id)
	if err != nil {
		return result{}, err
	}
	reason := aws.ToString(set.StatusReason)
	switch {
	case set.Status == cfntypes.ChangeSetStatusCreateComplete:
		return result{summary: "Change set " + *name + " was created."}, nil
	case empty(set):
		return result{summary: reason}, nil
	}
	return result{}, failed(codeJobFailed, "Change set %s is %s: %s", *name, set.Status, reason)
}

// executeChangeSet executes the change set and waits for the stack.
func (d *deployment) executeChangeSet(ctx context.Context) (result, error) {
	name := aws.String(d.configuration["ChangeSetName"])
	set, err := d.api.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{StackName: aws.String(d.stack), ChangeSetName: name})
	if err != nil {
		return result{}, failedCall(codeConfiguration, err)
	}
	d.reportStack(set.StackId)
	if empty(set) {
		return result{summary: aws.ToString(set.StatusReason)}, nil
	}
	if _, err := d.api.ExecuteChangeSet(ctx, &cloudformation.ExecuteChangeSetInput{
		StackName: aws.String(d.stack), ChangeSetName: name,
	}); err != nil {
		return result{}, failedCall(codeConfiguration, err)
	}
	return d.outcome(ctx, aws.ToString(set.StackId), "Change set "+*name+" was executed.")
}

func (d *deployment) awaitChangeSet(ctx context.Context, id *string) (set *cloudformation.DescribeChangeSetOutput, err error) {
	err = until(ctx, func() (bool, error) {
		if set, err = d.api.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{ChangeSetName: id}); err != nil {
			return false, err
		}
		return set.Status == cfntypes.ChangeSetStatusCreateComplete || set.Status == cfntypes.ChangeSetStatusFailed, nil
	})
	if err != nil {
		return nil, failedCall(codeConfiguration, err)
	}
	return set, nil
}

// empty says whether a change set failed only because there is nothing to change.
func empty(set *cloudformation.DescribeChangeSetOutput) bool {
	reason := aws.ToString(set.StatusReason)
	return set.Status == cfntypes.ChangeSetStatusFailed && (strings.Contains(reason, noChanges) || strings.Contains(reason, noUpdates))
}

func missing(err error) bool {
	return hasCode(err, "ChangeSetNotFound", "ChangeSetNotFoundException") || strings.Contains(apiMessage(err), "does not exist")
}

func (d *deployment) reportChangeSet(id, stack *string) {
	d.report(func(a *actionRun) {
		a.ExternalID = aws.ToString(id)
		a.ExternalURL = d.service.console("cloudformation/home") + "#/stacks/changesets/changes?stackId=" + aws.ToString(stack) +
			"&changeSetId=" + aws.ToString(id)
	})
}
