package localaws_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mayfly-cd/mayfly/localaws"
)

// last returns the last decision on the action.
func last(t *testing.T, s *localaws.Server, action string) localaws.Decision {
	t.Helper()
	for _, decision := range slices.Backward(s.Decisions()) {
		if decision.Action == action {
			return decision
		}
	}
	t.Fatalf("nothing was decided on %s", action)
	return localaws.Decision{}
}

// user makes a user with a policy and returns the world as that user sees it.
func (w *world) user(name, document string) *world {
	w.t.Helper()
	must(w.iam.CreateUser(w.t.Context(), &iam.CreateUserInput{UserName: aws.String(name)}))(w.t)
	if document != "" {
		must(w.iam.PutUserPolicy(w.t.Context(), &iam.PutUserPolicyInput{
			UserName: aws.String(name), PolicyName: aws.String("own"), PolicyDocument: aws.String(document),
		}))(w.t)
	}
	key := must(w.iam.CreateAccessKey(w.t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String(name)}))(w.t).AccessKey
	return dial(w.t, w.url, aws.Credentials{AccessKeyID: *key.AccessKeyId, SecretAccessKey: *key.SecretAccessKey})
}

// TestDecisionsAreRecorded calls as the account, as users and as a role: all are
// served, and what IAM makes of each is on record.
func TestDecisionsAreRecorded(t *testing.T) {
	var log bytes.Buffer
	w, s := newWorld(t, localaws.Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	const arn = "arn:aws:codecommit:" + region + ":" + account + ":"
	create := func(w *world, name string) {
		t.Helper()
		must(w.codecommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: aws.String(name)}))(t)
	}
	want := func(action string, want localaws.Decision) {
		t.Helper()
		got := last(t, s, action)
		if got.Time.IsZero() {
			t.Error("the decision has no time")
		}
		want.Time, want.Action = got.Time, action
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	root := "arn:aws:iam::" + account + ":root"
	create(w, "by-root")
	want("codecommit:CreateRepository", localaws.Decision{Principal: root, Resources: []string{arn + "by-root"}, Allowed: true})

	ann := w.user("ann", allow("codecommit:Get*", "sts:AssumeRole"))
	create(ann, "by-ann")
	want("codecommit:CreateRepository", localaws.Decision{
		Principal: "arn:aws:iam::" + account + ":user/ann", Resources: []string{arn + "by-ann"},
		Why: "no identity-based policy allows the codecommit:CreateRepository action",
	})
	must(ann.codecommit.GetRepository(t.Context(), &codecommit.GetRepositoryInput{RepositoryName: aws.String("by-ann")}))(t)
	want("codecommit:GetRepository", localaws.Decision{
		Principal: "arn:aws:iam::" + account + ":user/ann", Resources: []string{arn + "by-ann"}, Allowed: true,
	})

	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"` + account + `"}}]}`
	role := must(w.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("tester"), AssumeRolePolicyDocument: aws.String(trust)}))(t).Role
	must(w.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: role.RoleName, PolicyName: aws.String("own"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`)}))(t)
	assumed := must(sts.NewFromConfig(ann.cfg).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: role.Arn, RoleSessionName: aws.String("now")}))(t).Credentials
	want("sts:AssumeRole", localaws.Decision{Principal: "arn:aws:iam::" + account + ":user/ann", Resources: []string{*role.Arn}, Allowed: true})
	session := dial(t, w.url, aws.Credentials{AccessKeyID: *assumed.AccessKeyId, SecretAccessKey: *assumed.SecretAccessKey, SessionToken: *assumed.SessionToken})
	principal := "arn:aws:sts::" + account + ":assumed-role/tester/now"
	create(session, "by-role")
	want("codecommit:CreateRepository", localaws.Decision{Principal: principal, Resources: []string{arn + "by-role"}, Allowed: true})
	must(session.s3.ListBuckets(t.Context(), &s3.ListBucketsInput{}))(t)
	want("s3:ListAllMyBuckets", localaws.Decision{Principal: principal, Resources: []string{"*"}, Why: "an explicit deny in an identity-based policy"})

	// The policies of a moment ago do not stick.
	must(w.iam.DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: role.RoleName, PolicyName: aws.String("own")}))(t)
	create(session, "by-role-still")
	want("codecommit:CreateRepository", localaws.Decision{
		Principal: principal, Resources: []string{arn + "by-role-still"},
		Why: "no identity-based policy allows the codecommit:CreateRepository action",
	})
	// Everybody may ask who they are.
	must(sts.NewFromConfig(session.cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))(t)
	if got := last(t, s, "sts:GetCallerIdentity"); !got.Allowed {
		t.Errorf("got %+v", got)
	}
	if err := s.Close(); err != nil { // the log is nobody else's now
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "allowed=false") || !strings.Contains(log.String(), "msg=decision") {
		t.Errorf("the log says nothing of decisions:\n%s", log.String())
	}
}

// TestGitIsDecidedToo pushes as the account and as a user who may only pull.
func TestGitIsDecidedToo(t *testing.T) {
	w, s := newWorld(t, localaws.Options{})
	must(w.codecommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: aws.String("app")}))(t)
	git := newCheckout(t)
	git.commit("first")
	git.push(w, "app")
	if got := last(t, s, "codecommit:GitPush"); !got.Allowed || got.Resources[0] != "arn:aws:codecommit:"+region+":"+account+":app" {
		t.Errorf("the account's push: %+v", got)
	}
	ann := w.user("ann", allow("codecommit:GitPull"))
	git.commit("second")
	git.push(ann, "app")
	if got := last(t, s, "codecommit:GitPush"); got.Allowed || got.Principal != "arn:aws:iam::"+account+":user/ann" {
		t.Errorf("ann's push: %+v", got)
	}
	git.git("ls-remote", ann.remote("app", ann.keys.SecretAccessKey))
	if got := last(t, s, "codecommit:GitPull"); !got.Allowed {
		t.Errorf("ann's pull: %+v", got)
	}
}

// TestOldDecisionsAreForgotten makes more than are kept.
func TestOldDecisionsAreForgotten(t *testing.T) {
	s := start(t, localaws.Options{})
	const kept = 1024
	for i := range kept + 10 {
		s.Decide(t.Context(), "test:"+strconv.Itoa(i))
	}
	got := s.Decisions()
	if len(got) != kept || got[0].Action != "test:10" || got[kept-1].Action != fmt.Sprintf("test:%d", kept+9) {
		t.Errorf("%d are kept, from %s to %s", len(got), got[0].Action, got[len(got)-1].Action)
	}
}

// BenchmarkDecision is what a decision on a call with the account's own keys costs.
func BenchmarkDecision(b *testing.B) {
	s, err := localaws.Start(localaws.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		s.Decide(context.Background(), "codecommit:GetRepository")
	}
}

// TestDecisionsKnowLimits calls as sessions of a role that may do everything,
// within a boundary, a session policy, or a managed policy that is its own.
func TestDecisionsKnowLimits(t *testing.T) {
	w, s := newWorld(t, localaws.Options{})
	ann := w.user("ann", allow("sts:AssumeRole"))
	limit := must(w.iam.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String("limit"), PolicyDocument: aws.String(allow("s3:*"))}))(t).Policy.Arn
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"` + account + `"}}]}`
	for _, test := range []struct {
		name, why string
		role      iam.CreateRoleInput
		attached  *string
		session   sts.AssumeRoleInput
	}{
		{name: "unlimited"},
		{name: "bounded", why: "no permissions boundary allows", role: iam.CreateRoleInput{PermissionsBoundary: limit}},
		{name: "limited", why: "no session policy allows", session: sts.AssumeRoleInput{Policy: aws.String(allow("s3:*"))}},
		{name: "managed", why: "no identity-based policy allows", attached: limit},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.role.RoleName, test.role.AssumeRolePolicyDocument = aws.String(test.name), aws.String(trust)
			role := must(w.iam.CreateRole(t.Context(), &test.role))(t).Role
			if test.attached != nil {
				must(w.iam.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: role.RoleName, PolicyArn: test.attached}))(t)
			} else {
				must(w.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
					RoleName: role.RoleName, PolicyName: aws.String("all"), PolicyDocument: aws.String(allow("*")),
				}))(t)
			}
			test.session.RoleArn, test.session.RoleSessionName = role.Arn, aws.String("now")
			keys := must(sts.NewFromConfig(ann.cfg).AssumeRole(t.Context(), &test.session))(t).Credentials
			session := dial(t, w.url, aws.Credentials{AccessKeyID: *keys.AccessKeyId, SecretAccessKey: *keys.SecretAccessKey, SessionToken: *keys.SessionToken})
			must(session.s3.ListBuckets(t.Context(), &s3.ListBucketsInput{}))(t)
			if got := last(t, s, "s3:ListAllMyBuckets"); !got.Allowed || got.Why != "" {
				t.Errorf("what all of them may do: %+v", got)
			}
			must(session.codecommit.ListRepositories(t.Context(), &codecommit.ListRepositoriesInput{}))(t)
			got, want := last(t, s, "codecommit:ListRepositories"), ""
			if test.why != "" {
				want = test.why + " the codecommit:ListRepositories action"
			}
			if got.Allowed != (want == "") || got.Why != want {
				t.Errorf("what only one of them may do: %+v, want %q", got, want)
			}
		})
	}
}
