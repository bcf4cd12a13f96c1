package phases

import (
	"context"

	"github.com/mayfly-cd/mayfly/verify"
)

// Approval is phase 6, a bonus: a person decides, and is told what about.
var Approval = &Phase{
	Name: "approval", Aliases: []string{"approve"}, Title: "Manual approval", Tagline: "Do you want to deploy?",
	Requires: []*Phase{Caching},
	Undo:     undoApproval,
	Missing:  "Nothing. From now on the slowest stage is you.",
	Steps: []Step{
		{
			Title: "Put a person in the way",
			Why:   "Before it carries out a change set the pipeline now asks, in a message that says who changed what.",
			Do: func(ctx context.Context, b Bench) error {
				return deployPipeline(ctx, b, "approval")
			},
			Checks: []verify.Check{verify.ApprovalStage},
			Hints: []string{
				"An action of the category Approval has the provider Manual.",
				"Its RunOrder stands between Prepare's and Execute's; CloneUrl is what `git config remote.origin.url` says.",
				"`mayfly show approval` has the commands with your names in them: type those below \"Put a person in the way\".",
			},
			Minutes: 2,
		},
		{
			Title: "Push, and wait to be asked",
			Why:   "The change set is made; the execution stops and sends a message.",
			Do: func(ctx context.Context, b Bench) error {
				return commitGreeting(ctx, b, greetApproval, nil)
			},
			Checks: []verify.Check{verify.Asked},
			Hints: []string{
				"The question comes once the change set is made, after two builds: the usual one, and a small one that finds out who.",
				"`mayfly local inbox` shows the message; on AWS a subscription to the topic sends it.",
				"Change the greeting, then `git commit -am 'Ask before this goes live'` and `git push origin main`.",
			},
			Minutes: 7,
		},
		{
			Title: "Approve it",
			Why:   "You are the slowest stage. Read what you approve.",
			Do: func(ctx context.Context, b Bench) error {
				return b.Decide(ctx, true, "approved by mayfly run")
			},
			Checks: []verify.Check{verify.Approved},
			Hints: []string{
				"`aws codepipeline get-pipeline-state` shows the token of the question.",
				"An old token answers nothing: each execution asks with its own.",
				"`mayfly approve` shows what is asked, and answers.",
			},
			Minutes: 2,
		},
	},
}
