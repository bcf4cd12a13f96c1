package terminal

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-cd/mayfly/internal/workshop"
)

// followOn follows on a screen; the time passes when it is told to.
func followOn(s *screen, now *time.Time) *Follow {
	return &Follow{live: s.live(), now: func() time.Time { return *now }, stop: func() {}}
}

// TestFollow keeps what happened above, and the pipeline and what runs below.
func TestFollow(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.Local)
	state := func(build string) workshop.PipelineState {
		return workshop.PipelineState{Stages: []workshop.StageState{
			{Name: "Source", Status: "Succeeded", Commit: "1234567890", Message: "Say hello", Actions: []workshop.ActionState{{Name: "Source", Status: "Succeeded", Since: at}}},
			{Name: "Build", Status: build, Commit: "1234567890", Message: "Say hello", Actions: []workshop.ActionState{{Name: "Build", Status: build, Since: at}}},
		}}
	}
	for _, size := range []struct{ columns, rows int }{{80, 24}, {60, 20}, {60, 9}} {
		s, now := newScreen(size.columns, size.rows), at
		f := followOn(s, &now)
		happened := func(event, action string) {
			f.Happened(workshop.Happening{
				Time: at, Event: event, Execution: "e", Commit: "1234567890", Author: "Ada", Message: "Say hello",
				Stage: action, Action: action, MedianSeconds: 9.8,
			})
		}
		f.Stands(workshop.PipelineState{Repository: true})
		happened(workshop.Noticed, "")
		happened(workshop.ActionStarted, "Build")
		f.Stands(state("InProgress"))
		f.Say("something else")
		now = at.Add(12 * time.Second)
		f.draw()
		golden(t, fmt.Sprintf("follow-%dx%d.txt", size.columns, size.rows), s.lines())

		happened(workshop.ActionSucceeded, "Build")
		f.Stands(state("Succeeded"))
		f.Done()
		shown := strings.Join(s.lines(), "\n")
		if strings.Contains(shown, "…") || strings.Contains(shown, "InProgress") || strings.Count(shown, "Build succeeded") != 1 {
			t.Errorf("%dx%d: at the end it shows\n%s", size.columns, size.rows, shown)
		}
	}
}

// TestFollowForgetsWhatEnded lets nothing run on that an execution's end has ended.
func TestFollowForgetsWhatEnded(t *testing.T) {
	for _, end := range []string{
		workshop.ExecutionSucceeded, workshop.ExecutionFailed, workshop.ExecutionSuperseded, workshop.ExecutionStopped, workshop.ExecutionCancelled,
	} {
		s, now := newScreen(80, 24), time.Now() //nolint:forbidigo // any moment will do
		f := followOn(s, &now)
		f.Happened(workshop.Happening{Time: now, Event: workshop.ApprovalAwaited, Execution: "e", Stage: "Deploy", Action: "Approve"})
		f.Happened(workshop.Happening{Time: now, Event: workshop.ActionStarted, Execution: "other", Stage: "Build", Action: "Build"})
		f.Happened(workshop.Happening{Time: now, Event: end, Execution: "e", Status: "Stopped"})
		if len(f.running) != 1 || f.running[0].Execution != "other" {
			t.Errorf("%s: %+v", end, f.running)
		}
	}
}
