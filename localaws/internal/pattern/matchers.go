package pattern

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
)

// compileMatcher compiles {"prefix": "x"} and its like.
func compileMatcher(spec map[string]any) (func(any) bool, error) {
	if len(spec) != 1 {
		return nil, patternError("Only one key allowed in match expression")
	}
	for kind, argument := range spec {
		switch kind {
		case "exists":
			if argument != true {
				return nil, patternError("exists match pattern must be either true or false.")
			}
			return func(any) bool { return true }, nil
		case "anything-but":
			return compileAnythingBut(argument)
		case "numeric":
			return compileNumeric(argument)
		case "cidr":
			return compileCIDR(argument)
		default:
			return compileText(kind, argument)
		}
	}
	panic("unreachable")
}

// compileText compiles the matchers of strings.
func compileText(kind string, argument any) (func(any) bool, error) {
	if spec, ok := argument.(map[string]any); ok && (kind == "prefix" || kind == "suffix") {
		ignoring, ok := spec["equals-ignore-case"].(string)
		if !ok || len(spec) != 1 {
			return nil, patternError(kind + " match pattern must be a string")
		}
		return compileFold(kind, ignoring), nil
	}
	switch kind {
	case "prefix", "suffix", "equals-ignore-case", "wildcard":
	default:
		return nil, patternError("Unrecognized match type " + kind)
	}
	want, ok := argument.(string)
	if !ok {
		return nil, patternError(kind + " match pattern must be a string")
	}
	switch kind {
	case "prefix":
		return text(func(v string) bool { return strings.HasPrefix(v, want) }), nil
	case "suffix":
		return text(func(v string) bool { return strings.HasSuffix(v, want) }), nil
	case "equals-ignore-case":
		return text(func(v string) bool { return strings.EqualFold(v, want) }), nil
	default:
		return compileWildcard(want)
	}
}

func compileFold(kind, want string) func(any) bool {
	want = strings.ToLower(want)
	if kind == "prefix" {
		return text(func(v string) bool { return strings.HasPrefix(strings.ToLower(v), want) })
	}
	return text(func(v string) bool { return strings.HasSuffix(strings.ToLower(v), want) })
}

func text(matches func(string) bool) func(any) bool {
	return func(value any) bool {
		v, ok := value.(string)
		return ok && matches(v)
	}
}

// compileWildcard compiles a pattern in which * stands for any characters, \* and \\ for themselves.
func compileWildcard(pattern string) (func(any) bool, error) {
	parts := []string{""}
	for i := 0; i < len(pattern); i++ {
		last := len(parts) - 1
		switch c := pattern[i]; {
		case c == '\\':
			if i++; i == len(pattern) || pattern[i] != '*' && pattern[i] != '\\' {
				return nil, patternError(fmt.Sprintf("Invalid escape character at pos %d", i-1))
			}
			parts[last] += string(pattern[i])
		case c != '*':
			parts[last] += string(c)
		case i > 0 && pattern[i-1] == '*' && parts[last] == "":
			return nil, patternError(fmt.Sprintf("Consecutive wildcard characters at pos %d", i-1))
		default:
			parts = append(parts, "")
		}
	}
	return text(func(v string) bool { return matchParts(v, parts) }), nil
}

// matchParts says whether v is the parts with anything between them.
func matchParts(v string, parts []string) bool {
	last := len(parts) - 1
	if last == 0 {
		return v == parts[0]
	}
	v, ok := strings.CutPrefix(v, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:last] {
		if _, v, ok = strings.Cut(v, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(v, parts[last])
}

// compileAnythingBut compiles the negation of a value, of a list of values of
// one kind, or of a matcher of strings with one argument or several.
func compileAnythingBut(argument any) (func(any) bool, error) {
	var excluded []func(any) bool
	switch argument := argument.(type) {
	case map[string]any:
		if len(argument) != 1 {
			return nil, patternError("Only one key allowed in match expression")
		}
		for kind, inner := range argument {
			list, ok := inner.([]any)
			if !ok {
				list = []any{inner}
			}
			for _, one := range list {
				matches, err := compileText(kind, one)
				if err != nil {
					return nil, err
				}
				excluded = append(excluded, matches)
			}
		}
	case []any:
		for _, one := range argument {
			if fmt.Sprintf("%T", one) != fmt.Sprintf("%T", argument[0]) {
				return nil, patternError("Inside anything but list, either all values are number or string, mixed type is not supported")
			}
			excluded = append(excluded, equal(one))
		}
	case string, json.Number:
		excluded = append(excluded, equal(argument))
	default:
		return nil, patternError("Inside anything but list, start|null|boolean is not supported.")
	}
	if len(excluded) == 0 {
		return nil, patternError("Empty arrays are not allowed")
	}
	return func(value any) bool {
		for _, matches := range excluded {
			if matches(value) {
				return false
			}
		}
		return true
	}, nil
}

// equal matches a string, a number (by its value: 300 and 3.0e2 are one), true, false or null.
func equal(want any) func(any) bool {
	number, ok := want.(json.Number)
	if !ok {
		return func(value any) bool { return value == want }
	}
	wanted, _ := number.Float64() // a number of valid JSON; too big a one is infinite
	return func(value any) bool {
		v, ok := value.(json.Number)
		f, _ := v.Float64()
		return ok && f == wanted
	}
}

// compileNumeric compiles ["=", 1] and [">", 0, "<=", 5].
func compileNumeric(argument any) (func(any) bool, error) {
	list, ok := argument.([]any)
	if !ok {
		return nil, patternError("Value of numeric must be an array.")
	}
	if len(list) != 2 && len(list) != 4 {
		return nil, patternError("Invalid member in numeric match: an operator and a number, once or twice, expected")
	}
	var conditions []func(float64) bool
	for i := 0; i < len(list); i += 2 {
		operator, _ := list[i].(string)
		number, ok := list[i+1].(json.Number)
		if !ok {
			return nil, patternError(fmt.Sprintf("Value of %s must be numeric", operator))
		}
		bound, err := number.Float64()
		if err != nil {
			return nil, patternError(fmt.Sprintf("Value of %s must be numeric", operator))
		}
		compare, ok := comparisons[operator]
		if !ok || operator == "=" && len(list) > 2 {
			return nil, patternError("Unrecognized numeric range operator: " + operator)
		}
		conditions = append(conditions, func(v float64) bool { return compare(v, bound) })
	}
	return func(value any) bool {
		number, ok := value.(json.Number)
		v, err := number.Float64()
		if !ok || err != nil {
			return false
		}
		for _, holds := range conditions {
			if !holds(v) {
				return false
			}
		}
		return true
	}, nil
}

var comparisons = map[string]func(a, b float64) bool{
	"=":  func(a, b float64) bool { return a == b },
	"<":  func(a, b float64) bool { return a < b },
	"<=": func(a, b float64) bool { return a <= b },
	">":  func(a, b float64) bool { return a > b },
	">=": func(a, b float64) bool { return a >= b },
}

// compileCIDR compiles a block of addresses, of IPv4 or IPv6.
func compileCIDR(argument any) (func(any) bool, error) {
	block, ok := argument.(string)
	prefix, err := netip.ParsePrefix(block)
	if !ok || err != nil {
		return nil, patternError(fmt.Sprintf("Malformed CIDR, one '/' required: %v", argument))
	}
	return text(func(v string) bool {
		address, err := netip.ParseAddr(v)
		return err == nil && prefix.Contains(address)
	}), nil
}
