package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

func (a *app) leadTimeCommand() *cobra.Command {
	var last int
	var csv bool
	c := &cobra.Command{
		Use: "lead-time", Short: "From commit to production: every execution, broken down", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("last") && last < 1 {
				return usage("--last %d: it is how many executions to show, 1 at least", last)
			}
			if csv && a.flags.json {
				return usage("--csv and --json are two forms of the same: choose one")
			}
			return a.look(cmd.Context(), func(w *workshop.Workshop) error { return a.leadTime(cmd.Context(), w, last, csv) })
		},
	}
	c.Flags().IntVar(&last, "last", 0, "only the newest so many executions (default all)")
	c.Flags().BoolVar(&csv, "csv", false, "as CSV, in seconds, for a spreadsheet")
	return c
}

func (a *app) leadTime(ctx context.Context, w *workshop.Workshop, last int, csv bool) error {
	times, err := w.LeadTimes(ctx)
	if err != nil {
		return err
	}
	if last > 0 {
		times = times[max(len(times)-last, 0):]
	}
	switch {
	case csv:
		return terminal.LeadTimesCSV(a.streams.Out, times)
	case a.flags.json:
		medians := workshop.MediansOf(times)
		terminal.JSON(a.streams.Out, map[string]any{
			"environment": w.Environment().Name, "leadTimes": times, "medians": medians, "scale": workshop.ScaleOf(medians),
		})
	default:
		learner, err := w.Learner()
		if err != nil {
			return err
		}
		a.showLeadTimes(w.Environment(), times, learner.Answer)
	}
	return nil
}

// showLeadTimes draws the table, and where that stands on the scale of the
// question that the workshop opens with, which was answered with an answer or "".
func (a *app) showLeadTimes(e workshop.Environment, times []workshop.LeadTime, answer string) {
	columns := a.outColumns()
	style := a.streams.OutStyle()
	if e.Target == targetLocal && len(times) > 0 {
		a.answer("%s\n\n", terminal.Fold("Measured on this laptop. On AWS add one to two minutes for a build's machine to start.", columns))
	}
	terminal.LeadTimes(a.streams.Out, style, columns, times)
	if scale := workshop.ScaleOf(workshop.MediansOf(times)); scale != nil {
		a.answer("\n%s\n", strings.Join(terminal.Scale(style, scale.Seconds, answer, columns), "\n"))
	}
}

// outColumns is how many columns an answer may have: those of the terminal, and 80 elsewhere.
func (a *app) outColumns() int {
	columns, _ := a.streams.OutSize()
	return columns
}
