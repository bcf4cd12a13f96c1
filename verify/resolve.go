package verify

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.yaml.in/yaml/v3"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// resolve returns a part of the stack's template with what its references stand
// for: parameters, pseudo parameters, names and ARNs of its resources. What is
// said with another function is [cloud.Unknown].
func (m *made) resolve(n *yaml.Node) any {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return m.call(n.Tag[1:], n)
	}
	switch n.Kind {
	case yaml.MappingNode:
		if len(n.Content) == 2 {
			if name := n.Content[0].Value; name == "Ref" || strings.HasPrefix(name, "Fn::") {
				return m.call(strings.TrimPrefix(name, "Fn::"), n.Content[1])
			}
		}
		members := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			members[n.Content[i].Value] = m.resolve(n.Content[i+1])
		}
		return members
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			list = append(list, m.resolve(item))
		}
		return list
	case yaml.AliasNode:
		return m.resolve(n.Alias)
	case yaml.DocumentNode, yaml.ScalarNode:
	}
	return n.Value
}

// call is what a function of a template gives.
func (m *made) call(function string, argument *yaml.Node) any {
	text, ok := "", false
	switch {
	case argument.Kind == yaml.ScalarNode && function == "Ref":
		text, ok = m.ref(argument.Value)
	case argument.Kind == yaml.ScalarNode && function == "GetAtt":
		text, ok = m.attribute(argument.Value)
	case argument.Kind == yaml.SequenceNode && function == "GetAtt" && len(argument.Content) == 2:
		text, ok = m.attribute(argument.Content[0].Value + "." + argument.Content[1].Value)
	case argument.Kind == yaml.ScalarNode && function == "Sub":
		text, ok = m.substitute(argument.Value)
	}
	if !ok {
		return cloud.Unknown{}
	}
	return text
}

var placeholder = regexp.MustCompile(`\$\{([A-Za-z0-9:.]+)\}`)

func (m *made) substitute(text string) (string, bool) {
	all := !strings.Contains(text, "${!")
	text = placeholder.ReplaceAllStringFunc(text, func(found string) string {
		name := found[len("${") : len(found)-1]
		value, ok := m.ref(name)
		if strings.Contains(name, ".") {
			value, ok = m.attribute(name)
		}
		all = all && ok
		return value
	})
	return text, all
}

func (m *made) ref(name string) (string, bool) {
	switch name {
	case "AWS::AccountId":
		return m.of.Account, true
	case "AWS::Region":
		return m.of.Region, true
	case "AWS::Partition":
		return m.of.Partition(), true
	case "AWS::StackName":
		return aws.ToString(m.stack.StackName), true
	case "AWS::StackId":
		return aws.ToString(m.stack.StackId), true
	}
	for _, p := range m.stack.Parameters {
		if aws.ToString(p.ParameterKey) == name {
			return aws.ToString(p.ParameterValue), true
		}
	}
	id := m.id(name)
	return id, id != ""
}

// attribute is that of a resource, as Resource.Attribute. Those that are known
// are the ARNs of what a policy of the workshop's templates names.
func (m *made) attribute(of string) (string, bool) {
	logical, name, _ := strings.Cut(of, ".")
	id := m.id(logical)
	if id == "" || name != "Arn" {
		return "", false
	}
	arn := func(service, region, account, rest string) (string, bool) {
		return strings.Join([]string{"arn", m.of.Partition(), service, region, account, rest}, ":"), true
	}
	switch aws.ToString(m.resources[logical].ResourceType) {
	case "AWS::S3::Bucket":
		return arn("s3", "", "", id)
	case "AWS::CodeBuild::Project":
		return arn("codebuild", m.of.Region, m.of.Account, "project/"+id)
	case "AWS::Logs::LogGroup":
		return arn("logs", m.of.Region, m.of.Account, "log-group:"+id+":*")
	case "AWS::IAM::Role": // none of the workshop's has a path
		return arn("iam", "", m.of.Account, "role/"+id)
	}
	return "", false
}
