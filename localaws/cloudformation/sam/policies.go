package sam

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"
)

// policyTemplatesJSON are the policy templates of AWS's translator (Apache
// License 2.0, Amazon.com, Inc.), without their descriptions.
//
//go:embed policies.json
var policyTemplatesJSON []byte

// policyTemplate is a policy with parameters, such as S3ReadPolicy.
type policyTemplate struct {
	Parameters []string
	Definition map[string]any
}

var policyTemplates = sync.OnceValues(func() (map[string]policyTemplate, error) {
	var all map[string]policyTemplate
	err := json.Unmarshal(policyTemplatesJSON, &all)
	return all, err
})

type policyKind int

const (
	unknownPolicy policyKind = iota
	managedPolicy
	statementPolicy
	templatePolicy
)

// policyKindOf tells what an entry of Policies is.
func policyKindOf(entry any) (policyKind, error) {
	if _, ok := entry.(string); ok {
		return managedPolicy, nil
	}
	if items, isIf := ifBranches(entry); isIf {
		return branchKind(items)
	}
	if isIntrinsic(entry) {
		return managedPolicy, nil
	}
	if _, ok := mapOf(entry)["Statement"]; ok {
		return statementPolicy, nil
	}
	if name, _, ok := single(entry); ok {
		templates, err := policyTemplates()
		if err != nil {
			return unknownPolicy, err
		}
		if _, ok := templates[name]; ok {
			return templatePolicy, nil
		}
	}
	return unknownPolicy, nil
}

func branchKind(items []any) (policyKind, error) {
	if items == nil {
		return unknownPolicy, structureError("Fn::If requires 3 arguments")
	}
	then, err := policyKindOf(items[1])
	if err != nil {
		return unknownPolicy, err
	}
	otherwise, err := policyKindOf(items[2])
	switch {
	case err != nil:
		return unknownPolicy, err
	case then == otherwise, isNoValue(items[2]):
		return then, nil
	case isNoValue(items[1]):
		return otherwise, nil
	}
	return unknownPolicy, structureError("Different policy types within the same Fn::If statement is unsupported. " +
		"Separate different policy types into different Fn::If statements")
}

// expandPolicyTemplates replaces policy templates in Policies by their statements.
func (f *function) expandPolicyTemplates() error {
	entries := slices.Clone(f.policies())
	if len(entries) == 0 {
		return nil
	}
	for i, entry := range entries {
		kind, err := policyKindOf(entry)
		if err != nil {
			return err
		}
		if kind != templatePolicy {
			continue
		}
		var failed error
		entries[i] = onBranches(entry, func(value any) any {
			statements, err := f.expandPolicyTemplate(value)
			if err != nil {
				failed = err
			}
			return statements
		})
		if failed != nil {
			return failed
		}
	}
	f.given["Policies"] = entries
	return nil
}

func (f *function) expandPolicyTemplate(value any) (any, error) {
	templates, err := policyTemplates()
	if err != nil {
		return nil, err
	}
	name, argument, _ := single(value)
	arguments, ok := argument.(map[string]any)
	if !ok {
		return nil, f.fail("Must specify valid parameter values for policy template '%s'", name)
	}
	var missing []string
	for _, parameter := range templates[name].Parameters {
		if _, ok := arguments[parameter]; !ok {
			missing = append(missing, parameter)
		}
	}
	if len(missing) > 0 {
		return nil, f.fail("Following required parameters of template '%s' don't have values: %s", name, pythonList(missing))
	}
	return fill(templates[name], templates[name].Definition, arguments), nil
}

// fill copies the definition with the arguments in the place of references to
// the template's parameters. The arguments themselves are left as they are.
func fill(template policyTemplate, value any, arguments map[string]any) any {
	switch value := value.(type) {
	case map[string]any:
		if parameter, ok := value["Ref"].(string); ok && len(value) == 1 && slices.Contains(template.Parameters, parameter) {
			return cloneValue(arguments[parameter])
		}
		out := make(map[string]any, len(value))
		for key, item := range value {
			out[key] = fill(template, item, arguments)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = fill(template, item, arguments)
		}
		return out
	default:
		return value
	}
}
