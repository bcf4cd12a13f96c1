package wire

import "reflect"

// OperationOf makes an operation without a handler, for an Echo to fill.
func OperationOf(name string, in, out reflect.Type) Operation {
	return Operation{Name: name, Action: "test:" + name, in: in, out: out}
}
