package terminal

import (
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

// task is one of the things that a long work consists of.
type task struct {
	of, name, status string
	// reason says why it failed.
	reason       string
	failed       bool
	began, ended time.Time
	// seconds is how long it took, once it has ended.
	seconds float64
}

// noticeable is how long something takes that is worth a word, in seconds.
const noticeable = 0.1

// taskState is how a task stands.
type taskState int

const (
	stateRunning taskState = iota
	stateGood
	stateBad
)

// stateOf reads how a thing stands from CloudFormation's, CodeBuild's or CodePipeline's word for it.
func stateOf(status string) taskState {
	s := strings.ToUpper(strings.ReplaceAll(status, "_", ""))
	switch {
	case strings.HasSuffix(s, "INPROGRESS"):
		return stateRunning
	case strings.HasSuffix(s, "ROLLBACKCOMPLETE"):
		return stateBad
	case strings.HasSuffix(s, "COMPLETE"), s == "SUCCEEDED", s == "DELETESKIPPED":
		return stateGood
	}
	for _, bad := range []string{"FAILED", "FAULT", "TIMEDOUT", "STOPPED", "ABANDONED", "CANCELLED", "SUPERSEDED"} {
		if strings.HasSuffix(s, bad) {
			return stateBad
		}
	}
	return stateRunning
}

// state is that of the status. What failed once stays so: CloudFormation
// deletes it afterwards, and succeeds.
func (t *task) state() taskState {
	if t.failed {
		return stateBad
	}
	return stateOf(t.status)
}

// change takes an event in and tells whether anything changed.
func (t *task) change(e workshop.Event) bool {
	status := Clean(e.Status)
	if t.status == status {
		return false
	}
	t.status = status
	switch stateOf(status) {
	case stateRunning:
		t.ended = time.Time{}
		return true
	case stateBad:
		t.failed = true
		if t.reason == "" {
			t.reason = strings.TrimSpace(Clean(e.Detail))
		}
	case stateGood:
	}
	t.ended, t.seconds = e.Time, e.Seconds
	if t.seconds == 0 {
		t.seconds = max(t.ended.Sub(t.began).Seconds(), 0)
	}
	return true
}

// worthTelling tells whether a person who reads only a few lines wants this one.
func (t *task) worthTelling() bool {
	isPhase := strings.HasPrefix(t.of, "build ")
	return t.state() == stateBad && !t.ended.IsZero() || t.state() == stateGood && (!isPhase || t.seconds >= noticeable)
}

// The columns of a task's line, where there is room.
const (
	nameColumns   = 34
	statusColumns = 18
	tookColumns   = len("119 s") + 1
	// fewColumns are the least that a name or a status is shown in.
	fewColumns = 9
)

// line is the task in at most so many columns: sign, name, AWS's word for how it stands, time.
func (t *task) line(style Style, columns int, now time.Time) string {
	sign := t.sign(style)
	seconds := t.seconds
	if t.ended.IsZero() {
		seconds = now.Sub(t.began).Seconds()
	}
	took := ""
	if seconds >= 0.0005 {
		took = Seconds(seconds)
	}
	status := t.status
	if status == "" {
		status = "-"
	}
	room := columns - 2 - 1 - max(text.Width(took), tookColumns)
	wanted := nameColumns
	if t.of != "" {
		wanted -= 2 // it stands below its group, and that far to the right
	}
	names := min(wanted, max(room-1-max(text.Width(status), statusColumns), fewColumns))
	rest := room - names - 1
	if rest < fewColumns { // the sign alone says how it stands
		return strings.TrimRight(sign+" "+text.Pad(text.CutMiddle(t.name, room), room)+" "+took, " ")
	}
	rest = min(rest, max(text.Width(status), statusColumns))
	return strings.TrimRight(sign+" "+text.Pad(text.CutMiddle(t.name, names), names)+" "+
		text.Pad(text.Cut(status, rest), rest)+" "+took, " ")
}

// lines is the task's line and, where it failed, why.
func (t *task) lines(style Style, columns int, now time.Time) []string {
	lines := []string{t.line(style, columns, now)}
	if t.state() != stateBad || t.reason == "" {
		return lines
	}
	for _, line := range text.Wrap(t.reason, columns-2) {
		lines = append(lines, "  "+style.Bad(line))
	}
	return lines
}

// sentence is the task where it stands alone: whole, and nothing in columns.
func (t *task) sentence(style Style) string {
	s := t.sign(style) + " " + t.name + ": " + t.status
	if t.seconds > 0 && !t.ended.IsZero() {
		s += ", " + Seconds(t.seconds)
	}
	if t.state() == stateBad && t.reason != "" {
		s += ": " + t.reason
	}
	return s
}

func (t *task) sign(style Style) string {
	switch t.state() {
	case stateGood:
		return style.Good("✓")
	case stateBad:
		return style.Bad("✗")
	case stateRunning:
	}
	return style.Doubt("…")
}
