package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

func (a *app) teardownCommand() *cobra.Command {
	var yes, dry bool
	c := &cobra.Command{
		Use: "teardown", Short: "Delete everything that was made, and prove it", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.teardown(cmd.Context(), yes, dry) },
	}
	c.Flags().BoolVar(&yes, "yes", false, "ask nothing")
	c.Flags().BoolVar(&dry, "dry-run", false, "show the plan and delete nothing")
	return c
}

// errRemains is returned when a teardown leaves something behind; the receipt has said what.
var errRemains = errors.New("something of this environment is still there")

// teardownDone is the last line of teardown's stream.
type teardownDone struct {
	Event string `json:"event"`
	workshop.Receipt
}

func (a *app) teardown(ctx context.Context, yes, dry bool) error {
	err := a.work(ctx, "teardown", func(w *workshop.Workshop, settle func()) error {
		plan, err := w.Plan(ctx)
		if err != nil {
			return err
		}
		if dry || !a.flags.json {
			a.showPlan(plan)
		}
		if dry {
			return nil
		}
		if err := a.confirmTeardown(w.Environment(), plan, yes); err != nil {
			return err
		}
		return a.tearDownAndStop(ctx, w, plan, settle)
	})
	switch {
	case errors.Is(err, errNoEnvironment) && a.flags.json:
		terminal.NewStream(a.streams.Out).Write(teardownDone{"teardown.done", emptyReceipt()})
		return nil
	case errors.Is(err, errNoEnvironment):
		a.answer("There is no environment %s: nothing to delete.\n", a.flags.env)
		return nil
	}
	return err
}

// showPlan says what a teardown is going to delete.
func (a *app) showPlan(plan *workshop.Plan) {
	if !a.flags.json {
		terminal.Plan(a.streams.Out, a.streams.OutStyle(), plan)
		return
	}
	terminal.JSON(a.streams.Out, map[string]any{
		"event": "teardown.plan", "stacks": itemsOf(plan.Stacks), "resources": itemsOf(plan.Resources), "notOurs": itemsOf(plan.NotOurs),
	})
}

// itemsOf has JSON say [] of a list with nothing in it.
func itemsOf(items []workshop.Item) []workshop.Item { return append([]workshop.Item{}, items...) }

// tearDownAndStop carries a plan out, shows the receipt, and ends the local
// AWS, in which nothing is left.
func (a *app) tearDownAndStop(ctx context.Context, w *workshop.Workshop, plan *workshop.Plan, settle func()) error {
	if _, err := a.tearDown(ctx, w, plan, settle); err != nil || w.Environment().Target != targetLocal {
		return err
	}
	dir, err := a.dir()
	if err != nil {
		return err
	}
	return a.stopBackground(ctx, dir)
}

func emptyReceipt() workshop.Receipt {
	return workshop.Receipt{OK: true, Deleted: []workshop.Item{}, Remaining: []workshop.Item{}, NotOurs: []workshop.Item{}}
}

func (a *app) confirmTeardown(e workshop.Environment, plan *workshop.Plan, yes bool) error {
	if yes || plan.Empty() {
		return nil
	}
	ok, err := a.prompter().Type(fmt.Sprintf("Type the environment's name, %s, to delete all this:", e.Name), e.Name)
	if errors.Is(err, prompt.ErrNoAnswer) {
		return usage("with no terminal to ask in, say --yes to delete environment %s", e.Name)
	}
	if err == nil && !ok {
		err = declined("that is not the environment's name: nothing was deleted")
	}
	return err
}

// tearDown carries a plan out and shows the receipt.
func (a *app) tearDown(ctx context.Context, w *workshop.Workshop, plan *workshop.Plan, settle func()) (workshop.Receipt, error) {
	receipt, err := w.Teardown(ctx, plan)
	settle()
	if err != nil {
		return receipt, err
	}
	if a.flags.json {
		terminal.NewStream(a.streams.Out).Write(teardownDone{"teardown.done", receipt})
	} else {
		a.answer("\n")
		terminal.Receipt(a.streams.Out, a.streams.OutStyle(), receipt)
	}
	if !receipt.OK {
		return receipt, errRemains
	}
	return receipt, nil
}
