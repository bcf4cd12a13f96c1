package wire

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"reflect"
	"regexp/syntax"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Sampler makes random inputs and outputs that AWS's model allows. It is what
// the tests of the wire, and of what is served over it, are fed with.
type Sampler struct {
	// Rand is the source of randomness.
	Rand *rand.Rand
	// Full asks for every member, instead of a random choice of the optional ones.
	Full bool
	// Skip leaves a member alone, by the name of its structure and its own; nil skips none.
	Skip func(structure, member string) bool

	// How often at most a part of a pattern is repeated, and how long the whole gets.
	stretch, limit int
}

// Sample returns pointers to an input and an output of the operation, as its handler has them.
func (s Sampler) Sample(service string, op Operation) (in, out any, err error) {
	t, err := load(service)
	if err != nil {
		return nil, nil, err
	}
	m, ok := t.Operations[op.Name]
	if !ok {
		return nil, nil, &noSuchOperationError{name: op.Name}
	}
	input, output := reflect.New(op.in), reflect.New(op.out)
	if m.Input != "" {
		s.structure(t.plan(m.Input, op.in), input.Elem(), 0)
	}
	if m.Output != "" {
		s.structure(t.plan(m.Output, op.out), output.Elem(), 0)
	}
	return input.Interface(), output.Interface(), nil
}

// Errors returns the codes of the operation's modelled exceptions by the names
// of their types.
func Errors(service, operation string) (map[string]string, error) {
	t, err := load(service)
	if err != nil {
		return nil, err
	}
	codes := map[string]string{}
	for _, name := range t.Operations[operation].Errors {
		codes[name] = orElse(t.shape(name).Error.Code, name)
	}
	return codes, nil
}

// Types returns the types that the operation's handler has.
func (op Operation) Types() (in, out reflect.Type) { return op.in, op.out }

// HandledBy returns the operation with another handler, which takes and
// returns pointers to what Types says.
func (op Operation) HandledBy(handle func(ctx context.Context, in any) (any, error)) Operation {
	op.handle = handle
	op.resources = nil
	return op
}

const maxSampleDepth = 5

func (s Sampler) structure(n *node, dst reflect.Value, depth int) {
	defer func() {
		// The query protocol cannot tell an empty structure from none.
		if dst.IsZero() && depth > 0 && len(n.fields) > 0 {
			f := n.fields[len(n.fields)-1]
			s.value(f.node, dst.Field(f.index), depth, f.location)
		}
	}()
	for _, f := range n.fields {
		if s.Skip != nil && s.Skip(n.typ.Name(), f.member) {
			continue
		}
		wanted := f.required || f.location == inStatus || f.location == inURI || f.token || f == n.payload
		if !wanted && (depth >= maxSampleDepth || !s.Full && s.Rand.IntN(2) == 0) {
			continue
		}
		s.value(f.node, dst.Field(f.index), depth, f.location)
	}
}

func (s Sampler) value(n *node, dst reflect.Value, depth int, where location) {
	switch n.kind {
	case kindStructure:
		s.structure(n, settable(dst), depth+1)
	case kindUnion:
		if len(n.fields) == 0 {
			return
		}
		f := n.fields[s.Rand.IntN(len(n.fields))]
		variant := reflect.New(f.concrete)
		s.value(f.node, variant.Elem().Field(f.index), depth+1, where)
		dst.Set(variant)
	case kindList:
		length := s.length(n, 1, 3)
		dst.Set(reflect.MakeSlice(dst.Type(), length, length))
		for i := range length {
			s.value(n.elem, dst.Index(i), depth+1, where)
		}
		if where == inQuery { // clients sort the values when they sign
			sort.Slice(dst.Interface(), func(i, j int) bool { return dst.Index(i).String() < dst.Index(j).String() })
		}
	case kindMap:
		dst.Set(reflect.MakeMap(dst.Type()))
		for range s.length(n, 1, 3) {
			key, value := reflect.New(dst.Type().Key()).Elem(), reflect.New(dst.Type().Elem()).Elem()
			if key.SetString(s.text(n.key, where)); where == inHeaders {
				key.SetString("name-" + s.words(3, "abc"))
			}
			s.value(n.value, value, depth+1, where)
			dst.SetMapIndex(key, value)
		}
	default:
		s.scalar(n, settable(dst), where)
	}
}

func (s Sampler) scalar(n *node, dst reflect.Value, where location) {
	switch n.kind {
	case kindString:
		dst.SetString(s.text(n, where))
	case kindBlob:
		dst.SetBytes([]byte(s.words(s.length(n, 1, 40), " \x00\xffbinary<&>")))
	case kindStream:
		dst.Set(reflect.ValueOf(io.NopCloser(bytes.NewReader([]byte(s.words(1+s.Rand.IntN(5000), "\x00\xff stream"))))))
	case kindTimestamp:
		dst.Set(reflect.ValueOf(time.Unix(1_500_000_000+s.Rand.Int64N(400_000_000), 0).UTC()))
	case kindBoolean:
		dst.SetBool(s.Rand.IntN(2) == 0 || dst.Type().Kind() == reflect.Bool)
	case kindInteger:
		if where == inStatus {
			dst.SetInt(202)
			return
		}
		dst.SetInt(int64(s.length(n, 1, 1000)))
	case kindFloat:
		if n.shape.Max != nil {
			dst.SetFloat(*n.shape.Max / 4)
			return
		}
		dst.SetFloat(float64(s.length(n, 1, 100)) + 0.25)
	}
}

// length picks a number within the constraints of the model, near the given bounds.
func (s Sampler) length(n *node, low, high int) int {
	if n.shape.Min != nil {
		low = max(low, int(*n.shape.Min))
	}
	high = max(high, low)
	if n.shape.Max != nil {
		high = min(high, int(*n.shape.Max))
	}
	return low + s.Rand.IntN(max(1, high-low+1))
}

// text makes a string that the model allows and that its place can carry:
// headers hold no line breaks and no spaces at their ends.
func (s Sampler) text(n *node, where location) string {
	if len(n.shape.Enum) > 0 {
		return n.shape.Enum[s.Rand.IntN(len(n.shape.Enum))]
	}
	if n.shape.Type == "integer" { // S3's markers of parts, in the SDK's types
		return strconv.Itoa(s.length(n, 1, 1000))
	}
	if n.pattern != nil {
		tree, err := syntax.Parse(n.pattern.String(), syntax.Perl)
		for attempt := range 300 {
			var b strings.Builder
			s.stretch, s.limit = 2+attempt%20, 64
			if n.shape.Min != nil {
				s.limit = max(s.limit, int(*n.shape.Min))
				s.stretch += attempt % 2 * int(*n.shape.Min)
			}
			if s.matching(&b, tree); err == nil && len(n.checkString(b.String())) == 0 && isPlain(b.String()) {
				return b.String()
			}
		}
	}
	switch where {
	case inHeader, inHeaders:
		return "h" + s.words(s.length(n, 1, 12), "abc-09=/")
	case inURI, inQuery:
		return s.words(s.length(n, 3, 20), "abc-xyz09")
	case inBody, inStatus:
	}
	return s.words(s.length(n, 1, 20), "aZ0 <&>\"'é世😀\\/\n:+%=,")
}

// isPlain answers whether every protocol carries the string as it is: XML has
// no control characters, and spaces at the ends are trimmed by some clients.
func isPlain(s string) bool {
	return s != "" && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || unicode.IsSpace(r) && r > '~'
	})
}

func (s Sampler) words(length int, alphabet string) string {
	runes := []rune(alphabet)
	b := make([]rune, length)
	for i := range b {
		b[i] = runes[s.Rand.IntN(len(runes))]
	}
	// Spaces at the ends are trimmed on the way by some clients.
	if length > 0 {
		b[0], b[length-1] = 'a', 'z'
	}
	return string(b)
}

// matching writes a string that a regular expression matches, if it has no
// assertions inside.
func (s Sampler) matching(b *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(s.oneOf(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte("abz09-_"[s.Rand.IntN(7)])
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range re.Sub {
			s.matching(b, sub)
		}
	case syntax.OpAlternate:
		s.matching(b, re.Sub[s.Rand.IntN(len(re.Sub))])
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		s.repeat(b, re)
	}
}

// oneOf picks a character of a class, one that can be printed if there is any.
func (s Sampler) oneOf(class []rune) rune {
	var ranges [][2]rune
	for i := 0; i < len(class); i += 2 {
		if low, high := max(class[i], '!'), min(class[i+1], '~'); low <= high {
			ranges = append(ranges, [2]rune{low, high})
		}
	}
	if ranges == nil || s.Rand.IntN(20) == 0 {
		ranges = append(ranges, [2]rune{class[0], min(class[1], class[0]+60)})
	}
	picked := ranges[s.Rand.IntN(len(ranges))]
	return picked[0] + s.Rand.Int32N(picked[1]-picked[0]+1)
}

func (s Sampler) repeat(b *strings.Builder, re *syntax.Regexp) {
	low, high := 0, s.stretch
	switch re.Op {
	case syntax.OpPlus:
		low = 1
	case syntax.OpQuest:
		high = 1
	case syntax.OpRepeat:
		low, high = re.Min, re.Max
		if high < 0 || high > low+s.stretch {
			high = low + s.stretch
		}
	}
	for i := range low + s.Rand.IntN(high-low+1) {
		if i >= low && b.Len() > s.limit {
			return
		}
		s.matching(b, re.Sub[0])
	}
}
