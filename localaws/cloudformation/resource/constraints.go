package resource

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
)

// constraints are the keywords of a JSON schema that limit a value beyond its type.
type constraints struct {
	Pattern     string      `json:"pattern"`
	MinLength   *int        `json:"minLength"`
	MaxLength   *int        `json:"maxLength"`
	Minimum     json.Number `json:"minimum"`
	Maximum     json.Number `json:"maximum"`
	MinItems    *int        `json:"minItems"`
	MaxItems    *int        `json:"maxItems"`
	UniqueItems bool        `json:"uniqueItems"`
}

// violated says which constraint the value breaks first, in the words of AWS's
// validator. Those that would show the value are cut down to the keyword, as in
// ValidationException of aws-cloudformation/cloudformation-resource-schema; the
// others have the words of the library beneath it (everit-org/json-schema).
func (s *schema) violated(value any) string {
	if list, ok := value.([]any); ok {
		return s.violatedByList(list)
	}
	text, ok := scalar(value)
	if !ok {
		return ""
	}
	length := utf8.RuneCountInString(text)
	broken := func(keyword string) string { return "failed validation constraint for keyword [" + keyword + "]" }
	switch {
	case len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(allowed any) bool { return fmt.Sprint(allowed) == text }):
		return broken("enum")
	case s.MinLength != nil && length < *s.MinLength:
		return fmt.Sprintf("expected minLength: %d, actual: %d", *s.MinLength, length)
	case s.MaxLength != nil && length > *s.MaxLength:
		return fmt.Sprintf("expected maxLength: %d, actual: %d", *s.MaxLength, length)
	case s.Pattern != "" && !matches(s.Pattern, text):
		return broken("pattern")
	case s.Minimum != "" && number(text) < number(s.Minimum.String()):
		return broken("minimum")
	case s.Maximum != "" && number(text) > number(s.Maximum.String()):
		return broken("maximum")
	}
	return ""
}

func (s *schema) violatedByList(list []any) string {
	switch {
	case s.MinItems != nil && len(list) < *s.MinItems:
		return fmt.Sprintf("expected minimum item count: %d, found: %d", *s.MinItems, len(list))
	case s.MaxItems != nil && len(list) > *s.MaxItems:
		return fmt.Sprintf("expected maximum item count: %d, found: %d", *s.MaxItems, len(list))
	case s.UniqueItems && repeats(list):
		return "array items are not unique"
	}
	return ""
}

func repeats(list []any) bool {
	for i, item := range list {
		if slices.ContainsFunc(list[:i], func(before any) bool { return reflect.DeepEqual(before, item) && !template.HasUnknown(item) }) {
			return true
		}
	}
	return false
}

func number(text string) float64 {
	f, _ := strconv.ParseFloat(text, 64)
	return f
}

// patterns are compiled once each; nil stands for one that Go cannot express.
var patterns sync.Map

// javaEscape is what Java's expressions have and Go's write otherwise.
var javaEscape = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)

// matches says whether the text has a part that matches, as in a JSON schema. A
// pattern that looks around is left to the service.
func matches(pattern, text string) bool {
	compiled, ok := patterns.Load(pattern)
	if !ok {
		expression := javaEscape.ReplaceAllString(strings.ReplaceAll(pattern, `\Z`, `\z`), `\x{$1}`)
		re, err := regexp.Compile(expression)
		if err != nil {
			re = nil
		}
		compiled, _ = patterns.LoadOrStore(pattern, re)
	}
	re, _ := compiled.(*regexp.Regexp)
	return re == nil || re.MatchString(text)
}
