package logs

import (
	"slices"
	"strings"
)

// parsePattern reads a filter pattern of terms: words and "quoted phrases",
// all of which must occur; -terms, none of which may; and ?terms, one of which
// must, where the pattern has no others. Case matters. (CloudWatch Logs user
// guide, "Filter pattern syntax for metric filters, subscription filters, ...").
func parsePattern(pattern string) (matches func(message string) bool, err error) {
	pattern = strings.TrimSpace(pattern)
	switch {
	case strings.HasPrefix(pattern, "{"):
		return nil, errParameter("Invalid filter pattern: JSON filter patterns are not served by this AWS.")
	case strings.HasPrefix(pattern, "["):
		return nil, errParameter("Invalid filter pattern: space-delimited filter patterns are not served by this AWS.")
	}
	var all, none, some []string
	for pattern != "" {
		kind := pattern[0]
		if kind == '-' || kind == '?' {
			pattern = pattern[1:]
		}
		term, rest, err := cutTerm(pattern)
		if err != nil {
			return nil, err
		}
		switch kind {
		case '-':
			none = append(none, term)
		case '?':
			some = append(some, term)
		default:
			all = append(all, term)
		}
		pattern = strings.TrimLeft(rest, " \t\n")
	}
	if len(all)+len(none) > 0 {
		some = nil // AWS ignores optional terms beside others
	}
	return func(message string) bool {
		in := func(term string) bool { return strings.Contains(message, term) }
		return every(all, in) && !anyOf(none, in) && (len(some) == 0 || anyOf(some, in))
	}, nil
}

// cutTerm takes the first word or quoted phrase off the pattern.
func cutTerm(pattern string) (term, rest string, err error) {
	if quoted, ok := strings.CutPrefix(pattern, `"`); ok {
		var b strings.Builder
		for i := 0; i < len(quoted); i++ {
			switch c := quoted[i]; {
			case c == '\\' && i+1 < len(quoted):
				i++
				b.WriteByte(quoted[i])
			case c == '"':
				return b.String(), quoted[i+1:], nil
			default:
				b.WriteByte(c)
			}
		}
		return "", "", errParameter("Invalid filter pattern")
	}
	term, rest = pattern, ""
	if end := strings.IndexAny(pattern, " \t\n"); end >= 0 {
		term, rest = pattern[:end], pattern[end:]
	}
	switch {
	case strings.HasPrefix(term, "%"):
		return "", "", errParameter("Invalid filter pattern: regular expressions are not served by this AWS.")
	case term == "" || strings.ContainsFunc(term, special):
		// Anything but letters, digits and underscores must be quoted (user guide, as above).
		return "", "", errParameter("Invalid character(s) in term '%s'", term)
	}
	return term, rest, nil
}

func special(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r <= 127
}

func every(terms []string, in func(string) bool) bool {
	for _, term := range terms {
		if !in(term) {
			return false
		}
	}
	return true
}

func anyOf(terms []string, in func(string) bool) bool {
	return slices.ContainsFunc(terms, in)
}
