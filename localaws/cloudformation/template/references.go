package template

import (
	"regexp"
	"slices"
	"strings"
)

// Reference is one place where a template names something else.
type Reference struct {
	// Function is Ref, Fn::GetAtt, Fn::Sub or Fn::If.
	Function string
	// Name is the parameter, resource or condition that is named.
	Name string
	// Attribute is what GetAtt, or Sub's ${Name.Attribute}, asks for. It is
	// empty for a Ref, and where a function names the attribute.
	Attribute string
}

var substitution = regexp.MustCompile(`\$\{([^}]*)\}`)

// References returns all that a value names, in no particular order. taken
// decides which branch of an Fn::If counts; nil means both.
func References(value any, taken func(condition string) bool) []Reference {
	w := walker{taken: taken}
	w.walk(value)
	return w.found
}

type walker struct {
	taken func(string) bool
	found []Reference
}

func (w *walker) walk(value any) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			w.walk(item)
		}
	case map[string]any:
		if function, argument, ok := call(v); ok {
			w.call(function, argument)
			return
		}
		for _, item := range v {
			w.walk(item)
		}
	}
}

// call recognises an intrinsic function: an object with one member named Ref or Fn::...
func call(m map[string]any) (function string, argument any, ok bool) {
	if len(m) != 1 {
		return "", nil, false
	}
	for key, value := range m {
		if key == "Ref" {
			_, isString := value.(string)
			return key, value, isString
		}
		if strings.HasPrefix(key, "Fn::") {
			return key, value, true
		}
	}
	return "", nil, false
}

func (w *walker) call(function string, argument any) {
	items, _ := argument.([]any)
	switch function {
	case "Ref":
		name, _ := argument.(string)
		w.found = append(w.found, Reference{Function: function, Name: name})
	case "Fn::GetAtt":
		if id, attribute, ok := attributeOf(argument); ok {
			name, _ := attribute.(string)
			w.found = append(w.found, Reference{Function: function, Name: id, Attribute: name})
			w.walk(attribute)
		}
	case "Fn::Sub":
		w.sub(argument)
	case "Fn::If":
		w.branch(items)
	default:
		w.walk(argument)
	}
}

func (w *walker) branch(items []any) {
	if len(items) != 3 {
		return
	}
	name, _ := items[0].(string)
	w.found = append(w.found, Reference{Function: "Fn::If", Name: name})
	switch {
	case w.taken == nil:
		w.walk(items[1:])
	case w.taken(name):
		w.walk(items[1])
	default:
		w.walk(items[2])
	}
}

func (w *walker) sub(argument any) {
	text, values, ok := subArguments(argument)
	if !ok {
		return
	}
	for _, m := range substitution.FindAllStringSubmatch(text, -1) {
		name := strings.TrimSpace(m[1])
		if _, local := values[name]; local || strings.HasPrefix(m[1], "!") {
			continue
		}
		id, attribute, _ := strings.Cut(name, ".")
		w.found = append(w.found, Reference{Function: "Fn::Sub", Name: id, Attribute: attribute})
	}
	for _, value := range values {
		w.walk(value)
	}
}

func subArguments(argument any) (text string, values map[string]any, ok bool) {
	switch v := argument.(type) {
	case string:
		return v, nil, true
	case []any:
		if len(v) != 2 {
			return "", nil, false
		}
		text, isText := v[0].(string)
		values, isMap := v[1].(map[string]any)
		return text, values, isText && isMap
	default:
		return "", nil, false
	}
}

// attributeOf reads the argument of Fn::GetAtt, whose second half may be a Ref.
func attributeOf(argument any) (id string, attribute any, ok bool) {
	if s, isString := argument.(string); isString {
		argument = splitAttribute(s)
	}
	items, isList := argument.([]any)
	if !isList || len(items) != 2 {
		return "", nil, false
	}
	id, ok = items[0].(string)
	if !ok || id == "" || items[1] == "" {
		return "", nil, false
	}
	switch items[1].(type) {
	case string, map[string]any:
		return id, items[1], true
	default:
		return "", nil, false
	}
}

// names returns the names of the references that fit, each once, sorted.
func names(found []Reference, fits func(Reference) bool) []string {
	var ids []string
	for _, r := range found {
		if fits(r) {
			ids = append(ids, r.Name)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
