package phases

import (
	"context"

	"github.com/mayfly-cd/mayfly/verify"
)

// CodePipeline is phase 3: the push itself starts source and build.
var CodePipeline = &Phase{
	Name: "codepipeline", Aliases: []string{"pipeline"}, Title: "CodePipeline", Tagline: "Extreme Programming, to the MAX!",
	Requires: []*Phase{CodeBuild},
	Undo:     undoCodePipeline,
	Steps: []Step{
		{
			Title: "Let the build hand on what it made",
			Why:   "Stages share nothing but artifacts. The artifact is stamped with the commit and the execution.",
			Do: func(ctx context.Context, b Bench) error {
				_, err := b.Commit(ctx, "Hand on what was built",
					map[string][]byte{"buildspec.yml": b.Application().Buildspec("codepipeline")})
				return err
			},
			Checks: []verify.Check{verify.BuildspecArtifacts},
			Hints: []string{
				"Look for `artifacts:` in buildspec.yml.",
				"`mayfly diff codebuild codepipeline` shows what this phase adds.",
				"`mayfly show codepipeline --buildspec > buildspec.yml`, `git commit -am 'Hand on what was built'`, `git push origin main`.",
			},
			Minutes: 1,
		},
		{
			Title:  "Make the pipeline",
			Why:    "Making it starts its first execution; from then on a rule does, at every push.",
			Do:     func(ctx context.Context, b Bench) error { return deployPipeline(ctx, b, "codepipeline") },
			Checks: []verify.Check{verify.Pipeline, verify.PushRule},
			Hints: []string{
				"A CodeCommit source polls unless PollForSourceChanges is \"false\".",
				"The rule's target is the pipeline's ARN, with a role that may start it.",
				"`mayfly show codepipeline` has the commands with your names in them: type those below \"Make the pipeline\".",
			},
			Minutes: 3,
		},
		{
			Title: "Push, and watch it start by itself",
			Why:   "The push makes an event, the event matches the rule, the rule starts the pipeline.",
			Do: func(ctx context.Context, b Bench) error {
				return commitGreeting(ctx, b, "Hello from a pipeline", nil)
			},
			Checks: []verify.Check{verify.PushStarts},
			Hints: []string{
				"Which branch does the rule name?",
				"If the execution has failed, `aws codepipeline get-pipeline-state` names the action, and `mayfly verify` the command.",
				"Change the greeting, then `git commit -am 'Hello from a pipeline'` and `git push origin main`.",
			},
			Minutes: 5,
		},
	},
}
