package cloudformation

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// TestServerlessChangeSet plans a serverless application with the real transform and the real types.
func TestServerlessChangeSet(t *testing.T) {
	f := newFixture(t)
	s, err := New(f.env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	const body = `
Transform: AWS::Serverless-2016-10-31
Parameters: {Bucket: {Type: String}, Key: {Type: String}}
Globals: {Function: {Runtime: provided.al2023, Timeout: 10}}
Resources:
  Log: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Handler: bootstrap
      CodeUri: {Bucket: !Ref Bucket, Key: !Ref Key}
      AutoPublishAlias: live
      FunctionUrlConfig: {AuthType: NONE}
Outputs:
  Url: {Value: !GetAtt HelloUrl.FunctionUrl}
`
	_, err = s.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{
		StackName: aws.String("app"), ChangeSetName: aws.String("c"), ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: aws.String(body),
		Capabilities: []types.Capability{types.CapabilityCapabilityIam},
		Parameters: []types.Parameter{
			{ParameterKey: aws.String("Bucket"), ParameterValue: aws.String("bkt")}, {ParameterKey: aws.String("Key"), ParameterValue: aws.String("abc123")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{StackName: aws.String("app"), ChangeSetName: aws.String("c")})
	if err != nil {
		t.Fatal(err)
	}
	if out.Status != types.ChangeSetStatusCreateComplete {
		t.Fatalf("change set is %s: %s", out.Status, aws.ToString(out.StatusReason))
	}
	var lines []string
	for _, c := range out.Changes {
		lines = append(lines, string(c.ResourceChange.Action)+" "+*c.ResourceChange.LogicalResourceId+" "+*c.ResourceChange.ResourceType)
	}
	equal(t, "changes", lines, []string{
		"Add Hello AWS::Lambda::Function", "Add HelloAliaslive AWS::Lambda::Alias", "Add HelloRole AWS::IAM::Role",
		"Add HelloURLInvokeAllowPublicAccess AWS::Lambda::Permission", "Add HelloUrl AWS::Lambda::Url",
		"Add HelloUrlPublicPermissions AWS::Lambda::Permission", "Add HelloVersionc78498db53 AWS::Lambda::Version",
		"Add Log AWS::Logs::LogGroup",
	})
}
