package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

func TestParse(t *testing.T) {
	const head = `{"Version":"2012-10-17","Statement":`
	for _, test := range []struct {
		name string
		kind policy.Kind
		text string
		want string // the fault, empty for none
	}{
		{"one statement", policy.Identity, head + `{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`, ""},
		{"list", policy.Identity, head + `[{"Sid":"a","Effect":"Deny","NotAction":["iam:*"],"NotResource":["arn:aws:s3:::b/*"]}]}`, ""},
		{"condition", policy.Identity, head + `[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true},"NumericLessThan":{"s3:max-keys":10},"StringEqualsIfExists":{"a:b":["c"]}}}]}`, ""},
		{"trust", policy.Trust, head + `{"Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"},"Action":"sts:AssumeRole"}}`, ""},
		{"trust of 2008", policy.Trust, `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}}`, ""},
		{"resource", policy.Resource, head + `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}}`, ""},

		{"empty", policy.Identity, "", "Syntax errors in policy."},
		{"not JSON", policy.Identity, "{", "Syntax errors in policy."},
		{"two values", policy.Identity, head + `{"Effect":"Allow","Action":"s3:*","Resource":"*"}} {}`, "Syntax errors in policy."},
		{"key twice", policy.Identity, head + `{"Effect":"Deny","Effect":"Allow","Action":"s3:*","Resource":"*"}}`, "Syntax errors in policy."},
		{"unknown element", policy.Identity, head + `{"Effect":"Allow","Action":"s3:*","Resource":"*","Extra":1}}`, "Syntax errors in policy."},
		{"unknown operator", policy.Identity, head + `{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringSame":{"a":"b"}}}}`, "Syntax errors in policy."},
		{"Null if it exists", policy.Identity, head + `{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"NullIfExists":{"a":"true"}}}}`, "Syntax errors in policy."},
		{"no statement", policy.Identity, `{"Version":"2012-10-17"}`, "Syntax errors in policy."},
		{"no version", policy.Identity, `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`, "Policy document must be version 2012-10-17 or greater."},
		{"another version", policy.Identity, `{"Version":"2020-01-01","Statement":[]}`, "Syntax errors in policy."},
		{"effect in lower case", policy.Identity, head + `{"Effect":"allow","Action":"s3:*","Resource":"*"}}`, "The policy failed legacy parsing"},
		{"no effect", policy.Identity, head + `{"Action":"s3:*","Resource":"*"}}`, "Syntax errors in policy."},
		{"no action", policy.Identity, head + `{"Effect":"Allow","Resource":"*"}}`, "Policy statement must contain actions."},
		{"no resource", policy.Identity, head + `{"Effect":"Allow","Action":"s3:*"}}`, "Policy statement must contain resources."},
		{"no vendor", policy.Identity, head + `{"Effect":"Allow","Action":"GetObject","Resource":"*"}}`, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{"two colons", policy.Identity, head + `{"Effect":"Allow","Action":"s3:Get:Object","Resource":"*"}}`, "Actions/Condition can contain only one colon."},
		{"bad vendor", policy.Identity, head + `{"Effect":"Allow","Action":"s 3:Get","Resource":"*"}}`, "Vendor s 3 is not valid"},
		{"resource no ARN", policy.Identity, head + `{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}}`, `Resource bucket must be in ARN format or "*".`},
		{"partition", policy.Identity, head + `{"Effect":"Allow","Action":"s3:*","Resource":"arn:azure:s3:::b"}}`, `Partition "azure" is not valid for resource "arn:azure:s3:::b".`},
		{"sid with a space", policy.Identity, head + `{"Sid":"a b","Effect":"Allow","Action":"s3:*","Resource":"*"}}`, "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"},
		{"sid with a space in a bucket's", policy.Resource, head + `{"Sid":"a b","Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}`, ""},
		{"no date", policy.Identity, head + `{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}}}`, "The policy failed legacy parsing"},
		{"a date of a variable", policy.Identity, head + `{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"${aws:PrincipalTag/until}"}}}}`, ""},
		{"region of IAM", policy.Identity, head + `{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam:eu-central-1:123456789012:role/r"}}`, "IAM resource arn:aws:iam:eu-central-1:123456789012:role/r cannot contain region information."},
		{"no path of IAM", policy.Identity, head + `{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::123456789012:r"}}`, `IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.`},
		{"region of S3", policy.Identity, head + `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:eu-central-1::b"}}`, "Resource arn:aws:s3:eu-central-1::b can not contain region information."},
		{"version null", policy.Trust, `{"Version":null,"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`, "Syntax errors in policy."},
		{"principal with a star in it", policy.Trust, head + `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/*"},"Action":"sts:AssumeRole"}}`, `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:user/*"`},
		{"a group is no principal", policy.Trust, head + `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:group/g"},"Action":"sts:AssumeRole"}}`, `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:group/g"`},
		{"too long", policy.Identity, head + `{"Effect":"Allow","Action":"s3:*","Resource":"*"}}` + strings.Repeat(" ", 1<<18), "Syntax errors in policy."},
		{"sid twice", policy.Identity, head + `[{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"}]}`, "Statement IDs (SID) in a single policy must be unique."},
		{"principal", policy.Identity, head + `{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}`, "Policy document should not specify a principal."},
		{"trust without principal", policy.Trust, head + `{"Effect":"Allow","Action":"sts:AssumeRole"}}`, "Missing required field Principal"},
		{"trust with resource", policy.Trust, head + `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}}`, "Has prohibited field Resource"},
		{"trust of S3", policy.Trust, head + `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}}`, "AssumeRole policy may only specify STS AssumeRole actions."},
		{"no principal of AWS", policy.Trust, head + `{"Effect":"Allow","Principal":{"AWS":"me"},"Action":"sts:AssumeRole"}}`, `Invalid principal in policy: "AWS":"me"`},
		{"no service", policy.Trust, head + `{"Effect":"Allow","Principal":{"Service":"codebuild"},"Action":"sts:AssumeRole"}}`, `Invalid principal in policy: "SERVICE":"codebuild"`},
		{"kind of principal", policy.Trust, head + `{"Effect":"Allow","Principal":{"Person":"me"},"Action":"sts:AssumeRole"}}`, "Syntax errors in policy."},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := policy.Parse(test.text, test.kind)
			got := ""
			if fault, ok := errors.AsType[*policy.Error](err); ok {
				got = fault.Message
			} else if err != nil {
				t.Fatalf("not an *Error: %v", err)
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func parse(t *testing.T, kind policy.Kind, statement string) *policy.Document {
	t.Helper()
	if statement == "" {
		return nil
	}
	doc, err := policy.Parse(`{"Version":"2012-10-17","Statement":[`+statement+`]}`, kind)
	if err != nil {
		t.Fatalf("%v: %s", err, statement)
	}
	return doc
}

// anna is the caller of the tests.
var anna = policy.Caller{ARN: "arn:aws:iam::123456789012:user/anna", Account: "123456789012"}

func TestEvaluate(t *testing.T) {
	const (
		allowGet = `{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"}`
		allowAll = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	)
	session := policy.Caller{ARN: "arn:aws:sts::123456789012:assumed-role/r/s", RoleARN: "arn:aws:iam::123456789012:role/r", Account: "123456789012"}
	for _, test := range []struct {
		name                                   string
		identity, resource, boundary, sessions string
		action, on                             string
		caller                                 policy.Caller
		context                                policy.Context
		want                                   policy.Decision
		in                                     string
	}{
		{name: "allowed", identity: allowGet, want: policy.Allowed, in: "identity-based policy"},
		{name: "case of the action", identity: allowGet, action: "S3:getobject", want: policy.Allowed, in: "identity-based policy"},
		{name: "nothing", want: policy.ImplicitDeny, in: "identity-based policy"},
		{name: "another action", identity: allowGet, action: "s3:PutObject", want: policy.ImplicitDeny, in: "identity-based policy"},
		{name: "another resource", identity: allowGet, on: "arn:aws:s3:::c/x", want: policy.ImplicitDeny, in: "identity-based policy"},
		{name: "explicit deny", identity: allowAll + `,{"Effect":"Deny","Action":"s3:*","Resource":"*"}`, want: policy.ExplicitDeny, in: "identity-based policy"},
		{name: "NotAction", identity: `{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, want: policy.Allowed, in: "identity-based policy"},
		{name: "NotResource", identity: `{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::b/*"}`, want: policy.ImplicitDeny, in: "identity-based policy"},
		{name: "question mark", identity: `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::?/?"}`, want: policy.Allowed, in: "identity-based policy"},
		{name: "star within a segment", identity: `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:*:*:b/x"}`, want: policy.Allowed, in: "identity-based policy"},

		{name: "boundary", identity: allowAll, boundary: `{"Effect":"Allow","Action":"iam:*","Resource":"*"}`, want: policy.ImplicitDeny, in: "permissions boundary"},
		{name: "boundary alone", boundary: allowAll, want: policy.ImplicitDeny, in: "identity-based policy"},
		{name: "session policy", identity: allowAll, sessions: `{"Effect":"Allow","Action":"iam:*","Resource":"*"}`, want: policy.ImplicitDeny, in: "session policy"},
		{name: "denied by the boundary", identity: allowAll, boundary: allowAll + `,{"Effect":"Deny","Action":"s3:*","Resource":"*"}`, want: policy.ExplicitDeny, in: "permissions boundary"},

		{name: "resource for the user", resource: `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/anna"},"Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`, want: policy.Allowed, in: "resource-based policy"},
		{name: "resource for the account", resource: `{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`, want: policy.ImplicitDeny, in: "identity-based policy"},
		{name: "resource for a stranger", resource: `{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`, want: policy.ImplicitDeny, in: "identity-based policy"},
		{name: "resource for all but", resource: `{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:user/otto"},"Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`, identity: allowAll, want: policy.ExplicitDeny, in: "resource-based policy"},
		{name: "resource for a role, bounded", caller: session, resource: `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/r"},"Action":"s3:*","Resource":"*"}`, boundary: `{"Effect":"Allow","Action":"iam:*","Resource":"*"}`, want: policy.ImplicitDeny, in: "permissions boundary"},
		{name: "resource for a session, bounded", caller: session, resource: `{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::123456789012:assumed-role/r/s"},"Action":"s3:*","Resource":"*"}`, boundary: `{"Effect":"Allow","Action":"iam:*","Resource":"*"}`, want: policy.Allowed, in: "resource-based policy"},
		{name: "resource for all but, in full", resource: `{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::123456789012:user/anna","arn:aws:iam::123456789012:root"]},"Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`, identity: allowAll, want: policy.Allowed, in: "identity-based policy"},
		{name: "resource for all but, without the account", resource: `{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:user/anna"},"Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`, identity: allowAll, want: policy.ExplicitDeny, in: "resource-based policy"},
		{name: "resource for all but a role, without its session", caller: session, resource: `{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::123456789012:role/r","arn:aws:iam::123456789012:root"]},"Action":"s3:*","Resource":"*"}`, identity: allowAll, want: policy.ExplicitDeny, in: "resource-based policy"},
		{name: "resource for all but a session", caller: session, resource: `{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::123456789012:role/r","arn:aws:sts::123456789012:assumed-role/r/s","123456789012"]},"Action":"s3:*","Resource":"*"}`, identity: allowAll, want: policy.Allowed, in: "identity-based policy"},
		{name: "resource for everybody, session policy", caller: session, resource: `{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}`, sessions: `{"Effect":"Allow","Action":"iam:*","Resource":"*"}`, want: policy.ImplicitDeny, in: "session policy"},
		{name: "resource for a session, session policy", caller: session, resource: `{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::123456789012:assumed-role/r/s"},"Action":"s3:*","Resource":"*"}`, sessions: `{"Effect":"Allow","Action":"iam:*","Resource":"*"}`, want: policy.Allowed, in: "resource-based policy"},
		{name: "resource for the account, role", caller: session, identity: allowGet, resource: `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"s3:*","Resource":"*"}`, want: policy.Allowed, in: "identity-based policy"},
		{name: "denied by the session policy", caller: session, identity: allowAll, sessions: allowAll + `,{"Effect":"Deny","Action":"s3:*","Resource":"*"}`, want: policy.ExplicitDeny, in: "session policy"},
		{name: "a service by its own name", caller: policy.Caller{Service: "events.amazonaws.com"}, resource: `{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"s3:*","Resource":"*"}`, want: policy.Allowed, in: "resource-based policy"},
		{name: "a service that is not named", caller: policy.Caller{Service: "events.amazonaws.com"}, resource: `{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"s3:*","Resource":"*"}`, want: policy.ImplicitDeny, in: "resource-based policy"},
		{name: "resource denies insecure transport", identity: allowAll, context: policy.Context{"aws:securetransport": {"false"}}, resource: `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`, want: policy.ExplicitDeny, in: "resource-based policy"},

		{name: "variable", identity: `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}"}`, context: policy.Context{"aws:username": {"x"}}, want: policy.Allowed, in: "identity-based policy"},
		{name: "variable with a star in its value", identity: `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}"}`, context: policy.Context{"aws:username": {"*"}}, want: policy.ImplicitDeny, in: "identity-based policy"},
		{name: "variable without a value", identity: `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}"}`, want: policy.ImplicitDeny, in: "identity-based policy"},
		{name: "variable with a default", identity: `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username, 'x'}"}`, want: policy.Allowed, in: "identity-based policy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/x", Caller: anna, Context: test.context}
			if test.action != "" {
				request.Action = test.action
			}
			if test.on != "" {
				request.Resource = test.on
			}
			if test.caller != (policy.Caller{}) {
				request.Caller = test.caller
			}
			all := policy.Policies{Resource: parse(t, policy.Resource, test.resource), Boundary: parse(t, policy.Identity, test.boundary)}
			if doc := parse(t, policy.Identity, test.identity); doc != nil {
				all.Identity = []*policy.Document{doc}
			}
			if doc := parse(t, policy.Identity, test.sessions); doc != nil {
				all.Session = []*policy.Document{doc}
			}
			got := policy.Evaluate(request, all)
			if got.Decision != test.want || got.In != test.in {
				t.Errorf("got %v by %q, want %v by %q", got.Decision, got.In, test.want, test.in)
			}
			if (got.Statement == nil) != (got.Decision == policy.ImplicitDeny) {
				t.Errorf("statement %+v", got.Statement)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	context := policy.Context{
		"aws:sourceip": {"10.1.2.3"}, "aws:username": {"Anna"}, "s3:max-keys": {"10"}, "aws:currenttime": {"2026-11-23T04:00:00Z"},
		"aws:tagkeys": {"a", "b"}, "aws:sourcearn": {"arn:aws:codebuild:eu-central-1:123456789012:project/p"}, "aws:securetransport": {"true"},
		"aws:empty": {""}, "aws:binary": {"QQ=="},
	}
	for condition, want := range map[string]bool{
		`"StringEquals":{"aws:username":"Anna"}`:                                        true,
		`"StringEquals":{"AWS:USERNAME":["x","Anna"]}`:                                  true,
		`"StringEquals":{"aws:username":"anna"}`:                                        false,
		`"StringEqualsIgnoreCase":{"aws:username":"anna"}`:                              true,
		`"StringNotEquals":{"aws:username":"Otto"}`:                                     true,
		`"StringNotEquals":{"aws:username":["Otto","Anna"]}`:                            false,
		`"StringNotEquals":{"aws:missing":"x"}`:                                         true,
		`"StringLike":{"aws:username":"A*a"}`:                                           true,
		`"StringNotLike":{"aws:username":"A*a"}`:                                        false,
		`"StringEquals":{"aws:missing":"x"}`:                                            false,
		`"StringEqualsIfExists":{"aws:missing":"x"}`:                                    true,
		`"NumericLessThanEquals":{"s3:max-keys":10}`:                                    true,
		`"NumericGreaterThan":{"s3:max-keys":"10"}`:                                     false,
		`"NumericEquals":{"aws:username":"1"}`:                                          false,
		`"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}`:                  true,
		`"DateLessThan":{"aws:CurrentTime":"2026-01-01"}`:                               false,
		`"Bool":{"aws:SecureTransport":"true"}`:                                         true,
		`"Bool":{"aws:SecureTransport":false}`:                                          false,
		`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`:                                     true,
		`"NotIpAddress":{"aws:SourceIp":["10.1.2.3","192.168.0.0/16"]}`:                 false,
		`"ArnLike":{"aws:SourceArn":"arn:aws:codebuild:*:123456789012:project/*"}`:      true,
		`"ArnEquals":{"aws:SourceArn":"arn:aws:codebuild:*:123456789012:*"}`:            true,
		`"ArnLike":{"aws:SourceArn":"arn:aws:codebuild:*:999999999999:project/*"}`:      false,
		`"ArnNotLike":{"aws:SourceArn":"arn:aws:s3:::*"}`:                               true,
		`"Null":{"aws:missing":"true"}`:                                                 true,
		`"Null":{"aws:username":"true"}`:                                                false,
		`"ForAllValues:StringEquals":{"aws:TagKeys":["a","b","c"]}`:                     true,
		`"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}`:                             false,
		`"ForAllValues:StringEquals":{"aws:missing":["a"]}`:                             true,
		`"ForAnyValue:StringEquals":{"aws:TagKeys":["b","z"]}`:                          true,
		`"ForAnyValue:StringEquals":{"aws:TagKeys":["z"]}`:                              false,
		`"ForAnyValue:StringEquals":{"aws:missing":["z"]}`:                              false,
		`"StringEquals":{"aws:username":"Anna"},"Bool":{"aws:SecureTransport":"false"}`: false,
		`"StringEquals":{"aws:username":"${aws:username}"}`:                             true,
		`"StringLike":{"aws:username":"${*}"}`:                                          false,
		`"BinaryEquals":{"aws:username":"QQ=="}`:                                        false,
		`"StringEquals":{"aws:username":"Anna","s3:max-keys":"11"}`:                     false,
		`"DateEquals":{"aws:CurrentTime":"1795406400"}`:                                 true,
		`"StringNotEqualsIgnoreCase":{"aws:username":"ANNA"}`:                           false,
		`"ForAllValues:StringNotEquals":{"aws:TagKeys":["c"]}`:                          true,
		`"ForAnyValue:StringNotEquals":{"aws:missing":["z"]}`:                           false,
		`"ForAllValues:StringEquals":{"aws:empty":["a"]}`:                               true,
		`"StringEquals":{"aws:empty":""}`:                                               true,
		`"StringNotEquals":{"aws:username":"${aws:missing}"}`:                           true,
		`"StringEquals":{"aws:username":"${aws:missing}"}`:                              false,
		`"StringEquals":{"aws:username":"${aws:missing, 'Anna'}"}`:                      true,
		`"StringLike":{"aws:username":"${*}nna"}`:                                       false,
		`"StringEqualsIfExists":{"aws:username":"Otto"}`:                                false,
		`"NumericNotEquals":{"s3:max-keys":10}`:                                         false,
		`"DateNotEquals":{"aws:CurrentTime":"2026-11-23T04:00:00Z"}`:                    false,
		`"DateLessThanEquals":{"aws:CurrentTime":"2026-11-23T05:00:00+01:00"}`:          true,
		`"NotIpAddressIfExists":{"aws:missing":"10.0.0.0/8"}`:                           true,
		`"ArnLike":{"aws:SourceArn":"arn:aws:codebuild:*"}`:                             true,
		`"ArnLike":{"aws:SourceArn":"arn:aws:*:project/p"}`:                             true,
		`"ArnNotEquals":{"aws:missing":"arn:aws:s3:::b"}`:                               true,
		`"BinaryEquals":{"aws:binary":"QQ=="}`:                                          true,
		`"Bool":{"aws:missing":"false"}`:                                                false,
		`"BoolIfExists":{"aws:missing":"false"}`:                                        true,
	} {
		doc := parse(t, policy.Identity, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{`+condition+`}}`)
		request := policy.Request{Action: "s3:ListBucket", Resource: "arn:aws:s3:::b", Caller: anna, Context: context}
		got := policy.Evaluate(request, policy.Policies{Identity: []*policy.Document{doc}}).Decision == policy.Allowed
		if got != want {
			t.Errorf("%s: got %v, want %v", condition, got, want)
		}
	}
}

func TestTrusts(t *testing.T) {
	codebuild := policy.Caller{Service: "codebuild.amazonaws.com"}
	for _, test := range []struct {
		name, statement string
		caller          policy.Caller
		context         policy.Context
		want            policy.Decision
		needsIdentity   bool
	}{
		{"service", `{"Effect":"Allow","Principal":{"Service":["codebuild.amazonaws.com"]},"Action":"sts:AssumeRole"}`, codebuild, nil, policy.Allowed, false},
		{"another service", `{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sts:AssumeRole"}`, codebuild, nil, policy.ImplicitDeny, false},
		{"another action", `{"Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"},"Action":"sts:TagSession"}`, codebuild, nil, policy.ImplicitDeny, false},
		{"denied", `{"Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"},"Action":"sts:*"},{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}`, codebuild, nil, policy.ExplicitDeny, false},
		{"account given", `{"Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"1"}}}`, codebuild, policy.Context{"aws:sourceaccount": {"1"}}, policy.Allowed, false},
		{"account differs", `{"Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"1"}}}`, codebuild, policy.Context{"aws:sourceaccount": {"2"}}, policy.ImplicitDeny, false},
		{"own account", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}`, anna, nil, policy.Allowed, true},
		{"the user", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/anna"},"Action":"sts:AssumeRole"}`, anna, nil, policy.Allowed, false},
		{"a service is not an account", `{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}`, codebuild, nil, policy.ImplicitDeny, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc := parse(t, policy.Trust, test.statement)
			got, needsIdentity := policy.Trusts(doc, policy.Request{Action: "sts:AssumeRole", Caller: test.caller, Context: test.context})
			if got != test.want || needsIdentity != test.needsIdentity {
				t.Errorf("got %v %v, want %v %v", got, needsIdentity, test.want, test.needsIdentity)
			}
		})
	}
}
