package sam

import (
	"maps"
	"slices"
)

// shape is what the translator checks of a property before it passes it on.
type shape int

const (
	anything shape = iota
	text
	mapping
	textOrMapping
	textList
	policyList
	boolean
	plainBoolean // an intrinsic function will not do
	deletionPolicy
	refused // known to AWS, not to us
)

// functionProperties are all properties of AWS::Serverless::Function.
var functionProperties = map[string]shape{
	"FunctionName": textOrMapping, "Handler": anything, "Runtime": anything, "CodeUri": anything, "InlineCode": anything,
	"DeadLetterQueue": mapping, "Description": anything, "MemorySize": anything, "Timeout": anything, "VpcConfig": anything,
	"Role": text, "AssumeRolePolicyDocument": mapping, "Policies": policyList, "RolePath": anything,
	"PermissionsBoundary": text, "Environment": mapping, "Events": mapping, "Tags": mapping, "PropagateTags": boolean,
	"Tracing": textOrMapping, "KmsKeyArn": anything, "ReservedConcurrentExecutions": anything, "Layers": textList,
	"EphemeralStorage": anything, "AutoPublishAlias": text, "AutoPublishCodeSha256": text,
	"AutoPublishAliasAllProperties": plainBoolean, "VersionDescription": anything, "FileSystemConfigs": anything,
	"CodeSigningConfigArn": anything, "Architectures": anything, "SnapStart": mapping, "FunctionUrlConfig": mapping,
	"RuntimeManagementConfig": anything, "LoggingConfig": anything, "RecursiveLoop": anything, "SourceKMSKeyArn": anything,
	"VersionDeletionPolicy": deletionPolicy, "PackageType": anything,

	"ImageUri": refused, "ImageConfig": refused, "DeploymentPreference": refused, "EventInvokeConfig": refused,
	"ProvisionedConcurrencyConfig": refused, "CapacityProviderConfig": refused, "FunctionScalingConfig": refused,
	"PublishToLatestPublished": refused, "TenancyConfig": refused, "DurableConfig": refused,
}

// checkProperties looks at names and types as the translator does, and no further.
func checkProperties(id string, properties map[string]any) error {
	names := slices.Sorted(maps.Keys(properties))
	for _, name := range names {
		switch kind, known := functionProperties[name]; {
		case !known:
			return resourceError(id, "property %s not defined for resource of type %s", name, functionType)
		case kind == refused && properties[name] != nil:
			return resourceError(id, "Property '%s' is not supported by this AWS.", name)
		}
	}
	for _, name := range names {
		if err := checkShape(id, name, functionProperties[name], properties[name]); err != nil {
			return err
		}
	}
	if properties["VersionDeletionPolicy"] != nil && properties["AutoPublishAlias"] == nil {
		return resourceError(id, "'VersionDeletionPolicy' requires 'AutoPublishAlias'.")
	}
	return nil
}

func checkShape(id, name string, kind shape, value any) error {
	_, _, function := single(value)
	if value == nil || kind == anything || function && kind != plainBoolean {
		return nil
	}
	_, isText := value.(string)
	_, isMap := value.(map[string]any)
	switch kind {
	case text:
		if !isText {
			return resourceError(id, "Property '%s' should be a string.", name)
		}
	case mapping:
		if !isMap {
			if name == "Environment" || name == "Events" {
				return resourceError(id, "Type of property '%s' is invalid.", name)
			}
			return resourceError(id, "Property '%s' should be a map.", name)
		}
		if (name == "Environment" || name == "Events") && !valuesAreMaps(value) {
			return resourceError(id, "Type of property '%s' is invalid.", name)
		}
	case deletionPolicy:
		if value != "Delete" && value != "Retain" {
			return resourceError(id, "Property '%s' should be a one of the strings: 'Delete' or 'Retain'.", name)
		}
	default:
		if !fits(kind, value) {
			return resourceError(id, "Type of property '%s' is invalid.", name)
		}
	}
	return nil
}

// fits says whether a value is of a kind that allows several forms, or true and false.
func fits(kind shape, value any) bool {
	switch value.(type) {
	case string, map[string]any:
		return kind == textOrMapping || kind == policyList
	case bool:
		return kind == boolean || kind == plainBoolean
	default:
		return (kind == textList || kind == policyList) && listOfTextOrMaps(value)
	}
}

func valuesAreMaps(value any) bool {
	for _, item := range mapOf(value) {
		if _, ok := item.(map[string]any); !ok {
			return false
		}
	}
	return true
}

func listOfTextOrMaps(value any) bool {
	list, ok := value.([]any)
	for _, item := range list {
		switch item.(type) {
		case string, map[string]any:
		default:
			return false
		}
	}
	return ok
}
