package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// statement is a statement of a policy, of which the empty members are left out.
type statement struct {
	Effect    string
	Action    []string
	Resource  []string       `json:",omitempty"`
	Principal map[string]any `json:",omitempty"`
	Condition map[string]any `json:",omitempty"`
}

// document is a policy of those statements.
func document(statements ...statement) string {
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		panic(err) // a map of strings
	}
	return string(text)
}

// allow is a policy that allows the actions on everything.
func allow(actions ...string) string {
	return document(statement{Effect: "Allow", Action: actions, Resource: []string{"*"}})
}

// trustService lets services assume a role.
func trustService(services ...string) string {
	return document(statement{Effect: "Allow", Action: []string{"sts:AssumeRole"}, Principal: map[string]any{"Service": services}})
}

// trustAccount lets the account's own principals assume a role, as far as their policies do.
func (t *T) trustAccount() string {
	return document(statement{Effect: "Allow", Action: []string{"sts:AssumeRole"}, Principal: map[string]any{"AWS": "arn:aws:iam::" + t.target.Account + ":root"}})
}

// role makes a role with a trust policy and, unless it is empty, a policy of its own.
func (t *T) role(trust, policy string) string { return t.roleOf(iam.CreateRoleInput{}, trust, policy) }

func (t *T) roleOf(input iam.CreateRoleInput, trust, policy string) string {
	name := t.name()
	input.RoleName, input.AssumeRolePolicyDocument = &name, &trust
	made := must(t.iam.CreateRole(t.ctx, &input))(t)
	t.cleanup("role "+name, func(t *T) error { return t.deleteRole(name) })
	if policy != "" {
		must(t.iam.PutRolePolicy(t.ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("own"), PolicyDocument: &policy}))(t)
	}
	t.spread()
	return str(made.Role.Arn)
}

func (t *T) deleteRole(name string) error {
	inline, err := t.iam.ListRolePolicies(t.ctx, &iam.ListRolePoliciesInput{RoleName: &name})
	if err != nil {
		return err
	}
	for _, policy := range inline.PolicyNames {
		_, failed := t.iam.DeleteRolePolicy(t.ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: &policy})
		err = errors.Join(err, failed)
	}
	attached, failed := t.iam.ListAttachedRolePolicies(t.ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	if failed != nil {
		return errors.Join(err, failed)
	}
	for _, policy := range attached.AttachedPolicies {
		_, failed := t.iam.DetachRolePolicy(t.ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: policy.PolicyArn})
		err = errors.Join(err, failed)
	}
	_, failed = t.iam.DeleteRole(t.ctx, &iam.DeleteRoleInput{RoleName: &name})
	return errors.Join(err, failed)
}

// nameOf is the name in an ARN.
func nameOf(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// policy makes a managed policy.
func (t *T) policy(document string) string {
	made := must(t.iam.CreatePolicy(t.ctx, &iam.CreatePolicyInput{PolicyName: aws.String(t.name()), PolicyDocument: &document}))(t)
	t.cleanup("policy "+*made.Policy.Arn, func(t *T) error {
		_, err := t.iam.DeletePolicy(t.ctx, &iam.DeletePolicyInput{PolicyArn: made.Policy.Arn})
		return err
	})
	return str(made.Policy.Arn)
}

// user makes a user with an access key and, unless it is empty, a policy, and
// returns the run as that user sees it. It waits until the key is known.
func (t *T) user(policy string) *T {
	name := t.name()
	must(t.iam.CreateUser(t.ctx, &iam.CreateUserInput{UserName: &name}))(t)
	t.cleanup("user "+name, func(t *T) error {
		_, err := t.iam.DeleteUser(t.ctx, &iam.DeleteUserInput{UserName: &name})
		return err
	})
	if policy != "" {
		must(t.iam.PutUserPolicy(t.ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("own"), PolicyDocument: &policy}))(t)
		t.cleanup("policy of "+name, func(t *T) error {
			_, err := t.iam.DeleteUserPolicy(t.ctx, &iam.DeleteUserPolicyInput{UserName: &name, PolicyName: aws.String("own")})
			return err
		})
	}
	key := must(t.iam.CreateAccessKey(t.ctx, &iam.CreateAccessKeyInput{UserName: &name}))(t).AccessKey
	t.cleanup("key of "+name, func(t *T) error {
		_, err := t.iam.DeleteAccessKey(t.ctx, &iam.DeleteAccessKeyInput{UserName: &name, AccessKeyId: key.AccessKeyId})
		return err
	})
	user := t.as(credentials.NewStaticCredentialsProvider(*key.AccessKeyId, *key.SecretAccessKey, ""))
	t.spread()
	settled(user, func() (*sts.GetCallerIdentityOutput, error) {
		return user.sts.GetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{})
	})
	return user
}

// userRole is a role with a policy that a user of the account may assume.
func (t *T) userRole(policy string) string { return t.role(t.trustAccount(), policy) }

// session assumes a role, as a user that may, with a session policy unless it
// is empty, and returns the run as the session sees it.
func (t *T) session(role, policy string) *T {
	user := t.user(allow("sts:AssumeRole"))
	input := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("now")}
	if policy != "" {
		input.Policy = &policy
	}
	keys := user.assume(input)
	return t.as(credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken))
}

// assume assumes a role as soon as it can be.
func (t *T) assume(input *sts.AssumeRoleInput) aws.Credentials {
	out := settled(t, func() (*sts.AssumeRoleOutput, error) { return t.sts.AssumeRole(t.ctx, input) })
	return aws.Credentials{AccessKeyID: str(out.Credentials.AccessKeyId), SecretAccessKey: str(out.Credentials.SecretAccessKey), SessionToken: str(out.Credentials.SessionToken)}
}

// denied wants an error to be a denial, and returns its text.
func (t *T) denied(err error) string {
	if !strings.HasPrefix(code(err), "AccessDenied") {
		t.Errorf("got %v, want a denial", err)
		return ""
	}
	return message(err)
}

// wantDenied wants a denial in AWS's words; why is empty where AWS gives no reason.
func (t *T) wantDenied(err error, principal, action, resource, why string) {
	want := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", principal, action, resource)
	if why != "" {
		want += " " + why
	}
	if got := t.denied(err); got != "" && got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
