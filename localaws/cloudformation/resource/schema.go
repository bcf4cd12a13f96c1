package resource

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// schemasJSON holds names, types, required, create-only and read-only
// properties of every type served here, pruned by schemas.py from the resource
// provider schemas that AWS publishes.
//
//go:embed schemas.json
var schemasJSON []byte

// typeSchema is what AWS publishes about a resource type.
type typeSchema struct {
	CreateOnly, ReadOnly []string
	// SystemTags says that the type's resources carry the aws:cloudformation: tags.
	SystemTags  bool
	Root        *schema
	Definitions map[string]*schema
}

// schema is one JSON schema. Lengths and patterns are left to the services, which know them too.
type schema struct {
	Type                 oneOrMore          `json:"type"`
	Ref                  string             `json:"$ref"`
	Enum                 []any              `json:"enum"`
	Required             []string           `json:"required"`
	Properties           map[string]*schema `json:"properties"`
	PatternProperties    map[string]*schema `json:"patternProperties"`
	AdditionalProperties json.RawMessage    `json:"additionalProperties"`
	Items                *schema            `json:"items"`
}

// oneOrMore is a string or a list of strings.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(o))
}

// schemas are parsed once. They are part of the program: a test loads them.
var schemas = sync.OnceValue(func() map[string]*typeSchema {
	var all map[string]*typeSchema
	if err := json.Unmarshal(schemasJSON, &all); err != nil {
		panic("schemas.json: " + err.Error())
	}
	for _, s := range all {
		for _, path := range s.ReadOnly {
			delete(s.Root.Properties, path)
		}
	}
	return all
})

// Validate checks resolved properties against the type's schema, before
// anything is made, with the words of AWS's own check.
func (t *Type) Validate(logicalID string, properties map[string]any) error {
	s := schemas()[t.Name]
	if s == nil {
		return nil
	}
	if problems := s.check("#", s.Root, properties); len(problems) > 0 {
		return &Error{
			Code:    "InvalidRequest",
			Message: "Properties validation failed for resource " + logicalID + " with message:\n" + strings.Join(problems, "\n"),
		}
	}
	return nil
}

// check returns all that is wrong with the value, which stands at the path.
func (s *typeSchema) check(path string, want *schema, value any) []string {
	for want != nil && want.Ref != "" {
		want = s.Definitions[want.Ref]
	}
	if want == nil || value == nil {
		return nil
	}
	if !want.allows(value) {
		return []string{fmt.Sprintf("%s: expected type: %s, found: %s", path, javaName(want.Type[0]), javaName(jsonType(value)))}
	}
	switch value := value.(type) {
	case map[string]any:
		return s.checkObject(path, want, value)
	case []any:
		var problems []string
		for i, item := range value {
			problems = append(problems, s.check(path+"/"+strconv.Itoa(i), want.Items, item)...)
		}
		return problems
	default:
		text, _ := scalar(value)
		if len(want.Enum) > 0 && !slices.ContainsFunc(want.Enum, func(allowed any) bool { return fmt.Sprint(allowed) == text }) {
			return []string{fmt.Sprintf("%s: %s is not a valid enum value", path, text)}
		}
		return nil
	}
}

func (s *typeSchema) checkObject(path string, want *schema, object map[string]any) []string {
	var problems []string
	for _, name := range want.Required {
		if object[name] == nil {
			problems = append(problems, fmt.Sprintf("%s: required key [%s] not found", path, name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		inner, known := want.property(name)
		switch {
		case known:
			problems = append(problems, s.check(path+"/"+name, inner, object[name])...)
		case string(want.AdditionalProperties) == "false":
			problems = append(problems, fmt.Sprintf("%s: extraneous key [%s] is not permitted", path, name))
		}
	}
	return problems
}

func (s *schema) property(name string) (*schema, bool) {
	if inner, ok := s.Properties[name]; ok {
		return inner, true
	}
	for pattern, inner := range s.PatternProperties {
		if ok, err := regexp.MatchString(pattern, name); err == nil && ok {
			return inner, true
		}
	}
	return nil, false
}

// allows says whether the value is of a type that is wanted. CloudFormation
// takes scalars loosely: "30" for 30, true for "true".
func (s *schema) allows(value any) bool {
	if len(s.Type) == 0 {
		return true
	}
	found := jsonType(value)
	for _, want := range s.Type {
		text, isScalar := scalar(value)
		switch want {
		case found:
			return true
		case "string":
			if isScalar {
				return true
			}
		case "boolean":
			if text == "true" || text == "false" {
				return true
			}
		case "integer":
			if _, err := strconv.ParseInt(text, 10, 64); err == nil {
				return true
			}
		case "number":
			if _, err := strconv.ParseFloat(text, 64); err == nil {
				return true
			}
		}
	}
	return false
}

func jsonType(value any) string {
	switch value.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case bool:
		return "boolean"
	case string:
		return "string"
	default:
		return "number"
	}
}

// javaName is how AWS's check, a Java program, calls a JSON type.
func javaName(jsonType string) string {
	switch jsonType {
	case "object":
		return "JSONObject"
	case "array":
		return "JSONArray"
	default:
		return strings.ToUpper(jsonType[:1]) + jsonType[1:]
	}
}

// required are the required properties at the top and, as dotted paths, below given objects.
func (s *typeSchema) required() []string { return s.requiredBelow("", s.Root, 0) }

func (s *typeSchema) requiredBelow(prefix string, at *schema, depth int) []string {
	const deepest = 8 // a schema may refer to itself
	for at != nil && at.Ref != "" {
		at = s.Definitions[at.Ref]
	}
	if at == nil || depth > deepest {
		return nil
	}
	var paths []string
	for _, name := range at.Required {
		paths = append(paths, prefix+name)
	}
	for _, name := range slices.Sorted(maps.Keys(at.Properties)) {
		paths = append(paths, s.requiredBelow(prefix+name+".", at.Properties[name], depth+1)...)
	}
	return paths
}
