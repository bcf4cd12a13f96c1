package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
)

// drift is how one resource differs from what its stack's template says.
type drift struct {
	// Gone says that the resource does not exist any more.
	Gone bool
	// Properties are the names of those that differ; Actual is what they are now.
	Properties []string
	Actual     map[string]any
	// Expected are all properties as the template wants them, with every reference resolved.
	Expected map[string]any
}

func (d drift) drifted() bool { return d.Gone || len(d.Properties) > 0 }

// Heal brings the resources of a stack back to what its template says, where
// somebody has changed or deleted them behind CloudFormation's back. It returns
// the logical ids of those that had drifted.
//
// CloudFormation compares templates, not resources: a template that is as it
// was has "no updates to be performed". So the stack is first updated to what
// there really is (changed properties as they are, deleted resources left out),
// and then to its own template again, which is how AWS's guide resolves drift.
// What refers to a deleted resource keeps its properties as they were resolved,
// so that it is neither changed nor replaced on the way.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
func (c *Cloud) Heal(ctx context.Context, name string, seen func(StackEvent)) ([]string, error) {
	stack, err := c.settle(ctx, name, seen)
	if err != nil || stack == nil || neverWorked(stack.StackStatus) {
		return nil, err
	}
	if stack.StackStatus == types.StackStatusUpdateRollbackFailed {
		if stack, err = c.endRollback(ctx, stack, seen); err != nil {
			return nil, err
		}
	}
	drifts, err := c.drifts(ctx, aws.ToString(stack.StackId))
	if err != nil {
		return nil, err
	}
	mended := slices.Sorted(maps.Keys(drifts))
	mended = slices.DeleteFunc(mended, func(id string) bool { return !drifts[id].drifted() })
	if len(mended) == 0 {
		return nil, nil
	}
	// The processed template has no transform left, and so a resource for each of the stack's.
	processed, err := c.template(ctx, stack, types.TemplateStageProcessed)
	if err != nil {
		return nil, err
	}
	whole, err := c.template(ctx, stack, types.TemplateStageOriginal)
	if err != nil {
		return nil, err
	}
	interim, left, err := asItIs([]byte(processed), drifts)
	if err != nil {
		return nil, fmt.Errorf("heal stack %s: %w", name, err)
	}
	if left == 0 {
		return mended, c.again(ctx, stack, whole, seen)
	}
	for _, body := range []string{interim, whole} {
		if err := c.update(ctx, stack, body, seen); err != nil {
			return nil, fmt.Errorf("heal %s of stack %s: %w", mended, name, err)
		}
	}
	return mended, nil
}

// again deletes a stack of which nothing is left, and makes it as it was.
func (c *Cloud) again(ctx context.Context, stack *types.Stack, body string, seen func(StackEvent)) error {
	if err := c.DeleteStack(ctx, aws.ToString(stack.StackId), seen); err != nil {
		return err
	}
	anew := Stack{Name: aws.ToString(stack.StackName), Template: []byte(body), Parameters: map[string]string{}, Tags: map[string]string{}}
	for _, p := range stack.Parameters {
		anew.Parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	for _, t := range stack.Tags {
		anew.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	_, err := c.Deploy(ctx, anew, seen)
	return err
}

// update brings a stack to a template; its parameters, tags and role stay.
func (c *Cloud) update(ctx context.Context, stack *types.Stack, body string, seen func(StackEvent)) error {
	var parameters []types.Parameter
	for _, p := range stack.Parameters {
		parameters = append(parameters, types.Parameter{ParameterKey: p.ParameterKey, UsePreviousValue: aws.Bool(true)})
	}
	watch := c.watchFrom("", stack, seen)
	if err := watch.skip(ctx); err != nil {
		return err
	}
	_, err := c.CloudFormation.UpdateStack(ctx, &cloudformation.UpdateStackInput{
		StackName: stack.StackId, TemplateBody: &body, Parameters: parameters,
		Capabilities: []types.Capability{types.CapabilityCapabilityIam, types.CapabilityCapabilityAutoExpand},
	})
	if noUpdates(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = watch.untilSettled(ctx, aws.ToString(stack.StackId))
	return err
}

// noUpdates recognises CloudFormation's answer to a template that is as it was.
func noUpdates(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorMessage() == "No updates are to be performed."
}

func (c *Cloud) template(ctx context.Context, stack *types.Stack, stage types.TemplateStage) (string, error) {
	out, err := c.CloudFormation.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: stack.StackId, TemplateStage: stage})
	if err != nil {
		return "", fmt.Errorf("read the template of stack %s: %w", aws.ToString(stack.StackName), err)
	}
	return aws.ToString(out.TemplateBody), nil
}

// drifts asks CloudFormation how every resource of a stack differs. What it
// cannot read it does not list; a detection that fails for some is one for the others.
func (c *Cloud) drifts(ctx context.Context, stack string) (map[string]drift, error) {
	begun, err := c.CloudFormation.DetectStackDrift(ctx, &cloudformation.DetectStackDriftInput{StackName: &stack})
	if err != nil {
		return nil, fmt.Errorf("detect the drift of stack %s: %w", StackName(stack), err)
	}
	err = Poll(ctx, func(ctx context.Context) (bool, error) {
		out, err := c.CloudFormation.DescribeStackDriftDetectionStatus(ctx, &cloudformation.DescribeStackDriftDetectionStatusInput{
			StackDriftDetectionId: begun.StackDriftDetectionId,
		})
		return err == nil && out.DetectionStatus != types.StackDriftDetectionStatusDetectionInProgress, err
	})
	if err != nil {
		return nil, fmt.Errorf("detect the drift of stack %s: %w", StackName(stack), err)
	}
	found := map[string]drift{}
	pages := cloudformation.NewDescribeStackResourceDriftsPaginator(c.CloudFormation,
		&cloudformation.DescribeStackResourceDriftsInput{StackName: &stack})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the drift of stack %s: %w", StackName(stack), err)
		}
		for _, d := range page.StackResourceDrifts {
			row := drift{Gone: d.StackResourceDriftStatus == types.StackResourceDriftStatusDeleted}
			if err := errors.Join(decode(d.ExpectedProperties, &row.Expected), decode(d.ActualProperties, &row.Actual)); err != nil {
				return nil, fmt.Errorf("read the drift of %s: %w", aws.ToString(d.LogicalResourceId), err)
			}
			for _, difference := range d.PropertyDifferences {
				row.Properties = append(row.Properties, topProperty(aws.ToString(difference.PropertyPath)))
			}
			found[aws.ToString(d.LogicalResourceId)] = row
		}
	}
	resources, err := c.StackResources(ctx, stack)
	if err != nil {
		return nil, err
	}
	return found, errors.Join(c.addGone(ctx, resources, found), c.addPolicies(ctx, resources, found))
}

func decode(text *string, into *map[string]any) error {
	if aws.ToString(text) == "" {
		return nil
	}
	return json.Unmarshal([]byte(*text), into)
}

// addGone looks with the services' own APIs for the resources that the
// detection has not listed.
func (c *Cloud) addGone(ctx context.Context, resources []types.StackResourceSummary, found map[string]drift) error {
	for _, r := range resources {
		id := aws.ToString(r.LogicalResourceId)
		if _, listed := found[id]; listed || r.ResourceStatus == types.ResourceStatusDeleteComplete {
			continue
		}
		there, known, err := c.Exists(ctx, aws.ToString(r.ResourceType), aws.ToString(r.PhysicalResourceId))
		if err != nil {
			return fmt.Errorf("look for %s: %w", id, err)
		}
		if known && !there {
			found[id] = drift{Gone: true}
		}
	}
	return nil
}

// StackResources lists the resources of a stack.
func (c *Cloud) StackResources(ctx context.Context, stack string) ([]types.StackResourceSummary, error) {
	var all []types.StackResourceSummary
	pages := cloudformation.NewListStackResourcesPaginator(c.CloudFormation, &cloudformation.ListStackResourcesInput{StackName: &stack})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the resources of stack %s: %w", StackName(stack), err)
		}
		all = append(all, page.StackResourceSummaries...)
	}
	return all, nil
}
