package terminal

import (
	"math"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/text"
)

// span is a word for how long something takes.
type span struct {
	name    string
	seconds float64
}

// spans are the marks of the scale, from the left to the right.
var spans = []span{
	{"month", 30 * 24 * 3600},
	{"week", 7 * 24 * 3600},
	{"day", 24 * 3600},
	{"hour", 3600},
	{"minute", 60},
	{"second", 1},
}

// along is where a duration stands on the scale, from 0 for a month to 1 for
// a second; what is longer or shorter stands at its end.
func along(seconds float64) float64 {
	longest := math.Log(spans[0].seconds)
	return min(max((longest-math.Log(max(seconds, 1)))/longest, 0), 1)
}

// said finds the span that an answer such as "a week" names.
func said(answer string) (span, bool) {
	for _, s := range spans {
		if strings.Contains(strings.ToLower(answer), s.name) {
			return s, true
		}
	}
	return span{}, false
}

// Scale draws how long a commit takes to production: what was answered, such
// as "a week", and what was measured. An answer that names no span of the
// scale is left out, and so is a measurement of no seconds.
func Scale(style Style, seconds float64, answered string, width int) []string {
	columns := max(width-4, 24)
	at := func(seconds float64) int { return int(along(seconds)*float64(columns-1) + 0.5) }
	axis := []rune(strings.Repeat("─", columns))
	for _, s := range spans {
		axis[at(s.seconds)] = '┼'
	}
	var lines []string
	if s, ok := said(answered); ok {
		lines = append(lines, pointed("you said: "+Clean(answered), at(s.seconds), columns), pointed("v", at(s.seconds), columns))
	}
	lines = append(lines, string(axis))
	lines = append(lines, marks(at, columns)...)
	if seconds > 0 {
		lines = append(lines, pointed("^", at(seconds), columns), pointed("you are here: "+Seconds(seconds), at(seconds), columns))
	}
	for i, line := range lines {
		if strings.Contains(line, "you ") {
			mark := strings.TrimLeft(line, " ")
			line = line[:len(line)-len(mark)] + style.Bold(mark)
		}
		lines[i] = "  " + line
	}
	return lines
}

// marks names the spans below the axis, in a second line where the first has no room.
func marks(at func(float64) int, columns int) []string {
	rows := []string{"", ""}
	for _, s := range spans {
		from := min(max(at(s.seconds)-len(s.name)/2, 0), columns-len(s.name))
		row := 0
		if next := len(rows[0]) + 1; rows[0] != "" && next > from {
			if next > at(s.seconds)+1 {
				row = 1
			} else {
				from = next // a little to the right, and still below its mark
			}
		}
		rows[row] = text.Pad(rows[row], from) + s.name
	}
	if rows[1] == "" {
		return rows[:1]
	}
	return rows
}

// pointed puts words below or above a column, within so many.
func pointed(words string, column, columns int) string {
	words = text.Cut(words, columns)
	from := column
	if n := text.Width(words); n > 1 {
		from = min(max(column-n/2, 0), columns-n)
	}
	return strings.Repeat(" ", from) + words
}
