package iam_test

import (
	"errors"
	"log/slog"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/iam"
	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

const (
	account   = "123456789012"
	trustsAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	allowLogs = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}`
)

var root = identity.Key{
	AccessKeyID: "AKIAROOT", SecretAccessKey: "secret",
	Principal: identity.Principal{ARN: "arn:aws:iam::123456789012:root", Account: account, UserID: account, AccessKeyID: "AKIAROOT"},
}

// world is IAM over a state that can be opened again, with a clock of its own.
type world struct {
	*iam.Service
	db  *store.DB
	now time.Time
}

func open(tb testing.TB) *world {
	tb.Helper()
	db, err := store.Open(filepath.Join(tb.TempDir(), "state"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	w := &world{db: db, now: time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)}
	w.reopen(tb)
	return w
}

func (w *world) reopen(tb testing.TB) {
	tb.Helper()
	var err error
	w.Service, err = iam.New(service.Env{
		Account: account, Region: "eu-central-1", DB: w.db, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler),
	}, root)
	if err != nil {
		tb.Fatal(err)
	}
}

func (w *world) role(tb testing.TB, name, trust string) *types.Role {
	tb.Helper()
	out, err := w.CreateRole(tb.Context(), &awsiam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	if err != nil {
		tb.Fatal(err)
	}
	return out.Role
}

// must unpacks the result of a call that has to succeed.
func must[T any](out T, err error) func(t testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return out
	}
}

func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Fatalf("got %v, want %s: %s", err, code, message)
	}
	if api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("got  %s: %s\nwant %s: %s", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}

func TestRole(t *testing.T) {
	w, ctx := open(t), t.Context()
	role := must(w.CreateRole(ctx, &awsiam.CreateRoleInput{
		RoleName: aws.String("Build"), AssumeRolePolicyDocument: aws.String(trustsAll), Path: aws.String("/mayfly/"),
		Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}, {Key: aws.String("a"), Value: aws.String("1")}},
	}))(t).Role
	if *role.Arn != "arn:aws:iam::123456789012:role/mayfly/Build" || *role.MaxSessionDuration != 3600 {
		t.Errorf("got %s, %d s", *role.Arn, *role.MaxSessionDuration)
	}
	if !regexp.MustCompile(`^AROA[A-Z2-7]{17}$`).MatchString(*role.RoleId) {
		t.Errorf("id %s", *role.RoleId)
	}
	if strings.ContainsAny(*role.AssumeRolePolicyDocument, `{"+ `) {
		t.Errorf("the document is not encoded: %s", *role.AssumeRolePolicyDocument)
	}
	if text, err := url.PathUnescape(*role.AssumeRolePolicyDocument); err != nil || text != trustsAll {
		t.Errorf("the document is %s", text)
	}
	_, err := w.CreateRole(ctx, &awsiam.CreateRoleInput{RoleName: aws.String("build"), AssumeRolePolicyDocument: aws.String(trustsAll)})
	wantError(t, err, "EntityAlreadyExists", "Role with name build already exists.")
	_, err = w.CreateRole(ctx, &awsiam.CreateRoleInput{RoleName: aws.String("x"), AssumeRolePolicyDocument: aws.String("{}")})
	wantError(t, err, "MalformedPolicyDocument", "Syntax errors in policy.")
	_, err = w.UpdateAssumeRolePolicy(ctx, &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("build"), PolicyDocument: aws.String("not json")})
	wantError(t, err, "MalformedPolicyDocument", "This policy contains invalid Json")
	_, err = w.GetRole(ctx, &awsiam.GetRoleInput{RoleName: aws.String("nobody")})
	wantError(t, err, "NoSuchEntity", "The role with name nobody cannot be found.")

	tags := must(w.ListRoleTags(ctx, &awsiam.ListRoleTagsInput{RoleName: aws.String("Build"), MaxItems: aws.Int32(1)}))(t)
	if len(tags.Tags) != 1 || *tags.Tags[0].Key != "a" || !tags.IsTruncated {
		t.Errorf("first page of tags %+v", tags)
	}
	tags = must(w.ListRoleTags(ctx, &awsiam.ListRoleTagsInput{RoleName: aws.String("Build"), Marker: tags.Marker}))(t)
	if len(tags.Tags) != 1 || *tags.Tags[0].Key != "b" || tags.IsTruncated {
		t.Errorf("second page of tags %+v", tags)
	}
	must(w.UntagRole(ctx, &awsiam.UntagRoleInput{RoleName: aws.String("Build"), TagKeys: []string{"a"}}))(t)
	must(w.UpdateRole(ctx, &awsiam.UpdateRoleInput{RoleName: aws.String("Build"), Description: aws.String("builds"), MaxSessionDuration: aws.Int32(7200)}))(t)
	got := must(w.GetRole(ctx, &awsiam.GetRoleInput{RoleName: aws.String("Build")}))(t).Role
	if *got.Description != "builds" || *got.MaxSessionDuration != 7200 || len(got.Tags) != 1 {
		t.Errorf("after the changes %+v", got)
	}
	w.role(t, "other", trustsAll)
	roles := must(w.ListRoles(ctx, &awsiam.ListRolesInput{PathPrefix: aws.String("/mayfly/")}))(t).Roles
	if len(roles) != 1 || *roles[0].RoleName != "Build" || roles[0].Tags != nil {
		t.Errorf("ListRoles %+v", roles)
	}
	profiles := must(w.ListInstanceProfilesForRole(ctx, &awsiam.ListInstanceProfilesForRoleInput{RoleName: aws.String("Build")}))(t)
	if len(profiles.InstanceProfiles) != 0 {
		t.Errorf("instance profiles %+v", profiles)
	}
	_, err = w.CreateServiceLinkedRole(ctx, &awsiam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("es.amazonaws.com")})
	wantError(t, err, "AccessDenied", "Service-linked roles are not supported here: es.amazonaws.com cannot have one.")
}

func TestRolePolicies(t *testing.T) {
	w, ctx, name := open(t), t.Context(), aws.String("r")
	w.role(t, "r", trustsAll)
	_, err := w.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("p"), PolicyDocument: aws.String(trustsAll)})
	wantError(t, err, "MalformedPolicyDocument", "Policy document should not specify a principal.")
	must(w.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("p"), PolicyDocument: aws.String(allowLogs)}))(t)
	got := must(w.GetRolePolicy(ctx, &awsiam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("p")}))(t)
	if text, err := url.PathUnescape(*got.PolicyDocument); err != nil || text != allowLogs {
		t.Errorf("the document is %s", *got.PolicyDocument)
	}
	_, err = w.GetRolePolicy(ctx, &awsiam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("q")})
	wantError(t, err, "NoSuchEntity", "The role policy with name q cannot be found.")

	basic := aws.String("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
	must(w.AttachRolePolicy(ctx, &awsiam.AttachRolePolicyInput{RoleName: name, PolicyArn: basic}))(t)
	_, err = w.AttachRolePolicy(ctx, &awsiam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonEC2FullAccess")})
	wantError(t, err, "NoSuchEntity", "Policy arn:aws:iam::aws:policy/AmazonEC2FullAccess does not exist or is not attachable.")
	attached := must(w.ListAttachedRolePolicies(ctx, &awsiam.ListAttachedRolePoliciesInput{RoleName: name}))(t).AttachedPolicies
	if len(attached) != 1 || *attached[0].PolicyName != "AWSLambdaBasicExecutionRole" {
		t.Errorf("attached %+v", attached)
	}
	_, err = w.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: name})
	wantError(t, err, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	must(w.DetachRolePolicy(ctx, &awsiam.DetachRolePolicyInput{RoleName: name, PolicyArn: basic}))(t)
	_, err = w.DetachRolePolicy(ctx, &awsiam.DetachRolePolicyInput{RoleName: name, PolicyArn: basic})
	wantError(t, err, "NoSuchEntity", "Policy "+*basic+" was not found.")
	_, err = w.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: name})
	wantError(t, err, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	must(w.DeleteRolePolicy(ctx, &awsiam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("p")}))(t)
	names := must(w.ListRolePolicies(ctx, &awsiam.ListRolePoliciesInput{RoleName: name}))(t)
	if len(names.PolicyNames) != 0 {
		t.Errorf("inline policies %v", names.PolicyNames)
	}
	must(w.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: name}))(t)
	_, err = w.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: name})
	wantError(t, err, "NoSuchEntity", "The role with name r cannot be found.")
}

func TestManagedPolicy(t *testing.T) {
	w, ctx, name := open(t), t.Context(), aws.String("r")
	w.role(t, "r", trustsAll)
	p := must(w.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("limits"), PolicyDocument: aws.String(allowLogs)}))(t).Policy
	if *p.Arn != "arn:aws:iam::123456789012:policy/limits" || *p.DefaultVersionId != "v1" || !strings.HasPrefix(*p.PolicyId, "ANPA") {
		t.Errorf("got %+v", p)
	}
	_, err := w.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("limits"), PolicyDocument: aws.String(allowLogs)})
	wantError(t, err, "EntityAlreadyExists", "A policy called limits already exists. Duplicate names are not allowed.")
	must(w.PutRolePermissionsBoundary(ctx, &awsiam.PutRolePermissionsBoundaryInput{RoleName: name, PermissionsBoundary: p.Arn}))(t)
	_, err = w.PutRolePermissionsBoundary(ctx, &awsiam.PutRolePermissionsBoundaryInput{RoleName: name, PermissionsBoundary: aws.String("arn:aws:iam::123456789012:policy/none")})
	wantError(t, err, "NoSuchEntity", "Scope ARN: arn:aws:iam::123456789012:policy/none does not exist or is not attachable.")
	must(w.AttachRolePolicy(ctx, &awsiam.AttachRolePolicyInput{RoleName: name, PolicyArn: p.Arn}))(t)
	got := must(w.GetPolicy(ctx, &awsiam.GetPolicyInput{PolicyArn: p.Arn}))(t).Policy
	if *got.AttachmentCount != 1 || *got.PermissionsBoundaryUsageCount != 1 {
		t.Errorf("used %d and %d times", *got.AttachmentCount, *got.PermissionsBoundaryUsageCount)
	}
	_, err = w.DeletePolicy(ctx, &awsiam.DeletePolicyInput{PolicyArn: p.Arn})
	wantError(t, err, "DeleteConflict", "Cannot delete a policy attached to entities.")
	for range 4 {
		must(w.CreatePolicyVersion(ctx, &awsiam.CreatePolicyVersionInput{PolicyArn: p.Arn, PolicyDocument: aws.String(allowLogs), SetAsDefault: true}))(t)
	}
	_, err = w.CreatePolicyVersion(ctx, &awsiam.CreatePolicyVersionInput{PolicyArn: p.Arn, PolicyDocument: aws.String(allowLogs)})
	wantError(t, err, "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	_, err = w.DeletePolicyVersion(ctx, &awsiam.DeletePolicyVersionInput{PolicyArn: p.Arn, VersionId: aws.String("v5")})
	wantError(t, err, "DeleteConflict", "Cannot delete the default version of a policy.")
	must(w.SetDefaultPolicyVersion(ctx, &awsiam.SetDefaultPolicyVersionInput{PolicyArn: p.Arn, VersionId: aws.String("v2")}))(t)
	versions := must(w.ListPolicyVersions(ctx, &awsiam.ListPolicyVersionsInput{PolicyArn: p.Arn}))(t).Versions
	if len(versions) != 5 || *versions[0].VersionId != "v5" || versions[0].IsDefaultVersion || !versions[3].IsDefaultVersion {
		t.Errorf("versions %+v", versions)
	}
	for _, v := range []string{"v1", "v3", "v4", "v5"} {
		must(w.DeletePolicyVersion(ctx, &awsiam.DeletePolicyVersionInput{PolicyArn: p.Arn, VersionId: &v}))(t)
	}
	_, err = w.GetPolicyVersion(ctx, &awsiam.GetPolicyVersionInput{PolicyArn: p.Arn, VersionId: aws.String("v1")})
	wantError(t, err, "NoSuchEntity", "Policy "+*p.Arn+" version v1 does not exist or is not attachable.")
	entities := must(w.ListEntitiesForPolicy(ctx, &awsiam.ListEntitiesForPolicyInput{PolicyArn: p.Arn}))(t)
	if len(entities.PolicyRoles) != 1 || len(entities.PolicyUsers) != 0 {
		t.Errorf("entities %+v", entities)
	}
	must(w.DetachRolePolicy(ctx, &awsiam.DetachRolePolicyInput{RoleName: name, PolicyArn: p.Arn}))(t)
	must(w.DeleteRolePermissionsBoundary(ctx, &awsiam.DeleteRolePermissionsBoundaryInput{RoleName: name}))(t)
	must(w.DeletePolicy(ctx, &awsiam.DeletePolicyInput{PolicyArn: p.Arn}))(t)
	_, err = w.GetPolicy(ctx, &awsiam.GetPolicyInput{PolicyArn: p.Arn})
	wantError(t, err, "NoSuchEntity", "Policy "+*p.Arn+" was not found.")
	if list := must(w.ListPolicies(ctx, &awsiam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal}))(t).Policies; len(list) != 0 {
		t.Errorf("policies of the account %+v", list)
	}
}

func TestUserAndKeys(t *testing.T) {
	w, ctx, name := open(t), t.Context(), aws.String("anna")
	user := must(w.CreateUser(ctx, &awsiam.CreateUserInput{UserName: name}))(t).User
	_, err := w.CreateUser(ctx, &awsiam.CreateUserInput{UserName: name})
	wantError(t, err, "EntityAlreadyExists", "User with name anna already exists.")
	key := must(w.CreateAccessKey(ctx, &awsiam.CreateAccessKeyInput{UserName: name}))(t).AccessKey
	if !regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`).MatchString(*key.AccessKeyId) || len(*key.SecretAccessKey) != 40 {
		t.Errorf("key %s %s", *key.AccessKeyId, *key.SecretAccessKey)
	}
	w.reopen(t)
	got, ok := w.Key(*key.AccessKeyId)
	if !ok || got.SecretAccessKey != *key.SecretAccessKey || got.Principal.ARN != *user.Arn || got.Principal.UserID != *user.UserId || got.Principal.Account != account {
		t.Errorf("after a restart: %v %+v", ok, got)
	}
	caller := identity.With(ctx, got.Principal)
	if me := must(w.GetUser(caller, &awsiam.GetUserInput{}))(t).User; *me.UserName != "anna" {
		t.Errorf("GetUser without a name: %s", *me.UserName)
	}
	must(w.CreateAccessKey(caller, &awsiam.CreateAccessKeyInput{}))(t)
	_, err = w.CreateAccessKey(ctx, &awsiam.CreateAccessKeyInput{UserName: name})
	wantError(t, err, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	must(w.UpdateAccessKey(ctx, &awsiam.UpdateAccessKeyInput{UserName: name, AccessKeyId: key.AccessKeyId, Status: types.StatusTypeInactive}))(t)
	if _, ok := w.Key(*key.AccessKeyId); ok {
		t.Error("an inactive key is found")
	}
	w.reopen(t)
	if _, ok := w.Key(*key.AccessKeyId); ok {
		t.Error("an inactive key is found after a restart")
	}
	must(w.UpdateAccessKey(ctx, &awsiam.UpdateAccessKeyInput{UserName: name, AccessKeyId: key.AccessKeyId, Status: types.StatusTypeActive}))(t)
	if _, ok := w.Key(*key.AccessKeyId); !ok {
		t.Error("the key is not found once it is active again")
	}
	_, err = w.DeleteUser(ctx, &awsiam.DeleteUserInput{UserName: name})
	wantError(t, err, "DeleteConflict", "Cannot delete entity, must delete access keys first.")
	for _, k := range must(w.ListAccessKeys(ctx, &awsiam.ListAccessKeysInput{UserName: name}))(t).AccessKeyMetadata {
		must(w.DeleteAccessKey(ctx, &awsiam.DeleteAccessKeyInput{UserName: name, AccessKeyId: k.AccessKeyId}))(t)
		if _, ok := w.Key(*k.AccessKeyId); ok {
			t.Error("a deleted key is found")
		}
	}
	_, err = w.DeleteAccessKey(ctx, &awsiam.DeleteAccessKeyInput{UserName: name, AccessKeyId: key.AccessKeyId})
	wantError(t, err, "NoSuchEntity", "The Access Key with id "+*key.AccessKeyId+" cannot be found.")
	must(w.PutUserPolicy(ctx, &awsiam.PutUserPolicyInput{UserName: name, PolicyName: aws.String("p"), PolicyDocument: aws.String(allowLogs)}))(t)
	_, err = w.DeleteUser(ctx, &awsiam.DeleteUserInput{UserName: name})
	wantError(t, err, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	must(w.DeleteUserPolicy(ctx, &awsiam.DeleteUserPolicyInput{UserName: name, PolicyName: aws.String("p")}))(t)
	must(w.DeleteUser(ctx, &awsiam.DeleteUserInput{UserName: name}))(t)
	_, err = w.GetUser(ctx, &awsiam.GetUserInput{UserName: name})
	wantError(t, err, "NoSuchEntity", "The user with name anna cannot be found.")
}

func TestOperationsAreUnique(t *testing.T) {
	w := open(t)
	seen := map[string]bool{}
	for _, op := range append(w.Operations(), w.STSOperations()...) {
		if seen[op.Name] {
			t.Errorf("%s is registered twice", op.Name)
		}
		seen[op.Name] = true
	}
	if len(seen) != 91 {
		t.Errorf("%d operations", len(seen))
	}
}

func BenchmarkKey(b *testing.B) {
	w := open(b)
	w.role(b, "build", trustsAll)
	key := must(w.AssumeForService(b.Context(), service.Session{RoleARN: "arn:aws:iam::123456789012:role/build", Service: "codebuild.amazonaws.com"}))(b)
	for b.Loop() {
		if _, ok := w.Key(key.AccessKeyID); !ok {
			b.Fatal("not found")
		}
	}
}
