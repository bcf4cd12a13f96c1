package workshop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// progress is what AWS cannot tell and the learner may lose without harm: the
// moments of the pushes, what has been read and asked, and the learner's choices.
type progress struct {
	// Pushed is when a commit had been pushed, by this machine's clock: measured
	// where mayfly pushed, else as the working copy's reflog tells.
	Pushed map[string]time.Time `json:"pushed"`
	// Answer is how long a commit takes to reach production where the learner works.
	Answer string `json:"answer,omitempty"`
	// Guess is what the learner predicted, by phase.
	Guess map[string]string `json:"guess,omitempty"`
	// Read are the parts of lessons that were shown, by phase and part.
	Read map[string]bool `json:"read,omitempty"`
	// Hints is how many hints of a step were given, and Skipped the steps that
	// are left for later, by phase and title.
	Hints   map[string]int  `json:"hints,omitempty"`
	Skipped map[string]bool `json:"skipped,omitempty"`
	// Done are the phases that were seen to be done.
	Done map[string]bool `json:"done,omitempty"`
	// Sabotage is what `mayfly break` has broken and nobody has found yet, disguised.
	Sabotage string `json:"sabotage,omitempty"`
	// Seen is when the learner was last here.
	Seen time.Time `json:"seen,omitzero"`
}

func progressFile(dir string) string { return filepath.Join(dir, "progress.json") }

func loadProgress(dir string) (progress, error) {
	p := progress{}
	err := readJSON(progressFile(dir), &p)
	for _, m := range []*map[string]bool{&p.Read, &p.Skipped, &p.Done} {
		if *m == nil {
			*m = map[string]bool{}
		}
	}
	if p.Pushed == nil {
		p.Pushed = map[string]time.Time{}
	}
	if p.Guess == nil {
		p.Guess = map[string]string{}
	}
	if p.Hints == nil {
		p.Hints = map[string]int{}
	}
	return p, err
}

func (p progress) save(dir string) error { return writeJSON(progressFile(dir), p) }

// putDamagedAside keeps a progress that cannot be read under another name, and
// goes on without it: nobody needs it to tell where the workshop stands.
func (w *Workshop) putDamagedAside() error {
	if _, err := loadProgress(w.dir); !errors.Is(err, errDamaged) {
		return nil // another error is told by whoever reads it next
	}
	aside := progressFile(w.dir) + ".damaged"
	if err := os.Rename(progressFile(w.dir), aside); err != nil {
		return fmt.Errorf("put the damaged progress aside: %w", err)
	}
	w.working("progress.json was damaged, and is kept as %s: hints and guesses are forgotten, what is done is not", aside)
	return nil
}

// remember changes the progress and keeps it. Others may do so too, such as a
// `mayfly hint` beside the workshop: no change of theirs is lost.
func (w *Workshop) remember(change func(p *progress)) (err error) {
	lock := flock.New(progressFile(w.dir)+".lock", flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock the progress: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	p, err := loadProgress(w.dir)
	if err != nil {
		return err
	}
	change(&p)
	return p.save(w.dir)
}
