package workshop

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/git"
	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// WorkingCopy is the phase that a [CheckError] of the working copy names.
const WorkingCopy = "working copy"

const workingCopyCheck = "working-copy"

const reconnect = "mayfly run codecommit"

// WorkingCopy asks this machine, and not AWS, how the learner's working copy
// stands. ok is false where none has been made yet.
func (w *Workshop) WorkingCopy(ctx context.Context) (c CheckStatus, ok bool) {
	if !w.madeWorkingCopy() {
		return CheckStatus{}, false
	}
	return w.checkStatus(workingCopyCheck, w.judgeWorkingCopy(ctx, w.judgePushed)), true
}

// madeWorkingCopy tells whether the ledger has the working copy's folder.
func (w *Workshop) madeWorkingCopy() bool {
	entries, err := w.ledger.Entries()
	return err == nil && slices.ContainsFunc(entries, func(e Entry) bool {
		return e.Kind == ledgerWorkingCopy && e.Name == w.checkout.Dir
	})
}

// judgeWorkingCopy looks at the folder, its connection and its branch; last judges what is left.
func (w *Workshop) judgeWorkingCopy(ctx context.Context, last func(context.Context, git.Condition) verify.Result) verify.Result {
	is, err := w.checkout.Condition(ctx)
	if err != nil {
		return verify.Result{State: verify.CannotTell, Observed: err.Error(), Fix: lookForYourself}
	}
	w.dirty = len(is.Changed) > 0
	wrong := func(expected, fix, format string, args ...any) verify.Result {
		return verify.Result{State: verify.Wrong, Observed: fmt.Sprintf(format, args...), Expected: expected, Fix: fix}
	}
	const ours = "a working copy of this environment's repository"
	switch {
	case is.Empty:
		return wrong(ours, reconnect, "the working copy is gone: there is nothing in %s", w.checkout.Dir)
	case !is.Ours && w.lostItsGit(ctx):
		return wrong(ours, reconnect, "the working copy has lost its .git: git does not know the folder any more")
	case !is.Ours:
		return wrong(ours, lookForYourself, "%s holds files that mayfly did not make: move them elsewhere", w.checkout.Dir)
	}
	url, err := w.cloneURL(ctx)
	if r := w.judgeConnection(is, url); err == nil && r.State == verify.Wrong {
		return r
	}
	if is.Unfinished != "" {
		return wrong("no "+is.Unfinished+" under way", "git "+is.Unfinished+" --abort",
			"a %[1]s was begun in the working copy and has not ended: `git %[1]s --continue` ends it; the fix gives it up", is.Unfinished)
	}
	if r := w.judgeBranch(ctx, is); r.State == verify.Wrong {
		return r
	}
	return last(ctx, is)
}

// judgeConnection looks at where the working copy pushes to, and how it signs in.
func (w *Workshop) judgeConnection(is git.Condition, url string) verify.Result {
	const expected = "origin is this environment's repository, and mayfly tells git the password"
	wrong := func(observed string) verify.Result {
		return verify.Result{State: verify.Wrong, Observed: observed, Expected: expected, Fix: reconnect}
	}
	switch {
	case url == "": // without a repository there is nothing to be connected with
		return verify.Result{}
	case is.URL == "":
		return wrong("the working copy has no remote called origin")
	case is.URL != url:
		return wrong("the remote origin is " + is.URL + " and not this environment's repository")
	}
	if !slices.ContainsFunc(is.Helpers, w.helps) {
		return wrong("the working copy has lost its credential helper: git would ask for a password")
	}
	return verify.Result{}
}

// helps tells whether a credential helper is mayfly's and its program is
// there, or is the AWS CLI's.
func (w *Workshop) helps(helper string) bool {
	if strings.Contains(helper, "codecommit credential-helper") {
		return true
	}
	command, ours := strings.CutSuffix(helper, " git-credential --env "+w.env.Name)
	if !ours {
		return false
	}
	program := strings.Trim(strings.TrimPrefix(command, "!"), "'")
	_, err := os.Stat(strings.ReplaceAll(program, `'\''`, "'"))
	return !errors.Is(err, fs.ErrNotExist)
}

func (w *Workshop) judgeBranch(ctx context.Context, is git.Condition) verify.Result {
	if is.Branch == git.Branch {
		return verify.Result{}
	}
	observed := "HEAD is detached: what is committed now belongs to no branch"
	if is.Branch != "" {
		observed = "the working copy is on the branch " + is.Branch + "; the workshop builds main"
	}
	fix := "git switch main"
	if ahead, err := w.checkout.Between(ctx, git.Branch, "HEAD"); err == nil && ahead != "0" {
		fix += fmt.Sprintf(" && git merge --no-edit %.10s && git push origin main", is.Head)
	}
	switch {
	case is.Head == "" && (is.Main == "" || w.dirty):
		fix = "git symbolic-ref HEAD refs/heads/main" // leaves the files and what is staged as they are
	case is.Head == "": // a branch without a commit and without files
	case is.Main == "" && is.Branch != "":
		fix = "git branch -m " + phases.ShellWord(is.Branch) + " main && git push -u origin main"
	case is.Main == "":
		fix = "git switch -c main && git push -u origin main"
	case w.dirty:
		fix = "git stash && " + fix + " && git stash pop"
	}
	return verify.Result{State: verify.Wrong, Observed: observed, Expected: "the branch main is checked out", Fix: fix}
}

// judgePushed compares main with what the repository has, and with the files.
func (w *Workshop) judgePushed(ctx context.Context, is git.Condition) verify.Result {
	wrong := func(expected, fix, format string, args ...any) verify.Result {
		return verify.Result{State: verify.Wrong, Observed: fmt.Sprintf(format, args...), Expected: expected, Fix: fix}
	}
	const same = "main is the same here and in the repository"
	remote, err := w.scene.Head(ctx)
	ahead, behind := "", ""
	if err == nil && remote != "" && is.Head != "" {
		if !w.checkout.Knows(ctx, remote) {
			return wrong(same, "git pull --rebase --autostash origin main && git push origin main",
				"the repository has commits that the working copy has not")
		}
		ahead, _ = w.checkout.Between(ctx, remote, "HEAD")
		behind, _ = w.checkout.Between(ctx, "HEAD", remote)
	}
	isAhead, isBehind := ahead != "" && ahead != "0", behind != "" && behind != "0"
	switch {
	case isAhead && isBehind && w.checkout.WasOurs(ctx, remote):
		return wrong(same, "git fetch origin && git merge --no-edit -s ours "+remote[:10]+" && git push origin main",
			"history was rewritten after a push: the repository refuses what has not its commits before it")
	case isBehind:
		return wrong(same, "git pull --rebase --autostash origin main && git push origin main",
			"main is %s behind the repository and %s ahead", commits(behind), commits(ahead))
	case len(is.Deleted) > 0:
		return wrong("what is committed is there", "git checkout HEAD -- "+quoteAll(is.Deleted),
			"the working copy has lost %s, which is committed", strings.Join(is.Deleted, ", "))
	case len(is.Changed) > 0:
		return wrong("what is changed is committed", "git commit --all -m 'Say what changed' && git push origin main",
			"%s is changed and not committed: a push carries commits alone", strings.Join(is.Changed, ", "))
	case isAhead:
		return wrong(same, "git push origin main", "%s not pushed", commits(ahead))
	}
	observed := "the working copy is on main, and all of it is pushed"
	if is.Untracked > 0 {
		observed += fmt.Sprintf("; git does not know %d files (`git add` tells it)", is.Untracked)
	}
	return verify.Result{State: verify.Passed, Observed: observed}
}

// lostItsGit tells whether the folder may be taken over again.
func (w *Workshop) lostItsGit(ctx context.Context) bool { return w.checkout.State(ctx) == nil }

// connect points the working copy at the repository again, or makes it anew
// where it is gone, if both have been made before.
func (w *Workshop) connect(ctx context.Context) error {
	url, err := w.cloneURL(ctx)
	if err != nil || url == "" {
		return err
	}
	if !w.madeWorkingCopy() {
		return nil
	}
	there, _, err := w.scene.Exists(ctx, "AWS::CodeCommit::Repository", w.scene.Names.Repository())
	if err != nil || !there {
		return err
	}
	is, err := w.checkout.Condition(ctx)
	if err == nil && is.Ours && w.judgeConnection(is, url).State != verify.Wrong {
		return nil
	}
	w.working("connecting the working copy in %s with the repository", w.checkout.Dir)
	return w.Clone(ctx, url)
}

// commits is a number of them in words.
func commits(n string) string {
	if n == "1" {
		return "1 commit"
	}
	return n + " commits"
}

func quoteAll(names []string) string {
	var quoted []string
	for _, name := range names {
		quoted = append(quoted, phases.ShellWord(name))
	}
	return strings.Join(quoted, " ")
}
