package workshop

import (
	"path/filepath"
	"time"
)

// progress is what AWS cannot tell and the learner may lose without harm: the
// moment of each push, and what the live URL answered before and after.
type progress struct {
	// Pushed is when a commit had been pushed, by this machine's clock.
	Pushed map[string]time.Time `json:"pushed"`
}

func progressFile(dir string) string { return filepath.Join(dir, "progress.json") }

func loadProgress(dir string) (progress, error) {
	p := progress{Pushed: map[string]time.Time{}}
	err := readJSON(progressFile(dir), &p)
	if p.Pushed == nil {
		p.Pushed = map[string]time.Time{}
	}
	return p, err
}

func (p progress) save(dir string) error { return writeJSON(progressFile(dir), p) }
