package codecommit

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// guide is the policy of AWS's user guide, "Limit pushes and merges to branches
// in AWS CodeCommit", beside one that allows the rest.
const guide = `{"Version": "2012-10-17", "Statement": [
	{"Effect": "Allow", "Action": "codecommit:*", "Resource": "*"},
	{"Effect": "Deny", "Action": [
		"codecommit:GitPush", "codecommit:DeleteBranch", "codecommit:PutFile",
		"codecommit:MergeBranchesByFastForward", "codecommit:MergeBranchesBySquash", "codecommit:MergeBranchesByThreeWay",
		"codecommit:MergePullRequestByFastForward", "codecommit:MergePullRequestBySquash", "codecommit:MergePullRequestByThreeWay"
	], "Resource": "arn:aws:codecommit:eu-west-1:123456789012:app", "Condition": {
		"StringEqualsIfExists": {"codecommit:References": ["refs/heads/main", "refs/heads/prod"]},
		"Null": {"codecommit:References": "false"}
	}}
]}`

// govern lets a policy decide.
func govern(t *testing.T, w *world, document string) {
	t.Helper()
	doc, err := policy.Parse(document, policy.Identity)
	check(t, err)
	w.Service.env.IAM = func(_ context.Context, p identity.Principal, needs ...policy.Access) error {
		for _, access := range needs {
			made := policy.Evaluate(policy.Request{Action: access.Action, Resource: access.Resources[0], Context: access.Keys},
				policy.Policies{Identity: []*policy.Document{doc}})
			if made.Decision != policy.Allowed {
				return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: fmt.Sprintf("User: %s is not authorized to perform: %s", p.ARN, access.Action)}
			}
		}
		return nil
	}
}

func TestPushToGuardedBranch(t *testing.T) {
	w := newWorld(t)
	dir := checkout(t)
	must(t, dir, "push", "--quiet", w.remote("app"), "main")
	w.bus.take()
	govern(t, w, guide)
	commitFile(t, dir, "more", "x")
	denied := "! [remote rejected] main -> main (User: " + caller + " is not authorized to perform: codecommit:GitPush)"
	for _, test := range []struct {
		name string
		args []string
		ok   bool
	}{
		{"the guarded branch", []string{"main"}, false},
		{"another branch", []string{"main:feature"}, true},
		{"a tag", []string{"main:refs/tags/v1"}, true},
		{"both at once", []string{"main", "main:second"}, false},
		{"deleting another", []string{":feature"}, true},
		{"deleting a guarded one", []string{":prod"}, false},
		{"by force", []string{"--force", "main"}, false},
	} {
		out, err := git(t, dir, append([]string{"push", w.remote("app")}, test.args...)...)
		if (err == nil) != test.ok {
			t.Errorf("%s: %v\n%s", test.name, err, out)
		}
		if test.args[0] == "main" && !strings.Contains(out, denied) {
			t.Errorf("%s:\n%s\nwant: %s", test.name, out, denied)
		}
	}
	same(t, w.bus.take(), []string{"referenceCreated refs/heads/feature", "referenceCreated refs/tags/v1", "referenceDeleted refs/heads/feature"})
}

func TestPushDeniedToClientWithoutReports(t *testing.T) {
	w := newWorld(t)
	govern(t, w, guide)
	body := packet(zero+" "+strings.Repeat("a", 40)+" refs/heads/main\x00 agent=x\n") + "0000"
	c, whole, err := readCommands(strings.NewReader(body + "PACK"))
	check(t, err)
	same(t, c.refs, []string{"refs/heads/main"})
	all, err := io.ReadAll(whole)
	check(t, err)
	same(t, string(all), body+"PACK")
	for _, bad := range []string{"", "zzzz", "0003", packet("push-cert\x00\n"), packet("hello\n"), "00ff"} {
		if _, _, err := readCommands(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	if err := w.permitPush(identity.With(t.Context(), identity.Principal{ARN: caller}), "app", c); err == nil {
		t.Error("the push was allowed")
	}
}

// credentials are keys with service-specific credentials.
type credentials struct{ keys }

func (credentials) GitCredential(user, password string) (identity.Key, bool) {
	ok := user == "a+n=n@x-at-123456789012" && password == "p/w+="
	return identity.Key{Principal: identity.Principal{ARN: caller}}, ok
}

func TestServiceSpecificCredentials(t *testing.T) {
	w := newWorld(t)
	w.keys = credentials{}
	dir := checkout(t)
	remote := func(credential string) string {
		return strings.Replace(w.url, "://", "://"+credential+"@", 1) + "/v1/repos/app"
	}
	must(t, dir, "push", "--quiet", remote("a%2Bn%3Dn%40x-at-123456789012:p%2Fw%2B%3D"), "main")
	same(t, w.bus.take(), []string{"referenceCreated refs/heads/main"})
	out, err := git(t, dir, "push", remote("a%2Bn%3Dn%40x-at-123456789012:wrong"), "main")
	if want := "The requested URL returned error: 403"; err == nil || !strings.Contains(out, want) {
		t.Errorf("%v\n%s\nwant: %s", err, out, want)
	}
	must(t, dir, "ls-remote", w.remote("app")) // signatures go on
}

func TestTagsOf(t *testing.T) {
	w := newWorld(t)
	arn := w.arn("app")
	_, err := w.TagResource(t.Context(), &codecommit.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"team": "a"}})
	check(t, err)
	same(t, w.TagsOf(arn), map[string]string{"team": "a"})
	_, err = w.TagResource(t.Context(), &codecommit.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"aws:team": "a"}})
	wantError(t, err, "InvalidSystemTagUsageException", "Key names cannot be prefixed with aws:")
	same(t, w.TagsOf(arn), map[string]string{"team": "a"})
	ctx := identity.With(t.Context(), identity.Principal{Via: []string{"cloudformation.amazonaws.com"}})
	_, err = w.CreateRepository(ctx, &codecommit.CreateRepositoryInput{RepositoryName: new("stack"), Tags: map[string]string{"aws:cloudformation:stack-name": "s"}})
	check(t, err)
	same(t, w.TagsOf(w.arn("none")), map[string]string(nil))
	same(t, w.TagsOf("arn:aws:s3:::app"), map[string]string(nil))
}

// FuzzReadCommands: whatever a client sends, what was read comes out again, whole.
func FuzzReadCommands(f *testing.F) {
	f.Add(packet(zero+" "+strings.Repeat("a", 40)+" refs/heads/main\x00 report-status\n") + flush + "PACK")
	f.Add(packet("shallow "+zero) + flush)
	f.Add("0005a")
	f.Fuzz(func(t *testing.T, body string) {
		c, whole, err := readCommands(strings.NewReader(body))
		if err != nil {
			return
		}
		got, err := io.ReadAll(whole)
		if err != nil || string(got) != body {
			t.Errorf("%q came out as %q, %v", body, got, err)
		}
		for _, ref := range c.refs {
			if !strings.Contains(body, ref) {
				t.Errorf("%q has no %q", body, ref)
			}
		}
	})
}
