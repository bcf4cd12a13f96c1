package wire

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// violation is one thing in a request that AWS's model does not allow, in
// AWS's words.
type violation struct {
	member     string // the last part of the path
	path       string
	value      string // quoted, or null; empty where it is not to be told
	constraint string
	body       bool // it is the whole body that is missing
}

func (d *decoder) violate(value, constraint string) {
	v := violation{path: strings.Join(d.path, "."), value: value, constraint: constraint}
	if len(d.path) > 0 {
		v.member = d.path[len(d.path)-1]
	}
	d.violations = append(d.violations, v)
}

func (v violation) String() string {
	value := "Value"
	if v.value != "" {
		value += " " + v.value
	}
	return fmt.Sprintf("%s at '%s' failed to satisfy constraint: %s", value, v.path, v.constraint)
}

// describe puts violations as AWS does: counted, in one message.
func describe(violations []violation) string {
	texts := make([]string, len(violations))
	for i, v := range violations {
		texts[i] = v.String()
	}
	plural := "s"
	if len(texts) == 1 {
		plural = ""
	}
	return fmt.Sprintf("%d validation error%s detected: %s", len(texts), plural, strings.Join(texts, "; "))
}

// length checks the length of a list, a map, a string or a blob.
func (n *node) length(length int) (broken []string) {
	if n.shape.Min != nil && length < int(*n.shape.Min) {
		broken = append(broken, "Member must have length greater than or equal to "+number(*n.shape.Min))
	}
	if n.shape.Max != nil && length > int(*n.shape.Max) {
		broken = append(broken, "Member must have length less than or equal to "+number(*n.shape.Max))
	}
	return broken
}

func (n *node) checkString(s string) (broken []string) {
	broken = n.length(utf8.RuneCountInString(s))
	if n.pattern != nil && !n.pattern.MatchString(s) {
		broken = append(broken, "Member must satisfy regular expression pattern: "+n.shape.Pattern)
	}
	if len(n.shape.Enum) > 0 && !slices.Contains(n.shape.Enum, s) {
		broken = append(broken, "Member must satisfy enum value set: ["+strings.Join(n.shape.Enum, ", ")+"]")
	}
	return broken
}

func (n *node) checkNumber(s string) (broken []string) {
	value, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil // reported as what it is: not a number
	}
	if n.shape.Min != nil && value < *n.shape.Min {
		broken = append(broken, "Member must have value greater than or equal to "+number(*n.shape.Min))
	}
	if n.shape.Max != nil && value > *n.shape.Max {
		broken = append(broken, "Member must have value less than or equal to "+number(*n.shape.Max))
	}
	return broken
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

var (
	javaUnicode = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
	// surrogates is how Java's regular expressions write what lies beyond \uFFFF.
	surrogates = strings.NewReplacer(`\uD800\uDC00-\uDBFF\uDFFF`, `\x{10000}-\x{10FFFF}`, `\ud800\udc00-\udbff\udfff`, `\x{10000}-\x{10FFFF}`)
)

// compilePattern returns the pattern as Go's, which must match the whole
// value; nil where there is none, or where it says what Go's cannot say
// (a look-ahead, for instance): then the value is let through.
func compilePattern(pattern string) *regexp.Regexp {
	if pattern == "" {
		return nil
	}
	pattern = javaUnicode.ReplaceAllString(surrogates.Replace(pattern), `\x{$1}`)
	compiled, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil
	}
	return compiled
}
