package main

import (
	"fmt"

	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

// estimate says how long a way to the start of a phase will take.
func (a *app) estimate(e workshop.Environment, route workshop.Route) string {
	minutes := 0
	for _, p := range append(append([]*phases.Phase{}, route.Do...), route.Undo...) {
		for _, s := range p.Steps {
			minutes += s.Minutes
		}
	}
	if e.Target == targetLocal {
		return "some seconds on this laptop, and what the application's builds take"
	}
	return fmt.Sprintf("about %d minutes", minutes)
}
