package cloudformation

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

var errBadSpec = errors.New("Invalid Serverless Application Specification document. Number of errors found: 1. Resource with id [Bad] is invalid.") //nolint:revive,staticcheck // AWS's words

func TestCreateStackErrors(t *testing.T) {
	f := newFixture(t)
	f.create("one", pair)
	const thing = "Resources: {A: {Type: Test::A::Thing}}"
	for _, c := range []struct {
		name          string
		in            cloudformation.CreateStackInput
		code, message string
	}{
		{"exists", cloudformation.CreateStackInput{StackName: aws.String("one"), TemplateBody: aws.String(pair)}, "AlreadyExistsException", "Stack [one] already exists"},
		{"no template", cloudformation.CreateStackInput{}, "ValidationError", "Either Template URL or Template Body must be specified."},
		{"not YAML", cloudformation.CreateStackInput{TemplateBody: aws.String("a: b: c")}, "ValidationError", "Template format error: YAML not well-formed. (line 1)"},
		{"not JSON", cloudformation.CreateStackInput{TemplateBody: aws.String("{\n \"a\" 1}")}, "ValidationError", "Template format error: JSON not well-formed. (line 2, column 6)"},
		{"too long", cloudformation.CreateStackInput{TemplateBody: aws.String(thing + strings.Repeat(" ", maxBody))}, "ValidationError", "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200"},
		{"no resources", cloudformation.CreateStackInput{TemplateBody: aws.String("Description: x")}, "ValidationError", "Template format error: At least one Resources member must be defined."},
		{"unknown type", cloudformation.CreateStackInput{TemplateBody: aws.String("Resources: {A: {Type: AWS::Foo::Bar}, B: {Type: AWS::Foo::Baz}}")}, "ValidationError", "Template format error: Unrecognized resource types: [AWS::Foo::Bar, AWS::Foo::Baz]"},
		{"unknown attribute", cloudformation.CreateStackInput{TemplateBody: aws.String("Resources: {A: {Type: Test::A::Thing}, B: {Type: Test::A::Thing, Properties: {Target: !GetAtt A.Nope}}}")}, "ValidationError", "Template error: resource A does not support attribute type Nope in Fn::GetAtt"},
		{"snapshot", cloudformation.CreateStackInput{TemplateBody: aws.String("Resources: {A: {Type: Test::A::Thing, DeletionPolicy: Snapshot}}")}, "ValidationError", "Template error: resource type Test::A::Thing does not support deletion policy Snapshot"},
		{"missing parameter", cloudformation.CreateStackInput{TemplateBody: aws.String("Parameters: {P: {Type: String}, Q: {Type: String}}\n" + thing)}, "ValidationError", "Parameters: [P, Q] must have values"},
		{"foreign parameter", cloudformation.CreateStackInput{TemplateBody: aws.String(thing), Parameters: []types.Parameter{{ParameterKey: aws.String("X"), ParameterValue: aws.String("1")}}}, "ValidationError", "Parameters: [X] do not exist in the template"},
		{"capability", cloudformation.CreateStackInput{TemplateBody: aws.String("Resources: {A: {Type: Test::I::Role}}")}, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]"},
		{"named capability", cloudformation.CreateStackInput{TemplateBody: aws.String("Resources: {A: {Type: Test::I::Role, Properties: {Name: x}}}"), Capabilities: []types.Capability{types.CapabilityCapabilityIam}}, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]"},
		{"role", cloudformation.CreateStackInput{TemplateBody: aws.String(thing), RoleARN: aws.String(missingRole)}, "ValidationError", "Role " + missingRole + " is invalid or cannot be assumed"},
		{"nested stack", cloudformation.CreateStackInput{TemplateBody: aws.String("Resources: {A: {Type: AWS::CloudFormation::Stack}}")}, "ValidationError", "Template error: nested stacks are not served by this AWS: AWS::CloudFormation::Stack"},
		{"custom resource", cloudformation.CreateStackInput{TemplateBody: aws.String("Resources: {A: {Type: Custom::Thing}}")}, "ValidationError", "Template error: custom resources are not served by this AWS: Custom::Thing"},
		{"module", cloudformation.CreateStackInput{TemplateBody: aws.String("Resources: {A: {Type: My::Own::Bucket::MODULE}}")}, "ValidationError", "Template error: modules are not served by this AWS: My::Own::Bucket::MODULE"},
		{"include", cloudformation.CreateStackInput{TemplateBody: aws.String("Transform: AWS::Include\n" + thing)}, "ValidationError", "Template error: the transform AWS::Include is not served by this AWS"},
		{"macro", cloudformation.CreateStackInput{TemplateBody: aws.String("Transform: Mine\n" + thing)}, "ValidationError", "No transform named Mine found."},
		{"import", cloudformation.CreateStackInput{TemplateBody: aws.String("Resources: {A: {Type: Test::A::Thing, Properties: {Name: !ImportValue none}}}")}, "", ""},
		{"url elsewhere", cloudformation.CreateStackInput{TemplateURL: aws.String("https://example.com/t.yaml")}, "ValidationError", "TemplateURL must be a supported URL."},
		{"policy", cloudformation.CreateStackInput{TemplateBody: aws.String(thing), StackPolicyBody: aws.String(`{"Statement":[{"Effect":"Deny","Action":"Delete:*","Principal":"*","Resource":"*"}]}`)}, "ValidationError", "Error validating stack policy: Invalid stack policy"},
		{"policies", cloudformation.CreateStackInput{TemplateBody: aws.String(thing), StackPolicyBody: aws.String(`{}`), StackPolicyURL: aws.String("https://b.s3.amazonaws.com/k")}, "ValidationError", "You cannot specify both StackPolicyURL and StackPolicyBody"},
		{"resource types", cloudformation.CreateStackInput{TemplateBody: aws.String(thing), ResourceTypes: []string{"AWS::EC2::*"}}, "ValidationError", "Resource type Test::A::Thing is not allowed by parameter ResourceTypes [AWS::EC2::*]"},
		{"s3 url", cloudformation.CreateStackInput{TemplateURL: aws.String("s3://bkt/k")}, "ValidationError", "S3 error: Domain name specified in bkt is not a valid S3 domain"},
		{"notifications", cloudformation.CreateStackInput{TemplateBody: aws.String(thing), NotificationARNs: []string{"arn:x"}}, "ValidationError", "NotificationARNs is not served by this AWS"},
		{"tags", cloudformation.CreateStackInput{TemplateBody: aws.String(thing), Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("y")}}}, "ValidationError", "Tag keys starting with 'aws:' are reserved for internal use"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.in.StackName == nil {
				c.in.StackName = aws.String("two")
			}
			out, err := f.CreateStack(t.Context(), &c.in)
			if c.code == "" { // known only when the resource is made
				if err != nil {
					t.Fatal(err)
				}
				f.want(f.settled(*out.StackId), types.StackStatusRollbackComplete, "")
				if story := strings.Join(f.story("two"), "\n"); !strings.Contains(story, "A CREATE_FAILED No export named none found.") {
					t.Error(story)
				}
				f.delete("two")
				return
			}
			wantError(t, err, c.code, c.message)
		})
	}
}

const colourful = "Resources: {A: {Type: Test::A::Thing, Properties: {Colour: red}}}"

func TestEarlyValidation(t *testing.T) {
	f := newFixture(t)
	f.want(f.create("one", colourful), types.StackStatusRollbackComplete, "")
	equal(t, "story", f.story("one"), []string{
		"one CREATE_IN_PROGRESS User Initiated",
		"one ROLLBACK_IN_PROGRESS Validation failure detected. See the operation's FAILED event for details. Rollback requested by user.",
		"one ROLLBACK_COMPLETE",
	})
	failed := &types.EventFilter{FailedEvents: aws.Bool(true)}
	found, err := f.DescribeEvents(t.Context(), &cloudformation.DescribeEventsInput{StackName: aws.String("one"), Filters: failed})
	if err != nil || len(found.OperationEvents) != 1 || *found.OperationEvents[0].ValidationStatusReason != "extraneous key [Colour] is not permitted" {
		t.Errorf("found %+v, %v", found, err)
	}

	f.delete("one")
	c := f.changeSet("c", types.ChangeSetTypeCreate, colourful)
	if c.Status != types.ChangeSetStatusFailed || aws.ToString(c.StatusReason) != invalidChangeSet {
		t.Errorf("change set is %s: %s", c.Status, aws.ToString(c.StatusReason))
	}
	found, err = f.DescribeEvents(t.Context(), &cloudformation.DescribeEventsInput{ChangeSetName: c.ChangeSetId, Filters: failed})
	if err != nil || len(found.OperationEvents) != 1 || *found.OperationEvents[0].ValidationPath != "/Resources/A/Properties" {
		t.Errorf("found %+v, %v", found, err)
	}

	f.create("fine", "Resources: {A: {Type: Test::A::Thing}}")
	f.want(f.update("fine", colourful), types.StackStatusUpdateRollbackComplete, "")
	unchecked := f.create("unchecked", colourful, func(in *cloudformation.CreateStackInput) { in.DisableValidation = aws.Bool(true) })
	f.want(unchecked, types.StackStatusRollbackComplete, "")
	if story := strings.Join(f.story("unchecked"), "\n"); !strings.Contains(story,
		"A CREATE_FAILED Properties validation failed for resource A with message:\n#: extraneous key [Colour] is not permitted") {
		t.Error(story)
	}
}

func TestUnknownStacks(t *testing.T) {
	f := newFixture(t)
	_, err := f.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("x")})
	wantError(t, err, "ValidationError", "Stack with id x does not exist")
	_, err = f.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String("x")})
	wantError(t, err, "ValidationError", "Stack [x] does not exist")
	_, err = f.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("x"), TemplateBody: aws.String(pair)})
	wantError(t, err, "ValidationError", "Stack [x] does not exist")
	if _, err = f.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("x")}); err != nil {
		t.Error(err)
	}
}

func TestTerminationProtection(t *testing.T) {
	f := newFixture(t)
	f.create("one", pair, func(in *cloudformation.CreateStackInput) { in.EnableTerminationProtection = aws.Bool(true) })
	_, err := f.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("one")})
	wantError(t, err, "ValidationError", "Stack [one] cannot be deleted while TerminationProtection is enabled")
	_, err = f.UpdateTerminationProtection(t.Context(), &cloudformation.UpdateTerminationProtectionInput{StackName: aws.String("one"), EnableTerminationProtection: aws.Bool(false)})
	if err != nil {
		t.Fatal(err)
	}
	f.want(f.delete("one"), types.StackStatusDeleteComplete, "")
}

func TestExports(t *testing.T) {
	f := newFixture(t)
	st := f.create("one", pair)
	f.create("user", "Resources: {A: {Type: Test::A::Thing, Properties: {Target: !ImportValue one-arn}}}")
	if got := f.things["a-3"]["Target"]; got != "b-2/arn:a-1" {
		t.Errorf("imported %v", got)
	}
	clash := f.create("clash", "Resources: {A: {Type: Test::A::Thing}}\nOutputs: {O: {Value: x, Export: {Name: one-arn}}}")
	f.want(clash, types.StackStatusRollbackComplete, "")
	if story := strings.Join(f.story("clash"), "\n"); !strings.Contains(story, "ROLLBACK_IN_PROGRESS Export with name one-arn is already exported by stack one. Rollback requested by user.") {
		t.Error(story)
	}
	f.want(f.delete("one"), types.StackStatusCreateComplete, "Export one-arn cannot be deleted as it is in use by user")
	imports, err := f.ListImports(t.Context(), &cloudformation.ListImportsInput{ExportName: aws.String("one-arn")})
	if err != nil || imports.Imports[0] != "user" {
		t.Errorf("imports are %v, %v", imports, err)
	}
	f.delete("user")
	exports, err := f.ListExports(t.Context(), &cloudformation.ListExportsInput{})
	if err != nil || len(exports.Exports) != 1 || *exports.Exports[0].ExportingStackId != st.ID {
		t.Errorf("exports are %v, %v", exports, err)
	}
	_, err = f.ListImports(t.Context(), &cloudformation.ListImportsInput{ExportName: aws.String("one-arn")})
	wantError(t, err, "ValidationError", "Export 'one-arn' is not imported by any stack.")
	f.want(f.delete("one"), types.StackStatusDeleteComplete, "")
}

func TestNoEchoIsMasked(t *testing.T) {
	f := newFixture(t)
	st := f.create("one", "Parameters: {P: {Type: String, NoEcho: true, Default: secret}}\nResources: {A: {Type: Test::A::Thing, Properties: {Name: !Ref P}}}")
	if got := *st.describe().Parameters[0].ParameterValue; got != "****" {
		t.Errorf("the value is shown as %q", got)
	}
	if f.things["a-1"]["Name"] != "secret" {
		t.Error("the provider has not been given the value")
	}
	events, err := f.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String("one")})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events.StackEvents {
		if p := aws.ToString(e.ResourceProperties); p != "" && p != `{"Name":"****"}` {
			t.Errorf("an event shows %s", p)
		}
	}
}

func TestTokensMakeRequestsIdempotent(t *testing.T) {
	f := newFixture(t)
	token := func(in *cloudformation.CreateStackInput) { in.ClientRequestToken = aws.String("t") }
	first := f.create("one", pair, token)
	if again := f.create("one", pair, token); again.ID != first.ID {
		t.Errorf("made %s and %s", first.ID, again.ID)
	}
}

func TestTokenIsInAllEventsOfItsOperation(t *testing.T) {
	f := newFixture(t)
	f.create("one", pair, func(in *cloudformation.CreateStackInput) { in.ClientRequestToken = aws.String("first") })
	f.update("one", strings.Replace(pair, "Default: 1", "Default: 2", 1), func(in *cloudformation.UpdateStackInput) { in.ClientRequestToken = aws.String("second") })
	out, err := f.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String("one")})
	if err != nil {
		t.Fatal(err)
	}
	resources := map[string]int{}
	token := "second" // the newest events are first
	for _, e := range out.StackEvents {
		if got := aws.ToString(e.ClientRequestToken); got != token {
			t.Errorf("%s %s has token %q, want %q", aws.ToString(e.LogicalResourceId), e.ResourceStatus, got, token)
		}
		if aws.ToString(e.LogicalResourceId) != "one" {
			resources[token]++
		}
		if aws.ToString(e.LogicalResourceId) == "one" && e.ResourceStatus == types.ResourceStatusUpdateInProgress {
			token = "first"
		}
	}
	if resources["first"] == 0 || resources["second"] == 0 {
		t.Errorf("events of resources: %v", resources)
	}
}

func TestStackTagsReachResources(t *testing.T) {
	f := newFixture(t)
	tag := func(value string) []types.Tag { return []types.Tag{{Key: aws.String("team"), Value: &value}} }
	f.create("one", pair, func(in *cloudformation.CreateStackInput) { in.Tags = tag("a") })
	f.takeLog()
	f.want(f.update("one", pair, func(in *cloudformation.UpdateStackInput) { in.Tags = tag("b") }), types.StackStatusUpdateComplete, "")
	equal(t, "calls", f.takeLog(), []string{"update A", "update B"})
}

func TestTemplateByURL(t *testing.T) {
	f := newFixture(t)
	var asked []string
	f.fetch = func(_ context.Context, bucket, key, version string) (string, error) {
		asked = append(asked, bucket+" "+key+" "+version)
		return pair, nil
	}
	for _, url := range []string{
		"http://127.0.0.1:4242/bkt/a/b.yaml?versionId=v", "http://bkt.localhost:4242/a/b.yaml",
		"https://s3.eu-west-1.amazonaws.com/bkt/a/b.yaml", "https://bkt.s3.amazonaws.com/a/b.yaml",
	} {
		if _, err := f.ValidateTemplate(t.Context(), &cloudformation.ValidateTemplateInput{TemplateURL: &url}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	equal(t, "objects", asked, []string{"bkt a/b.yaml v", "bkt a/b.yaml ", "bkt a/b.yaml ", "bkt a/b.yaml "})
}

func TestValidateAndSummary(t *testing.T) {
	f := newFixture(t)
	body := "Description: d\nParameters: {P: {Type: String, Default: x, AllowedValues: [x, y]}}\nResources: {A: {Type: Test::I::Role, Properties: {Name: n}}}"
	v, err := f.ValidateTemplate(t.Context(), &cloudformation.ValidateTemplateInput{TemplateBody: &body})
	if err != nil || *v.Description != "d" || *v.Parameters[0].DefaultValue != "x" || v.Capabilities[0] != types.CapabilityCapabilityNamedIam {
		t.Errorf("%+v, %v", v, err)
	}
	s, err := f.GetTemplateSummary(t.Context(), &cloudformation.GetTemplateSummaryInput{TemplateBody: &body})
	if err != nil || s.ResourceTypes[0] != "Test::I::Role" || s.Parameters[0].ParameterConstraints.AllowedValues[1] != "y" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestPhysicalNames(t *testing.T) {
	for _, c := range []struct {
		stack, id string
		most      int
		want      string
	}{
		{"shop", "Bucket", 63, "shop-Bucket-ABCDEFGHIJKL"},
		{strings.Repeat("s", 80), "Role", 64, strings.Repeat("s", 46) + "-Role-ABCDEFGHIJKL"},
		{strings.Repeat("s", 80), strings.Repeat("r", 80), 64, strings.Repeat("s", 25) + "-" + strings.Repeat("r", 25) + "-ABCDEFGHIJKL"},
	} {
		got := physicalName(c.stack, c.id, "ABCDEFGHIJKL", c.most)
		if got != c.want || len(got) > c.most {
			t.Errorf("got %q (%d), want %q", got, len(got), c.want)
		}
	}
}

func TestEventsArePaged(t *testing.T) {
	f := newFixture(t)
	var b strings.Builder
	b.WriteString("Resources:\n")
	for i := range 50 {
		b.WriteString("  R" + strings.Repeat("x", i+1) + ": {Type: Test::A::Thing}\n")
	}
	f.create("one", b.String())
	seen, pages := map[string]bool{}, 0
	in := &cloudformation.DescribeStackEventsInput{StackName: aws.String("one")}
	for {
		out, err := f.DescribeStackEvents(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, e := range out.StackEvents {
			seen[*e.EventId+aws.ToString(e.ResourceStatusReason)] = true
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if pages != 2 || len(seen) != 152 {
		t.Errorf("%d events on %d pages", len(seen), pages)
	}
}
