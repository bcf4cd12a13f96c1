// Package phases holds the lessons. A phase is a value: what is done, how it
// is checked and what helps. Nothing here knows how a workshop is run.
package phases

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/verify"
)

// Phase is one lesson.
type Phase struct {
	// Name is the word that is typed, and the folder in templates/.
	Name string
	// Aliases are other words that are understood.
	Aliases []string
	// Title and Tagline are what a person reads.
	Title, Tagline string
	// Requires are the phases that must be done before.
	Requires []*Phase
	// Steps are done in order.
	Steps []Step
	// Missing says, when the phase is done, what is missing still.
	Missing string
	// Undo takes back what the phase has made, when no later phase stands. It must be safe to do again.
	Undo func(ctx context.Context, u Undoer) error
}

// Step is one thing to do, with the checks that say whether it is done.
type Step struct {
	// Title says what is done, as an order.
	Title string
	// Why says why, in a sentence.
	Why string
	// Do does it. It must be safe to do again.
	Do func(ctx context.Context, b Bench) error
	// Checks must all pass when the step is done.
	Checks []verify.Check
	// Hints help, in rising order.
	Hints []string
	// Minutes is how long it usually takes in an account.
	Minutes int
}

// All are the phases in their order, those that a run without names does.
var All = []*Phase{CodeCommit, CodeBuild, CodePipeline, CloudFormation, Caching}

// Bonus are phases beyond the workshop, which are done where they are asked for.
var Bonus = []*Phase{Approval}

// Every returns all phases, those beyond the workshop last.
func Every() []*Phase { return slices.Concat(All, Bonus) }

// Number is the phase's place in the workshop, from 1.
func (p *Phase) Number() int { return slices.Index(Every(), p) + 1 }

// IsBonus says whether the phase is beyond the workshop.
func (p *Phase) IsBonus() bool { return slices.Contains(Bonus, p) }

// AllRequired are all the phases that must be done before this one, the first first.
func (p *Phase) AllRequired() (all []*Phase) {
	for _, r := range p.Requires {
		all = append(append(all, r.AllRequired()...), r)
	}
	return all
}

// Checks are all checks of the phase, in the order of its steps.
func (p *Phase) Checks() []verify.Check {
	var checks []verify.Check
	for _, s := range p.Steps {
		checks = append(checks, s.Checks...)
	}
	return checks
}

// UnknownError is the name of a phase that there is not.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string {
	nearest := nearestName(e.Name)
	var b strings.Builder
	fmt.Fprintf(&b, "there is no phase %q; the phases are:", e.Name)
	for _, p := range Every() {
		arrow := "  "
		if p.Name == nearest {
			arrow = "->"
		}
		fmt.Fprintf(&b, "\n  %s %d %-15s %s", arrow, p.Number(), p.Name, p.Title)
	}
	return b.String()
}

// Find returns the phase with that name, number or alias, or an *UnknownError.
func Find(name string) (*Phase, error) {
	every := Every()
	if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= len(every) {
		return every[n-1], nil
	}
	lower := strings.ToLower(name)
	for _, p := range every {
		if p.Name == lower || slices.Contains(p.Aliases, lower) {
			return p, nil
		}
	}
	return nil, &UnknownError{Name: name}
}

// nearestName is the phase whose name is the fewest edits away.
func nearestName(name string) string {
	best, distance := "", len(name)+1
	for _, p := range Every() {
		for _, candidate := range append([]string{p.Name}, p.Aliases...) {
			if d := text.Edits(strings.ToLower(name), candidate); d < distance {
				best, distance = p.Name, d
			}
		}
	}
	return best
}
