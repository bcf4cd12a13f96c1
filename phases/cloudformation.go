package phases

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/verify"
)

// CloudFormation is phase 4: what was built goes to production.
var CloudFormation = &Phase{
	Name: "cloudformation", Aliases: []string{"deploy"}, Title: "CloudFormation",
	Tagline:  "Like Continuous Integration, but for customer feedback",
	Requires: []*Phase{CodePipeline},
	Undo:     undoCloudFormation,
	Steps: []Step{
		{
			Title:    "Add the Deploy stage",
			Why:      "One action makes a change set, the next executes it.",
			Commands: one("aws cloudformation deploy --stack-name %s --template-file template.yaml --capabilities CAPABILITY_IAM", cloud.Names.PipelineStack),
			Do: func(ctx context.Context, b Bench) error {
				return advancePipeline(ctx, b, "cloudformation")
			},
			Checks:  []verify.Check{verify.DeployStage, verify.DeployRole},
			Hints:   []string{"The stage has two actions: CHANGE_SET_REPLACE, then CHANGE_SET_EXECUTE."},
			Minutes: 2,
		},
		{
			Title: "Go to production",
			Why:   "The build now hands on the template and the package; the pipeline makes the stack.",
			Commands: func(cloud.Names) []string {
				return []string{"git commit -am 'Go to production' && git push origin main"}
			},
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
			Checks:  []verify.Check{verify.ApplicationStack},
			Hints:   []string{"The stack's events say which resource failed and why."},
			Minutes: 6,
		},
		{
			Title: "Change what customers see",
			Why:   "From here on a push is all it takes.",
			Commands: func(cloud.Names) []string {
				return []string{"git commit -am 'Hello from production' && git push origin main"}
			},
			Do: func(ctx context.Context, b Bench) error {
				return commitGreeting(ctx, b, greetProduction, nil)
			},
			Checks:  []verify.Check{verify.Changed, verify.Live},
			Hints:   []string{"Change the greeting, commit, push.", "The live URL is the stack's output Url."},
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
