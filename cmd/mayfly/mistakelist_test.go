package main

import (
	"slices"

	"github.com/mayfly-cd/mayfly/phases"
)

// mistakes are the learners' mistakes.
func mistakes() []mistake {
	return slices.Concat(pushMistakes(), buildMistakes(), triggerMistakes(), permissionMistakes(), goneMistakes())
}

// commitAll commits and pushes what a mistake has changed.
const commitAll = " && git add --all && git commit --quiet --message 'A mistake' && git push --quiet origin main"

// pushMistakes are made in the working copy and on the way to the repository.
func pushMistakes() []mistake {
	const greet = `printf '"Mine"\n' > greeting.json && `
	return []mistake{
		{
			name: "the branch main is called master", at: phases.CodeCommit,
			shell: "git branch -m main master", check: workingCopyCheck, says: "on the branch master",
		},
		{
			name: "committed on another branch and pushed that", at: phases.Caching,
			shell: "git switch --quiet -c side && " + greet + "git commit --quiet --all -m Side && git push --quiet origin side",
			check: workingCopyCheck, says: "on the branch side; the workshop builds main",
		},
		{
			name: "committed with a detached HEAD", at: phases.Caching,
			shell: "git checkout --quiet --detach && " + greet + "git commit --quiet --all -m Detached",
			check: workingCopyCheck, says: "HEAD is detached",
		},
		{
			name: "the remote was removed", at: phases.Caching,
			shell: "git remote remove origin", check: workingCopyCheck, says: "no remote called origin",
		},
		{
			name: "the remote was changed", at: phases.Caching,
			shell: "git remote set-url origin https://example.com/mine.git", check: workingCopyCheck, says: "origin is https://example.com/mine.git",
		},
		{
			name: "the credential helper was removed", at: phases.Caching,
			shell: "git config --local --unset-all credential.helper", check: workingCopyCheck, says: "lost its credential helper",
		},
		{
			name: "pushed to another repository", at: phases.Caching,
			shell: greet + `git commit --quiet --all -m Mine && git init --quiet --bare ../../other.git && git push --quiet ../../other.git main; rm -rf ../../other.git`,
			check: workingCopyCheck, says: "1 commit not pushed",
		},
		{
			name: "history was rewritten after a push", at: phases.Caching,
			shell: greet + "git commit --quiet --all --amend -m Rewritten", check: workingCopyCheck, says: "history was rewritten",
		},
		{
			name: "changes were not committed", at: phases.Caching,
			shell: greet + "true", check: workingCopyCheck, says: "greeting.json is changed and not committed",
		},
		{
			name: ".git was deleted", at: phases.Caching,
			shell: "rm -rf .git", check: workingCopyCheck, says: "lost its .git",
		},
		{
			name: "the working copy was deleted", at: phases.Caching,
			shell: `here="$PWD"; cd / && rm -rf "$here"`, check: workingCopyCheck, says: "the working copy is gone",
		},
		{
			name: "main was taken back in the working copy alone", at: phases.Caching,
			shell: "git reset --quiet --hard HEAD~1", check: workingCopyCheck, says: "1 commit behind the repository",
		},
		{
			name: "a file was deleted and that not committed", at: phases.Caching,
			shell: "rm template.yaml", check: workingCopyCheck, says: "has lost template.yaml",
		},
		{
			name: "a revert stopped in the middle", at: phases.Caching,
			shell: "git revert --no-edit HEAD~2 || true", check: workingCopyCheck, says: "a revert was begun",
		},
	}
}

// buildMistakes are commits that break the build.
func buildMistakes() []mistake {
	return []mistake{
		{
			name: "a command in the buildspec exits with 1", at: phases.Caching,
			shell: `sed -i.bak 's/^      - mkdir out.*/      - exit 1/' buildspec.yml && rm -f buildspec.yml.bak` + commitAll,
			check: "build", says: `FAILED: BUILD: .*exit 1`,
		},
		{
			name: "the buildspec was deleted", at: phases.Caching,
			shell: "git rm --quiet buildspec.yml" + commitAll, check: "buildspec", says: "main has no buildspec.yml",
		},
	}
}
