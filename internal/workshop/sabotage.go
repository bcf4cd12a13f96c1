package workshop

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// Errors of a sabotage that is not done.
var (
	// ErrUnsolved is returned while an earlier one has not been found.
	ErrUnsolved = errors.New("something is broken already: find it first (`mayfly verify`), or let yourself be told (`mayfly break --reveal`)")
	// ErrNothingToBreak is returned where no phase passes that there is a way for.
	ErrNothingToBreak = errors.New("there is nothing to break: a phase is broken only while it and all before it pass (`mayfly verify`)")
	// ErrNotBroken is returned where there is nothing to reveal.
	ErrNotBroken = errors.New("mayfly has broken nothing")
)

// Break breaks a phase in secret, by one of the ways that fit what is done now
// and are wanted, and remembers which. pick returns a number from 0 to below n.
func (w *Workshop) Break(ctx context.Context, wanted func(phases.Sabotage) bool, pick func(n int) int) error {
	if _, broken := w.sabotage(); broken {
		return ErrUnsolved
	}
	fitting, err := w.fitting(ctx, wanted)
	if err != nil {
		return err
	}
	for len(fitting) > 0 {
		i := pick(len(fitting))
		s := fitting[i]
		// Remembered first: an interruption in its midst leaves something to find.
		if err := w.remember(func(p *progress) { p.Sabotage = disguise(s.Name) }); err != nil {
			return err
		}
		err := w.inSecret(func() error { return s.Do(ctx, w) })
		if err == nil {
			return nil
		}
		if forgetErr := w.remember(func(p *progress) { p.Sabotage = "" }); forgetErr != nil {
			return errors.Join(err, forgetErr)
		}
		if !phases.NothingToBreak(err) {
			return fmt.Errorf("break something: %w", err)
		}
		fitting = slices.Delete(fitting, i, i+1)
	}
	return ErrNothingToBreak
}

// fitting are the wanted ways that break something that passes now.
func (w *Workshop) fitting(ctx context.Context, wanted func(phases.Sabotage) bool) ([]phases.Sabotage, error) {
	if c, made := w.WorkingCopy(ctx); made && c.State == verify.Wrong {
		return nil, fmt.Errorf("%s: put that right first (`mayfly verify`)", c.Observed)
	}
	passing := map[*phases.Phase]bool{}
	for _, p := range phases.All {
		status := w.askPhase(ctx, p)
		if status.State == StateUnderWay {
			return nil, fmt.Errorf("%s: wait for it", status.first(verify.NotYet).Observed)
		}
		if status.State != StateDone {
			break
		}
		passing[p] = true
	}
	var fitting []phases.Sabotage
	for _, s := range phases.Sabotages {
		if passing[s.Phase] && wanted(s) {
			fitting = append(fitting, s)
		}
	}
	if len(fitting) == 0 {
		return nil, ErrNothingToBreak
	}
	return fitting, nil
}

// inSecret does something of which nothing is told.
func (w *Workshop) inSecret(do func() error) error {
	told := w.reporter
	w.reporter = silent{}
	defer func() { w.reporter = told }()
	return do()
}

type silent struct{}

func (silent) Report(Event) {}

// Reveal tells what was broken, and how it is put right.
func (w *Workshop) Reveal() (phases.Sabotage, string, error) {
	s, broken := w.sabotage()
	if !broken {
		return s, "", ErrNotBroken
	}
	return s, w.typed("mayfly verify " + s.Phase.Name), nil
}

// sabotage is what was broken and not found yet.
func (w *Workshop) sabotage() (phases.Sabotage, bool) {
	kept, err := loadProgress(w.dir)
	if err != nil || kept.Sabotage == "" {
		return phases.Sabotage{}, false
	}
	name, err := base64.StdEncoding.DecodeString(kept.Sabotage)
	if err != nil {
		return phases.Sabotage{}, false
	}
	s, err := phases.FindSabotage(strings.TrimPrefix(string(name), disguised))
	return s, err == nil
}

// disguised stands before the name, so that progress.json tells nothing to who looks at it by accident.
const disguised = "broken in secret: "

func disguise(name string) string { return base64.StdEncoding.EncodeToString([]byte(disguised + name)) }

// solved tells once what had been broken, when its phase and all before it pass again.
func (w *Workshop) solved(found *Verified) error {
	s, broken := w.sabotage()
	if !broken {
		return nil
	}
	if found.WorkingCopy != nil && found.WorkingCopy.State != verify.Passed {
		return nil
	}
	for _, p := range phases.All[:s.Phase.Number()] {
		if !slices.ContainsFunc(found.Phases, func(status PhaseStatus) bool {
			return status.Name == p.Name && status.State == StateDone
		}) {
			return nil
		}
	}
	found.Solved = s.Story
	w.report(Event{Event: Solved, Detail: "You found it. " + s.Story})
	return w.remember(func(p *progress) { p.Sabotage = "" })
}

// Found asks whether what was broken in secret is right again, and tells its
// story once when it is. It asks nothing where nothing was broken.
func (w *Workshop) Found(ctx context.Context) error {
	s, broken := w.sabotage()
	if !broken {
		return nil
	}
	var found Verified
	if c, made := w.WorkingCopy(ctx); made {
		found.WorkingCopy = &c
	}
	for _, p := range phases.All[:s.Phase.Number()] {
		found.Phases = append(found.Phases, w.askPhase(ctx, p))
	}
	return w.solved(&found)
}
