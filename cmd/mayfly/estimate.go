package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

// estimate says how long a way to the start of a phase will take: by what was
// measured, on this laptop, and by what is usual, in an account.
func (a *app) estimate(ctx context.Context, w *workshop.Workshop, route workshop.Route) string {
	var local, onAWS time.Duration
	for _, p := range append(append([]*phases.Phase{}, route.Do...), route.Undo...) {
		for i := range p.Steps {
			here, there := p.Usual(&p.Steps[i])
			local += here
			onAWS += there
		}
	}
	if w.Environment().Target != targetLocal {
		return fmt.Sprintf("about %.0f minutes", math.Ceil(onAWS.Minutes()))
	}
	text := fmt.Sprintf("about %s, and what the application's builds take", terminal.Seconds(math.Ceil(local.Seconds())))
	// How long those take is known only from those that were.
	if times, err := w.LeadTimes(ctx); err == nil && len(times) > 0 {
		text += fmt.Sprintf(" (%s the last one)", terminal.Seconds(times[len(times)-1].Seconds.Build))
	}
	return text
}
