package cloudformation

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

const serverless = `
Transform: AWS::Serverless-2016-10-31
Resources: {A: {Type: Test::A::Thing}}
`

// TestTransformNeedsPermission denies the transform's own ARN, however the template comes.
func TestTransformNeedsPermission(t *testing.T) {
	f := newFixture(t)
	st := f.create("one", serverless, func(in *cloudformation.CreateStackInput) {
		in.Capabilities = []types.Capability{types.CapabilityCapabilityAutoExpand}
	})
	f.want(st, types.StackStatusCreateComplete, "")
	f.fetch = func(context.Context, string, string, string) (string, error) { return serverless, nil }
	f.Service.env.IAM = func(_ context.Context, _ identity.Principal, needs ...policy.Access) error {
		for _, n := range needs {
			if n.Action == "cloudformation:CreateChangeSet" && slices.Contains(n.Resources, "arn:aws:cloudformation:eu-west-1:aws:transform/Serverless-2016-10-31") {
				return &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
			}
		}
		return nil
	}
	for name, in := range map[string]*cloudformation.CreateChangeSetInput{
		"body":     {TemplateBody: aws.String(serverless)},
		"url":      {TemplateURL: aws.String("https://b.s3.amazonaws.com/k")},
		"previous": {UsePreviousTemplate: aws.Bool(true)},
	} {
		in.StackName, in.ChangeSetName = aws.String("one"), &name
		_, err := f.CreateChangeSet(t.Context(), in)
		wantError(t, err, "AccessDenied", "no")
	}
}

func TestWhatIAMSeesOfStacks(t *testing.T) {
	f := newFixture(t)
	st := f.create("one", pair, func(in *cloudformation.CreateStackInput) {
		in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}}
	})
	const all = "arn:aws:cloudformation:eu-west-1:123456789012:stack/"
	for name, want := range map[string]string{"one": st.ID, st.ID: st.ID, "two": all + "two/*", "": all + "*/*"} {
		equal(t, "ARN of "+name, f.stackARN(&name), []string{want})
	}
	for arn, want := range map[string]string{st.ID: "a", all + "one/*": "a", all + "two/*": "", all + "*/*": ""} {
		if got := f.TagsOf(arn)["team"]; got != want {
			t.Errorf("tag of %s is %q, want %q", arn, got, want)
		}
	}
	keys := createChangeSetKeys(&cloudformation.CreateChangeSetInput{
		ChangeSetName: aws.String("c"), RoleARN: aws.String("r"), TemplateURL: aws.String("u"), ResourceTypes: []string{"AWS::*"},
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
	})
	for name, want := range map[string]string{
		"cloudformation:changesetname": "c", "cloudformation:rolearn": "r", "cloudformation:templateurl": "u",
		"cloudformation:resourcetypes": "AWS::*", "aws:requesttag/team": "a", "aws:tagkeys": "team",
	} {
		if got := strings.Join(keys[name], ","); got != want {
			t.Errorf("key %s is %q, want %q", name, got, want)
		}
	}
	if got := changeSetKeys(aws.String("arn:aws:cloudformation:eu-west-1:123456789012:changeSet/c/id")); got["cloudformation:changesetname"][0] != "c" {
		t.Errorf("keys of an ARN are %v", got)
	}
}
