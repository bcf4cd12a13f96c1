package resource

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// pipeline is AWS::CodePipeline::Pipeline. Ref gives its name.
var pipeline = Type{
	Name:       "AWS::CodePipeline::Pipeline",
	Attributes: []string{"Version"},
	Foresee:    named("Name", 100, nil),
	Read:       readPipeline,
	Create: func(ctx context.Context, r Request) (Result, error) {
		declaration, err := pipelineDeclaration(r, r.nameFrom("Name", 100))
		if err != nil {
			return Result{}, err
		}
		client := codepipeline.NewFromConfig(r.Config)
		out, err := client.CreatePipeline(ctx, &codepipeline.CreatePipelineInput{Pipeline: declaration, Tags: pipelineTags(r.tags())})
		if err != nil {
			return Result{}, err
		}
		return pipelineResult(out.Pipeline), switchTransitions(ctx, client, r, aws.ToString(declaration.Name))
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		failed := Result{PhysicalID: r.PhysicalID}
		declaration, err := pipelineDeclaration(r, r.PhysicalID)
		if err != nil {
			return failed, err
		}
		client := codepipeline.NewFromConfig(r.Config)
		out, err := client.UpdatePipeline(ctx, &codepipeline.UpdatePipelineInput{Pipeline: declaration})
		if err != nil {
			return failed, err
		}
		if err := retagPipeline(ctx, client, r); err != nil {
			return failed, err
		}
		if err := switchTransitions(ctx, client, r, r.PhysicalID); err != nil {
			return failed, err
		}
		if text(r.Properties, "RestartExecutionOnUpdate") == "true" {
			if _, err := client.StartPipelineExecution(ctx, &codepipeline.StartPipelineExecutionInput{Name: &r.PhysicalID}); err != nil {
				return failed, err
			}
		}
		return pipelineResult(out.Pipeline), nil
	},
	Delete: func(ctx context.Context, r Request) error {
		_, err := codepipeline.NewFromConfig(r.Config).DeletePipeline(ctx, &codepipeline.DeletePipelineInput{Name: &r.PhysicalID})
		return unlessGone(err)
	},
}

func pipelineDeclaration(r Request, name string) (*types.PipelineDeclaration, error) {
	declaration := &types.PipelineDeclaration{}
	properties := without(r.Properties, "Tags", "Name", "DisableInboundStageTransitions", "RestartExecutionOnUpdate")
	if stores := objects(properties, "ArtifactStores"); len(stores) > 0 {
		// A list with regions here, a map by region in the API.
		byRegion := map[string]any{}
		for _, store := range stores {
			byRegion[text(store, "Region")] = store["ArtifactStore"]
		}
		properties["ArtifactStores"] = byRegion
	}
	if err := fill(declaration, properties); err != nil {
		return nil, err
	}
	if err := checkConfigurations(properties); err != nil {
		return nil, err
	}
	declaration.Name = &name
	return declaration, nil
}

// checkConfigurations sees to it that a configuration has values and not objects:
// ParameterOverrides is a JSON text, and an object in its place would not be one.
func checkConfigurations(properties map[string]any) error {
	for i, stage := range objects(properties, "Stages") {
		for j, action := range objects(stage, "Actions") {
			for key, value := range object(action, "Configuration") {
				if _, ok := scalar(value); !ok {
					path := strings.Join([]string{"Stages", strconv.Itoa(i), "Actions", strconv.Itoa(j), "Configuration", key}, ".")
					return mistyped(path, "String", value)
				}
			}
		}
	}
	return nil
}

func pipelineResult(p *types.PipelineDeclaration) Result {
	return Result{PhysicalID: aws.ToString(p.Name), Attributes: map[string]any{
		"Version": strconv.Itoa(int(aws.ToInt32(p.Version))),
	}}
}

// switchTransitions closes the doors of the stages that
// DisableInboundStageTransitions names, and opens those it no longer names.
func switchTransitions(ctx context.Context, client *codepipeline.Client, r Request, name string) error {
	const property = "DisableInboundStageTransitions"
	if r.Old != nil && !r.changed(property) {
		return nil
	}
	closed := map[string]string{}
	for _, transition := range objects(r.Properties, property) {
		closed[text(transition, "StageName")] = text(transition, "Reason")
	}
	for _, transition := range objects(r.Old, property) {
		stage := text(transition, "StageName")
		if _, ok := closed[stage]; ok {
			continue
		}
		if _, err := client.EnableStageTransition(ctx, &codepipeline.EnableStageTransitionInput{
			PipelineName: &name, StageName: &stage, TransitionType: types.StageTransitionTypeInbound,
		}); err != nil {
			return err
		}
	}
	for stage, reason := range maps.All(closed) {
		if _, err := client.DisableStageTransition(ctx, &codepipeline.DisableStageTransitionInput{
			PipelineName: &name, StageName: &stage, Reason: &reason, TransitionType: types.StageTransitionTypeInbound,
		}); err != nil {
			return err
		}
	}
	return nil
}

func pipelineTags(tags map[string]string) []types.Tag {
	return tagList(tags, func(key, value *string) types.Tag { return types.Tag{Key: key, Value: value} })
}

func retagPipeline(ctx context.Context, client *codepipeline.Client, r Request) error {
	arn := r.arn("codepipeline", r.PhysicalID)
	set, remove := r.tagChanges()
	if len(set) > 0 {
		if _, err := client.TagResource(ctx, &codepipeline.TagResourceInput{ResourceArn: &arn, Tags: pipelineTags(set)}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		if _, err := client.UntagResource(ctx, &codepipeline.UntagResourceInput{ResourceArn: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	return nil
}
