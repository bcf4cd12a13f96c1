package resource

import (
	"context"
	"maps"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func readFunction(ctx context.Context, r Request) (map[string]any, error) {
	out, err := lambda.NewFromConfig(r.Config).GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	// Code and SnapStart are write-only in the type's schema: what is there is not compared.
	actual := shaped(without(r.Properties, "Code", "SnapStart", "Tags", "Layers", "ReservedConcurrentExecutions"), out.Configuration)
	for _, name := range []string{"Code", "SnapStart"} {
		if value, ok := r.Properties[name]; ok {
			actual[name] = value
		}
	}
	if r.Properties["Tags"] != nil {
		actual["Tags"] = r.ownTags(out.Tags)
	}
	if r.Properties["Layers"] != nil {
		layers := []any{}
		for _, layer := range out.Configuration.Layers {
			layers = append(layers, aws.ToString(layer.Arn))
		}
		actual["Layers"] = layers
	}
	if given := r.Properties["ReservedConcurrentExecutions"]; given != nil && out.Concurrency != nil {
		actual["ReservedConcurrentExecutions"] = shape(given, reflect.ValueOf(out.Concurrency.ReservedConcurrentExecutions))
	}
	return actual, nil
}

func readVersion(ctx context.Context, r Request) (map[string]any, error) {
	name, version := splitQualifier(r.PhysicalID)
	out, err := lambda.NewFromConfig(r.Config).GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name, Qualifier: &version})
	if err != nil {
		return nil, err
	}
	actual := shaped(without(r.Properties, "FunctionName"), out)
	actual["FunctionName"] = r.Properties["FunctionName"]
	return actual, nil
}

func readAlias(ctx context.Context, r Request) (map[string]any, error) {
	out, err := lambda.NewFromConfig(r.Config).GetAlias(ctx, &lambda.GetAliasInput{
		FunctionName: aws.String(text(r.Properties, "FunctionName")), Name: aws.String(text(r.Properties, "Name")),
	})
	if err != nil {
		return nil, err
	}
	actual := shaped(without(r.Properties, "FunctionName", "RoutingConfig"), out)
	actual["FunctionName"] = r.Properties["FunctionName"]
	if r.Properties["RoutingConfig"] != nil && out.RoutingConfig != nil {
		weights := []any{}
		for version, weight := range out.RoutingConfig.AdditionalVersionWeights {
			weights = append(weights, map[string]any{"FunctionVersion": version, "FunctionWeight": shape("", reflect.ValueOf(weight))})
		}
		actual["RoutingConfig"] = map[string]any{"AdditionalVersionWeights": weights}
	}
	return actual, nil
}

func readURL(ctx context.Context, r Request) (map[string]any, error) {
	in := &lambda.GetFunctionUrlConfigInput{}
	in.FunctionName, in.Qualifier = urlTarget(r)
	out, err := lambda.NewFromConfig(r.Config).GetFunctionUrlConfig(ctx, in)
	if err != nil {
		return nil, err
	}
	actual := shaped(without(r.Properties, "TargetFunctionArn", "Qualifier"), out)
	maps.Copy(actual, only(r.Properties, "TargetFunctionArn", "Qualifier"))
	return actual, nil
}

// readPermission finds the statement. What it says cannot be changed, only removed and made anew.
func readPermission(ctx context.Context, r Request) (map[string]any, error) {
	in := &lambda.GetPolicyInput{}
	in.FunctionName, in.Qualifier = qualified(aws.String(text(r.Properties, "FunctionName")))
	out, err := lambda.NewFromConfig(r.Config).GetPolicy(ctx, in)
	if err != nil {
		return nil, err
	}
	policy, _ := parsed(aws.ToString(out.Policy))
	document, _ := policy.(map[string]any)
	for _, statement := range objects(document, "Statement") {
		if strings.EqualFold(text(statement, "Sid"), r.PhysicalID) {
			return r.Properties, nil
		}
	}
	return nil, &Error{Code: "NotFound", Message: "no statement " + r.PhysicalID}
}
