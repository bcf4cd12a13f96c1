package resource

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	iamclient "github.com/aws/aws-sdk-go-v2/service/iam"
	lambdaclient "github.com/aws/aws-sdk-go-v2/service/lambda"
	s3client "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// drifted reads the thing and returns its differences, one a line.
func (x *thing) drifted() string {
	x.t.Helper()
	actual, err := x.kind.Read(x.t.Context(), x.made)
	must(x.t, err)
	var lines strings.Builder
	for _, d := range Differences(x.made.Properties, actual) {
		lines.WriteString(*d.PropertyPath + " " + string(d.DifferenceType) + " " + *d.ExpectedValue + " -> " + *d.ActualValue + "\n")
	}
	return lines.String()
}

// TestDrift changes things behind CloudFormation's back.
func TestDrift(t *testing.T) {
	w := newWorld(t)
	role := w.create(t, "AWS::IAM::Role", "Role", `{"AssumeRolePolicyDocument": `+trust+`, "Description": "one",
		"ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"], "Tags": [{"Key": "a", "Value": "b"}]}`)
	iam := iamclient.NewFromConfig(w.config)
	_, err := iam.UpdateRole(t.Context(), &iamclient.UpdateRoleInput{RoleName: &role.PhysicalID, Description: aws.String("two")})
	must(t, err)
	_, err = iam.DetachRolePolicy(t.Context(), &iamclient.DetachRolePolicyInput{
		RoleName: &role.PhysicalID, PolicyArn: aws.String("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"),
	})
	must(t, err)
	equal(t, "role", role.drifted(), "/Description NOT_EQUAL one -> two\n"+
		"/ManagedPolicyArns/0 REMOVE arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole -> null\n")

	function := w.create(t, "AWS::Lambda::Function", "Hello", `{"Handler": "index.handler", "Runtime": "python3.13", "Role": "`+role.Attributes["Arn"].(string)+`",
		"Code": {"ZipFile": "x = 1\n"}, "MemorySize": 128, "Timeout": "900", "Environment": {"Variables": {"AA": "1", "BB": "2"}}}`)
	_, err = lambdaclient.NewFromConfig(w.config).UpdateFunctionConfiguration(t.Context(), &lambdaclient.UpdateFunctionConfigurationInput{
		FunctionName: &function.PhysicalID, MemorySize: aws.Int32(256), Timeout: aws.Int32(22),
	})
	must(t, err)
	equal(t, "function", function.drifted(), "/MemorySize NOT_EQUAL 128 -> 256\n/Timeout NOT_EQUAL 900 -> 22\n")

	bucket := w.create(t, "AWS::S3::Bucket", "Bucket", `{"VersioningConfiguration": {"Status": "Enabled"},
		"PublicAccessBlockConfiguration": {"BlockPublicAcls": true}, "Tags": [{"Key": "a", "Value": "b"}]}`)
	buckets := s3client.NewFromConfig(w.config)
	_, err = buckets.PutBucketVersioning(t.Context(), &s3client.PutBucketVersioningInput{
		Bucket: &bucket.PhysicalID, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusSuspended},
	})
	must(t, err)
	_, err = buckets.DeletePublicAccessBlock(t.Context(), &s3client.DeletePublicAccessBlockInput{Bucket: &bucket.PhysicalID})
	must(t, err)
	_, err = buckets.PutBucketTagging(t.Context(), &s3client.PutBucketTaggingInput{Bucket: &bucket.PhysicalID, Tagging: &s3types.Tagging{TagSet: []s3types.Tag{
		{Key: aws.String("a"), Value: aws.String("b")}, {Key: aws.String("c"), Value: aws.String("d")},
	}}})
	must(t, err)
	equal(t, "bucket", bucket.drifted(), "/PublicAccessBlockConfiguration REMOVE {\"BlockPublicAcls\":true} -> null\n"+
		"/Tags/1 ADD null -> {\"Key\":\"c\",\"Value\":\"d\"}\n"+
		"/VersioningConfiguration/Status NOT_EQUAL Enabled -> Suspended\n")
}
