package wire

import (
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// restSource is a request of a REST protocol: its members stand in the path,
// the query, the headers and the body.
type restSource struct {
	request *http.Request
	labels  map[string]string
	query   url.Values
	length  int64     // of the payload, -1 where it is not known
	raw     []byte    // the body, where it is not a stream
	stream  io.Reader // the body, where it is one
	payload *field
	body    source // the body as a document, nil where there is none
}

func (s *restSource) member(f *field) (source, error) {
	switch f.location {
	case inHeader:
		return s.header(f), nil
	case inHeaders:
		if m := (headerMap{s.request.Header, f.wire}); m.has() {
			return m, nil
		}
		return nil, nil
	case inURI:
		if value, ok := s.labels[f.wire]; ok {
			return textSource(value), nil
		}
		return nil, nil
	case inQuery:
		if values := s.query[f.wire]; len(values) > 0 {
			return textList(values), nil
		}
		return nil, nil
	case inStatus:
		return nil, nil
	}
	switch {
	case f == s.payload:
		return s.wholeBody(f), nil
	case s.body == nil:
		return nil, nil
	}
	return s.body.member(f)
}

func (s *restSource) header(f *field) source {
	if f.wire == "Content-Length" {
		if s.length < 0 {
			return nil
		}
		return textSource(number(float64(s.length)))
	}
	values := s.request.Header.Values(f.wire)
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return nil
	}
	return textSource(strings.Join(values, ","))
}

func (s *restSource) wholeBody(f *field) source {
	switch {
	case f.kind == kindStream:
		return bodySource{stream: s.stream}
	case f.kind >= kindString && len(s.raw) == 0:
		return nil
	case f.kind == kindBlob:
		return bodySource{raw: s.raw}
	case f.kind >= kindString:
		return textSource(s.raw)
	}
	return s.body
}

func (s *restSource) items(*node) ([]source, error) { return nil, &malformed{"Unexpected list"} }

func (s *restSource) entries(*node, func(string, source) error) error {
	return &malformed{"Unexpected map"}
}

func (s *restSource) scalar() (any, error) { return nil, &malformed{"Unexpected scalar"} }

// bodySource is a payload that is no document.
type bodySource struct {
	textSource
	raw    []byte
	stream io.Reader
}

func (s bodySource) scalar() (any, error) {
	if s.stream != nil {
		return s.stream, nil
	}
	return s.raw, nil
}

// headerMap is the headers with a prefix, such as x-amz-meta-.
type headerMap struct {
	header http.Header
	prefix string
}

func (s headerMap) member(*field) (source, error) { return nil, &malformed{"Unexpected structure"} }
func (s headerMap) items(*node) ([]source, error) { return nil, &malformed{"Unexpected list"} }
func (s headerMap) scalar() (any, error)          { return nil, &malformed{"Unexpected scalar"} }

func (s headerMap) has() bool {
	for name := range s.header {
		if s.names(name) {
			return true
		}
	}
	return false
}

func (s headerMap) names(header string) bool {
	return len(header) > len(s.prefix) && strings.EqualFold(header[:len(s.prefix)], s.prefix)
}

func (s headerMap) entries(_ *node, visit func(string, source) error) error {
	for name, values := range s.header {
		if !s.names(name) {
			continue
		}
		if err := visit(strings.ToLower(name[len(s.prefix):]), textSource(strings.Join(values, ","))); err != nil {
			return err
		}
	}
	return nil
}

// writeHeaders writes the members of an output that stand in headers, and
// returns the status, where a member gives one.
func writeHeaders(header http.Header, n *node, v reflect.Value) (status int) {
	for _, f := range n.fields {
		value, absent := indirect(v.Field(f.index))
		if absent {
			continue
		}
		switch f.location {
		case inHeader:
			if v.Field(f.index).Kind() != reflect.Pointer && value.IsZero() {
				continue // the SDK's types cannot tell 0 from nothing
			}
			header.Set(f.wire, headerText(f.node, value))
		case inHeaders:
			for _, key := range value.MapKeys() {
				// In lower case, as S3 does, and past Set, which would capitalize:
				// some clients give the names to their users as they come.
				header[strings.ToLower(f.wire+key.String())] = []string{value.MapIndex(key).String()}
			}
		case inStatus:
			status = int(value.Int())
		case inBody, inURI, inQuery:
		}
	}
	return status
}

func headerText(n *node, v reflect.Value) string {
	if n.kind != kindList {
		return scalarText(n, v)
	}
	texts := make([]string, v.Len())
	for i := range v.Len() {
		item, _ := indirect(v.Index(i))
		texts[i] = scalarText(n.elem, item)
	}
	return strings.Join(texts, ",")
}
