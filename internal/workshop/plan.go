package workshop

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// Item is something that a teardown deletes, keeps or finds.
type Item struct {
	// Kind is a CloudFormation type such as "AWS::S3::Bucket", or "stack".
	Kind string `json:"kind"`
	Name string `json:"name"`
	ARN  string `json:"arn,omitempty"`
	// Why says why it stays, where it does.
	Why string `json:"why,omitempty"`
}

// Plan is what a teardown will do, in the order in which it will do it.
type Plan struct {
	// Stacks are deleted in this order, each by its ARN.
	Stacks []Item
	// Resources are what stands in those stacks; each is looked for afterwards.
	Resources []Item
	// Buckets are emptied before their stack goes.
	Buckets map[string][]string
	// NotOurs bear a name of ours and belong to somebody else.
	NotOurs []Item
}

// Empty tells whether there is nothing to delete.
func (p *Plan) Empty() bool { return len(p.Stacks) == 0 }

// Plan finds everything of the environment: what the ledger names, and what
// bears the environment's id as a tag. A stack of our name without the tag is
// somebody else's.
func (w *Workshop) Plan(ctx context.Context) (*Plan, error) {
	candidates, err := w.candidates(ctx)
	if err != nil {
		return nil, err
	}
	plan := &Plan{Buckets: map[string][]string{}}
	owned := map[string]*types.Stack{}
	for _, stack := range candidates {
		arn := aws.ToString(stack.StackId)
		item := Item{Kind: "stack", Name: aws.ToString(stack.StackName), ARN: arn}
		if !w.owns(stack) {
			item.Why = "it does not carry this environment's tag"
			plan.NotOurs = append(plan.NotOurs, item)
			continue
		}
		owned[arn] = stack
		plan.Stacks = append(plan.Stacks, item)
	}
	// The application goes first, while the role that may delete it still exists;
	// then the pipeline, then the repository.
	order := func(i Item) int {
		return slices.Index([]string{
			w.scene.Names.ApplicationStack(), w.scene.Names.PipelineStack(), w.scene.Names.RepositoryStack(),
		}, i.Name)
	}
	slices.SortStableFunc(plan.Stacks, func(a, b Item) int { return order(a) - order(b) })
	for _, stack := range plan.Stacks {
		if err := w.planResources(ctx, plan, stack); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

func (w *Workshop) planResources(ctx context.Context, plan *Plan, stack Item) error {
	pages := cloudformation.NewListStackResourcesPaginator(w.scene.CloudFormation,
		&cloudformation.ListStackResourcesInput{StackName: &stack.ARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list the resources of stack %s: %w", stack.Name, err)
		}
		for _, r := range page.StackResourceSummaries {
			item := Item{Kind: aws.ToString(r.ResourceType), Name: aws.ToString(r.PhysicalResourceId)}
			if item.Name == "" || r.ResourceStatus == types.ResourceStatusDeleteComplete {
				continue
			}
			plan.Resources = append(plan.Resources, item)
			if item.Kind == "AWS::S3::Bucket" {
				plan.Buckets[stack.ARN] = append(plan.Buckets[stack.ARN], item.Name)
			}
		}
	}
	return nil
}

// candidates are the stacks by the ledger's ARNs and by tag, each once.
func (w *Workshop) candidates(ctx context.Context) ([]*types.Stack, error) {
	found := map[string]*types.Stack{}
	tagged, err := w.scanStacks(ctx)
	if err != nil {
		return nil, err
	}
	for _, stack := range tagged {
		found[aws.ToString(stack.StackId)] = stack
	}
	entries, err := w.ledger.Entries()
	if err != nil {
		return nil, err
	}
	names := []string{w.scene.Names.ApplicationStack()}
	for _, e := range entries {
		if e.Kind == "stack" && e.Environment == w.env.ID && e.Account == w.env.Account && e.Region == w.env.Region {
			names = append(names, cmp.Or(e.ARN, e.Name))
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		stack, err := w.scene.FindStack(ctx, name)
		if err != nil {
			return nil, err
		}
		if stack != nil {
			found[aws.ToString(stack.StackId)] = stack
		}
	}
	all := make([]*types.Stack, 0, len(found))
	for _, stack := range found {
		all = append(all, stack)
	}
	slices.SortFunc(all, func(a, b *types.Stack) int {
		return strings.Compare(aws.ToString(a.StackName), aws.ToString(b.StackName))
	})
	return all, nil
}

// scanStacks looks at every stack of the account and region for the environment's tag.
func (w *Workshop) scanStacks(ctx context.Context) ([]*types.Stack, error) {
	var tagged []*types.Stack
	pages := cloudformation.NewDescribeStacksPaginator(w.scene.CloudFormation, &cloudformation.DescribeStacksInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("look for stacks of this environment: %w", err)
		}
		for i := range page.Stacks {
			if cloud.Tag(&page.Stacks[i], cloud.TagEnvironment) == w.env.ID {
				tagged = append(tagged, &page.Stacks[i])
			}
		}
	}
	return tagged, nil
}

// owns says whether a stack is the environment's: it carries the id, or it is
// the application and was made with the deploy role of the pipeline's stack.
func (w *Workshop) owns(stack *types.Stack) bool {
	if cloud.Tag(stack, cloud.TagEnvironment) == w.env.ID {
		return true
	}
	return aws.ToString(stack.StackName) == w.scene.Names.ApplicationStack() &&
		strings.Contains(aws.ToString(stack.RoleARN), ":role/"+w.scene.Names.PipelineStack()+"-DeployRole-")
}
