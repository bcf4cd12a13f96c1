package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

func (a *app) gotoCommand() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "goto PHASE", Short: "To the start of a phase, forwards or backwards; your work is kept on a branch",
		Long: "Goto brings the environment, the working copy and the progress to the start of a phase.\n" +
			"Forwards it does what lies between; backwards it takes back what was done, the phase\n" +
			"itself included. What you have in the working copy is kept on a branch of its own.\n" +
			"A phase is a name, a number, or +1 and -1 from where you are.",
		Args:              phaseArguments(1, 1),
		ValidArgsFunction: completePhases,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), "goto", func(w *workshop.Workshop, settle func()) error {
				return a.travel(cmd.Context(), w, args[0], yes, settle)
			})
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "ask nothing")
	return c
}

func (a *app) resetCommand() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "reset [PHASE]", Short: "This phase again, from its start; your work is kept on a branch",
		Args: phaseArguments(0, 1), ValidArgsFunction: completePhases,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), "reset", func(w *workshop.Workshop, settle func()) error {
				return a.travel(cmd.Context(), w, append(args, "+0")[0], yes, settle)
			})
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "ask nothing")
	return c
}

// backwards matches "-1", which is a place to go to and not a flag.
var backwards = regexp.MustCompile(`^-[0-9]+$`)

// placesLast puts what only looks like a flag behind all flags.
func placesLast(args []string) []string {
	i := slices.IndexFunc(args, backwards.MatchString)
	if i < 0 || slices.Contains(args, "--") || !slices.Contains(args, "goto") && !slices.Contains(args, "reset") {
		return args
	}
	rest := slices.Delete(slices.Clone(args), i, i+1)
	return append(rest, "--", args[i])
}

// destination is the phase that was named: by a name, a number, or relative to
// where the learner is.
func (a *app) destination(ctx context.Context, w *workshop.Workshop, name string) (*phases.Phase, error) {
	if !strings.HasPrefix(name, "+") && !strings.HasPrefix(name, "-") {
		return phases.Find(name)
	}
	by, err := strconv.Atoi(name)
	if err != nil {
		return nil, &phases.UnknownError{Name: name}
	}
	all := w.Phases(ctx)
	at, err := w.Where(ctx, all)
	if err != nil {
		return nil, err
	}
	number := len(all)
	if !at.Done() {
		number = at.Phase.Number()
	}
	if number += by; number < 1 || number > len(all) {
		return nil, usage("there is no phase %s from here: they are numbered from 1 to %d", name, len(all))
	}
	return all[number-1], nil
}

// travel goes to the start of the phase that was named, and says first what that takes.
func (a *app) travel(ctx context.Context, w *workshop.Workshop, name string, yes bool, settle func()) error {
	to, err := a.destination(ctx, w, name)
	if err != nil {
		return err
	}
	all := w.Phases(ctx)
	if !slices.Contains(all, to) {
		all = append(all, to) // a phase beyond the workshop, which is begun now
	}
	route, err := w.Route(ctx, all, to)
	if err != nil {
		return err
	}
	if len(route.Do)+len(route.Undo) == 0 {
		return a.arrived(route, workshop.Travelled{Kept: []string{}})
	}
	takes := a.estimate(ctx, w, route)
	if !a.flags.json {
		a.say("To the start of %s: %s. That takes %s.\n", to.Title, route.Describe(), takes)
	}
	if len(route.Undo) > 0 && !yes {
		ok, err := a.prompter().Confirm("Take it back? Your work is kept on a branch of its own.")
		if errors.Is(err, prompt.ErrNoAnswer) {
			return usage("with no terminal to ask in, say --yes to %s", route.Describe())
		}
		if err != nil {
			return err
		}
		if !ok {
			return declined("nothing was taken back")
		}
	}
	travelled, err := w.Travel(ctx, route)
	settle()
	if err != nil {
		if len(travelled.Kept) > 0 {
			err = fmt.Errorf("%w (your work is on the branch %s)", err, strings.Join(travelled.Kept, " and "))
		}
		return err
	}
	return a.arrived(route, travelled)
}

func (a *app) arrived(route workshop.Route, t workshop.Travelled) error {
	if a.flags.json {
		terminal.NewStream(a.streams.Out).Write(struct {
			Event string `json:"event"`
			Phase string `json:"phase"`
			workshop.Travelled
		}{"goto.done", route.To.Name, t})
		return nil
	}
	for _, branch := range t.Kept {
		a.answer("Your work is kept: %s\n", a.streams.OutStyle().Command("git switch "+branch))
	}
	a.answer("This is the start of phase %d, %s. `%s` goes on.\n", route.To.Number(), route.To.Title, a.typed("mayfly"))
	return nil
}
