package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

func (a *app) approveCommand() *cobra.Command {
	var answer approval
	c := &cobra.Command{
		Use: "approve", Short: "Decide on the execution that waits for approval", Args: noArguments,
		Long: "Approve shows the execution that waits for approval: whose commit it is, and what it\n" +
			"will change. Then it asks you, and waits until what you approved is live.",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.approve(cmd.Context(), answer) },
	}
	c.Flags().BoolVar(&answer.reject, "reject", false, "reject it: the execution fails, with your comment")
	c.Flags().StringVar(&answer.comment, "comment", "", "why, for whoever reads the pipeline's history")
	c.Flags().BoolVar(&answer.yes, "yes", false, "ask nothing")
	return c
}

// approval is how a person answers on the command line.
type approval struct {
	reject, yes bool
	comment     string
}

// longestComment is what PutApprovalResult takes (ApprovalSummary in its model).
const longestComment = 512

// approvalDone is what approve answers in JSON.
type approvalDone struct {
	Environment string    `json:"environment"`
	Execution   string    `json:"execution"`
	Commit      string    `json:"commit"`
	Message     string    `json:"message"`
	Author      string    `json:"author"`
	Files       string    `json:"files"`
	Changes     string    `json:"changes"`
	Asked       time.Time `json:"asked"`
	// Decision is "approved" or "rejected".
	Decision string               `json:"decision"`
	Comment  string               `json:"comment"`
	Live     *workshop.LiveChange `json:"live,omitempty"`
}

func (a *app) approve(ctx context.Context, answer approval) error {
	if n := utf8.RuneCountInString(answer.comment); n > longestComment {
		return usage("--comment has %d characters, and AWS takes %d", n, longestComment)
	}
	e, dir, err := a.environment()
	if err != nil {
		return err
	}
	var reporter workshop.Reporter = quiet{}
	done := func() {}
	if !a.flags.json {
		reporter, done = a.reporter()
	}
	defer done()
	w, err := a.open(ctx, e, dir, a.background, reporter)
	if err != nil {
		return err
	}
	q, err := w.Question(ctx)
	if err != nil {
		return err
	}
	result := approvalDone{
		Environment: e.Name, Execution: q.Execution, Commit: q.Subject.Commit, Message: strings.TrimSpace(q.Subject.Message),
		Author: q.Subject.Author, Files: q.Subject.Files, Changes: q.Subject.Changes, Asked: q.Subject.Approval.From.UTC(),
		Decision: "approved", Comment: answer.comment,
	}
	if answer.reject {
		result.Decision = "rejected"
	}
	if result.Comment == "" {
		result.Comment = result.Decision + " with mayfly"
	}
	if !a.flags.json {
		a.showQuestion(q, result)
	}
	if err := a.confirmAnswer(answer, q.Subject.Commit); err != nil {
		return err
	}
	if err := w.Answer(ctx, q, !answer.reject, result.Comment); err != nil {
		return err
	}
	done()
	result.Live = w.LiveChange()
	if a.flags.json {
		terminal.JSON(a.streams.Out, result)
		return nil
	}
	a.showAnswer(result)
	return nil
}

// showQuestion says what is asked, as the pipeline knows it.
func (a *app) showQuestion(q *workshop.Question, r approvalDone) {
	style := a.streams.OutStyle()
	a.answer("%s\n", style.Bold("Do you want to deploy?"))
	for _, row := range [][2]string{
		{"commit", r.Commit},
		{"message", r.Message},
		{"author", r.Author},
		{"files", r.Files},
		{"changes", r.Changes},
		{"waiting", fmt.Sprintf("for %s", a.now().Sub(r.Asked).Round(time.Second))},
	} {
		if row[1] != "" {
			a.answer("  %-8s %s\n", row[0], a.beside(11, row[1]))
		}
	}
	if len(q.Behind) > 0 {
		a.answer("  %s\n", style.Faint("A newer commit waits behind it."))
	}
}

// confirmAnswer asks before anything is answered.
func (a *app) confirmAnswer(answer approval, commit string) error {
	if answer.yes {
		return nil
	}
	verb := "Approve"
	if answer.reject {
		verb = "Reject"
	}
	ok, err := a.prompter().Confirm(fmt.Sprintf("%s %.7s?", verb, commit))
	if errors.Is(err, prompt.ErrNoAnswer) {
		return usage("with no terminal to ask in, say --yes to %s %.7s", strings.ToLower(verb), commit)
	}
	if err == nil && !ok {
		err = declined("nothing was answered: it still waits")
	}
	return err
}

// showAnswer says what came of the answer.
func (a *app) showAnswer(r approvalDone) {
	style := a.streams.OutStyle()
	if r.Decision == "rejected" {
		a.answer("%s %.7s: %s\nThe execution has failed, and production is as it was.\n", style.Bad("rejected"), r.Commit, r.Comment)
		return
	}
	a.answer("%s %.7s: %s\n", style.Good("approved"), r.Commit, r.Comment)
	if r.Live != nil {
		a.answer("%s answers %s\n", r.Live.URL, terminal.Clean(r.Live.After))
	}
}
