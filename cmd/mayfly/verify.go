package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

func (a *app) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "verify [PHASE...]", Aliases: []string{"check"}, Short: "Ask AWS whether it all holds; changes nothing",
		ValidArgsFunction: completePhases,
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted, err := findPhases(args)
			if err != nil {
				return err
			}
			e, dir, err := a.environment()
			if err != nil {
				return err
			}
			var reporter workshop.Reporter = quiet{}
			if !a.flags.json {
				reporter = terminal.NewHuman(a.streams, a.flags.verbose)
			}
			w, err := a.open(cmd.Context(), e, dir, a.background, reporter)
			if err != nil {
				return err
			}
			found, err := w.Verify(cmd.Context(), wanted)
			if a.flags.json {
				terminal.JSON(a.streams.Out, verifyAnswer{Environment: e.Name, OK: err == nil, Verified: found})
			}
			return err
		},
	}
}

// verifyAnswer is what verify answers in JSON.
type verifyAnswer struct {
	Environment string `json:"environment"`
	OK          bool   `json:"ok"`
	workshop.Verified
}

// wasTold tells whether a verb has shown an error already, as verify does with its checks.
func wasTold(err error) bool {
	check, ok := errors.AsType[*workshop.CheckError](err)
	return ok && check.Told
}
