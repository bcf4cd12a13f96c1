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

func (a *app) teardown(ctx context.Context, yes, dry bool) (err error) {
	e, dir, err := a.environment()
	if errors.Is(err, errNoEnvironment) {
		if a.flags.json {
			terminal.NewStream(a.streams.Out).Write(teardownDone{"teardown.done", emptyReceipt()})
			return nil
		}
		a.answer("There is no environment %s: nothing to delete.\n", a.flags.env)
		return nil
	}
	if err != nil {
		return err
	}
	release, err := workshop.Lock(dir, "mayfly teardown")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	reporter, done := a.reporter()
	defer done()
	w, err := a.open(ctx, e, dir, a.background, reporter)
	if err != nil {
		return err
	}
	plan, err := w.Plan(ctx)
	if err != nil {
		return err
	}
	if !a.flags.json {
		terminal.Plan(a.streams.Out, a.streams.OutStyle(), plan)
	}
	if dry {
		if a.flags.json {
			terminal.JSON(a.streams.Out, map[string]any{
				"event": "teardown.plan", "stacks": plan.Stacks, "resources": plan.Resources, "notOurs": plan.NotOurs,
			})
		}
		return nil
	}
	if err := a.confirmTeardown(e, plan, yes); err != nil {
		return err
	}
	return a.tearDownAndStop(ctx, e, dir, w, plan, reporter)
}

// tearDownAndStop carries a plan out, shows the receipt, and ends the local
// AWS, in which nothing is left.
func (a *app) tearDownAndStop(
	ctx context.Context, e workshop.Environment, dir string, w *workshop.Workshop, plan *workshop.Plan, reporter workshop.Reporter,
) error {
	_, err := a.tearDown(ctx, w, plan, reporter)
	if err == nil && e.Target == targetLocal {
		err = a.stopBackground(ctx, dir)
	}
	return err
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
func (a *app) tearDown(ctx context.Context, w *workshop.Workshop, plan *workshop.Plan, reporter workshop.Reporter) (workshop.Receipt, error) {
	receipt, err := w.Teardown(ctx, plan)
	if human, ok := reporter.(*terminal.Human); ok {
		human.Done()
	}
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
