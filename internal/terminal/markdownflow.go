package terminal

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"

	"github.com/mayfly-cd/mayfly/internal/text"
)

// flow is running text: words, painted already, which lines are made of.
type flow struct {
	words []word
	// open tells that the last word may still be added to.
	open bool
}

// word is what is never broken. brk says that a new line begins after it, and
// keep that none does where a line can hold what belongs together: a command is
// typed as one line.
type word struct {
	text      string
	brk, keep bool
}

// add appends text. It is painted word by word, so that no paint runs over a line's end.
func (f *flow) add(s string, paint func(string) string) {
	for i, part := range strings.FieldsFunc(markSpaces(s), func(r rune) bool { return r == spaceMark }) {
		glued := i == 0 && f.open && !strings.HasPrefix(s, " ") && !strings.HasPrefix(s, "\n")
		if glued {
			f.words[len(f.words)-1].text += paint(part)
		} else {
			f.words = append(f.words, word{text: paint(part)})
		}
	}
	if s != "" {
		f.open = len(f.words) > 0 && !strings.HasSuffix(s, " ") && !strings.HasSuffix(s, "\n")
	}
}

// spaceMark stands for white space between words; a space that does not break stays in its word.
const spaceMark = '\x00'

func markSpaces(s string) string {
	return strings.NewReplacer(" ", string(spaceMark), "\n", string(spaceMark), "\t", string(spaceMark)).Replace(s)
}

func (f *flow) space() { f.open = false }

func (f *flow) breakLine() {
	f.open = false
	if len(f.words) > 0 {
		f.words[len(f.words)-1].brk = true
	}
}

func (f *flow) wrap(width int) []string {
	var lines []string
	var line strings.Builder
	filled := 0
	end := func() {
		lines = append(lines, line.String())
		line.Reset()
		filled = 0
	}
	for i, w := range f.words {
		n := text.Width(w.text)
		if i == 0 || !f.words[i-1].keep {
			if all := f.together(i); all <= width { // on one line, this one or the next
				n = all
			}
		}
		if filled > 0 && filled+1+n > width {
			end()
		}
		if filled > 0 {
			line.WriteByte(' ')
			filled++
		}
		line.WriteString(w.text)
		filled += text.Width(w.text)
		if w.brk {
			end()
		}
	}
	if filled > 0 {
		end()
	}
	return lines
}

// together is how wide a word is with those after it that it is kept with.
func (f *flow) together(i int) int {
	columns := text.Width(f.words[i].text)
	for ; f.words[i].keep; i++ {
		columns += 1 + text.Width(f.words[i+1].text)
	}
	return columns
}

// flow gathers the running text of a block.
func (m *markdown) flow(n ast.Node) *flow {
	f := &flow{}
	m.inline(f, n, func(s string) string { return s })
	return f
}

func (m *markdown) inline(f *flow, parent ast.Node, paint func(string) string) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			f.add(unescaped(n.Value(m.source)), paint)
			if n.HardLineBreak() {
				f.breakLine()
			} else if n.SoftLineBreak() {
				f.space()
			}
		case *ast.String:
			f.add(string(n.Value), paint)
		case *ast.CodeSpan:
			m.codeSpan(f, n)
		case *ast.Emphasis:
			if n.Level == 2 {
				m.inline(f, n, func(s string) string { return paint(m.style.Bold(s)) })
			} else {
				m.inline(f, n, func(s string) string { return paint(m.style.Italic(s)) })
			}
		case *ast.Link:
			m.link(f, n, string(n.Destination), paint)
		case *ast.Image:
			m.link(f, n, string(n.Destination), paint)
		case *ast.AutoLink:
			f.add(string(n.URL(m.source)), paint)
		case *ast.RawHTML: // for browsers
		default:
			m.inline(f, n, paint)
		}
	}
}

// codeSpan keeps its backticks where there is no colour to tell it from the words around.
func (m *markdown) codeSpan(f *flow, n *ast.CodeSpan) {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.WriteString(strings.ReplaceAll(string(t.Value(m.source)), "\n", " "))
		}
	}
	from := len(f.words)
	if f.open {
		from--
	}
	if m.style.on {
		f.add(b.String(), m.style.Command)
	} else {
		f.add("`"+b.String()+"`", func(s string) string { return s })
	}
	for i := from; i < len(f.words)-1; i++ {
		f.words[i].keep = true
	}
}

// link shows a link's words and where it leads, once where that is the same.
func (m *markdown) link(f *flow, n ast.Node, to string, paint func(string) string) {
	to = Clean(to)
	from := len(f.words)
	wasOpen := f.open
	m.inline(f, n, paint)
	if to == "" || strings.HasPrefix(to, "#") || linkText(f, from, wasOpen, to) {
		return
	}
	f.space()
	f.add("("+to+")", m.style.Faint)
}

// linkText tells whether the words from one on are the address itself.
func linkText(f *flow, from int, wasOpen bool, to string) bool {
	if wasOpen && from > 0 {
		from--
	}
	var words []string
	for _, w := range f.words[from:] {
		words = append(words, text.Clean(w.text))
	}
	said := strings.Join(words, " ")
	return strings.HasSuffix(said, to) || strings.HasSuffix("mailto:"+said, to)
}

// unescaped resolves what Markdown writes with a backslash or as an entity,
// which may be a character that no text should have.
func unescaped(raw []byte) string {
	return Clean(string(util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences(raw)))))
}
