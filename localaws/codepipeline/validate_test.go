package codepipeline

import (
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

func TestValidate(t *testing.T) {
	type declaration = types.PipelineDeclaration
	config := func(stage int, key, value string) func(p *declaration) {
		return func(p *declaration) {
			c := p.Stages[stage].Actions[0].Configuration
			if value == "" {
				delete(c, key)
			} else {
				c[key] = value
			}
		}
	}
	action := func(stage int, change func(a *types.ActionDeclaration)) func(p *declaration) {
		return func(p *declaration) { change(&p.Stages[stage].Actions[0]) }
	}
	tests := []struct {
		name   string
		change func(p *declaration)
		want   string // "" where the declaration is valid
	}{
		{"valid", func(*declaration) {}, ""},
		{
			"one stage", func(p *declaration) { p.Stages = p.Stages[:1] },
			"InvalidStructureException: Pipeline has only 1 stage(s). There should be a minimum of 2 stages in a pipeline",
		},
		{
			"equal stage names", func(p *declaration) { p.Stages[2].Name = aws.String("Build") },
			"InvalidStageDeclarationException: Stage name 'Build' is used more than once",
		},
		{
			"no actions", func(p *declaration) { p.Stages[1].Actions = nil },
			"InvalidStageDeclarationException: Stage Build must have at least one action",
		},
		{
			"equal action names", func(p *declaration) { p.Stages[1].Actions = append(p.Stages[1].Actions, build("Build")) },
			"InvalidStageDeclarationException: Action name Build is not unique within stage Build",
		},
		{
			"no source first", func(p *declaration) { p.Stages = p.Stages[1:] },
			"InvalidStructureException: Pipeline should start with a stage that only contains source actions",
		},
		{
			"a source later", func(p *declaration) { p.Stages[1].Actions[0] = source("Late") },
			"InvalidStructureException: Source actions can only be included in the first stage of the pipeline",
		},
		{
			"unknown action type", action(1, func(a *types.ActionDeclaration) { a.ActionTypeId.Provider = aws.String("Jenkins") }),
			"InvalidActionDeclarationException: ActionType (Category: 'Build', Provider: 'Jenkins', Owner: 'AWS', Version: '1') in action 'Build' is not available in region 'US_EAST_1'",
		},
		{
			"custom action", action(1, func(a *types.ActionDeclaration) { a.ActionTypeId.Owner = types.ActionOwnerCustom }),
			"InvalidActionDeclarationException: ActionType (Category: 'Build', Provider: 'CodeBuild', Owner: 'Custom', Version: '1') in action 'Build' is not available in region 'US_EAST_1'",
		},
		{
			"step functions", action(2, func(a *types.ActionDeclaration) { a.ActionTypeId = typeID(types.ActionCategoryInvoke, "StepFunctions") }),
			"InvalidActionDeclarationException: ActionType (Category: 'Invoke', Provider: 'StepFunctions', Owner: 'AWS', Version: '1') in action 'Deploy' is not available in region 'US_EAST_1'",
		},
		{
			"no input", action(1, func(a *types.ActionDeclaration) { a.InputArtifacts = nil }),
			"InvalidActionDeclarationException: Action Build declares 0 input artifacts which is less than the minimum count (1)",
		},
		{"two outputs of a source", action(0, func(a *types.ActionDeclaration) {
			a.OutputArtifacts = append(a.OutputArtifacts, types.OutputArtifact{Name: aws.String("More")})
		}), "InvalidActionDeclarationException: Action Source declares 2 output artifacts which is more than the maximum count (1)"},
		{
			"an input that nobody makes", action(1, func(a *types.ActionDeclaration) { a.InputArtifacts[0].Name = aws.String("Sauce") }),
			"InvalidActionDeclarationException: Input Artifact Bundle Sauce in action Build is not declared as Output Artifact Bundle in any of the preceding actions",
		},
		{"an input made at the same time", func(p *declaration) {
			second := build("Second")
			second.InputArtifacts[0].Name = aws.String("BuildArtifact")
			p.Stages[1].Actions = append(p.Stages[1].Actions, second)
		}, "InvalidActionDeclarationException: Input Artifact Bundle BuildArtifact in action Second is not declared as Output Artifact Bundle in any of the preceding actions"},
		{"an input made just before", func(p *declaration) {
			second := build("Second")
			second.InputArtifacts[0].Name, second.RunOrder = aws.String("BuildArtifact"), aws.Int32(2)
			p.Stages[1].Actions = append(p.Stages[1].Actions, second)
		}, ""},
		{"an output made twice", func(p *declaration) {
			second := build("Second")
			second.OutputArtifacts[0].Name = aws.String("BuildArtifact")
			p.Stages[1].Actions = append(p.Stages[1].Actions, second)
		}, "InvalidActionDeclarationException: Output Artifact Bundle name must be unique within the pipeline. BuildArtifact has been used more than once"},
		{
			"missing key", config(0, "BranchName", ""),
			"InvalidActionDeclarationException: Action configuration for action 'Source' is missing required configuration 'BranchName'",
		},
		{
			"unknown key", config(1, "Projectname", "x"),
			"InvalidActionDeclarationException: Action configuration for action 'Build' contains unknown configuration 'Projectname'",
		},
		{
			"clone ref", config(0, "OutputArtifactFormat", "CODEBUILD_CLONE_REF"),
			"InvalidActionDeclarationException: OutputArtifactFormat CODEBUILD_CLONE_REF of action 'Source' is not available here. Use CODE_ZIP",
		},
		{
			"poll maybe", config(0, "PollForSourceChanges", "maybe"),
			"InvalidActionDeclarationException: Value 'maybe' of 'PollForSourceChanges' in action 'Source' must be one of [true, false]",
		},
		{
			"unknown mode", config(2, "ActionMode", "CREATE"),
			"InvalidActionDeclarationException: Value 'CREATE' of 'ActionMode' in action 'Deploy' must be one of " +
				"[CHANGE_SET_REPLACE, CHANGE_SET_EXECUTE, CREATE_UPDATE, DELETE_ONLY, REPLACE_ON_FAILURE]",
		},
		{
			"no change set name", config(2, "ChangeSetName", ""),
			"InvalidActionDeclarationException: Action configuration for action 'Deploy' is missing required configuration 'ChangeSetName'",
		},
		{
			"template path without a file", config(2, "TemplatePath", "template.yaml"),
			"InvalidActionDeclarationException: TemplatePath 'template.yaml' of action 'Deploy' must have the form ArtifactName::FileName",
		},
		{
			"template path of another artifact", config(2, "TemplatePath", "SourceArtifact::template.yaml"),
			"InvalidActionDeclarationException: TemplatePath 'SourceArtifact::template.yaml' of action 'Deploy' names an artifact that is not one of its input artifacts",
		},
		{
			"overrides too large", config(2, "ParameterOverrides", `{"A":"`+strings.Repeat("x", 1024)+`"}`),
			"InvalidActionDeclarationException: ParameterOverrides of action 'Deploy' is larger than the maximum size of 1 kilobyte",
		},
		{
			"overrides not JSON", config(2, "ParameterOverrides", `{"A":`),
			"InvalidActionDeclarationException: ParameterOverrides of action 'Deploy' is not valid JSON",
		},
		{"two inputs, no primary", action(1, func(a *types.ActionDeclaration) {
			a.InputArtifacts = append(a.InputArtifacts, a.InputArtifacts[0])
		}), "InvalidActionDeclarationException: Action configuration for action 'Build' is missing required configuration 'PrimarySource'"},
		{
			"primary of another artifact", config(1, "PrimarySource", "Sauce"),
			"InvalidActionDeclarationException: PrimarySource 'Sauce' of action 'Build' is not one of its input artifacts",
		},
		{
			"variables not JSON", config(1, "EnvironmentVariables", `A=B`),
			"InvalidActionDeclarationException: EnvironmentVariables of action 'Build': not a JSON array of {\"name\", \"value\", \"type\"}: invalid character 'A' looking for beginning of value",
		},
		{
			"secret variables", config(1, "EnvironmentVariables", `[{"name":"A","value":"b","type":"SECRETS_MANAGER"}]`),
			"InvalidActionDeclarationException: EnvironmentVariables of action 'Build': type SECRETS_MANAGER of A is not available here, only PLAINTEXT",
		},
		{
			"reserved variable", config(1, "EnvironmentVariables", `[{"name":"CODEBUILD_X","value":"b"}]`),
			"InvalidActionDeclarationException: EnvironmentVariables of action 'Build': the prefix of CODEBUILD_X is reserved",
		},
		{
			"unknown namespace", config(1, "EnvironmentVariables", `[{"name":"A","value":"#{Sauce.CommitId}"}]`),
			"InvalidActionDeclarationException: Configuration 'EnvironmentVariables' of action 'Build' references namespace 'Sauce', which no action declares",
		},
		{
			"equal namespaces", action(1, func(a *types.ActionDeclaration) { a.Namespace = aws.String("SourceVariables") }),
			"InvalidActionDeclarationException: Namespace 'SourceVariables' of action 'Build' is reserved or used more than once in the pipeline",
		},
		{"V1 queued", func(p *declaration) {
			p.PipelineType, p.ExecutionMode = types.PipelineTypeV1, types.ExecutionModeQueued
		}, "InvalidStructureException: QUEUED or PARALLEL mode can only be used with V2 pipelines"},
		{"V1 with variables", func(p *declaration) {
			p.PipelineType, p.Variables = "", []types.PipelineVariableDeclaration{{Name: aws.String("A")}}
		}, "InvalidStructureException: Pipeline variable can only be used with V2 pipelines"},
		{
			"triggers", func(p *declaration) { p.Triggers = make([]types.PipelineTriggerDeclaration, 1) },
			"InvalidStructureException: Triggers for connections must reference a CodeStarSourceConnection action.",
		},
		{"V1 with triggers", func(p *declaration) {
			p.PipelineType, p.Triggers = types.PipelineTypeV1, make([]types.PipelineTriggerDeclaration, 1)
		}, "InvalidStructureException: Triggers on tag can only be used with V2 pipelines"},
		{"equal variables", func(p *declaration) {
			p.Variables = []types.PipelineVariableDeclaration{{Name: aws.String("A")}, {Name: aws.String("A")}}
		}, "InvalidStructureException: Variable names must be unique. The following variable name is already in use: A"},
		{"51 stages", func(p *declaration) {
			for i := range 48 {
				p.Stages = append(p.Stages, stage("More"+strconv.Itoa(i), approval("Approve")))
			}
		}, "InvalidStructureException: Pipeline has too many stages. There can only be up to 50 stages in a pipeline"},
		{"51 actions", func(p *declaration) {
			for i := range 50 {
				p.Stages[1].Actions = append(p.Stages[1].Actions, approval("Approve"+strconv.Itoa(i)))
			}
		}, "InvalidStageDeclarationException: Stage Build has too many actions. There can only be up to 50 actions in a stage"},
		{
			"both stores", func(p *declaration) { p.ArtifactStores = map[string]types.ArtifactStore{"us-east-1": {}} },
			"InvalidStructureException: Pipeline cannot have both artifactStore and artifactStores",
		},
		{"stores of this region", func(p *declaration) {
			p.ArtifactStores, p.ArtifactStore = map[string]types.ArtifactStore{"us-east-1": *p.ArtifactStore}, nil
		}, ""},
		{"stores of another region", func(p *declaration) {
			p.ArtifactStores, p.ArtifactStore = map[string]types.ArtifactStore{"eu-west-1": {}}, nil
		}, "InvalidStructureException: Your pipeline must have an artifact store, such as an artifact bucket, for each region where you have an action. " +
			"The following region is missing in 'pipeline.artifactStores': us-east-1."},
		{"stores of two regions", func(p *declaration) {
			p.ArtifactStores, p.ArtifactStore = map[string]types.ArtifactStore{"us-east-1": {}, "eu-west-1": {}}, nil
		}, "InvalidStructureException: artifactStores names region eu-west-1. Actions in other regions are not available here"},
		{
			"no artifact store", func(p *declaration) { p.ArtifactStore = nil },
			"InvalidStructureException: Pipeline must have either artifactStore or artifactStores",
		},
		{
			"encryption key", func(p *declaration) { p.ArtifactStore.EncryptionKey = &types.EncryptionKey{} },
			"InvalidStructureException: artifactStore.encryptionKey is not available here. The bucket's own encryption applies",
		},
		{
			"rollback", func(p *declaration) { p.Stages[1].OnFailure = &types.FailureConditions{Result: types.ResultRollback} }, "",
		},
		{"V1 rollback", func(p *declaration) {
			p.PipelineType, p.Stages[1].OnFailure = types.PipelineTypeV1, &types.FailureConditions{Result: types.ResultRollback}
		}, "InvalidStageDeclarationException: Stage level conditions can only be used with V2 pipelines."},
		{"parallel rollback", func(p *declaration) {
			p.ExecutionMode, p.Stages[1].OnFailure = types.ExecutionModeParallel, &types.FailureConditions{Result: types.ResultRollback}
		}, "InvalidStageDeclarationException: Failure conditions with rollback result type cannot be added to a PARALLEL pipeline."},
		{
			"source rollback", func(p *declaration) { p.Stages[0].OnFailure = &types.FailureConditions{Result: types.ResultRollback} },
			"InvalidStageDeclarationException: Failure conditions with rollback result type cannot be added to the source stage Source",
		},
		{
			"skip", func(p *declaration) { p.Stages[1].OnFailure = &types.FailureConditions{Result: types.ResultSkip} },
			"InvalidStageDeclarationException: Stage Build declares the result SKIP of onFailure, which is not available here. Use FAIL, RETRY or ROLLBACK",
		},
		{"result and conditions", func(p *declaration) {
			p.Stages[1].OnFailure = &types.FailureConditions{Result: types.ResultRetry, Conditions: make([]types.Condition, 1)}
		}, "InvalidStageDeclarationException: The following stage cannot have a failure exit gate configured with both top level result and conditions: 'Build"},
		{
			"conditions", func(p *declaration) { p.Stages[1].BeforeEntry = &types.BeforeEntryConditions{} },
			"InvalidStageDeclarationException: Stage Build declares conditions (beforeEntry, onSuccess or onFailure.conditions), whose rules are not available here",
		},
		{
			"blockers", func(p *declaration) { p.Stages[1].Blockers = make([]types.BlockerDeclaration, 1) },
			"InvalidBlockerDeclarationException: Blockers are reserved for future use",
		},
		{
			"another region", action(1, func(a *types.ActionDeclaration) { a.Region = aws.String("eu-west-1") }),
			"InvalidActionDeclarationException: Action Build is in region eu-west-1. Actions in other regions are not available here",
		},
		{
			"timeout of a build", action(1, func(a *types.ActionDeclaration) { a.TimeoutInMinutes = aws.Int32(5) }),
			"InvalidActionDeclarationException: Action Build declares timeoutInMinutes, which is only available for manual approvals",
		},
		{
			"commands", action(1, func(a *types.ActionDeclaration) { a.Commands = []string{"ls"} }),
			"InvalidActionDeclarationException: Action Build declares commands, environmentVariables or outputVariables, which are only available for the Commands action",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := declare(test.change)
			err := validate(&p, "us-east-1")
			if test.want != "" {
				wantError(t, err, test.want)
			} else if err != nil {
				t.Errorf("valid, but: %v", err)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	p := declare(func(p *types.PipelineDeclaration) { p.PipelineType = "" })
	if err := validate(&p, "us-east-1"); err != nil {
		t.Fatal(err)
	}
	want(t, "defaults", []any{p.PipelineType, p.ExecutionMode, *p.Stages[1].Actions[0].RunOrder},
		[]any{types.PipelineTypeV1, types.ExecutionModeSuperseded, int32(1)})
}
