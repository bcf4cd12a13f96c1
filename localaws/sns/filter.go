package sns

import (
	"encoding/json"
	"errors"

	"github.com/mayfly-cd/mayfly/localaws/internal/pattern"
)

// The scopes of a filter policy.
const (
	scopeAttributes = "MessageAttributes"
	scopeBody       = "MessageBody"
)

// What a filter policy may hold:
// https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
const (
	maxFilterKeys         = 5
	maxFilterCombinations = 150
)

// checkFilter refuses a filter policy that cannot be matched.
func checkFilter(text, scope string) error {
	value, err := pattern.Decode(text)
	if err != nil {
		return errors.New("failed to parse JSON. " + err.Error())
	}
	policy, ok := value.(map[string]any)
	if !ok {
		return errors.New("Filter is not an object") //nolint:staticcheck // AWS's words
	}
	if len(policy) == 0 {
		return nil // lets everything through
	}
	if len(policy) > maxFilterKeys {
		return errors.New("Filter policy can not have more than 5 keys") //nolint:staticcheck // AWS's words
	}
	if scope == scopeAttributes {
		for _, member := range policy {
			if _, nested := member.(map[string]any); nested {
				return errors.New("Filter policy scope MessageAttributes does not support nested filter policy") //nolint:staticcheck // AWS's words
			}
		}
	}
	if combinations(policy, 1) > maxFilterCombinations {
		return errors.New("Filter policy is too complex") //nolint:staticcheck // AWS's words
	}
	_, err = pattern.Compile(text)
	return err
}

// combinations counts as AWS does: the values of each key times its depth, multiplied.
func combinations(policy map[string]any, depth int) int {
	total := 1
	for name, member := range policy {
		if total > maxFilterCombinations {
			break
		}
		switch member := member.(type) {
		case map[string]any:
			total *= combinations(member, depth+1)
		case []any:
			total *= len(member) * depth
			for _, alternative := range member {
				if nested, ok := alternative.(map[string]any); ok && name == "$or" {
					total *= combinations(nested, depth+1)
				}
			}
		}
	}
	return total
}

// wants says whether the subscription's filter policy lets the message through.
func (sub *subscription) wants(n *notification) bool {
	text := sub.Attributes["FilterPolicy"]
	if text == "" || text == "{}" {
		return true
	}
	wanted, err := pattern.Compile(text)
	if err != nil {
		return false // it was checked when it was set
	}
	if sub.scope() == scopeBody {
		value, err := pattern.Decode(n.body(sub.Protocol))
		_, object := value.(map[string]any)
		return err == nil && object && wanted.Match(value)
	}
	values := map[string]any{}
	for name, a := range n.Attributes {
		if value, ok := a.value(); ok {
			values[name] = value
		}
	}
	return wanted.Match(values)
}

func (sub *subscription) scope() string {
	if sub.Attributes["FilterPolicyScope"] == scopeBody {
		return scopeBody
	}
	return scopeAttributes
}

// value is the attribute as a filter sees it; binary attributes it does not see.
func (a attribute) value() (any, bool) {
	switch a.Type {
	case "Binary":
		return nil, false
	case "Number":
		return json.Number(a.Value), true
	case "String.Array":
		if value, err := pattern.Decode(a.Value); err == nil {
			return value, true
		}
	}
	return a.Value, true
}
