package terminal

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/text"
)

// Live is a region of lines at the end of what a terminal shows, drawn again
// in place as they change. Only lines that changed are written. The region is
// never higher than the terminal less one row, nor wider than it less one
// column, so that it neither scrolls nor wraps. Where nothing can change in
// place each line that is new is written once, as it comes.
//
// It is for one goroutine at a time.
type Live struct {
	out    io.Writer
	size   func() (columns, rows int)
	redraw bool
	// shown is the region as it stands on the screen, the cursor being below it.
	shown         []string
	columns, rows int
}

// NewLive returns an empty region on stderr.
func NewLive(s *Streams) *Live {
	return &Live{out: s.Err, size: s.ErrSize, redraw: s.Redraw()}
}

// Room is how many columns and rows a drawing may have just now.
func (l *Live) Room() (columns, rows int) {
	columns, rows = l.size()
	return max(columns-1, 1), max(rows-1, 1)
}

// Draw shows these lines in place of those before. Where there are too many
// the first ones are left out.
func (l *Live) Draw(lines []string) {
	if !l.redraw {
		for _, line := range lines {
			if !slices.Contains(l.shown, line) {
				writef(l.out, "%s\n", line)
			}
		}
		l.shown = slices.Clone(lines)
		return
	}
	lines = l.fit(lines)
	if columns, rows := l.size(); columns != l.columns || rows != l.rows {
		l.write(up(l.reflowed(columns)) + "\x1b[J" + whole(lines))
		l.shown, l.columns, l.rows = lines, columns, rows
		return
	}
	l.write(l.changes(lines))
	l.shown = lines
}

// Print writes lines that stay, above the region.
func (l *Live) Print(lines ...string) {
	if !l.redraw || len(l.shown) == 0 {
		l.write(joined(lines))
		return
	}
	columns, rows := l.size()
	region := l.fit(l.shown)
	l.write(up(l.reflowed(columns)) + "\x1b[J" + whole(lines) + whole(region))
	l.shown, l.columns, l.rows = region, columns, rows
}

// Clear takes the region off the screen.
func (l *Live) Clear() {
	if l.redraw && len(l.shown) > 0 {
		columns, _ := l.size()
		l.write(up(l.reflowed(columns)) + "\x1b[J")
	}
	l.shown = nil
}

// Done leaves the region as it stands: what is drawn next stands below.
func (l *Live) Done() { l.shown = nil }

func (l *Live) fit(lines []string) []string {
	columns, rows := l.Room()
	fitting := make([]string, 0, rows)
	for _, line := range lines[max(len(lines)-rows, 0):] {
		fitting = append(fitting, text.Cut(line, columns))
	}
	return fitting
}

// changes moves from the cursor below the region through the lines that
// differ, and ends below the new region.
func (l *Live) changes(lines []string) string {
	var b strings.Builder
	at := len(l.shown) // the line that the cursor is in, always in its first column
	move := func(to int) {
		if to < at {
			b.WriteString(up(at - to))
		} else if to > at {
			b.WriteString(strings.Repeat("\n", to-at))
		}
		at = to
	}
	for i, line := range lines {
		if i < len(l.shown) && l.shown[i] == line {
			continue
		}
		move(i)
		b.WriteString(line)
		if i < len(l.shown) {
			b.WriteString("\x1b[K")
		}
		b.WriteString("\r\n")
		at++
	}
	move(len(lines))
	if len(lines) < len(l.shown) {
		b.WriteString("\x1b[J")
	}
	return b.String()
}

// reflowed is how many rows the region fills where the terminal has as many
// columns now: one that became narrower has broken the lines anew.
func (l *Live) reflowed(columns int) int {
	rows := 0
	for _, line := range l.shown {
		rows += max((text.Width(line)+columns-1)/max(columns, 1), 1)
	}
	return rows
}

func up(rows int) string {
	if rows == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA", rows)
}

func (l *Live) write(s string) {
	if s != "" {
		writef(l.out, "%s", s)
	}
}

func whole(lines []string) string { return strings.ReplaceAll(joined(lines), "\n", "\r\n") }

func joined(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}
