package codepipeline

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// actionType is a kind of action that pipelines may declare, with AWS's
// numbers of artifacts
// (docs.aws.amazon.com/codepipeline/latest/userguide/reference-action-artifacts.html).
type actionType struct {
	category               types.ActionCategory
	provider               string
	minInputs, maxInputs   int32
	minOutputs, maxOutputs int32
	properties             []property
}

// property is a configuration key of an action type, as its page under
// docs.aws.amazon.com/codepipeline/latest/userguide/action-reference.html names it.
type property struct {
	name     string
	required bool
}

var codeBuildProperties = []property{
	{"ProjectName", true},
	{"PrimarySource", false},
	{"EnvironmentVariables", false},
	{"BatchEnabled", false},
	{"CombineArtifacts", false},
}

var actionTypes = []actionType{
	{
		category: types.ActionCategorySource, provider: "CodeCommit", minOutputs: 1, maxOutputs: 1,
		properties: []property{
			{"RepositoryName", true},
			{"BranchName", true},
			{"PollForSourceChanges", false},
			{"OutputArtifactFormat", false},
		},
	},
	{
		category: types.ActionCategorySource, provider: "S3", minOutputs: 1, maxOutputs: 1,
		properties: []property{
			{"S3Bucket", true},
			{"S3ObjectKey", true},
			{"PollForSourceChanges", false},
			{"AllowOverrideForS3ObjectKey", false},
		},
	},
	{
		category: types.ActionCategoryBuild, provider: "CodeBuild", minInputs: 1, maxInputs: 5, maxOutputs: 5,
		properties: codeBuildProperties,
	},
	{
		category: types.ActionCategoryTest, provider: "CodeBuild", minInputs: 1, maxInputs: 5, maxOutputs: 5,
		properties: codeBuildProperties,
	},
	{
		category: types.ActionCategoryDeploy, provider: "CloudFormation", maxInputs: 10, maxOutputs: 1,
		properties: []property{
			{"ActionMode", true},
			{"StackName", true},
			{"ChangeSetName", false},
			{"RoleArn", false},
			{"TemplatePath", false},
			{"TemplateConfiguration", false},
			{"Capabilities", false},
			{"ParameterOverrides", false},
			{"OutputFileName", false},
		},
	},
	{
		category: types.ActionCategoryApproval, provider: "Manual",
		properties: []property{
			{"NotificationArn", false},
			{"CustomData", false},
			{"ExternalEntityLink", false},
		},
	},
	{
		category: types.ActionCategoryInvoke, provider: "Lambda", maxInputs: 5, maxOutputs: 5,
		properties: []property{
			{"FunctionName", true},
			{"UserParameters", false},
		},
	},
}

// typeKey names an action type; only what AWS owns in version 1 is served.
func typeKey(category types.ActionCategory, provider string) string {
	return string(category) + "/" + provider
}

// findActionType returns the declared type, or false for one that is not served.
func findActionType(id *types.ActionTypeId) (actionType, bool) {
	if id.Owner != types.ActionOwnerAws || aws.ToString(id.Version) != "1" {
		return actionType{}, false
	}
	for _, t := range actionTypes {
		if t.category == id.Category && t.provider == aws.ToString(id.Provider) {
			return t, true
		}
	}
	return actionType{}, false
}

// ListActionTypes lists the action types that are served here, in one page.
func (s *Service) ListActionTypes(_ context.Context, in *codepipeline.ListActionTypesInput) (*codepipeline.ListActionTypesOutput, error) {
	out := &codepipeline.ListActionTypesOutput{ActionTypes: []types.ActionType{}}
	if in.NextToken != nil {
		return nil, invalidToken()
	}
	if in.ActionOwnerFilter != "" && in.ActionOwnerFilter != types.ActionOwnerAws ||
		in.RegionFilter != nil && *in.RegionFilter != s.env.Region {
		return out, nil
	}
	for _, t := range actionTypes {
		properties := make([]types.ActionConfigurationProperty, 0, len(t.properties))
		for _, p := range t.properties {
			properties = append(properties, types.ActionConfigurationProperty{Name: aws.String(p.name), Required: p.required})
		}
		out.ActionTypes = append(out.ActionTypes, types.ActionType{
			Id: &types.ActionTypeId{
				Category: t.category, Owner: types.ActionOwnerAws, Provider: aws.String(t.provider), Version: aws.String("1"),
			},
			ActionConfigurationProperties: properties,
			InputArtifactDetails:          &types.ArtifactDetails{MinimumCount: t.minInputs, MaximumCount: t.maxInputs},
			OutputArtifactDetails:         &types.ArtifactDetails{MinimumCount: t.minOutputs, MaximumCount: t.maxOutputs},
		})
	}
	return out, nil
}
