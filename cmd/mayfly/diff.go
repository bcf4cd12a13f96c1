package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/phases"
)

func (a *app) diffCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diff FROM TO", Short: "What one phase's template adds to another's",
		Args:              phaseArguments(2, 2),
		ValidArgsFunction: completePhases,
		RunE: func(_ *cobra.Command, args []string) error {
			wanted, err := findPhases(args)
			if err != nil {
				return err
			}
			text := phases.Diff(wanted[0], wanted[1])
			if a.flags.json {
				terminal.JSON(a.streams.Out, map[string]string{"from": wanted[0].Name, "to": wanted[1].Name, "diff": text})
				return nil
			}
			if text == "" {
				a.answer("The templates of %s and %s are the same.\n", wanted[0].Name, wanted[1].Name)
			}
			for line := range strings.Lines(text) {
				a.answer("%s", terminal.DiffLine(a.streams.OutStyle(), line))
			}
			return nil
		},
	}
}
