package text

import "strings"

// continued is how a line of a command goes on in the next, for a shell and for a reader.
const continued, continuedIndent = ` \`, "  "

// FoldShell breaks the lines of a POSIX shell's script that are wider than so
// many columns between two words, as documentation does: with a backslash, and
// the rest further right. A shell takes what it returns as it takes the script.
// A line that no such place breaks stays as it is: within quotes, in a comment,
// and anywhere where a here-document is.
func FoldShell(script []string, columns int) []string {
	var folded []string
	s := shellScan{}
	for _, line := range script {
		breaks := s.breaks(line)
		if strings.Contains(line, "<<") {
			s.literal = true
		}
		if s.literal {
			breaks = nil
		}
		folded = append(folded, foldLine(line, breaks, columns)...)
	}
	return folded
}

// shellBreak is a place where a line may be broken: before the word at that byte.
type shellBreak struct {
	at int
	// begins says that the word begins something: an option, or what an operator leads to.
	begins bool
}

func foldLine(line string, breaks []shellBreak, columns int) []string {
	var lines []string
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	from, further := 0, indent+continuedIndent
	if indent != "" {
		further = indent // it is the rest of a command already
	}
	first := ""
	for Width(first+line[from:]) > columns {
		best := shellBreak{}
		for _, b := range breaks {
			if strings.TrimSpace(line[from:max(b.at, from)]) == "" {
				continue
			}
			filled := Width(first + strings.TrimRight(line[from:b.at], " ") + continued)
			b.begins = b.begins && filled > columns*2/5 // not for the sake of a few words
			if best.at == 0 || filled <= columns && (b.begins || !best.begins) {
				best = b
			}
		}
		if best.at == 0 {
			break
		}
		lines = append(lines, first+strings.TrimRight(line[from:best.at], " ")+continued)
		from, first = best.at, further
	}
	return append(lines, first+line[from:])
}

// shellScan reads a script line by line, and knows where it stands within quotes.
type shellScan struct {
	// open are what has begun and not ended: ' " ` and ( for $( and (.
	open []byte
	// literal says that a here-document has begun.
	literal bool
}

func (s *shellScan) inside() byte {
	if len(s.open) == 0 {
		return 0
	}
	return s.open[len(s.open)-1]
}

// quoted tells whether white space here is part of a word.
func (s *shellScan) quoted() bool { return strings.ContainsAny(string(s.open), "'\"`") }

// breaks finds where a line may be broken, and goes on to the next line.
func (s *shellScan) breaks(line string) []shellBreak {
	var found []shellBreak
	between := true // no word has begun since the last one
	for i := 0; i < len(line); i++ {
		c := line[i]
		if (c == ' ' || c == '\t') && !s.quoted() {
			between = true
			continue
		}
		if between && !s.quoted() && line[i:] != `\` {
			if c == '#' {
				return found // the rest is a comment
			}
			found = append(found, shellBreak{i, strings.IndexByte("-<>|&", c) >= 0})
		}
		between = false
		switch inside := s.inside(); {
		case inside == '\'':
			if c == '\'' {
				s.close()
			}
		case c == '\\':
			i++ // what comes next stands for itself
		case c == '"' && inside == '"', c == '`' && inside == '`', c == ')' && inside == '(':
			s.close()
		case c == '\'' && inside != '"', c == '"', c == '`':
			s.open = append(s.open, c)
		case c == '(' && (inside != '"' || i > 0 && line[i-1] == '$'):
			s.open = append(s.open, c)
		}
	}
	return found
}

func (s *shellScan) close() { s.open = s.open[:len(s.open)-1] }
