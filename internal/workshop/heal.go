package workshop

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// heal puts back what has drifted in the environment's stacks, and tells
// whether there was anything. The application comes last: the pipeline's stack
// has the role that may change it.
func (w *Workshop) heal(ctx context.Context) (mended bool, err error) {
	names, err := w.stacksToHeal(ctx)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		found, err := w.scene.FindStack(ctx, name)
		if err != nil {
			return mended, err
		}
		if found == nil || !w.ours(found) && !w.owns(found) {
			continue
		}
		if name == w.scene.Names.ApplicationStack() && cloud.Stillborn(found.StackStatus) {
			if err := w.scene.DeleteStack(ctx, aws.ToString(found.StackId), w.followStack(name)); err != nil {
				return mended, err
			}
			mended = true
			w.report(Event{Event: Healed, Detail: "deleted stack " + name + ", which could not be made: the pipeline makes it anew"})
			continue
		}
		w.working("looking for what was changed in stack %s", name)
		drifted, err := w.scene.Heal(ctx, name, func(e cloud.StackEvent) {
			w.working("%s %s %s", e.Status, e.Type, e.Resource)
		})
		if err != nil {
			return mended, err
		}
		if len(drifted) > 0 {
			mended = true
			w.report(Event{Event: Healed, Detail: "put back " + strings.Join(drifted, ", ") + " of stack " + name})
		}
	}
	return mended, nil
}

// stacksToHeal are the workshop's three, and those that a phase has made beside them.
func (w *Workshop) stacksToHeal(ctx context.Context) ([]string, error) {
	names := []string{w.scene.Names.RepositoryStack(), w.scene.Names.PipelineStack(), w.scene.Names.ApplicationStack()}
	tagged, err := w.scanStacks(ctx)
	for _, stack := range tagged {
		if name := aws.ToString(stack.StackName); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, err
}

// retry starts the head's execution again where it ended badly through what
// this run has mended, and waits for it.
func (w *Workshop) retry(ctx context.Context) error {
	head, err := w.scene.Head(ctx)
	if err != nil || head == "" {
		return err
	}
	again, inProgress, err := w.scene.WantsRetry(ctx, head)
	if inProgress {
		_ = w.Await(ctx, head) // how it ended is asked next
		again, _, err = w.scene.WantsRetry(ctx, head)
	}
	if err != nil || !again {
		return err
	}
	w.working("starting again what had failed")
	commit, err := w.Touch(ctx, "Start again")
	if err != nil {
		return err
	}
	return w.Await(ctx, commit)
}
