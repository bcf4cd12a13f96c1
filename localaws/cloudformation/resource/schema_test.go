package resource

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// properties reads JSON as templates are read.
func properties(t *testing.T, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var out map[string]any
	if err := decoder.Decode(&out); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return out
}

func find(t *testing.T, name string) *Type {
	t.Helper()
	found, ok := Lookup(name)
	if !ok {
		t.Fatalf("no type %s", name)
	}
	return found
}

func TestCatalogue(t *testing.T) {
	for name := range schemas() {
		found := find(t, name)
		if found.Create == nil || found.Delete == nil {
			t.Errorf("%s cannot be made and deleted", name)
		}
		for _, path := range found.Replace {
			top, _, _ := strings.Cut(path, ".")
			if !slices.Contains(found.Properties, top) && !slices.Contains([]string{"Serial"}, top) {
				t.Errorf("%s: replacement on %s, which is no property", name, path)
			}
		}
	}
	if _, ok := Lookup("AWS::DynamoDB::Table"); ok {
		t.Error("AWS::DynamoDB::Table is served")
	}
}

// TestReplace holds what aws-facts and AWS's documentation say about replacement.
func TestReplace(t *testing.T) {
	all := []string{"*"}
	for name, want := range map[string][]string{
		"AWS::CodeBuild::Project":     {"Name"},
		"AWS::CodeCommit::Repository": nil,
		"AWS::CodePipeline::Pipeline": {"Name"},
		"AWS::Events::Rule":           {"EventBusName", "Name"},
		"AWS::IAM::AccessKey":         {"Serial", "Status", "UserName"},
		"AWS::IAM::ManagedPolicy":     {"Description", "ManagedPolicyName", "Path"},
		"AWS::IAM::Policy":            nil,
		"AWS::IAM::Role":              {"Path", "RoleName"},
		"AWS::Lambda::Alias":          {"FunctionName", "Name"},
		"AWS::Lambda::Function":       {"FunctionName", "PackageType", "TenancyConfig"},
		"AWS::Lambda::Permission":     all,
		"AWS::Lambda::Url":            {"Qualifier", "TargetFunctionArn"},
		"AWS::Lambda::Version":        all,
		"AWS::Logs::LogGroup":         {"LogGroupName"},
		"AWS::S3::Bucket":             {"BucketName", "BucketNamePrefix", "BucketNamespace"},
		"AWS::S3::BucketPolicy":       {"Bucket"},
		"AWS::SNS::Subscription":      {"Endpoint", "Protocol", "TopicArn"},
		"AWS::SNS::Topic":             {"FifoTopic", "TopicName"},
	} {
		found := find(t, name)
		if slices.Equal(want, all) {
			want = found.Properties
		}
		got := slices.Sorted(slices.Values(found.Replace))
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v makes a replacement, want %v", name, got, want)
		}
	}
}

func TestValidate(t *testing.T) {
	for name, test := range map[string]struct{ kind, properties, want string }{
		"missing":     {"AWS::IAM::Role", `{}`, "#: required key [AssumeRolePolicyDocument] not found"},
		"nested":      {"AWS::CodeBuild::Project", `{"Artifacts":{"Type":"CODEPIPELINE"},"ServiceRole":"r","Source":{},"Environment":{"Type":"t","Image":"i","ComputeType":"c"}}`, "#/Source: required key [Type] not found"},
		"unknown":     {"AWS::Logs::LogGroup", `{"Colour":"red"}`, "#: extraneous key [Colour] is not permitted"},
		"read-only":   {"AWS::Logs::LogGroup", `{"Arn":"arn:x"}`, "#: extraneous key [Arn] is not permitted"},
		"deep":        {"AWS::S3::Bucket", `{"LifecycleConfiguration":{"Rules":[{"Status":"Enabled","Colour":1}]}}`, "#/LifecycleConfiguration/Rules/0: extraneous key [Colour] is not permitted"},
		"list":        {"AWS::IAM::Role", `{"AssumeRolePolicyDocument":{},"ManagedPolicyArns":"arn:x"}`, "#/ManagedPolicyArns: expected type: JSONArray, found: String"},
		"object":      {"AWS::S3::Bucket", `{"VersioningConfiguration":"Enabled"}`, "#/VersioningConfiguration: expected type: JSONObject, found: String"},
		"string":      {"AWS::Logs::LogGroup", `{"LogGroupName":{"a":"b"}}`, "#/LogGroupName: expected type: String, found: JSONObject"},
		"number":      {"AWS::Lambda::Function", `{"Role":"arn:aws:iam::123456789012:role/r","Code":{},"Timeout":"long"}`, "#/Timeout: expected type: Integer, found: String"},
		"enum":        {"AWS::S3::Bucket", `{"VersioningConfiguration":{"Status":"On"}}`, "#/VersioningConfiguration/Status: failed validation constraint for keyword [enum]"},
		"pattern":     {"AWS::Lambda::Function", `{"Role":"r","Code":{}}`, "#/Role: failed validation constraint for keyword [pattern]"},
		"too long":    {"AWS::Lambda::Function", `{"Role":"arn:aws:iam::123456789012:role/r","Code":{},"Handler":"` + strings.Repeat("h", 129) + `"}`, "#/Handler: expected maxLength: 128, actual: 129"},
		"too small":   {"AWS::Lambda::Function", `{"Role":"arn:aws:iam::123456789012:role/r","Code":{},"Timeout":"0"}`, "#/Timeout: failed validation constraint for keyword [minimum]"},
		"too many":    {"AWS::Lambda::Function", `{"Role":"arn:aws:iam::123456789012:role/r","Code":{},"Architectures":["arm64","x86_64"]}`, "#/Architectures: expected maximum item count: 1, found: 2"},
		"too few":     {"AWS::Lambda::Function", `{"Role":"arn:aws:iam::123456789012:role/r","Code":{},"Architectures":[]}`, "#/Architectures: expected minimum item count: 1, found: 0"},
		"repeated":    {"AWS::Logs::LogGroup", `{"Tags":[{"Key":"a","Value":"b"},{"Key":"a","Value":"b"}]}`, "#/Tags: array items are not unique"},
		"two":         {"AWS::SNS::Subscription", `{}`, "#: required key [TopicArn] not found\n#: required key [Protocol] not found"},
		"good":        {"AWS::Logs::LogGroup", `{"LogGroupName":"/a","RetentionInDays":"30"}`, ""},
		"loose":       {"AWS::S3::Bucket", `{"PublicAccessBlockConfiguration":{"BlockPublicAcls":"true"},"BucketName":7777}`, ""},
		"policy text": {"AWS::S3::BucketPolicy", `{"Bucket":"b","PolicyDocument":"{}"}`, ""},
		"statement":   {"AWS::IAM::Role", `{"AssumeRolePolicyDocument":{"Statement":{"Effect":"Allow"}}}`, ""},
		"integer version": {"AWS::CodePipeline::Pipeline", `{"RoleArn":"arn:aws:iam::123456789012:role/r","Stages":[{"Name":"s","Actions":[{"Name":"a",
			"ActionTypeId":{"Category":"Source","Owner":"AWS","Provider":"CodeCommit","Version":1},"Configuration":{"PollForSourceChanges":false}}]}]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := find(t, test.kind).Validate("Thing", properties(t, test.properties))
			want := test.want
			if want != "" {
				want = "Properties validation failed for resource Thing with message:\n" + want
			}
			if got := errorText(err); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestCheckedFirst sees that nothing is made of properties that are wrong: the
// configuration reaches nothing at all.
func TestCheckedFirst(t *testing.T) {
	for name := range schemas() {
		if name == "AWS::CloudFormation::WaitConditionHandle" {
			continue
		}
		_, err := find(t, name).Create(t.Context(), Request{LogicalID: "Thing", Properties: properties(t, `{"Colour": "red"}`)})
		if err == nil || !strings.Contains(err.Error(), "extraneous key [Colour] is not permitted") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
