package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// jsonSource is a value of a JSON document.
type jsonSource struct{ value any }

// parseJSON reads a body; an empty one is an empty structure.
func parseJSON(body []byte) (source, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return jsonSource{map[string]any{}}, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil || d.More() {
		return nil, &malformed{"Unable to parse the request body as JSON"}
	}
	return jsonSource{value}, nil
}

func (s jsonSource) member(f *field) (source, error) {
	object, ok := s.value.(map[string]any)
	if !ok {
		return nil, mismatch(s.value, "Structure")
	}
	if value, ok := object[f.wire]; ok && value != nil {
		return jsonSource{value}, nil
	}
	return nil, nil
}

func (s jsonSource) items(*node) ([]source, error) {
	array, ok := s.value.([]any)
	if !ok {
		return nil, mismatch(s.value, "List")
	}
	items := make([]source, len(array))
	for i, value := range array {
		items[i] = jsonSource{value}
	}
	return items, nil
}

func (s jsonSource) entries(_ *node, visit func(string, source) error) error {
	object, ok := s.value.(map[string]any)
	if !ok {
		return mismatch(s.value, "Map")
	}
	for key, value := range object {
		if value == nil {
			continue
		}
		if err := visit(key, jsonSource{value}); err != nil {
			return err
		}
	}
	return nil
}

func (s jsonSource) scalar() (any, error) {
	switch s.value.(type) {
	case map[string]any:
		return nil, &malformed{"Start of structure or map found where not expected."}
	case []any:
		return nil, &malformed{"Start of list found where not expected."}
	case nil:
		return nil, &malformed{"Unexpected null value"}
	}
	return s.value, nil
}

// appendJSON writes a value. Of a structure it writes what stands in the body.
func appendJSON(b []byte, n *node, v reflect.Value) []byte {
	switch n.kind {
	case kindStructure:
		return appendJSONMembers(b, n, v)
	case kindUnion:
		f, value := variant(n, v)
		if f == nil {
			return append(b, "{}"...)
		}
		b = append(appendJSONString(append(b, '{'), f.wire), ':')
		return append(appendJSON(b, f.node, value), '}')
	case kindList:
		b = append(b, '[')
		for i := range v.Len() {
			item, absent := indirect(v.Index(i))
			if i > 0 {
				b = append(b, ',')
			}
			if absent && item.Kind() == reflect.Pointer {
				b = append(b, "null"...)
				continue
			}
			b = appendJSON(b, n.elem, item)
		}
		return append(b, ']')
	case kindMap:
		b = append(b, '{')
		for i, key := range sortedKeys(v) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendJSONString(b, key.String()), ':')
			value, _ := indirect(v.MapIndex(key))
			b = appendJSON(b, n.value, value)
		}
		return append(b, '}')
	}
	return appendJSONScalar(b, n, v)
}

func appendJSONMembers(b []byte, n *node, v reflect.Value) []byte {
	b = append(b, '{')
	empty := true
	for _, f := range n.fields {
		value, absent := indirect(v.Field(f.index))
		if absent || f.location != inBody {
			continue
		}
		if !empty {
			b = append(b, ',')
		}
		empty = false
		b = append(appendJSONString(b, f.wire), ':')
		b = appendJSON(b, f.node, value)
	}
	return append(b, '}')
}

func appendJSONScalar(b []byte, n *node, v reflect.Value) []byte {
	switch n.kind {
	case kindBoolean, kindInteger:
		return append(b, scalarText(n, v)...)
	case kindFloat:
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return strconv.AppendFloat(b, f, 'f', -1, 64)
		}
	case kindTimestamp:
		if n.timeFormat == epochSeconds {
			return append(b, scalarText(n, v)...)
		}
	}
	return appendJSONString(b, scalarText(n, v))
}

// scalarText writes a scalar as text, as XML, headers and queries have it.
func scalarText(n *node, v reflect.Value) string {
	switch n.kind {
	case kindBoolean:
		return strconv.FormatBool(v.Bool())
	case kindInteger:
		return strconv.FormatInt(v.Int(), 10)
	case kindFloat:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case kindBlob:
		return base64.StdEncoding.EncodeToString(v.Bytes())
	case kindTimestamp:
		t, _ := reflect.TypeAssert[time.Time](v)
		return formatTime(n.timeFormat, t)
	}
	return v.String()
}

func formatTime(format timeFormat, t time.Time) string {
	t = t.UTC()
	switch format {
	case rfc822:
		return t.Format("Mon, 02 Jan 2006 15:04:05 GMT")
	case iso8601:
		return t.Format("2006-01-02T15:04:05.000Z")
	}
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64)
}

func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		if a.String() < b.String() {
			return -1
		}
		return 1
	})
	return keys
}

// variant returns the member that a union holds.
func variant(n *node, v reflect.Value) (*field, reflect.Value) {
	held := v
	if held.Kind() == reflect.Interface {
		held = held.Elem()
	}
	if held.Kind() == reflect.Pointer {
		held = held.Elem()
	}
	for _, f := range n.fields {
		if held.IsValid() && held.Type() == f.concrete {
			value, _ := indirect(held.Field(f.index))
			return f, value
		}
	}
	return nil, reflect.Value{}
}

// appendJSONString quotes a string. What JSON needs no escape for goes through
// as it is; the rest is encoding/json's business.
func appendJSONString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, _ := json.Marshal(s)
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
