package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Where you are, and what is next", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, dir, err := a.environment()
			if errors.Is(err, errNoEnvironment) {
				return a.showNothing()
			}
			if err != nil {
				return err
			}
			return a.showStatus(cmd.Context(), e, dir)
		},
	}
}

// quiet is told nothing worth showing.
type quiet struct{}

func (quiet) Report(workshop.Event) {}

func (a *app) showStatus(ctx context.Context, e workshop.Environment, dir string) error {
	w, err := a.open(ctx, e, dir, a.background, quiet{})
	if err != nil {
		return err
	}
	s, err := w.Status(ctx)
	if err != nil {
		return err
	}
	if a.flags.json {
		terminal.JSON(a.streams.Out, s)
		return nil
	}
	terminal.Status(a.streams.Out, a.streams.OutStyle(), a.breakAt(), s, a.flags.verbose)
	return nil
}

// showNothing is the status of an environment that does not exist yet.
func (a *app) showNothing() error {
	s := workshop.Status{
		Environment: a.flags.env, Target: a.flags.target, LeadTimes: []workshop.LeadTime{},
		Next: workshop.Next{Phase: phases.All[0].Name, Command: a.firstCommand(), Why: "nothing has been made yet"},
	}
	for _, p := range phases.All {
		s.Phases = append(s.Phases, workshop.PhaseStatus{
			Number: p.Number(), Name: p.Name, Title: p.Title, State: workshop.StateToDo, Checks: []workshop.CheckStatus{},
		})
	}
	if a.flags.json {
		terminal.JSON(a.streams.Out, s)
		return nil
	}
	a.answer("Nothing has been made yet in environment %s.\n\nNext: %s\n", a.flags.env, s.Next.Command)
	return nil
}
