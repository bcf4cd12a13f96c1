package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

func (a *app) solveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "solve", Short: "Do the step that you are at, as you would have done it", Args: noArguments,
		Long: "Solve does the one step that you are at, and checks it. What it commits you can read\nwith `git show`; `mayfly show` has the lesson.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.work(cmd.Context(), "solve", func(w *workshop.Workshop, settle func()) error { return a.solve(cmd.Context(), w, settle) })
		},
	}
}

func (a *app) solve(ctx context.Context, w *workshop.Workshop, settle func()) error {
	at, err := w.Where(ctx, w.Phases(ctx))
	if err != nil {
		return err
	}
	if at.Done() {
		return a.nothingToDo()
	}
	before := w.Head(ctx)
	if err := w.Solve(ctx, at.Phase, at.Step); err != nil {
		return err
	}
	settle()
	after := w.Head(ctx)
	next, err := w.Where(ctx, w.Phases(ctx))
	if err != nil {
		return err
	}
	if a.flags.json {
		done := map[string]any{"event": "solve.done", "phase": at.Phase.Name, "step": at.Step.Title}
		if after != before {
			done["commit"] = after
		}
		terminal.NewStream(a.streams.Out).Write(done)
		return nil
	}
	if after != before {
		a.answer("Read what was committed: %s\n", a.streams.OutStyle().Command("git -C "+phases.ShellWord(w.Environment().WorkDir)+" show "+after[:7]))
	}
	if next.Done() {
		return a.nothingToDo()
	}
	a.answer("Next: %d.%d %s\n", next.Phase.Number(), next.StepNumber(), next.Step.Title)
	return nil
}
