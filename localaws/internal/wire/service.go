package wire

import (
	"fmt"
	"sync"
)

// service is a served service: what was registered, and its table, which is
// unpacked at the first request.
type service struct {
	name, region, protocol, prefix string

	operations map[string]*codec
	words      words
	once       sync.Once // guards what follows
	table      *table
	err        error
}

// codec is a served operation with the plans of its input and output.
type codec struct {
	op      Operation
	once    sync.Once // guards what follows
	model   *model
	in, out *node
}

func newService(region string, registered Service) (*service, error) {
	known, ok := index().Services[registered.Name]
	if !ok {
		return nil, fmt.Errorf("wire: AWS has no service %q in the table", registered.Name)
	}
	s := &service{
		name: registered.Name, region: region, protocol: known.Protocol, prefix: known.TargetPrefix,
		operations: map[string]*codec{}, words: wordsOf(registered.Name, known.Protocol),
	}
	names := make(map[string]bool, len(known.Operations))
	for _, name := range known.Operations {
		names[name] = true
	}
	for _, op := range registered.Operations {
		switch {
		case !names[op.Name]:
			return nil, fmt.Errorf("wire: %s has no operation %q", s.name, op.Name)
		case s.operations[op.Name] != nil:
			return nil, fmt.Errorf("wire: %s: operation %s is registered twice", s.name, op.Name)
		}
		s.operations[op.Name] = &codec{op: op}
	}
	return s, nil
}

// load unpacks the service's table once.
func (s *service) load() error {
	s.once.Do(func() { s.table, s.err = load(s.name) })
	return s.err
}

// operation returns the codec of an operation.
func (s *service) operation(name string) (*codec, error) {
	c := s.operations[name]
	if c == nil {
		_, known := s.table.Operations[name]
		return nil, &noSuchOperationError{name: name, known: known}
	}
	c.once.Do(func() {
		c.model = s.table.Operations[name]
		if c.model.Input != "" {
			c.in = s.table.plan(c.model.Input, c.op.in)
		}
		if c.model.Output != "" {
			c.out = s.table.plan(c.model.Output, c.op.out)
		}
	})
	return c, nil
}

// streaming answers whether the input's body is a stream.
func (c *codec) streaming() bool {
	return c.in != nil && c.in.payload != nil && c.in.payload.kind == kindStream
}
