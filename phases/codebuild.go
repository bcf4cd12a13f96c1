package phases

import (
	"context"

	"github.com/mayfly-cd/mayfly/verify"
)

// CodeBuild is phase 2: somebody else builds it, when told to.
var CodeBuild = &Phase{
	Name: "codebuild", Title: "CodeBuild", Tagline: "Builds... can't someone else do it?",
	Requires: []*Phase{CodeCommit},
	Undo:     undoCodeBuild,
	Missing:  "Nothing is automatic: you started this build, and what it made is gone.",
	Steps: []Step{
		{
			Title: "Make the build project",
			Why:   "Its role may read this repository and write its own log, and nothing else.",
			Do: func(ctx context.Context, b Bench) error {
				return advancePipeline(ctx, b, "codebuild")
			},
			Checks: []verify.Check{verify.Project, verify.LeastPrivilege},
			Hints: []string{
				"A project needs a service role that codebuild.amazonaws.com may assume.",
				"A template that makes roles is refused without `--capabilities CAPABILITY_IAM`; CloneUrl is what `git config remote.origin.url` says.",
				"`mayfly show codebuild` has the commands with your names in them: type those below \"Make the build project\".",
			},
			Minutes: 2,
		},
		{
			Title: "Say how it is built",
			Why:   "The recipe lives beside the code and changes with it.",
			Do: func(ctx context.Context, b Bench) error {
				return commitBuildspec(ctx, b, "Say how it is built", "codebuild")
			},
			Checks: []verify.Check{verify.Buildspec},
			Hints: []string{
				"The file is called buildspec.yml and stands at the top of the repository.",
				"A file that Git does not know yet is not committed by `git commit -a`: `git status` shows it as untracked.",
				"`mayfly show codebuild --buildspec > buildspec.yml`, `git add buildspec.yml`, `git commit -m 'Say how it is built'`, `git push origin main`.",
			},
			Minutes: 1,
		},
		{
			Title: "Build it",
			Why:   "An empty machine fetches the source, runs the commands, and is gone.",
			Do: func(ctx context.Context, b Bench) error {
				if b.Scene().BuiltByPipeline(ctx) { // such a project builds nothing by itself
					return commitAndAwait(ctx, b, "Build it again", nil)
				}
				return b.Build(ctx)
			},
			Checks: []verify.Check{verify.Build},
			Hints: []string{
				"So far nobody but you starts a build.",
				"The phase that failed carries the command that failed; the log is in CloudWatch Logs, in the group /aws/codebuild/<project>.",
				"`aws codebuild start-build --project-name NAME`; `aws codebuild list-projects` tells you the name.",
			},
			Minutes: 3,
		},
	},
}
