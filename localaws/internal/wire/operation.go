package wire

import (
	"context"
	"reflect"
)

// Operation is one operation of a service: its handler, which has the SDK
// client's own signature less the options, and what IAM must allow for it.
type Operation struct {
	// Name is AWS's name of the operation, such as "CreateRepository".
	Name string
	// Action is the IAM action, such as "codecommit:CreateRepository".
	Action string

	in, out   reflect.Type
	resources func(in any) []string
	handle    func(ctx context.Context, in any) (any, error)
}

// Op registers a handler. resources returns the ARNs that the action is on;
// nil means "*", as AWS has it for operations without a resource.
//
// The handler gets a validated input that it may keep, and returns either an
// output or an error. An error that is one of the SDK's typed exceptions, or a
// [smithy.APIError] such as *smithy.GenericAPIError, is answered in AWS's form
// of it; any other error is a defect of ours and is answered as an InternalFailure
// (status 500) and logged.
func Op[In, Out any](name, action string, resources func(in *In) []string,
	handle func(ctx context.Context, in *In) (*Out, error),
) Operation {
	op := Operation{
		Name: name, Action: action,
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
		handle: func(ctx context.Context, in any) (any, error) {
			out, err := handle(ctx, in.(*In)) //nolint:forcetypeassert // decode made the value from the same type
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
	if resources != nil {
		op.resources = func(in any) []string {
			return resources(in.(*In)) //nolint:forcetypeassert // as above
		}
	}
	return op
}
