package phases

import (
	"context"

	"github.com/mayfly-cd/mayfly/verify"
)

// Caching is phase 5: a build starts with what the last one left.
var Caching = &Phase{
	Name: "caching", Aliases: []string{"cache"}, Title: "Speeding up CodeBuild", Tagline: "Just press the Turbo button",
	Requires: []*Phase{CloudFormation},
	Undo:     undoCaching,
	Missing:  "Nothing, if you trust your tests. If somebody has to be asked first, there is a bonus phase.",
	Steps: []Step{
		{
			Title: "Turn on the cache",
			Why:   "The project gets a place in S3 for what its builds want to keep.",
			Do: func(ctx context.Context, b Bench) error {
				return advancePipeline(ctx, b, "caching")
			},
			Checks: []verify.Check{verify.CacheEnabled},
			Hints: []string{
				"Look for Cache: in the project.",
				"`mayfly diff cloudformation caching` shows what this phase adds to the template.",
				"`mayfly show caching` has the commands with your names in them: type those below \"Turn on the cache\".",
			},
			Minutes: 2,
		},
		{
			Title: "Say what to keep, and fill the cache",
			Why:   "This build still starts from scratch, and leaves something behind.",
			Do: func(ctx context.Context, b Bench) error {
				buildspec, err := furthestBuildspec(ctx, b, "caching")
				if err != nil {
					return err
				}
				return commitGreeting(ctx, b, greetFilling, map[string][]byte{"buildspec.yml": buildspec})
			},
			Checks: []verify.Check{verify.CachePaths, verify.CacheFilled},
			Hints: []string{
				"Look for `cache:` in buildspec.yml.",
				"The paths are the toolchain's own folders below /root, not folders of the source.",
				"`mayfly show caching --buildspec > buildspec.yml`, change the greeting, `git commit -am 'Keep the build cache'`, `git push origin main`.",
			},
			Minutes: 6,
		},
		{
			Title: "Build warm",
			Why:   "A real change again, and this build starts with what the last one left.",
			Do: func(ctx context.Context, b Bench) error {
				return commitGreeting(ctx, b, greetWarm, nil)
			},
			Checks: []verify.Check{verify.CachePays, verify.Live},
			Hints: []string{
				"A build finds what the one before it left behind, so push once more.",
				"`mayfly lead-time` sets the executions side by side: off, miss, hit.",
				"Change the greeting, then `git commit -am 'Hello from a warm build'` and `git push origin main`.",
			},
			Minutes: 5,
		},
	},
}
