package wire

import (
	"encoding/base64"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// source is a value of a request in the form that its protocol gives it.
// The walker asks it for what the plan says should be there.
type source interface {
	// member returns a member of a structure, nil where it is absent.
	member(f *field) (source, error)
	// items returns the items of a list.
	items(n *node) ([]source, error)
	// entries visits the entries of a map.
	entries(n *node, visit func(key string, value source) error) error
	// scalar returns a string, a bool, a json.Number or bytes where the protocol
	// tells them apart, and a text where everything is written as text.
	scalar() (any, error)
}

// text is a scalar of a protocol that writes everything as text.
type text string

// decoder walks a plan, a source and a Go value at once, and collects what in
// the request AWS's model does not allow.
type decoder struct {
	path       []string
	violations []violation
	newToken   func() string
}

// malformed is a request that cannot be read at all, as opposed to one that
// holds what the model does not allow.
type malformed struct{ message string }

func (m *malformed) Error() string { return m.message }

func (d *decoder) push(step string) { d.path = append(d.path, step) }
func (d *decoder) pop(steps int)    { d.path = d.path[:len(d.path)-steps] }

// structure fills a Go structure.
func (d *decoder) structure(n *node, src source, dst reflect.Value) error {
	for _, f := range n.fields {
		value, err := src.member(f)
		if err != nil {
			return err
		}
		if err := d.field(f, value, dst); err != nil {
			return err
		}
	}
	return nil
}

// field fills one field of a structure from a value that may be absent.
func (d *decoder) field(f *field, value source, dst reflect.Value) error {
	d.push(lowerFirst(f.member))
	defer d.pop(1)
	if value == nil {
		switch {
		case f.token:
			settable(dst.Field(f.index)).SetString(d.newToken())
		case f.required:
			d.violate("null", "Member must not be null")
			d.violations[len(d.violations)-1].body = f.payload
		}
		return nil
	}
	return d.value(f.node, value, dst.Field(f.index))
}

func (d *decoder) value(n *node, src source, dst reflect.Value) error {
	switch n.kind {
	case kindStructure:
		return d.structure(n, src, settable(dst))
	case kindUnion:
		return d.union(n, src, dst)
	case kindList:
		return d.list(n, src, dst)
	case kindMap:
		return d.entries(n, src, dst)
	default:
		shown, broken, err := d.scalar(n, src, settable(dst))
		for _, constraint := range broken {
			d.violate(quote(shown), constraint)
		}
		return err
	}
}

func (d *decoder) union(n *node, src source, dst reflect.Value) error {
	for _, f := range n.fields {
		value, err := src.member(f)
		if err != nil {
			return err
		}
		if value == nil {
			continue
		}
		variant := reflect.New(f.concrete)
		if err := d.field(f, value, variant.Elem()); err != nil {
			return err
		}
		dst.Set(variant)
		return nil
	}
	return nil
}

func (d *decoder) list(n *node, src source, dst reflect.Value) error {
	items, err := src.items(n)
	if err != nil {
		return err
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(items), len(items)))
	var shown, broken []string
	for i, item := range items {
		d.push(strconv.Itoa(i + 1))
		d.push("member")
		if n.elem.kind < kindString {
			err = d.value(n.elem, item, dst.Index(i))
		} else {
			var text string
			var constraints []string
			text, constraints, err = d.scalar(n.elem, item, settable(dst.Index(i)))
			shown = append(shown, text)
			broken = appendNew(broken, constraints...)
		}
		d.pop(2)
		if err != nil {
			return err
		}
	}
	all := quote("[" + strings.Join(shown, ", ") + "]")
	if len(broken) > 0 {
		d.violate(all, "Member must satisfy constraint: ["+strings.Join(broken, ", ")+"]")
	}
	for _, constraint := range n.length(len(items)) {
		d.violate(all, constraint)
	}
	return nil
}

func (d *decoder) entries(n *node, src source, dst reflect.Value) error {
	dst.Set(reflect.MakeMap(dst.Type()))
	var shown, brokenKeys, brokenValues []string
	err := src.entries(n, func(key string, value source) error {
		k, v := reflect.New(dst.Type().Key()).Elem(), reflect.New(dst.Type().Elem()).Elem()
		d.push(key)
		d.push("member")
		defer d.pop(2)
		_, constraints, err := d.scalar(n.key, textSource(key), k)
		if err != nil {
			return err
		}
		brokenKeys = appendNew(brokenKeys, constraints...)
		if n.value.kind < kindString {
			err = d.value(n.value, value, v)
			shown = append(shown, key+"=...")
		} else {
			var text string
			text, constraints, err = d.scalar(n.value, value, settable(v))
			brokenValues = appendNew(brokenValues, constraints...)
			shown = append(shown, key+"="+text)
		}
		dst.SetMapIndex(k, v)
		return err
	})
	if err != nil {
		return err
	}
	slices.Sort(shown)
	all := quote("{" + strings.Join(shown, ", ") + "}")
	if len(brokenKeys) > 0 {
		d.violate(all, "Map keys must satisfy constraint: ["+strings.Join(brokenKeys, ", ")+"]")
	}
	if len(brokenValues) > 0 {
		d.violate(all, "Map value must satisfy constraint: ["+strings.Join(brokenValues, ", ")+"]")
	}
	for _, constraint := range n.length(dst.Len()) {
		d.violate(all, constraint)
	}
	return nil
}

// scalar fills dst, and returns the value as a person would read it with the
// constraints of the model that it breaks.
func (d *decoder) scalar(n *node, src source, dst reflect.Value) (shown string, broken []string, err error) {
	raw, err := src.scalar()
	if err != nil {
		return "", nil, err
	}
	if n.kind == kindBlob || n.kind == kindStream {
		broken, err = setBlob(n, raw, dst)
		return "...", broken, err
	}
	shown = fmt.Sprint(raw)
	switch n.kind {
	case kindString:
		if err := wantText(raw, "String"); err != nil {
			return "", nil, err
		}
		dst.SetString(shown)
		return shown, n.checkString(shown), nil
	case kindTimestamp:
		t, ok := parseTime(n.timeFormat, shown)
		if !ok {
			return shown, []string{"Member must be a timestamp"}, nil
		}
		dst.Set(reflect.ValueOf(t))
		return shown, nil, nil
	case kindBoolean:
		b, err := strconv.ParseBool(shown)
		if _, isText := raw.(string); isText || err != nil {
			return "", nil, mismatch(raw, "Boolean")
		}
		dst.SetBool(b)
		return shown, nil, nil
	case kindInteger:
		return shown, n.checkNumber(shown), setInteger(raw, shown, dst)
	case kindFloat:
		number, err := strconv.ParseFloat(shown, 64)
		if _, isText := raw.(string); isText || err != nil {
			return "", nil, mismatch(raw, "Double")
		}
		dst.SetFloat(number)
		return shown, n.checkNumber(shown), nil
	default:
		return "", nil, &malformed{"Unexpected value"}
	}
}

func setInteger(raw any, shown string, dst reflect.Value) error {
	whole, err := strconv.ParseInt(shown, 10, 64)
	if err != nil { // 1.0 and 1e3 are integers in JSON
		number, floatErr := strconv.ParseFloat(shown, 64)
		if whole = int64(number); floatErr != nil || float64(whole) != number || math.Abs(number) > 1<<53 {
			return mismatch(raw, "Integer")
		}
	}
	if _, isText := raw.(string); isText || dst.OverflowInt(whole) {
		return mismatch(raw, "Integer")
	}
	dst.SetInt(whole)
	return nil
}

func setBlob(n *node, raw any, dst reflect.Value) (broken []string, err error) {
	switch raw := raw.(type) {
	case io.Reader: // a streaming payload
		dst.Set(reflect.ValueOf(asReadCloser(raw)))
		return nil, nil
	case []byte: // a payload, or bytes of a protocol that has them
		dst.SetBytes(raw)
		return n.length(len(raw)), nil
	}
	if err := wantText(raw, "Blob"); err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(fmt.Sprint(raw))
	if err != nil {
		return nil, &malformed{"Invalid Base64"}
	}
	dst.SetBytes(data)
	return n.length(len(data)), nil
}

func asReadCloser(r io.Reader) io.ReadCloser {
	if rc, ok := r.(io.ReadCloser); ok {
		return rc
	}
	return io.NopCloser(r)
}

// wantText refuses a JSON number or boolean where text is expected.
func wantText(raw any, want string) error {
	switch raw.(type) {
	case string, text:
		return nil
	}
	return mismatch(raw, want)
}

// mismatch says in the words of AWS's JSON services what stands where something else belongs.
func mismatch(raw any, want string) error {
	token := "NUMBER_VALUE"
	switch raw := raw.(type) {
	case string, text:
		token = "STRING_VALUE"
	case []byte:
		token = "BINARY_VALUE" // the word is not confirmed
	case bool:
		token = strings.ToUpper(strconv.FormatBool(raw)) + "_VALUE"
	}
	return &malformed{token + " cannot be converted to " + want}
}

func parseTime(format timeFormat, s string) (time.Time, bool) {
	if seconds, err := strconv.ParseFloat(s, 64); err == nil {
		// Milliseconds are what AWS keeps; more would be noise of the float.
		return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC(), format != rfc822
	}
	for _, layout := range []string{time.RFC3339Nano, "Mon, 02 Jan 2006 15:04:05 GMT", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func appendNew(to []string, more ...string) []string {
	for _, s := range more {
		if !slices.Contains(to, s) {
			to = append(to, s)
		}
	}
	return to
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
func quote(s string) string      { return "'" + s + "'" }
