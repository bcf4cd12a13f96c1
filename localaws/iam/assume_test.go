package iam_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

func TestAssumeForService(t *testing.T) {
	w, ctx := open(t), t.Context()
	role := w.role(t, "build", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"},"Action":"sts:AssumeRole",
		"Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"},"ArnLike":{"aws:SourceArn":"arn:aws:codebuild:*:123456789012:project/*"}}}]}`)
	sess := service.Session{
		RoleARN: *role.Arn, Name: "AWSCodeBuild-1", Service: "codebuild.amazonaws.com", SourceARN: "arn:aws:codebuild:eu-central-1:123456789012:project/p",
	}
	key := must(w.AssumeForService(ctx, sess))(t)
	p := key.Principal
	if p.ARN != "arn:aws:sts::123456789012:assumed-role/build/AWSCodeBuild-1" || p.UserID != *role.RoleId+":AWSCodeBuild-1" || p.RoleARN != *role.Arn ||
		p.Service != "codebuild.amazonaws.com" || p.SourceARN != sess.SourceARN || p.AccessKeyID != key.AccessKeyID {
		t.Errorf("principal %+v", p)
	}
	if !strings.HasPrefix(key.AccessKeyID, "ASIA") || key.SessionToken == "" || !key.Expires.Equal(w.now.Add(time.Hour)) {
		t.Errorf("key %+v", key)
	}
	w.reopen(t)
	if got, ok := w.Key(key.AccessKeyID); !ok || got.SecretAccessKey != key.SecretAccessKey || got.SessionToken != key.SessionToken || !reflect.DeepEqual(got.Principal, p) {
		t.Errorf("after a restart: %v %+v", ok, got)
	}
	w.now = w.now.Add(3 * time.Hour)
	must(w.AssumeForService(ctx, sess))(t)
	if _, ok := w.Key(key.AccessKeyID); ok {
		t.Error("a key that expired long ago is still known")
	}

	const words = "is not authorized to perform: sts:AssumeRole on resource: "
	for name, change := range map[string]func(s *service.Session){
		"events.amazonaws.com":    func(s *service.Session) { s.Service = "events.amazonaws.com" },
		"codebuild.amazonaws.com": func(s *service.Session) { s.SourceARN = "arn:aws:codebuild:eu-central-1:999999999999:project/p" },
		"lambda.amazonaws.com": func(s *service.Session) {
			s.Service, s.RoleARN = "lambda.amazonaws.com", "arn:aws:iam::123456789012:role/none"
		},
	} {
		bad := sess
		change(&bad)
		_, err := w.AssumeForService(ctx, bad)
		wantError(t, err, "AccessDenied", "User: "+name+" "+words+bad.RoleARN)
	}

	// With no role it is the caller that the session belongs to.
	_, err := w.AssumeForService(ctx, service.Session{Service: "cloudformation.amazonaws.com"})
	wantError(t, err, "AccessDenied", "User: anonymous "+words+"*")
	own := must(w.AssumeForService(identity.With(ctx, root.Principal), service.Session{Service: "cloudformation.amazonaws.com"}))(t)
	if own.Principal.ARN != root.Principal.ARN || own.AccessKeyID == root.AccessKeyID || own.Principal.Service != "cloudformation.amazonaws.com" {
		t.Errorf("the caller's session %+v", own)
	}
}

// TestServiceInItsOwnName has EventBridge call a target that has no role.
func TestServiceInItsOwnName(t *testing.T) {
	w := open(t)
	const principal, rule = "events.amazonaws.com", "arn:aws:events:eu-central-1:123456789012:rule/r"
	ctx := identity.With(t.Context(), identity.Principal{Account: account, Service: principal, SourceARN: rule})
	key := must(w.AssumeForService(ctx, service.Session{Service: principal, SourceARN: rule}))(t)
	want := identity.Principal{Account: account, Service: principal, SourceARN: rule, AccessKeyID: key.AccessKeyID}
	if known, ok := w.Key(key.AccessKeyID); !ok || !reflect.DeepEqual(known.Principal, want) {
		t.Errorf("the session is of %+v, want %+v", known.Principal, want)
	}
	// It has no policies of its own.
	if result := must(w.Decide(want, policy.Access{Action: "lambda:InvokeFunction"}))(t); result.Decision != policy.ImplicitDeny {
		t.Errorf("decision %+v", result)
	}
	role := w.role(t, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sts:AssumeRole",
		"Condition":{"Bool":{"aws:PrincipalIsAWSService":"true"},"StringEquals":{"aws:SourceAccount":"123456789012"},"ArnEquals":{"aws:SourceArn":"`+rule+`"}}}]}`)
	if result := must(w.Decide(want, policy.Access{Action: "sts:AssumeRole", Resources: []string{*role.Arn}}))(t); result.Decision != policy.Allowed {
		t.Errorf("decision %+v", result)
	}
	_, err := w.AssumeForService(ctx, service.Session{Service: "cloudformation.amazonaws.com"})
	wantError(t, err, "AccessDenied", "User: "+principal+" is not authorized to perform: sts:AssumeRole on resource: *")
}

// TestSessionWithinAPolicy has a service open a session that may do less than its role.
func TestSessionWithinAPolicy(t *testing.T) {
	w, ctx := open(t), t.Context()
	role := w.role(t, "pipeline", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"codepipeline.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)
	must(w.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{RoleName: role.RoleName, PolicyName: aws.String("all"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)}))(t)
	sess := service.Session{RoleARN: *role.Arn, Service: "codepipeline.amazonaws.com"}
	whole := must(w.AssumeForService(ctx, sess))(t)
	sess.Policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/in"}]}`
	narrow := must(w.AssumeForService(ctx, sess))(t)
	forwarded := must(w.AssumeForService(identity.With(ctx, whole.Principal), service.Session{Service: sess.Service, Policy: sess.Policy}))(t)
	for _, test := range []struct {
		name     string
		key      identity.Key
		resource string
		want     policy.Decision
	}{
		{"the whole role", whole, "arn:aws:s3:::b/other", policy.Allowed},
		{"what the policy names", narrow, "arn:aws:s3:::b/in", policy.Allowed},
		{"what it does not name", narrow, "arn:aws:s3:::b/other", policy.ImplicitDeny},
		{"a session of the session", forwarded, "arn:aws:s3:::b/in", policy.Allowed},
		{"what that does not name", forwarded, "arn:aws:s3:::b/other", policy.ImplicitDeny},
	} {
		made := must(w.Decide(test.key.Principal, policy.Access{Action: "s3:GetObject", Resources: []string{test.resource}}))(t)
		if made.Decision != test.want {
			t.Errorf("%s: %v, want %v", test.name, made.Decision, test.want)
		}
	}
}
