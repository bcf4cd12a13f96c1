package wire

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
)

//go:generate python3 gen/table.py table

//go:embed table
var tables embed.FS

// index is what must be known of every service at start, before its table is
// needed: the tables themselves are unpacked at a service's first request.
var index = sync.OnceValue(func() (index struct {
	Source   string
	Services map[string]struct {
		Protocol, TargetPrefix string
		Operations             []string
	}
},
) {
	data, err := tables.ReadFile("table/index.json")
	if err == nil {
		err = json.Unmarshal(data, &index)
	}
	if err != nil {
		panic(fmt.Sprintf("wire: the embedded table is broken: %v", err))
	}
	return index
})

// table is AWS's model of one service.
type table struct {
	Protocol     string
	JSONVersion  string
	TargetPrefix string
	APIVersion   string
	XMLNamespace string
	Operations   map[string]*model
	// Shapes are decoded one by one, as they are asked for: see shape.
	Shapes map[string]json.RawMessage

	service string
	codes   func() map[string]*shape
	routes  func() []route

	mu      sync.Mutex // guards decoded
	decoded map[string]*shape
	plans   sync.Mutex // guards nodes
	nodes   map[planKey]*node
}

// model is AWS's model of one operation.
type model struct {
	Method, URI   string
	Status        int
	Input, Output string
	Wrapper       string
	Errors        []string
}

// shape is AWS's model of one type.
type shape struct {
	Type            string
	Members         map[string]*member
	Member          *member
	Key, Value      *member
	Required        []string
	Min, Max        *float64
	Pattern         string
	Enum            []string
	Payload         string
	Flattened       bool
	TimestampFormat string
	XMLNamespace    namespace
	Exception       bool
	Fault           bool
	Error           struct {
		Code           string
		HTTPStatusCode int
	}
	Doc string
}

// member is a use of a shape by another one.
type member struct {
	Shape            string
	Location         string
	LocationName     string
	Flattened        bool
	TimestampFormat  string
	XMLAttribute     bool
	XMLNamespace     namespace
	IdempotencyToken bool
}

type namespace struct{ Prefix, URI string }

var loaded sync.Map // of func() (*table, error), by service

// load returns the table of a service, which is unpacked once.
func load(service string) (*table, error) {
	once, _ := loaded.LoadOrStore(service, sync.OnceValues(func() (*table, error) { return unpack(service) }))
	return once.(func() (*table, error))() //nolint:forcetypeassert // only such are stored
}

func unpack(service string) (*table, error) {
	packed, err := tables.ReadFile("table/" + service + ".json.gz")
	if err != nil {
		return nil, fmt.Errorf("no such service: %s", service)
	}
	unzip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("table of %s: %w", service, err)
	}
	data, err := io.ReadAll(unzip)
	if err != nil {
		return nil, fmt.Errorf("table of %s: %w", service, err)
	}
	t := &table{service: service, decoded: map[string]*shape{}, nodes: map[planKey]*node{}}
	if err := json.Unmarshal(data, t); err != nil {
		return nil, fmt.Errorf("table of %s: %w", service, err)
	}
	t.codes = sync.OnceValue(t.exceptions)
	t.routes = sync.OnceValue(t.makeRoutes)
	return t, nil
}

// shape returns the shape of that name, which the table is known to have.
func (t *table) shape(name string) *shape {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s, ok := t.decoded[name]; ok {
		return s
	}
	s := &shape{}
	if err := json.Unmarshal(t.Shapes[name], s); err != nil {
		panic(fmt.Sprintf("wire: the embedded table is broken: %s: %s: %v", t.service, name, err))
	}
	t.decoded[name] = s
	return s
}

// exceptions returns the modelled exceptions by shape name and by the code
// that they have on the wire.
func (t *table) exceptions() map[string]*shape {
	codes := map[string]*shape{}
	for name, raw := range t.Shapes {
		if !bytes.Contains(raw, []byte(`"exception":true`)) {
			continue
		}
		s := t.shape(name)
		codes[name] = s
		if s.Error.Code != "" {
			codes[s.Error.Code] = s
		}
	}
	return codes
}

// Known answers whether AWS's model of the service has the operation.
func Known(service, operation string) bool {
	return slices.Contains(index().Services[service].Operations, operation)
}

// TargetPrefix is what stands before the operation's name in the requests of a
// JSON service, and for the service in those of rpc-v2-cbor; empty for the others.
func TargetPrefix(service string) string { return index().Services[service].TargetPrefix }
