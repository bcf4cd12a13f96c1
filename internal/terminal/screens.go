package terminal

import (
	"slices"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/text"
)

// broken stands for a further row of a line that a terminal breaks.
const broken = codeIndent + "\x00"

// Screens divides lines, as Markdown makes them, into pages of at most so many
// rows of a terminal, the first of at most first. A page ends between
// paragraphs where it can, and never between a heading and its text, or within
// a block of code, that a page can hold. A line that is wider than the terminal
// fills several rows.
func Screens(lines []string, columns, first, rows int) [][]string {
	var filled []string
	for _, line := range lines {
		filled = append(filled, line)
		for width := text.Width(line); width > columns; width -= columns {
			filled = append(filled, broken)
		}
	}
	var screens [][]string
	for _, screen := range pagesOf(filled, first, max(rows, 1)) {
		screen = slices.DeleteFunc(screen, func(line string) bool { return line == broken })
		if len(screen) > 0 {
			screens = append(screens, screen)
		}
	}
	return screens
}

func pagesOf(lines []string, first, rows int) [][]string {
	room := min(max(first, 1), rows)
	var screens [][]string
	var page []string
	end := func() {
		if page = trimmed(page); len(page) > 0 {
			screens = append(screens, page)
			room = rows
		}
		page = nil
	}
	for _, block := range together(lines, rows) {
		needed := len(block)
		if len(page) > 0 {
			needed++ // the empty line between
		}
		if len(page)+needed > room {
			end()
		} else if len(page) > 0 {
			page = append(page, "")
		}
		for len(block) > room {
			n := cutAt(block, room, rows)
			page = append(page, block[:n]...)
			end()
			block = trimmed(block[n:])
		}
		page = append(page, block...)
	}
	end()
	return screens
}

// together divides lines into what belongs together: what no empty line
// divides, and a paragraph that ends in a colon with what it announces.
func together(lines []string, rows int) [][]string {
	var blocks [][]string
	var block []string
	end := func() {
		if len(block) == 0 {
			return
		}
		if n := len(blocks) - 1; n >= 0 && announces(blocks[n]) && len(blocks[n])+1+len(block) <= rows {
			blocks[n] = append(append(blocks[n], ""), block...)
		} else {
			blocks = append(blocks, block)
		}
		block = nil
	}
	for _, line := range lines {
		if line == "" {
			end()
		} else {
			block = append(block, line)
		}
	}
	end()
	return blocks
}

func announces(block []string) bool {
	return strings.HasSuffix(Clean(block[len(block)-1]), ":")
}

func isCode(line string) bool { return strings.HasPrefix(line, codeIndent) }

// cutAt finds where a block that no page holds is cut: at the end of the page,
// or before the code that stands there, if something stands before it and a
// page can hold it.
func cutAt(block []string, room, rows int) int {
	if !isCode(block[room]) || !isCode(block[room-1]) {
		return room
	}
	from, to := room, room
	for from > 0 && isCode(block[from-1]) {
		from--
	}
	for to < len(block) && isCode(block[to]) {
		to++
	}
	if from <= 1 || to-from > rows {
		return room
	}
	return from
}

// trimmed is lines without the empty ones at both ends.
func trimmed(lines []string) []string {
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}
