package cloud

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// topProperty is the name of the property that a path such as
// /EventPattern/detail/event leads into.
func topProperty(path string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return name
}

// asItIs rewrites a template so that it says what there is: changed properties
// as they are, deleted resources left out. left is how many resources it has.
func asItIs(body []byte, drifts map[string]drift) (text string, left int, err error) {
	var document yaml.Node
	if err := yaml.Unmarshal(body, &document); err != nil || len(document.Content) == 0 {
		return "", 0, fmt.Errorf("read the template: %w", err)
	}
	resources := member(document.Content[0], "Resources")
	if resources == nil {
		return "", 0, errors.New("the template has no resources")
	}
	gone := map[string]bool{}
	for id, d := range drifts {
		if d.Gone {
			gone[id] = true
		} else if err := patch(member(resources, id), d); err != nil {
			return "", 0, err
		}
	}
	if err := leaveOut(resources, drifts, gone); err != nil {
		return "", 0, err
	}
	if outputs := member(document.Content[0], "Outputs"); outputs != nil {
		removeMembers(outputs, func(_ string, output *yaml.Node) bool { return refersToAny(output, gone) })
		if len(outputs.Content) == 0 {
			removeMembers(document.Content[0], func(name string, _ *yaml.Node) bool { return name == "Outputs" })
		}
	}
	out, err := yaml.Marshal(&document)
	return string(out), len(resources.Content) / 2, err
}

// patch gives a resource the properties that it really has.
func patch(resource *yaml.Node, d drift) error {
	if resource == nil || !d.drifted() {
		return nil
	}
	properties := member(resource, "Properties")
	for _, name := range d.Properties {
		actual, ok := d.Actual[name]
		if properties != nil && !ok {
			removeMembers(properties, func(n string, _ *yaml.Node) bool { return n == name })
			continue
		}
		var value yaml.Node
		if err := value.Encode(actual); err != nil {
			return fmt.Errorf("write property %s: %w", name, err)
		}
		if properties == nil {
			properties = setMember(resource, "Properties", yaml.Node{Kind: yaml.MappingNode})
		}
		setMember(properties, name, value)
	}
	return nil
}

// precious are the types that hold what a person has made: none of them is
// ever deleted to mend something else.
var precious = []string{"AWS::S3::Bucket", "AWS::CodeCommit::Repository"}

// leaveOut takes the resources that are gone out of the template. What refers
// to them gets its properties as they were resolved; where those are not known
// it is left out too.
func leaveOut(resources *yaml.Node, drifts map[string]drift, gone map[string]bool) error {
	for again := true; again; {
		again = false
		for i := 0; i < len(resources.Content); i += 2 {
			id, resource := resources.Content[i].Value, resources.Content[i+1]
			if gone[id] {
				continue
			}
			forgetDependencies(resource, gone)
			if !refersToAny(resource, gone) {
				continue
			}
			resolved := drifts[id].Expected
			if resolved == nil {
				if kind := member(resource, "Type"); kind != nil && slices.Contains(precious, kind.Value) {
					return fmt.Errorf("%s would have to be deleted on the way", id)
				}
				gone[id], again = true, true
				continue
			}
			var value yaml.Node
			if err := value.Encode(resolved); err != nil {
				return fmt.Errorf("write the properties of %s: %w", id, err)
			}
			setMember(resource, "Properties", value)
			if err := patch(resource, drifts[id]); err != nil {
				return err
			}
		}
	}
	removeMembers(resources, func(id string, _ *yaml.Node) bool { return gone[id] })
	return nil
}

func forgetDependencies(resource *yaml.Node, gone map[string]bool) {
	on := member(resource, "DependsOn")
	switch {
	case on == nil:
	case on.Kind == yaml.SequenceNode:
		on.Content = slices.DeleteFunc(on.Content, func(n *yaml.Node) bool { return gone[n.Value] })
	case gone[on.Value]:
		removeMembers(resource, func(name string, _ *yaml.Node) bool { return name == "DependsOn" })
	}
}

var substitution = regexp.MustCompile(`\$\{([A-Za-z0-9]+)(\.[^}]*)?\}`)

// refersToAny tells whether a part of a template refers to one of some
// resources, by Ref, GetAtt or Sub, in the short form or the long one.
func refersToAny(n *yaml.Node, ids map[string]bool) bool {
	switch n.Tag {
	case "!Ref":
		return ids[n.Value]
	case "!GetAtt":
		return ids[attributeOf(n)]
	case "!Sub":
		if substitutes(n, ids) {
			return true
		}
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 {
		switch value := n.Content[1]; n.Content[0].Value {
		case "Ref":
			return ids[value.Value]
		case "Fn::GetAtt":
			return ids[attributeOf(value)]
		case "Fn::Sub":
			if substitutes(value, ids) {
				return true
			}
		}
	}
	return slices.ContainsFunc(n.Content, func(inner *yaml.Node) bool { return refersToAny(inner, ids) })
}

// attributeOf is the resource in "Resource.Attribute" or [Resource, Attribute].
func attributeOf(n *yaml.Node) string {
	if n.Kind == yaml.SequenceNode && len(n.Content) > 0 {
		return n.Content[0].Value
	}
	id, _, _ := strings.Cut(n.Value, ".")
	return id
}

func substitutes(n *yaml.Node, ids map[string]bool) bool {
	text := n.Value
	if n.Kind == yaml.SequenceNode && len(n.Content) > 0 {
		text = n.Content[0].Value
	}
	for _, match := range substitution.FindAllStringSubmatch(text, -1) {
		if ids[match[1]] {
			return true
		}
	}
	return false
}

// member is the value of a key of a mapping, or nil.
func member(mapping *yaml.Node, name string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// setMember sets a key of a mapping and returns the value that it has now.
func setMember(mapping *yaml.Node, name string, value yaml.Node) *yaml.Node {
	if have := member(mapping, name); have != nil {
		*have = value
		return have
	}
	mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, &value)
	return &value
}

func removeMembers(mapping *yaml.Node, unwanted func(name string, value *yaml.Node) bool) {
	var kept []*yaml.Node
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if !unwanted(mapping.Content[i].Value, mapping.Content[i+1]) {
			kept = append(kept, mapping.Content[i], mapping.Content[i+1])
		}
	}
	mapping.Content = kept
}
