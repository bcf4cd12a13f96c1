package phases

import (
	"context"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/verify"
)

// CodeCommit is phase 1: a repository, and a push that IAM lets through.
var CodeCommit = &Phase{
	Name: "codecommit", Title: "CodeCommit", Tagline: "Git and IAM, together at last",
	Undo:    undoCodeCommit,
	Missing: "Nobody builds what you push, and nobody tests it.",
	Steps: []Step{
		{
			Title: "Make the repository",
			Why:   "CloudFormation makes it, so that it can be made again and taken down without a trace.",
			Do: func(ctx context.Context, b Bench) error {
				names := b.Scene().Names
				_, err := b.Deploy(ctx, names.RepositoryStack(), template("codecommit"),
					map[string]string{"RepositoryName": names.Repository()})
				return err
			},
			Checks: []verify.Check{verify.Repository},
			Hints: []string{
				"The stack has one resource, of type AWS::CodeCommit::Repository.",
				"`mayfly show codecommit --template` prints the template; `aws cloudformation deploy` makes the stack, with the parameter RepositoryName.",
				"`mayfly show codecommit` has the commands with your names in them: type those below \"Make the repository\".",
			},
			Minutes: 1,
		},
		{
			Title: "Push the application",
			Why:   "The push is signed with your AWS keys: no password is asked for and none is kept.",
			Do: func(ctx context.Context, b Bench) error {
				stack, err := b.Scene().FindStack(ctx, b.Scene().Names.RepositoryStack())
				if err != nil {
					return err
				}
				if err := b.Clone(ctx, cloud.Output(stack, "CloneUrl")); err != nil {
					return err
				}
				files, err := b.Application().Files()
				if err != nil {
					return err
				}
				for name := range files { // what is there is the learner's
					if now, err := b.Read(name); err == nil {
						files[name] = now
					}
				}
				_, err = b.Commit(ctx, "Add the sample application", files)
				return err
			},
			Checks: []verify.Check{verify.MainBranch, verify.ApplicationPushed},
			Hints: []string{
				"The branch must be called main: `git branch --show-current` says what yours is called.",
				"If Git asks for a password, the clone lacks its helper: `git config --get-all credential.helper` should end with mayfly git-credential.",
				"`git push origin HEAD:main`. If nothing is committed yet: `git add . && git commit -m 'Add the sample application'` first.",
			},
			Minutes: 1,
		},
	},
}
