package sam

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// generated is how many templates are made up and compared.
const generated = 40

// TestGeneratedAgainstTranslator makes up templates of everything that is
// expanded here and asks AWS's translator for each, where Python has it. The keys
// of their tags are in order, because the hash of AutoPublishAliasAllProperties
// follows the order in which a template has them, which is lost here.
func TestGeneratedAgainstTranslator(t *testing.T) {
	templates := make([]map[string]any, generated)
	for seed := range templates {
		g := generator{rand.New(rand.NewPCG(uint64(seed), 1))}
		text, err := json.Marshal(g.template())
		if err != nil {
			t.Fatal(err)
		}
		decode(t, text, &templates[seed])
	}
	for seed, want := range askTranslator(t, templates) {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			out, err := Expand(templates[seed], parameters(templates[seed]))
			got := answer{Template: out}
			if err != nil {
				got = answer{Error: err.Error()}
			}
			if diff := cmp.Diff(normal(t, want), normal(t, got)); diff != "" {
				t.Errorf("-translator +ours:\n%s\nof %s", diff, pretty(t, templates[seed]))
			}
		})
	}
}

// generator makes up templates.
type generator struct{ *rand.Rand }

type object = map[string]any

// sometimes sets a member of an object in one of so many cases.
func (g generator) sometimes(into object, name string, in int, choices ...any) {
	if g.IntN(in) == 0 {
		into[name] = choices[g.IntN(len(choices))]
	}
}

func (g generator) template() object {
	resources := object{"Table": object{"Type": "AWS::SNS::Topic"}}
	for i := range 1 + g.IntN(3) {
		resources[fmt.Sprintf("Function%c", 'A'+i)] = g.function()
	}
	out := object{
		"Transform":  Transform,
		"Parameters": object{"Key": object{"Type": "String", "Default": "key-1"}, "Auth": object{"Type": "String", "Default": "NONE"}, "Level": object{"Type": "String", "Default": "INFO"}},
		"Conditions": object{"Yes": object{"Fn::Equals": []any{"a", "a"}}},
		"Resources":  resources,
	}
	g.sometimes(out, "Globals", 2, object{"Function": g.globals()})
	return out
}

func (g generator) globals() object {
	out := object{"Timeout": 7}
	g.sometimes(out, "MemorySize", 2, 512, object{"Ref": "Key"})
	g.sometimes(out, "Tags", 2, object{"team": "a"}, object{"team": "a", "level": object{"Ref": "Level"}})
	g.sometimes(out, "Environment", 2, object{"Variables": object{"LEVEL": object{"Ref": "Level"}, "ONE": "1"}})
	g.sometimes(out, "Layers", 3, []any{"arn:aws:lambda:eu-west-1:123456789012:layer:one:1"})
	g.sometimes(out, "AutoPublishAlias", 4, "live")
	g.sometimes(out, "Tracing", 4, "Active", "PassThrough")
	g.sometimes(out, "PermissionsBoundary", 4, "arn:aws:iam::123456789012:policy/boundary", object{"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:policy/b"})
	g.sometimes(out, "Architectures", 4, []any{"arm64"})
	return out
}

func (g generator) function() object {
	properties := object{"Handler": "index.handler", "Runtime": "python3.13"}
	properties["CodeUri"] = []any{
		"s3://bkt/abc123", object{"Bucket": "bkt", "Key": object{"Ref": "Key"}}, object{"Bucket": object{"Fn::Sub": "bkt-${Key}"}, "Key": "k", "Version": "3"},
	}[g.IntN(3)]
	g.sometimes(properties, "MemorySize", 3, 128, 1024)
	g.sometimes(properties, "Description", 4, "words", object{"Fn::Sub": "in ${AWS::Region}"})
	g.sometimes(properties, "FunctionName", 5, "named", object{"Fn::Sub": "${AWS::StackName}-f"})
	g.sometimes(properties, "Environment", 3, object{"Variables": object{"TWO": object{"Fn::GetAtt": []any{"Table", "TopicName"}}}})
	g.sometimes(properties, "Tags", 4, object{"team": "c", "zone": "b"})
	g.sometimes(properties, "Layers", 5, []any{object{"Ref": "Key"}})
	g.sometimes(properties, "AutoPublishAlias", 2, "live", "prod", object{"Ref": "Key"})
	if properties["AutoPublishAlias"] != nil {
		g.sometimes(properties, "AutoPublishAliasAllProperties", 4, true, false)
		g.sometimes(properties, "VersionDescription", 4, "a version")
	}
	g.sometimes(properties, "FunctionUrlConfig", 3, object{"AuthType": "NONE"}, object{"AuthType": "AWS_IAM", "InvokeMode": "BUFFERED"},
		object{"AuthType": "NONE", "Cors": object{"AllowOrigins": []any{"*"}, "MaxAge": 5}}, object{"AuthType": object{"Ref": "Auth"}})
	g.sometimes(properties, "Policies", 2, "AmazonSQSFullAccess", []any{"AWSLambdaExecute", object{"Version": "2012-10-17", "Statement": []any{object{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}}},
		[]any{object{"SNSPublishMessagePolicy": object{"TopicName": object{"Fn::GetAtt": []any{"Table", "TopicName"}}}}, object{"S3ReadPolicy": object{"BucketName": "b"}}},
		object{"Statement": []any{object{"Effect": "Deny", "Action": "*", "Resource": "*"}}}, []any{"arn:aws:iam::aws:policy/ReadOnlyAccess", object{"Ref": "Key"}})
	g.sometimes(properties, "Role", 6, "arn:aws:iam::123456789012:role/r", object{"Fn::GetAtt": []any{"Other", "Arn"}})
	g.sometimes(properties, "RolePath", 6, "/apps/")
	g.sometimes(properties, "Tracing", 5, "Active", "PassThrough", "Disabled")
	g.sometimes(properties, "DeadLetterQueue", 6, object{"Type": "SNS", "TargetArn": object{"Ref": "Table"}})
	g.sometimes(properties, "EphemeralStorage", 6, object{"Size": 1024})
	g.sometimes(properties, "LoggingConfig", 6, object{"LogFormat": "JSON", "ApplicationLogLevel": object{"Ref": "Level"}})
	g.sometimes(properties, "ReservedConcurrentExecutions", 6, 5)
	g.sometimes(properties, "SnapStart", 6, object{"ApplyOn": "PublishedVersions"})
	g.sometimes(properties, "PropagateTags", 6, true)
	g.sometimes(properties, "VpcConfig", 8, object{"SubnetIds": []any{"subnet-1"}, "SecurityGroupIds": []any{"sg-1"}})
	g.sometimes(properties, "AssumeRolePolicyDocument", 8, object{"Version": "2012-10-17", "Statement": []any{object{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": object{"Service": "edgelambda.amazonaws.com"}}}})
	g.sometimes(properties, "Events", 3, g.events())
	resource := object{"Type": functionType, "Properties": properties}
	g.sometimes(resource, "Condition", 4, "Yes")
	g.sometimes(resource, "DeletionPolicy", 5, "Retain")
	g.sometimes(resource, "UpdateReplacePolicy", 5, "Retain")
	g.sometimes(resource, "DependsOn", 5, "Table", []any{"Table"})
	g.sometimes(resource, "Metadata", 5, object{"k": "v"})
	return resource
}

func (g generator) events() object {
	all := []object{
		{"Type": "Schedule", "Properties": object{"Schedule": "rate(5 minutes)", "Input": `{"a": 1}`}},
		{"Type": "Schedule", "Properties": object{"Schedule": "cron(0 12 * * ? *)", "Name": "noon", "Enabled": false, "RetryPolicy": object{"MaximumRetryAttempts": 3}}},
		{"Type": "EventBridgeRule", "Properties": object{"Pattern": object{"source": []any{"aws.codecommit"}}, "EventBusName": "default", "State": "DISABLED"}},
		{"Type": "CloudWatchEvent", "Properties": object{"Pattern": object{"source": []any{"x"}}, "InputPath": "$.detail"}},
		{"Type": "SNS", "Properties": object{"Topic": object{"Ref": "Table"}, "FilterPolicy": object{"store": []any{"a"}}}},
	}
	out := object{}
	for i := range 1 + g.IntN(2) {
		out[fmt.Sprintf("Event%d", i)] = all[g.IntN(len(all))]
	}
	return out
}
