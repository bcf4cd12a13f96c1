package template

import (
	"regexp"
	"slices"
	"strings"
)

// AWS's quotas for one template.
const (
	maxResources  = 500
	maxParameters = 200
	maxMappings   = 200
	maxOutputs    = 200
)

// LanguageExtensions is the transform that adds Fn::Length and Fn::ToJsonString.
const LanguageExtensions = "AWS::LanguageExtensions"

// Template is a template whose sections have been checked for their form.
type Template struct {
	Description string
	Metadata    any
	Parameters  map[string]Parameter
	Mappings    map[string]any
	Conditions  map[string]any
	Resources   map[string]*Resource
	Outputs     map[string]Output

	extensions bool
}

// Resource is one entry of the Resources section, unresolved.
type Resource struct {
	ID, Type, Condition string
	Properties          map[string]any
	DependsOn           []string
	Metadata            any
	// DeletionPolicy and UpdateReplacePolicy are empty where they are not given.
	DeletionPolicy, UpdateReplacePolicy string
}

// Output is one entry of the Outputs section, unresolved.
type Output struct {
	Description, Condition string
	Value                  any
	// Export is the unresolved name, nil where nothing is exported.
	Export any
}

var (
	sections = []string{
		"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings",
		"Conditions", "Resources", "Outputs", "Transform", "Rules", "Hooks", "Globals",
	}
	alphanumeric = regexp.MustCompile(`^[A-Za-z0-9]+$`)
)

// Transforms returns the transforms that a parsed template asks for.
func Transforms(document map[string]any) ([]string, error) {
	switch v := document["Transform"].(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []any:
		var names []string
		for _, item := range v {
			name, ok := item.(string)
			if !ok {
				return nil, errorf("Template format error: macros other than those of AWS are not served by this AWS")
			}
			names = append(names, name)
		}
		return names, nil
	default:
		return nil, errorf("Template format error: macros other than those of AWS are not served by this AWS")
	}
}

// New checks a parsed template, from which AWS::Serverless is already gone, and returns its sections.
func New(document map[string]any) (*Template, error) {
	if err := checkSections(document); err != nil {
		return nil, err
	}
	transforms, err := Transforms(document)
	if err != nil {
		return nil, err
	}
	t := &Template{Metadata: document["Metadata"], extensions: slices.Contains(transforms, LanguageExtensions)}
	t.Description, _ = document["Description"].(string)
	if t.Parameters, err = Parameters(document); err != nil {
		return nil, err
	}
	if t.Mappings, err = section(document, "Mappings", maxMappings); err != nil {
		return nil, err
	}
	if t.Conditions, err = section(document, "Conditions", maxMappings); err != nil {
		return nil, err
	}
	if err := t.readResources(document); err != nil {
		return nil, err
	}
	if err := t.readOutputs(document); err != nil {
		return nil, err
	}
	return t, t.check()
}

func checkSections(document map[string]any) error {
	var unknown []string
	for _, name := range sortedKeys(document) {
		if !slices.Contains(sections, name) {
			unknown = append(unknown, name)
		}
	}
	if unknown != nil {
		return errorf("Invalid template property or properties [%s]", strings.Join(unknown, ", "))
	}
	if version, ok := document["AWSTemplateFormatVersion"]; ok && version != "2010-09-09" {
		return errorf("Template format error: unsupported value for AWSTemplateFormatVersion.")
	}
	if d, ok := document["Description"]; ok {
		if s, isString := d.(string); !isString {
			return errorf("Template format error: Description member must be a string.")
		} else if len(s) > 1024 {
			return errorf("Template format error: 'Description' length is greater than 1024.")
		}
	}
	for _, name := range []string{"Rules", "Hooks"} {
		if _, ok := document[name]; ok {
			return errorf("Template format error: the %s section is not served by this AWS", name)
		}
	}
	if _, ok := document["Globals"]; ok {
		return errorf("Invalid template property or properties [Globals]")
	}
	return nil
}

// section returns a section that must be an object with alphanumeric names.
func section(document map[string]any, name string, most int) (map[string]any, error) {
	value, ok := document[name]
	if !ok {
		return map[string]any{}, nil
	}
	m, ok := value.(map[string]any)
	if !ok {
		return nil, errorf("Template format error: [/%s] must be an object", name)
	}
	if len(m) > most {
		return nil, errorf("Template format error: Number of %s, %d, is greater than maximum allowed, %d",
			strings.ToLower(name), len(m), most)
	}
	singular := strings.TrimSuffix(name, "s")
	for _, id := range sortedKeys(m) {
		if strings.HasPrefix(id, "Fn::ForEach") {
			return nil, errorf("Template error: Fn::ForEach is not served by this AWS")
		}
		if !alphanumeric.MatchString(id) {
			return nil, errorf("Template format error: %s name %s is non alphanumeric.", singular, id)
		}
	}
	return m, nil
}

func (t *Template) readOutputs(document map[string]any) error {
	all, err := section(document, "Outputs", maxOutputs)
	if err != nil {
		return err
	}
	t.Outputs = make(map[string]Output, len(all))
	for _, id := range sortedKeys(all) {
		m, ok := all[id].(map[string]any)
		if !ok {
			return errorf("Template format error: Output %s is malformed.", id)
		}
		o := Output{}
		o.Description, _ = m["Description"].(string)
		if o.Value, ok = m["Value"]; !ok {
			return errorf("Template format error: Every Outputs member must contain a Value object")
		}
		if o.Condition, err = conditionName(m); err != nil {
			return err
		}
		if export, given := m["Export"]; given {
			e, _ := export.(map[string]any)
			if o.Export = e["Name"]; o.Export == nil {
				return errorf("Template format error: Output %s is malformed. The Export must contain a Name.", id)
			}
		}
		for _, key := range sortedKeys(m) {
			if !slices.Contains([]string{"Value", "Description", "Condition", "Export"}, key) {
				return errorf("Template format error: Output %s is malformed. Unknown attribute %s.", id, key)
			}
		}
		t.Outputs[id] = o
	}
	return nil
}

func conditionName(m map[string]any) (string, error) {
	value, given := m["Condition"]
	if !given {
		return "", nil
	}
	name, ok := value.(string)
	if !ok {
		return "", errorf("Template format error: Every Condition member must be a string.")
	}
	return name, nil
}
