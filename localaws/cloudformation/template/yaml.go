package template

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// shortForms are the tags of YAML templates and the functions that they stand for.
var shortForms = map[string]string{
	"!Ref": "Ref", "!Condition": "Condition",
	"!And": "Fn::And", "!Base64": "Fn::Base64", "!Cidr": "Fn::Cidr", "!Equals": "Fn::Equals",
	"!FindInMap": "Fn::FindInMap", "!GetAtt": "Fn::GetAtt", "!GetAZs": "Fn::GetAZs",
	"!If": "Fn::If", "!ImportValue": "Fn::ImportValue", "!Join": "Fn::Join",
	"!Length": "Fn::Length", "!Not": "Fn::Not", "!Or": "Fn::Or", "!Select": "Fn::Select",
	"!Split": "Fn::Split", "!Sub": "Fn::Sub", "!ToJsonString": "Fn::ToJsonString",
	"!Transform": "Fn::Transform",
}

var errorLine = regexp.MustCompile(`line (\d+)`)

func parseYAML(body string) (any, error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(body), &document); err != nil {
		line := "1"
		if m := errorLine.FindStringSubmatch(err.Error()); m != nil {
			line = m[1]
		}
		return nil, errorf("Template format error: YAML not well-formed. (line %s)", line)
	}
	if len(document.Content) == 0 {
		return nil, errorf("Template format error: unsupported structure.")
	}
	return fromNode(document.Content[0], 0)
}

func malformed(n *yaml.Node) error {
	return errorf("Template format error: YAML not well-formed. (line %d, column %d)", n.Line, n.Column)
}

func fromNode(n *yaml.Node, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errorf("Template format error: nesting is deeper than the maximum allowed, %d", maxDepth)
	}
	// AWS's guide lists aliases and hash merges among what CloudFormation does
	// not support. Without aliases there are no alias bombs either.
	if n.Kind == yaml.AliasNode {
		return nil, errorf("Template error: YAML aliases are not allowed in CloudFormation templates")
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") && n.Tag != "!" {
		return fromShortForm(n, depth)
	}
	switch n.Kind {
	case yaml.MappingNode:
		return fromMapping(n, depth)
	case yaml.SequenceNode:
		return fromSequence(n, depth)
	case yaml.ScalarNode:
		return fromScalar(n)
	default:
		return nil, malformed(n)
	}
}

func fromShortForm(n *yaml.Node, depth int) (any, error) {
	function, ok := shortForms[n.Tag]
	if !ok {
		return nil, malformed(n)
	}
	var argument any
	var err error
	switch n.Kind {
	case yaml.MappingNode:
		argument, err = fromMapping(n, depth)
	case yaml.SequenceNode:
		argument, err = fromSequence(n, depth)
	case yaml.ScalarNode:
		argument = n.Value
		if function == "Fn::GetAtt" {
			argument = splitAttribute(n.Value)
		}
	default:
		return nil, malformed(n)
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{function: argument}, nil
}

// splitAttribute makes ["Logical", "Attribute.Name"] of "Logical.Attribute.Name".
func splitAttribute(s string) any {
	id, attribute, ok := strings.Cut(s, ".")
	if !ok {
		return s
	}
	return []any{id, attribute}
}

func fromMapping(n *yaml.Node, depth int) (any, error) {
	m := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.AliasNode {
			return nil, errorf("Template error: YAML aliases are not allowed in CloudFormation templates")
		}
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			return nil, malformed(key)
		}
		if _, twice := m[key.Value]; twice {
			return nil, malformed(key)
		}
		value, err := fromNode(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if s, ok := value.(string); ok && key.Value == "Fn::GetAtt" {
			value = splitAttribute(s)
		}
		m[key.Value] = value
	}
	return m, nil
}

func fromSequence(n *yaml.Node, depth int) (any, error) {
	list := make([]any, 0, len(n.Content))
	for _, item := range n.Content {
		value, err := fromNode(item, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

func fromScalar(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!null":
		return nil, nil //nolint:nilnil // YAML's null is a value; the caller names its place
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), nil
	case "!!int", "!!float":
		return number(n.Value), nil
	case "!!str", "!!timestamp":
		return n.Value, nil // a date such as 2012-10-17 is the text that was written
	default:
		return nil, malformed(n)
	}
}

// number keeps a number as it is written where JSON can write it so. An
// account id with a leading zero stays a string rather than losing it.
func number(text string) any {
	if json.Valid([]byte(text)) {
		return json.Number(text)
	}
	if len(text) > 1 && text[0] == '0' && strings.Trim(text, "0123456789") == "" {
		return text
	}
	if n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 0, 64); err == nil {
		return json.Number(strconv.FormatInt(n, 10))
	}
	return text
}
