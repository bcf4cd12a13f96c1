package lambda

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Operations are those that Lambda serves. Actions, resources and condition
// keys are those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateFunction", "lambda:CreateFunction", func(in *lambda.CreateFunctionInput) []string { return s.arnOf(in.FunctionName, nil) }, s.CreateFunction,
			wire.Keys(keysOfCreate),
			wire.Also(func(in *lambda.CreateFunctionInput) []policy.Access { return policy.PassRole(in.Role, principal, "") }),
			wire.Also(s.tagsOnCreate)),
		wire.Op("UpdateFunctionCode", "lambda:UpdateFunctionCode", func(in *lambda.UpdateFunctionCodeInput) []string { return s.arnOf(in.FunctionName, nil) }, s.UpdateFunctionCode),
		wire.Op("UpdateFunctionConfiguration", "lambda:UpdateFunctionConfiguration", func(in *lambda.UpdateFunctionConfigurationInput) []string { return s.arnOf(in.FunctionName, nil) }, s.UpdateFunctionConfiguration,
			wire.Keys(keysOfUpdate),
			wire.Also(func(in *lambda.UpdateFunctionConfigurationInput) []policy.Access {
				return policy.PassRole(in.Role, principal, "")
			})),
		wire.Op("GetFunction", "lambda:GetFunction", func(in *lambda.GetFunctionInput) []string { return s.arnOf(in.FunctionName, in.Qualifier) }, s.GetFunction),
		wire.Op("GetFunctionConfiguration", "lambda:GetFunctionConfiguration", func(in *lambda.GetFunctionConfigurationInput) []string { return s.arnOf(in.FunctionName, in.Qualifier) }, s.GetFunctionConfiguration),
		wire.Op("ListFunctions", "lambda:ListFunctions", nil, s.ListFunctions),
		wire.Op("DeleteFunction", "lambda:DeleteFunction", func(in *lambda.DeleteFunctionInput) []string { return s.arnOf(in.FunctionName, in.Qualifier) }, s.DeleteFunction),
		wire.Op("PublishVersion", "lambda:PublishVersion", func(in *lambda.PublishVersionInput) []string { return s.arnOf(in.FunctionName, nil) }, s.PublishVersion),
		wire.Op("ListVersionsByFunction", "lambda:ListVersionsByFunction", func(in *lambda.ListVersionsByFunctionInput) []string { return s.arnOf(in.FunctionName, nil) }, s.ListVersionsByFunction),
		wire.Op("CreateAlias", "lambda:CreateAlias", func(in *lambda.CreateAliasInput) []string { return s.arnOf(in.FunctionName, nil) }, s.CreateAlias),
		wire.Op("GetAlias", "lambda:GetAlias", func(in *lambda.GetAliasInput) []string { return s.arnOf(in.FunctionName, nil) }, s.GetAlias),
		wire.Op("UpdateAlias", "lambda:UpdateAlias", func(in *lambda.UpdateAliasInput) []string { return s.arnOf(in.FunctionName, nil) }, s.UpdateAlias),
		wire.Op("DeleteAlias", "lambda:DeleteAlias", func(in *lambda.DeleteAliasInput) []string { return s.arnOf(in.FunctionName, nil) }, s.DeleteAlias),
		wire.Op("ListAliases", "lambda:ListAliases", func(in *lambda.ListAliasesInput) []string { return s.arnOf(in.FunctionName, nil) }, s.ListAliases),
		wire.Op("AddPermission", "lambda:AddPermission", func(in *lambda.AddPermissionInput) []string { return s.arnOf(in.FunctionName, in.Qualifier) }, s.AddPermission,
			wire.Keys(keysOfPermission)),
		wire.Op("RemovePermission", "lambda:RemovePermission", func(in *lambda.RemovePermissionInput) []string { return s.arnOf(in.FunctionName, in.Qualifier) }, s.RemovePermission,
			wire.Keys(s.keysOfRemoval)),
		wire.Op("GetPolicy", "lambda:GetPolicy", func(in *lambda.GetPolicyInput) []string { return s.arnOf(in.FunctionName, in.Qualifier) }, s.GetPolicy),
		wire.Op("CreateFunctionUrlConfig", "lambda:CreateFunctionUrlConfig", func(in *lambda.CreateFunctionUrlConfigInput) []string { return s.arnOf(in.FunctionName, in.Qualifier) }, s.CreateFunctionUrlConfig,
			wire.Keys(func(in *lambda.CreateFunctionUrlConfigInput) policy.Context {
				return s.keysOfURL(in.FunctionName, in.Qualifier, in.AuthType)
			})),
		wire.Op("GetFunctionUrlConfig", "lambda:GetFunctionUrlConfig", func(in *lambda.GetFunctionUrlConfigInput) []string { return s.arnOf(in.FunctionName, in.Qualifier) }, s.GetFunctionUrlConfig,
			wire.Keys(func(in *lambda.GetFunctionUrlConfigInput) policy.Context {
				return s.keysOfURL(in.FunctionName, in.Qualifier, "")
			})),
		wire.Op("UpdateFunctionUrlConfig", "lambda:UpdateFunctionUrlConfig", func(in *lambda.UpdateFunctionUrlConfigInput) []string { return s.arnOf(in.FunctionName, in.Qualifier) }, s.UpdateFunctionUrlConfig,
			wire.Keys(func(in *lambda.UpdateFunctionUrlConfigInput) policy.Context {
				return s.keysOfURL(in.FunctionName, in.Qualifier, in.AuthType)
			})),
		wire.Op("DeleteFunctionUrlConfig", "lambda:DeleteFunctionUrlConfig", func(in *lambda.DeleteFunctionUrlConfigInput) []string { return s.arnOf(in.FunctionName, in.Qualifier) }, s.DeleteFunctionUrlConfig,
			wire.Keys(func(in *lambda.DeleteFunctionUrlConfigInput) policy.Context {
				return s.keysOfURL(in.FunctionName, in.Qualifier, "")
			})),
		wire.Op("ListFunctionUrlConfigs", "lambda:ListFunctionUrlConfigs", func(in *lambda.ListFunctionUrlConfigsInput) []string { return s.arnOf(in.FunctionName, nil) }, s.ListFunctionUrlConfigs),
		wire.Op("Invoke", "lambda:InvokeFunction", func(in *lambda.InvokeInput) []string { return s.arnOf(in.FunctionName, in.Qualifier) }, s.Invoke),
		wire.Op("TagResource", "lambda:TagResource", func(in *lambda.TagResourceInput) []string { return s.arnOf(in.Resource, nil) }, s.TagResource,
			wire.Keys(func(in *lambda.TagResourceInput) policy.Context { return policy.Context(nil).RequestTags(in.Tags) })),
		wire.Op("UntagResource", "lambda:UntagResource", func(in *lambda.UntagResourceInput) []string { return s.arnOf(in.Resource, nil) }, s.UntagResource,
			wire.Keys(func(in *lambda.UntagResourceInput) policy.Context { return policy.TagKeys(in.TagKeys) })),
		wire.Op("ListTags", "lambda:ListTags", func(in *lambda.ListTagsInput) []string { return s.arnOf(in.Resource, nil) }, s.ListTags),
		wire.Op("PutFunctionConcurrency", "lambda:PutFunctionConcurrency", func(in *lambda.PutFunctionConcurrencyInput) []string { return s.arnOf(in.FunctionName, nil) }, s.PutFunctionConcurrency),
		wire.Op("GetFunctionConcurrency", "lambda:GetFunctionConcurrency", func(in *lambda.GetFunctionConcurrencyInput) []string { return s.arnOf(in.FunctionName, nil) }, s.GetFunctionConcurrency),
		wire.Op("DeleteFunctionConcurrency", "lambda:DeleteFunctionConcurrency", func(in *lambda.DeleteFunctionConcurrencyInput) []string { return s.arnOf(in.FunctionName, nil) }, s.DeleteFunctionConcurrency),
		wire.Op("GetAccountSettings", "lambda:GetAccountSettings", nil, s.GetAccountSettings),
		wire.Op("GetFunctionCodeSigningConfig", "lambda:GetFunctionCodeSigningConfig", func(in *lambda.GetFunctionCodeSigningConfigInput) []string { return s.arnOf(in.FunctionName, nil) }, s.GetFunctionCodeSigningConfig),
		wire.Op("GetFunctionRecursionConfig", "lambda:GetFunctionRecursionConfig", func(in *lambda.GetFunctionRecursionConfigInput) []string { return s.arnOf(in.FunctionName, nil) }, s.GetFunctionRecursionConfig),
		wire.Op("GetRuntimeManagementConfig", "lambda:GetRuntimeManagementConfig", func(in *lambda.GetRuntimeManagementConfigInput) []string {
			return s.arnOf(in.FunctionName, in.Qualifier)
		}, s.GetRuntimeManagementConfig),
		wire.Op("GetFunctionEventInvokeConfig", "lambda:GetFunctionEventInvokeConfig", func(in *lambda.GetFunctionEventInvokeConfigInput) []string {
			return s.arnOf(in.FunctionName, in.Qualifier)
		}, s.GetFunctionEventInvokeConfig),
		wire.Op("CreateEventSourceMapping", "lambda:CreateEventSourceMapping", nil, s.CreateEventSourceMapping),
		wire.Op("ListEventSourceMappings", "lambda:ListEventSourceMappings", nil, s.ListEventSourceMappings),
		wire.Op("PublishLayerVersion", "lambda:PublishLayerVersion", func(in *lambda.PublishLayerVersionInput) []string {
			return []string{s.env.ARN("lambda", "layer:"+aws.ToString(in.LayerName))}
		}, s.PublishLayerVersion),
		wire.Op("ListLayers", "lambda:ListLayers", nil, s.ListLayers),
	}
}
