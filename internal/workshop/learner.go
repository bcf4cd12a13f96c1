package workshop

import (
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/phases"
)

// Learner is what is remembered of the learner: nothing of it is needed to
// tell where the workshop stands.
type Learner struct {
	// Answer is how long a commit takes to reach production where they work, in their choice of words.
	Answer string
	// Seen is when they were last here; zero at the first time.
	Seen time.Time
}

// Learner returns what is remembered.
func (w *Workshop) Learner() (Learner, error) {
	p, err := loadProgress(w.dir)
	return Learner{Answer: p.Answer, Seen: p.Seen}, err
}

// Answered keeps the answer to the workshop's question.
func (w *Workshop) Answered(answer string) error {
	return w.remember(func(p *progress) { p.Answer = answer })
}

// Here keeps that the learner is here now.
func (w *Workshop) Here() error {
	return w.remember(func(p *progress) { p.Seen = w.now().UTC() })
}

// Guessed keeps what the learner predicted of a phase; Guess returns it.
func (w *Workshop) Guessed(phase *phases.Phase, guess string) error {
	return w.remember(func(p *progress) { p.Guess[phase.Name] = guess })
}

// Guess is what the learner predicted of a phase, or "".
func (w *Workshop) Guess(phase *phases.Phase) string {
	p, err := loadProgress(w.dir)
	if err != nil {
		return "" // what cannot be read is not remembered
	}
	return p.Guess[phase.Name]
}

// WasRead tells whether the learner has read a part of a phase's lesson to its
// end; MarkRead remembers that they have.
func (w *Workshop) WasRead(phase *phases.Phase, part string) (bool, error) {
	p, err := loadProgress(w.dir)
	return p.Read[phase.Name+"/"+part], err
}

// MarkRead remembers that a part of a phase's lesson has been read.
func (w *Workshop) MarkRead(phase *phases.Phase, part string) error {
	return w.remember(func(p *progress) { p.Read[phase.Name+"/"+part] = true })
}

func stepKey(p *phases.Phase, step *phases.Step) string { return p.Name + "/" + step.Title }

// Hint gives a step's next hint and says how many are left after it. When all
// are given it gives the last again.
func (w *Workshop) Hint(p *phases.Phase, step *phases.Step) (hint string, left int, err error) {
	key := stepKey(p, step)
	err = w.remember(func(given *progress) {
		n := min(given.Hints[key], len(step.Hints)-1)
		hint, left = phases.TypedIn(w.env.Name, step.Hints[n]), len(step.Hints)-1-n
		given.Hints[key] = n + 1
	})
	return hint, left, err
}

// HintsLeft is how many hints of a step have not been given.
func (w *Workshop) HintsLeft(p *phases.Phase, step *phases.Step) int {
	given, err := loadProgress(w.dir)
	if err != nil {
		return len(step.Hints)
	}
	return max(0, len(step.Hints)-given.Hints[stepKey(p, step)])
}

// Skip leaves a step for later. It is taken up again when it is asked for by
// name, when all others are done, or by Unskip.
func (w *Workshop) Skip(p *phases.Phase, step *phases.Step) error {
	return w.remember(func(kept *progress) { kept.Skipped[stepKey(p, step)] = true })
}

// Unskip takes everything up again that was left for later.
func (w *Workshop) Unskip() error {
	return w.remember(func(kept *progress) { clear(kept.Skipped) })
}

// forgetPhase forgets what was read, given and left for later of a phase that starts again.
func (w *Workshop) forgetPhase(p *phases.Phase) error {
	return w.remember(func(kept *progress) {
		for i := range p.Steps {
			delete(kept.Hints, stepKey(p, &p.Steps[i]))
			delete(kept.Skipped, stepKey(p, &p.Steps[i]))
		}
		for key := range kept.Read {
			if phase, _, _ := strings.Cut(key, "/"); phase == p.Name {
				delete(kept.Read, key)
			}
		}
		delete(kept.Guess, p.Name)
		delete(kept.Done, p.Name)
	})
}

// WasDone tells whether a phase was seen to be done before, and has not been started again since.
func (w *Workshop) WasDone(p *phases.Phase) (bool, error) {
	kept, err := loadProgress(w.dir)
	return kept.Done[p.Name], err
}

// MarkDone remembers that a phase was seen to be done.
func (w *Workshop) MarkDone(p *phases.Phase) error {
	return w.remember(func(kept *progress) { kept.Done[p.Name] = true })
}

// Since is how long ago a moment was.
func (w *Workshop) Since(moment time.Time) time.Duration { return w.now().Sub(moment) }

// Now is the moment, by this machine's clock.
func (w *Workshop) Now() time.Time { return w.now() }

// Place is what the lessons' commands name.
func (w *Workshop) Place() phases.Place {
	return phases.NewPlace(w.env.Names(), w.env.WorkDir, w.env.Tags(), w.app)
}
