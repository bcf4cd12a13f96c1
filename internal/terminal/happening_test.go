package terminal

import (
	"strings"
	"testing"
	"time"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/verify"
)

func someHappenings() []workshop.Happening {
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.Local)
	committed := at.Add(-2500 * time.Millisecond)
	files := []verify.FileChange{
		{Path: "greeting.json", Change: "modified", Added: 1, Removed: 1}, {Path: "new.go", Change: "added", Added: 20},
		{Path: "old.go", Change: "deleted"}, {Path: "a", Change: "modified"}, {Path: "b", Change: "modified"},
	}
	failure := &verify.Failure{
		Reason:  "BUILD: Error while executing command: go test ./.... Reason: exit status 1",
		Command: "go test ./...", Lines: []string{"--- FAIL: \x1b[31mTestHello\x1b[0m", "got 4,\twant 5"},
	}
	all := []workshop.Happening{
		{Event: workshop.Noticed, Committed: &committed, Files: files},
		{Event: workshop.Noticed, Seconds: 0.4, Committed: &committed},
		{Event: workshop.StageStarted, Stage: "Build"},
		{Event: workshop.ActionStarted, Stage: "Build", Action: "Build"},
		{Event: workshop.ActionSucceeded, Stage: "Build", Action: "Build", Seconds: 12.1, MedianSeconds: 9.8},
		{Event: workshop.ActionFailed, Stage: "Build", Action: "Test", Seconds: 3, Failure: failure},
		{Event: workshop.ActionAbandoned, Stage: "Build", Action: "Test", Seconds: 3},
		{Event: workshop.ApprovalAwaited, Stage: "Deploy", Action: "Approve"},
		{Event: workshop.ActionSucceeded, Stage: "Deploy", Action: "Approve", Seconds: 60, Detail: "Looks good"},
		{Event: workshop.ExecutionSucceeded, Seconds: 30, MedianSeconds: 31},
		{Event: workshop.ExecutionFailed, Seconds: 30, Failure: failure},
		{Event: workshop.ExecutionSuperseded, Status: "Superseded"},
		{Event: workshop.ExecutionStopped, Status: "Stopped", Seconds: 7},
		{Event: workshop.ExecutionRetried},
		{Event: workshop.Answers, URL: "http://127.0.0.1:40123/lambda-url/ad7f01f9/", Detail: `answers "Hello" from commit 1234567`, Seconds: 31},
		{Event: workshop.Trouble, Detail: "list the executions of the pipeline: denied\nand more"},
		{Event: workshop.Recovered, Detail: "the pipeline can be read again"},
	}
	for i := range all {
		all[i].Time = at
		if all[i].Event != workshop.Trouble && all[i].Event != workshop.Recovered {
			all[i].Commit, all[i].Author, all[i].Message = "1234567890", "A \x1b[2JLearner", "Greet <!channel>\n\nIn full."
		}
	}
	return all
}

// TestHappening tells everything that can happen, piped and on two screens.
func TestHappening(t *testing.T) {
	for name, columns := range map[string]int{"happenings-pipe.txt": 0, "happenings-80.txt": 80, "happenings-60.txt": 60} {
		var out strings.Builder
		for _, h := range someHappenings() {
			Happening(&out, Style{}, columns, h)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		for _, line := range lines {
			if columns > 0 && text.Width(line) > columns || strings.Contains(line, "\x1b") {
				t.Errorf("%s: %q", name, line)
			}
		}
		golden(t, name, lines)
	}
}

// TestNote stands alone: whose commit, what became of it and why.
func TestNote(t *testing.T) {
	var notes []string
	for _, h := range someHappenings() {
		switch h.Event {
		case workshop.ExecutionSucceeded, workshop.ExecutionFailed, workshop.ApprovalAwaited:
			notes = append(notes, Note("mayfly default", h))
		}
	}
	golden(t, "notes.txt", notes)
}
