// Package text makes text fit for a terminal: it takes out what is no text,
// counts the columns that it fills, and cuts and wraps it to so many. What is
// painted with escape sequences is counted as what is seen.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Clean takes out of a text whatever would do something other than be seen:
// escape sequences, control characters but newline and tab, and the characters
// that turn the order of others round (Unicode's bidirectional formatting,
// CVE-2021-42574). A line may end in "\r\n" or "\r"; here it ends in "\n".
func Clean(s string) string {
	if !needsCleaning(s) {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	for len(s) > 0 {
		if n := escape(s); n > 0 {
			s = s[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch {
		case r == '\r' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			b.WriteByte('\n')
		case Visible(r) || r == '\n' || r == '\t':
			b.WriteRune(r)
		}
	}
	return b.String()
}

func needsCleaning(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !Visible(r) && r != '\n' && r != '\t' })
}

// Visible tells whether a rune is part of a text, as against one that only
// steers a terminal or the order of others. What joins emoji is part of it.
func Visible(r rune) bool {
	switch {
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
		return false
	case r == '\u200c' || r == '\u200d': // joiners, which some scripts cannot do without
		return true
	case unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029':
		return false
	}
	return true
}

// escape is the length of the escape sequence that a text begins with; 0
// where it begins with none. One that does not end takes the rest of its line.
func escape(s string) int {
	var body string
	switch {
	case strings.HasPrefix(s, "\x1b"):
		if len(s) == 1 {
			return 1
		}
		body = s[1:]
	case strings.HasPrefix(s, "\u009b"):
		body = "[" + s[len("\u009b"):]
	default:
		return 0
	}
	skipped := len(s) - len(body)
	switch body[0] {
	case '[': // a control sequence: parameters, then one final byte
		for i := 1; i < len(body); i++ {
			if body[i] >= 0x40 && body[i] <= 0x7e {
				return skipped + i + 1
			}
			if body[i] < 0x20 || body[i] > 0x7e {
				return skipped + i
			}
		}
		return len(s)
	case ']', 'P', 'X', '^', '_': // a string, ended by BEL or ESC \
		end := strings.IndexAny(body, "\a\n\x1b")
		switch {
		case end < 0:
			return len(s)
		case body[end] == '\n':
			return skipped + end
		case strings.HasPrefix(body[end:], "\x1b\\"):
			return skipped + end + 2
		case body[end] == '\a':
			return skipped + end + 1
		}
		return skipped + end
	}
	end := 0 // of what stands between: intermediate bytes, then one final byte
	for end < len(body) && body[end] >= 0x20 && body[end] <= 0x2f {
		end++
	}
	if end < len(body) && body[end] >= 0x30 && body[end] <= 0x7e {
		end++
	}
	return skipped + end
}

// Width is how many columns a text fills, that of its escape sequences being none.
func Width(s string) int {
	width, state := 0, -1
	for len(s) > 0 {
		if n := escape(s); n > 0 {
			s, state = s[n:], -1
			continue
		}
		var w int
		_, s, w, state = uniseg.FirstGraphemeClusterInString(s, state)
		width += w
	}
	return width
}

// Cut shortens a line to so many columns, ending it in "…" where something
// went. What was painted is painted no further than the end.
func Cut(s string, columns int) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\n", " "), "\t", " ")
	if Width(s) <= columns {
		return s
	}
	var b strings.Builder
	painted, left, state := false, columns-1, -1
	for len(s) > 0 {
		if n := escape(s); n > 0 {
			b.WriteString(s[:n])
			s, state, painted = s[n:], -1, true
			continue
		}
		var cluster string
		var w int
		cluster, s, w, state = uniseg.FirstGraphemeClusterInString(s, state)
		if left -= w; left < 0 {
			break
		}
		b.WriteString(cluster)
	}
	if columns > 0 {
		b.WriteString("…")
	}
	if painted {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}

// CutMiddle shortens a name to so many columns, keeping its beginning and its end.
func CutMiddle(s string, columns int) string {
	if Width(s) <= columns {
		return s
	}
	end := ""
	for rest := s; rest != ""; {
		_, n := utf8.DecodeRuneInString(rest)
		if rest = rest[n:]; Width(rest) <= columns/2 {
			end = rest
			break
		}
	}
	return Cut(s, columns-Width(end)) + end
}

// Pad fills a text with spaces up to so many columns.
func Pad(s string, columns int) string {
	return s + strings.Repeat(" ", max(columns-Width(s), 0))
}

// Wrap breaks a text into lines of at most so many columns, between words
// where it can. Its own line breaks stay; there is at least one line.
func Wrap(s string, columns int) []string {
	columns = max(columns, 1)
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		current, width := "", 0
		for word := range strings.FieldsSeq(line) {
			for _, piece := range pieces(word, columns) {
				w := Width(piece)
				if width > 0 && width+1+w > columns {
					lines = append(lines, current)
					current, width = "", 0
				}
				if width > 0 {
					current += " "
					width++
				}
				current += piece
				width += w
			}
		}
		lines = append(lines, current)
	}
	return lines
}

// pieces breaks a word that no line can hold.
func pieces(word string, columns int) []string {
	if Width(word) <= columns {
		return []string{word}
	}
	var all []string
	current, width, state := "", 0, -1
	for len(word) > 0 {
		var cluster string
		var w int
		cluster, word, w, state = uniseg.FirstGraphemeClusterInString(word, state)
		if width+w > columns && width > 0 {
			all = append(all, current)
			current, width = "", 0
		}
		current += cluster
		width += w
	}
	return append(all, current)
}

// Edits is how many letters must be added, taken out or replaced to make one
// word of another: the Levenshtein distance.
func Edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
