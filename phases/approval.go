package phases

import (
	"context"

	"github.com/mayfly-cd/mayfly/verify"
)

// Approval is phase 6, a bonus: a person decides, and is told what about.
var Approval = &Phase{
	Name: "approval", Aliases: []string{"approve"}, Title: "Manual approval", Tagline: "Do you want to deploy?",
	Requires: []*Phase{Caching},
	Steps: []Step{
		{
			Title: "Put a person in the way",
			Why:   "Between change set and execution the pipeline now asks, by a message that says who changed what.",
			Do: func(ctx context.Context, b Bench) error {
				return deployPipeline(ctx, b, "approval")
			},
			Checks:  []verify.Check{verify.ApprovalStage},
			Hints:   []string{"An action of the category Approval has the provider Manual.", "Its RunOrder stands between Prepare's and Execute's."},
			Minutes: 2,
		},
		{
			Title: "Push, and wait to be asked",
			Why:   "The change set is made; the execution stops and sends a message.",
			Do: func(ctx context.Context, b Bench) error {
				return commitGreeting(ctx, b, "Ask before this goes live", nil)
			},
			Checks:  []verify.Check{verify.Asked},
			Hints:   []string{"Change the greeting, commit, push.", "`mayfly local inbox` shows the message; on AWS a subscription to the topic sends it."},
			Minutes: 7,
		},
		{
			Title: "Approve it",
			Why:   "You are the slowest stage. Read what you approve.",
			Do: func(ctx context.Context, b Bench) error {
				return b.Decide(ctx, true, "approved by mayfly run")
			},
			Checks:  []verify.Check{verify.Approved, verify.Live},
			Hints:   []string{"`mayfly approve` shows what is asked, and answers.", "`aws codepipeline get-pipeline-state` shows the token."},
			Minutes: 2,
		},
	},
}
