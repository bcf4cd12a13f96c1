package template

import (
	"slices"
	"strings"
)

var policies = []string{"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"}

func (t *Template) readResources(document map[string]any) error {
	all, err := section(document, "Resources", maxResources)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errorf("Template format error: At least one Resources member must be defined.")
	}
	t.Resources = make(map[string]*Resource, len(all))
	for _, id := range sortedKeys(all) {
		m, ok := all[id].(map[string]any)
		if !ok {
			return errorf("Template format error: Any Resources member must be an object.")
		}
		if t.Resources[id], err = readResource(id, m); err != nil {
			return err
		}
	}
	return nil
}

func readResource(id string, m map[string]any) (*Resource, error) {
	r := &Resource{ID: id, Properties: map[string]any{}, Metadata: m["Metadata"]}
	var ok bool
	var err error
	if r.Type, ok = m["Type"].(string); !ok || r.Type == "" {
		return nil, errorf("Template format error: [/Resources/%s] Every Resources object must contain a Type member.", id)
	}
	if p, given := m["Properties"]; given {
		if r.Properties, ok = p.(map[string]any); !ok {
			return nil, errorf("Template format error: [/Resources/%s] Properties must be an object.", id)
		}
	}
	if r.DependsOn, err = dependsOn(id, m["DependsOn"]); err != nil {
		return nil, err
	}
	if r.Condition, err = conditionName(m); err != nil {
		return nil, err
	}
	if r.DeletionPolicy, err = policy(id, "DeletionPolicy", m); err != nil {
		return nil, err
	}
	if r.UpdateReplacePolicy, err = policy(id, "UpdateReplacePolicy", m); err != nil {
		return nil, err
	}
	for _, key := range sortedKeys(m) {
		switch key {
		case "Type", "Properties", "DependsOn", "Condition", "Metadata", "DeletionPolicy", "UpdateReplacePolicy":
		case "CreationPolicy", "UpdatePolicy":
			return nil, errorf("Template error: resource %s: the attribute %s is not served by this AWS", id, key)
		default:
			return nil, errorf("Invalid template resource property '%s'", key)
		}
	}
	return r, nil
}

func dependsOn(id string, value any) ([]string, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []any:
		var ids []string
		for _, item := range v {
			s, ok := item.(string)
			if !ok {
				return nil, errorf("Template format error: DependsOn must be a string or list of strings in resource %s.", id)
			}
			ids = append(ids, s)
		}
		return ids, nil
	default:
		return nil, errorf("Template format error: DependsOn must be a string or list of strings in resource %s.", id)
	}
}

func policy(id, attribute string, m map[string]any) (string, error) {
	value, given := m[attribute]
	if !given {
		return "", nil
	}
	name, ok := value.(string)
	if !ok || !slices.Contains(policies, name) || attribute == "UpdateReplacePolicy" && name == "RetainExceptOnCreate" {
		shown, _ := Text(value)
		return "", errorf("Template format error: Unrecognized %s %s for resource %s", attribute, shown, id)
	}
	return name, nil
}

// Types returns the resource types of the template, each once, sorted.
func (t *Template) Types() []string {
	var types []string
	for _, r := range t.Resources {
		types = append(types, r.Type)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// isPseudo says whether Ref may name this pseudo parameter.
func isPseudo(name string) bool {
	return slices.Contains([]string{
		"AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition",
		"AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix",
	}, name)
}

func list(ids []string) string { return "[" + strings.Join(ids, ", ") + "]" }
