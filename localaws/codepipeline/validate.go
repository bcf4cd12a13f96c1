package codepipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// The fixed quotas of stages in a pipeline and of actions in a stage
// (docs.aws.amazon.com/codepipeline/latest/userguide/limits.html).
const (
	maxStages  = 50
	maxActions = 50
)

// validate says what is wrong with a declaration, or fills in AWS's defaults.
// Where people have quoted AWS's own words in public, these are the words; most
// are in the rules "codepipeline" of the project cdk-preflight, which holds what
// CreatePipeline answered when it was tried.
func validate(p *types.PipelineDeclaration, region string) error {
	if err := firstError(validatePipeline(p), validateStores(p, region)); err != nil {
		return err
	}
	switch n := len(p.Stages); {
	case n < 2:
		return structureError("Pipeline has only %d stage(s). There should be a minimum of 2 stages in a pipeline", n)
	case n > maxStages:
		return structureError("Pipeline has too many stages. There can only be up to %d stages in a pipeline", maxStages)
	}
	stages := map[string]bool{}
	for i := range p.Stages {
		st := &p.Stages[i]
		name := aws.ToString(st.Name)
		if stages[name] {
			return stageError("Stage name '%s' is used more than once", name)
		}
		stages[name] = true
		if err := firstError(validateConditions(st, p, i == 0), validateStage(st, i == 0, region)); err != nil {
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
		return structureError("QUEUED or PARALLEL mode can only be used with V2 pipelines")
	case p.PipelineType == types.PipelineTypeV1 && len(p.Variables) > 0:
		return structureError("Pipeline variable can only be used with V2 pipelines")
	case p.PipelineType == types.PipelineTypeV1 && len(p.Triggers) > 0:
		return structureError("Triggers on tag can only be used with V2 pipelines")
	case len(p.Triggers) > 0: // and there is no such action here
		return structureError("Triggers for connections must reference a CodeStarSourceConnection action.")
	}
	names := map[string]bool{}
	for _, v := range p.Variables {
		name := aws.ToString(v.Name)
		if names[name] {
			return structureError("Variable names must be unique. The following variable name is already in use: %s", name)
		}
		names[name] = true
	}
	return nil
}

// validateStores checks the artifact store, or the map of them by region.
func validateStores(p *types.PipelineDeclaration, region string) error {
	stores := p.ArtifactStores
	switch {
	case p.ArtifactStore == nil && len(stores) == 0:
		return structureError("Pipeline must have either artifactStore or artifactStores")
	case p.ArtifactStore != nil && len(stores) > 0:
		return structureError("Pipeline cannot have both artifactStore and artifactStores")
	case p.ArtifactStore != nil:
		stores = map[string]types.ArtifactStore{region: *p.ArtifactStore}
	}
	if _, ok := stores[region]; !ok {
		return structureError("Your pipeline must have an artifact store, such as an artifact bucket, for each region where you have an action. "+
			"The following region is missing in 'pipeline.artifactStores': %s.", region)
	}
	for _, other := range slices.Sorted(maps.Keys(stores)) {
		if other != region {
			return structureError("artifactStores names region %s. Actions in other regions are not available here", other)
		}
	}
	if stores[region].EncryptionKey != nil {
		return structureError("artifactStore.encryptionKey is not available here. The bucket's own encryption applies")
	}
	return nil
}

// validateConditions checks what a stage does when it fails. Conditions with
// rules are not served.
func validateConditions(st *types.StageDeclaration, p *types.PipelineDeclaration, first bool) error {
	name, fails := aws.ToString(st.Name), st.OnFailure
	switch {
	case st.BeforeEntry == nil && st.OnSuccess == nil && fails == nil:
		return nil
	case p.PipelineType == types.PipelineTypeV1:
		return stageError("Stage level conditions can only be used with V2 pipelines.")
	case fails != nil && fails.Result != "" && len(fails.Conditions) > 0: // the quotation mark is AWS's
		return stageError("The following stage cannot have a failure exit gate configured with both top level result and conditions: '%s", name)
	case st.BeforeEntry != nil || st.OnSuccess != nil || len(fails.Conditions) > 0:
		return stageError("Stage %s declares conditions (beforeEntry, onSuccess or onFailure.conditions), whose rules are not available here", name)
	case fails.Result == types.ResultSkip:
		return stageError("Stage %s declares the result SKIP of onFailure, which is not available here. Use FAIL, RETRY or ROLLBACK", name)
	case fails.Result == types.ResultRollback && p.ExecutionMode == types.ExecutionModeParallel:
		return stageError("Failure conditions with rollback result type cannot be added to a PARALLEL pipeline.")
	case fails.Result == types.ResultRollback && first: // "You cannot roll back a source stage"
		return stageError("Failure conditions with rollback result type cannot be added to the source stage %s", name)
	}
	return nil
}

func validateStage(st *types.StageDeclaration, first bool, region string) error {
	name := aws.ToString(st.Name)
	switch {
	case len(st.Actions) == 0:
		return stageError("Stage %s must have at least one action", name)
	case len(st.Actions) > maxActions:
		return stageError("Stage %s has too many actions. There can only be up to %d actions in a stage", name, maxActions)
	case len(st.Blockers) > 0:
		return &types.InvalidBlockerDeclarationException{Message: aws.String("Blockers are reserved for future use")}
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
			return structureError("Source actions can only be included in the first stage of the pipeline")
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
	fillIn(a)
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

// fillIn gives an action what AWS answers where its declaration left it out.
func fillIn(a *types.ActionDeclaration) {
	if a.RunOrder == nil {
		a.RunOrder = aws.Int32(1)
	}
	if a.Configuration == nil {
		a.Configuration = map[string]string{}
	}
	if a.InputArtifacts == nil {
		a.InputArtifacts = []types.InputArtifact{}
	}
	if a.OutputArtifacts == nil {
		a.OutputArtifacts = []types.OutputArtifact{}
	}
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
