package resource

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// functionVersion is AWS::Lambda::Version. Ref gives its ARN. It never changes:
// all that names its content makes a new one.
var functionVersion = Type{
	Name:       "AWS::Lambda::Version",
	Attributes: []string{"Version", "FunctionArn"},
	Read:       readVersion,
	Create: func(ctx context.Context, r Request) (Result, error) {
		in := &lambda.PublishVersionInput{}
		if err := fill(in, r.Properties); err != nil {
			return Result{}, err
		}
		client := lambda.NewFromConfig(r.Config)
		latest, err := latestVersion(ctx, client, in.FunctionName)
		listed := err == nil
		if !listed && !isDenied(err) {
			return Result{}, err
		}
		out, err := client.PublishVersion(ctx, in)
		if err != nil {
			return Result{}, err
		}
		version, err := strconv.Atoi(aws.ToString(out.Version))
		if err != nil {
			return Result{}, err
		}
		arn := aws.ToString(out.FunctionArn)
		if !strings.HasSuffix(arn, ":"+aws.ToString(out.Version)) {
			arn += ":" + aws.ToString(out.Version)
		}
		// Lambda answers with the last version where nothing has changed since. It belongs to somebody else.
		if version <= latest || !listed && r.Taken(arn) {
			return Result{}, &Error{Code: "AlreadyExists", Message: "A version for this Lambda function exists ( " +
				aws.ToString(out.Version) + " ). Modify the function to create a new version."}
		}
		return Result{PhysicalID: arn, Attributes: map[string]any{"Version": aws.ToString(out.Version), "FunctionArn": arn}}, nil
	},
	Delete: func(ctx context.Context, r Request) error {
		name, version := splitQualifier(r.PhysicalID)
		_, err := lambda.NewFromConfig(r.Config).DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &name, Qualifier: &version})
		return unlessGone(err)
	},
}

// latestVersion is the number of the last version that the function has, 0 where
// it has none. AWS's handler has no lambda:ListVersionsByFunction among its
// permissions (create has PublishVersion and GetFunctionConfiguration, in the
// registry's schema of the type), and tells a new version from an old one in a
// way that is not published. So a role that may not list is not refused: then
// only the versions that stacks have made are known.
func latestVersion(ctx context.Context, client *lambda.Client, function *string) (int, error) {
	latest := 0
	pages := lambda.NewListVersionsByFunctionPaginator(client, &lambda.ListVersionsByFunctionInput{FunctionName: function})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		for _, v := range page.Versions {
			if n, err := strconv.Atoi(aws.ToString(v.Version)); err == nil {
				latest = max(latest, n)
			}
		}
	}
	return latest, nil
}

// splitQualifier takes the version or alias off a function's ARN, where it has one.
func splitQualifier(name string) (function, qualifier string) {
	const unqualified = 7 // arn:aws:lambda:region:account:function:name
	parts := strings.Split(name, ":")
	if len(parts) <= unqualified {
		return name, ""
	}
	return strings.Join(parts[:unqualified], ":"), parts[unqualified]
}

// functionAlias is AWS::Lambda::Alias. Ref gives its ARN. Provisioned concurrency is refused.
var functionAlias = Type{
	Name:       "AWS::Lambda::Alias",
	Attributes: []string{"AliasArn"},
	Read:       readAlias,
	Create: func(ctx context.Context, r Request) (Result, error) {
		in := &lambda.CreateAliasInput{}
		if err := fillAlias(in, r); err != nil {
			return Result{}, err
		}
		out, err := lambda.NewFromConfig(r.Config).CreateAlias(ctx, in)
		if err != nil {
			return Result{}, err
		}
		return aliasResult(out.AliasArn), nil
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		failed := Result{PhysicalID: r.PhysicalID}
		in := &lambda.UpdateAliasInput{}
		if err := fillAlias(in, r); err != nil {
			return failed, err
		}
		if in.RoutingConfig == nil && r.Old["RoutingConfig"] != nil {
			in.RoutingConfig = &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{}}
		}
		if in.Description == nil && r.Old["Description"] != nil {
			in.Description = aws.String("")
		}
		out, err := lambda.NewFromConfig(r.Config).UpdateAlias(ctx, in)
		if err != nil {
			return failed, err
		}
		return aliasResult(out.AliasArn), nil
	},
	Delete: func(ctx context.Context, r Request) error {
		_, err := lambda.NewFromConfig(r.Config).DeleteAlias(ctx, &lambda.DeleteAliasInput{
			FunctionName: aws.String(text(r.Properties, "FunctionName")), Name: aws.String(text(r.Properties, "Name")),
		})
		return unlessGone(err)
	},
}

// fillAlias turns the list of weights into the API's map.
func fillAlias(input any, r Request) error {
	if err := refuse(r.Properties, "ProvisionedConcurrencyConfig"); err != nil {
		return err
	}
	properties := without(r.Properties)
	if properties["RoutingConfig"] != nil {
		weights := map[string]any{}
		for _, weight := range objects(object(properties, "RoutingConfig"), "AdditionalVersionWeights") {
			weights[text(weight, "FunctionVersion")] = weight["FunctionWeight"]
		}
		properties["RoutingConfig"] = map[string]any{"AdditionalVersionWeights": weights}
	}
	return fill(input, properties)
}

func aliasResult(arn *string) Result {
	return Result{PhysicalID: aws.ToString(arn), Attributes: map[string]any{"AliasArn": aws.ToString(arn)}}
}
