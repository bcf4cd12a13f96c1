package main

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// TestAuthorFindsABrokenPhase gives the author's test phases in which something
// was forgotten, and one that is whole.
func TestAuthorFindsABrokenPhase(t *testing.T) {
	a := newAuthor(t)
	if err := a.try(t.Context(), phases.CodeCommit); err != nil {
		t.Fatal(err)
	}
	nothing := func(context.Context, phases.Bench) error { return nil }
	for _, broken := range []struct {
		name  string
		spoil func(p *phases.Phase)
		want  string // "" is of the whole one
	}{
		{"whole", func(*phases.Phase) {}, ""},
		{"a-check-that-cannot-fail", func(p *phases.Phase) {
			p.Steps[0].Checks[0].Ask = func(context.Context, *verify.Scene) verify.Result {
				return verify.Result{State: verify.Passed, Observed: "all is well"}
			}
		}, `step "Make a branch", check branch passes before anything was done: it can never fail`},
		{"a-check-that-says-no-fix", func(p *phases.Phase) {
			ask := p.Steps[0].Checks[0].Ask
			p.Steps[0].Checks[0].Ask = func(ctx context.Context, s *verify.Scene) verify.Result {
				r := ask(ctx, s)
				r.Fix = ""
				return r
			}
		}, `step "Make a branch", check branch is wrong and says no fix`},
		{
			"a-do-that-does-nothing", func(p *phases.Phase) { p.Steps[0].Do = nothing },
			`step "Make a branch", check branch does not pass when Do is through`,
		},
		{"an-undo-that-does-nothing", func(p *phases.Phase) {
			p.Undo = func(context.Context, phases.Undoer) error { return nil }
		}, `step "Make a branch", check branch passes when Undo is through: Undo does not take back`},
		{"an-undo-that-takes-too-much", func(p *phases.Phase) {
			undo := p.Undo
			p.Undo = func(ctx context.Context, u phases.Undoer) error {
				if err := undo(ctx, u); err != nil {
					return err
				}
				return u.Undeploy(ctx, u.Scene().Names.RepositoryStack())
			}
		}, "its Undo fails"},
	} {
		t.Run(broken.name, func(t *testing.T) {
			p := branchPhase(broken.name)
			broken.spoil(p)
			phases.Bonus = append(phases.Bonus, p)
			defer func() { phases.Bonus = phases.Bonus[:len(phases.Bonus)-1] }()
			err := a.try(t.Context(), p)
			if broken.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "phase "+broken.name) || !strings.Contains(err.Error(), broken.want) {
				t.Errorf("it says\n%v\nand not\n%s", err, broken.want)
			}
		})
	}
	t.Run("something-outside-a-stack", func(t *testing.T) {
		if _, err := sns.NewFromConfig(a.world.server.Config()).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("stray")}); err != nil {
			t.Fatal(err)
		}
		if err := a.wantNothing(t.Context()); err == nil || !strings.Contains(err.Error(), ":stray is left after the teardown") {
			t.Errorf("it says %v", err)
		}
	})
}

// branchPhase is a whole phase of one step, which makes a branch.
func branchPhase(name string) *phases.Phase {
	return &phases.Phase{
		Name: name, Requires: []*phases.Phase{phases.CodeCommit},
		Undo: func(ctx context.Context, u phases.Undoer) error {
			s := u.Scene()
			_, err := s.CodeCommit.DeleteBranch(ctx, &codecommit.DeleteBranchInput{
				RepositoryName: aws.String(s.Names.Repository()), BranchName: &name,
			})
			return err
		},
		Steps: []phases.Step{{
			Title: "Make a branch",
			Do: func(ctx context.Context, b phases.Bench) error {
				s := b.Scene()
				head, err := s.Head(ctx)
				if err != nil {
					return err
				}
				_, err = s.CodeCommit.CreateBranch(ctx, &codecommit.CreateBranchInput{
					RepositoryName: aws.String(s.Names.Repository()), BranchName: &name, CommitId: &head,
				})
				return err
			},
			Checks: []verify.Check{{Name: "branch", Ask: func(ctx context.Context, s *verify.Scene) verify.Result {
				_, err := s.CodeCommit.GetBranch(ctx, &codecommit.GetBranchInput{
					RepositoryName: aws.String(s.Names.Repository()), BranchName: &name,
				})
				if err != nil {
					return verify.Result{State: verify.Wrong, Observed: err.Error(), Fix: "git push origin main:" + name}
				}
				return verify.Result{State: verify.Passed, Observed: "the branch is there"}
			}}},
		}},
	}
}
