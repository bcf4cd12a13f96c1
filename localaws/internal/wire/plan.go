package wire

import (
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// kind is a kind of shape, as the walker tells them apart.
type kind uint8

const (
	kindStructure kind = iota
	kindUnion
	kindList
	kindMap
	kindString
	kindBlob
	kindStream
	kindTimestamp
	kindBoolean
	kindInteger
	kindFloat
)

// location says where in a request or a response a member stands.
type location uint8

const (
	inBody location = iota
	inHeader
	inHeaders // a map; every entry is a header
	inURI
	inQuery
	inStatus
)

// timeFormat is a form in which AWS writes a timestamp.
type timeFormat uint8

const (
	epochSeconds timeFormat = iota
	iso8601
	rfc822
)

// node is the plan by which the walker reads and writes one Go type as one
// shape of AWS's model. Plans may be circular, as types are.
type node struct {
	kind  kind
	shape *shape
	typ   reflect.Type // without a pointer

	fields  []*field // of a structure or union
	payload *field   // of a structure whose body is one of its members

	elem     *node  // of a list
	elemName string // of a list that is not flattened, where the protocol names items

	key, value         *node // of a map
	keyName, valueName string

	flattened  bool
	timeFormat timeFormat
	pattern    *regexp.Regexp
}

// field is a member of a structure, with the Go field that holds it.
type field struct {
	*node
	member   string // its name in the model
	wire     string // its name on the wire
	index    int    // of the Go field
	concrete reflect.Type
	location location
	required bool
	token    bool // an idempotency token, made here where the client sent none
	attr     bool // an XML attribute
	payload  bool // it is the whole body
	ns       namespace
}

type planKey struct {
	shape     string
	typ       reflect.Type
	flattened bool
	format    timeFormat
}

// plan returns the plan for a Go structure as the shape of that name.
func (t *table) plan(shapeName string, typ reflect.Type) *node {
	t.plans.Lock()
	defer t.plans.Unlock()
	return t.node(&member{Shape: shapeName}, typ, inBody)
}

func (t *table) node(m *member, typ reflect.Type, where location) *node {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	s := t.shape(m.Shape)
	key := planKey{m.Shape, typ, m.Flattened || s.Flattened, t.timeFormat(m, s, where)}
	if n, ok := t.nodes[key]; ok {
		return n
	}
	n := &node{kind: kindOf(s, typ), shape: s, typ: typ, flattened: key.flattened, timeFormat: key.format}
	t.nodes[key] = n
	switch n.kind {
	case kindStructure:
		t.structure(n)
	case kindUnion:
		t.union(n)
	case kindList:
		n.elem = t.node(s.Member, typ.Elem(), where)
		n.elemName = orElse(s.Member.LocationName, "member")
	case kindMap:
		n.key, n.value = t.node(s.Key, typ.Key(), where), t.node(s.Value, typ.Elem(), where)
		n.keyName, n.valueName = orElse(s.Key.LocationName, "key"), orElse(s.Value.LocationName, "value")
	case kindString:
		n.pattern = compilePattern(s.Pattern)
	case kindBlob, kindStream, kindTimestamp, kindBoolean, kindInteger, kindFloat:
	}
	return n
}

func (t *table) structure(n *node) {
	for name, m := range n.shape.Members {
		goField, ok := goField(n.typ, name)
		if !ok {
			continue // the SDK's type is older or newer than the model: the member is ignored
		}
		f := t.field(n, name, m, goField.Type)
		f.index = goField.Index[0]
		n.fields = append(n.fields, f)
		if name == n.shape.Payload {
			n.payload, f.payload = f, true
		}
	}
	// The order of the Go fields, so that answers are the same every time.
	slices.SortFunc(n.fields, func(a, b *field) int { return a.index - b.index })
}

func (t *table) field(n *node, name string, m *member, typ reflect.Type) *field {
	where := locations[m.Location]
	f := &field{
		node: t.node(m, typ, where), member: name, wire: orElse(m.LocationName, name), location: where,
		required: slices.Contains(n.shape.Required, name),
		token:    m.IdempotencyToken, attr: m.XMLAttribute, ns: m.XMLNamespace,
	}
	if f.kind == kindList && f.flattened && f.shape.Member.LocationName != "" {
		f.wire = f.shape.Member.LocationName
	}
	return f
}

var locations = map[string]location{
	"header": inHeader, "headers": inHeaders, "uri": inURI, "querystring": inQuery, "statusCode": inStatus,
}

// goField finds the field that the SDK's generator makes of a member: its name
// with a capital first letter.
func goField(typ reflect.Type, name string) (reflect.StructField, bool) {
	exported := strings.ToUpper(name[:1]) + name[1:]
	if f, ok := typ.FieldByName(exported); ok {
		return f, true
	}
	return typ.FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, name) })
}

func (t *table) timeFormat(m *member, s *shape, where location) timeFormat {
	switch orElse(m.TimestampFormat, s.TimestampFormat) {
	case "iso8601":
		return iso8601
	case "rfc822":
		return rfc822
	case "unixTimestamp":
		return epochSeconds
	}
	switch {
	case where == inHeader:
		return rfc822
	case where == inQuery, t.Protocol == "query", t.Protocol == "rest-xml":
		return iso8601
	}
	return epochSeconds
}

var (
	typeOfTime   = reflect.TypeFor[time.Time]()
	typeOfReader = reflect.TypeFor[io.Reader]()
)

func kindOf(s *shape, typ reflect.Type) kind {
	switch s.Type {
	case "structure":
		if typ.Kind() == reflect.Interface {
			return kindUnion
		}
		return kindStructure
	case "list":
		return kindList
	case "map":
		return kindMap
	case "blob":
		if typ.Kind() == reflect.Interface && typ.Implements(typeOfReader) {
			return kindStream
		}
		return kindBlob
	case "timestamp":
		if typ != typeOfTime { // S3's Expires, which the SDK also hands out as it was sent
			return kindString
		}
		return kindTimestamp
	}
	// Of the others the SDK's type decides: some of S3's numbers are strings there.
	switch typ.Kind() {
	case reflect.Bool:
		return kindBoolean
	case reflect.Int32, reflect.Int64:
		return kindInteger
	case reflect.Float32, reflect.Float64:
		return kindFloat
	default:
		return kindString
	}
}

func orElse(s, fallback string) string {
	if s != "" {
		return s
	}
	return fallback
}

// indirect follows a pointer; absent is true for what AWS would not send: nil,
// and the empty value of a type that has no nil.
func indirect(v reflect.Value) (value reflect.Value, absent bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v, true
		}
		return v.Elem(), false
	case reflect.Interface, reflect.Slice, reflect.Map:
		return v, v.IsNil()
	case reflect.String:
		return v, v.Len() == 0
	}
	return v, false
}

// settable returns what a value is written to, making what a pointer points to.
func settable(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		return v.Elem()
	}
	return v
}
