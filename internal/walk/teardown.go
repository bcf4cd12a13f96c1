package walk

import (
	"context"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/phases"
)

// takeDown is the last lesson: what has to go first, the teardown itself, and
// why it went so. done says whether everything is gone.
func (w *Walk) takeDown(ctx context.Context) (done bool, err error) {
	lesson, err := phases.ReadLesson("teardown", w.Workshop.Place())
	if err != nil {
		return false, err
	}
	w.Screen.Heading("Teardown  " + lesson.Title)
	if err := w.recall(lesson); err != nil {
		return false, err
	}
	idea := join(heading("The one idea", lesson.Section(phases.SectionIdea)), "**Predict.** "+lesson.Section(phases.SectionPredict))
	if err := w.Screen.Pages(idea, w.more); err != nil {
		return false, err
	}
	for {
		key, err := w.Ask.Choose("Take everything down?", []prompt.Choice{
			{Key: "d", Label: "Yes: show me the plan, and ask me once more"},
			{Key: "b", Label: "First break it: a stack that nobody can delete"},
			{Key: "k", Label: "No, keep everything"},
		})
		if err != nil || key == "k" {
			return false, err
		}
		if key == "b" {
			if err := w.Screen.Pages(lesson.Section(phases.SectionBreak), w.more); err != nil {
				return false, err
			}
			continue
		}
		if done, err := w.Teardown(ctx); err != nil || !done {
			return false, err
		}
		return true, w.afterTeardown(lesson)
	}
}

// afterTeardown explains, and asks what was learnt, for as long as the learner wants.
func (w *Walk) afterTeardown(lesson phases.Lesson) error {
	for {
		key, err := w.Ask.Choose("Everything is gone. What next?", []prompt.Choice{
			{Key: "q", Label: "Quit"},
			{Key: "e", Label: "How it works"},
			{Key: "w", Label: "Three questions, with answers"},
		})
		switch {
		case err != nil || key == "q":
			return err
		case key == "e":
			err = w.howItWorks(lesson)
		default:
			err = w.questions(lesson)
		}
		if err != nil {
			return err
		}
	}
}
