package main

import (
	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

func (a *app) hintCommand() *cobra.Command {
	return &cobra.Command{
		Use: "hint", Short: "The next hint for the step that you are at", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.look(cmd.Context(), func(w *workshop.Workshop) error {
				at, err := w.Where(cmd.Context(), w.Phases(cmd.Context()))
				if err != nil {
					return err
				}
				if at.Done() {
					return a.nothingToDo()
				}
				hint, left, err := w.Hint(at.Phase, at.Step)
				if err != nil {
					return err
				}
				if a.flags.json {
					terminal.JSON(a.streams.Out, map[string]any{"phase": at.Phase.Name, "step": at.Step.Title, "hint": hint, "left": left})
					return nil
				}
				a.answer("%d.%d %s\n  %s\n", at.Phase.Number(), at.StepNumber(), at.Step.Title, hint)
				if left == 0 {
					a.answer("That was the last hint. `%s` does the step for you.\n", a.typed("mayfly solve"))
				} else {
					a.answer("%d more: `%s` again.\n", left, a.typed("mayfly hint"))
				}
				return nil
			})
		},
	}
}

// nothingToDo says that every phase is done.
func (a *app) nothingToDo() error {
	if a.flags.json {
		terminal.JSON(a.streams.Out, map[string]any{"phase": nil})
		return nil
	}
	a.answer("Every phase is done. `%s` takes everything down again.\n", a.typed("mayfly teardown"))
	return nil
}

// typed is a command as it is typed for this environment.
func (a *app) typed(command string) string {
	return phases.Typed(a.flags.env, command)
}
