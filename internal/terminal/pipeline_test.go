package terminal

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

func pipelines() map[string]workshop.PipelineState {
	at := func(second int) time.Time { return time.Date(2026, 11, 25, 12, 0, second, 0, time.UTC) }
	const commit, message = "1234567890abcdef", "Say hello to everybody in the room\n\nand more"
	source := workshop.StageState{
		Name: "Source", Status: "Succeeded", Commit: commit, Message: message,
		Actions: []workshop.ActionState{{Name: "Source", Status: "Succeeded", Since: at(1)}},
	}
	build := workshop.StageState{
		Name: "Build", Status: "InProgress", Commit: commit, Message: message,
		Actions: []workshop.ActionState{{Name: "Build", Status: "InProgress", Since: at(2)}},
	}
	deploy := workshop.StageState{
		Name: "Deploy", Actions: []workshop.ActionState{{Name: "ChangeSet"}, {Name: "Execute"}},
	}
	built := build
	built.Status, built.Actions = "Succeeded", []workshop.ActionState{{Name: "Build", Status: "Succeeded", Since: at(4)}}
	failed := built
	failed.Status, failed.Actions = "Failed", []workshop.ActionState{{Name: "Build", Status: "Failed", Since: at(4)}}
	approval := workshop.StageState{
		Name: "Deploy", Status: "InProgress", Commit: "fedcba9876", Message: "\x1b[31m\u202eevil", Waiting: 1, Locked: true, Reason: "frozen for the holidays",
		Actions: []workshop.ActionState{
			{Name: "ChangeSet", Status: "Succeeded", Since: at(5)},
			{Name: "Approve", Status: "InProgress", Since: at(6), Approval: true},
			{Name: "Execute"},
		},
	}
	return map[string]workshop.PipelineState{
		"nothing":    {},
		"repository": {Repository: true},
		"project":    {Repository: true, Project: true},
		"building":   {Stages: []workshop.StageState{source, build}},
		"failed":     {Stages: []workshop.StageState{source, failed, deploy}},
		"approval":   {Stages: []workshop.StageState{source, built, approval}},
		"five":       {Stages: []workshop.StageState{source, built, {Name: "Test"}, approval, {Name: "A very long stage's name"}}},
	}
}

func TestPipeline(t *testing.T) {
	for name, state := range pipelines() {
		for _, width := range []int{80, 60, 40} {
			lines := Pipeline(Style{}, state, width)
			golden(t, fmt.Sprintf("pipeline-%s-%d.txt", name, width), lines)
			for _, line := range lines {
				if text.Width(line) > width {
					t.Errorf("%s: %d columns in %d: %s", name, text.Width(line), width, line)
				}
			}
			if all := strings.Join(lines, ""); strings.ContainsAny(all, "\x1b\u202e") {
				t.Errorf("%s: text from outside acts: %q", name, all)
			}
			// Colour adds nothing but colour.
			painted := strings.Join(Pipeline(Style{on: true}, state, width), "\n")
			if !strings.Contains(painted, "\x1b[") || Clean(painted) != strings.Join(lines, "\n") {
				t.Errorf("%s in colour:\n%s", name, painted)
			}
		}
	}
}
