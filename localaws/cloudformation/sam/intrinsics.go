package sam

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var subReference = regexp.MustCompile(`\$\{([A-Za-z0-9.]+|AWS::[A-Z][A-Za-z]*)\}`)

// single returns the one key and value of a map that has just one, as intrinsic functions have.
func single(value any) (key string, argument any, ok bool) {
	m, isMap := value.(map[string]any)
	if !isMap || len(m) != 1 {
		return "", nil, false
	}
	for key, argument := range m {
		return key, argument, true
	}
	return "", nil, false
}

func isIntrinsic(value any) bool {
	key, _, ok := single(value)
	return ok && (key == "Ref" || key == "Condition" || strings.HasPrefix(key, "Fn::"))
}

func isNoValue(value any) bool {
	key, argument, ok := single(value)
	return ok && key == "Ref" && argument == "AWS::NoValue"
}

// ifBranches returns the three arguments of Fn::If. isIf says whether the value
// is one at all; items is nil where it is malformed.
func ifBranches(value any) (items []any, isIf bool) {
	key, argument, ok := single(value)
	if !ok || key != "Fn::If" {
		return nil, false
	}
	items, _ = argument.([]any)
	if len(items) != 3 {
		return nil, true
	}
	return items, true
}

func ref(id string) map[string]any { return map[string]any{"Ref": id} }

func getAtt(id, attribute string) map[string]any {
	return map[string]any{"Fn::GetAtt": []any{id, attribute}}
}

// walk replaces every value below the root by what change makes of it, from the root down.
func walk(value any, change func(any) any) any {
	switch value := change(value).(type) {
	case map[string]any:
		for key, item := range value {
			value[key] = walk(item, change)
		}
		return value
	case []any:
		for i, item := range value {
			value[i] = walk(item, change)
		}
		return value
	default:
		return value
	}
}

// resolve returns a copy with references to parameters replaced by their values.
// Everything else that is computed when the stack is made stays as it is.
func (x *expansion) resolve(value any) any {
	return walk(cloneValue(value), func(value any) any {
		key, argument, ok := single(value)
		switch {
		case ok && key == "Ref":
			if known, ok := x.params[stringOf(argument)]; ok {
				return cloneValue(known)
			}
		case ok && key == "Fn::Sub":
			return map[string]any{key: substitute(argument, func(reference, name string) string {
				if known, ok := x.params[name].(string); ok {
					return known
				}
				return reference
			})}
		}
		return value
	})
}

// substitute replaces the references in the text of Fn::Sub, alone or with its variables.
func substitute(argument any, change func(reference, name string) string) any {
	replace := func(text string) string {
		return subReference.ReplaceAllStringFunc(text, func(reference string) string {
			return change(reference, reference[2:len(reference)-1])
		})
	}
	switch argument := argument.(type) {
	case string:
		return replace(argument)
	case []any:
		if len(argument) > 0 {
			if text, ok := argument[0].(string); ok {
				argument = slices.Clone(argument)
				argument[0] = replace(text)
				return argument
			}
		}
	}
	return argument
}

// resolveReferences turns references to what a function produces, such as
// Hello.Alias, into references to the resource that was generated.
func resolveReferences(value any, produced map[string]map[string]string) any {
	return walk(value, func(value any) any {
		key, argument, _ := single(value)
		switch key {
		case "Ref":
			id, property, _ := strings.Cut(stringOf(argument), ".")
			if target := produced[id][property]; target != "" {
				return ref(target)
			}
		case "Fn::Sub":
			return map[string]any{key: substitute(argument, func(reference, name string) string {
				parts := strings.SplitN(name, ".", 3)
				if len(parts) < 2 || produced[parts[0]][parts[1]] == "" {
					return reference
				}
				return strings.Replace(reference, parts[0]+"."+parts[1], produced[parts[0]][parts[1]], 1)
			})}
		case "Fn::GetAtt":
			if target := resolveGetAtt(argument, produced); target != nil {
				return map[string]any{key: target}
			}
		}
		return value
	})
}

func resolveGetAtt(argument any, produced map[string]map[string]string) []any {
	list, _ := argument.([]any)
	var parts []string
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			return nil
		}
		parts = append(parts, strings.Split(text, ".")...)
	}
	if len(parts) < 2 || produced[parts[0]][parts[1]] == "" {
		return nil
	}
	target := []any{produced[parts[0]][parts[1]]}
	for _, part := range parts[2:] {
		target = append(target, part)
	}
	return target
}

func clone(m map[string]any) map[string]any { return mapOf(cloneValue(m)) }

func cloneValue(value any) any {
	switch value := value.(type) {
	case map[string]any:
		out := maps.Clone(value)
		for key, item := range out {
			out[key] = cloneValue(item)
		}
		return out
	case []any:
		out := slices.Clone(value)
		for i, item := range out {
			out[i] = cloneValue(item)
		}
		return out
	default:
		return value
	}
}

// mapOf returns the value as a map, which is empty where it is none.
func mapOf(value any) map[string]any {
	if m, ok := value.(map[string]any); ok {
		return m
	}
	return map[string]any{}
}

func stringOf(value any) string {
	s, _ := value.(string)
	return s
}

// truthy says what Python would make of the value as a condition.
func truthy(value any) bool {
	switch value := value.(type) {
	case nil:
		return false
	case bool:
		return value
	case string:
		return value != ""
	case json.Number:
		f, err := value.Float64()
		return err != nil || f != 0
	case map[string]any:
		return len(value) > 0
	case []any:
		return len(value) > 0
	default:
		return true
	}
}
