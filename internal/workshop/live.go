package workshop

import (
	"context"
	"fmt"
)

// LiveChange is what the live URL answered before and after the last commit of a run.
type LiveChange struct {
	URL    string `json:"url"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// LiveChange is nil where no commit of this run reached production.
func (w *Workshop) LiveChange() *LiveChange {
	if w.live.After == "" {
		return nil
	}
	change := w.live
	return &change
}

// lookAtLive asks the live URL for its answer; "" where there is none yet. It
// is for the eye: the check "live" judges.
func (w *Workshop) lookAtLive(ctx context.Context) string {
	url, err := w.scene.LiveURL(ctx)
	if err != nil || url == "" {
		return ""
	}
	answer, err := w.scene.Fetch(ctx, url)
	if err != nil {
		return ""
	}
	w.live.URL = url
	return fmt.Sprintf("%q from commit %.7s", answer.Greeting, answer.Commit)
}
