package codepipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// validate says what is wrong with a declaration, or fills in AWS's defaults.
// Where people have quoted AWS's own words in public, these are the words.
func validate(p *types.PipelineDeclaration, region string) error {
	if err := validatePipeline(p); err != nil {
		return err
	}
	if len(p.Stages) < 2 {
		return structureError("Pipeline has only %d stage(s). There should be a minimum of 2 stages in a pipeline", len(p.Stages))
	}
	stages := map[string]bool{}
	for i := range p.Stages {
		st := &p.Stages[i]
		name := aws.ToString(st.Name)
		if stages[name] {
			return stageError("Stage name %s is not unique within the pipeline", name)
		}
		stages[name] = true
		if err := validateStage(st, i == 0, region); err != nil {
			return err
		}
	}
	if err := validateArtifacts(p.Stages); err != nil {
		return err
	}
	return validateNamespaces(p)
}

func validatePipeline(p *types.PipelineDeclaration) error {
	if p.PipelineType == "" {
		p.PipelineType = types.PipelineTypeV1 // as the API has it; the console chooses V2
	}
	if p.ExecutionMode == "" {
		p.ExecutionMode = types.ExecutionModeSuperseded
	}
	switch {
	case p.PipelineType == types.PipelineTypeV1 && p.ExecutionMode != types.ExecutionModeSuperseded:
		return structureError("Pipeline type V1 does not support execution mode %s. Use pipeline type V2", p.ExecutionMode)
	case p.PipelineType == types.PipelineTypeV1 && len(p.Variables) > 0:
		return structureError("Pipeline type V1 does not support pipeline variables. Use pipeline type V2")
	case len(p.Triggers) > 0:
		return structureError("Triggers are for connections, which are not available here. Use an EventBridge rule")
	case len(p.ArtifactStores) > 0:
		return structureError("artifactStores are for actions in other regions, which are not available here. Use artifactStore")
	case p.ArtifactStore == nil:
		return structureError("Pipeline must have an artifactStore")
	case p.ArtifactStore.EncryptionKey != nil:
		return structureError("artifactStore.encryptionKey is not available here. The bucket's own encryption applies")
	}
	names := map[string]bool{}
	for _, v := range p.Variables {
		if name := aws.ToString(v.Name); names[name] {
			return structureError("Pipeline variable name %s is not unique within the pipeline", name)
		}
		names[aws.ToString(v.Name)] = true
	}
	return nil
}

func validateStage(st *types.StageDeclaration, first bool, region string) error {
	name := aws.ToString(st.Name)
	switch {
	case len(st.Actions) == 0:
		return stageError("Stage %s must have at least one action", name)
	case len(st.Blockers) > 0:
		return &types.InvalidBlockerDeclarationException{Message: aws.String("Blockers are reserved for future use")}
	case st.BeforeEntry != nil || st.OnSuccess != nil || st.OnFailure != nil:
		return stageError("Stage %s declares conditions (beforeEntry, onSuccess or onFailure), which are not available here", name)
	}
	actions := map[string]bool{}
	for i := range st.Actions {
		a := &st.Actions[i]
		if actions[aws.ToString(a.Name)] {
			return stageError("Action name %s is not unique within stage %s", aws.ToString(a.Name), name)
		}
		actions[aws.ToString(a.Name)] = true
		source := a.ActionTypeId.Category == types.ActionCategorySource
		if first && !source {
			return structureError("Pipeline should start with a stage that only contains source actions")
		}
		if !first && source {
			return structureError("Only the first stage of a pipeline may contain source actions. Stage %s contains %s", name, aws.ToString(a.Name))
		}
		if err := validateAction(a, region); err != nil {
			return err
		}
	}
	return nil
}

func validateAction(a *types.ActionDeclaration, region string) error {
	name, id := aws.ToString(a.Name), a.ActionTypeId
	t, ok := findActionType(id)
	if !ok {
		return actionError("ActionType (Category: '%s', Provider: '%s', Owner: '%s', Version: '%s') in action '%s' is not available in region '%s'",
			id.Category, aws.ToString(id.Provider), id.Owner, aws.ToString(id.Version), name,
			strings.ToUpper(strings.ReplaceAll(region, "-", "_")))
	}
	if a.RunOrder == nil {
		a.RunOrder = aws.Int32(1)
	}
	switch {
	case a.Region != nil && *a.Region != region:
		return actionError("Action %s is in region %s. Actions in other regions are not available here", name, *a.Region)
	case a.TimeoutInMinutes != nil && t.category != types.ActionCategoryApproval:
		return actionError("Action %s declares timeoutInMinutes, which is only available for manual approvals", name)
	case len(a.Commands) > 0 || len(a.EnvironmentVariables) > 0 || len(a.OutputVariables) > 0:
		return actionError("Action %s declares commands, environmentVariables or outputVariables, which are only available for the Commands action", name)
	case slices.ContainsFunc(a.OutputArtifacts, func(o types.OutputArtifact) bool { return len(o.Files) > 0 }):
		return actionError("Action %s declares files of an output artifact, which are only available for the Commands action", name)
	}
	if err := validateCount(name, "input", len(a.InputArtifacts), t.minInputs, t.maxInputs); err != nil {
		return err
	}
	if err := validateCount(name, "output", len(a.OutputArtifacts), t.minOutputs, t.maxOutputs); err != nil {
		return err
	}
	return validateConfiguration(a, t)
}

func validateCount(action, kind string, n int, least, most int32) error {
	if n < int(least) {
		return actionError("Action %s declares %d %s artifacts which is less than the minimum count (%d)", action, n, kind, least)
	}
	if n > int(most) {
		return actionError("Action %s declares %d %s artifacts which is more than the maximum count (%d)", action, n, kind, most)
	}
	return nil
}

// validateArtifacts checks that what an action reads, an earlier one writes:
// in an earlier stage, or in this one with a lower run order.
func validateArtifacts(stages []types.StageDeclaration) error {
	declared := map[string]bool{}
	for _, st := range stages {
		for _, group := range byRunOrder(st.Actions) {
			for _, a := range group {
				for _, in := range a.InputArtifacts {
					if !declared[aws.ToString(in.Name)] {
						return actionError("Input Artifact Bundle %s in action %s is not declared as Output Artifact Bundle in any of the preceding actions",
							aws.ToString(in.Name), aws.ToString(a.Name))
					}
				}
			}
			for _, a := range group {
				for _, out := range a.OutputArtifacts {
					if declared[aws.ToString(out.Name)] {
						return actionError("Output Artifact Bundle name must be unique within the pipeline. %s has been used more than once",
							aws.ToString(out.Name))
					}
					declared[aws.ToString(out.Name)] = true
				}
			}
		}
	}
	return nil
}

// byRunOrder groups actions that run in parallel, in the order of the groups.
func byRunOrder(actions []types.ActionDeclaration) [][]types.ActionDeclaration {
	sorted := slices.Clone(actions)
	slices.SortStableFunc(sorted, func(a, b types.ActionDeclaration) int { return int(runOrder(a) - runOrder(b)) })
	var groups [][]types.ActionDeclaration
	for _, a := range sorted {
		if n := len(groups); n > 0 && runOrder(groups[n-1][0]) == runOrder(a) {
			groups[n-1] = append(groups[n-1], a)
		} else {
			groups = append(groups, []types.ActionDeclaration{a})
		}
	}
	return groups
}

func runOrder(a types.ActionDeclaration) int32 {
	if a.RunOrder == nil {
		return 1
	}
	return *a.RunOrder
}

func structureError(format string, args ...any) error {
	return &types.InvalidStructureException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func stageError(format string, args ...any) error {
	return &types.InvalidStageDeclarationException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func actionError(format string, args ...any) error {
	return &types.InvalidActionDeclarationException{Message: aws.String(fmt.Sprintf(format, args...))}
}
