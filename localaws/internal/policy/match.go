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

// want is a text of a policy to compare with: compiled once, unless it has
// policy variables, whose values only a request knows.
type want struct {
	text     string // to be equal to, or with its variables to be put in
	dynamic  bool
	like     pattern
	segments []pattern // of like, as an ARN
}

func newWant(text string, variables bool) want {
	if variables && strings.Contains(text, "${") {
		return want{text: text, dynamic: true}
	}
	like, _ := compile(text, false, nil)
	return want{text: text, like: like, segments: like.segments()}
}

// resolve puts in the variables' values. It answers false where one has none:
// to nothing is anything equal or alike, says
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (w *want) resolve(values Context) (want, bool) {
	if !w.dynamic {
		return *w, true
	}
	like, ok := compile(w.text, true, values)
	if !ok {
		return want{}, false
	}
	return want{text: like.text(), like: like, segments: like.segments()}, true
}

// action is an action of a policy to compare with, whose case does not count.
// Most differ in what comes before their first wildcard.
type action struct {
	literal string // in lower case
	rest    pattern
}

func newAction(text string) action {
	text = strings.ToLower(text)
	literal := len(text)
	if i := strings.IndexAny(text, "*?"); i >= 0 {
		literal = i
	}
	rest, _ := compile(text[literal:], false, nil)
	return action{literal: text[:literal], rest: rest}
}

// matches wants the other action in lower case.
func (a *action) matches(name string) bool {
	return strings.HasPrefix(name, a.literal) && a.rest.matches(name[len(a.literal):])
}

// compile marks the wildcards of text and puts in the variables' values; false where one has none.
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

// variablesIn lists the context keys that a text's variables name.
func variablesIn(text string) []string {
	var keys []string
	for {
		_, rest, found := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return keys
		}
		if key, _, _ := strings.Cut(name, ","); key != "*" && key != "?" && key != "$" {
			keys = append(keys, strings.TrimSpace(key))
		}
		text = after
	}
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
	i, j, star, mark := 0, 0, -1, 0
	for j < len(s) {
		r, size := rune(s[j]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[j:])
		}
		switch {
		case i < len(p) && p[i] == anyRun:
			if i == len(p)-1 {
				return true
			}
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == anyRune || p[i] == r):
			i, j = i+1, j+size
		case star >= 0:
			_, size = utf8.DecodeRuneInString(s[mark:])
			mark += size
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

// arnParts are the segments of an ARN.
const arnParts = 6

// arn is an ARN, or a text that is none and has no parts.
type arn struct {
	text  string
	parts [arnParts]string
	ok    bool
}

func newARN(text string) arn {
	a := arn{text: text}
	for i := range arnParts - 1 {
		part, rest, found := strings.Cut(text, ":")
		if !found {
			return a
		}
		a.parts[i], text = part, rest
	}
	a.parts[arnParts-1], a.ok = text, true
	return a
}

// matchesARN compares segment by segment: a wildcard does not reach over the
// first five colons of an ARN.
func (w *want) matchesARN(have *arn) bool {
	if len(w.segments) < arnParts || !have.ok {
		return w.like.matches(have.text)
	}
	for i, segment := range w.segments {
		if !segment.matches(have.parts[i]) {
			return false
		}
	}
	return true
}

func (p pattern) segments() []pattern {
	parts := make([]pattern, 0, arnParts)
	start := 0
	for i, r := range p {
		if r == ':' && len(parts) < arnParts-1 {
			parts = append(parts, p[start:i])
			start = i + 1
		}
	}
	return append(parts, p[start:])
}
