package cloudformation

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/resource"
	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
)

// unservedTypes are CloudFormation's own types and what they stand for.
var unservedTypes = map[string]string{
	"AWS::CloudFormation::Stack": "nested stacks", "AWS::CloudFormation::StackSet": "stack sets",
	"AWS::CloudFormation::CustomResource": "custom resources", "AWS::CloudFormation::Macro": "macros",
	"AWS::CloudFormation::WaitCondition": "wait conditions", "AWS::CloudFormation::ModuleVersion": "modules",
	"AWS::CloudFormation::ModuleDefaultVersion": "modules", "AWS::CloudFormation::HookVersion": "hooks",
	"AWS::CloudFormation::HookTypeConfig": "hooks", "AWS::CloudFormation::LambdaHook": "hooks", "AWS::CloudFormation::GuardHook": "hooks",
}

// checkTypes refuses what this AWS cannot make, by name, before anything is made.
func (s *Service) checkTypes(t *template.Template) error {
	var unknown []string
	for _, name := range t.Types() {
		if _, ok := s.types(name); ok {
			continue
		}
		what := unservedTypes[name]
		switch {
		case strings.HasPrefix(name, "Custom::"):
			what = "custom resources"
		case strings.HasSuffix(name, "::MODULE"):
			what = "modules"
		}
		if what != "" {
			return invalid("Template error: %s are not served by this AWS: %s", what, name)
		}
		unknown = append(unknown, name)
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

// checkAllowed holds the template's resource types against those that a request allows, such as AWS::SNS::*.
func checkAllowed(t *template.Template, allowed []string) error {
	if len(allowed) == 0 {
		return nil
	}
	for _, name := range t.Types() {
		if !slices.ContainsFunc(allowed, func(pattern string) bool { return like(pattern, name) }) {
			return invalid("Resource type %s is not allowed by parameter ResourceTypes [%s]", name, strings.Join(allowed, ", "))
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
