package resource

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	pipelinetypes "github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithydocument "github.com/aws/smithy-go/document"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var noDocuments = cmpopts.IgnoreTypes(smithydocument.NoSerde{})

func TestFill(t *testing.T) {
	for name, test := range map[string]struct {
		input      any
		properties string
		want       any
	}{
		"project": {
			&codebuild.CreateProjectInput{}, `{
			"ServiceRole": "r", "TimeoutInMinutes": "15", "BadgeEnabled": "false",
			"Source": {"Type": "CODEPIPELINE", "BuildSpec": "spec.yml", "GitCloneDepth": 1},
			"Environment": {"Type": "LINUX_CONTAINER", "Image": "i", "ComputeType": "BUILD_GENERAL1_SMALL",
				"EnvironmentVariables": [{"Name": "A", "Value": 1}, {"Name": "B", "Value": true, "Type": "PLAINTEXT"}]},
			"Cache": {"Type": "S3", "Location": "b/p"},
			"LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": "g"}}}`,
			&codebuild.CreateProjectInput{
				ServiceRole: aws.String("r"), TimeoutInMinutes: aws.Int32(15), BadgeEnabled: aws.Bool(false),
				Source: &buildtypes.ProjectSource{Type: "CODEPIPELINE", Buildspec: aws.String("spec.yml"), GitCloneDepth: aws.Int32(1)},
				Environment: &buildtypes.ProjectEnvironment{
					Type: "LINUX_CONTAINER", Image: aws.String("i"), ComputeType: "BUILD_GENERAL1_SMALL",
					EnvironmentVariables: []buildtypes.EnvironmentVariable{
						{Name: aws.String("A"), Value: aws.String("1")},
						{Name: aws.String("B"), Value: aws.String("true"), Type: "PLAINTEXT"},
					},
				},
				Cache:      &buildtypes.ProjectCache{Type: "S3", Location: aws.String("b/p")},
				LogsConfig: &buildtypes.LogsConfig{CloudWatchLogs: &buildtypes.CloudWatchLogsConfig{Status: "ENABLED", GroupName: aws.String("g")}},
			},
		},
		"action": {
			&pipelinetypes.ActionDeclaration{}, `{
			"Name": "Source", "RunOrder": "2", "Namespace": "Source",
			"ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "CodeCommit", "Version": 1},
			"Configuration": {"PollForSourceChanges": false, "RepositoryName": "app"},
			"OutputArtifacts": [{"Name": "Code"}]}`,
			&pipelinetypes.ActionDeclaration{
				Name: aws.String("Source"), RunOrder: aws.Int32(2), Namespace: aws.String("Source"),
				ActionTypeId: &pipelinetypes.ActionTypeId{
					Category: "Source", Owner: "AWS", Provider: aws.String("CodeCommit"), Version: aws.String("1"),
				},
				Configuration:   map[string]string{"PollForSourceChanges": "false", "RepositoryName": "app"},
				OutputArtifacts: []pipelinetypes.OutputArtifact{{Name: aws.String("Code")}},
			},
		},
		"configuration as text": {
			&pipelinetypes.ActionDeclaration{}, `{"Configuration": "{\"a\": \"b\"}"}`,
			&pipelinetypes.ActionDeclaration{Configuration: map[string]string{"a": "b"}},
		},
		"policy": {
			&iam.PutRolePolicyInput{}, `{"PolicyName": "p", "PolicyDocument": {"Statement": {"Effect": "Allow"}}}`,
			&iam.PutRolePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(`{"Statement":{"Effect":"Allow"}}`)},
		},
		"function": {
			&lambda.CreateFunctionInput{}, `{"KmsKeyArn": "k", "MemorySize": "256", "Architectures": ["arm64"],
			"Environment": {"Variables": {"A": 1, "B": false}}}`,
			&lambda.CreateFunctionInput{
				KMSKeyArn: aws.String("k"), MemorySize: aws.Int32(256), Architectures: []lambdatypes.Architecture{"arm64"},
				Environment: &lambdatypes.Environment{Variables: map[string]string{"A": "1", "B": "false"}},
			},
		},
		"absent": {&lambda.CreateFunctionInput{}, `{"Handler": null}`, &lambda.CreateFunctionInput{}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := fill(test.input, properties(t, test.properties)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, test.input, noDocuments, cmpopts.IgnoreUnexported(
				codebuild.CreateProjectInput{}, lambda.CreateFunctionInput{}, iam.PutRolePolicyInput{}, codepipeline.CreatePipelineInput{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestFillErrors(t *testing.T) {
	for given, want := range map[string]string{
		`{"Colour": "red"}`:                            "The property Colour is not served by this AWS",
		`{"Source": {"Type": "S3", "Colour": "red"}}`:  "The property Source.Colour is not served by this AWS",
		`{"SecondarySources": [{"Colour": "red"}]}`:    "The property SecondarySources.0.Colour is not served by this AWS",
		`{"TimeoutInMinutes": "long"}`:                 "#/TimeoutInMinutes: expected type: Integer, found: String",
		`{"BadgeEnabled": "maybe"}`:                    "#/BadgeEnabled: expected type: Boolean, found: String",
		`{"Source": "S3"}`:                             "#/Source: expected type: JSONObject, found: String",
		`{"SecondarySources": {"Type": "S3"}}`:         "#/SecondarySources: expected type: JSONArray, found: JSONObject",
		`{"Environment": {"EnvironmentVariables": 1}}`: "#/Environment/EnvironmentVariables: expected type: JSONArray, found: Number",
	} {
		if got := errorText(fill(&codebuild.CreateProjectInput{}, properties(t, given))); got != want {
			t.Errorf("%s: got %q, want %q", given, got, want)
		}
	}
}

func TestLifecycleRules(t *testing.T) {
	rules, err := lifecycleRules(properties(t, `{"Rules": [
		{"Id": "old", "Status": "Enabled", "ExpirationInDays": 30, "NoncurrentVersionExpiration": {"NoncurrentDays": "7"},
		 "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
		{"Status": "Disabled", "Prefix": "cache/", "ExpiredObjectDeleteMarker": true, "TagFilters": [{"Key": "a", "Value": "b"}],
		 "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 3}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []types.LifecycleRule{
		{
			ID: aws.String("old"), Status: "Enabled", Expiration: &types.LifecycleExpiration{Days: aws.Int32(30)},
			NoncurrentVersionExpiration:    &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(7)},
			AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(1)},
			Filter:                         &types.LifecycleRuleFilter{Prefix: aws.String("")},
		},
		{
			Status: "Disabled", Expiration: &types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(true)},
			Transitions: []types.Transition{{StorageClass: "GLACIER", Days: aws.Int32(3)}},
			Filter: &types.LifecycleRuleFilter{And: &types.LifecycleRuleAndOperator{
				Prefix: aws.String("cache/"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}},
			}},
		},
	}
	if diff := cmp.Diff(want, rules, noDocuments); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	_, err = lifecycleRules(properties(t, `{"Rules": [{"Status": "Enabled", "ExpirationDate": "2030-01-01"}]}`))
	if got := errorText(err); got != "The property ExpirationDate is not served by this AWS" {
		t.Error(got)
	}
}
