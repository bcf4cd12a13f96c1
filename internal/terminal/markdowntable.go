package terminal

import (
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/mayfly-cd/mayfly/internal/text"
)

// gap stands between columns; narrowest is how far a column may be squeezed.
const (
	gap       = 2
	narrowest = 8
)

// table lays a table out in columns, or where they do not fit, as a list of
// what each row has in them.
func (m *markdown) table(table ast.Node, width int) []string {
	var rows [][]*flow
	for row := table.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []*flow
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, m.flow(cell))
		}
		rows = append(rows, cells)
	}
	if len(rows) == 0 || len(rows[0]) == 0 {
		return nil
	}
	widths := columnWidths(rows, width)
	if widths == nil {
		return m.records(rows, width)
	}
	var lines []string
	for i, row := range rows {
		paint := func(s string) string { return s }
		if i == 0 {
			paint = m.style.Bold
		}
		lines = append(lines, tableRow(row, widths, paint)...)
		if i == 0 {
			total := gap * (len(widths) - 1)
			for _, w := range widths {
				total += w
			}
			lines = append(lines, m.style.Faint(strings.Repeat("─", total)))
		}
	}
	return lines
}

// columnWidths are the widths that fit; nil where there are none.
func columnWidths(rows [][]*flow, width int) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			for _, line := range cell.wrap(width) {
				widths[i] = max(widths[i], text.Width(line))
			}
		}
	}
	for {
		total, widest := gap*(len(widths)-1), 0
		for i, w := range widths {
			total += w
			if w > widths[widest] {
				widest = i
			}
		}
		if total <= width {
			break
		}
		if widths[widest] <= narrowest {
			return nil
		}
		widths[widest]--
	}
	for _, row := range rows {
		for i, cell := range row {
			for _, line := range cell.wrap(widths[i]) {
				if text.Width(line) > widths[i] {
					return nil // a word is wider than its column
				}
			}
		}
	}
	return widths
}

func tableRow(row []*flow, widths []int, paint func(string) string) []string {
	var lines []string
	cells := make([][]string, len(row))
	height := 1
	for i, cell := range row {
		cells[i] = cell.wrap(widths[i])
		height = max(height, len(cells[i]))
	}
	for y := range height {
		var b strings.Builder
		for i := range cells {
			part := ""
			if y < len(cells[i]) {
				part = cells[i][y]
			}
			b.WriteString(paint(part) + strings.Repeat(" ", widths[i]-text.Width(part)+gap))
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}

// records shows each row as lines of "column: cell".
func (m *markdown) records(rows [][]*flow, width int) []string {
	var lines []string
	for i, row := range rows[1:] {
		if i > 0 {
			lines = append(lines, "")
		}
		for c, cell := range row {
			record := &flow{}
			for _, w := range rows[0][c].words {
				record.words = append(record.words, word{text: m.style.Bold(w.text)})
			}
			if n := len(record.words); n > 0 {
				record.words[n-1].text += ":"
			}
			record.words = append(record.words, cell.words...)
			lines = append(lines, record.wrap(width)...)
		}
	}
	return lines
}
