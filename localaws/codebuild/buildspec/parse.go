package buildspec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxSize is far more than any buildspec that a person wrote.
const maxSize = 1 << 20

// Parse reads a buildspec. Its errors are of type *Error.
func Parse(text []byte) (*Spec, error) {
	if len(text) > maxSize {
		return nil, &Error{Problem: fmt.Sprintf("the buildspec has %d bytes: at most %d are read", len(text), maxSize)}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, &Error{Problem: "the buildspec is empty: it needs at least version and phases"}
	} else if err != nil {
		return nil, &Error{Problem: "the buildspec is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, &Error{Problem: "the buildspec must be one YAML document"}
	}
	p := &parser{spec: &Spec{Env: Env{Shell: "sh"}}}
	p.document(doc.Content[0])
	if p.err != nil {
		return nil, p.err
	}
	return p.spec, nil
}

// parser walks the document and keeps the first error.
type parser struct {
	spec *Spec
	err  *Error
}

func (p *parser) fail(n *yaml.Node, format string, args ...any) {
	if p.err == nil {
		p.err = &Error{Line: n.Line, Problem: fmt.Sprintf(format, args...)}
	}
}

func (p *parser) unserved(n *yaml.Node, what string) {
	p.spec.Unserved = append(p.spec.Unserved, fmt.Sprintf("%s (line %d)", what, n.Line))
}

// fields are the keys that a mapping may have, each with what reads its value.
type fields map[string]func(*yaml.Node)

// mapping reads a mapping of known keys. where is "" at the top.
func (p *parser) mapping(where string, n *yaml.Node, known fields) {
	p.pairs(where, n, func(key, value *yaml.Node) {
		read, ok := known[key.Value]
		if !ok {
			p.unknown(where, key, known)
			return
		}
		read(value)
	})
}

// pairs visits the entries of a mapping, in order.
func (p *parser) pairs(where string, n *yaml.Node, visit func(key, value *yaml.Node)) {
	n = resolve(n)
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		p.fail(n, "%s must be a mapping of keys to values, and is %s", called(where), kind(n))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content) && p.err == nil; i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			p.fail(key, "a key of %s must be a word, and is %s", called(where), kind(key))
		case key.Tag == "!!merge":
			p.fail(key, "merge keys (<<) are not part of a buildspec")
		case seen[key.Value]:
			p.fail(key, "%s has the key %q twice", called(where), key.Value)
		default:
			seen[key.Value] = true
			visit(key, value)
		}
	}
}

func (p *parser) unknown(where string, key *yaml.Node, known fields) {
	message := fmt.Sprintf("%s has no key %q", called(where), key.Value)
	if near := nearest(key.Value, known); near != "" {
		message += fmt.Sprintf(": did you mean %q?", near)
	} else {
		message += ": it may have " + list(known)
	}
	p.fail(key, "%s", message)
}

// text reads a string; numbers and booleans are taken as they are written.
func (p *parser) text(where string, n *yaml.Node) string {
	n = resolve(n)
	if n.Kind != yaml.ScalarNode || isNull(n) {
		p.fail(n, "%s must be a string, and is %s", where, kind(n))
		return ""
	}
	return n.Value
}

// texts reads a list of strings; one string alone is a list of one.
func (p *parser) texts(where string, n *yaml.Node) []string {
	n = resolve(n)
	switch {
	case isNull(n):
		return nil
	case n.Kind == yaml.ScalarNode:
		return []string{n.Value}
	case n.Kind != yaml.SequenceNode:
		p.fail(n, "%s must be a list of strings, and is %s", where, kind(n))
		return nil
	}
	var all []string
	for i, item := range n.Content {
		if item = resolve(item); item.Kind == yaml.MappingNode {
			// AWS's words; this is what a colon and a space in a command without quotes gives.
			p.fail(item, "Expected %s[%d] to be of string type: found subkeys instead; put a text with \": \" in it into quotes", where, i)
			return nil
		}
		all = append(all, p.text(fmt.Sprintf("%s[%d]", where, i), item))
	}
	return all
}

// flag reads yes or no in any of YAML's spellings.
func (p *parser) flag(where string, n *yaml.Node) bool {
	switch strings.ToLower(p.text(where, n)) {
	case "yes", "true", "on":
		return true
	case "no", "false", "off":
		return false
	default:
		p.fail(n, "%s must be yes or no", where)
		return false
	}
}

// variables reads a mapping of names to strings.
func (p *parser) variables(where string, n *yaml.Node) (all []Variable) {
	p.pairs(where, n, func(key, value *yaml.Node) {
		all = append(all, Variable{Name: key.Value, Value: p.text(where+"."+key.Value, value)})
	})
	return all
}

func resolve(n *yaml.Node) *yaml.Node {
	// An alias to an alias cannot be written, so this ends after one step.
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func called(where string) string {
	if where == "" {
		return "the buildspec"
	}
	return where
}

func kind(n *yaml.Node) string {
	switch {
	case isNull(n):
		return "empty"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	default:
		return fmt.Sprintf("%q", n.Value)
	}
}
