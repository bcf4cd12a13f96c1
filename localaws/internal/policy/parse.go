package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// The words are those that IAM answers, as recorded from it in moto's policy_validation.py.
var (
	errSyntax    = &Error{"Syntax errors in policy."}
	errVersion   = &Error{"Policy document must be version 2012-10-17 or greater."}
	errLegacy    = &Error{"The policy failed legacy parsing"}
	errActions   = &Error{"Policy statement must contain actions."}
	errResources = &Error{"Policy statement must contain resources."}
	errSids      = &Error{"Statement IDs (SID) in a single policy must be unique."}
)

const (
	version2008 = "2008-10-17"
	version2012 = "2012-10-17"
	maxNesting  = 16

	resourceTagKey = "aws:resourcetag/"
)

// Parse reads a document of that kind. Its error is an *[Error].
func Parse(text string, kind Kind) (*Document, error) {
	if len(text) == 0 || !singleKeys(text) {
		return nil, errSyntax
	}
	var top map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&top); err != nil || top == nil {
		return nil, errSyntax
	}
	doc := &Document{Version: version2008, resourceTags: strings.Contains(strings.ToLower(text), resourceTagKey)}
	for key, value := range top {
		ok := true
		switch key {
		case "Version":
			doc.Version, ok = value.(string)
			ok = ok && (doc.Version == version2008 || doc.Version == version2012)
		case "Id":
			doc.ID, ok = value.(string)
		case "Statement":
		default:
			ok = false
		}
		if !ok {
			return nil, errSyntax
		}
	}
	statements, ok := top["Statement"].([]any)
	if !ok {
		statements = []any{top["Statement"]}
	}
	if len(statements) == 0 {
		return nil, errSyntax
	}
	for _, raw := range statements {
		members, ok := raw.(map[string]any)
		if !ok {
			return nil, errSyntax
		}
		s, err := parseStatement(members)
		if err != nil {
			return nil, err
		}
		s.variables = doc.Version == version2012
		doc.Statements = append(doc.Statements, *s)
	}
	if kind == Identity && doc.Version != version2012 {
		return nil, errVersion
	}
	if err := check(doc, kind); err != nil {
		return nil, err
	}
	return doc, nil
}

// singleKeys reports whether the text is one JSON value whose objects have no key
// twice (encoding/json would keep the last, which is not what a reader sees first).
func singleKeys(text string) bool {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	if !uniqueIn(decoder, 0) {
		return false
	}
	_, err := decoder.Token()
	return errors.Is(err, io.EOF)
}

func uniqueIn(decoder *json.Decoder, depth int) bool {
	token, err := decoder.Token()
	if err != nil || depth > maxNesting {
		return false
	}
	open, ok := token.(json.Delim)
	if !ok {
		return true
	}
	seen := map[string]bool{}
	for decoder.More() {
		if open == '{' {
			token, err := decoder.Token()
			key, ok := token.(string)
			if err != nil || !ok || seen[key] {
				return false
			}
			seen[key] = true
		}
		if !uniqueIn(decoder, depth+1) {
			return false
		}
	}
	_, err = decoder.Token()
	return err == nil
}

func parseStatement(members map[string]any) (*Statement, error) {
	s := &Statement{}
	for key, value := range members {
		var ok bool
		switch key {
		case "Sid":
			s.Sid, ok = value.(string)
		case "Effect":
			var effect string
			effect, ok = value.(string)
			s.Effect = Effect(effect)
		case "Action":
			s.Action, ok = stringList(value)
		case "NotAction":
			s.NotAction, ok = stringList(value)
		case "Resource":
			s.Resource, ok = stringList(value)
		case "NotResource":
			s.NotResource, ok = stringList(value)
		case "Principal":
			s.Principal, ok = parsePrincipals(value)
		case "NotPrincipal":
			s.NotPrincipal, ok = parsePrincipals(value)
		case "Condition":
			s.Conditions, ok = parseConditions(value)
		}
		if !ok {
			return nil, errSyntax
		}
	}
	return s, nil
}

// stringList reads a string or a list of strings. The result is not nil.
func stringList(value any) ([]string, bool) {
	if one, ok := value.(string); ok {
		return []string{one}, true
	}
	many, ok := value.([]any)
	if !ok {
		return nil, false
	}
	list := make([]string, 0, len(many))
	for _, item := range many {
		text, ok := item.(string)
		if !ok {
			return nil, false
		}
		list = append(list, text)
	}
	return list, true
}

func parsePrincipals(value any) (*Principals, bool) {
	if value == "*" {
		return &Principals{AWS: []string{"*"}}, true
	}
	members, ok := value.(map[string]any)
	if !ok || len(members) == 0 {
		return nil, false
	}
	p := &Principals{}
	for key, value := range members {
		list, ok := stringList(value)
		switch key {
		case "AWS":
			p.AWS = list
		case "Service":
			p.Service = list
		case "Federated":
			p.Federated = list
		case "CanonicalUser":
			p.Canonical = list
		default:
			return nil, false
		}
		if !ok || len(list) == 0 {
			return nil, false
		}
	}
	return p, true
}

func parseConditions(value any) ([]Condition, bool) {
	block, ok := value.(map[string]any)
	if !ok {
		return nil, false
	}
	var conditions []Condition
	for operator, value := range block {
		keys, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if _, known := parseOperator(operator); !known {
			return nil, false
		}
		for key, value := range keys {
			values, ok := scalars(value)
			if !ok {
				return nil, false
			}
			conditions = append(conditions, Condition{Operator: operator, Key: key, Values: values})
		}
	}
	// The order in the JSON does not count: all conditions must hold.
	slices.SortFunc(conditions, func(a, b Condition) int {
		return strings.Compare(a.Operator+"\x00"+a.Key, b.Operator+"\x00"+b.Key)
	})
	return conditions, true
}

// scalars reads condition values, which may be strings, numbers and booleans.
func scalars(value any) ([]string, bool) {
	many, ok := value.([]any)
	if !ok {
		many = []any{value}
	}
	var list []string
	for _, item := range many {
		switch v := item.(type) {
		case string:
			list = append(list, v)
		case json.Number:
			list = append(list, v.String())
		case bool:
			list = append(list, map[bool]string{true: "true", false: "false"}[v])
		default:
			return nil, false
		}
	}
	return list, true
}
