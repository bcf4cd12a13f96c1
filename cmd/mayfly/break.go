package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

// breakOptions are the flags of `mayfly break`.
type breakOptions struct {
	yes, reveal bool
	seed        uint64
	way         string
}

func (a *app) breakCommand() *cobra.Command {
	var o breakOptions
	c := &cobra.Command{
		Use: "break [PHASE]", Short: "Break something in secret, for you to find and to mend",
		Long: "Break breaks something in a phase that passes now: in AWS, or by a commit. It changes\n" +
			"resources of this environment only. `mayfly verify` says what is seen of it, and tells\n" +
			"the story when all is right again.",
		Args: phaseArguments(0, 1), ValidArgsFunction: completePhases,
		RunE: func(cmd *cobra.Command, args []string) error {
			var in *phases.Phase
			if len(args) > 0 {
				var err error
				if in, err = phases.Find(args[0]); err != nil {
					return err
				}
			}
			return a.work(cmd.Context(), "break", func(w *workshop.Workshop, _ func()) error {
				if o.reveal {
					return a.reveal(w)
				}
				return a.breakSomething(cmd.Context(), w, in, o)
			})
		},
	}
	c.Flags().BoolVar(&o.yes, "yes", false, "ask nothing")
	c.Flags().BoolVar(&o.reveal, "reveal", false, "tell what was broken")
	c.Flags().Uint64Var(&o.seed, "seed", 0, "choose the way by this number")
	c.Flags().StringVar(&o.way, "way", "", "the way, by its name")
	_ = c.Flags().MarkHidden("seed")
	_ = c.Flags().MarkHidden("way")
	return c
}

func (a *app) breakSomething(ctx context.Context, w *workshop.Workshop, in *phases.Phase, o breakOptions) error {
	if o.way != "" {
		if _, err := phases.FindSabotage(o.way); err != nil {
			return &usageError{err}
		}
	}
	if err := a.agreeToBreak(w.Environment(), o.yes); err != nil {
		return err
	}
	seed := o.seed
	if seed == 0 {
		seed = rand.Uint64() //nolint:gosec // a game
	}
	choose := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // a game
	laptop := w.Environment().Target == targetLocal
	wanted := func(s phases.Sabotage) bool {
		return (in == nil || s.Phase == in) && (o.way == "" || s.Name == o.way) && (laptop || !s.LaptopOnly)
	}
	if err := w.Break(ctx, wanted, choose.IntN); err != nil {
		return err
	}
	if a.flags.json {
		terminal.JSON(a.streams.Out, map[string]any{"environment": w.Environment().Name, "broken": true})
		return nil
	}
	style := a.streams.OutStyle()
	a.answer("Something is broken now. %s says what is seen of it;\n%s tells.\n",
		style.Command(a.typed("mayfly verify")), style.Command(a.typed("mayfly break --reveal")))
	return nil
}

// agreeToBreak asks before anything is broken in an account.
func (a *app) agreeToBreak(e workshop.Environment, yes bool) error {
	if e.Target != targetAWS || yes {
		return nil
	}
	ok, err := a.prompter().Confirm(fmt.Sprintf("Break something in account %s, %s? It changes resources of environment %s only.", e.Account, e.Region, e.Name))
	if errors.Is(err, prompt.ErrNoAnswer) {
		return usage("in an account and with no terminal, say --yes")
	}
	if err == nil && !ok {
		err = declined("nothing was broken")
	}
	return err
}

func (a *app) reveal(w *workshop.Workshop) error {
	s, command, err := w.Reveal()
	if err != nil {
		return err
	}
	if a.flags.json {
		terminal.JSON(a.streams.Out, map[string]any{"way": s.Name, "phase": s.Phase.Name, "check": s.Reveals, "story": s.Story})
		return nil
	}
	a.answer("%s\nIt is in phase %d, %s: %s has the fix.\n", s.Story, s.Phase.Number(), s.Phase.Title, a.streams.OutStyle().Command(command))
	return nil
}
