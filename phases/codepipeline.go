package phases

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/verify"
)

// CodePipeline is phase 3: the push itself starts source and build.
var CodePipeline = &Phase{
	Name: "codepipeline", Aliases: []string{"pipeline"}, Title: "CodePipeline", Tagline: "Extreme Programming, to the MAX!",
	Requires: []*Phase{CodeBuild},
	Undo:     undoCodePipeline,
	Missing:  "What was built goes nowhere: no customer has seen it.",
	Steps: []Step{
		{
			Title: "Let the build hand on what it made",
			Why:   "Stages share nothing but artifacts. The artifact is stamped with the commit and the execution.",
			Do: func(ctx context.Context, b Bench) error {
				return commitBuildspec(ctx, b, "Hand on what was built", "codepipeline")
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
			Title: "Make the pipeline",
			Why:   "Making it starts its first execution; from then on a rule does, with every push.",
			Do: func(ctx context.Context, b Bench) error {
				if err := advancePipeline(ctx, b, "codepipeline"); err != nil {
					return err
				}
				return enableTransitions(ctx, b)
			},
			Checks: []verify.Check{verify.Pipeline, verify.PipelinePermissions, verify.PushRule},
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
				return commitGreeting(ctx, b, greetPipeline, nil)
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

// enableTransitions opens every way from stage to stage, which a template says nothing of.
func enableTransitions(ctx context.Context, b Bench) error {
	name := b.Scene().Names.Pipeline()
	out, err := b.Scene().CodePipeline.GetPipelineState(ctx, &codepipeline.GetPipelineStateInput{Name: &name})
	if cloud.IsNotFound(err) {
		return nil // a check says so, and then it is put back
	}
	if err != nil {
		return err
	}
	for _, stage := range out.StageStates {
		if t := stage.InboundTransitionState; t == nil || t.Enabled {
			continue
		}
		_, err := b.Scene().CodePipeline.EnableStageTransition(ctx, &codepipeline.EnableStageTransitionInput{
			PipelineName: &name, StageName: stage.StageName, TransitionType: types.StageTransitionTypeInbound,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
