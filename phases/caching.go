package phases

import (
	"context"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/verify"
)

// Caching is phase 5: a build starts with what the last one left.
var Caching = &Phase{
	Name: "caching", Aliases: []string{"cache"}, Title: "Speeding up CodeBuild", Tagline: "Just press the Turbo button",
	Requires: []*Phase{CloudFormation},
	Undo:     undoCaching,
	Steps: []Step{
		{
			Title:    "Turn on the cache",
			Why:      "The project gets a place in S3 for what its builds want to keep.",
			Commands: one("aws cloudformation deploy --stack-name %s --template-file template.yaml --capabilities CAPABILITY_IAM", cloud.Names.PipelineStack),
			Do: func(ctx context.Context, b Bench) error {
				return advancePipeline(ctx, b, "caching")
			},
			Checks:  []verify.Check{verify.CacheEnabled},
			Hints:   []string{"Look for Cache: in the project."},
			Minutes: 2,
		},
		{
			Title: "Say what to keep, and fill the cache",
			Why:   "This build still starts from scratch, and leaves something behind.",
			Commands: func(cloud.Names) []string {
				return []string{"git commit -am 'Keep the build cache' && git push origin main"}
			},
			Do: func(ctx context.Context, b Bench) error {
				buildspec, err := furthestBuildspec(ctx, b, "caching")
				if err != nil {
					return err
				}
				return commitGreeting(ctx, b, greetFilling, map[string][]byte{"buildspec.yml": buildspec})
			},
			Checks:  []verify.Check{verify.CachePaths, verify.CacheFilled},
			Hints:   []string{"Look for `cache:` in buildspec.yml."},
			Minutes: 6,
		},
		{
			Title: "Build warm",
			Why:   "A real change again: only what changed is compiled.",
			Commands: func(cloud.Names) []string {
				return []string{"git commit -am 'Hello from a warm build' && git push origin main"}
			},
			Do: func(ctx context.Context, b Bench) error {
				return commitGreeting(ctx, b, greetWarm, nil)
			},
			Checks:  []verify.Check{verify.CachePays, verify.Live},
			Hints:   []string{"Change the greeting once more, commit, push.", "`mayfly lead-time` sets the executions side by side."},
			Minutes: 5,
		},
	},
}
