package sam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// globalSections are the sections that Globals may have; of those only Function is merged here.
var globalSections = []string{
	"Api", "CapacityProvider", "Function", "HttpApi", "LayerVersion", "SimpleTable", "StateMachine", "WebSocketApi",
}

// globalProperties is everything of a function except Role, Policies, FunctionName and Events.
var globalProperties = []string{
	"Handler", "Runtime", "CodeUri", "DeadLetterQueue", "Description", "MemorySize", "Timeout", "VpcConfig",
	"Environment", "Tags", "PropagateTags", "Tracing", "KmsKeyArn", "AutoPublishAlias", "AutoPublishAliasAllProperties",
	"Layers", "DeploymentPreference", "RolePath", "PermissionsBoundary", "ReservedConcurrentExecutions",
	"ProvisionedConcurrencyConfig", "AssumeRolePolicyDocument", "EventInvokeConfig", "FileSystemConfigs",
	"CodeSigningConfigArn", "Architectures", "SnapStart", "EphemeralStorage", "FunctionUrlConfig",
	"RuntimeManagementConfig", "LoggingConfig", "RecursiveLoop", "SourceKMSKeyArn", "TenancyConfig", "DurableConfig",
	"CapacityProviderConfig", "FunctionScalingConfig", "PublishToLatestPublished", "VersionDeletionPolicy",
}

func globalsError(format string, args ...any) error {
	return words("'Globals' section is invalid. " + fmt.Sprintf(format, args...))
}

// mergeGlobals gives every function the global properties that it does not set itself.
func mergeGlobals(section any, resources map[string]any) error {
	if section == nil {
		return nil
	}
	sections, ok := section.(map[string]any)
	if !ok {
		return globalsError("It must be a non-empty dictionary")
	}
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		if !slices.Contains(globalSections, name) {
			return globalsError("'%s' is not supported. Must be one of the following values - %s", name, pythonList(globalSections))
		}
		if _, ok := sections[name].(map[string]any); !ok {
			return globalsError("Value of ${section} must be a dictionary")
		}
	}
	globals := mapOf(sections["Function"])
	for _, name := range slices.Sorted(maps.Keys(globals)) {
		if !slices.Contains(globalProperties, name) {
			return globalsError("'%s' is not a supported property of 'Function'. Must be one of the following values - %s",
				name, pythonList(globalProperties))
		}
	}
	if len(globals) == 0 {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		resource := mapOf(resources[id])
		if resource["Type"] != functionType {
			continue
		}
		own, err := lessIgnored(id, globals, resource["IgnoreGlobals"])
		if err != nil {
			return err
		}
		resource["Properties"] = merge(own, mapOf(resource["Properties"]))
	}
	return nil
}

// lessIgnored returns the globals without those that the resource's IgnoreGlobals names.
func lessIgnored(id string, globals map[string]any, ignore any) (map[string]any, error) {
	own := clone(globals)
	switch ignore := ignore.(type) {
	case nil:
	case string:
		if ignore != "*" && ignore != "" {
			return nil, resourceError(id, "Resource %s has invalid resource attribute 'IgnoreGlobals'.", id)
		}
		if ignore == "*" {
			clear(own)
		}
	case []any:
		for _, item := range ignore {
			name := stringOf(item)
			if _, ok := own[name]; !ok {
				return nil, resourceError(id, "Resource %s has invalid resource attribute 'IgnoreGlobals' on item '%v'.", id, item)
			}
			delete(own, name)
		}
	default:
		return nil, resourceError(id, "Resource %s has invalid resource attribute 'IgnoreGlobals'.", id)
	}
	return own, nil
}

// merge joins a global value and a local one: maps key by key, lists one after
// the other, and of anything else the local one holds. An intrinsic function is
// handled as the scalar that it will be.
func merge(global, local any) any {
	if isIntrinsic(global) || isIntrinsic(local) {
		return local
	}
	switch global := global.(type) {
	case map[string]any:
		own, ok := local.(map[string]any)
		if !ok {
			return local
		}
		merged := maps.Clone(global)
		for key, value := range own {
			if base, ok := global[key]; ok {
				value = merge(base, value)
			}
			merged[key] = value
		}
		return merged
	case []any:
		if own, ok := local.([]any); ok {
			return slices.Concat(global, own)
		}
	}
	return local
}

// pythonList writes a list as the translator, which is a Python program, prints it.
func pythonList(items []string) string {
	return "['" + strings.Join(items, "', '") + "']"
}
