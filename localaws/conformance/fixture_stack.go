package conformance

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// stackName is the name of a stack that goes if it is made.
func (t *T) stackName() string {
	name := t.name()
	t.cleanup("stack "+name, func(t *T) error { return t.deleteStack(name) })
	return name
}

func (t *T) deleteStack(name string) error {
	if _, err := t.cloudformation.DeleteStack(t.ctx, &cloudformation.DeleteStackInput{StackName: &name}); err != nil {
		return err
	}
	t.eventually("stack "+name+" is gone", func() bool {
		out, err := t.cloudformation.DescribeStacks(t.ctx, &cloudformation.DescribeStacksInput{StackName: &name})
		if err != nil {
			return gone(err)
		}
		if status := out.Stacks[0].StackStatus; status == cfntypes.StackStatusDeleteFailed {
			t.Fatalf("stack %s is %s: %s", name, status, str(out.Stacks[0].StackStatusReason))
		}
		return false
	})
	return nil
}

func parameters(values map[string]string) []cfntypes.Parameter {
	var list []cfntypes.Parameter
	for _, key := range slices.Sorted(maps.Keys(values)) {
		list = append(list, cfntypes.Parameter{ParameterKey: &key, ParameterValue: aws.String(values[key])})
	}
	return list
}

var everything = []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam, cfntypes.CapabilityCapabilityAutoExpand}

// create makes a stack and waits until that has ended, well or not.
func (t *T) create(name, template string, values map[string]string) cfntypes.Stack {
	must(t.cloudformation.CreateStack(t.ctx, &cloudformation.CreateStackInput{
		StackName: &name, TemplateBody: &template, Parameters: parameters(values), Capabilities: everything,
	}))(t)
	return t.ended(name)
}

// stack makes a stack, which must succeed, and returns its name.
func (t *T) stack(template string) string {
	name := t.stackName()
	if got := t.create(name, template, nil); got.StackStatus != cfntypes.StackStatusCreateComplete {
		t.Fatalf("stack %s is %s: %s", name, got.StackStatus, strings.Join(t.reasons(name), "; "))
	}
	return name
}

// update changes a stack and waits until that has ended, well or not.
func (t *T) update(name, template string) cfntypes.Stack {
	must(t.cloudformation.UpdateStack(t.ctx, &cloudformation.UpdateStackInput{StackName: &name, TemplateBody: &template, Capabilities: everything}))(t)
	return t.ended(name)
}

func (t *T) describe(name string) cfntypes.Stack {
	return must(t.cloudformation.DescribeStacks(t.ctx, &cloudformation.DescribeStacksInput{StackName: &name}))(t).Stacks[0]
}

// ended waits until nothing is in progress.
func (t *T) ended(name string) cfntypes.Stack {
	var stack cfntypes.Stack
	t.eventually("the operation on stack "+name+" ends", func() bool {
		stack = t.describe(name)
		return !strings.HasSuffix(string(stack.StackStatus), "_IN_PROGRESS")
	})
	return stack
}

// happened are the stack's events, the oldest first, each as "Logical STATUS".
func (t *T) happened(name string) []string {
	var lines []string
	for _, event := range t.stackEvents(name) {
		id := str(event.LogicalResourceId)
		if id == str(event.StackName) {
			id = "stack"
		}
		lines = append(lines, id+" "+string(event.ResourceStatus))
	}
	return lines
}

func (t *T) stackEvents(name string) []cfntypes.StackEvent {
	var all []cfntypes.StackEvent
	pages := cloudformation.NewDescribeStackEventsPaginator(t.cloudformation, &cloudformation.DescribeStackEventsInput{StackName: &name})
	for pages.HasMorePages() {
		all = append(all, must(pages.NextPage(t.ctx))(t).StackEvents...)
	}
	slices.Reverse(all)
	return all
}

// reasons are why resources of a stack failed.
func (t *T) reasons(name string) []string {
	var reasons []string
	for _, event := range t.stackEvents(name) {
		if strings.HasSuffix(string(event.ResourceStatus), "_FAILED") {
			reasons = append(reasons, str(event.LogicalResourceId)+": "+str(event.ResourceStatusReason))
		}
	}
	return reasons
}

// inOrder waits until a stack's events tell this, in that order, with others between them.
func (t *T) inOrder(stack string, want ...string) {
	t.eventually("the events tell, in that order, "+strings.Join(want, ", "), func() bool {
		at := 0
		for _, line := range t.happened(stack) {
			if at < len(want) && line == want[at] {
				at++
			}
		}
		return at == len(want)
	})
}

func (t *T) outputs(name string) map[string]string {
	values := map[string]string{}
	for _, output := range t.describe(name).Outputs {
		values[str(output.OutputKey)] = str(output.OutputValue)
	}
	return values
}

func (t *T) physical(name, logical string) string {
	out := must(t.cloudformation.DescribeStackResource(t.ctx, &cloudformation.DescribeStackResourceInput{StackName: &name, LogicalResourceId: &logical}))(t)
	return str(out.StackResourceDetail.PhysicalResourceId)
}

// changeSet makes a change set of that type and waits until it is made or failed.
func (t *T) changeSet(stack, template string, kind cfntypes.ChangeSetType) *cloudformation.DescribeChangeSetOutput {
	change := t.name()
	must(t.cloudformation.CreateChangeSet(t.ctx, &cloudformation.CreateChangeSetInput{
		StackName: &stack, ChangeSetName: &change, TemplateBody: &template, ChangeSetType: kind, Capabilities: everything,
	}))(t)
	var out *cloudformation.DescribeChangeSetOutput
	t.eventually("the change set is made", func() bool {
		out = must(t.cloudformation.DescribeChangeSet(t.ctx, &cloudformation.DescribeChangeSetInput{StackName: &stack, ChangeSetName: &change}))(t)
		return out.Status == cfntypes.ChangeSetStatusCreateComplete || out.Status == cfntypes.ChangeSetStatusFailed
	})
	return out
}

func (t *T) execute(change *cloudformation.DescribeChangeSetOutput) error {
	_, err := t.cloudformation.ExecuteChangeSet(t.ctx, &cloudformation.ExecuteChangeSetInput{ChangeSetName: change.ChangeSetId})
	return err
}
