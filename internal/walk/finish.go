package walk

import (
	"context"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// finish shows what was reached, and offers what is left.
func (w *Walk) finish(ctx context.Context) error {
	card, err := w.Card(ctx)
	if err != nil {
		return err
	}
	w.Screen.Heading("All five phases are done")
	w.Screen.Lines(terminal.CardText(w.Screen.style(), card, w.Screen.width()))
	if saved, err := w.SaveCard(card); err != nil {
		w.Screen.Say(err.Error())
	} else {
		w.Screen.Text("The card as a picture: `" + saved + "`")
	}
	for {
		key, err := w.Ask.Choose("What next?", []prompt.Choice{
			{Key: "q", Label: "Quit, and keep everything: push as often as you like"},
			{Key: "a", Label: "The bonus phase: ask a person first"},
			{Key: "x", Label: "Take everything down, with a receipt"},
		})
		if err != nil {
			return err
		}
		switch key {
		case "q":
			return ErrQuit
		case "a":
			if err := w.bonus(ctx); err != nil {
				return err
			}
		case "x":
			done, err := w.takeDown(ctx)
			if err != nil || done {
				return err
			}
		}
	}
}

// bonus walks through the phase beyond the workshop.
func (w *Walk) bonus(ctx context.Context) error {
	for {
		at, err := w.Workshop.Where(ctx, phases.Bonus)
		if err != nil {
			return err
		}
		if at.Done() {
			w.Screen.Text("The bonus phase is done. `" + w.Workshop.Place().Mayfly + " approve` answers whenever a push asks.")
			return nil
		}
		if err := w.stand(ctx, at); err != nil {
			return err
		}
	}
}

// Card gathers what the card at the end says.
func (w *Walk) Card(ctx context.Context) (terminal.Card, error) {
	learner, err := w.Workshop.Learner()
	if err != nil {
		return terminal.Card{}, err
	}
	times, err := w.Workshop.LeadTimes(ctx)
	if err != nil {
		return terminal.Card{}, err
	}
	c := terminal.Card{Said: learner.Answer, Where: upper(w.Place), Of: len(phases.All), Date: w.Workshop.Now()}
	for _, p := range phases.All {
		if w.Workshop.AskPhase(ctx, p).State == workshop.StateDone {
			c.Phases = append(c.Phases, p.Title)
		}
	}
	live := map[string]bool{}
	for _, t := range times {
		if t.Status != workshop.Succeeded || t.Seconds.Deploy == 0 {
			continue
		}
		live[t.Commit] = true
		c.Seconds, c.Message = t.Seconds.Total, t.Message
		switch t.Cache {
		case verify.CacheHit:
			c.Warm = t.Seconds.Commands
		case verify.CacheOff:
			c.Cold = t.Seconds.Commands
		case verify.CacheMiss: // it pays for the cache, and is neither
		}
	}
	c.Commits = len(live)
	return c, nil
}

// upper begins a sentence.
func upper(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
