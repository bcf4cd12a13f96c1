package sam

import (
	"maps"
	"regexp"
	"slices"
)

var logicalID = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// reservedTags are the keys that users may not set; the first is set on all that is generated.
var reservedTags = []string{"lambda:createdBy", "serverlessrepo:applicationId", "serverlessrepo:semanticVersion"}

// passedOn are the properties that go to AWS::Lambda::Function as they are.
var passedOn = []string{
	"Handler", "Runtime", "Description", "MemorySize", "Timeout", "VpcConfig", "Environment", "KmsKeyArn",
	"ReservedConcurrentExecutions", "Layers", "FileSystemConfigs", "PackageType", "Architectures", "SnapStart",
	"EphemeralStorage", "CodeSigningConfigArn", "RuntimeManagementConfig", "LoggingConfig", "RecursiveLoop",
}

// function is one AWS::Serverless::Function on its way.
type function struct {
	*expansion
	id string
	// given are its properties, globals merged in.
	given map[string]any
	// attributes are its own, inherited those that also go to what is generated.
	attributes, inherited map[string]any
	// made are the properties of the AWS::Lambda::Function.
	made map[string]any
	// alias is the logical id of the alias, empty where there is none.
	alias string
}

func (x *expansion) expandFunction(id string, resource map[string]any) error {
	if !logicalID.MatchString(id) {
		return resourceError(id, "Logical ids must be alphanumeric.")
	}
	f := &function{
		expansion: x, id: id, given: mapOf(resource["Properties"]),
		attributes: pick(resource, "DeletionPolicy", "UpdatePolicy", "Condition", "UpdateReplacePolicy", "Metadata"),
		inherited:  pick(resource, "Condition", "DeletionPolicy", "UpdateReplacePolicy"),
		made:       map[string]any{},
	}
	x.produced[id] = map[string]string{}
	if truthy(resource["DependsOn"]) {
		f.attributes["DependsOn"] = resource["DependsOn"]
	}
	for _, step := range []func() error{
		f.expandPolicyTemplates, f.check, f.makeFunction, f.makeVersionAndAlias, f.makeURL, f.makeRole, f.makeEvents, f.propagateTags,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (f *function) check() error {
	if err := checkProperties(f.id, f.given); err != nil {
		return err
	}
	if kind := f.given["PackageType"]; kind != nil && kind != "Zip" {
		if kind == "Image" {
			return f.fail("PackageType 'Image' is not supported by this AWS.")
		}
		return f.fail("invalid 'PackageType' : %v", kind)
	}
	for _, key := range reservedTags {
		if _, ok := mapOf(f.given["Tags"])[key]; ok {
			return f.fail("%s is a reserved Tag key name and cannot be set on your resource. "+
				"Please change the tag key in the input.", key)
		}
	}
	if queue := f.given["DeadLetterQueue"]; truthy(queue) {
		kind, arn := mapOf(queue)["Type"], mapOf(queue)["TargetArn"]
		switch {
		case !truthy(kind) || !truthy(arn):
			return f.fail("'DeadLetterQueue' requires Type and TargetArn properties to be specified.")
		case deadLetterActions[stringOf(kind)] == "":
			return f.fail("'DeadLetterQueue' requires Type of ['SQS', 'SNS']")
		}
	}
	return nil
}

func (f *function) makeFunction() error {
	for _, name := range passedOn {
		if value := f.given[name]; value != nil {
			f.made[name] = value
		}
	}
	if name := f.given["FunctionName"]; truthy(name) {
		f.made["FunctionName"] = name
	}
	if role := f.given["Role"]; role != nil {
		f.made["Role"] = role
	}
	code, err := f.code()
	if err != nil {
		return err
	}
	f.made["Code"] = code
	f.made["Tags"] = f.tags()
	if f.traced() {
		f.made["TracingConfig"] = map[string]any{"Mode": f.given["Tracing"]}
	}
	if queue := f.given["DeadLetterQueue"]; truthy(queue) {
		f.made["DeadLetterConfig"] = map[string]any{"TargetArn": mapOf(queue)["TargetArn"]}
	}
	if !truthy(f.made["Runtime"]) || !truthy(f.made["Handler"]) {
		return f.fail("Runtime and Handler needs to be present when PackageType is of type `Zip`")
	}
	resource := maps.Clone(f.attributes)
	resource["Properties"] = f.made
	return f.add(f.id, f.id, "AWS::Lambda::Function", resource)
}

// generate adds a resource that inherits condition and policies of the function.
func (f *function) generate(id, kind string, properties map[string]any) error {
	resource := maps.Clone(f.inherited)
	resource["Properties"] = properties
	return f.add(f.id, id, kind, resource)
}

func (f *function) traced() bool {
	return truthy(f.given["Tracing"]) && f.resolve(f.given["Tracing"]) != "Disabled"
}

// tags are the function's and its role's: the translator's own and then the user's, in the order of their keys.
func (f *function) tags() []any {
	own := []any{map[string]any{"Key": reservedTags[0], "Value": "SAM"}}
	return append(own, tagList(mapOf(f.given["Tags"]))...)
}

func tagList(tags map[string]any) []any {
	var list []any
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value := tags[key]
		if value == nil {
			value = ""
		}
		list = append(list, map[string]any{"Key": key, "Value": value})
	}
	return list
}

// propagateTags gives the user's tags alone to the function and its role, as PropagateTags has it.
func (f *function) propagateTags() error {
	tags := mapOf(f.given["Tags"])
	if !truthy(f.given["PropagateTags"]) || len(tags) == 0 {
		return nil
	}
	for _, id := range []string{f.id, f.id + "Role"} {
		resource := mapOf(f.out[id])
		if kind := resource["Type"]; kind == "AWS::Lambda::Function" || kind == "AWS::IAM::Role" && id != f.id && f.resources[id] == nil {
			mapOf(resource["Properties"])["Tags"] = tagList(tags)
		}
	}
	return nil
}

func (f *function) fail(format string, args ...any) error {
	return resourceError(f.id, format, args...)
}

func pick(from map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for _, name := range names {
		if value, ok := from[name]; ok {
			out[name] = value
		}
	}
	return out
}
