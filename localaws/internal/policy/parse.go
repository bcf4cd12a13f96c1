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
	errJSON      = &Error{"This policy contains invalid Json"} // of trust policies: LocalStack's test_update_assume_role_policy_errors
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
	maxLength   = 262144 // AWS's own ReadOnlyAccess has 140,000

	resourceTagKey = ":resourcetag/" // of aws: and iam:
)

// Parse reads a document of that kind. Its error is an *[Error].
func Parse(text string, kind Kind) (*Document, error) {
	if kind == Trust && !json.Valid([]byte(text)) {
		return nil, errJSON
	}
	if len(text) > maxLength || !singleKeys(text) {
		return nil, errSyntax
	}
	doc := &Document{Version: version2008}
	decoder := json.NewDecoder(strings.NewReader(text))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, errSyntax
	}
	for decoder.More() {
		key, _ := decoder.Token()
		var value json.RawMessage
		if decoder.Decode(&value) != nil || !doc.setMember(key, value, int(decoder.InputOffset())-len(value)) {
			return nil, errSyntax
		}
	}
	if len(doc.Statements) == 0 {
		return nil, errSyntax
	}
	if kind == Identity && doc.Version != version2012 {
		return nil, errVersion
	}
	if err := check(doc, kind); err != nil {
		return nil, err
	}
	doc.compile()
	return doc, nil
}

// setMember reads one member of the document, which stands at that offset.
func (d *Document) setMember(key json.Token, value json.RawMessage, offset int) bool {
	switch key {
	case "Version":
		d.Version = ""
		return json.Unmarshal(value, &d.Version) == nil && (d.Version == version2008 || d.Version == version2012)
	case "Id":
		return value[0] == '"' && json.Unmarshal(value, &d.ID) == nil
	case "Statement":
		if value[0] == '{' {
			return d.addStatement(value, offset+1, offset+len(value))
		}
		decoder := json.NewDecoder(bytes.NewReader(value))
		if open, err := decoder.Token(); err != nil || open != json.Delim('[') {
			return false
		}
		for start := decoder.InputOffset(); decoder.More(); start = decoder.InputOffset() {
			var one json.RawMessage
			if decoder.Decode(&one) != nil || !d.addStatement(one, offset+int(start), offset+int(decoder.InputOffset())) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

func (d *Document) addStatement(text json.RawMessage, start, end int) bool {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var members map[string]any
	if decoder.Decode(&members) != nil || members == nil {
		return false
	}
	s, ok := parseStatement(members)
	s.Start, s.End = start, end
	d.Statements = append(d.Statements, s)
	return ok
}

// compile makes the statements ready to decide by.
func (d *Document) compile() {
	variables := d.Version == version2012
	for i := range d.Statements {
		s := &d.Statements[i]
		for _, text := range slices.Concat(s.Action, s.NotAction) {
			s.actions = append(s.actions, newAction(text))
		}
		for _, resource := range slices.Concat(s.Resource, s.NotResource) {
			s.resources = append(s.resources, newWant(resource, variables))
		}
		for j := range s.Conditions {
			c := &s.Conditions[j]
			c.key = strings.ToLower(c.Key)
			for _, value := range c.Values {
				c.wants = append(c.wants, newWant(value, variables))
			}
		}
	}
	d.resourceTags = slices.ContainsFunc(d.ContextKeys(), func(key string) bool { return strings.Contains(strings.ToLower(key), resourceTagKey) })
}

// ContextKeys lists the condition keys that the document depends on, in the
// order in which they appear, each once.
func (d *Document) ContextKeys() []string {
	var keys []string
	add := func(found ...string) {
		for _, key := range found {
			if !slices.ContainsFunc(keys, func(known string) bool { return strings.EqualFold(known, key) }) {
				keys = append(keys, key)
			}
		}
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		for _, resource := range s.resources {
			if resource.dynamic {
				add(variablesIn(resource.text)...)
			}
		}
		for _, c := range s.Conditions {
			add(c.Key)
			for _, value := range c.wants {
				if value.dynamic {
					add(variablesIn(value.text)...)
				}
			}
		}
	}
	return keys
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

func parseStatement(members map[string]any) (s Statement, ok bool) {
	for key, value := range members {
		ok = false
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
			return s, false
		}
	}
	return s, true
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
		parsed, known := parseOperator(operator)
		if !known {
			return nil, false
		}
		for key, value := range keys {
			values, ok := scalars(value)
			if !ok {
				return nil, false
			}
			conditions = append(conditions, Condition{Operator: operator, Key: key, Values: values, operator: parsed})
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
