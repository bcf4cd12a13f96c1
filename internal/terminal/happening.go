package terminal

import (
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/verify"
)

// Happening writes what happened as a line, with what failed below it. Of
// stages nothing is written: their actions say it all.
func Happening(w io.Writer, style Style, h workshop.Happening) {
	switch h.Event {
	case workshop.StageStarted, workshop.StageSucceeded, workshop.StageFailed:
		return
	}
	commit := shortCommit(h)
	writef(w, "%s  %-7s  %s\n", style.Faint(h.Time.Local().Format(time.TimeOnly)), commit, paintHappening(style, h))
	if h.Failure == nil || h.Event != workshop.ActionFailed {
		return
	}
	for _, line := range failureLines(h.Failure) {
		writef(w, "    %s\n", style.Faint(line))
	}
}

func shortCommit(h workshop.Happening) string { return fmt.Sprintf("%.7s", h.Commit) }

// paintHappening is the sentence, coloured by what it says.
func paintHappening(style Style, h workshop.Happening) string {
	text := sentence(h)
	switch h.Event {
	case workshop.Noticed:
		return style.Bold(text)
	case workshop.ExecutionSucceeded:
		return style.Good(text)
	case workshop.ActionFailed, workshop.ExecutionFailed:
		return style.Bad(text)
	case workshop.ApprovalAwaited, workshop.Trouble, workshop.ExecutionStopped, workshop.ExecutionSuperseded:
		return style.Doubt(text)
	}
	return text
}

// sentence says what happened, without the moment and the commit's id.
func sentence(h workshop.Happening) string {
	what := h.Stage
	if h.Action != "" && h.Action != h.Stage {
		what += "/" + h.Action
	}
	switch h.Event {
	case workshop.Noticed:
		return noticed(h)
	case workshop.ActionStarted:
		return what + " started"
	case workshop.ActionSucceeded:
		return what + " succeeded" + took(h) + prefixed(": ", h.Detail)
	case workshop.ActionFailed:
		return "✗ " + what + " failed" + took(h) + prefixed(": ", reason(h))
	case workshop.ActionAbandoned:
		return what + " was abandoned" + took(h)
	case workshop.ApprovalAwaited:
		return "? " + what + " waits for somebody's approval"
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

// noticed says whose commit it is and what is in it.
func noticed(h workshop.Happening) string {
	text := `noticed "` + title(h.Message) + `"`
	if h.Author != "" {
		text += " by " + oneLine(h.Author)
	}
	switch {
	case h.Seconds > 0:
		text += ", " + Seconds(h.Seconds) + " after the push"
	case h.Committed != nil && h.Time.After(*h.Committed):
		text += ", committed " + Seconds(math.Ceil(h.Time.Sub(*h.Committed).Seconds())) + " before" // Git counts seconds
	}
	return text + prefixed(": ", filesChanged(h.Files))
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
			name += fmt.Sprintf(" (+%d -%d)", f.Added, f.Removed)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// live says what the live URL answers, and how long that took from the push.
func live(h workshop.Happening) string {
	text := "live: " + h.URL + " " + oneLine(h.Detail)
	if h.Seconds > 0 {
		text += ", " + Seconds(h.Seconds) + " after the push"
	}
	return text
}

func took(h workshop.Happening) string {
	if h.Seconds <= 0 {
		return ""
	}
	text := " in "
	if h.Event == workshop.ActionFailed || h.Event == workshop.ExecutionFailed {
		text = " after "
	}
	text += Seconds(h.Seconds)
	if h.MedianSeconds > 0 {
		text += ", median " + Seconds(h.MedianSeconds)
	}
	return text
}

func reason(h workshop.Happening) string {
	if h.Failure == nil {
		return ""
	}
	return oneLine(h.Failure.Reason)
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

func prefixed(prefix, text string) string {
	if text = oneLine(text); text == "" {
		return ""
	}
	return prefix + text
}

// title is a commit message's first line.
func title(message string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	return cut(oneLine(first), 60)
}

// oneLine makes of anything one line that a terminal only shows: what others
// wrote, in a commit or a log, moves no cursor and changes no colour.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, withoutEscapes(text)))
}

// Note is what happened as a text that stands alone, for a chat.
func Note(environment string, h workshop.Happening) string {
	text := fmt.Sprintf("%s, commit %s %q", environment, shortCommit(h), title(h.Message))
	if h.Author != "" {
		text += " by " + oneLine(h.Author)
	}
	text += ": " + sentence(h)
	if h.Failure != nil {
		if h.Event == workshop.ExecutionFailed {
			text += prefixed(": ", reason(h))
		}
		for _, line := range failureLines(h.Failure) {
			text += "\n" + line
		}
	}
	return text
}

// escapes are the sequences with which programs colour words and move the cursor.
var escapes = regexp.MustCompile(`\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)?`)

func withoutEscapes(text string) string { return escapes.ReplaceAllString(text, "") }
