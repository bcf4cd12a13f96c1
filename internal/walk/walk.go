// Package walk is the conversation of the interactive workshop: what is said
// when, which choices there are now, and what follows from each. It does
// nothing itself: the engine does, and the terminal shows. Its rules:
//
//   - Only what can be done now is offered; the first choice is the usual one.
//   - Quitting is always possible, loses nothing, and says how to come back.
//   - Nothing is said to hold that no check has seen.
//   - A text is shown a screen at a time.
package walk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// Walk is one learner's walk through the phases.
type Walk struct {
	Workshop *workshop.Workshop
	Ask      prompt.Prompter
	Screen   *Screen
	// Place says where AWS is, as a person would: "on this laptop".
	Place string
	// ShellNeeds is what a shell must have run before aws finds that AWS; "" where it finds it anyway.
	ShellNeeds string
	// Working holds the keyboard while do runs. A key that is one of the choices
	// ends do, and is returned; "" means that do came to its end.
	Working func(ctx context.Context, keys []prompt.Choice, do func(ctx context.Context) error) (key string, err error)
	// Alone does something while nobody else may work in the environment.
	Alone func(do func() error) error
	// Teardown takes everything down, after asking. done tells whether it did.
	Teardown func(ctx context.Context) (done bool, err error)
	// SaveCard keeps the card at the end as a picture, and returns the file's name.
	SaveCard func(c terminal.Card) (string, error)
	// Break sabotages a phase in secret.
	Break func(ctx context.Context, p *phases.Phase) error
	// fails counts, for each step, how often its checks came out wrong in a row.
	fails map[string]int
	// left is what was wrong with the working copy when the learner left it so.
	left string
	// unasked says that the learner went on where AWS did not say whether an approval waits.
	unasked bool
}

// ErrQuit is returned when the learner wants to stop for now.
var ErrQuit = errors.New("until next time")

// Run walks on from where the learner is, until everything is done or they quit.
func (w *Walk) Run(ctx context.Context) error {
	w.fails, w.Ask = map[string]int{}, paced{w.Ask, w.Screen}
	if err := w.welcomeBack(ctx); err != nil {
		return err
	}
	for {
		at, err := w.Workshop.Where(ctx, phases.All)
		if err != nil {
			return err
		}
		if err := w.Workshop.Found(ctx); err != nil {
			return err
		}
		// While somebody is asked, the earlier phases cannot hold: the answer comes first.
		asked, err := w.asked(ctx)
		if err != nil {
			return err
		}
		if asked {
			if err := w.bonus(ctx); err != nil {
				return err
			}
			continue
		}
		if told, err := w.observe(ctx, at); told || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if at.Done() {
			if err := w.workingCopy(ctx); err != nil {
				return err
			}
			return w.finish(ctx)
		}
		if at.Skipped {
			w.Screen.Text("Only the steps that you skipped are left. Here they are.")
			if err := w.Workshop.Unskip(); err != nil {
				return err
			}
		}
		if err := w.stand(ctx, at); err != nil {
			return err
		}
	}
}

// asked tells whether somebody is asked to approve. Where AWS does not say, the
// learner decides whether to go on as if nobody were.
func (w *Walk) asked(ctx context.Context) (bool, error) {
	for {
		_, err := w.Workshop.Question(ctx)
		if err == nil {
			return true, nil
		}
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		if _, nobody := errors.AsType[*workshop.NothingWaitsError](err); nobody || w.unasked {
			return false, nil
		}
		key, err := w.cannotTell(workshop.CheckStatus{
			State: verify.CannotTell, Observed: "whether an approval waits is not known: " + err.Error(),
		}, prompt.Choice{Key: "g", Label: "Go on, as if none did"})
		if err != nil {
			return false, err
		}
		if key == "g" {
			w.unasked = true
			return false, nil
		}
	}
}

// stand is at one step: it introduces the phase where that is new, and the
// step, and lets the learner choose.
func (w *Walk) stand(ctx context.Context, at workshop.Position) error {
	if trouble, ok := first(at.Checks, verify.CannotTell); ok {
		_, err := w.cannotTell(trouble)
		return err
	}
	if err := w.workingCopy(ctx); err != nil {
		return err
	}
	done, err := w.Workshop.WasDone(at.Phase)
	if err != nil {
		return err
	}
	switch {
	case waiting(at.Checks):
		return w.await(ctx, at, done)
	case done:
		return w.undone(ctx, at)
	}
	if err := w.introduce(at.Phase); err != nil {
		return err
	}
	lesson, err := at.Phase.Lesson(w.Workshop.Place())
	if err != nil {
		return err
	}
	w.Screen.Heading(fmt.Sprintf("%d.%d of %d  %s", at.Phase.Number(), at.StepNumber(), len(at.Phase.Steps), at.Step.Title))
	local, onAWS := at.Phase.Usual(at.Step)
	w.Screen.Text(fmt.Sprintf("Usually takes %s on a laptop, not counting builds; on AWS about %.0f min (an estimate).", terminal.Seconds(local.Seconds()), onAWS.Minutes()))
	text := lesson.Section(at.Step.Title)
	if text == "" {
		text = at.Step.Why
	}
	if err := w.Screen.Pages(text, w.more); err != nil {
		return err
	}
	held, err := w.choose(ctx, at, lesson)
	if err != nil || !held {
		return err
	}
	return w.afterStep(ctx, at)
}

// await waits for what is on its way, such as a build that an earlier walk or
// the last push has started.
func (w *Walk) await(ctx context.Context, at workshop.Position, done bool) error {
	_, err := w.Working(ctx, nil, func(ctx context.Context) error { return w.Workshop.Settle(ctx, at.Phase, at.Step) })
	if _, told := errors.AsType[*workshop.CheckError](err); told {
		return nil // where that leads, the checks say
	}
	if err != nil || done {
		return err
	}
	return w.afterStep(ctx, at)
}

// undone tells that something of a phase that was done does not hold any more.
func (w *Walk) undone(ctx context.Context, at workshop.Position) error {
	w.Screen.Heading(fmt.Sprintf("Phase %d, %s, was done, but something has changed since", at.Phase.Number(), at.Phase.Title))
	w.Screen.Checks(at.Checks)
	choices := []prompt.Choice{
		{Key: "d", Label: "Mend it for me: " + at.Step.Title},
		{Key: "c", Label: "Check again, I have mended it"},
		{Key: "q", Label: "Quit"},
	}
	key, err := w.Ask.Choose("What now?", choices)
	if err != nil {
		return err
	}
	switch key {
	case "d":
		_, err = w.tried(ctx, at, w.solve(ctx, at)) // whether it holds now, the checks say
		return err
	case "q":
		return ErrQuit
	}
	return nil
}

// cannotTell shows that AWS gave no answer. "c" is to look again, more what
// else there is to choose.
func (w *Walk) cannotTell(trouble workshop.CheckStatus, more ...prompt.Choice) (key string, err error) {
	w.Screen.Checks([]workshop.CheckStatus{trouble})
	choices := append([]prompt.Choice{{Key: "c", Label: "Look again"}}, more...)
	key, err = w.Ask.Choose("AWS did not let mayfly look. What now?", append(choices, prompt.Choice{Key: "q", Label: "Quit"}))
	if err == nil && key == "q" {
		err = ErrQuit
	}
	return key, err
}

// ends tells whether an error ends the walk: the learner wants that, or is
// gone. All others stand in the way of something, and are told.
func ends(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, ErrQuit) || errors.Is(err, prompt.ErrInterrupted) || errors.Is(err, prompt.ErrNoAnswer)
}

// more asks whether to go on reading.
func (w *Walk) more() error { return more(w.Ask) }

func more(ask prompt.Prompter) error {
	answer, err := ask.Text("Enter goes on, q quits", "", func(string) error { return nil })
	if err == nil && strings.EqualFold(answer, "q") {
		err = ErrQuit
	}
	return err
}

func first(checks []workshop.CheckStatus, state verify.State) (workshop.CheckStatus, bool) {
	for _, c := range checks {
		if c.State == state {
			return c, true
		}
	}
	return workshop.CheckStatus{}, false
}

// waiting tells whether nothing is wrong and something is on its way, which
// comes without anybody's doing.
func waiting(checks []workshop.CheckStatus) bool {
	_, wrong := first(checks, verify.Wrong)
	notYet, found := first(checks, verify.NotYet)
	return !wrong && found && notYet.Fix == ""
}
