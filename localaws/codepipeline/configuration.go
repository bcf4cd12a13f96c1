package codepipeline

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// What the CloudFormation action can do (ActionMode).
const (
	modeChangeSetReplace = "CHANGE_SET_REPLACE"
	modeChangeSetExecute = "CHANGE_SET_EXECUTE"
	modeCreateUpdate     = "CREATE_UPDATE"
	modeDeleteOnly       = "DELETE_ONLY"
	modeReplaceOnFailure = "REPLACE_ON_FAILURE"
)

// maxOverrides is AWS's limit of ParameterOverrides, in bytes.
const maxOverrides = 1024

// validateConfiguration checks the keys of an action's configuration, then
// those values that no variable can change any more.
func validateConfiguration(a *types.ActionDeclaration, t actionType) error {
	name := aws.ToString(a.Name)
	for _, p := range t.properties {
		if p.required && a.Configuration[p.name] == "" {
			return missingKey(name, p.name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(a.Configuration)) {
		if !slices.ContainsFunc(t.properties, func(p property) bool { return p.name == key }) {
			return actionError("Action configuration for action '%s' contains unknown configuration '%s'", name, key)
		}
	}
	switch t.provider {
	case "CodeCommit":
		return validateCodeCommit(name, a.Configuration)
	case "S3":
		return firstError(oneOf(name, a.Configuration, "PollForSourceChanges", "true", "false"),
			oneOf(name, a.Configuration, "AllowOverrideForS3ObjectKey", "true", "false"))
	case "CodeBuild":
		return validateCodeBuild(name, a)
	case "CloudFormation":
		return validateCloudFormation(name, a)
	}
	return nil
}

func missingKey(action, key string) error {
	return actionError("Action configuration for action '%s' is missing required configuration '%s'", action, key)
}

func validateCodeCommit(name string, c map[string]string) error {
	if err := oneOf(name, c, "PollForSourceChanges", "true", "false"); err != nil {
		return err
	}
	if c["OutputArtifactFormat"] == "CODEBUILD_CLONE_REF" {
		return actionError("OutputArtifactFormat CODEBUILD_CLONE_REF of action '%s' is not available here. Use CODE_ZIP", name)
	}
	return oneOf(name, c, "OutputArtifactFormat", "CODE_ZIP")
}

func validateCodeBuild(name string, a *types.ActionDeclaration) error {
	for _, key := range []string{"BatchEnabled", "CombineArtifacts"} {
		if v, ok := a.Configuration[key]; ok && !strings.EqualFold(v, "false") {
			return actionError("%s of action '%s' is not available here", key, name)
		}
	}
	primary := a.Configuration["PrimarySource"]
	if len(a.InputArtifacts) > 1 && primary == "" {
		return missingKey(name, "PrimarySource")
	}
	if primary != "" && !hasVariables(primary) && !declaresInput(a, primary) {
		return actionError("PrimarySource '%s' of action '%s' is not one of its input artifacts", primary, name)
	}
	if v := a.Configuration["EnvironmentVariables"]; v != "" && !hasVariables(v) {
		if _, err := environmentVariables(v); err != nil {
			return actionError("EnvironmentVariables of action '%s': %s", name, err.Error())
		}
	}
	return nil
}

func validateCloudFormation(name string, a *types.ActionDeclaration) error {
	c := a.Configuration
	if err := oneOf(name, c, "ActionMode",
		modeChangeSetReplace, modeChangeSetExecute, modeCreateUpdate, modeDeleteOnly, modeReplaceOnFailure); err != nil {
		return err
	}
	// Which key which mode requires is the table of the action's reference page.
	var required []string
	switch c["ActionMode"] {
	case modeChangeSetReplace:
		required = []string{"ChangeSetName", "RoleArn", "TemplatePath"}
	case modeChangeSetExecute:
		required = []string{"ChangeSetName"}
	case modeCreateUpdate, modeReplaceOnFailure:
		required = []string{"RoleArn", "TemplatePath"}
	case modeDeleteOnly:
		required = []string{"RoleArn"}
	}
	for _, key := range required {
		if c[key] == "" {
			return missingKey(name, key)
		}
	}
	for _, key := range []string{"TemplatePath", "TemplateConfiguration"} {
		v := c[key]
		if v == "" || hasVariables(v) {
			continue
		}
		bundle, file, ok := strings.Cut(v, "::")
		if !ok || file == "" {
			return actionError("%s '%s' of action '%s' must have the form ArtifactName::FileName", key, v, name)
		}
		// On execution of a change set, both are ignored.
		if c["ActionMode"] != modeChangeSetExecute && c["ActionMode"] != modeDeleteOnly && !declaresInput(a, bundle) {
			return actionError("%s '%s' of action '%s' names an artifact that is not one of its input artifacts", key, v, name)
		}
	}
	overrides := c["ParameterOverrides"]
	if len(overrides) > maxOverrides {
		return actionError("ParameterOverrides of action '%s' is larger than the maximum size of 1 kilobyte", name)
	}
	if overrides != "" && !json.Valid([]byte(overrides)) && !hasVariables(overrides) {
		return actionError("ParameterOverrides of action '%s' is not valid JSON", name)
	}
	return nil
}

// oneOf checks a value where it is given and holds no variables.
func oneOf(action string, c map[string]string, key string, allowed ...string) error {
	v, ok := c[key]
	if !ok || hasVariables(v) || slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, v) }) {
		return nil
	}
	return actionError("Value '%s' of '%s' in action '%s' must be one of [%s]", v, key, action, strings.Join(allowed, ", "))
}

func declaresInput(a *types.ActionDeclaration, name string) bool {
	return slices.ContainsFunc(a.InputArtifacts, func(in types.InputArtifact) bool { return aws.ToString(in.Name) == name })
}
