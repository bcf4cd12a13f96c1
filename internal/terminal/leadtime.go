package terminal

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

// LeadTimes draws every execution as a row with a bar, the oldest first, and
// the medians of those that succeeded below, in at most so many columns.
func LeadTimes(w io.Writer, style Style, columns int, times []workshop.LeadTime) {
	if len(times) == 0 {
		writef(w, "No commit has gone through the pipeline yet.\n")
		return
	}
	medians := workshop.MediansOf(times)
	t := newLeadTable(times, medians, columns)
	writef(w, "%s\n", style.Bold(strings.TrimRight(t.heading(), " ")))
	for _, r := range t.rows {
		if r.median && !t.ruled {
			t.ruled = true
			writef(w, "\n")
		}
		writef(w, "%s\n", strings.TrimRight(t.line(style, r), " "))
	}
	writef(w, "\n")
	for _, sentence := range footnotes(medians) {
		for _, line := range text.Wrap(sentence, columns) {
			writef(w, "%s\n", style.Faint(line))
		}
	}
}

// leadRow is a row: an execution, or a median of several.
type leadRow struct {
	cells   []string
	seconds workshop.LeadSeconds
	// failed says that it did not succeed.
	failed, median bool
}

// leadTable is the rows and how wide each column is.
type leadTable struct {
	rows    []leadRow
	names   []string
	widths  []int
	bar     int
	longest float64
	ruled   bool
}

// The columns, in order. Those that are left out where there is little room
// are still in the bar.
const (
	columnCommit = iota
	columnCache
	columnTotal
	columnSource
	columnBuild
	columnDeploy
)

// leastBar is how wide the longest bar is at least, while there are columns to be left out.
const leastBar = 18

// mostBar is how wide it is at most.
const mostBar = 60

// between stands between two columns.
const between = "  "

func newLeadTable(times []workshop.LeadTime, medians workshop.Medians, columns int) *leadTable {
	t := &leadTable{names: []string{"commit", "cache", "total", "source", "build", "deploy"}}
	for _, lead := range times {
		total := Seconds(lead.Seconds.Total)
		switch {
		case lead.Status == "Failed":
			total = "✗ failed"
		case !lead.Succeeded():
			total = strings.ToLower(lead.Status)
		}
		t.add(fmt.Sprintf("%.7s", cmp.Or(lead.Commit, "-")), string(lead.Cache), total, lead.Seconds)
		t.rows[len(t.rows)-1].failed = !lead.Succeeded()
	}
	for _, m := range []struct {
		name string
		of   *workshop.Median
	}{{"cached", medians.Cached}, {"uncached", medians.Uncached}, {"all", medians.Overall}} {
		if m.of == nil {
			continue
		}
		t.add("median", m.name, Seconds(m.of.Seconds.Total), m.of.Seconds)
		t.rows[len(t.rows)-1].median = true
	}
	t.measure()
	for _, spare := range []int{columnSource, columnDeploy, columnBuild} {
		if t.bar = columns - t.fixed(); t.bar >= leastBar {
			break
		}
		t.widths[spare] = 0
	}
	t.bar = min(max(columns-t.fixed(), 0), mostBar)
	return t
}

func (t *leadTable) add(commit, cache, total string, s workshop.LeadSeconds) {
	t.rows = append(t.rows, leadRow{
		cells: []string{commit, cache, total, Seconds(s.Source), Seconds(s.Build), Seconds(s.Deploy)}, seconds: s,
	})
	t.longest = max(t.longest, s.Total)
}

func (t *leadTable) measure() {
	t.widths = make([]int, len(t.names))
	for i, name := range t.names {
		t.widths[i] = text.Width(name)
		for _, r := range t.rows {
			t.widths[i] = max(t.widths[i], text.Width(r.cells[i]))
		}
	}
}

// fixed is how many columns stand before the bars.
func (t *leadTable) fixed() (sum int) {
	for _, width := range t.widths {
		if width > 0 {
			sum += width + len(between)
		}
	}
	return sum
}

func (t *leadTable) heading() string { return t.cells(t.names) }

// cells sets a row's cells in their columns: words to the left, times to the right.
func (t *leadTable) cells(cells []string) string {
	var b strings.Builder
	for i, cell := range cells {
		switch {
		case t.widths[i] == 0:
			continue
		case i < columnTotal:
			b.WriteString(text.Pad(cell, t.widths[i]))
		default:
			b.WriteString(strings.Repeat(" ", t.widths[i]-text.Width(cell)) + cell)
		}
		b.WriteString(between)
	}
	return b.String()
}

func (t *leadTable) line(style Style, r leadRow) string {
	cells, bar := t.cells(r.cells), leadBar(style, r.seconds, t.longest, t.bar)
	switch {
	case r.failed:
		return style.Bad(cells) + bar
	case r.median:
		return style.Bold(cells) + bar
	}
	return cells + bar
}

// legend says what the signs of a bar mean: they differ without their colours.
const legend = "bars: · waiting, ░ source, ▓ the build's machine, █ its commands, ▒ deploy; from the push to the end"

// leadBar is a lead time as a bar; its length is to that of the bar of the
// longest as the times are. What was reached at all is seen.
func leadBar(style Style, s workshop.LeadSeconds, longest float64, columns int) string {
	if longest == 0 {
		return ""
	}
	machine := max(s.Build-s.Commands, 0)
	stages := max(s.Total-s.Noticed-s.Source-s.Build-s.Approval-s.Deploy, 0)
	parts := []struct {
		seconds float64
		sign    string
		paint   func(string) string
	}{
		{s.Noticed, "·", style.Faint},
		{s.Source, "░", style.Command},
		{machine, "▓", style.Doubt},
		{s.Build - machine, "█", style.Good},
		{s.Approval, "·", style.Faint},
		{s.Deploy, "▒", style.Bold},
		{stages, "", style.Faint}, // between the stages: milliseconds, and blank
	}
	lengths := make([]int, len(parts))
	sum := 0
	for i, p := range parts {
		lengths[i] = int(p.seconds/longest*float64(columns) + 0.5)
		if p.seconds > 0 && p.sign != "" {
			lengths[i] = max(lengths[i], 1)
		}
		sum += lengths[i]
	}
	for ; sum > columns; sum-- {
		lengths[slices.Index(lengths, slices.Max(lengths))]--
	}
	var b strings.Builder
	for i, p := range parts {
		if lengths[i] > 0 {
			b.WriteString(p.paint(strings.Repeat(p.sign, lengths[i])))
		}
	}
	return b.String()
}

// footnotes say what the table means.
func footnotes(m workshop.Medians) []string {
	notes := []string{legend}
	if m.Overall == nil {
		return append(notes, "No execution has succeeded yet: there is no median.")
	}
	count := fmt.Sprintf("Medians of the %s that succeeded", plural(m.Overall.Executions, "execution"))
	if m.Cached != nil && m.Uncached != nil {
		count += fmt.Sprintf(", %d cached and %d not", m.Cached.Executions, m.Uncached.Executions)
	}
	notes = append(notes, count+".")
	if waited := m.Overall.Seconds.Waited; waited >= 1 {
		notes = append(notes, "Before the push a commit waited "+Seconds(waited)+" (median); that is not counted.")
	}
	return notes
}

func plural(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Fold breaks a sentence into lines of at most so many columns.
func Fold(sentence string, columns int) string {
	return strings.Join(text.Wrap(Clean(sentence), columns), "\n")
}
