package localaws_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws"
)

// decisions keeps what IAM decided.
type decisions struct {
	mu  sync.Mutex // guards all
	all []localaws.Decision
}

func (d *decisions) add(made localaws.Decision) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, made)
}

// last returns the last decision on the action.
func (d *decisions) last(t *testing.T, action string) localaws.Decision {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, made := range slices.Backward(d.all) {
		if made.Action == action {
			return made
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

// denied is the code and the message of an error that must be a denial.
func denied(t *testing.T, err error) string {
	t.Helper()
	refused, ok := errors.AsType[smithy.APIError](err)
	if !ok || !strings.HasPrefix(refused.ErrorCode(), "AccessDenied") {
		t.Fatalf("got %v, want a denial", err)
	}
	return refused.ErrorMessage()
}

// TestIAMSaysNo calls as the account, as a user and as a role, who may do less
// and less; the words of each denial are AWS's.
func TestIAMSaysNo(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	const arn = "arn:aws:codecommit:" + region + ":" + account + ":"
	create := func(w *world, name string) error {
		_, err := w.codecommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: aws.String(name)})
		return err
	}
	if err := create(w, "by-root"); err != nil {
		t.Fatal(err)
	}
	ann := w.user("ann", allow("codecommit:Get*", "sts:AssumeRole"))
	if got, want := denied(t, create(ann, "by-ann")), "User: arn:aws:iam::"+account+":user/ann is not authorized to perform: codecommit:CreateRepository on resource: "+
		arn+"by-ann because no identity-based policy allows the codecommit:CreateRepository action"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	must(ann.codecommit.GetRepository(t.Context(), &codecommit.GetRepositoryInput{RepositoryName: aws.String("by-root")}))(t)

	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"` + account + `"}}]}`
	role := must(w.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("tester"), AssumeRolePolicyDocument: aws.String(trust)}))(t).Role
	must(w.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: role.RoleName, PolicyName: aws.String("own"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`)}))(t)
	assumed := must(sts.NewFromConfig(ann.cfg).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: role.Arn, RoleSessionName: aws.String("now")}))(t).Credentials
	session := dial(t, w.url, aws.Credentials{AccessKeyID: *assumed.AccessKeyId, SecretAccessKey: *assumed.SecretAccessKey, SessionToken: *assumed.SessionToken})
	const principal = "arn:aws:sts::" + account + ":assumed-role/tester/now"
	if err := create(session, "by-role"); err != nil {
		t.Fatal(err)
	}
	_, err := session.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: aws.String("by-role"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	})
	if got, want := denied(t, err), "User: "+principal+` is not authorized to perform: s3:CreateBucket on resource: "arn:aws:s3:::by-role" with an explicit deny in an identity-based policy`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// The policies of a moment ago do not stick.
	must(w.iam.DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: role.RoleName, PolicyName: aws.String("own")}))(t)
	denied(t, create(session, "by-role-still"))
	// Everybody may ask who they are.
	must(sts.NewFromConfig(session.cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))(t)
}

// TestDecisionsAreRecorded serves what IAM denies, and has it on record and in the log.
func TestDecisionsAreRecorded(t *testing.T) {
	var log bytes.Buffer
	var made decisions
	w, s := newWorld(t, localaws.Options{
		PermitAll: true, Decided: made.add, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	ann := w.user("ann", "")
	must(ann.codecommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: aws.String("by-ann")}))(t)
	got := made.last(t, "codecommit:CreateRepository")
	want := localaws.Decision{
		Principal: "arn:aws:iam::" + account + ":user/ann", Resources: []string{"arn:aws:codecommit:" + region + ":" + account + ":by-ann"},
		Why: "because no identity-based policy allows the codecommit:CreateRepository action",
	}
	if got.Time.IsZero() || got.Principal != want.Principal || got.Resources[0] != want.Resources[0] || got.Allowed || got.Why != want.Why {
		t.Errorf("got %+v, want %+v", got, want)
	}
	must(w.codecommit.GetRepository(t.Context(), &codecommit.GetRepositoryInput{RepositoryName: aws.String("by-ann")}))(t)
	if got := made.last(t, "codecommit:GetRepository"); !got.Allowed || got.Why != "" || got.Principal != "arn:aws:iam::"+account+":root" {
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
	var made decisions
	w, _ := newWorld(t, localaws.Options{Decided: made.add})
	must(w.codecommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: aws.String("app")}))(t)
	git := newCheckout(t)
	git.commit("first")
	git.push(w, "app")
	if got := made.last(t, "codecommit:GitPush"); !got.Allowed || got.Resources[0] != "arn:aws:codecommit:"+region+":"+account+":app" {
		t.Errorf("the account's push: %+v", got)
	}
	ann := w.user("ann", allow("codecommit:GitPull"))
	git.commit("second")
	if out, err := git.try("push", "--quiet", ann.remote("app", ann.keys.SecretAccessKey), "main"); err == nil || !strings.Contains(out, "403") {
		t.Errorf("ann's push: %v\n%s", err, out)
	}
	if got := made.last(t, "codecommit:GitPush"); got.Allowed || got.Principal != "arn:aws:iam::"+account+":user/ann" {
		t.Errorf("ann's push: %+v", got)
	}
	git.git("ls-remote", ann.remote("app", ann.keys.SecretAccessKey))
	if got := made.last(t, "codecommit:GitPull"); !got.Allowed {
		t.Errorf("ann's pull: %+v", got)
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

// TestLimitsSayNo calls as sessions of a role that may do everything,
// within a boundary, a session policy, or a managed policy that is its own.
func TestLimitsSayNo(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
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
		{name: "bounded", why: "because no permissions boundary allows", role: iam.CreateRoleInput{PermissionsBoundary: limit}},
		{name: "limited", why: "because no session policy allows", session: sts.AssumeRoleInput{Policy: aws.String(allow("s3:*"))}},
		{name: "managed", why: "because no identity-based policy allows", attached: limit},
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
			must(session.s3.ListBuckets(t.Context(), &s3.ListBucketsInput{}))(t) // what all of them may do
			_, err := session.codecommit.ListRepositories(t.Context(), &codecommit.ListRepositoriesInput{})
			if test.why == "" {
				must(0, err)(t)
				return
			}
			want := test.why + " the codecommit:ListRepositories action"
			if got := denied(t, err); !strings.HasSuffix(got, want) {
				t.Errorf("what only one of them may do: %s, want %q", got, want)
			}
		})
	}
}

// TestPolicyForNobody refuses a bucket's policy for a user who is not there.
func TestPolicyForNobody(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	must(w.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: aws.String("papers"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	}))(t)
	put := func() error {
		_, err := w.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("papers"), Policy: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account + `:user/ann"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::papers/*"}]}`)})
		return err
	}
	if err := put(); code(err) != "MalformedPolicy" || !strings.Contains(err.Error(), "Invalid principal in policy") {
		t.Errorf("for nobody: %v", err)
	}
	ann := w.user("ann", "")
	if err := put(); err != nil {
		t.Fatal(err)
	}
	must(w.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("papers"), Key: aws.String("a"), Body: strings.NewReader("hello")}))(t)
	must(ann.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("papers"), Key: aws.String("a")}))(t)
	_, err := ann.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("papers"), Key: aws.String("a"), Body: strings.NewReader("mine")})
	denied(t, err)
}

// TestPublicBucket is read by somebody who shows no credentials, once its
// policy allows everybody.
func TestPublicBucket(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	bucket := aws.String("public")
	must(w.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	}))(t)
	must(w.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("a"), Body: strings.NewReader("hello")}))(t)
	if status, body := w.get(w.url + "/public/a"); status != 403 || !strings.Contains(body, "<Message>Access Denied</Message>") {
		t.Errorf("without a policy: %d %s", status, body)
	}
	must(w.s3.DeletePublicAccessBlock(t.Context(), &s3.DeletePublicAccessBlockInput{Bucket: bucket}))(t)
	must(w.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: bucket, Policy: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::public/*"}]}`)}))(t)
	if status, body := w.get(w.url + "/public/a"); status != 200 || body != "hello" {
		t.Errorf("with a policy: %d %s", status, body)
	}
	if status, _ := w.get(w.url + "/public?list-type=2"); status != 403 {
		t.Errorf("listing: %d", status)
	}
	if status, _ := w.get(w.url+"/public/a", "Origin", "https://example.com"); status != 403 {
		t.Errorf("from a web page: %d", status)
	}
}

// TestNobodyIsLockedOutForGood denies everything to everyone, by a bucket's
// policy and by the policies of a user: the account itself can undo both.
func TestNobodyIsLockedOutForGood(t *testing.T) {
	w, _ := newWorld(t, localaws.Options{})
	bucket := aws.String("closed")
	must(w.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	}))(t)
	must(w.s3.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: bucket, Policy: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::closed","arn:aws:s3:::closed/*"]}]}`)}))(t)
	_, err := w.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket})
	if got := denied(t, err); !strings.HasSuffix(got, "with an explicit deny in a resource-based policy") {
		t.Errorf("the account: %s", got)
	}
	must(w.s3.DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: bucket}))(t)
	must(w.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket}))(t)

	const nothing = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	ann := w.user("ann", nothing)
	_, err = ann.iam.DeleteUserPolicy(t.Context(), &iam.DeleteUserPolicyInput{UserName: aws.String("ann"), PolicyName: aws.String("own")})
	denied(t, err)
	must(w.iam.DeleteUserPolicy(t.Context(), &iam.DeleteUserPolicyInput{UserName: aws.String("ann"), PolicyName: aws.String("own")}))(t)
}
