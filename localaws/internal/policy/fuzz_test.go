package policy_test

import (
	"strings"
	"testing"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// seeds are policies of every kind of element.
var seeds = []string{
	`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username}*?"}}`,
	`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":"*"},"NotAction":["a:b"],"NotResource":"*","Condition":{"Null":{"a":"b"}}}]}`,
	`{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"s","Effect":"Allow","NotPrincipal":{"Service":"sns.amazonaws.com"},"Action":"*","Resource":["*"],
	 "Condition":{"ForAllValues:StringLike":{"aws:TagKeys":["*a*b*c*"]},"NumericLessThan":{"s3:max-keys":1},"IpAddress":{"aws:SourceIp":"::/0"},"DateEquals":{"aws:CurrentTime":0}}}]}`,
	`{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["123456789012"],"Federated":"x"},"Action":"sts:AssumeRole",
	 "Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:*:*:*:*:*"},"BinaryEquals":{"a":"QQ=="},"StringEquals":{"a":"${a, 'b'}${*}"}}}]}`,
}

var kinds = []policy.Kind{policy.Identity, policy.Trust, policy.Resource}

func FuzzParse(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range kinds {
			doc, err := policy.Parse(text, kind)
			if (doc == nil) == (err == nil) {
				t.Fatal("want either a document or an error")
			}
			if err != nil {
				continue
			}
			for _, s := range doc.Statements {
				if s.Start < 0 || s.Start >= s.End || s.End > len(text) || !strings.HasSuffix(text[:s.End], "}") {
					t.Fatalf("a statement from %d to %d of %d", s.Start, s.End, len(text))
				}
			}
			doc.ContextKeys()
		}
	})
}

// FuzzEvaluate decides by any document on any request: as any of the policies
// that bear on it, and for every kind of caller.
func FuzzEvaluate(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed, "s3:GetObject", "arn:aws:s3:::b/x", "aws:username", "x")
	}
	f.Fuzz(func(t *testing.T, text, action, resource, key, value string) {
		context := policy.Context{}
		context.Set(key, value, action, resource)
		context.Set("aws:TagKeys", strings.Split(value, ",")...)
		for _, kind := range kinds {
			doc, err := policy.Parse(text, kind)
			if err != nil {
				continue
			}
			one := []*policy.Document{doc}
			for _, caller := range []policy.Caller{anna, {Service: value}, {ARN: value, RoleARN: resource, Account: key}} {
				request := policy.Request{Action: action, Resource: resource, Caller: caller, Context: context}
				for _, all := range []policy.Policies{
					{Identity: one}, {Resource: doc}, {Identity: one, Boundary: doc, Session: one, Resource: doc},
				} {
					result := policy.Evaluate(request, all)
					if (result.Statement == nil) != (result.Decision == policy.ImplicitDeny) || result.In == "" {
						t.Fatalf("%+v", result)
					}
					if again := policy.Evaluate(request, all); again != result {
						t.Fatalf("%+v, and then %+v", result, again)
					}
				}
				policy.Trusts(doc, request)
				policy.AllowsAnyone(doc, request)
				if len(doc.Matching(request, policy.Deny)) > 0 && policy.Evaluate(request, policy.Policies{Identity: one}).Decision != policy.ExplicitDeny {
					t.Fatal("a statement denies and is not heard")
				}
			}
		}
	})
}

// TestHugePolicies decides by policies that are made to take long.
func TestHugePolicies(t *testing.T) {
	stars := strings.Repeat("*a", 3000)
	doc := parse(t, policy.Identity, `{"Effect":"Allow","Action":"s3:`+stars+`","Resource":"arn:aws:s3:::`+stars+`","Condition":{"StringLike":{"a":"`+stars+`"}}}`)
	long := strings.Repeat("a", 2000)
	request := policy.Request{Action: "s3:" + long, Resource: "arn:aws:s3:::" + long, Caller: anna, Context: policy.Context{"a": {long}}}
	if result := policy.Evaluate(request, policy.Policies{Identity: []*policy.Document{doc}}); result.Decision != policy.ImplicitDeny {
		t.Errorf("%+v", result)
	}
	all := parse(t, policy.Identity, `{"Effect":"Allow","Action":"*","Resource":"*"}`)
	request.Context.Set("b", strings.Repeat("a", 100_000))
	if result := policy.Evaluate(request, policy.Policies{Identity: []*policy.Document{all}}); result.Decision != policy.ImplicitDeny {
		t.Errorf("a request with a huge value: %+v", result)
	}
	deep := strings.Repeat(`{"a":`, 20_000)
	if _, err := policy.Parse(deep, policy.Identity); err == nil {
		t.Error("a document of many levels is taken")
	}
}

func BenchmarkEvaluate(b *testing.B) {
	var statements []string
	for range 10 {
		statements = append(statements, `{"Effect":"Allow","Action":["codebuild:BatchGet*","codecommit:Git*"],"Resource":"arn:aws:codebuild:*:123456789012:project/p-*"}`)
	}
	statements = append(statements, `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username}/*"}`)
	doc := policy.Must(policy.Parse(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`, policy.Identity))
	request := policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::anna/x", Caller: anna, Context: policy.Context{"aws:username": {"anna"}}}
	b.ReportAllocs()
	for b.Loop() {
		if result := policy.Evaluate(request, policy.Policies{Identity: []*policy.Document{doc}}); result.Decision != policy.Allowed {
			b.Fatal(result)
		}
	}
}
