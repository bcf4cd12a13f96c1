package wire_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestWords sends what AWS's models do not allow, and wants AWS's words.
func TestWords(t *testing.T) {
	url := serve(t, nil)
	for _, c := range []struct{ name, service, target, body, want string }{
		{
			"null deep inside", "codepipeline", "CodePipeline_20150709.CreatePipeline",
			`{"pipeline":{"name":"p","roleArn":"arn:aws:iam::123456789012:role/r","stages":[{"name":"Source","actions":[{"name":"A"}]}]}}`,
			`{"__type":"ValidationException","message":"1 validation error detected: Value null at 'pipeline.stages.1.member.actions.1.member.actionTypeId' failed to satisfy constraint: Member must not be null"}`,
		},
		{
			"several", "codepipeline", "CodePipeline_20150709.CreatePipeline",
			`{"pipeline":{"name":"a b","roleArn":"arn:aws:iam::123456789012:role/r","stages":[],"pipelineType":"V3","version":0}}`,
			`3 validation errors detected: Value at 'pipeline.name' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9.@\\-_]+; ` +
				`Value at 'pipeline.pipelineType' failed to satisfy constraint: Member must satisfy enum value set: [V1, V2]; ` +
				`Value at 'pipeline.version' failed to satisfy constraint: Member must have value greater than or equal to 1"}`,
		},
		{
			"of another type", "codepipeline", "CodePipeline_20150709.CreatePipeline",
			`{"pipeline":{"name":7}}`,
			`{"__type":"SerializationException","message":"NUMBER_VALUE cannot be converted to String"}`,
		},
		{
			"no JSON", "codepipeline", "CodePipeline_20150709.CreatePipeline", `{"pipeline":`,
			`{"__type":"SerializationException","message":"Unable to parse the request body as JSON"}`,
		},
		{
			"missing name", "codecommit", "CodeCommit_20150413.GetRepository", `{}`,
			`{"__type":"RepositoryNameRequiredException","message":"A repository name is required, but was not specified."}`,
		},
		{
			"wrong target", "codecommit", "CodeCommit_2015.GetRepository", `{}`, `{"__type":"UnknownOperationException"}`,
		},
		{
			"query", "cloudformation", "", "Action=CreateStack&StackName=my_stack&Version=2010-05-15",
			`<Error><Type>Sender</Type><Code>ValidationError</Code><Message>1 validation error detected: Value &apos;my_stack&apos; at &apos;stackName&apos; failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*</Message></Error>`,
		},
		{
			"a list in a query", "cloudformation", "", "Action=CreateStack&StackName=x&Capabilities.member.2=NO&Capabilities.member.1=CAPABILITY_IAM&Version=2010-05-15",
			`Value &apos;[CAPABILITY_IAM, NO]&apos; at &apos;capabilities&apos; failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [CAPABILITY_IAM, CAPABILITY_NAMED_IAM, CAPABILITY_AUTO_EXPAND]]`,
		},
		{
			"no action", "cloudformation", "", "Version=2010-05-15",
			`<Code>MissingAction</Code><Message>The request must contain the parameter Action.</Message>`,
		},
		{
			"a broken form", "cloudformation", "", "Action=CreateStack&%zz",
			`<Code>MalformedQueryString</Code><Message>Malformed query string</Message>`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := signed(t, c.service, url+"/", c.body, time.Now()) //nolint:forbidigo // the SDK signs by the same clock
			if c.target != "" {
				r.Header.Set("X-Amz-Target", c.target)
			}
			status, body := do(t, r)
			body = strings.ReplaceAll(body, "'", "&apos;")
			if want := strings.ReplaceAll(c.want, "'", "&apos;"); status != http.StatusBadRequest || !strings.Contains(body, want) {
				t.Errorf("%d %s\nwant %s", status, body, want)
			}
		})
	}
}
