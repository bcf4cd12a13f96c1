package policy

import (
	"strings"
	"unicode/utf8"
)

// A pattern is text whose wildcards are marked, so that a "*" that came from a
// policy variable stays an ordinary character.
type pattern []rune

const (
	anyRun  rune = -1 // "*": any characters, or none
	anyRune rune = -2 // "?": one character
)

// compile marks the wildcards of text and puts in the variables' values. It
// answers false where a variable has no value: such a statement cannot match.
func compile(text string, variables bool, values Context) (pattern, bool) {
	p := make(pattern, 0, len(text))
	for text != "" {
		if variables && strings.HasPrefix(text, "${") {
			name, rest, closed := strings.Cut(text[2:], "}")
			if closed {
				value, ok := variable(name, values)
				if !ok {
					return nil, false
				}
				p, text = append(p, []rune(value)...), rest
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		switch r {
		case '*':
			r = anyRun
		case '?':
			r = anyRune
		}
		p = append(p, r)
	}
	return p, true
}

// variable returns the value of what stands between "${" and "}".
func variable(name string, values Context) (string, bool) {
	if name == "*" || name == "?" || name == "$" {
		return name, true
	}
	key, fallback, hasFallback := strings.Cut(name, ",")
	if found := values.get(strings.TrimSpace(key)); len(found) == 1 {
		return found[0], true
	}
	return strings.Trim(strings.TrimSpace(fallback), "'"), hasFallback
}

// text is the pattern read literally.
func (p pattern) text() string {
	var b strings.Builder
	for _, r := range p {
		switch r {
		case anyRun:
			b.WriteRune('*')
		case anyRune:
			b.WriteRune('?')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// matches takes linear time per star, so that no policy can hold up a request.
func (p pattern) matches(s string) bool {
	runes := []rune(s)
	i, j, star, mark := 0, 0, -1, 0
	for j < len(runes) {
		switch {
		case i < len(p) && p[i] == anyRun:
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == anyRune || p[i] == runes[j]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == anyRun {
		i++
	}
	return i == len(p)
}

// matchesARN compares segment by segment: a wildcard does not reach over the
// first five colons of an ARN.
func (p pattern) matchesARN(arn string) bool {
	have := strings.SplitN(arn, ":", 6)
	want := p.segments()
	if len(want) < 6 || len(have) < 6 {
		return p.matches(arn)
	}
	for i := range want {
		if !want[i].matches(have[i]) {
			return false
		}
	}
	return true
}

func (p pattern) segments() []pattern {
	var parts []pattern
	start := 0
	for i, r := range p {
		if r == ':' && len(parts) < 5 {
			parts = append(parts, p[start:i])
			start = i + 1
		}
	}
	return append(parts, p[start:])
}

// matchAction compares actions, whose case does not count.
func matchAction(want, have string) bool {
	p, _ := compile(strings.ToLower(want), false, nil)
	return p.matches(strings.ToLower(have))
}
