package wire

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// form is a request of the query protocol: its parameters, whose names are
// paths (Tags.member.1.Key), as a tree.
type form struct {
	text  string
	given bool
	parts map[string]*form
}

// Limits of a form, so that a hostile one costs no more than its bytes.
const (
	maxFormDepth  = 32
	maxFormValues = 20_000
)

// parseForm reads the parameters of a query request.
func parseForm(body string) (*form, error) {
	root := &form{}
	for count := 0; body != ""; count++ {
		var pair string
		pair, body, _ = strings.Cut(body, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, &malformed{"Malformed query string"}
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return nil, &malformed{"Malformed query string"}
		}
		if count >= maxFormValues || strings.Count(name, ".") >= maxFormDepth {
			return nil, &malformed{"Too many parameters"}
		}
		root.put(name, value)
	}
	return root, nil
}

func (f *form) put(path, value string) {
	for step := range strings.SplitSeq(path, ".") {
		next := f.parts[step]
		if next == nil {
			next = &form{}
			if f.parts == nil {
				f.parts = map[string]*form{}
			}
			f.parts[step] = next
		}
		f = next
	}
	f.text, f.given = value, true
}

// get returns a parameter at the root.
func (f *form) get(name string) string {
	if p := f.parts[name]; p != nil {
		return p.text
	}
	return ""
}

func (f *form) member(field *field) (source, error) {
	if part := f.parts[field.wire]; part != nil {
		return part, nil
	}
	return nil, nil
}

// numbered returns the parts named 1, 2, 3 and so on, in order. Gaps are closed, as AWS does.
func (f *form) numbered() []*form {
	type item struct {
		index int
		part  *form
	}
	var items []item
	for name, part := range f.parts {
		if i, err := strconv.Atoi(name); err == nil && i >= 0 {
			items = append(items, item{i, part})
		}
	}
	slices.SortFunc(items, func(a, b item) int { return a.index - b.index })
	parts := make([]*form, len(items))
	for i, item := range items {
		parts[i] = item.part
	}
	return parts
}

func (f *form) items(n *node) ([]source, error) {
	list := f
	if !n.flattened {
		if list = f.parts[n.elemName]; list == nil {
			return nil, nil // "Tags=" is how clients send an empty list
		}
	}
	var items []source
	for _, part := range list.numbered() {
		items = append(items, part)
	}
	return items, nil
}

func (f *form) entries(n *node, visit func(string, source) error) error {
	entries := f
	if !n.flattened {
		if entries = f.parts["entry"]; entries == nil {
			return nil
		}
	}
	for _, entry := range entries.numbered() {
		value := entry.parts[n.valueName]
		if value == nil {
			value = &form{}
		}
		if err := visit(entry.get(n.keyName), value); err != nil {
			return err
		}
	}
	return nil
}

func (f *form) scalar() (any, error) {
	if !f.given {
		return nil, &malformed{"Unexpected list element termination"}
	}
	return text(f.text), nil
}

// textSource is a value that stands in a header, a path or a query.
type textSource string

func (s textSource) member(*field) (source, error) { return nil, &malformed{"Unexpected structure"} }

// items splits at commas, as lists in headers are written.
func (s textSource) items(n *node) ([]source, error) {
	parts := strings.Split(string(s), ",")
	items := make([]source, 0, len(parts))
	for i := 0; i < len(parts); i++ {
		part := parts[i]
		if n.elem.kind == kindTimestamp && i+1 < len(parts) { // "Mon, 02 Jan ..." has a comma of its own
			i++
			part += "," + parts[i]
		}
		items = append(items, textSource(strings.TrimSpace(part)))
	}
	return items, nil
}

func (s textSource) entries(*node, func(string, source) error) error {
	return &malformed{"Unexpected map"}
}

func (s textSource) scalar() (any, error) { return text(s), nil }

// textList is a parameter of a query string, which may be repeated.
type textList []string

func (s textList) member(*field) (source, error) { return nil, &malformed{"Unexpected structure"} }

func (s textList) items(*node) ([]source, error) {
	items := make([]source, len(s))
	for i, value := range s {
		items[i] = textSource(value)
	}
	return items, nil
}

func (s textList) entries(*node, func(string, source) error) error {
	return &malformed{"Unexpected map"}
}

func (s textList) scalar() (any, error) { return text(s[0]), nil }
