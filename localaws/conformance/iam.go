package conformance

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

const (
	iamAPI      = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_"
	iamGuide    = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
	iamRoles    = "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/iam/test_iam_roles.snapshot.json, "
	iamPolicies = "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/iam/test_iam_policies.snapshot.json, "
)

var iamAssumptions = []Assumption{
	{Number: 401, Title: "IAM: a role that is not there says NoSuchEntity", Source: iamRoles + "test_role_errors", Confirmed: true, Run: func(t *T) {
		name := t.name()
		_, err := t.iam.GetRole(t.ctx, &iam.GetRoleInput{RoleName: &name})
		t.wantError(err, "NoSuchEntity", "The role with name "+name+" cannot be found.")
		equal(t, "the status", status(err), http.StatusNotFound)
	}},
	{Number: 402, Title: "IAM: a role's name is given once", Source: iamRoles + "test_role_errors", Confirmed: true, Run: func(t *T) {
		name := nameOf(t.role(trustService("ec2.amazonaws.com"), ""))
		_, err := t.iam.CreateRole(t.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trustService("ec2.amazonaws.com"))})
		t.wantError(err, "EntityAlreadyExists", "Role with name "+name+" already exists.")
		equal(t, "the status", status(err), http.StatusConflict)
	}},
	{Number: 403, Title: "IAM: a role's sessions last an hour unless told otherwise", Source: iamRoles + "test_create_role_defaults", Confirmed: true, Run: func(t *T) {
		name := nameOf(t.role(trustService("ec2.amazonaws.com"), ""))
		got := must(t.iam.GetRole(t.ctx, &iam.GetRoleInput{RoleName: &name}))(t).Role
		equal(t, "MaxSessionDuration", aws.ToInt32(got.MaxSessionDuration), 3600)
		equal(t, "Path", str(got.Path), "/")
		equal(t, "Arn", str(got.Arn), "arn:aws:iam::"+t.target.Account+":role/"+name)
		if !strings.HasPrefix(str(got.RoleId), "AROA") {
			t.Errorf("RoleId is %s, which does not begin with AROA", str(got.RoleId))
		}
	}},
	{Number: 404, Title: "IAM: policies are answered percent-encoded", Source: iamAPI + "GetRole.html", Confirmed: true, Run: func(t *T) {
		trust := trustService("ec2.amazonaws.com")
		name := nameOf(t.role(trust, ""))
		got := str(must(t.iam.GetRole(t.ctx, &iam.GetRoleInput{RoleName: &name}))(t).Role.AssumeRolePolicyDocument)
		if plain, err := url.QueryUnescape(got); err != nil || plain != trust || !strings.HasPrefix(got, "%7B") {
			t.Errorf("the policy is %s", got)
		}
	}},
	{Number: 405, Title: "IAM: a role with an attached policy is not deleted", Source: iamRoles + "test_delete_role_with_attached_policy", Confirmed: true, Run: func(t *T) {
		name := nameOf(t.role(trustService("ec2.amazonaws.com"), ""))
		must(t.iam.AttachRolePolicy(t.ctx, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: aws.String(t.policy(allow("s3:ListBucket")))}))(t)
		t.cleanup("attachment", func(t *T) error { return t.deleteRole(name) })
		_, err := t.iam.DeleteRole(t.ctx, &iam.DeleteRoleInput{RoleName: &name})
		t.wantError(err, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
		equal(t, "the status", status(err), http.StatusConflict)
	}},
	{Number: 406, Title: "IAM: a role with an inline policy is not deleted", Source: iamRoles + "test_delete_role_with_inline_policy", Confirmed: true, Run: func(t *T) {
		name := nameOf(t.role(trustService("ec2.amazonaws.com"), allow("s3:ListBucket")))
		_, err := t.iam.DeleteRole(t.ctx, &iam.DeleteRoleInput{RoleName: &name})
		t.wantError(err, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	}},
	{Number: 407, Title: "IAM: a trust policy that is no JSON is malformed", Source: iamRoles + "test_update_assume_role_policy_errors", Confirmed: true, Run: func(t *T) {
		name := nameOf(t.role(trustService("ec2.amazonaws.com"), ""))
		_, err := t.iam.UpdateAssumeRolePolicy(t.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &name, PolicyDocument: aws.String("not json")})
		t.wantError(err, "MalformedPolicyDocument", "This policy contains invalid Json")
	}},
	{Number: 408, Title: "IAM: a trust policy is of AssumeRole actions alone", Source: iamRoles + "test_update_assume_role_policy_errors", Confirmed: true, Run: func(t *T) {
		name := nameOf(t.role(trustService("ec2.amazonaws.com"), ""))
		wrong := document(statement{Effect: "Allow", Action: []string{"s3:GetObject"}, Principal: map[string]any{"Service": "ec2.amazonaws.com"}})
		_, err := t.iam.UpdateAssumeRolePolicy(t.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &name, PolicyDocument: &wrong})
		t.wantError(err, "MalformedPolicyDocument", "AssumeRole policy may only specify STS AssumeRole actions.")
	}},
	{Number: 409, Title: "IAM: a trust policy has no resource", Source: iamRoles + "test_update_assume_role_policy_errors", Confirmed: true, Run: func(t *T) {
		name := nameOf(t.role(trustService("ec2.amazonaws.com"), ""))
		wrong := document(statement{Effect: "Allow", Action: []string{"sts:AssumeRole"}, Resource: []string{"*"}, Principal: map[string]any{"Service": "ec2.amazonaws.com"}})
		_, err := t.iam.UpdateAssumeRolePolicy(t.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &name, PolicyDocument: &wrong})
		t.wantError(err, "MalformedPolicyDocument", "Has prohibited field Resource")
	}},
	{Number: 410, Title: "IAM: an inline policy that is not there says so", Source: iamRoles + "test_role_inline_policy_lifecycle", Confirmed: true, Run: func(t *T) {
		name := nameOf(t.role(trustService("ec2.amazonaws.com"), ""))
		_, err := t.iam.GetRolePolicy(t.ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: aws.String("other")})
		t.wantError(err, "NoSuchEntity", "The role policy with name other cannot be found.")
	}},
	{Number: 411, Title: "IAM: a managed policy's name is given once", Source: iamPolicies + "test_policy_errors", Confirmed: true, Run: func(t *T) {
		name := nameOf(t.policy(allow("s3:ListBucket")))
		_, err := t.iam.CreatePolicy(t.ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: aws.String(allow("s3:ListBucket"))})
		t.wantError(err, "EntityAlreadyExists", "A policy called "+name+" already exists. Duplicate names are not allowed.")
	}},
	{Number: 412, Title: "IAM: a managed policy has at most five versions", Source: iamPolicies + "test_policy_version_limit", Confirmed: true, Run: func(t *T) {
		arn := t.policy(allow("s3:ListBucket"))
		for _, id := range []string{"v2", "v3", "v4", "v5"} {
			out := must(t.iam.CreatePolicyVersion(t.ctx, &iam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: aws.String(allow("s3:GetObject"))}))(t)
			equal(t, "VersionId", str(out.PolicyVersion.VersionId), id)
			t.cleanup("version "+id, func(t *T) error {
				_, err := t.iam.DeletePolicyVersion(t.ctx, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: &id})
				return err
			})
		}
		_, err := t.iam.CreatePolicyVersion(t.ctx, &iam.CreatePolicyVersionInput{PolicyArn: &arn, PolicyDocument: aws.String(allow("s3:GetObject"))})
		t.wantError(err, "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	}},
	{Number: 413, Title: "IAM: the default version of a policy is not deleted", Source: iamPolicies + "test_policy_version_errors", Confirmed: true, Run: func(t *T) {
		arn := t.policy(allow("s3:ListBucket"))
		_, err := t.iam.DeletePolicyVersion(t.ctx, &iam.DeletePolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v1")})
		t.wantError(err, "DeleteConflict", "Cannot delete the default version of a policy.")
	}},
	{Number: 414, Title: "IAM: a version that is not there says so", Source: iamPolicies + "test_policy_version_errors", Confirmed: true, Run: func(t *T) {
		arn := t.policy(allow("s3:ListBucket"))
		_, err := t.iam.GetPolicyVersion(t.ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v9")})
		t.wantError(err, "NoSuchEntity", "Policy "+arn+" version v9 does not exist or is not attachable.")
	}},
	{Number: 415, Title: "IAM: an attached policy is not deleted", Source: iamAPI + "DeletePolicy.html", Run: func(t *T) {
		arn, name := t.policy(allow("s3:ListBucket")), nameOf(t.role(trustService("ec2.amazonaws.com"), ""))
		must(t.iam.AttachRolePolicy(t.ctx, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: &arn}))(t)
		_, err := t.iam.DeletePolicy(t.ctx, &iam.DeletePolicyInput{PolicyArn: &arn})
		t.wantError(err, "DeleteConflict", "Cannot delete a policy attached to entities.")
	}},
	{Number: 416, Title: "IAM: a user has at most two access keys", Source: iamGuide + "reference_iam-quotas.html", Run: func(t *T) {
		t.user("")
		name := t.prefix + "-1"
		second := must(t.iam.CreateAccessKey(t.ctx, &iam.CreateAccessKeyInput{UserName: &name}))(t).AccessKey
		t.cleanup("second key", func(t *T) error {
			_, err := t.iam.DeleteAccessKey(t.ctx, &iam.DeleteAccessKeyInput{UserName: &name, AccessKeyId: second.AccessKeyId})
			return err
		})
		_, err := t.iam.CreateAccessKey(t.ctx, &iam.CreateAccessKeyInput{UserName: &name})
		t.wantError(err, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	}},
	{Number: 417, Title: "IAM: a user with access keys is not deleted", Source: iamAPI + "DeleteUser.html", Run: func(t *T) {
		t.user("")
		_, err := t.iam.DeleteUser(t.ctx, &iam.DeleteUserInput{UserName: aws.String(t.prefix + "-1")})
		t.wantError(err, "DeleteConflict", "Cannot delete entity, must delete access keys first.")
	}},
	{Number: 418, Title: "IAM: a policy without a statement's effect is malformed", Source: iamGuide + "reference_policies_elements_effect.html", Run: func(t *T) {
		_, err := t.iam.CreatePolicy(t.ctx, &iam.CreatePolicyInput{PolicyName: aws.String(t.name()), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Action":"s3:*","Resource":"*"}]}`)})
		t.wantError(err, "MalformedPolicyDocument")
	}},
	{Number: 419, Title: "IAM: an identity's policy names no principal", Source: iamGuide + "reference_policies_elements_principal.html", Run: func(t *T) {
		_, err := t.iam.CreatePolicy(t.ctx, &iam.CreatePolicyInput{PolicyName: aws.String(t.name()), PolicyDocument: aws.String(
			document(statement{Effect: "Allow", Action: []string{"s3:*"}, Resource: []string{"*"}, Principal: map[string]any{"AWS": "*"}}))})
		t.wantError(err, "MalformedPolicyDocument", "Policy document should not specify a principal.")
	}},
	{Number: 420, Title: "IAM: a condition's operator that is none is malformed", Source: iamGuide + "reference_policies_elements_condition_operators.html", Run: func(t *T) {
		_, err := t.iam.CreatePolicy(t.ctx, &iam.CreatePolicyInput{PolicyName: aws.String(t.name()), PolicyDocument: aws.String(
			document(statement{Effect: "Allow", Action: []string{"s3:*"}, Resource: []string{"*"}, Condition: map[string]any{"StringSortOf": map[string]any{"aws:username": "x"}}}))})
		t.wantError(err, "MalformedPolicyDocument")
	}},
}
