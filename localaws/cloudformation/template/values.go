package template

import (
	"encoding/json"
	"maps"
	"slices"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Text returns a scalar as CloudFormation writes it into a string, and false for anything else.
func Text(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		if v {
			return "true", true
		}
		return "false", true
	default:
		return "", false
	}
}

// Equal compares two resolved values. Scalars are equal when their text is, as
// CloudFormation does not tell 30 from "30". What is unknown equals nothing.
func Equal(a, b any) bool {
	switch x := a.(type) {
	case Unknown:
		return false
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for key, value := range x {
			other, ok := y[key]
			if !ok || !Equal(value, other) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, Equal)
	case nil:
		return b == nil
	default:
		s, ok := Text(a)
		t, also := Text(b)
		return ok && also && s == t
	}
}

// Unknown stands for a value that is only known after a resource has been made.
type Unknown struct{}

// KnownAfterApply are the words that AWS's change sets use for what is unknown.
const KnownAfterApply = "{{changeSet:KNOWN_AFTER_APPLY}}"

// MarshalJSON writes the words that AWS's change sets use for it.
func (Unknown) MarshalJSON() ([]byte, error) { return []byte(`"` + KnownAfterApply + `"`), nil }

// HasUnknown says whether anything within the value is unknown.
func HasUnknown(value any) bool {
	switch v := value.(type) {
	case Unknown:
		return true
	case map[string]any:
		for _, item := range v {
			if HasUnknown(item) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, HasUnknown)
	}
	return false
}
