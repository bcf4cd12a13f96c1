package main

import (
	"slices"

	"github.com/mayfly-cd/mayfly/phases"
)

// mistakes are the learners' mistakes.
func mistakes() []mistake {
	return slices.Concat(pushMistakes(), buildMistakes(), deployMistakes(), triggerMistakes(), permissionMistakes(), documentMistakes(), goneMistakes(), stuckMistakes(), stoppedMistakes(), sabotages())
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
			name: "a branch without a commit was begun", at: phases.Caching,
			shell: "git checkout --quiet --orphan new", check: workingCopyCheck, says: "on the branch new",
		},
		{
			name: "a branch without a commit and without files was begun", at: phases.Caching,
			shell: "git switch --quiet --orphan new", check: workingCopyCheck, says: "on the branch new",
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

// edit replaces a line of the buildspec.
func edit(script string) string {
	return "sed -i.bak '" + script + "' buildspec.yml && rm -f buildspec.yml.bak" + commitAll
}

// buildMistakes are commits that break the build.
func buildMistakes() []mistake {
	at := phases.Caching
	return []mistake{
		{
			name: "a command in the buildspec exits with 1", at: at,
			shell: edit(`s/^      - mkdir out.*/      - exit 1/`), check: "build", says: `FAILED: BUILD: .*exit 1`,
		},
		{
			name: "a command in the buildspec exits with 1 in phase 3", at: phases.CodePipeline,
			shell: edit(`s/^      - mkdir out.*/      - exit 1/`), check: "build", says: `FAILED: BUILD: .*exit 1`,
		},
		{
			name: "a command in the buildspec exits with 1 in phase 2", at: phases.CodeBuild,
			shell: edit(`s/^      - test -s.*/      - exit 1/`), do: startBuild,
			check: "build", says: `FAILED: BUILD: .*exit 1`,
		},
		{
			name: "two broken commits, one after the other", at: at,
			shell: edit(`s/^      - mkdir out.*/      - exit 1/`) + " && " + edit(`s/exit 1/exit 2/`), check: "build", says: `FAILED: BUILD: .*exit 2`,
		},
		{
			name: "the build was broken and an empty commit pushed upon it", at: at,
			shell: edit(`s/^      - mkdir out.*/      - exit 1/`) + " && git commit --quiet --allow-empty -m Again && git push --quiet", check: "build", says: `FAILED: BUILD: .*exit 1`,
		},
		{
			name: "the build was broken by a merge", at: at,
			shell: "git switch --quiet -c side && " + edit(`s/^      - mkdir out.*/      - exit 1/`) + "; git switch --quiet main && git merge --quiet --no-ff --no-edit side && git push --quiet origin main",
			check: "build", says: `FAILED: BUILD: .*exit 1`,
		},
		{
			name: "a program that the build has not", at: at,
			shell: edit(`s/^      - mkdir out.*/      - no-such-compiler/`), check: "build", says: `FAILED: BUILD: .*no-such-compiler`,
		},
		{
			name: "a file of 20 MB was committed", at: at, // one of 200 MB does no harm either, and takes its time
			shell: "head -c 20000000 /dev/urandom > film.bin" + commitAll,
		},
		{
			name: "the buildspec was deleted", at: at,
			shell: "git rm --quiet buildspec.yml" + commitAll, check: "buildspec", says: "main has no buildspec.yml",
		},
		{
			name: "the buildspec was deleted in phase 2", at: phases.CodeBuild,
			shell: "git rm --quiet buildspec.yml" + commitAll, check: "buildspec", says: "main has no buildspec.yml",
		},
		{
			name: "the buildspec was renamed", at: at,
			shell: "git mv buildspec.yml buildspec.yaml" + commitAll, check: "buildspec", says: "main has no buildspec.yml",
		},
		{
			name: "the buildspec has a tab", at: at,
			shell: edit(`s/^  build:/\tbuild:/`), check: "buildspec", says: "not YAML.*tab character",
		},
		{
			name: "the buildspec has a version that there is not", at: at,
			shell: edit(`s/^version: .*/version: 0.7/`), check: "buildspec", says: "version 0.7",
		},
		{
			name: "the buildspec has a key that there is not", at: at,
			shell: edit(`s/^    commands:/    comands:/`), check: "buildspec", says: `"comands", which is no key`,
		},
		{
			name: "the buildspec has a phase that there is not", at: at,
			shell: edit(`s/^  build:/  compile:/`), check: "buildspec", says: `phase "compile"`,
		},
		{
			name: "the buildspec has no artifacts", at: at,
			shell: edit(`/^artifacts:/,/^ *- /d`), check: "artifacts", says: "has no artifacts",
		},
		{
			name: "the artifacts match nothing", at: at,
			shell: edit(`s/^  base-directory: out/  base-directory: nowhere/`), check: "build", says: "FAILED: UPLOAD_ARTIFACTS: ",
		},
		{
			name: "the buildspec has no cache paths", at: at,
			shell: edit(`/^cache:/,$d`), check: "cache-paths", says: "has no cache paths",
		},
		{
			name: "the greeting is empty, and the build tests that", at: phases.CodeBuild,
			shell: ": > greeting.json" + commitAll, do: startBuild, check: "build", says: "FAILED: BUILD: .*test -s greeting.json",
		},
		{
			name: "the greeting is no JSON, which no build tests", at: at,
			shell: "echo hello > greeting.json" + commitAll, check: "live", says: `answers 502`,
		},
	}
}

// deployMistakes are commits that cannot be deployed.
func deployMistakes() []mistake {
	at := phases.Caching
	broken := func(text string) string { return "printf '" + text + "' > template.yaml" + commitAll }
	const parameters = `Parameters: {ArtifactBucket: {Type: String}, ArtifactKey: {Type: String}, Architecture: {Type: String}, Boundary: {Type: String}}\n`
	return []mistake{
		{
			name: "the template is no YAML", at: at, shell: broken(`Resources:\n  Hello: [\n`),
			check: "push-starts", says: "Prepare failed: .*YAML not well-formed",
		},
		{
			name: "the template has an unknown resource type", at: at,
			shell: broken(parameters + `Resources:\n  Server:\n    Type: AWS::EC2::Nonsense\n`), check: "push-starts", says: "AWS::EC2::Nonsense",
		},
		{
			name: "the template goes in a circle", at: at,
			shell: broken(parameters + `Resources:\n  A: {Type: AWS::Logs::LogGroup, DependsOn: B}\n  B: {Type: AWS::Logs::LogGroup, DependsOn: A}\n`),
			check: "push-starts", says: "Circular dependency",
		},
		{
			name: "the template has a parameter that nobody gives", at: at,
			shell: `sed -i.bak 's/^Parameters:/Parameters:\n  Colour: {Type: String}/' template.yaml && rm -f template.yaml.bak` + commitAll,
			check: "push-starts", says: `Parameters: \[Colour\] must have values`,
		},
		{
			name: "the template was deleted", at: at, shell: "git rm --quiet template.yaml" + commitAll,
			check: "application", says: "main has no template.yaml",
		},
		{
			name: "the template was deleted in phase 1", at: phases.CodeCommit, shell: "git rm --quiet template.yaml" + commitAll,
			check: "application", says: "main has no template.yaml",
		},
		{
			name: "deploy.json was deleted", at: at, shell: "git rm --quiet deploy.json" + commitAll,
			check: "build", says: "FAILED: POST_BUILD: .*deploy.json",
		},
	}
}
