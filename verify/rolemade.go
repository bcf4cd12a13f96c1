package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.yaml.in/yaml/v3"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// role is what is compared of a role's properties.
type role struct {
	AssumeRolePolicyDocument yaml.Node `yaml:"AssumeRolePolicyDocument"`
	Policies                 []struct {
		PolicyName     string    `yaml:"PolicyName"`
		PolicyDocument yaml.Node `yaml:"PolicyDocument"`
	} `yaml:"Policies"`
	ManagedPolicyArns yaml.Node `yaml:"ManagedPolicyArns"`
}

// changedRole says how a role differs from what its template says: whom it
// trusts, and what its policies say. "" where it does not.
func (s *Scene) changedRole(ctx context.Context, m *made, logical string) (string, error) {
	name := m.id(logical)
	var want role
	if ok, err := m.properties(logical, &want); !ok || err != nil || name == "" {
		return "", err
	}
	out, err := s.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if cloud.IsNotFound(err) {
		return fmt.Sprintf("%s (Role, the stack's %s) was deleted", name, logical), nil
	}
	if err != nil {
		return "", err
	}
	what := fmt.Sprintf("the trust policy of role %s (%s)", name, logical)
	if difference, err := m.compareEncoded(&want.AssumeRolePolicyDocument, out.Role.AssumeRolePolicyDocument); difference != "" || err != nil {
		return what + " " + difference, err
	}
	attached, err := s.IAM.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	if err != nil {
		return "", err
	}
	wanted := cloud.Items(m.resolve(&want.ManagedPolicyArns))
	if i := slices.IndexFunc(attached.AttachedPolicies, func(p iamtypes.AttachedPolicy) bool {
		return !slices.Contains(wanted, any(aws.ToString(p.PolicyArn))) && !slices.Contains(wanted, any(cloud.Unknown{})) &&
			!slices.Contains(m.own.Managed, aws.ToString(p.PolicyArn))
	}); i >= 0 {
		return fmt.Sprintf("role %s has %s attached, which its template has not", name, aws.ToString(attached.AttachedPolicies[i].PolicyName)), nil
	}
	return s.changedInline(ctx, m, logical, want)
}

// changedInline says how a role's own policies differ from what is wanted.
func (s *Scene) changedInline(ctx context.Context, m *made, logical string, want role) (string, error) {
	name := m.id(logical)
	var wanted []string
	for _, p := range want.Policies {
		wanted = append(wanted, p.PolicyName)
		out, err := s.IAM.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &p.PolicyName})
		if cloud.IsNotFound(err) {
			return fmt.Sprintf("role %s (%s) has lost its policy %s", name, logical, p.PolicyName), nil
		}
		if err != nil {
			return "", err
		}
		if difference, err := m.compareEncoded(&p.PolicyDocument, out.PolicyDocument); difference != "" || err != nil {
			return fmt.Sprintf("policy %s of role %s (%s) %s", p.PolicyName, name, logical, difference), err
		}
	}
	if m.own.Inline {
		return "", nil
	}
	list, err := s.IAM.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &name})
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(list.PolicyNames, func(p string) bool { return !slices.Contains(wanted, p) }); i >= 0 {
		return fmt.Sprintf("role %s (%s) has the policy %s, which its template has not", name, logical, list.PolicyNames[i]), nil
	}
	return "", nil
}

// changedManagedPolicy says how a managed policy's default version differs from what its template says.
func (s *Scene) changedManagedPolicy(ctx context.Context, m *made, logical string) (string, error) {
	arn := m.id(logical)
	var want struct {
		PolicyDocument yaml.Node `yaml:"PolicyDocument"`
	}
	if ok, err := m.properties(logical, &want); !ok || err != nil || arn == "" {
		return "", err
	}
	text, err := s.ManagedPolicy(ctx, arn)
	if cloud.IsNotFound(err) {
		return fmt.Sprintf("%s (ManagedPolicy, the stack's %s) was deleted", arn, logical), nil
	}
	if err != nil {
		return "", err
	}
	if difference := comparePolicies(m.resolve(&want.PolicyDocument), text); difference != "" {
		return fmt.Sprintf("policy %s (%s) %s", arn[strings.LastIndex(arn, "/")+1:], logical, difference), nil
	}
	return "", nil
}

// changedBucketPolicy says how a bucket's policy differs from what its template says.
func (s *Scene) changedBucketPolicy(ctx context.Context, m *made, logical, bucket string) (string, error) {
	name := m.id(bucket)
	var want struct {
		PolicyDocument yaml.Node `yaml:"PolicyDocument"`
	}
	if ok, err := m.properties(logical, &want); !ok || err != nil || name == "" {
		return "", err
	}
	out, err := s.S3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &name, ExpectedBucketOwner: &s.Account})
	if cloud.IsNotFound(err) {
		return fmt.Sprintf("bucket %s has lost its policy", name), nil
	}
	if err != nil {
		return "", err
	}
	if difference := comparePolicies(m.resolve(&want.PolicyDocument), aws.ToString(out.Policy)); difference != "" {
		return fmt.Sprintf("the policy of bucket %s %s", name, difference), nil
	}
	return "", nil
}

// properties reads those of a resource as the template has them; ok is false where it has no such resource.
func (m *made) properties(logical string, into any) (ok bool, err error) {
	resource, ok := m.template.Resources[logical]
	if !ok {
		return false, nil
	}
	if err := resource.Properties.Decode(into); err != nil {
		return true, fmt.Errorf("read %s of the template: %w", logical, err)
	}
	return true, nil
}

// compareEncoded says how a policy that IAM gives differs from the template's.
func (m *made) compareEncoded(want *yaml.Node, encoded *string) (string, error) {
	text, err := cloud.Document(encoded)
	if err != nil {
		return "", err
	}
	return comparePolicies(m.resolve(want), text), nil
}
