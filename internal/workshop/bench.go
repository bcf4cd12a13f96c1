package workshop

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/internal/git"
	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

var _ phases.Bench = (*Workshop)(nil)

// Application is the sample application that the learner chose.
func (w *Workshop) Application() *phases.Application { return w.app }

// Tags are the tags of the environment.
func (w *Workshop) Tags() map[string]string { return w.env.Tags() }

func (w *Workshop) recordStack(name, arn string) error {
	return w.ledger.Add(Entry{
		Kind: "stack", Name: name, ARN: arn, Account: w.env.Account, Region: w.env.Region, Environment: w.env.ID,
	})
}

// Deploy brings a stack to a template and waits for it.
func (w *Workshop) Deploy(ctx context.Context, name string, template []byte, parameters map[string]string) (*types.Stack, error) {
	existing, err := w.scene.FindStack(ctx, name)
	if err != nil {
		return nil, err
	}
	if existing != nil && !w.ours(existing) {
		return nil, fmt.Errorf("stack %s exists and does not belong to environment %s: it is left alone", name, w.env.ID)
	}
	if err := w.recordStack(name, ""); err != nil {
		return nil, err
	}
	stack, err := w.scene.Deploy(ctx, cloud.Stack{
		Name: name, Template: template, Parameters: parameters, Tags: w.Tags(),
	}, w.followStack(name))
	if err != nil {
		return nil, err
	}
	if existing == nil {
		return stack, w.recordStack(name, aws.ToString(stack.StackId))
	}
	return stack, nil
}

// ours tells whether a stack is this environment's to deploy: it carries the
// tag, or the ledger has its ARN, which no other stack ever has. One that was
// made by hand and without any tag of an environment is ours by its name, in
// which the environment's random id is. A deployment puts the tag on, and
// before it is there a teardown deletes nothing.
func (w *Workshop) ours(stack *types.Stack) bool {
	switch cloud.Tag(stack, cloud.TagEnvironment) {
	case w.env.ID:
		return true
	case "":
		names := []string{w.scene.Names.RepositoryStack(), w.scene.Names.PipelineStack()}
		if slices.Contains(names, aws.ToString(stack.StackName)) {
			return true
		}
	}
	entries, err := w.ledger.Entries()
	return err == nil && slices.ContainsFunc(entries, func(e Entry) bool {
		return e.Environment == w.env.ID && e.ARN != "" && e.ARN == aws.ToString(stack.StackId)
	})
}

// Clone makes the working copy of the repository at url.
func (w *Workshop) Clone(ctx context.Context, url string) error {
	if url == "" {
		return errors.New("the repository's stack has no output CloneUrl: `mayfly run codecommit` makes it anew")
	}
	if err := w.checkout.State(ctx); err != nil {
		return err
	}
	if err := w.ledger.Add(Entry{Kind: ledgerWorkingCopy, Name: w.checkout.Dir, Environment: w.env.ID}); err != nil {
		return err
	}
	return w.checkout.Make(ctx, url, w.helper)
}

// Read returns a file of the working copy.
func (w *Workshop) Read(name string) ([]byte, error) { return w.checkout.Read(name) }

// Commit writes the files into the working copy, commits and pushes them. Where
// that would write over what the learner has not committed, it is kept on a branch.
func (w *Workshop) Commit(ctx context.Context, message string, files map[string][]byte) (string, error) {
	if !w.checkout.Exists(ctx) {
		repository, err := w.cloneURL(ctx)
		if err != nil {
			return "", err
		}
		if err := w.Clone(ctx, repository); err != nil {
			return "", err
		}
	}
	if err := w.mayCommit(ctx); err != nil {
		return "", err
	}
	if err := w.keepFromWriting(ctx, files); err != nil {
		return "", err
	}
	if err := w.checkout.Write(files); err != nil {
		return "", err
	}
	commit, err := w.checkout.Commit(ctx, message, slices.Sorted(maps.Keys(files)))
	if err != nil {
		return "", err
	}
	return commit, w.push(ctx, commit, message)
}

// mayCommit fails with a *CheckError where a commit would not come to main.
func (w *Workshop) mayCommit(ctx context.Context) error {
	if w.checkout.OnMain(ctx) {
		return nil
	}
	r := w.judgeWorkingCopy(ctx, func(context.Context, git.Condition) verify.Result {
		return verify.Result{State: verify.Passed}
	})
	if r.State == verify.Passed {
		return nil
	}
	w.reportWorkingCopy(r)
	return &CheckError{Phase: WorkingCopy, Check: workingCopyCheck, Told: true, Result: r}
}

// keepFromWriting keeps what the learner has on a branch, where files would be
// written over that are not committed as they are.
func (w *Workshop) keepFromWriting(ctx context.Context, files map[string][]byte) error {
	var changing []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if now, err := w.checkout.Read(name); err != nil || !bytes.Equal(now, files[name]) {
			changing = append(changing, name)
		}
	}
	uncommitted, err := w.checkout.Uncommitted(ctx, changing)
	if err != nil || len(uncommitted) == 0 {
		return err
	}
	kept, err := w.checkout.Keep(ctx, w.keptName(cmp.Or(w.phase, "work")), "What was not committed before mayfly wrote", changing)
	if err != nil || len(kept) == 0 {
		return err
	}
	w.report(Event{Event: Kept, Detail: "what you had not committed in " + strings.Join(uncommitted, ", ") + " is kept: `git show " + kept[0] + "`"})
	return nil
}

// Touch commits nothing, which starts everything that a push starts.
func (w *Workshop) Touch(ctx context.Context, message string) (string, error) {
	commit, err := w.checkout.CommitNothing(ctx, message)
	if err != nil {
		return "", err
	}
	return commit, w.push(ctx, commit, message)
}

// push pushes main and notes the moment.
func (w *Workshop) push(ctx context.Context, commit, message string) error {
	before := w.lookAtLive(ctx)
	w.working("git push origin main (%.7s %s)", commit, message)
	if err := w.checkout.Push(ctx); err != nil {
		return err
	}
	w.live.Before, w.live.After = before, ""
	return w.pushed(commit, w.now())
}

func (w *Workshop) cloneURL(ctx context.Context) (string, error) {
	stack, err := w.scene.FindStack(ctx, w.scene.Names.RepositoryStack())
	return cloud.Output(stack, "CloneUrl"), err
}

// Build starts a build of the project and waits for its end.
func (w *Workshop) Build(ctx context.Context) error {
	name := w.scene.Names.Project()
	out, err := w.scene.CodeBuild.StartBuild(ctx, &codebuild.StartBuildInput{ProjectName: &name})
	if err != nil {
		return fmt.Errorf("start a build: %w", err)
	}
	id := aws.ToString(out.Build.Id)
	return w.awaitBuild(ctx, id)
}

// shortID is the part of a build's id that a person can tell apart.
func shortID(id string) string {
	_, id, _ = strings.Cut(id, ":")
	return id[:min(len(id), 8)]
}
