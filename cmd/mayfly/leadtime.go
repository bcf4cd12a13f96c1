package main

import (
	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
)

func (a *app) leadTimeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "lead-time", Short: "From commit to production: every execution, broken down", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, dir, err := a.environment()
			if err != nil {
				return err
			}
			w, err := a.open(cmd.Context(), e, dir, a.background, quiet{})
			if err != nil {
				return err
			}
			times, err := w.LeadTimes(cmd.Context())
			if err != nil {
				return err
			}
			if a.flags.json {
				terminal.JSON(a.streams.Out, map[string]any{"environment": e.Name, "leadTimes": times})
				return nil
			}
			if e.Target == targetLocal {
				a.answer("Measured on this laptop. On AWS add one to two minutes for a build's machine to start.\n\n")
			}
			terminal.LeadTimes(a.streams.Out, a.streams.OutStyle(), times)
			return nil
		},
	}
}
