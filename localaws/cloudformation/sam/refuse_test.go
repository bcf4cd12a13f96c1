package sam

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRefused names what AWS would expand and this package does not.
func TestRefused(t *testing.T) {
	function := func(extra string) string {
		return `Resources: {Hello: {Type: AWS::Serverless::Function, Properties: {CodeUri: s3://b/k, Handler: h, Runtime: python3.13, ` + extra + `}}}`
	}
	for name, test := range map[string]struct{ template, want string }{
		"deployment": {function(`AutoPublishAlias: live, DeploymentPreference: {Type: AllAtOnce}`), "[Hello] is invalid. Property 'DeploymentPreference' is not supported by this AWS."},
		"image":      {function(`PackageType: Image`), "[Hello] is invalid. PackageType 'Image' is not supported by this AWS."},
		"package":    {function(`PackageType: Tar`), "[Hello] is invalid. invalid 'PackageType' : Tar"},
		"http api":   {function(`Events: {Root: {Type: HttpApi}}`), "[Hello] is invalid. Event with id [Root] is invalid. Event type 'HttpApi' is not supported by this AWS."},
		"queue":      {function(`Events: {N: {Type: SNS, Properties: {Topic: t, SqsSubscription: true}}}`), "Event with id [N] is invalid. Property 'SqsSubscription' is not supported by this AWS."},
		"event":      {function(`Events: {N: {Type: SNS, Properties: {}}}`), "[HelloN] is invalid. Missing required property 'Topic'."},
		"state":      {function(`Events: {N: {Type: Schedule, Properties: {Schedule: x, State: ENABLED, Enabled: true}}}`), "Event with id [N] is invalid. State and Enabled Properties cannot both be specified."},
		"url":        {function(`FunctionUrlConfig: {AuthType: NONE, Colour: red}`), "[Hello] is invalid. property Colour not defined for FunctionUrlConfig"},
		"table":      {`Resources: {T: {Type: AWS::Serverless::SimpleTable}}`, "[T] is invalid. Resource type 'AWS::Serverless::SimpleTable' is not supported by this AWS."},
		"connectors": {`Resources: {T: {Type: AWS::SNS::Topic, Connectors: {}}}`, "[T] is invalid. Attribute 'Connectors' is not supported by this AWS."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Expand(parse(t, []byte(test.template)), nil)
			const start = "Invalid Serverless Application Specification document. Number of errors found: 1. Resource with id "
			if err == nil || !strings.HasPrefix(err.Error(), start) || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("got %v, want %s...%s", err, start, test.want)
			}
		})
	}
}

// TestVersionHash holds the two hashes that are known from AWS.
func TestVersionHash(t *testing.T) {
	for extra, want := range map[string]string{"": "HelloVersionc78498db53", "MemorySize: 256": "HelloVersion0ffffe181c"} {
		template := parse(t, []byte(`Resources: {Hello: {Type: AWS::Serverless::Function, Properties: {CodeUri: s3://bkt/abc123,
			Handler: h, Runtime: python3.13, AutoPublishAlias: live, `+extra+`}}}`))
		before := clone(template)
		out, err := Expand(template, nil)
		if err != nil {
			t.Fatal(err)
		}
		if mapOf(mapOf(out["Resources"])[want])["DeletionPolicy"] != "Retain" {
			t.Errorf("no %s that is retained in %v", want, out["Resources"])
		}
		if diff := cmp.Diff(before, template); diff != "" {
			t.Errorf("the template was changed:\n%s", diff)
		}
	}
}
