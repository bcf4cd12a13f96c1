package resource

import "context"

// waitConditionHandle is AWS::CloudFormation::WaitConditionHandle: a place to
// signal to, and nothing by itself. Templates also use it as the one resource
// that a stack must have. Ref gives its URL. AWS::CloudFormation::WaitCondition,
// which would wait for the signal, is not served.
var waitConditionHandle = Type{
	Name: "AWS::CloudFormation::WaitConditionHandle",
	Create: func(_ context.Context, r Request) (Result, error) {
		return Result{PhysicalID: "https://cloudformation-waitcondition-" + r.Region + ".s3." + r.Region + ".amazonaws.com/" +
			r.StackID + "/" + r.Name(64)}, nil
	},
	Delete: func(context.Context, Request) error { return nil },
}
