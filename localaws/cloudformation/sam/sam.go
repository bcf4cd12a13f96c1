// Package sam expands AWS::Serverless-2016-10-31 templates into plain CloudFormation.
//
// Goal: the same logical ids, types and properties as AWS's own translator
// (github.com/aws/serverless-application-model), and its words where a template
// is wrong. Non-goals: APIs, tables, state machines, layers and applications;
// gradual deployments. What is not expanded is refused by name.
package sam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Transform is the name under which templates ask for it.
const Transform = "AWS::Serverless-2016-10-31"

const (
	functionType = "AWS::Serverless::Function"
	samPrefix    = "AWS::Serverless::"
)

// Expand returns the template with every AWS::Serverless resource replaced by
// the plain resources that it stands for. tmpl is the parsed template (short
// forms expanded, values as in JSON with json.Number) and is not changed; params are the
// resolved parameter values. The errors' words are AWS's, from "Invalid Serverless Application
// Specification document." on; the caller adds "Transform ... failed with: ".
func Expand(tmpl, params map[string]any) (map[string]any, error) {
	out := clone(tmpl)
	x := &expansion{
		resources: mapOf(out["Resources"]),
		params:    known(params),
		out:       map[string]any{},
		produced:  map[string]map[string]string{},
	}
	if problem := x.checkShape(); problem != nil {
		return nil, documentError{problem}
	}
	if problem := mergeGlobals(out["Globals"], x.resources); problem != nil {
		return nil, documentError{problem}
	}
	x.conditions, _ = out["Conditions"].(map[string]any)
	if x.conditions == nil {
		x.conditions = map[string]any{}
	}
	if problems := x.expandAll(); len(problems) > 0 {
		return nil, documentError(problems)
	}
	if len(x.conditions) > 0 {
		out["Conditions"] = x.conditions
	}
	out["Resources"] = x.out
	delete(out, "Transform")
	delete(out, "Globals")
	return mapOf(resolveReferences(out, x.produced)), nil
}

// known leaves out the pseudo parameters that AWS's translator is not told:
// resolving them would give versions other logical ids than AWS gives them.
func known(params map[string]any) map[string]any {
	out := maps.Clone(params)
	maps.DeleteFunc(out, func(name string, _ any) bool {
		return strings.HasPrefix(name, "AWS::") && name != "AWS::Region" && name != "AWS::Partition"
	})
	return out
}

// documentError is all that is wrong with a document, in the translator's words.
type documentError []error

func (e documentError) Error() string {
	seen := map[string]bool{}
	var words []string
	for _, problem := range e {
		if word := problem.Error(); !seen[word] {
			seen[word] = true
			words = append(words, word)
		}
	}
	return fmt.Sprintf("Invalid Serverless Application Specification document. Number of errors found: %d. %s",
		len(words), strings.Join(words, " "))
}

// Unwrap returns the single problems.
func (e documentError) Unwrap() []error { return e }

// words is one problem of a document.
type words string

func (w words) Error() string { return string(w) }

func structureError(message string) error {
	return words("Structure of the SAM template is invalid. " + message)
}

func resourceError(id, format string, args ...any) error {
	return words("Resource with id [" + id + "] is invalid. " + fmt.Sprintf(format, args...))
}

// expansion is one template on its way.
type expansion struct {
	resources, params, conditions map[string]any
	// out are the resources of the result.
	out map[string]any
	// produced says what Hello.Alias and the like stand for: logical id, property, logical id.
	produced map[string]map[string]string
}

func (x *expansion) checkShape() error {
	if len(x.resources) == 0 {
		return structureError("'Resources' section is required")
	}
	for _, id := range slices.Sorted(maps.Keys(x.resources)) {
		resource, ok := x.resources[id].(map[string]any)
		if !ok {
			return structureError("All 'Resources' must be Objects. If you're using YAML, this may be an indentation issue.")
		}
		if !strings.HasPrefix(stringOf(resource["Type"]), samPrefix) {
			continue
		}
		if _, ok := resource["Properties"].(map[string]any); !ok && resource["Properties"] != nil {
			return resourceError(id, "Attribute 'Properties' should be a map.")
		}
		if _, ok := resource["Condition"].(string); !ok && resource["Condition"] != nil {
			return structureError("Every Condition member must be a string.")
		}
	}
	return nil
}

func (x *expansion) expandAll() []error {
	var problems []error
	for _, id := range slices.Sorted(maps.Keys(x.resources)) {
		resource := mapOf(x.resources[id])
		kind := stringOf(resource["Type"])
		switch {
		case resource["Connectors"] != nil:
			problems = append(problems, resourceError(id, "Attribute 'Connectors' is not supported by this AWS."))
		case kind == functionType:
			if err := x.expandFunction(id, resource); err != nil {
				problems = append(problems, err)
			}
		case strings.HasPrefix(kind, samPrefix):
			problems = append(problems, resourceError(id, "Resource type '%s' is not supported by this AWS.", kind))
		default:
			x.out[id] = resource
		}
	}
	return problems
}

// add puts a resource that the function of that id generates into the result.
func (x *expansion) add(function, id, kind string, resource map[string]any) error {
	if _, taken := x.resources[id]; taken && id != function {
		return words(fmt.Sprintf("Transforming resource with id [%s] attempts to create a new resource with id [%s] and type %q. "+
			"A resource with that id already exists within this template. Please use a different id for that resource.", function, id, kind))
	}
	resource["Type"] = kind
	x.out[id] = resource
	return nil
}
