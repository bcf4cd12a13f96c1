package walk

import (
	"context"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/verify"
)

// workingCopy looks at the learner's folder, which no check of AWS sees, and
// says what is wrong there. It returns when all is right, or left as it is.
func (w *Walk) workingCopy(ctx context.Context) error {
	for {
		c, made := w.Workshop.WorkingCopy(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !made || c.State == verify.Passed || c.Observed == w.left {
			return nil
		}
		w.Screen.Heading("Your working copy, before we go on")
		w.Screen.Checks([]workshop.CheckStatus{c})
		key, err := w.Ask.Choose("What about the working copy?", w.workingCopyChoices(c))
		if err != nil {
			return err
		}
		switch key {
		case "d":
			if err := w.mend(ctx); err != nil {
				return err
			}
		case "g":
			w.left = c.Observed
		case "q":
			return ErrQuit
		}
	}
}

func (w *Walk) workingCopyChoices(c workshop.CheckStatus) []prompt.Choice {
	var choices []prompt.Choice
	if w.Workshop.Mends(c) {
		choices = append(choices, prompt.Choice{Key: "d", Label: "Mend it for me: what the fix above says"})
	}
	choices = append(choices, prompt.Choice{Key: "c", Label: "Check again, I have mended it"})
	if !w.Workshop.Hinders(c) {
		choices = append(choices, prompt.Choice{Key: "g", Label: "Go on, and leave it as it is"})
	}
	return append(choices, prompt.Choice{Key: "q", Label: "Quit"})
}

// mend does the fix. What stands in its way is told, and the folder is looked at again.
func (w *Walk) mend(ctx context.Context) error {
	err := w.Alone(func() error {
		_, err := w.Working(ctx, nil, w.Workshop.MendWorkingCopy)
		return err
	})
	if err == nil || ends(ctx, err) {
		return err
	}
	w.Screen.Say(err.Error())
	return nil
}
