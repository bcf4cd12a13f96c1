package cloudformation

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/resource"
	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
)

// checkTypes refuses what this AWS cannot make, by name, before anything is made.
func (s *Service) checkTypes(t *template.Template) error {
	var unknown []string
	for _, name := range t.Types() {
		if _, ok := s.types(name); !ok {
			unknown = append(unknown, name)
		}
	}
	if unknown != nil {
		return invalid("Template format error: Unrecognized resource types: [%s]", strings.Join(unknown, ", "))
	}
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[id]
		if err := s.checkAttributes(t, r.Properties); err != nil {
			return err
		}
		known, _ := s.types(r.Type)
		if (r.DeletionPolicy == "Snapshot" || r.UpdateReplacePolicy == "Snapshot") && !known.Snapshot {
			return invalid("Template error: resource type %s does not support deletion policy Snapshot", r.Type)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.Outputs)) {
		if err := s.checkAttributes(t, t.Outputs[id].Value); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) checkAttributes(t *template.Template, value any) error {
	for _, ref := range template.References(value, nil) {
		r := t.Resources[ref.Name]
		if r == nil || ref.Attribute == "" {
			continue
		}
		if known, ok := s.types(r.Type); ok && !hasAttribute(known, ref.Attribute) {
			return invalid("Template error: resource %s does not support attribute type %s in Fn::GetAtt", ref.Name, ref.Attribute)
		}
	}
	return nil
}

func hasAttribute(t *resource.Type, name string) bool {
	return slices.ContainsFunc(t.Attributes, func(a string) bool {
		prefix, open := strings.CutSuffix(a, "*")
		return a == name || open && strings.HasPrefix(name, prefix)
	})
}

// capabilities returns what the template requires its user to acknowledge, and the resources that are the reason.
func (s *Service) capabilities(t *template.Template) (required types.Capability, ids []string) {
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[id]
		known, ok := s.types(r.Type)
		if !ok || !known.IAM {
			continue
		}
		ids = append(ids, r.Type)
		if required == "" {
			required = types.CapabilityCapabilityIam
		}
		if _, named := r.Properties[known.NamedIAM]; named {
			required = types.CapabilityCapabilityNamedIam
		}
	}
	slices.Sort(ids)
	return required, slices.Compact(ids)
}

func (s *Service) checkCapabilities(t *template.Template, given []types.Capability) error {
	required, _ := s.capabilities(t)
	if required == "" || slices.Contains(given, required) || slices.Contains(given, types.CapabilityCapabilityNamedIam) {
		return nil
	}
	return insufficient(required)
}

// checkProperties holds resolved properties against what the type knows.
func checkProperties(t *resource.Type, logicalID string, properties map[string]any) error {
	var unsupported []string
	for name := range properties {
		if !slices.Contains(t.Properties, name) {
			unsupported = append(unsupported, name)
		}
	}
	if unsupported != nil {
		slices.Sort(unsupported)
		return &template.Error{Message: "Encountered unsupported property " + strings.Join(unsupported, ", ")}
	}
	var missing []string
	for _, path := range t.Required {
		parent, name := "", path
		if i := strings.LastIndexByte(path, '.'); i >= 0 {
			parent, name = path[:i], path[i+1:]
		}
		holder, isObject := lookup(properties, parent).(map[string]any)
		if _, given := holder[name]; isObject && !given {
			at := "#"
			if parent != "" {
				at += "/" + strings.ReplaceAll(parent, ".", "/")
			}
			missing = append(missing, at+": required key ["+name+"] not found")
		}
	}
	if missing == nil {
		return nil
	}
	return &template.Error{Message: "Properties validation failed for resource " + logicalID + " with message:\n" + strings.Join(missing, "\n")}
}

// lookup returns what stands at a dotted path; the empty path is the value itself.
func lookup(value any, path string) any {
	if path == "" {
		return value
	}
	for name := range strings.SplitSeq(path, ".") {
		m, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = m[name]
	}
	return value
}
