package terminal

import (
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	gmtext "github.com/yuin/goldmark/text"

	"github.com/mayfly-cd/mayfly/internal/text"
)

// codeIndent is what code is indented by. It is how Screens knows code.
const codeIndent = "    "

// Markdown lays a text out in lines of at most width columns. Code is indented
// and can be copied as it stands: a shell's commands are broken where a shell
// takes them so, other code never. It and a word that is longer than a line may
// be wider. A heading has no empty line below it.
func Markdown(style Style, source string, width int) []string {
	source = Clean(source)
	tree := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(gmtext.NewReader([]byte(source)))
	m := &markdown{style: style, source: []byte(source)}
	return m.blocks(tree, max(width, 20))
}

type markdown struct {
	style  Style
	source []byte
}

// blocks lays out the children of a block, with an empty line between them.
func (m *markdown) blocks(parent ast.Node, width int) []string {
	var lines []string
	attached := true // the next block follows without an empty line
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		block := m.block(n, width)
		if len(block) == 0 {
			continue
		}
		if !attached {
			lines = append(lines, "")
		}
		lines = append(lines, block...)
		attached = n.Kind() == ast.KindHeading || n.Kind() == ast.KindTextBlock
	}
	return lines
}

func (m *markdown) block(n ast.Node, width int) []string {
	switch n := n.(type) {
	case *ast.Heading:
		return m.heading(n, width)
	case *ast.Paragraph, *ast.TextBlock:
		return m.flow(n).wrap(width)
	case *ast.FencedCodeBlock:
		return m.code(n, string(n.Language(m.source)), width)
	case *ast.CodeBlock:
		return m.code(n, "", width)
	case *ast.List:
		return m.list(n, width)
	case *ast.Blockquote:
		return prefixed(m.blocks(n, width-2), "│ ", "│ ")
	case *ast.ThematicBreak:
		return []string{m.style.Faint(strings.Repeat("─", width))}
	case *extast.Table:
		return m.table(n, width)
	case *ast.HTMLBlock: // a remark to authors, or something for browsers
		return nil
	}
	return m.blocks(n, width)
}

func (m *markdown) heading(n *ast.Heading, width int) []string {
	margin := text.Width(m.style.Heading("")) // of the marks, where there is no colour
	lines := m.flow(n).wrap(width - margin)
	for i, line := range lines {
		lines[i] = m.style.Heading(line)
	}
	return lines
}

func (m *markdown) code(n ast.Node, language string, width int) []string {
	var lines []string
	for i := range n.Lines().Len() {
		segment := n.Lines().At(i)
		line := strings.TrimRight(string(segment.Value(m.source)), "\n")
		lines = append(lines, strings.ReplaceAll(line, "\t", codeIndent))
	}
	paint := func(line string) string { return line }
	switch language {
	case "sh", "bash", "shell":
		paint = m.style.Command
		lines = text.FoldShell(lines, width-len(codeIndent))
	case "output": // nobody shall type it, with colour or without
		paint = func(line string) string { return m.style.Faint("│ " + line) }
		lines = wrapped(lines, width-len(codeIndent)-len("| "))
	}
	for i, line := range lines {
		lines[i] = codeIndent + paint(line)
	}
	return lines
}

// wrapped breaks the lines that are wider than so many columns.
func wrapped(lines []string, columns int) []string {
	var all []string
	for _, line := range lines {
		if text.Width(line) <= columns {
			all = append(all, line)
		} else {
			all = append(all, text.Wrap(line, columns)...)
		}
	}
	return all
}

func (m *markdown) list(n *ast.List, width int) []string {
	var lines []string
	number := n.Start
	last := number + n.ChildCount() - 1
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if n.IsOrdered() {
			mark = text.Pad(strconv.Itoa(number)+". ", len(strconv.Itoa(last))+2)
			number++
		}
		indent := strings.Repeat(" ", len(mark))
		if !n.IsTight && len(lines) > 0 {
			lines = append(lines, "")
		}
		inner := m.blocks(item, width-len(mark))
		if len(inner) == 0 {
			inner = []string{""}
		}
		lines = append(lines, prefixed(inner, mark, indent)...)
	}
	return lines
}

// prefixed puts one prefix before the first line and another before the others.
func prefixed(lines []string, first, others string) []string {
	lines = slices.Clone(lines)
	for i, line := range lines {
		prefix := others
		if i == 0 {
			prefix = first
		}
		if line == "" {
			lines[i] = strings.TrimRight(prefix, " ")
		} else {
			lines[i] = prefix + line
		}
	}
	return lines
}
