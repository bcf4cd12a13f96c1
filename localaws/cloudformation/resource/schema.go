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

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
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

// schema is one JSON schema.
type schema struct {
	Type                 oneOrMore          `json:"type"`
	Ref                  string             `json:"$ref"`
	Enum                 []any              `json:"enum"`
	Required             []string           `json:"required"`
	Properties           map[string]*schema `json:"properties"`
	PatternProperties    map[string]*schema `json:"patternProperties"`
	AdditionalProperties json.RawMessage    `json:"additionalProperties"`
	Items                *schema            `json:"items"`
	constraints
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

// Problem is something that is wrong with a resource's properties, in the words of AWS's check.
type Problem struct {
	// Pointer is where it is wrong, such as "#/Code".
	Pointer string
	// Missing is the required property that is not there, where that is what is wrong.
	Missing string
	// Text is what is wrong: "required key [S3Bucket] not found".
	Text string
}

func (p Problem) String() string { return p.Pointer + ": " + p.Text }

// Validate checks resolved properties against the type's schema, before
// anything is made, with the words of AWS's own check.
func (t *Type) Validate(logicalID string, properties map[string]any) error {
	if t.Check == nil {
		return nil
	}
	problems := t.Check(properties)
	if len(problems) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("Properties validation failed for resource " + logicalID + " with message:")
	for _, p := range problems {
		b.WriteString("\n" + p.String())
	}
	return &Error{Code: "InvalidRequest", Message: b.String(), Early: true}
}

// check returns all that is wrong with the value, which stands at the path. What
// is not known yet is not wrong.
func (s *typeSchema) check(path string, want *schema, value any) []Problem {
	for want != nil && want.Ref != "" {
		want = s.Definitions[want.Ref]
	}
	if _, unknown := value.(template.Unknown); want == nil || value == nil || unknown {
		return nil
	}
	if !want.allows(value) {
		return []Problem{{Pointer: path, Text: fmt.Sprintf("expected type: %s, found: %s", javaName(want.Type[0]), javaName(jsonType(value)))}}
	}
	var problems []Problem
	if text := want.violated(value); text != "" {
		problems = append(problems, Problem{Pointer: path, Text: text})
	}
	switch value := value.(type) {
	case map[string]any:
		return append(problems, s.checkObject(path, want, value)...)
	case []any:
		for i, item := range value {
			problems = append(problems, s.check(path+"/"+strconv.Itoa(i), want.Items, item)...)
		}
	}
	return problems
}

func (s *typeSchema) checkObject(path string, want *schema, object map[string]any) []Problem {
	var problems []Problem
	for _, name := range want.Required {
		if object[name] == nil {
			problems = append(problems, Problem{Pointer: path, Missing: name, Text: "required key [" + name + "] not found"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		inner, known := want.property(name)
		switch {
		case known:
			problems = append(problems, s.check(path+"/"+name, inner, object[name])...)
		case string(want.AdditionalProperties) == "false":
			problems = append(problems, Problem{Pointer: path, Text: "extraneous key [" + name + "] is not permitted"})
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
