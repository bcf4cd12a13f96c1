package main

import (
	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

func (a *app) skipCommand() *cobra.Command {
	var back bool
	c := &cobra.Command{
		Use: "skip", Short: "Leave the step that you are at for later", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.look(cmd.Context(), func(w *workshop.Workshop) error {
				if back {
					if err := w.Unskip(); err != nil {
						return err
					}
				}
				at, err := w.Where(cmd.Context(), w.Phases(cmd.Context()))
				if err != nil {
					return err
				}
				if at.Done() {
					return a.nothingToDo()
				}
				if !back {
					if err := w.Skip(at.Phase, at.Step); err != nil {
						return err
					}
				}
				next, err := w.Where(cmd.Context(), w.Phases(cmd.Context()))
				if err != nil {
					return err
				}
				if next.Done() { // the last build has just come to its end
					return a.nothingToDo()
				}
				if a.flags.json {
					terminal.JSON(a.streams.Out, map[string]any{"phase": next.Phase.Name, "step": next.Step.Title})
					return nil
				}
				if !back {
					a.answer("Left for later: %d.%d %s. `%s` takes it up again.\n",
						at.Phase.Number(), at.StepNumber(), at.Step.Title, a.typed("mayfly skip --back"))
				}
				a.answer("Next: %d.%d %s\n", next.Phase.Number(), next.StepNumber(), next.Step.Title)
				return nil
			})
		},
	}
	c.Flags().BoolVar(&back, "back", false, "take up again what was left for later")
	return c
}
