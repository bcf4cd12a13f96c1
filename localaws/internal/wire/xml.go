package wire

import (
	"bytes"
	"encoding/xml"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

// element is a parsed XML element.
type element struct {
	name     string
	text     string
	attrs    []xml.Attr
	children []*element
}

const maxXMLDepth = 64

// parseXML reads a document and returns its root, nil for an empty body.
func parseXML(body []byte) (*element, error) {
	bad := &malformed{"The XML you provided was not well-formed or did not validate against our published schema"}
	d := xml.NewDecoder(bytes.NewReader(body)) //nolint:gosec // read token by token, its depth is bounded
	root := &element{}
	stack := []*element{root}
	for {
		token, err := d.Token()
		if err == io.EOF { //nolint:errorlint // Decoder.Token returns it unwrapped
			break
		}
		if err != nil || len(stack) > maxXMLDepth {
			return nil, bad
		}
		top := stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attrs: token.Attr}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(token)
		case xml.Directive:
			return nil, bad // no document types, so no entities of their own
		}
	}
	if len(root.children) == 0 {
		return nil, nil
	}
	return root.children[0], nil
}

// xmlSource is the elements that make up one value: more than one for a
// flattened list or map.
type xmlSource []*element

func (s xmlSource) named(name string) xmlSource {
	var found xmlSource
	for _, child := range s[0].children {
		if child.name == name {
			found = append(found, child)
		}
	}
	return found
}

func (s xmlSource) member(f *field) (source, error) {
	if f.attr {
		for _, attr := range s[0].attrs {
			if attr.Name.Local == f.wire[strings.LastIndexByte(f.wire, ':')+1:] {
				return textSource(attr.Value), nil
			}
		}
		return nil, nil
	}
	if found := s.named(f.wire); found != nil {
		return found, nil
	}
	return nil, nil
}

func (s xmlSource) items(n *node) ([]source, error) {
	list := s
	if !n.flattened {
		list = s.named(n.elemName)
	}
	items := make([]source, len(list))
	for i, e := range list {
		items[i] = xmlSource{e}
	}
	return items, nil
}

func (s xmlSource) entries(n *node, visit func(string, source) error) error {
	entries := s
	if !n.flattened {
		entries = s.named("entry")
	}
	for _, entry := range entries {
		key, value := xmlSource{entry}.named(n.keyName), xmlSource{entry}.named(n.valueName)
		if key == nil || value == nil {
			return &malformed{"The XML you provided was not well-formed or did not validate against our published schema"}
		}
		if err := visit(key[0].text, value[:1]); err != nil {
			return err
		}
	}
	return nil
}

func (s xmlSource) scalar() (any, error) { return text(s[0].text), nil }

// appendXML writes a value as an element of that name; a flattened list or map
// is several elements.
func appendXML(b []byte, name string, n *node, v reflect.Value, ns namespace) []byte {
	switch {
	case n.kind == kindList && n.flattened:
		return appendXMLItems(b, name, n, v)
	case n.kind == kindMap && n.flattened:
		return appendXMLEntries(b, name, n, v)
	}
	b = append(append(b, '<'), name...)
	b = appendNamespace(b, ns)
	if n.kind == kindStructure {
		b = appendXMLAttributes(b, n, v, ns.URI != "")
	}
	b = append(b, '>')
	switch n.kind {
	case kindStructure:
		b = appendXMLMembers(b, n, v)
	case kindUnion:
		if f, value := variant(n, v); f != nil {
			b = appendXML(b, f.wire, f.node, value, f.ns)
		}
	case kindList:
		b = appendXMLItems(b, n.elemName, n, v)
	case kindMap:
		b = appendXMLEntries(b, "entry", n, v)
	default:
		b = appendEscaped(b, scalarText(n, v))
	}
	return closeTag(b, name)
}

// appendXMLMembers writes the members of a structure that stand in the body.
func appendXMLMembers(b []byte, n *node, v reflect.Value) []byte {
	for _, f := range n.fields {
		value, absent := indirect(v.Field(f.index))
		if absent || f.attr || f.location != inBody {
			continue
		}
		b = appendXML(b, f.wire, f.node, value, f.ns)
	}
	return b
}

func appendXMLAttributes(b []byte, n *node, v reflect.Value, declared bool) []byte {
	for _, f := range n.fields {
		value, absent := indirect(v.Field(f.index))
		if absent || !f.attr {
			continue
		}
		if !declared {
			b = appendNamespace(b, n.shape.XMLNamespace)
		}
		b = append(append(append(b, ' '), f.wire...), `="`...)
		b = append(appendEscaped(b, scalarText(f.node, value)), '"')
	}
	return b
}

func appendNamespace(b []byte, ns namespace) []byte {
	if ns.URI == "" {
		return b
	}
	b = append(b, " xmlns"...)
	if ns.Prefix != "" {
		b = append(append(b, ':'), ns.Prefix...)
	}
	return append(append(append(b, `="`...), ns.URI...), '"')
}

func appendXMLItems(b []byte, name string, n *node, v reflect.Value) []byte {
	for i := range v.Len() {
		item, absent := indirect(v.Index(i))
		if absent && item.Kind() == reflect.Pointer {
			continue
		}
		b = appendXML(b, name, n.elem, item, n.shape.Member.XMLNamespace)
	}
	return b
}

func appendXMLEntries(b []byte, name string, n *node, v reflect.Value) []byte {
	for _, key := range sortedKeys(v) {
		b = openTag(b, name)
		b = appendXML(b, n.keyName, n.key, key, namespace{})
		value, _ := indirect(v.MapIndex(key))
		b = appendXML(b, n.valueName, n.value, value, namespace{})
		b = closeTag(b, name)
	}
	return b
}

func openTag(b []byte, name string) []byte {
	return append(append(append(b, '<'), name...), '>')
}

func closeTag(b []byte, name string) []byte {
	return append(append(append(b, "</"...), name...), '>')
}

// appendEscaped escapes text so that it comes back the same from any parser;
// what XML cannot hold at all becomes the replacement character.
func appendEscaped(b []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '"':
			b = append(b, "&quot;"...)
		case r == '\r':
			b = append(b, "&#xD;"...)
		case r == '\n':
			b = append(b, "&#xA;"...)
		case r == '\t':
			b = append(b, "&#x9;"...)
		case r < ' ' || r == 0xFFFE || r == 0xFFFF:
			b = append(b, "\uFFFD"...)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}
