package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// functionPermission is AWS::Lambda::Permission: one statement of a function's
// resource policy, whose id Ref gives. It never changes.
var functionPermission = Type{
	Name:       "AWS::Lambda::Permission",
	Attributes: []string{"Id"},
	Foresee:    named("", 100, nil),
	Read:       readPermission,
	Create: func(ctx context.Context, r Request) (Result, error) {
		in := &lambda.AddPermissionInput{}
		if err := fill(in, r.Properties); err != nil {
			return Result{}, err
		}
		id := r.Name(100)
		in.StatementId = &id
		in.FunctionName, in.Qualifier = qualified(in.FunctionName)
		if _, err := lambda.NewFromConfig(r.Config).AddPermission(ctx, in); err != nil {
			return Result{}, err
		}
		return Result{PhysicalID: id, Attributes: map[string]any{"Id": id}}, nil
	},
	Delete: func(ctx context.Context, r Request) error {
		in := &lambda.RemovePermissionInput{StatementId: &r.PhysicalID}
		in.FunctionName, in.Qualifier = qualified(aws.String(text(r.Properties, "FunctionName")))
		_, err := lambda.NewFromConfig(r.Config).RemovePermission(ctx, in)
		return unlessGone(err)
	},
}

// qualified splits a name or ARN as the API's two members have it.
func qualified(name *string) (function, qualifier *string) {
	f, q := splitQualifier(aws.ToString(name))
	if q == "" {
		return &f, nil
	}
	return &f, &q
}

// functionURL is AWS::Lambda::Url. Ref gives the ARN of its function.
var functionURL = Type{
	Name:       "AWS::Lambda::Url",
	Attributes: []string{"FunctionArn", "FunctionUrl"},
	Read:       readURL,
	Create: func(ctx context.Context, r Request) (Result, error) {
		in := &lambda.CreateFunctionUrlConfigInput{}
		if err := fill(in, without(r.Properties, "TargetFunctionArn", "Qualifier")); err != nil {
			return Result{}, err
		}
		in.FunctionName, in.Qualifier = urlTarget(r)
		out, err := lambda.NewFromConfig(r.Config).CreateFunctionUrlConfig(ctx, in)
		if err != nil {
			return Result{}, err
		}
		return urlResult(out.FunctionArn, out.FunctionUrl), nil
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		failed := Result{PhysicalID: r.PhysicalID}
		in := &lambda.UpdateFunctionUrlConfigInput{}
		if err := fill(in, without(r.Properties, "TargetFunctionArn", "Qualifier")); err != nil {
			return failed, err
		}
		if in.Cors == nil && r.Old["Cors"] != nil {
			in.Cors = &types.Cors{}
		}
		in.FunctionName, in.Qualifier = urlTarget(r)
		out, err := lambda.NewFromConfig(r.Config).UpdateFunctionUrlConfig(ctx, in)
		if err != nil {
			return failed, err
		}
		return urlResult(out.FunctionArn, out.FunctionUrl), nil
	},
	Delete: func(ctx context.Context, r Request) error {
		in := &lambda.DeleteFunctionUrlConfigInput{}
		in.FunctionName, in.Qualifier = urlTarget(r)
		_, err := lambda.NewFromConfig(r.Config).DeleteFunctionUrlConfig(ctx, in)
		return unlessGone(err)
	},
}

// urlTarget is the function and the alias, which stands in Qualifier or at the end of the ARN.
func urlTarget(r Request) (function, qualifier *string) {
	function, qualifier = qualified(aws.String(text(r.Properties, "TargetFunctionArn")))
	if own := text(r.Properties, "Qualifier"); own != "" {
		qualifier = &own
	}
	return function, qualifier
}

func urlResult(arn, url *string) Result {
	return Result{PhysicalID: aws.ToString(arn), Attributes: map[string]any{
		"FunctionArn": aws.ToString(arn), "FunctionUrl": aws.ToString(url),
	}}
}
