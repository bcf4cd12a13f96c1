package walk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

// The parts of a lesson that are shown until they have been read once.
const (
	partIntroduction = "introduction"
	partObserve      = "observe"
)

// introduce opens a phase, unless the learner has read that: the question about
// the last one, the idea, what will be made, and a prediction.
func (w *Walk) introduce(p *phases.Phase) error {
	read, err := w.Workshop.WasRead(p, partIntroduction)
	if err != nil || read {
		return err
	}
	lesson, err := p.Lesson(w.Workshop.Place())
	if err != nil {
		return err
	}
	number := fmt.Sprintf("Phase %d of %d", p.Number(), len(phases.All))
	if p.IsBonus() {
		number = fmt.Sprintf("Phase %d, a bonus", p.Number())
	}
	w.Screen.Heading(fmt.Sprintf("%s  %s: %s", number, p.Title, p.Tagline))
	if err := w.recall(lesson); err != nil {
		return err
	}
	if err := w.Screen.Pages(join(lesson.Opening, heading("The one idea", lesson.Section(phases.SectionIdea))), w.more); err != nil {
		return err
	}
	if err := w.more(); err != nil {
		return err
	}
	if err := w.whatIsMade(p); err != nil {
		return err
	}
	if err := w.predict(p, lesson); err != nil {
		return err
	}
	return w.Workshop.MarkRead(p, partIntroduction)
}

// recall puts the question about what went before, and shows its answer after a key.
func (w *Walk) recall(lesson phases.Lesson) error {
	for _, q := range phases.QuestionsAndAnswers(lesson.Section(phases.SectionRecall)) {
		w.Screen.Text("Before we go on: **" + q.Question + "**")
		if err := w.more(); err != nil {
			return err
		}
		w.Screen.Text(q.Answer)
	}
	return nil
}

// whatIsMade shows what the phase's template adds to the last one's.
func (w *Walk) whatIsMade(p *phases.Phase) error {
	before := p.Before()
	what := "The template of this phase"
	text := string(p.Template())
	if before != nil {
		what = "What this phase's template adds to the last one's"
	}
	key, err := w.Ask.Choose(what, []prompt.Choice{
		{Key: "n", Label: "Go on without it"}, {Key: "l", Label: "Let me see it"},
	})
	if err != nil || key == "n" {
		return err
	}
	if before != nil {
		return w.Screen.Diff(phases.Diff(before, p), w.more)
	}
	return w.Screen.Pages("```yaml\n"+text+"\n```\n", w.more)
}

// predict asks what the learner expects. Nobody has to answer.
func (w *Walk) predict(p *phases.Phase, lesson phases.Lesson) error {
	question := lesson.Section(phases.SectionPredict)
	if question == "" {
		return nil
	}
	w.Screen.Text("**Predict.** " + question)
	guess, err := w.Ask.Text("Your guess (Enter for none)", "", func(string) error { return nil })
	if err != nil || guess == "" {
		return err
	}
	return w.Workshop.Guessed(p, guess)
}

// observe makes up for the end of the phase before a position, where the
// learner left before they had read it. told says whether it did.
func (w *Walk) observe(ctx context.Context, at workshop.Position) (told bool, err error) {
	n := len(phases.All)
	if !at.Done() {
		n = at.Phase.Number() - 1
	}
	if n == 0 {
		return false, nil
	}
	p := phases.All[n-1]
	began, err := w.Workshop.WasRead(p, partIntroduction)
	if err != nil || !began {
		return false, err // it was done without the walk
	}
	ended, err := w.Workshop.WasRead(p, partObserve)
	if err != nil || ended || w.Workshop.AskPhase(ctx, p).State != workshop.StateDone {
		return false, err
	}
	return true, w.afterPhase(ctx, p)
}

// afterPhase lets the learner observe, and then tells what they have now, how
// long the last commit took, and what is missing still.
func (w *Walk) afterPhase(ctx context.Context, p *phases.Phase) error {
	if err := w.Workshop.MarkDone(p); err != nil {
		return err
	}
	lesson, err := p.Lesson(w.Workshop.Place())
	if err != nil {
		return err
	}
	w.Screen.Heading(fmt.Sprintf("Phase %d, %s, is done. Observe", p.Number(), p.Title))
	if guess := w.Workshop.Guess(p); guess != "" {
		w.Screen.Say("You predicted: " + guess)
	}
	if err := w.Screen.Pages(lesson.Section(phases.SectionObserve), w.more); err != nil {
		return err
	}
	if err := w.more(); err != nil {
		return err
	}
	w.Screen.Heading(fmt.Sprintf("What you have now, after phase %d", p.Number()))
	pipeline, err := w.Workshop.PipelineState(ctx)
	if err != nil {
		return err
	}
	times, err := w.Workshop.LeadTimes(ctx)
	if err != nil {
		return err
	}
	drawing := append(terminal.Pipeline(w.Screen.style(), pipeline, w.Screen.width()), "")
	told := terminal.Markdown(w.Screen.style(), join(leadTime(times), "**What is still missing.** "+p.Missing), w.Screen.width())
	if err := w.Screen.pages(append(drawing, told...), w.more); err != nil {
		return err
	}
	if err := w.Workshop.MarkRead(p, partObserve); err != nil {
		return err
	}
	return w.betweenPhases(ctx, p, lesson)
}

// leadTime says how long the last commit took, and the one before it.
func leadTime(times []workshop.LeadTime) string {
	var came []workshop.LeadTime
	for _, t := range times {
		if t.Status == workshop.Succeeded {
			came = append(came, t)
		}
	}
	if len(came) == 0 {
		return ""
	}
	last := came[len(came)-1]
	text := "**Lead time.** " + terminal.Seconds(last.Seconds.Total) + " from the push to the end of the pipeline"
	if len(came) > 1 {
		text += "; the commit before it took " + terminal.Seconds(came[len(came)-2].Seconds.Total)
	}
	return text + "."
}

// betweenPhases lets the learner choose what comes after a phase.
func (w *Walk) betweenPhases(ctx context.Context, p *phases.Phase, lesson phases.Lesson) error {
	for {
		choices := []prompt.Choice{}
		if next := following(p); next != nil {
			choices = append(choices, prompt.Choice{Key: "n", Label: fmt.Sprintf("On to phase %d, %s: %s", next.Number(), next.Title, next.Tagline)})
		} else {
			choices = append(choices, prompt.Choice{Key: "n", Label: "On to the end"})
		}
		choices = append(choices,
			prompt.Choice{Key: "e", Label: "How it works"},
			prompt.Choice{Key: "w", Label: "Three questions, with answers"},
			prompt.Choice{Key: "b", Label: "Break it, and mend it"},
			prompt.Choice{Key: "q", Label: "Quit"},
		)
		key, err := w.Ask.Choose("What next?", choices)
		if err != nil {
			return err
		}
		switch key {
		case "n":
			return nil
		case "e":
			err = w.howItWorks(lesson)
		case "w":
			err = w.questions(lesson)
		case "b":
			var broke bool
			if broke, err = w.breakIt(ctx, p, lesson); broke && err == nil {
				return nil // where the learner is now, the checks say
			}
		case "q":
			return ErrQuit
		}
		if err != nil {
			return err
		}
	}
}

// howItWorks explains, and says what differs on AWS.
func (w *Walk) howItWorks(lesson phases.Lesson) error {
	return w.Screen.Pages(join(lesson.Section(phases.SectionExplain), heading("On AWS", lesson.Section(phases.SectionAWS))), w.more)
}

// questions puts the lesson's questions one by one, each with its answer after a key.
func (w *Walk) questions(lesson phases.Lesson) error {
	for _, q := range phases.QuestionsAndAnswers(lesson.Section(phases.SectionQuestions)) {
		w.Screen.Text("**" + q.Question + "**")
		if err := w.more(); err != nil {
			return err
		}
		w.Screen.Text(q.Answer)
	}
	return w.Screen.Pages(heading("Further reading", lesson.Section(phases.SectionReading)), w.more)
}

// breakIt shows what to break, or breaks something in secret. broke says
// whether anything may be broken now.
func (w *Walk) breakIt(ctx context.Context, p *phases.Phase, lesson phases.Lesson) (broke bool, err error) {
	if err := w.Screen.Pages(lesson.Section(phases.SectionBreak), w.more); err != nil {
		return false, err
	}
	key, err := w.Ask.Choose("How do you want to break it?", []prompt.Choice{
		{Key: "m", Label: "I'll do it myself, as described above"},
		{Key: "s", Label: "Surprise me: mayfly breaks something in secret, and I find out what"},
		{Key: "b", Label: "Not now"},
	})
	if err != nil || key == "b" {
		return false, err
	}
	if key == "s" {
		if err := w.Break(ctx, p); ends(ctx, err) {
			return false, err
		} else if err != nil {
			w.Screen.Say(err.Error())
			return false, nil
		}
	}
	return true, w.more()
}

func following(p *phases.Phase) *phases.Phase {
	if n := p.Number(); n < len(phases.All) {
		return phases.All[n]
	}
	return nil
}

// welcomeBackAfter is after how long away the learner is told where they were.
const welcomeBackAfter = 3 * 24 * time.Hour

// welcomeBack tells somebody who was away what they had, what has happened
// since, and asks one question.
func (w *Walk) welcomeBack(ctx context.Context) error {
	learner, err := w.Workshop.Learner()
	if err != nil {
		return err
	}
	away := w.Workshop.Since(learner.Seen)
	if err := w.Workshop.Here(); err != nil {
		return err
	}
	if learner.Seen.IsZero() || away < welcomeBackAfter {
		return nil
	}
	s, err := w.Workshop.Status(ctx)
	if err != nil {
		return err
	}
	var done []string
	var last *phases.Phase
	for i, p := range s.Phases {
		if p.State == workshop.StateDone {
			done = append(done, p.Title)
			last = phases.All[i]
		}
	}
	had := "nothing yet"
	if len(done) > 0 {
		had = strings.Join(done, ", ")
	}
	w.Screen.Heading(fmt.Sprintf("Welcome back: you were here %d days ago", int(away.Hours()/24)))
	w.Screen.Text(fmt.Sprintf("You have %s. Since then %s.", had, executionsSince(s, learner.Seen)))
	if last == nil {
		return nil
	}
	next := following(last)
	if next == nil {
		next = last
	}
	lesson, err := next.Lesson(w.Workshop.Place())
	if err != nil {
		return err
	}
	return w.recall(lesson)
}

func executionsSince(s workshop.Status, seen time.Time) string {
	n := 0
	for _, t := range s.LeadTimes {
		if t.Started.After(seen) {
			n++
		}
	}
	switch n {
	case 0:
		return "no commit went through the pipeline"
	case 1:
		return "one commit went through the pipeline"
	}
	return fmt.Sprintf("%d commits went through the pipeline", n)
}

// join puts texts below each other.
func join(texts ...string) string { return strings.TrimSpace(strings.Join(texts, "\n\n")) }

func heading(title, text string) string {
	if text == "" {
		return ""
	}
	return "## " + title + "\n\n" + text
}
