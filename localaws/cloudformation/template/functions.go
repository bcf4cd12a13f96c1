package template

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
)

// maxResult caps what a function may return, since nested functions can multiply their arguments.
const maxResult = 1 << 20

func errResult() error {
	return errorf("Template error: the result of a function is larger than the maximum allowed, %d bytes", maxResult)
}

func limited(text string) (any, error) {
	if len(text) > maxResult {
		return nil, errResult()
	}
	return text, nil
}

// functions are the intrinsic functions whose arguments are resolved before they are called.
var functions = map[string]func(s *Scope, argument any) (any, error){
	"Fn::Base64":       (*Scope).base64,
	"Fn::Cidr":         (*Scope).cidr,
	"Fn::FindInMap":    (*Scope).findInMap,
	"Fn::GetAZs":       (*Scope).zones,
	"Fn::ImportValue":  (*Scope).importValue,
	"Fn::Join":         (*Scope).join,
	"Fn::Length":       (*Scope).length,
	"Fn::Select":       (*Scope).selectItem,
	"Fn::Split":        (*Scope).split,
	"Fn::ToJsonString": (*Scope).jsonString,
}

// checkFunctions refuses functions that there are not, or not here.
func checkFunctions(value any, extensions bool) error {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			if err := checkFunctions(item, extensions); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			if err := checkFunction(key, v[key], extensions); err != nil {
				return err
			}
			if err := checkFunctions(v[key], extensions); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkFunction(key string, argument any, extensions bool) error {
	switch {
	case key == "Fn::Transform", strings.HasPrefix(key, "Fn::ForEach"):
		name, _, _ := strings.Cut(strings.TrimPrefix(key, "Fn::"), "::")
		return errorf("Template error: Fn::%s is not served by this AWS", name)
	case key == "Fn::Length" || key == "Fn::ToJsonString":
		if !extensions {
			return errorf("Template error: %s requires the transform %s", key, LanguageExtensions)
		}
	case key == "Fn::GetAtt":
		if _, _, ok := attributeOf(argument); !ok {
			return errorf("Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute")
		}
	case key == "Fn::Sub":
		if _, _, ok := subArguments(argument); !ok {
			return errSub()
		}
	case key == "Fn::If":
		if items, ok := argument.([]any); !ok || len(items) != 3 {
			return errorf("Template error: Fn::If requires a list argument with three elements")
		}
	case key == "Fn::And", key == "Fn::Or", key == "Fn::Not", key == "Fn::Equals":
	case strings.HasPrefix(key, "Fn::") && functions[key] == nil:
		return errorf("Template error: Unrecognized intrinsic function %s", key)
	}
	return nil
}

func (s *Scope) call(function string, argument any) (any, error) {
	switch function {
	case "Ref":
		name, _ := argument.(string)
		return s.ref(name)
	case "Fn::GetAtt":
		return s.getAtt(argument)
	case "Fn::Sub":
		return s.sub(argument)
	case "Fn::If":
		items, ok := argument.([]any)
		if !ok || len(items) != 3 {
			return nil, errorf("Template error: Fn::If requires a list argument with three elements")
		}
		name, _ := items[0].(string)
		if s.Holds(name) {
			return s.resolve(items[1])
		}
		return s.resolve(items[2])
	}
	f := functions[function]
	if f == nil {
		return nil, errorf("Template error: Unrecognized intrinsic function %s", function)
	}
	resolved, err := s.resolve(argument)
	if err != nil {
		return nil, err
	}
	if HasUnknown(resolved) {
		return Unknown{}, nil
	}
	return f(s, resolved)
}

func (s *Scope) ref(name string) (any, error) {
	if name == "AWS::NoValue" {
		return noValue{}, nil
	}
	if value, ok := s.Values[name]; ok {
		return value, nil
	}
	if s.Resources == nil || !s.exists(name) {
		return nil, errorf("Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", name)
	}
	return s.Resources.Ref(name)
}

func (s *Scope) exists(id string) bool {
	r := s.Template.Resources[id]
	return r != nil && s.Holds(r.Condition)
}

func (s *Scope) getAtt(argument any) (any, error) {
	id, attribute, ok := attributeOf(argument)
	if !ok {
		return nil, errorf("Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute")
	}
	resolved, err := s.resolve(attribute)
	if err != nil {
		return nil, err
	}
	name, ok := resolved.(string)
	if !ok {
		return nil, errorf("Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute")
	}
	if s.Resources == nil || !s.exists(id) {
		return nil, errorf("Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", id)
	}
	return s.Resources.GetAtt(id, name)
}

func errSub() error {
	return errorf("Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. " +
		"Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string")
}

func (s *Scope) sub(argument any) (any, error) {
	text, local, ok := subArguments(argument)
	if !ok {
		return nil, errSub()
	}
	// Once each, however often the text names them: nested variables would multiply.
	values := make(map[string]any, len(local))
	for _, name := range sortedKeys(local) {
		value, err := s.resolve(local[name])
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	var failure error
	unknown, size := false, len(text)
	result := substitution.ReplaceAllStringFunc(text, func(match string) string {
		name := match[2 : len(match)-1]
		if literal, found := strings.CutPrefix(name, "!"); found {
			return "${" + literal + "}"
		}
		value, err := s.variable(strings.TrimSpace(name), values)
		if err != nil {
			failure = err
			return ""
		}
		if HasUnknown(value) {
			unknown = true
			return ""
		}
		out, ok := Text(value)
		if !ok {
			failure = errorf("Template error: variable %s in Fn::Sub expression does not resolve to a string", name)
		}
		if size += len(out); size > maxResult {
			failure = errResult()
			return ""
		}
		return out
	})
	if failure != nil {
		return nil, failure
	}
	if unknown {
		return Unknown{}, nil
	}
	return result, checkDynamic(result)
}

func (s *Scope) variable(name string, local map[string]any) (any, error) {
	if value, ok := local[name]; ok {
		return value, nil
	}
	if id, attribute, dotted := strings.Cut(name, "."); dotted {
		return s.getAtt([]any{id, attribute})
	}
	return s.ref(name)
}

func (s *Scope) base64(argument any) (any, error) {
	text, ok := Text(argument)
	if !ok {
		return nil, errorf("Template error: every Fn::Base64 object must have a String-typed value.")
	}
	return limited(base64.StdEncoding.EncodeToString([]byte(text)))
}

func (s *Scope) findInMap(argument any) (any, error) {
	items, ok := argument.([]any)
	if !ok || len(items) < 3 || len(items) > 4 {
		return nil, errorf("Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value")
	}
	var path [3]string
	for i := range path {
		if path[i], ok = Text(items[i]); !ok {
			return nil, errorf("Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value")
		}
	}
	mapping, ok := s.Template.Mappings[path[0]].(map[string]any)
	if !ok {
		return nil, errorf("Template error: Mapping named '%s' is not present in the 'Mappings' section of template.", path[0])
	}
	top, _ := mapping[path[1]].(map[string]any)
	if value, found := top[path[2]]; found {
		return value, nil
	}
	if len(items) == 4 {
		if m, isMap := items[3].(map[string]any); isMap && s.Template.extensions && len(m) == 1 {
			if value, given := m["DefaultValue"]; given {
				return value, nil
			}
		}
	}
	return nil, errorf("Template error: Unable to get mapping for %s", strings.Join(path[:], "::"))
}

func (s *Scope) zones(argument any) (any, error) {
	region, ok := Text(argument)
	if !ok {
		return nil, errorf("Template error: every Fn::GetAZs object must have a String-typed value.")
	}
	if region == "" {
		region, _ = Text(s.Values["AWS::Region"])
	}
	return []any{region + "a", region + "b", region + "c"}, nil
}

func (s *Scope) importValue(argument any) (any, error) {
	name, ok := Text(argument)
	if !ok {
		return nil, errorf("Template error: the attribute in Fn::ImportValue must be a string or a function that returns a string")
	}
	if s.Import == nil {
		return nil, errorf("No export named %s found.", name)
	}
	return s.Import(name)
}

func (s *Scope) join(argument any) (any, error) {
	wrong := errorf("Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings " +
		"to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.")
	items, ok := argument.([]any)
	if !ok || len(items) != 2 {
		return nil, wrong
	}
	delimiter, isText := items[0].(string)
	values, isList := items[1].([]any)
	if !isText || !isList {
		return nil, wrong
	}
	texts := make([]string, len(values))
	for i, value := range values {
		if texts[i], ok = Text(value); !ok {
			return nil, wrong
		}
	}
	size := len(delimiter) * len(texts)
	for _, text := range texts {
		if size += len(text); size > maxResult {
			return nil, errResult()
		}
	}
	return strings.Join(texts, delimiter), nil
}

func (s *Scope) length(argument any) (any, error) {
	items, ok := argument.([]any)
	if !ok {
		return nil, errorf("Template error: Fn::Length requires a list argument")
	}
	return json.Number(strconv.Itoa(len(items))), nil
}

func (s *Scope) selectItem(argument any) (any, error) {
	items, ok := argument.([]any)
	if !ok || len(items) != 2 {
		return nil, errorf("Template error: Fn::Select requires a list argument with two elements: an integer index and a list")
	}
	text, _ := Text(items[0])
	index, err := strconv.Atoi(text)
	values, isList := items[1].([]any)
	if err != nil || !isList {
		return nil, errorf("Template error: Fn::Select requires a list argument with two elements: an integer index and a list")
	}
	if index < 0 || index >= len(values) {
		return nil, errorf("Template error: Fn::Select  cannot select nonexistent value at index %d", index)
	}
	return values[index], nil
}

func (s *Scope) split(argument any) (any, error) {
	items, ok := argument.([]any)
	if ok && len(items) == 2 {
		delimiter, isText := items[0].(string)
		text, also := Text(items[1])
		if isText && also && delimiter != "" {
			parts := []any{}
			for part := range strings.SplitSeq(text, delimiter) {
				parts = append(parts, part)
			}
			return parts, nil
		}
	}
	return nil, errorf("Template error: every Fn::Split object requires two parameters, (1) a string delimiter and " +
		"(2) a string to be split or a function that returns a string to be split.")
}

func (s *Scope) jsonString(argument any) (any, error) {
	switch argument.(type) {
	case map[string]any, []any:
	default:
		return nil, errorf("Template error: Fn::ToJsonString requires an object or a list")
	}
	text, err := Encode(argument)
	if err != nil {
		return nil, err
	}
	return limited(text)
}

// Encode writes a value as compact JSON with its keys sorted and without HTML escapes.
func Encode(value any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
