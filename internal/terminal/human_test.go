package terminal

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/verify"
)

// told gives a reporter events, a second apart each.
func told(h *Human, events ...workshop.Event) {
	for i, e := range events {
		e.Time = time.Date(2026, 11, 25, 12, 0, i, 0, time.UTC)
		h.Report(e)
	}
}

func taskEvent(of, name, status, detail string, seconds float64) workshop.Event {
	return workshop.Event{Event: workshop.TaskChanged, Of: of, Task: name, Status: status, Detail: detail, Seconds: seconds}
}

func working(text string) workshop.Event {
	return workshop.Event{Event: workshop.Working, Detail: text}
}

// story is a phase as it is told: a stack, a push, a build that fails.
func story() []workshop.Event {
	const stack, build = "stack mayfly-default-abc234-pipeline", "build 1a2b3c4d"
	events := []workshop.Event{
		{Event: workshop.PhaseStart, Detail: "2. CodeBuild: Builds... can't someone else do it?"},
		{Event: workshop.StepStart, Step: "Make the project", Detail: "It says which machine builds what, and as whom."},
		taskEvent(stack, stack, "CREATE_IN_PROGRESS", "", 0),
		working("CREATE_IN_PROGRESS AWS::CloudFormation::Stack mayfly-default-abc234-pipeline"),
		taskEvent(stack, "BuildRole", "CREATE_IN_PROGRESS", "", 0),
		working("CREATE_IN_PROGRESS AWS::IAM::Role BuildRole"),
		taskEvent(stack, "BuildRole", "CREATE_COMPLETE", "", 0.4),
		taskEvent(stack, stack, "CREATE_COMPLETE", "", 2.5),
		{Event: workshop.CheckDone, State: verify.Passed, Detail: "the project builds in aws/codebuild/standard:7.0"},
		{Event: workshop.StepStart, Step: "Build once", Detail: "Nothing starts a build yet but you."},
		working("git push origin main (1234567 hello)"),
		taskEvent(build, build, "IN_PROGRESS", "", 0),
		taskEvent(build, "SUBMITTED", "SUCCEEDED", "", 0),
		taskEvent(build, "BUILD", "IN_PROGRESS", "", 0),
	}
	for i := range 12 {
		events = append(events, workshop.Event{Event: workshop.LogLine, Of: build, Detail: fmt.Sprintf("line %d \x1b[31mred\x1b[0m", i)})
	}
	return append(events,
		taskEvent(build, "BUILD", "FAILED", "COMMAND_EXECUTION_ERROR: exit status 1", 3.25),
		taskEvent(build, build, "FAILED", "", 4),
		workshop.Event{Event: workshop.MachineGone, Detail: "This machine lived 4.0 s."},
		workshop.Event{Event: workshop.CheckDone, State: verify.Wrong, Detail: "build 1 is FAILED", Expected: "the newest build SUCCEEDED", Fix: "git push origin main"},
	)
}

func humanOn(s *screen, verbose bool) *Human {
	h := NewHuman(&Streams{Err: s, ErrTerminal: true, noColor: true}, verbose)
	h.live = s.live()
	return h
}

// TestHumanInPlace tells the story on screens of three widths, and compares what stays.
func TestHumanInPlace(t *testing.T) {
	for _, columns := range []int{80, 60, 40} {
		s := newScreen(columns, 60)
		h := humanOn(s, false)
		told(h, story()...)
		h.Done()
		golden(t, fmt.Sprintf("human-%d.txt", columns), s.lines())
		for _, line := range s.lines() {
			if text.Width(line) >= columns && !strings.Contains(line, "fix:") {
				t.Errorf("%d columns: %q", columns, line)
			}
		}
	}
}

// TestHumanWhileItWorks looks at the region itself, folded and unfolded.
func TestHumanWhileItWorks(t *testing.T) {
	s := newScreen(80, 24)
	h := humanOn(s, false)
	h.board.keys = true
	told(h, story()[:26]...)
	h.draw()
	golden(t, "working-folded.txt", s.lines())
	h.key('x')
	h.key('l')
	golden(t, "working-unfolded.txt", s.lines())
	h.key('l')
	h.key('L')
	h.key('L')
	golden(t, "working-folded.txt", s.lines())
	h.Done()
}

// TestManyTasksFit lists more resources than the screen has rows: those that run are seen.
func TestManyTasksFit(t *testing.T) {
	s := newScreen(60, 12)
	h := humanOn(s, false)
	for i := range 30 {
		told(h, taskEvent("stack s", fmt.Sprintf("Resource%02d", i), "CREATE_COMPLETE", "", 1))
	}
	told(h, taskEvent("stack s", "Slow", "CREATE_IN_PROGRESS", "", 0))
	got := strings.Join(s.lines(), "\n")
	if len(s.lines()) > 11 || !strings.Contains(got, "more are done") || !strings.Contains(got, "Slow") || !strings.Contains(got, "stack s") {
		t.Errorf("the screen shows %d lines:\n%s", len(s.lines()), got)
	}
	h.Done()
}

// TestHumanKeepsTime lets the clock run while nothing is told.
func TestHumanKeepsTime(t *testing.T) {
	s := newScreen(80, 24)
	h := humanOn(s, false)
	told(h, taskEvent("stack s", "Slow", "CREATE_IN_PROGRESS", "", 0))
	h.mu.Lock()
	h.board.passed(7 * time.Second)
	h.draw()
	h.mu.Unlock()
	if got := strings.Join(s.lines(), "\n"); !strings.Contains(got, "7.") {
		t.Errorf("after seven seconds:\n%s", got)
	}
	h.Done()
	if h.ticking != nil {
		t.Error("the clock runs on")
	}
}

// TestHumanWithoutRedraw tells the story to a pipe, to a screen reader and to who wants all.
func TestHumanWithoutRedraw(t *testing.T) {
	for name, test := range map[string]struct {
		plain, verbose bool
	}{"pipe": {}, "plain": {plain: true}, "verbose": {verbose: true}} {
		var out bytes.Buffer
		s := &Streams{Err: &out}
		if test.plain {
			s.ErrTerminal = true
			s.Plain()
		}
		h := NewHuman(s, test.verbose)
		told(h, story()...)
		h.Done()
		if strings.ContainsAny(out.String(), "\x1b\r") {
			t.Errorf("%s: escapes: %q", name, out.String())
		}
		golden(t, "human-"+name+".txt", strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"))
	}
}

func TestStateOf(t *testing.T) {
	for status, want := range map[string]taskState{
		"CREATE_IN_PROGRESS": stateRunning, "CREATE_COMPLETE": stateGood, "CREATE_FAILED": stateBad,
		"UPDATE_ROLLBACK_COMPLETE": stateBad, "ROLLBACK_IN_PROGRESS": stateRunning, "DELETE_COMPLETE": stateGood,
		"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": stateRunning, "DELETE_SKIPPED": stateGood, "DELETE_FAILED": stateBad,
		"SUCCEEDED": stateGood, "FAILED": stateBad, "FAULT": stateBad, "TIMED_OUT": stateBad, "STOPPED": stateBad,
		"IN_PROGRESS": stateRunning, "QUEUED": stateRunning, "InProgress": stateRunning, "Succeeded": stateGood,
		"Failed": stateBad, "Abandoned": stateBad, "Superseded": stateBad, "Cancelled": stateBad, "": stateRunning,
	} {
		if got := stateOf(status); got != want {
			t.Errorf("%s: %v, want %v", status, got, want)
		}
	}
}

// TestFailedStaysFailed keeps the mark and the reason of a resource that CloudFormation deletes after it failed.
func TestFailedStaysFailed(t *testing.T) {
	var b board
	b.task(taskEvent("stack s", "Bucket", "CREATE_FAILED", "it exists", 1))
	task, changed := b.task(taskEvent("stack s", "Bucket", "DELETE_COMPLETE", "", 1))
	if !changed || task.state() != stateBad || task.reason != "it exists" {
		t.Errorf("%+v", task)
	}
	if _, changed := b.task(taskEvent("stack s", "Bucket", "DELETE_COMPLETE", "", 1)); changed {
		t.Error("the same is told as a change")
	}
}
