package resource

import (
	"archive/zip"
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// function is AWS::Lambda::Function. Ref gives its name.
var function = Type{
	Name:       "AWS::Lambda::Function",
	Attributes: []string{"Arn", "SnapStartResponse.ApplyOn", "SnapStartResponse.OptimizationStatus"},
	Foresee:    named("FunctionName", 64, nil),
	Read:       readFunction,
	Create: func(ctx context.Context, r Request) (Result, error) {
		in := &lambda.CreateFunctionInput{Tags: r.tags(), Code: &types.FunctionCode{}}
		if err := refuseFunction(r); err != nil {
			return Result{}, err
		}
		if err := fill(in, without(r.Properties, "Code", "Tags", "FunctionName", "ReservedConcurrentExecutions")); err != nil {
			return Result{}, err
		}
		if err := fillCode(in.Code, r.Properties); err != nil {
			return Result{}, err
		}
		in.FunctionName = aws.String(r.nameFrom("FunctionName", 64))
		client := lambda.NewFromConfig(r.Config)
		if _, err := client.CreateFunction(ctx, in); err != nil {
			return Result{}, err
		}
		r.PhysicalID = aws.ToString(in.FunctionName)
		result, err := awaitFunction(ctx, client, r.PhysicalID)
		if err != nil {
			return Result{PhysicalID: r.PhysicalID}, err
		}
		return result, setConcurrency(ctx, client, r)
	},
	Update: updateFunction,
	Delete: func(ctx context.Context, r Request) error {
		_, err := lambda.NewFromConfig(r.Config).DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &r.PhysicalID})
		return unlessGone(err)
	},
}

// functionDefaults are what a setting goes back to that a template no longer has.
var functionDefaults = map[string]any{
	"Description": "", "MemorySize": 128, "Timeout": 3, "Layers": []any{}, "KmsKeyArn": "", "FileSystemConfigs": []any{},
	"Environment": map[string]any{"Variables": map[string]any{}}, "EphemeralStorage": map[string]any{"Size": 512},
	"TracingConfig": map[string]any{"Mode": "PassThrough"}, "DeadLetterConfig": map[string]any{"TargetArn": ""},
	"SnapStart":     map[string]any{"ApplyOn": "None"},
	"LoggingConfig": map[string]any{"LogFormat": "Text"}, "VpcConfig": map[string]any{"SubnetIds": []any{}, "SecurityGroupIds": []any{}},
}

func refuseFunction(r Request) error {
	return refuse(r.Properties, "FunctionScalingConfig", "PublishToLatestPublished", "RecursiveLoop", "RuntimeManagementConfig")
}

func updateFunction(ctx context.Context, r Request) (Result, error) {
	failed := Result{PhysicalID: r.PhysicalID}
	if err := refuseFunction(r); err != nil {
		return failed, err
	}
	client := lambda.NewFromConfig(r.Config)
	for _, step := range []func(context.Context, *lambda.Client, Request) error{updateCode, updateSettings, updateConcurrency, retagFunction} {
		if err := step(ctx, client, r); err != nil {
			return failed, err
		}
	}
	result, err := awaitFunction(ctx, client, r.PhysicalID)
	if err != nil {
		return failed, err
	}
	return result, nil
}

func updateCode(ctx context.Context, client *lambda.Client, r Request) error {
	if !r.changed("Code", "Architectures") {
		return nil
	}
	in := &lambda.UpdateFunctionCodeInput{FunctionName: &r.PhysicalID}
	if err := fill(in, only(r.Properties, "Architectures")); err != nil {
		return err
	}
	if err := fillCode(in, r.Properties); err != nil {
		return err
	}
	if _, err := client.UpdateFunctionCode(ctx, in); err != nil {
		return err
	}
	_, err := awaitFunction(ctx, client, r.PhysicalID)
	return err
}

func updateSettings(ctx context.Context, client *lambda.Client, r Request) error {
	apart := []string{"Code", "Architectures", "Tags", "FunctionName", "PackageType", "ReservedConcurrentExecutions"}
	var names []string
	for name := range schemas()["AWS::Lambda::Function"].Root.Properties {
		if !slices.Contains(apart, name) {
			names = append(names, name)
		}
	}
	if !r.changed(names...) {
		return nil
	}
	in := &lambda.UpdateFunctionConfigurationInput{FunctionName: &r.PhysicalID}
	if err := fill(in, withDefaults(without(r.Properties, apart...), r.Old, functionDefaults)); err != nil {
		return err
	}
	if _, err := client.UpdateFunctionConfiguration(ctx, in); err != nil {
		return err
	}
	_, err := awaitFunction(ctx, client, r.PhysicalID)
	return err
}

func updateConcurrency(ctx context.Context, client *lambda.Client, r Request) error {
	if !r.changed("ReservedConcurrentExecutions") {
		return nil
	}
	if r.Properties["ReservedConcurrentExecutions"] == nil {
		_, err := client.DeleteFunctionConcurrency(ctx, &lambda.DeleteFunctionConcurrencyInput{FunctionName: &r.PhysicalID})
		return err
	}
	return setConcurrency(ctx, client, r)
}

func setConcurrency(ctx context.Context, client *lambda.Client, r Request) error {
	given := text(r.Properties, "ReservedConcurrentExecutions")
	if given == "" {
		return nil
	}
	n, err := strconv.ParseInt(given, 10, 32)
	if err != nil {
		return mistyped("ReservedConcurrentExecutions", "Integer", given)
	}
	_, err = client.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{
		FunctionName: &r.PhysicalID, ReservedConcurrentExecutions: aws.Int32(int32(n)),
	})
	return err
}

func retagFunction(ctx context.Context, client *lambda.Client, r Request) error {
	arn := r.arn("lambda", "function:"+r.PhysicalID)
	set, remove := r.tagChanges()
	if len(set) > 0 {
		if _, err := client.TagResource(ctx, &lambda.TagResourceInput{Resource: &arn, Tags: set}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		if _, err := client.UntagResource(ctx, &lambda.UntagResourceInput{Resource: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	return nil
}

// awaitFunction waits until the function is active and its last update done, and describes it.
func awaitFunction(ctx context.Context, client *lambda.Client, name string) (Result, error) {
	const (
		longest = 10 * time.Minute
		first   = 20 * time.Millisecond
		most    = time.Second
	)
	in := &lambda.GetFunctionInput{FunctionName: &name}
	out, err := client.GetFunction(ctx, in)
	if err == nil && out.Configuration.State == types.StatePending {
		out, err = lambda.NewFunctionActiveV2Waiter(client, func(o *lambda.FunctionActiveV2WaiterOptions) {
			o.MinDelay, o.MaxDelay = first, most
		}).WaitForOutput(ctx, in, longest)
	}
	if err == nil && out.Configuration.LastUpdateStatus == types.LastUpdateStatusInProgress {
		out, err = lambda.NewFunctionUpdatedV2Waiter(client, func(o *lambda.FunctionUpdatedV2WaiterOptions) {
			o.MinDelay, o.MaxDelay = first, most
		}).WaitForOutput(ctx, in, longest)
	}
	if err != nil {
		return Result{}, err
	}
	c := out.Configuration
	if c.State == types.StateFailed {
		return Result{}, &Error{Code: "NotStabilized", Message: aws.ToString(c.StateReason)}
	}
	if c.LastUpdateStatus == types.LastUpdateStatusFailed {
		return Result{}, &Error{Code: "NotStabilized", Message: aws.ToString(c.LastUpdateStatusReason)}
	}
	attributes := map[string]any{"Arn": aws.ToString(c.FunctionArn)}
	if c.SnapStart != nil {
		attributes["SnapStartResponse.ApplyOn"] = string(c.SnapStart.ApplyOn)
		attributes["SnapStartResponse.OptimizationStatus"] = string(c.SnapStart.OptimizationStatus)
	}
	return Result{PhysicalID: name, Attributes: attributes}, nil
}

// fillCode writes the property Code into an input that has its fields. Source
// text in ZipFile becomes a zip with the one file index.py or index.js.
func fillCode(input any, properties map[string]any) error {
	code := object(properties, "Code")
	source, inline := code["ZipFile"]
	if err := fill(input, without(code, "ZipFile")); err != nil || !inline {
		return err
	}
	var name string
	switch runtime := text(properties, "Runtime"); {
	case strings.HasPrefix(runtime, "python"):
		name = "index.py"
	case strings.HasPrefix(runtime, "nodejs"):
		name = "index.js"
	default:
		return &Error{Code: "InvalidRequest", Message: "ZipFile can only be used with Node.js and Python runtimes, and the runtime is " + runtime}
	}
	content, ok := scalar(source)
	if !ok {
		return mistyped("Code.ZipFile", "String", source)
	}
	data, err := zipOf(name, content)
	if err != nil {
		return err
	}
	switch input := input.(type) {
	case *types.FunctionCode:
		input.ZipFile = data
	case *lambda.UpdateFunctionCodeInput:
		input.ZipFile = data
	}
	return nil
}

// zipOf is the same for the same source, as the function's hash must be.
func zipOf(name, content string) ([]byte, error) {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	header := &zip.FileHeader{Name: name, Method: zip.Deflate}
	header.SetMode(0o644)
	file, err := archive.CreateHeader(header)
	if err != nil {
		return nil, err
	}
	if _, err := file.Write([]byte(content)); err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
