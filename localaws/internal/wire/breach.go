package wire

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Breach is one constraint of AWS's model with an input that breaks it.
type Breach struct {
	// Path names the member as AWS's messages do: pipeline.stages.1.member.name.
	Path string
	// Constraint is what AWS's messages say of it: "Member must not be null".
	Constraint string
	// Input is the input, which the model allows but for this.
	Input any
}

// Breaches breaks every constraint on what the operation's input holds, one at a
// time: required members, lengths, ranges, patterns, enumerations, through all
// structures. sample makes the input, and the same one each time. Constraints
// that no request can break, because the SDK's type or the path has no place for
// it, are left out.
func Breaches(service string, op Operation, sample func() any) ([]Breach, error) {
	t, err := load(service)
	if err != nil {
		return nil, err
	}
	m := t.Operations[op.Name]
	if m.Input == "" {
		return nil, nil
	}
	b := &breaker{sample: sample, seen: map[string]bool{}, protocol: t.Protocol}
	b.structure(t.plan(m.Input, op.in), reflect.ValueOf(sample()).Elem(), func(root reflect.Value) reflect.Value { return root }, nil)
	return b.found, nil
}

type breaker struct {
	sample func() any
	seen   map[string]bool // constraints, by structure and member
	found  []Breach

	protocol string
}

// locate finds a value in an input that is like the one that was walked.
type locate func(root reflect.Value) reflect.Value

// add notes a breach: change is given the value that locate finds.
func (b *breaker) add(path []string, at locate, constraint string, change func(v reflect.Value)) {
	input := b.sample()
	change(at(reflect.ValueOf(input).Elem()))
	b.found = append(b.found, Breach{Path: strings.Join(path, "."), Constraint: constraint, Input: input})
}

func (b *breaker) structure(n *node, v reflect.Value, at locate, path []string) {
	for _, f := range n.fields {
		value, absent := indirect(v.Field(f.index))
		if absent || f.location == inStatus || f.kind == kindStream {
			continue
		}
		key := n.typ.String() + "." + f.member
		if b.seen[key] {
			continue
		}
		b.seen[key] = true
		here := append(slices.Clip(path), lowerFirst(f.member))
		place := func(root reflect.Value) reflect.Value { return at(root).Field(f.index) }
		// What stands in the path, and in S3 any parameter, tells the operation.
		tells := f.location == inURI || b.protocol == "rest-xml" && len(path) == 0 && f.location != inBody
		if f.required && !f.token && !tells && nullable(v.Field(f.index)) {
			b.add(here, place, "Member must not be null", func(v reflect.Value) { v.SetZero() })
		}
		b.value(f.node, value, place, here, f.location)
	}
}

// nullable answers whether the SDK leaves the zero value out of a request.
func nullable(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.String, reflect.Interface:
		return true
	}
	return false
}

func (b *breaker) value(n *node, v reflect.Value, at locate, path []string, where location) {
	switch n.kind {
	case kindStructure:
		b.structure(n, v, func(root reflect.Value) reflect.Value { return reflect.Indirect(at(root)) }, path)
	case kindList:
		b.list(n, v, at, path, where)
	case kindMap:
		b.entries(n, v, at, path)
	case kindUnion, kindStream, kindTimestamp, kindBoolean:
	case kindString, kindBlob, kindInteger, kindFloat:
		for _, wrong := range n.wrongs(v, where) {
			b.add(path, at, wrong.constraint, wrong.put)
		}
	}
}

func (b *breaker) list(n *node, v reflect.Value, at locate, path []string, where location) {
	if n.shape.Min != nil && *n.shape.Min >= 1 && where == inBody {
		b.add(path, at, n.constraints("length").min, func(v reflect.Value) { v.Set(reflect.MakeSlice(v.Type(), 0, 0)) })
	}
	if n.shape.Max != nil && *n.shape.Max < maxBreach && v.Len() > 0 {
		b.add(path, at, n.constraints("length").max, func(v reflect.Value) {
			for v.Len() <= int(*n.shape.Max) {
				v.Set(reflect.Append(v, v.Index(0)))
			}
		})
	}
	if v.Len() == 0 {
		return
	}
	first := func(root reflect.Value) reflect.Value { return at(root).Index(0) }
	item, _ := indirect(v.Index(0))
	if n.elem.kind < kindString {
		b.value(n.elem, item, first, append(slices.Clip(path), "1", "member"), where)
		return
	}
	for _, wrong := range n.elem.wrongs(item, where) {
		b.add(path, first, wrong.constraint, wrong.put)
	}
}

func (b *breaker) entries(n *node, v reflect.Value, at locate, path []string) {
	if n.shape.Min != nil && *n.shape.Min >= 1 && b.protocol != "query" { // which cannot write an empty map
		b.add(path, at, n.constraints("length").min, func(v reflect.Value) { v.Set(reflect.MakeMap(v.Type())) })
	}
	keys := sortedKeys(v)
	if len(keys) == 0 {
		return
	}
	first := keys[0]
	if n.shape.Max != nil && *n.shape.Max < maxBreach {
		b.add(path, at, n.constraints("length").max, func(v reflect.Value) {
			for i := 0; v.Len() <= int(*n.shape.Max); i++ {
				v.SetMapIndex(reflect.ValueOf("k"+strconv.Itoa(i)).Convert(v.Type().Key()), v.MapIndex(first))
			}
		})
	}
	for _, wrong := range n.key.wrongs(first, inBody) {
		b.add(path, at, wrong.constraint, func(v reflect.Value) {
			key := reflect.New(v.Type().Key()).Elem()
			wrong.put(key)
			v.SetMapIndex(key, v.MapIndex(first))
		})
	}
	value, _ := indirect(v.MapIndex(first))
	if n.value.kind < kindString {
		return // no service served has constraints there
	}
	for _, wrong := range n.value.wrongs(value, inBody) {
		b.add(path, at, wrong.constraint, func(v reflect.Value) {
			entry := reflect.New(v.Type().Elem()).Elem()
			wrong.put(entry)
			v.SetMapIndex(first, entry)
		})
	}
}

// maxBreach is the size from which a limit is not tried out: a request of that
// size would meet the limit of all requests first.
const maxBreach = 300_000

// wrong is a scalar that breaks a constraint.
type wrong struct {
	constraint string
	put        func(v reflect.Value)
}

// limits are AWS's words for the bounds of a shape.
type limits struct{ min, max string }

func (n *node) constraints(what string) (l limits) {
	if n.shape.Min != nil {
		l.min = "Member must have " + what + " greater than or equal to " + number(*n.shape.Min)
	}
	if n.shape.Max != nil {
		l.max = "Member must have " + what + " less than or equal to " + number(*n.shape.Max)
	}
	return l
}

func (n *node) wrongs(v reflect.Value, where location) (wrongs []wrong) {
	if n.kind == kindInteger || n.kind == kindFloat {
		return n.wrongNumbers(v)
	}
	put := func(constraint, s string) {
		wrongs = append(wrongs, wrong{constraint, func(v reflect.Value) {
			if n.kind == kindBlob {
				v.SetBytes([]byte(s))
				return
			}
			settable(v).SetString(s)
		}})
	}
	words := n.constraints("length")
	if low := n.shape.Min; low != nil && (*low > 1 || *low == 1 && where == inBody && len(n.shape.Enum) == 0) {
		put(words.min, strings.Repeat("a", int(*low)-1))
	}
	if high := n.shape.Max; high != nil && *high < maxBreach && (where != inURI || *high < 10_000) {
		put(words.max, strings.Repeat("a", int(*high)+1))
	}
	if len(n.shape.Enum) > 0 {
		put("Member must satisfy enum value set: ["+strings.Join(n.shape.Enum, ", ")+"]", "none-of-them")
		return wrongs
	}
	if s, ok := n.mismatched(where); ok {
		put("Member must satisfy regular expression pattern: "+n.shape.Pattern, s)
	}
	return wrongs
}

// mismatched returns a string that the pattern does not match, of a length that
// is allowed where there is one.
func (n *node) mismatched(where location) (string, bool) {
	if n.pattern == nil || n.kind != kindString {
		return "", false
	}
	best, found := "", false
	for _, part := range []string{"!", "a b", "é", "-", ".", "<>", "A", "1", "/", "\u2028", "\x01"} {
		if where != inBody && (part[0] < '!' || part[0] > '~') {
			continue
		}
		for _, times := range []int{1, 3, 20, 40} {
			s := strings.Repeat(part, times)
			if n.pattern.MatchString(s) {
				continue
			}
			if len(n.length(len([]rune(s)))) == 0 {
				return s, true
			}
			best, found = s, true
		}
	}
	return best, found
}

func (n *node) wrongNumbers(v reflect.Value) (wrongs []wrong) {
	put := func(constraint string, to float64) {
		wrongs = append(wrongs, wrong{constraint, func(v reflect.Value) {
			if v = settable(v); n.kind == kindFloat {
				v.SetFloat(to)
				return
			}
			v.SetInt(int64(to))
		}})
	}
	words := n.constraints("value")
	if n.shape.Min != nil {
		put(words.min, *n.shape.Min-1)
	}
	if n.shape.Max != nil && (n.kind == kindFloat || !v.OverflowInt(int64(*n.shape.Max)+1)) {
		put(words.max, *n.shape.Max+1)
	}
	return wrongs
}
