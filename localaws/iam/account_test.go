package iam_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// TestAWSManagedPolicies reads every policy of AWS's own as a client does.
func TestAWSManagedPolicies(t *testing.T) {
	w := open(t)
	dial := w.serve(t)
	ctx := t.Context()
	client := dial(root.AccessKeyID, root.SecretAccessKey, "").iam
	var names []string
	pages := awsiam.NewListPoliciesPaginator(client, &awsiam.ListPoliciesInput{Scope: types.PolicyScopeTypeAws}, func(o *awsiam.ListPoliciesPaginatorOptions) { o.Limit = 10 })
	for pages.HasMorePages() {
		for _, p := range must(pages.NextPage(ctx))(t).Policies {
			names = append(names, *p.PolicyName)
			v := must(client.GetPolicyVersion(ctx, &awsiam.GetPolicyVersionInput{PolicyArn: p.Arn, VersionId: p.DefaultVersionId}))(t).PolicyVersion
			text, err := url.PathUnescape(*v.Document)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := policy.Parse(text, policy.Identity); err != nil || !v.IsDefaultVersion {
				t.Errorf("%s: %v", *p.PolicyName, err)
			}
		}
	}
	for _, name := range []string{"AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "AWSCodeCommitPowerUser", "AWSLambdaBasicExecutionRole"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is not among %v", name, names)
		}
	}
	admin := aws.String("arn:aws:iam::aws:policy/AdministratorAccess")
	_, err := client.DeletePolicy(ctx, &awsiam.DeletePolicyInput{PolicyArn: admin})
	wantError(t, err, "AccessDenied", "Cannot perform the operation on the protected policy "+*admin+".")
	_, err = client.TagPolicy(ctx, &awsiam.TagPolicyInput{PolicyArn: aws.String("arn:aws:iam::aws:policy/None"), Tags: tagsOf("a", "b")})
	wantError(t, err, "NoSuchEntity", "Policy arn:aws:iam::aws:policy/None was not found.")

	ann := w.user(t, dial, "ann", "").iam
	if _, err := ann.ListUsers(ctx, &awsiam.ListUsersInput{}); err == nil {
		t.Error("a user without policies may list users")
	}
	for range 2 { // the second time it changes nothing
		must(client.AttachUserPolicy(ctx, &awsiam.AttachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: admin}))(t)
	}
	must(ann.ListUsers(ctx, &awsiam.ListUsersInput{}))(t)
}

// TestPages lists more than a page of everything: a hundred, and then the rest.
func TestPages(t *testing.T) {
	w := open(t)
	ctx := t.Context()
	const n = 103
	must(w.CreateGroup(ctx, &awsiam.CreateGroupInput{GroupName: aws.String("all")}))(t)
	for i := range n {
		name := aws.String(fmt.Sprint("x", i))
		w.role(t, *name, trustsAll)
		must(w.CreateUser(ctx, &awsiam.CreateUserInput{UserName: name}))(t)
		must(w.AddUserToGroup(ctx, &awsiam.AddUserToGroupInput{GroupName: aws.String("all"), UserName: name}))(t)
		must(w.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: name, PolicyDocument: aws.String(allowLogs)}))(t)
		if i > 0 {
			must(w.CreateGroup(ctx, &awsiam.CreateGroupInput{GroupName: name}))(t)
		}
	}
	for name, list := range map[string]func(marker *string) (int, bool, *string, error){
		"ListRoles": func(m *string) (int, bool, *string, error) {
			out, err := w.ListRoles(ctx, &awsiam.ListRolesInput{Marker: m})
			return len(out.Roles), out.IsTruncated, out.Marker, err
		},
		"ListUsers": func(m *string) (int, bool, *string, error) {
			out, err := w.ListUsers(ctx, &awsiam.ListUsersInput{Marker: m})
			return len(out.Users), out.IsTruncated, out.Marker, err
		},
		"ListGroups": func(m *string) (int, bool, *string, error) {
			out, err := w.ListGroups(ctx, &awsiam.ListGroupsInput{Marker: m})
			return len(out.Groups), out.IsTruncated, out.Marker, err
		},
		"GetGroup": func(m *string) (int, bool, *string, error) {
			out, err := w.GetGroup(ctx, &awsiam.GetGroupInput{GroupName: aws.String("all"), Marker: m})
			return len(out.Users), out.IsTruncated, out.Marker, err
		},
		"ListPolicies": func(m *string) (int, bool, *string, error) {
			out, err := w.ListPolicies(ctx, &awsiam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal, Marker: m})
			return len(out.Policies), out.IsTruncated, out.Marker, err
		},
		"GetAccountAuthorizationDetails": func(m *string) (int, bool, *string, error) {
			out, err := w.GetAccountAuthorizationDetails(ctx, &awsiam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{types.EntityTypeUser}, Marker: m})
			return len(out.UserDetailList), out.IsTruncated, out.Marker, err
		},
	} {
		first, truncated, marker, err := list(nil)
		if err != nil || first != 100 || !truncated || marker == nil {
			t.Errorf("%s: %d, truncated %v, %v", name, first, truncated, err)
			continue
		}
		if rest, truncated, _, err := list(marker); err != nil || rest != n-100 || truncated {
			t.Errorf("%s: then %d, truncated %v, %v", name, rest, truncated, err)
		}
	}
}

func TestAccount(t *testing.T) {
	w := open(t)
	dial := w.serve(t)
	ctx := t.Context()
	client := dial(root.AccessKeyID, root.SecretAccessKey, "").iam
	w.user(t, dial, "ann", allowLogs)
	w.role(t, "r", trustsAll)
	must(w.CreateGroup(ctx, &awsiam.CreateGroupInput{GroupName: aws.String("devs")}))(t)
	must(w.AddUserToGroup(ctx, &awsiam.AddUserToGroupInput{GroupName: aws.String("devs"), UserName: aws.String("ann")}))(t)
	must(w.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(allowLogs)}))(t)
	must(w.AttachGroupPolicy(ctx, &awsiam.AttachGroupPolicyInput{GroupName: aws.String("devs"), PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}))(t)
	summary := must(client.GetAccountSummary(ctx, &awsiam.GetAccountSummaryInput{}))(t).SummaryMap
	for key, want := range map[string]int32{"Users": 1, "Roles": 1, "Groups": 1, "Policies": 1, "PolicyVersionsInUse": 1, "AccessKeysPerUserQuota": 2} {
		if summary[key] != want {
			t.Errorf("%s is %d, want %d", key, summary[key], want)
		}
	}
	details := must(client.GetAccountAuthorizationDetails(ctx, &awsiam.GetAccountAuthorizationDetailsInput{}))(t)
	if len(details.UserDetailList) != 1 || len(details.RoleDetailList) != 1 || len(details.GroupDetailList) != 1 || len(details.Policies) != 2 {
		t.Fatalf("details %+v", details)
	}
	user, group := details.UserDetailList[0], details.GroupDetailList[0]
	if !slices.Equal(user.GroupList, []string{"devs"}) || len(user.UserPolicyList) != 1 || len(group.AttachedManagedPolicies) != 1 {
		t.Errorf("user %+v, group %+v", user, group)
	}
	if text, err := url.PathUnescape(*user.UserPolicyList[0].PolicyDocument); err != nil || text != allowLogs {
		t.Errorf("the document is %s", text)
	}

	must(client.CreateAccountAlias(ctx, &awsiam.CreateAccountAliasInput{AccountAlias: aws.String("first")}))(t)
	must(client.CreateAccountAlias(ctx, &awsiam.CreateAccountAliasInput{AccountAlias: aws.String("workshop")}))(t)
	if got := must(client.ListAccountAliases(ctx, &awsiam.ListAccountAliasesInput{}))(t).AccountAliases; !slices.Equal(got, []string{"workshop"}) {
		t.Errorf("aliases %v", got)
	}
	_, err := client.DeleteAccountAlias(ctx, &awsiam.DeleteAccountAliasInput{AccountAlias: aws.String("first")})
	wantError(t, err, "NoSuchEntity", "The Account Alias with name first cannot be found.")
	must(client.DeleteAccountAlias(ctx, &awsiam.DeleteAccountAliasInput{AccountAlias: aws.String("workshop")}))(t)
	if got := must(client.ListAccountAliases(ctx, &awsiam.ListAccountAliasesInput{}))(t).AccountAliases; len(got) != 0 {
		t.Errorf("aliases %v", got)
	}
	_, err = client.GetAccountPasswordPolicy(ctx, &awsiam.GetAccountPasswordPolicyInput{})
	wantError(t, err, "NoSuchEntity", "The Password Policy with domain name 123456789012 cannot be found.")
	_, err = client.GetLoginProfile(ctx, &awsiam.GetLoginProfileInput{UserName: aws.String("ann")})
	wantError(t, err, "NoSuchEntity", "Login Profile for User ann cannot be found.")
	if got := must(client.ListMFADevices(ctx, &awsiam.ListMFADevicesInput{UserName: aws.String("ann")}))(t).MFADevices; len(got) != 0 {
		t.Errorf("devices %+v", got)
	}
}

// TestTrustedPrincipals refuses trust in users and roles of the account that are not there.
func TestTrustedPrincipals(t *testing.T) {
	w, ctx := open(t), t.Context()
	create := func(name, principal string) error {
		_, err := w.CreateRole(ctx, &awsiam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trusting(principal, `"sts:AssumeRole"`, ""))})
		return err
	}
	for _, principal := range []string{"arn:aws:iam::123456789012:user/none", "arn:aws:iam::123456789012:role/none", "arn:aws:sts::123456789012:assumed-role/none/s"} {
		wantError(t, create("r", principal), "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"`+principal+`"`)
	}
	for i, principal := range []string{
		account, "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/x0", "arn:aws:sts::123456789012:assumed-role/x1/s",
		"arn:aws:iam::999999999999:role/theirs", "*",
	} {
		if err := create(fmt.Sprint("x", i), principal); err != nil {
			t.Errorf("%s: %v", principal, err)
		}
	}
	_, err := w.UpdateAssumeRolePolicy(ctx, &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("x0"), PolicyDocument: aws.String(strings.Replace(trustsAll, "sts:", "s3:", 1))})
	wantError(t, err, "MalformedPolicyDocument", "AssumeRole policy may only specify STS AssumeRole actions.")
	described := must(w.UpdateRoleDescription(ctx, &awsiam.UpdateRoleDescriptionInput{RoleName: aws.String("x0"), Description: aws.String("first")}))(t)
	if *described.Role.Description != "first" {
		t.Errorf("role %+v", described.Role)
	}
}
