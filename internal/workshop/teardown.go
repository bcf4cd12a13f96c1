package workshop

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/phases"
)

// Receipt says what a teardown left behind, by a fresh look.
type Receipt struct {
	OK bool `json:"ok"`
	// Deleted are the things that were there and are gone.
	Deleted []Item `json:"deleted"`
	// Remaining are the environment's things that are still there, and why.
	Remaining []Item `json:"remaining"`
	// NotOurs bear a name of ours, belong to somebody else and were left alone.
	NotOurs []Item `json:"notOurs"`
}

// teardownPasses is how often what failed to go is tried again.
const teardownPasses = 3

// Teardown does what the plan says, then looks again. It goes on with the
// others where one thing will not go. The error is that of the look itself:
// that something remains is said by the receipt.
func (w *Workshop) Teardown(ctx context.Context, plan *Plan) (Receipt, error) {
	w.phase, w.step = "", ""
	reasons := map[string]string{}
	if err := w.stopEverything(ctx); err != nil {
		return Receipt{}, err
	}
	left := slices.Clone(plan.Stacks)
	for range teardownPasses {
		var failed []Item
		for _, stack := range left {
			if err := w.deleteStack(ctx, plan, stack); err != nil {
				if ctx.Err() != nil {
					return Receipt{}, context.Cause(ctx)
				}
				reasons[stack.ARN] = err.Error()
				failed = append(failed, stack)
			}
		}
		if left = failed; len(left) == 0 {
			break
		}
	}
	if err := w.checkout.Forget(ctx); err != nil {
		reasons["working copy"] = err.Error()
	}
	receipt, err := w.receipt(ctx, plan, reasons)
	if err == nil && receipt.OK {
		err = w.forgetAll()
	}
	return receipt, err
}

// forgetAll forgets what was read and done: who comes back after a teardown begins anew.
func (w *Workshop) forgetAll() error {
	for _, p := range phases.Every() {
		if err := w.forgetPhase(p); err != nil {
			return err
		}
	}
	return nil
}

func (w *Workshop) deleteStack(ctx context.Context, plan *Plan, stack Item) error {
	began := w.now()
	w.report(Event{Event: TeardownStep, Detail: "stack " + stack.Name})
	for _, bucket := range plan.Buckets[stack.ARN] {
		n, err := w.scene.EmptyBucket(ctx, bucket, "")
		if err != nil {
			return err
		}
		w.report(Event{Event: TeardownItem, Detail: fmt.Sprintf("emptied bucket %s of %d object versions", bucket, n)})
	}
	err := w.scene.DeleteStack(ctx, stack.ARN, w.followStack(stack.Name))
	outcome := "deleted stack " + stack.Name
	if err != nil {
		outcome = err.Error()
	}
	w.report(Event{Event: TeardownItem, Detail: outcome, Seconds: w.now().Sub(began).Seconds()})
	return err
}

// stopEverything ends executions and builds, so that nothing is made while the rest is deleted.
func (w *Workshop) stopEverything(ctx context.Context) error {
	executions, err := w.scene.Executions(ctx)
	if err != nil {
		return err
	}
	name := w.scene.Names.Pipeline()
	for _, e := range executions {
		if e.Status != types.PipelineExecutionStatusInProgress {
			continue
		}
		w.report(Event{Event: TeardownStep, Detail: "stop execution " + e.ID})
		_, err := w.scene.CodePipeline.StopPipelineExecution(ctx, &codepipeline.StopPipelineExecutionInput{
			PipelineName: &name, PipelineExecutionId: &e.ID, Abandon: true,
			Reason: aws.String("mayfly teardown"),
		})
		if err != nil && !isOver(err) {
			return fmt.Errorf("stop execution %s: %w", e.ID, err)
		}
	}
	return w.stopBuilds(ctx)
}

// isOver tells whether an execution could not be stopped because it had ended.
func isOver(err error) bool {
	if _, ok := errors.AsType[*types.PipelineExecutionNotStoppableException](err); ok {
		return true
	}
	_, ok := errors.AsType[*types.DuplicatedStopRequestException](err)
	return ok || cloud.IsNotFound(err)
}

func (w *Workshop) stopBuilds(ctx context.Context) error {
	for _, project := range []string{w.scene.Names.Project(), w.scene.Names.DescribeProject()} {
		if err := w.stopBuildsOf(ctx, project); err != nil {
			return err
		}
	}
	return nil
}

func (w *Workshop) stopBuildsOf(ctx context.Context, project string) error {
	list, err := w.scene.CodeBuild.ListBuildsForProject(ctx, &codebuild.ListBuildsForProjectInput{ProjectName: &project})
	if cloud.IsNotFound(err) || (err == nil && len(list.Ids) == 0) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list the builds: %w", err)
	}
	builds, err := w.scene.CodeBuild.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: list.Ids[:min(len(list.Ids), 100)]})
	if err != nil {
		return fmt.Errorf("look up the builds: %w", err)
	}
	for _, build := range builds.Builds {
		if build.BuildStatus != buildtypes.StatusTypeInProgress {
			continue
		}
		id := aws.ToString(build.Id)
		w.report(Event{Event: TeardownStep, Detail: "stop build " + shortID(id)})
		if _, err := w.scene.CodeBuild.StopBuild(ctx, &codebuild.StopBuildInput{Id: &id}); err != nil {
			return fmt.Errorf("stop build %s: %w", shortID(id), err)
		}
		err := cloud.Poll(ctx, func(ctx context.Context) (bool, error) {
			b, err := w.scene.FindBuild(ctx, id)
			return err == nil && b.BuildStatus != buildtypes.StatusTypeInProgress, ignoreThrottle(err)
		})
		if err != nil {
			return fmt.Errorf("wait for build %s to stop: %w", shortID(id), err)
		}
	}
	return nil
}

// receipt looks for everything again: CloudFormation's word is not taken for it.
func (w *Workshop) receipt(ctx context.Context, plan *Plan, reasons map[string]string) (Receipt, error) {
	r := Receipt{Deleted: []Item{}, Remaining: []Item{}, NotOurs: append([]Item{}, plan.NotOurs...)}
	for _, stack := range plan.Stacks {
		found, err := w.scene.FindStack(ctx, stack.ARN)
		if err != nil {
			return r, err
		}
		r.file(stack, found != nil, reasons[stack.ARN])
	}
	for _, item := range plan.Resources {
		there, known, err := w.scene.Exists(ctx, item.Kind, item.Name)
		if err != nil {
			item.Why = "could not look: " + err.Error()
			r.Remaining = append(r.Remaining, item)
		} else if known {
			r.file(item, there, "it outlived its stack")
		}
	}
	tagged, err := w.scanStacks(ctx)
	if err != nil {
		return r, err
	}
	for _, stack := range tagged {
		arn := aws.ToString(stack.StackId)
		if !slices.ContainsFunc(r.Remaining, func(i Item) bool { return i.ARN == arn }) {
			r.Remaining = append(r.Remaining, Item{
				Kind: "stack", Name: aws.ToString(stack.StackName), ARN: arn, Why: "it appeared during the teardown",
			})
		}
	}
	r.OK = len(r.Remaining) == 0
	return r, nil
}

func (r *Receipt) file(item Item, there bool, why string) {
	if !there {
		r.Deleted = append(r.Deleted, item)
		return
	}
	item.Why = why
	r.Remaining = append(r.Remaining, item)
}
