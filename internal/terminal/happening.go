package terminal

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/verify"
)

// Happening writes what happened as a line, with what failed below it. In a
// terminal of so many columns a line that is longer is broken, and goes on
// below its first word; with 0 it is left whole. Of stages nothing is written:
// their actions say it all.
func Happening(w io.Writer, style Style, columns int, h workshop.Happening) {
	for _, line := range happeningLines(style, columns, h) {
		writef(w, "%s\n", line)
	}
}

// hang is where the sentence begins: after the time and the commit.
const hang = len("15:04:05  1234567  ")

func happeningLines(style Style, columns int, h workshop.Happening) []string {
	switch h.Event {
	case workshop.StageStarted, workshop.StageSucceeded, workshop.StageFailed:
		return nil
	}
	said := sentence(h)
	var below []string
	if h.Failure != nil && h.Event == workshop.ActionFailed {
		for _, line := range failureLines(h.Failure) {
			if columns > 0 {
				line = text.Cut(line, columns-hang)
			}
			below = append(below, strings.Repeat(" ", hang)+style.Faint(line))
		}
	}
	if columns > 0 && hang+text.Width(said) > columns && h.URL != "" {
		below = []string{"  " + oneLine(h.URL)} // never broken, so that it can be copied
		h.URL = ""
		said = sentence(h)
	}
	sentences := []string{said}
	if columns > 0 {
		sentences = text.Wrap(said, columns-hang)
	}
	lines := make([]string, 0, len(sentences)+len(below))
	start := style.Faint(h.Time.Local().Format(time.TimeOnly)) + "  " + text.Pad(shortCommit(h), 7) + "  "
	for _, line := range sentences {
		lines = append(lines, start+paintHappening(style, h.Event, line))
		start = strings.Repeat(" ", hang)
	}
	return append(lines, below...)
}

func shortCommit(h workshop.Happening) string { return fmt.Sprintf("%.7s", h.Commit) }

// paintHappening colours a sentence by what it says.
func paintHappening(style Style, event, said string) string {
	switch event {
	case workshop.Noticed:
		return style.Bold(said)
	case workshop.ExecutionSucceeded:
		return style.Good(said)
	case workshop.ActionFailed, workshop.ExecutionFailed:
		return style.Bad(said)
	case workshop.ApprovalAwaited, workshop.Trouble, workshop.ExecutionStopped, workshop.ExecutionSuperseded:
		return style.Doubt(said)
	}
	return said
}

// sentence says what happened, without the moment and the commit's id.
func sentence(h workshop.Happening) string {
	action := what(h)
	switch h.Event {
	case workshop.Noticed:
		return noticed(h)
	case workshop.ActionStarted:
		return action + " started" + usually(h)
	case workshop.ActionSucceeded:
		return action + " succeeded" + took(h) + after(": ", h.Detail)
	case workshop.ActionFailed:
		return "✗ " + action + " failed" + took(h) + after(": ", reason(h))
	case workshop.ActionAbandoned:
		return action + " was abandoned" + took(h)
	case workshop.ApprovalAwaited:
		return "? " + action + " waits for somebody's approval"
	case workshop.ExecutionSucceeded:
		return "✓ the execution succeeded" + took(h)
	case workshop.ExecutionFailed:
		return "✗ the execution failed" + took(h)
	case workshop.ExecutionSuperseded:
		return "the execution was superseded by a newer one"
	case workshop.ExecutionStopped, workshop.ExecutionCancelled:
		return "the execution was " + strings.ToLower(h.Status) + took(h)
	case workshop.ExecutionRetried:
		return "the execution is tried again"
	case workshop.Answers:
		return live(h)
	case workshop.Trouble:
		return "? could not look: " + oneLine(h.Detail)
	}
	return oneLine(h.Detail)
}

// what is the action: with its stage, where that is not its name too.
func what(h workshop.Happening) string {
	if h.Action == h.Stage {
		return oneLine(h.Stage)
	}
	return oneLine(h.Stage + "/" + h.Action)
}

// noticed says whose commit it is and what is in it.
func noticed(h workshop.Happening) string {
	said := `noticed "` + title(h.Message) + `"`
	if h.Author != "" {
		said += " by " + oneLine(h.Author)
	}
	switch {
	case h.Seconds >= 0.001:
		said += ", " + Seconds(h.Seconds) + " after the push"
	case h.Committed != nil && h.Time.After(*h.Committed):
		said += ", committed " + ago(h.Time.Sub(*h.Committed)) + " before"
	}
	return said + after(": ", filesChanged(h.Files))
}

// ago is a time that is known to the second.
func ago(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.0f s", math.Ceil(d.Seconds()))
	}
	return Seconds(d.Seconds())
}

// mostNamed is how many files are named; the others are counted.
const mostNamed = 3

func filesChanged(files []verify.FileChange) string {
	var names []string
	for i, f := range files {
		if i == mostNamed {
			names = append(names, fmt.Sprintf("and %d more", len(files)-i))
			break
		}
		name := oneLine(f.Path)
		if f.Change != "modified" {
			name += " " + f.Change
		}
		if f.Added+f.Removed > 0 {
			name += fmt.Sprintf(" (+%d/-%d)", f.Added, f.Removed)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// live says what the live URL answers, and how long that took from the push.
func live(h workshop.Happening) string {
	said := strings.Join(strings.Fields("live: "+oneLine(h.URL)+" "+oneLine(h.Detail)), " ")
	if h.Seconds >= 0.001 {
		said += ", " + Seconds(h.Seconds) + " after the push"
	}
	return said
}

func took(h workshop.Happening) string {
	if h.Seconds <= 0 {
		return ""
	}
	said := " after "
	if h.Event == workshop.ActionSucceeded || h.Event == workshop.ExecutionSucceeded {
		said = " in "
	}
	return said + Seconds(h.Seconds) + usually(h)
}

// usually is the median of earlier executions.
func usually(h workshop.Happening) string {
	if h.MedianSeconds <= 0 {
		return ""
	}
	return ", median " + Seconds(h.MedianSeconds)
}

// reason is why it failed, without the command, which stands below it.
func reason(h workshop.Happening) string {
	if h.Failure == nil {
		return ""
	}
	said := h.Failure.Reason
	if h.Failure.Command != "" {
		said = strings.Replace(said, "Error while executing command: "+h.Failure.Command+". Reason: ", "", 1)
	}
	return oneLine(said)
}

// failureLines are the failing command and the last lines that it wrote.
func failureLines(f *verify.Failure) []string {
	var lines []string
	if f.Command != "" {
		lines = append(lines, "$ "+oneLine(f.Command))
	}
	for _, line := range f.Lines {
		lines = append(lines, "| "+oneLine(line))
	}
	return lines
}

func after(prefix, words string) string {
	if words = oneLine(words); words == "" {
		return ""
	}
	return prefix + words
}

// title is a commit message's first line.
func title(message string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	return text.Cut(oneLine(first), 60)
}

// oneLine makes one line of what others wrote, in a commit or a log.
func oneLine(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }

// Note is what happened as a text that stands alone, for a chat.
func Note(environment string, h workshop.Happening) string {
	said := fmt.Sprintf("%s, commit %s %q", environment, shortCommit(h), title(h.Message))
	if h.Author != "" {
		said += " by " + oneLine(h.Author)
	}
	said += ": " + sentence(h)
	if h.Failure != nil {
		if h.Event == workshop.ExecutionFailed {
			said += after(": ", reason(h))
		}
		for _, line := range failureLines(h.Failure) {
			said += "\n" + line
		}
	}
	return said
}
