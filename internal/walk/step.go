package walk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

// remindAfter is after how many failures in a row of the same step the learner
// is reminded of hints and of starting the phase again.
const remindAfter = 3

// choose lets the learner choose what to do about a step, until it holds
// (true) or something else comes first (false).
func (w *Walk) choose(ctx context.Context, at workshop.Position, lesson phases.Lesson) (held bool, err error) {
	for {
		choices := w.stepChoices(at)
		key, err := w.Ask.Choose("How do you want to do it?", choices)
		if err != nil {
			return false, err
		}
		if key == "d" || key == "t" {
			if err := w.workingCopy(ctx); err != nil {
				return false, err
			}
		}
		switch key {
		case "d":
			return w.tried(ctx, at, w.solve(ctx, at))
		case "t":
			key, err := w.typeIt(ctx, at)
			if key == "" || err != nil {
				return w.tried(ctx, at, err)
			}
			if key == "d" {
				return w.tried(ctx, at, w.solve(ctx, at))
			}
		case "m":
			if err := w.showMore(at, lesson); err != nil {
				return false, err
			}
		case "h":
			if err := w.hint(at); err != nil {
				return false, err
			}
		case "s":
			return false, w.Workshop.Skip(at.Phase, at.Step)
		case "q":
			return false, ErrQuit
		}
	}
}

// stepChoices are the choices that there are now.
func (w *Walk) stepChoices(at workshop.Position) []prompt.Choice {
	choices := []prompt.Choice{
		{Key: "d", Label: "Do it for me"},
		{Key: "t", Label: "I'll type it myself, and mayfly watches"},
		{Key: "m", Label: "Show me more"},
	}
	if left := w.Workshop.HintsLeft(at.Phase, at.Step); left > 0 {
		choices = append(choices, prompt.Choice{Key: "h", Label: fmt.Sprintf("A hint (%d left)", left)})
	}
	return append(choices, prompt.Choice{Key: "s", Label: "Skip it for now"}, prompt.Choice{Key: "q", Label: "Quit"})
}

// solve does the step. That a check came out wrong has been shown by then.
func (w *Walk) solve(ctx context.Context, at workshop.Position) error {
	return w.Alone(func() error {
		_, err := w.Working(ctx, nil, func(ctx context.Context) error { return w.Workshop.Solve(ctx, at.Phase, at.Step) })
		return err
	})
}

// follow waits until the learner has typed the step, or takes one of the keys.
func (w *Walk) follow(ctx context.Context, at workshop.Position, keys []prompt.Choice) (string, error) {
	return w.Working(ctx, keys, func(ctx context.Context) error { return w.Workshop.Follow(ctx, at.Phase, at.Step) })
}

// tried says whether the step holds after a try. What stands in the way is
// told, and is no end of the walk: the learner chooses anew.
func (w *Walk) tried(ctx context.Context, at workshop.Position, err error) (held bool, _ error) {
	key := at.Phase.Name + "/" + at.Step.Title
	if err == nil {
		delete(w.fails, key)
		return true, nil
	}
	if ends(ctx, err) {
		return false, err
	}
	if check, ok := errors.AsType[*workshop.CheckError](err); !ok || !check.Told {
		w.Screen.Say(err.Error())
	}
	w.fails[key]++
	if w.fails[key]%remindAfter == 0 {
		hint := ""
		if w.Workshop.HintsLeft(at.Phase, at.Step) > 0 {
			hint = "`h` gives a hint; "
		}
		w.Screen.Text(fmt.Sprintf("That did not hold %d times in a row: %s`%s reset` starts the phase again and keeps your work on a branch.",
			w.fails[key], hint, w.Workshop.Place().Mayfly))
	}
	return false, nil
}

// typeIt shows what to type and waits until the step holds, or the learner takes another way.
func (w *Walk) typeIt(ctx context.Context, at workshop.Position) (key string, err error) {
	where := "Type the commands above in another terminal"
	if at.Phase.Number() > 1 { // the first phase makes the folder
		where += ", in `" + w.Workshop.Place().Checkout() + "`"
	}
	if w.ShellNeeds != "" {
		where += "; for `aws`, run `" + w.ShellNeeds + "` there first"
	}
	w.Screen.Text(where + ". mayfly watches.")
	keys := []prompt.Choice{{Key: "d", Label: "does it for you"}}
	if w.Workshop.HintsLeft(at.Phase, at.Step) > 0 {
		keys = append(keys, prompt.Choice{Key: "h", Label: "gives a hint"})
	}
	keys = append(keys, prompt.Choice{Key: "b", Label: "goes back"})
	for {
		w.Screen.Text(offered(keys))
		key, err := w.follow(ctx, at, keys)
		if key != "h" || err != nil {
			return key, err
		}
		if err := w.hint(at); err != nil {
			return "", err
		}
		if w.Workshop.HintsLeft(at.Phase, at.Step) == 0 {
			keys = []prompt.Choice{keys[0], keys[len(keys)-1]}
		}
	}
}

// offered says which keys are there while something is waited for.
func offered(keys []prompt.Choice) string {
	words := make([]string, len(keys))
	for i, k := range keys {
		words[i] = "`" + k.Key + "` " + k.Label
	}
	return strings.Join(words, ", ")
}

func (w *Walk) hint(at workshop.Position) error {
	hint, left, err := w.Workshop.Hint(at.Phase, at.Step)
	if err != nil {
		return err
	}
	if left == 0 {
		hint += " (That was the last one.)"
	}
	w.Screen.Text(hint)
	return nil
}

// showMore offers what else there is to read about a step.
func (w *Walk) showMore(at workshop.Position, lesson phases.Lesson) error {
	for {
		key, err := w.Ask.Choose("More about what?", []prompt.Choice{
			{Key: "c", Label: "What is checked, and the results so far"},
			{Key: "e", Label: "How it works"},
			{Key: "t", Label: "The whole template"},
			{Key: "a", Label: "What differs on AWS: time, price, console"},
			{Key: "b", Label: "Back"},
		})
		if err != nil {
			return err
		}
		switch key {
		case "c":
			for i, c := range at.Step.Checks {
				w.Screen.Text(c.Asks)
				w.Screen.Checks(at.Checks[i : i+1])
			}
		case "e":
			err = w.Screen.Pages(lesson.Section(phases.SectionExplain), w.more)
		case "t":
			err = w.Screen.Pages("```yaml\n"+string(at.Phase.Template())+"\n```\n", w.more)
		case "a":
			err = w.Screen.Pages(lesson.Section(phases.SectionAWS), w.more)
		case "b":
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// afterStep tells that a step holds, and ends the phase with its last one.
func (w *Walk) afterStep(ctx context.Context, at workshop.Position) error {
	if w.Workshop.AskPhase(ctx, at.Phase).State != workshop.StateDone {
		return nil
	}
	return w.afterPhase(ctx, at.Phase)
}
