package terminal

import (
	"fmt"
	"io"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/verify"
)

// Seconds is a duration as people say it.
func Seconds(s float64) string {
	switch {
	case s <= 0:
		return "-"
	case s < 0.1:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 10:
		return fmt.Sprintf("%.1f s", s)
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	default:
		return fmt.Sprintf("%.0f min %02.0f s", float64(int(s)/60), float64(int(s)%60))
	}
}

// Status shows where the learner is, and the one thing to do next.
// Checks that passed are told where verbose asks for them. In a terminal of so
// many columns a sentence that is longer is broken; with 0 it is left whole.
func Status(w io.Writer, style Style, columns int, s workshop.Status, verbose bool) {
	seen := map[string]bool{}
	writef(w, "Environment %s (%s), account %s in %s\n", style.Bold(s.Environment), s.ID, s.Account, s.Region)
	writef(w, "Working copy %s\n", Clean(s.WorkDir))
	if s.LiveURL != "" {
		writef(w, "Live         %s\n", Clean(s.LiveURL))
	}
	writef(w, "\n")
	if c := s.WorkingCopy; c != nil && (c.State != verify.Passed || verbose) {
		statusChecks(w, style, columns, []workshop.CheckStatus{*c}, seen, verbose)
		writef(w, "\n")
	}
	for _, p := range s.Phases {
		word := strings.ReplaceAll(string(p.State), "-", " ")
		switch p.State {
		case workshop.StateDone:
			word = style.Good("✓ " + word)
		case workshop.StateToDo:
			word = style.Faint("· " + word)
		case workshop.StateStarted, workshop.StateUnderWay:
			word = style.Doubt("… " + word)
		case workshop.StateUnknown:
			word = style.Doubt("? " + word)
		}
		writef(w, "  %d  %-22s %s\n", p.Number, p.Title, word)
		if p.State != workshop.StateDone && p.State != workshop.StateToDo || verbose {
			statusChecks(w, style, columns, p.Checks, seen, verbose)
		}
	}
	if len(s.LeadTimes) > 0 {
		last := s.LeadTimes[len(s.LeadTimes)-1]
		writef(w, "\nThe last commit took %s through the pipeline.\n", Seconds(last.Seconds.Total))
	}
	if s.Cost.USD > 0 {
		writef(w, "At AWS's list price all this would be $%.2f so far.\n", s.Cost.USD)
	}
	writef(w, "\nNext: %s\n%s", style.Command(Clean(s.Next.Command)), joined(hanging("      ", nil, s.Next.Why, columns)))
}

// statusChecks shows a phase's checks. What an earlier phase said already is not said again.
func statusChecks(w io.Writer, style Style, columns int, checks []workshop.CheckStatus, seen map[string]bool, verbose bool) {
	for _, c := range checks {
		if c.State == verify.Passed && !verbose {
			continue
		}
		if seen[c.Observed] && !verbose {
			writef(w, "       %s the same as above\n", Mark(style, c.State))
			continue
		}
		seen[c.Observed] = true
		writef(w, "%s", joined(hanging("       "+Mark(style, c.State)+" ", nil, c.Observed, columns)))
		if c.Fix != "" {
			writef(w, "         fix: %s\n", style.Command(Clean(c.Fix)))
		}
	}
}

// Plan shows what a teardown would delete.
func Plan(w io.Writer, style Style, p *workshop.Plan) {
	if p.Empty() {
		writef(w, "There is nothing of this environment to delete.\n")
	} else {
		writef(w, "%s\n", style.Bold("This goes, in this order:"))
	}
	for _, stack := range p.Stacks {
		for _, bucket := range p.Buckets[stack.ARN] {
			writef(w, "  empty bucket %s\n", Clean(bucket))
		}
		writef(w, "  stack %s\n", Clean(stack.Name))
	}
	for _, other := range p.NotOurs {
		writef(w, "  left alone: %s %s: %s\n", Clean(other.Kind), Clean(other.Name), Clean(other.Why))
	}
}

// Receipt shows what a teardown left behind.
func Receipt(w io.Writer, style Style, r workshop.Receipt) {
	kinds := map[string]int{}
	var order []string
	for _, item := range r.Deleted {
		if kinds[item.Kind] == 0 {
			order = append(order, item.Kind)
		}
		kinds[item.Kind]++
	}
	writef(w, "%s\n", style.Bold("Receipt"))
	for _, kind := range order {
		writef(w, "  %s %3d %s\n", style.Good("gone"), kinds[kind], Clean(kind))
	}
	for _, item := range r.Remaining {
		writef(w, "  %s %s %s: %s\n", style.Bad("still there"), Clean(item.Kind), Clean(item.Name), Clean(item.Why))
	}
	for _, item := range r.NotOurs {
		writef(w, "  %s %s %s: %s\n", style.Doubt("not ours"), Clean(item.Kind), Clean(item.Name), Clean(item.Why))
	}
	if r.OK {
		writef(w, "  A fresh look finds nothing of this environment.\n")
	}
}

// DiffLine is a line of a unified diff.
func DiffLine(style Style, line string) string {
	said, end := strings.CutSuffix(line, "\n")
	switch {
	case strings.HasPrefix(said, "+"):
		said = style.Good(said)
	case strings.HasPrefix(said, "-"):
		said = style.Bad(said)
	case strings.HasPrefix(said, "@@"):
		said = style.Faint(said)
	}
	if end {
		said += "\n"
	}
	return said
}

// Checks lays out the answers of checks in at most so many columns: the first
// that does not hold with what was expected and the fix, those after it by
// their sign and what was observed. A fix is never broken, so that it can be copied.
func Checks(style Style, checks []workshop.CheckStatus, columns int) []string {
	var lines []string
	troubled := false
	for _, c := range checks {
		lines = append(lines, hanging("  "+Mark(style, c.State)+" ", nil, c.Observed, columns)...)
		if c.State == verify.Passed || troubled {
			continue
		}
		troubled = true
		if c.Expected != "" {
			lines = append(lines, hanging("    expected: ", nil, c.Expected, columns)...)
		}
		if c.Fix != "" {
			lines = append(lines, "    fix:      "+style.Command(Clean(c.Fix)))
		}
	}
	return lines
}

// hanging breaks a sentence whose further lines stand below its first word.
// With 0 columns it is one line, whatever it holds.
func hanging(first string, paint func(string) string, sentence string, columns int) []string {
	indent := text.Width(first)
	lines := []string{strings.ReplaceAll(Clean(sentence), "\n", " ")}
	if columns > 0 {
		lines = text.Wrap(Clean(sentence), columns-indent)
	}
	for i, line := range lines {
		if paint != nil {
			line = paint(line)
		}
		lines[i] = first + line
		first = strings.Repeat(" ", indent)
	}
	return lines
}
