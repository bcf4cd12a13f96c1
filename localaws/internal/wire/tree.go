package wire

import (
	"encoding/base64"
	"io"
	"reflect"
	"strconv"
	"time"
)

// Tree returns an input or an output of the operation as plain values, under
// the names of AWS's model: what any other client than Go's makes of it.
// Timestamps are seconds since 1970, blobs and streams (which must be able to
// seek) are in base64.
func Tree(service string, op Operation, value any) (any, error) {
	members, err := Values(service, op, value)
	if err != nil {
		return nil, err
	}
	return plain(members), nil
}

// Values is Tree with Go's own values: scalars are a string, a bool, an int64, a
// float64, a [time.Time] or a []byte.
func Values(service string, op Operation, value any) (map[string]any, error) {
	t, err := load(service)
	if err != nil {
		return nil, err
	}
	m := t.Operations[op.Name]
	v := reflect.ValueOf(value).Elem()
	name := m.Output
	if v.Type() == op.in {
		name = m.Input
	}
	if name == "" {
		return map[string]any{}, nil
	}
	return members(t.plan(name, v.Type()), v), nil
}

func members(n *node, v reflect.Value) map[string]any {
	members := map[string]any{}
	for _, f := range n.fields {
		if value, absent := indirect(v.Field(f.index)); !absent {
			members[f.member] = tree(f.node, value)
		}
	}
	return members
}

func tree(n *node, v reflect.Value) any {
	switch n.kind {
	case kindStructure:
		return members(n, v)
	case kindUnion:
		f, value := variant(n, v)
		if f == nil {
			return map[string]any{}
		}
		return map[string]any{f.member: tree(f.node, value)}
	case kindList:
		items := make([]any, v.Len())
		for i := range items {
			item, _ := indirect(v.Index(i))
			items[i] = tree(n.elem, item)
		}
		return items
	case kindMap:
		entries := map[string]any{}
		for _, key := range v.MapKeys() {
			value, _ := indirect(v.MapIndex(key))
			entries[key.String()] = tree(n.value, value)
		}
		return entries
	case kindBlob:
		return v.Bytes()
	case kindTimestamp:
		at, _ := reflect.TypeAssert[time.Time](v)
		return at
	case kindInteger:
		return v.Int()
	case kindBoolean:
		return v.Bool()
	case kindFloat:
		return v.Float()
	case kindStream:
		return reread(v.Interface())
	case kindString:
		if number, err := strconv.ParseInt(v.String(), 10, 64); err == nil && n.shape.Type == "integer" {
			return number // in the SDK's type it is a string
		}
	}
	return v.String()
}

// plain leaves of values what JSON has.
func plain(value any) any {
	switch value := value.(type) {
	case map[string]any:
		entries := make(map[string]any, len(value))
		for key, entry := range value {
			entries[key] = plain(entry)
		}
		return entries
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = plain(item)
		}
		return items
	case []byte:
		return base64.StdEncoding.EncodeToString(value)
	case time.Time:
		return float64(value.UnixMilli()) / 1000
	case int64:
		return float64(value)
	}
	return value
}

// reread returns all that a stream holds, and leaves it at its start.
func reread(stream any) []byte {
	seeker, ok := stream.(io.ReadSeeker)
	if !ok {
		return nil
	}
	data, err := io.ReadAll(seeker)
	if _, seekErr := seeker.Seek(0, io.SeekStart); err != nil || seekErr != nil {
		return nil
	}
	return data
}
