package workshop

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/phases"
)

var _ phases.Undoer = (*Workshop)(nil)

// Route is how to come to the start of a phase: what is done on the way, or
// what is taken back. One of the two is empty.
type Route struct {
	To *phases.Phase
	// Do are the phases that are done, in order.
	Do []*phases.Phase
	// Undo are the phases that are taken back, in order: the furthest first.
	Undo []*phases.Phase
}

// Route finds the way to the start of a phase, by asking the checks. A phase
// that lies ahead has all before it done; one that is begun, or lies behind,
// is taken back with everything after it.
func (w *Workshop) Route(ctx context.Context, all []*phases.Phase, to *phases.Phase) (Route, error) {
	route := Route{To: to}
	var begun []*phases.Phase
	for _, p := range all {
		status := w.askPhase(ctx, p)
		switch {
		case status.State == StateUnknown:
			return route, &CheckError{Phase: p.Name, Check: "start", Result: status.first("cannot-tell")}
		case p.Number() < to.Number() && status.State != StateDone:
			route.Do = append(route.Do, p)
		case p.Number() >= to.Number() && status.State != StateToDo:
			begun = append(begun, p)
		}
	}
	if len(begun) > 0 {
		route.Do = nil
		// Everything from the furthest that was begun down to the phase itself.
		last := begun[len(begun)-1]
		for _, p := range slices.Backward(all) {
			if p.Number() <= last.Number() && p.Number() >= to.Number() {
				route.Undo = append(route.Undo, p)
			}
		}
	}
	return route, nil
}

// Travelled says what a way to the start of a phase has left behind.
type Travelled struct {
	// Kept are the branches on which the learner's work is; none where nothing was taken back.
	Kept []string `json:"kept"`
	// Commit is the commit with which main starts again.
	Commit string `json:"commit,omitempty"`
}

// Travel goes a route. What the learner has in the working copy is kept on a
// branch of its own before anything is taken back.
func (w *Workshop) Travel(ctx context.Context, route Route) (Travelled, error) {
	travelled := Travelled{Kept: []string{}}
	if len(route.Undo) == 0 {
		_, err := w.Run(ctx, route.Do)
		return travelled, err
	}
	kept, err := w.keepWork(ctx, route.To)
	if err != nil {
		return travelled, err
	}
	travelled.Kept = append(travelled.Kept, kept...)
	if err := w.stopEverything(ctx); err != nil {
		return travelled, err
	}
	for _, p := range route.Undo {
		w.phase, w.step = p.Name, ""
		w.report(Event{Event: TeardownStep, Detail: "take back " + p.Title})
		if err := p.Undo(ctx, w); err != nil {
			return travelled, fmt.Errorf("take back %s: %w", p.Name, err)
		}
		if err := w.forgetPhase(p); err != nil {
			return travelled, err
		}
	}
	w.phase = ""
	travelled.Commit, err = w.startAgain(ctx, route.To)
	return travelled, err
}

// keepWork keeps what is in the working copy on a branch named after the phase
// and the time. A folder that has lost its .git is made a working copy again
// first: else the files in it would be written over.
func (w *Workshop) keepWork(ctx context.Context, to *phases.Phase) ([]string, error) {
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	if !w.checkout.Exists(ctx) {
		return nil, nil
	}
	files, err := to.FilesAtStart(w)
	if err != nil {
		return nil, err
	}
	return w.checkout.Keep(ctx, w.keptName(to.Name), "What was here before mayfly went to the start of "+to.Name,
		slices.Sorted(maps.Keys(files)))
}

// keptName is a branch for what a learner has.
func (w *Workshop) keptName(why string) string {
	return "kept/" + why + "-" + w.now().UTC().Format("20060102-150405.000")
}

// startAgain gives main the files that it holds at the start of a phase, and
// waits until the pipeline, where there is one, is through with them.
func (w *Workshop) startAgain(ctx context.Context, to *phases.Phase) (string, error) {
	files, err := to.FilesAtStart(w)
	if err != nil {
		return "", err
	}
	if files == nil {
		if w.checkout.Exists(ctx) {
			return "", errors.Join(w.checkout.Empty(ctx), w.checkout.Forget(ctx))
		}
		return "", nil
	}
	url, err := w.cloneURL(ctx)
	if err != nil {
		return "", err
	}
	if err := w.Clone(ctx, url); err != nil {
		return "", err
	}
	commit, err := w.checkout.Restart(ctx, "Back to the start of "+to.Name, files)
	if err != nil {
		return "", err
	}
	if err := w.push(ctx, commit, "Back to the start of "+to.Name); err != nil {
		return "", err
	}
	there, _, err := w.scene.Exists(ctx, "AWS::CodePipeline::Pipeline", w.scene.Names.Pipeline())
	if err != nil || !there {
		return commit, err
	}
	return commit, w.Await(ctx, commit)
}

// Undeploy deletes a stack of the environment, with what is in its buckets.
func (w *Workshop) Undeploy(ctx context.Context, name string) error {
	stack, err := w.ownStack(ctx, name)
	if err != nil || stack == nil {
		return err
	}
	item := Item{Kind: "stack", Name: name, ARN: aws.ToString(stack.StackId)}
	plan := &Plan{Buckets: map[string][]string{}}
	if err := w.planResources(ctx, plan, item); err != nil {
		return err
	}
	return w.deleteStack(ctx, plan, item)
}

// EmptyBuckets empties the buckets of a stack below a prefix.
func (w *Workshop) EmptyBuckets(ctx context.Context, name, prefix string) error {
	stack, err := w.ownStack(ctx, name)
	if err != nil || stack == nil {
		return err
	}
	item := Item{Kind: "stack", Name: name, ARN: aws.ToString(stack.StackId)}
	plan := &Plan{Buckets: map[string][]string{}}
	if err := w.planResources(ctx, plan, item); err != nil {
		return err
	}
	for _, bucket := range plan.Buckets[item.ARN] {
		w.working("empty bucket %s %s", bucket, prefix)
		if _, err := w.scene.EmptyBucket(ctx, bucket, prefix); err != nil {
			return err
		}
	}
	return nil
}

// ownStack finds a stack by name; one that is somebody else's is an error.
func (w *Workshop) ownStack(ctx context.Context, name string) (*types.Stack, error) {
	stack, err := w.scene.FindStack(ctx, name)
	if err != nil || stack == nil {
		return nil, err
	}
	if !w.owns(stack) {
		return nil, fmt.Errorf("stack %s exists and does not belong to environment %s: it is left alone", cloud.StackName(aws.ToString(stack.StackId)), w.env.ID)
	}
	return stack, nil
}

// Describe says in a sentence what a route does.
func (r Route) Describe() string {
	switch {
	case len(r.Undo) > 0:
		return "take back " + titles(r.Undo)
	case len(r.Do) > 0:
		return "do " + titles(r.Do)
	}
	return "nothing: this is the start of " + r.To.Title
}

func titles(all []*phases.Phase) string {
	words := make([]string, len(all))
	for i, p := range all {
		words[i] = p.Title
	}
	return strings.Join(words, ", ")
}
