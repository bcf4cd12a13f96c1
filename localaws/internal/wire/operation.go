package wire

import (
	"context"
	"reflect"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
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
	action    func(in any) string
	keys      func(in any) policy.Context
	also      []func(in any) []policy.Access
	handle    func(ctx context.Context, in any) (any, error)
}

// A Demand refines what IAM must allow for an operation; see [As], [Keys] and [Also].
type Demand[In any] func(op *Operation)

// As chooses the action by the input, where AWS has more than one for an
// operation: s3:GetObjectVersion instead of s3:GetObject, where a version is named.
// Where it chooses none, nothing is asked for the operation itself: its handler
// asks, as S3's DeleteObjects does of every key.
func As[In any](action func(in *In) string) Demand[In] {
	return func(op *Operation) {
		op.action = func(in any) string { return action(in.(*In)) } //nolint:forcetypeassert // decode made the value from the same type
	}
}

// Keys gives the action's condition keys, such as those of [policy.Context.RequestTags].
func Keys[In any](keys func(in *In) policy.Context) Demand[In] {
	return func(op *Operation) {
		op.keys = func(in any) policy.Context { return keys(in.(*In)) } //nolint:forcetypeassert // as above
	}
}

// Also gives what must be allowed besides the operation's own action, such as [policy.PassRole].
func Also[In any](access func(in *In) []policy.Access) Demand[In] {
	return func(op *Operation) {
		op.also = append(op.also, func(in any) []policy.Access { return access(in.(*In)) }) //nolint:forcetypeassert // as above
	}
}

// access lists all that IAM must allow for the input.
func (op Operation) access(in any) []policy.Access {
	own := policy.Access{Action: op.Action}
	if op.action != nil {
		own.Action = op.action(in)
	}
	if op.resources != nil {
		own.Resources = op.resources(in)
	}
	if op.keys != nil {
		own.Keys = op.keys(in)
	}
	var all []policy.Access
	if own.Action != "" {
		all = append(all, own)
	}
	for _, also := range op.also {
		all = append(all, also(in)...)
	}
	return all
}

// Op registers a handler. resources returns the ARNs that the action is on;
// nil means "*", as AWS has it for operations without a resource. The demands
// refine what IAM is asked.
//
// The handler gets a validated input that it may keep, and returns either an
// output or an error. An error that is one of the SDK's typed exceptions, or a
// [smithy.APIError] such as *smithy.GenericAPIError, is answered in AWS's form
// of it; any other error is a defect of ours and is answered as an InternalFailure
// (status 500) and logged.
func Op[In, Out any](name, action string, resources func(in *In) []string,
	handle func(ctx context.Context, in *In) (*Out, error), demands ...Demand[In],
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
	for _, demand := range demands {
		demand(&op)
	}
	return op
}
