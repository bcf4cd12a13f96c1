package wire

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"math/big"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// rpcCBOR is rpc-v2-cbor: service and operation in the path, a CBOR document in
// the body, as the specification "Smithy RPC v2 CBOR protocol" has it. The
// service's name there is the target prefix of its JSON protocol (botocore
// 1.43.11, serialize.py, BaseRpcV2Serializer).
//
// No published model of the services here lists it yet (botocore 1.43.11, the
// SDKs for Go and JavaScript of November 2026): AWS adds it service by service
// to the JSON ones, with the same errors. Whoever asks a JSON service in it gets it.
type rpcCBOR struct{}

const (
	rpcV2CBOR   = "rpc-v2-cbor"
	contentCBOR = "application/cbor"
)

func (rpcCBOR) operation(c *call) (string, error) {
	name, ok := strings.CutPrefix(c.path, "/service/"+c.svc.prefix+"/operation/")
	if !ok || c.r.Method != http.MethodPost {
		return "", &noSuchOperationError{}
	}
	return name, nil
}

func (rpcCBOR) source(c *call, _ *node) (source, error) { return parseCBOR(c.body) }

func (rpcCBOR) respond(c *call, n *node, v reflect.Value) {
	c.w.Header().Set("Smithy-Protocol", rpcV2CBOR)
	if n == nil { // an operation without an output has neither a body nor a type of it
		c.write(http.StatusOK, "", nil)
		return
	}
	c.write(http.StatusOK, contentCBOR, appendCBOR(c.buffer(), n, v))
}

func (rpcCBOR) fail(c *call, f failure) {
	c.w.Header().Set("Smithy-Protocol", rpcV2CBOR)
	b := append(c.buffer(), cborOpenMap)
	b = appendCBORString(appendCBORString(b, "__type"), f.code)
	before := len(b)
	if f.node != nil {
		b = appendCBORMembers(b, f.node, f.detail)
	}
	if len(b) == before && f.message != "" {
		b = appendCBORString(appendCBORString(b, "message"), f.message)
	}
	c.write(f.status, contentCBOR, append(b, cborBreak))
}

// cborSource is a value of a CBOR document, as the decoder's own Go value.
type cborSource struct{ value any }

// cborReader refuses what is hostile: deep nesting, lengths that the body does
// not have, text that is no UTF-8, keys that are no text.
var cborReader = sync.OnceValue(func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DefaultMapType: reflect.TypeFor[map[string]any](), MaxNestedLevels: 64,
		IntDec: cbor.IntDecConvertSignedOrFail,
	}.DecMode()
	if err != nil {
		panic("wire: the options of the CBOR decoder are wrong: " + err.Error())
	}
	return mode
})

// parseCBOR reads a body; an empty one is an empty structure.
func parseCBOR(body []byte) (source, error) {
	if len(body) == 0 {
		return cborSource{map[string]any{}}, nil
	}
	var value any
	if err := cborReader().Unmarshal(body, &value); err != nil {
		return nil, &malformed{"Unable to parse the request body as CBOR"}
	}
	return cborSource{value}, nil
}

func (s cborSource) member(f *field) (source, error) {
	object, ok := s.value.(map[string]any)
	if !ok {
		return nil, mismatch(s.value, "Structure")
	}
	if value, ok := object[f.wire]; ok && value != nil {
		return cborSource{value}, nil
	}
	return nil, nil
}

func (s cborSource) items(*node) ([]source, error) {
	array, ok := s.value.([]any)
	if !ok {
		return nil, mismatch(s.value, "List")
	}
	items := make([]source, len(array))
	for i, value := range array {
		items[i] = cborSource{value}
	}
	return items, nil
}

func (s cborSource) entries(_ *node, visit func(string, source) error) error {
	object, ok := s.value.(map[string]any)
	if !ok {
		return mismatch(s.value, "Map")
	}
	for key, value := range object {
		if value == nil {
			continue
		}
		if err := visit(key, cborSource{value}); err != nil {
			return err
		}
	}
	return nil
}

// scalar gives numbers and times as JSON's numbers, which the decoder knows.
func (s cborSource) scalar() (any, error) {
	switch value := s.value.(type) {
	case string, bool, []byte:
		return value, nil
	case int64:
		return json.Number(strconv.FormatInt(value, 10)), nil
	case float64:
		return json.Number(strconv.FormatFloat(value, 'g', -1, 64)), nil
	case time.Time:
		if value.IsZero() { // how the decoder has a time that is not a number, or infinite
			return nil, &malformed{"Invalid timestamp"}
		}
		return json.Number(strconv.FormatFloat(float64(value.Round(time.Millisecond).UnixMilli())/1000, 'f', -1, 64)), nil
	case map[string]any:
		return nil, &malformed{"Start of structure or map found where not expected."}
	case []any:
		return nil, &malformed{"Start of list found where not expected."}
	case big.Int, cbor.Tag, cbor.SimpleValue:
		return nil, &malformed{"Unexpected value"}
	}
	return nil, &malformed{"Unexpected null value"}
}

// The initial bytes of what is written here (RFC 8949, appendix B).
const (
	cborUnsigned  = 0x00
	cborNegative  = 0x20
	cborBytes     = 0x40
	cborText      = 0x60
	cborArray     = 0x80
	cborMap       = 0xa0
	cborOpenMap   = 0xbf // a map that ends at a break
	cborTimestamp = 0xc1
	cborFalse     = 0xf4
	cborTrue      = 0xf5
	cborNull      = 0xf6
	cborFloat64   = 0xfb
	cborBreak     = 0xff
)

// appendCBOR writes a value. Structures are maps of no stated length, so that
// they are walked once.
func appendCBOR(b []byte, n *node, v reflect.Value) []byte {
	switch n.kind {
	case kindStructure:
		return append(appendCBORMembers(append(b, cborOpenMap), n, v), cborBreak)
	case kindUnion:
		f, value := variant(n, v)
		if f == nil {
			return append(b, cborMap)
		}
		return appendCBOR(appendCBORString(append(b, cborMap|1), f.wire), f.node, value)
	case kindList:
		b = appendCBORHead(b, cborArray, uint64(v.Len()))
		for i := range v.Len() {
			item, absent := indirect(v.Index(i))
			if absent && item.Kind() == reflect.Pointer {
				b = append(b, cborNull)
				continue
			}
			b = appendCBOR(b, n.elem, item)
		}
		return b
	case kindMap:
		b = appendCBORHead(b, cborMap, uint64(v.Len()))
		for _, key := range sortedKeys(v) {
			value, _ := indirect(v.MapIndex(key))
			b = appendCBOR(appendCBORString(b, key.String()), n.value, value)
		}
		return b
	}
	return appendCBORScalar(b, n, v)
}

func appendCBORMembers(b []byte, n *node, v reflect.Value) []byte {
	for _, f := range n.fields {
		if value, absent := indirect(v.Field(f.index)); !absent && f.location == inBody {
			b = appendCBOR(appendCBORString(b, f.wire), f.node, value)
		}
	}
	return b
}

func appendCBORScalar(b []byte, n *node, v reflect.Value) []byte {
	switch n.kind {
	case kindBoolean:
		if v.Bool() {
			return append(b, cborTrue)
		}
		return append(b, cborFalse)
	case kindInteger:
		if i := v.Int(); i < 0 {
			return appendCBORHead(b, cborNegative, uint64(-1-i))
		}
		return appendCBORHead(b, cborUnsigned, uint64(v.Int()))
	case kindFloat:
		return appendCBORFloat(b, v.Float())
	case kindBlob:
		return append(appendCBORHead(b, cborBytes, uint64(v.Len())), v.Bytes()...)
	case kindTimestamp:
		t, _ := reflect.TypeAssert[time.Time](v)
		return appendCBORFloat(append(b, cborTimestamp), float64(t.UnixMilli())/1000)
	}
	return appendCBORString(b, scalarText(n, v))
}

func appendCBORFloat(b []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, cborFloat64), math.Float64bits(f))
}

func appendCBORString(b []byte, s string) []byte {
	return append(appendCBORHead(b, cborText, uint64(len(s))), s...)
}

// appendCBORHead writes a major type with its argument in the fewest bytes.
func appendCBORHead(b []byte, major byte, argument uint64) []byte {
	switch {
	case argument < 24:
		return append(b, major|byte(argument))
	case argument <= math.MaxUint8:
		return append(b, major|24, byte(argument))
	case argument <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(argument))
	case argument <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(argument))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), argument)
}
