package phases

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mayfly-cd/mayfly/verify"
)

// CloudFormation is phase 4: what was built goes to production.
var CloudFormation = &Phase{
	Name: "cloudformation", Aliases: []string{"deploy"}, Title: "CloudFormation",
	Tagline:  "Like Continuous Integration, but for customer feedback",
	Requires: []*Phase{CodePipeline},
	Undo:     undoCloudFormation,
	Missing:  "Every build starts from nothing, and repeats what the last one did.",
	Steps: []Step{
		{
			Title: "Add the Deploy stage",
			Why:   "One action makes a change set, the next executes it.",
			Do: func(ctx context.Context, b Bench) error {
				return advancePipeline(ctx, b, "cloudformation")
			},
			Checks: []verify.Check{verify.DeployStage, verify.DeployRole},
			Hints: []string{
				"The stage has two actions: CHANGE_SET_REPLACE, then CHANGE_SET_EXECUTE.",
				"The template has a second parameter now: ApplicationStack.",
				"`mayfly show cloudformation` has the commands with your names in them: type those below \"Add the Deploy stage\".",
			},
			Minutes: 2,
		},
		{
			Title: "Go to production",
			Why:   "The build now hands on the template and the package; the pipeline makes the stack.",
			Do: func(ctx context.Context, b Bench) error {
				configuration, err := deployConfiguration(b.Tags())
				if err != nil {
					return err
				}
				buildspec, err := furthestBuildspec(ctx, b, "cloudformation")
				if err != nil {
					return err
				}
				return commitAndAwait(ctx, b, "Go to production", map[string][]byte{
					"buildspec.yml": buildspec, "deploy.json": configuration,
				})
			},
			Checks: []verify.Check{verify.ApplicationStack},
			Hints: []string{
				"The build must hand on template.yaml and deploy.json too: look at post_build in buildspec.yml.",
				"The stack's events say which resource failed and why: `aws cloudformation describe-stack-events`.",
				"`mayfly show cloudformation` has the commands: write buildspec.yml and deploy.json, `git add deploy.json`, commit, and `git push origin main`.",
			},
			Minutes: 6,
		},
		{
			Title: "Change what customers see",
			Why:   "From here on a push is all it takes.",
			Do: func(ctx context.Context, b Bench) error {
				return commitGreeting(ctx, b, greetProduction, nil)
			},
			Checks: []verify.Check{verify.Changed, verify.Live},
			Hints: []string{
				"It takes a commit that changes the greeting, pushed to main.",
				"The live URL is the output Url of the application's stack; its answer names the commit it was built from.",
				"Change the greeting, then `git commit -am 'Hello from production'` and `git push origin main`.",
			},
			Minutes: 6,
		},
	},
}

// deployConfiguration is CodePipeline's template configuration: it carries the
// environment's tags to the stack that the pipeline makes.
func deployConfiguration(tags map[string]string) ([]byte, error) {
	data, err := json.MarshalIndent(map[string]any{"Tags": tags}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write deploy.json: %w", err)
	}
	return append(data, '\n'), nil
}
