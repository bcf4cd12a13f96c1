package iam_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/mayfly-cd/mayfly/localaws/iam"
	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

const annARN = "arn:aws:iam::123456789012:user/ann"

// TestResourcePolicies decides with policies and tags of resources.
func TestResourcePolicies(t *testing.T) {
	w, ctx := open(t), t.Context()
	must(w.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String("ann")}))(t)
	ann := identity.Principal{ARN: annARN, Account: account, AccessKeyID: "AKIAANN"}
	var resource iam.Resource
	asked := 0
	w.Describe = func(_ string, tags bool) iam.Resource {
		if tags {
			asked++
			return resource
		}
		return iam.Resource{Policy: resource.Policy}
	}
	decide := func(p identity.Principal, action string) iam.Decision {
		t.Helper()
		return must(w.Decide(p, policy.Access{Action: action, Resources: []string{"arn:aws:s3:::b/x"}}))(t)
	}
	resource.Policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + annARN + `"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"},
		{"Effect":"Deny","Principal":"*","Action":["s3:DeleteObject","s3:PutBucketPolicy"],"Resource":"*"}]}`
	if got := decide(ann, "s3:GetObject"); got.Decision != policy.Allowed || got.In != "resource-based policy" {
		t.Errorf("the bucket allows: %+v", got)
	}
	if got := decide(root.Principal, "s3:DeleteObject"); got.Decision != policy.ExplicitDeny {
		t.Errorf("the bucket denies root: %+v", got)
	}
	if got := decide(root.Principal, "s3:PutBucketPolicy"); got.Decision != policy.Allowed {
		t.Errorf("root is locked out of the policy: %+v", got)
	}
	if asked != 0 {
		t.Errorf("asked for tags %d times, which no policy needs", asked)
	}
	resource = iam.Resource{Tags: map[string]string{"Stage": "test"}}
	must(w.PutUserPolicy(ctx, &awsiam.PutUserPolicyInput{UserName: aws.String("ann"), PolicyName: aws.String("p"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/stage":"test"}}}]}`)}))(t)
	if got := decide(ann, "s3:PutObject"); got.Decision != policy.Allowed {
		t.Errorf("by the tag: %+v", got)
	}
	resource.Tags = map[string]string{"Stage": "prod"}
	if got := decide(ann, "s3:PutObject"); got.Decision != policy.ImplicitDeny {
		t.Errorf("by another tag: %+v", got)
	}
}

// TestIAMResources decides by tags, boundaries and policies that requests to IAM name.
func TestIAMResources(t *testing.T) {
	w := open(t)
	dial := w.serve(t)
	ctx := t.Context()
	w.Describe = func(arn string, _ bool) iam.Resource { return iam.Resource{Tags: w.TagsOf(arn)} }
	boundary := must(w.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("limit"), PolicyDocument: aws.String(allowLogs)}))(t).Policy.Arn
	ann := w.user(t, dial, "ann", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["iam:CreateRole","iam:PutRolePolicy","iam:AttachRolePolicy"],"Resource":"arn:aws:iam::123456789012:role/app-*",
		 "Condition":{"StringEquals":{"iam:PermissionsBoundary":"`+*boundary+`"}}},
		{"Effect":"Deny","Action":"iam:AttachRolePolicy","Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/AdministratorAccess"}}},
		{"Effect":"Allow","Action":"iam:DeleteRole","Resource":"*","Condition":{"StringEquals":{"iam:ResourceTag/owner":"${aws:username}"}}},
		{"Effect":"Allow","Action":"iam:TagRole","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["owner"]},"StringEquals":{"aws:RequestTag/owner":"ann"}}},
		{"Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam::123456789012:user/${aws:username}"}]}`)
	denied := func(err error, action, on, why string) {
		t.Helper()
		wantError(t, err, "AccessDenied", "User: "+annARN+" is not authorized to perform: iam:"+action+" on resource: "+on+" "+why)
	}
	missing := func(action string) string {
		return "because no identity-based policy allows the iam:" + action + " action"
	}
	const role = "arn:aws:iam::123456789012:role/"
	create := func(name string, boundary *string) error {
		_, err := ann.iam.CreateRole(ctx, &awsiam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trustsAll), PermissionsBoundary: boundary})
		return err
	}
	denied(create("app-1", nil), "CreateRole", role+"app-1", missing("CreateRole"))
	denied(create("other", boundary), "CreateRole", role+"other", missing("CreateRole"))
	if err := create("app-1", boundary); err != nil {
		t.Fatal(err)
	}
	w.role(t, "app-free", trustsAll)
	put := func(name string) error {
		_, err := ann.iam.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("p"), PolicyDocument: aws.String(allowLogs)})
		return err
	}
	if err := put("app-1"); err != nil {
		t.Error(err)
	}
	denied(put("app-free"), "PutRolePolicy", "role app-free", missing("PutRolePolicy"))
	attach := func(arn string) error {
		_, err := ann.iam.AttachRolePolicy(ctx, &awsiam.AttachRolePolicyInput{RoleName: aws.String("app-1"), PolicyArn: &arn})
		return err
	}
	if err := attach("arn:aws:iam::aws:policy/ReadOnlyAccess"); err != nil {
		t.Error(err)
	}
	denied(attach("arn:aws:iam::aws:policy/AdministratorAccess"), "AttachRolePolicy", "role app-1", "with an explicit deny in an identity-based policy")

	_, err := ann.iam.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: aws.String("app-free")})
	denied(err, "DeleteRole", "role app-free", missing("DeleteRole"))
	_, err = ann.iam.TagRole(ctx, &awsiam.TagRoleInput{RoleName: aws.String("app-free"), Tags: tagsOf("owner", "ann", "more", "1")})
	denied(err, "TagRole", "role app-free", missing("TagRole"))
	must(ann.iam.TagRole(ctx, &awsiam.TagRoleInput{RoleName: aws.String("app-free"), Tags: tagsOf("owner", "ann")}))(t)
	must(ann.iam.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: aws.String("app-free")}))(t)

	if me := must(ann.iam.GetUser(ctx, &awsiam.GetUserInput{}))(t).User; *me.UserName != "ann" {
		t.Errorf("GetUser without a name: %+v", me)
	}
	_, err = ann.iam.ListUsers(ctx, &awsiam.ListUsersInput{})
	denied(err, "ListUsers", "arn:aws:iam::123456789012:user/", missing("ListUsers"))
	_, err = ann.iam.ListPolicies(ctx, &awsiam.ListPoliciesInput{})
	denied(err, "ListPolicies", "policy path /", missing("ListPolicies"))
	_, err = ann.iam.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("new"), PolicyDocument: aws.String(allowLogs)})
	denied(err, "CreatePolicy", "policy new", missing("CreatePolicy"))
	_, err = ann.iam.GetPolicy(ctx, &awsiam.GetPolicyInput{PolicyArn: boundary})
	denied(err, "GetPolicy", "policy "+*boundary, missing("GetPolicy"))
	_, err = ann.iam.CreateAccessKey(ctx, &awsiam.CreateAccessKeyInput{})
	denied(err, "CreateAccessKey", "user ann", missing("CreateAccessKey"))
}

// TestDeniedWords are the messages of denials, as AWS writes them.
func TestDeniedWords(t *testing.T) {
	ann := identity.Principal{ARN: annARN, Account: account}
	const who = "User: " + annARN + " is not authorized to perform: "
	for _, test := range []struct {
		action, resource, in string
		decision             policy.Decision
		want                 string
	}{
		{"s3:ListAllMyBuckets", "*", "identity-based policy", policy.ImplicitDeny, who + "s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action"},
		{"s3:GetObject", "arn:aws:s3:::b/x", "resource-based policy", policy.ExplicitDeny, who + `s3:GetObject on resource: "arn:aws:s3:::b/x" with an explicit deny in a resource-based policy`},
		{"codebuild:StartBuild", "arn:aws:codebuild:eu-central-1:123456789012:project/p", "permissions boundary", policy.ImplicitDeny, who + "codebuild:StartBuild on resource: arn:aws:codebuild:eu-central-1:123456789012:project/p because no permissions boundary allows the codebuild:StartBuild action"},
		{"lambda:ListFunctions", "*", "session policy", policy.ExplicitDeny, who + "lambda:ListFunctions on resource: * with an explicit deny in a session policy"},
		{"iam:PassRole", "arn:aws:iam::123456789012:role/r", "identity-based policy", policy.ImplicitDeny, who + "iam:PassRole on resource: arn:aws:iam::123456789012:role/r because no identity-based policy allows the iam:PassRole action"},
		{"iam:GetAccountSummary", "*", "identity-based policy", policy.ImplicitDeny, who + "iam:GetAccountSummary on resource: * because no identity-based policy allows the iam:GetAccountSummary action"},
		{"sts:AssumeRole", "arn:aws:iam::123456789012:role/r", "role trust policy", policy.ImplicitDeny, who + "sts:AssumeRole on resource: arn:aws:iam::123456789012:role/r"},
		{"sts:AssumeRole", "arn:aws:iam::123456789012:role/r", "role trust policy", policy.ExplicitDeny, who + "sts:AssumeRole on resource: arn:aws:iam::123456789012:role/r with an explicit deny in the role trust policy"},
	} {
		made := iam.Decision{Result: policy.Result{Decision: test.decision, In: test.in}, Resource: test.resource}
		wantError(t, iam.Denied(ann, test.action, made), "AccessDenied", test.want)
	}
}

// TestDecisionsFollowWrites decides while others write: what a write returned
// from, the next decision knows.
func TestDecisionsFollowWrites(t *testing.T) {
	w, ctx := open(t), t.Context()
	var wait sync.WaitGroup
	for i := range 4 {
		name := fmt.Sprintf("u%d", i)
		must(w.CreateUser(ctx, &awsiam.CreateUserInput{UserName: &name}))(t)
		p := identity.Principal{ARN: "arn:aws:iam::123456789012:user/" + name, Account: account}
		wait.Go(func() {
			for n := range 100 {
				want := policy.ImplicitDeny
				var err error
				if n%2 == 0 {
					want = policy.Allowed
					_, err = w.PutUserPolicy(ctx, &awsiam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("p"), PolicyDocument: aws.String(allowLogs)})
				} else {
					_, err = w.DeleteUserPolicy(ctx, &awsiam.DeleteUserPolicyInput{UserName: &name, PolicyName: aws.String("p")})
				}
				if err != nil {
					t.Error(err)
					return
				}
				if made, err := w.Decide(p, policy.Access{Action: "logs:PutLogEvents"}); err != nil || made.Decision != want {
					t.Errorf("%s, write %d: got %v %v, want %v", name, n, made.Decision, err, want)
					return
				}
			}
		})
	}
	wait.Wait()
}

// realistic is a policy of ten statements, as roles have them; the last one allows the action.
func realistic(n int) string {
	var statements []string
	for i := range 9 {
		statements = append(statements, fmt.Sprintf(`{"Sid":"S%d","Effect":"Allow","Action":["codebuild:BatchGet*","codebuild:StartBuild","codecommit:Git%d*","cloudformation:Describe*"],
			"Resource":["arn:aws:codebuild:*:123456789012:project/p%d-*","arn:aws:codecommit:eu-central-1:123456789012:r%d"],
			"Condition":{"StringEquals":{"aws:ResourceAccount":"123456789012"}}}`, i, n, n, i))
	}
	statements = append(statements, `{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::artifacts-*/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`)
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// assumed returns the principal of a session of a role with such policies.
func (w *world) assumed(tb testing.TB, documents ...string) identity.Principal {
	tb.Helper()
	role := w.role(tb, "build", trustsAll)
	for i, document := range documents {
		must(w.PutRolePolicy(tb.Context(), &awsiam.PutRolePolicyInput{RoleName: role.RoleName, PolicyName: aws.String(fmt.Sprint("p", i)), PolicyDocument: &document}))(tb)
	}
	return must(w.AssumeForService(tb.Context(), service.Session{RoleARN: *role.Arn, Service: "codebuild.amazonaws.com"}))(tb).Principal
}

func (w *world) benchmark(b *testing.B, p identity.Principal, access policy.Access, want policy.Decision) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if made, err := w.Decide(p, access); err != nil || made.Decision != want {
			b.Fatalf("%+v %v", made, err)
		}
	}
}

// BenchmarkDecideAllowed is a role with three policies of ten statements, the last of which allows.
func BenchmarkDecideAllowed(b *testing.B) {
	w := open(b)
	p := w.assumed(b, realistic(0), realistic(1), realistic(2))
	w.benchmark(b, p, policy.Access{Action: "s3:PutObject", Resources: []string{"arn:aws:s3:::artifacts-eu/app/Source/x.zip"}}, policy.Allowed)
}

// BenchmarkDecideDenied is the same role, whom nothing allows.
func BenchmarkDecideDenied(b *testing.B) {
	w := open(b)
	p := w.assumed(b, realistic(0), realistic(1), realistic(2))
	w.benchmark(b, p, policy.Access{Action: "codebuild:StartBuild", Resources: []string{"arn:aws:codebuild:eu-central-1:123456789012:project/x"}}, policy.ImplicitDeny)
}

// BenchmarkDecideResourcePolicy adds a bucket's policy and tags.
func BenchmarkDecideResourcePolicy(b *testing.B) {
	w := open(b)
	p := w.assumed(b, realistic(0), realistic(1), realistic(2))
	bucket := iam.Resource{Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::artifacts-eu","arn:aws:s3:::artifacts-eu/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`}
	w.Describe = func(string, bool) iam.Resource { return bucket }
	w.benchmark(b, p, policy.Access{Action: "s3:PutObject", Resources: []string{"arn:aws:s3:::artifacts-eu/app/Source/x.zip"}}, policy.Allowed)
}

// BenchmarkDecideReadOnlyAccess is AWS's largest policy that is served, which allows nothing here.
func BenchmarkDecideReadOnlyAccess(b *testing.B) {
	w := open(b)
	p := w.assumed(b)
	must(w.AttachRolePolicy(b.Context(), &awsiam.AttachRolePolicyInput{RoleName: aws.String("build"), PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}))(b)
	w.benchmark(b, p, policy.Access{Action: "s3:PutObject", Resources: []string{"arn:aws:s3:::artifacts-eu/x"}}, policy.ImplicitDeny)
}
