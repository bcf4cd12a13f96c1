package verify

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.yaml.in/yaml/v3"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// made is a stack as its own template made it: what a check compares with. It
// costs two calls, and two or three for each role that is looked at.
// CloudFormation's own drift detection compares everything and takes its time:
// it is left to what mends.
type made struct {
	template struct {
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	resources map[string]types.StackResourceSummary
}

// asMade reads a stack; nil where there is none.
func (s *Scene) asMade(ctx context.Context, name string) (*made, error) {
	stack, err := s.FindStack(ctx, name)
	if err != nil || stack == nil {
		return nil, err
	}
	out, err := s.CloudFormation.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: stack.StackId, TemplateStage: types.TemplateStageOriginal})
	if err != nil {
		return nil, fmt.Errorf("read the template of stack %s: %w", name, err)
	}
	m := &made{resources: map[string]types.StackResourceSummary{}}
	if err := yaml.Unmarshal([]byte(aws.ToString(out.TemplateBody)), &m.template); err != nil {
		return nil, fmt.Errorf("read the template of stack %s: %w", name, err)
	}
	resources, err := s.StackResources(ctx, aws.ToString(stack.StackId))
	for _, r := range resources {
		m.resources[aws.ToString(r.LogicalResourceId)] = r
	}
	return m, err
}

// id is the physical id of a resource, or "".
func (m *made) id(logical string) string {
	return aws.ToString(m.resources[logical].PhysicalResourceId)
}

// gone finds the first of some resources that is not there any more, or "".
func (s *Scene) gone(ctx context.Context, m *made, logical ...string) (string, error) {
	for _, l := range logical {
		r, ok := m.resources[l]
		if !ok {
			continue
		}
		there, known, err := s.Exists(ctx, aws.ToString(r.ResourceType), m.id(l))
		if err != nil {
			return "", err
		}
		if known && !there {
			kind := aws.ToString(r.ResourceType)
			kind = kind[strings.LastIndex(kind, ":")+1:]
			return fmt.Sprintf("%s (%s, the stack's %s) was deleted", m.id(l), kind, l), nil
		}
	}
	return "", nil
}

// policy is a policy's document, of a template or of IAM.
type policy struct {
	Statement []statement `yaml:"Statement"`
}

type statement struct {
	Sid    string    `yaml:"Sid"`
	Effect string    `yaml:"Effect"`
	Action oneOrMore `yaml:"Action"`
}

// oneOrMore is one string or several.
type oneOrMore []string

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *oneOrMore) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*s = oneOrMore{n.Value}
		return nil
	}
	return n.Decode((*[]string)(s))
}

// role is what is compared of a role's properties.
type role struct {
	Policies []struct {
		PolicyName     string `yaml:"PolicyName"`
		PolicyDocument policy `yaml:"PolicyDocument"`
	} `yaml:"Policies"`
	ManagedPolicyArns []string `yaml:"ManagedPolicyArns"`
}

// changedRole says how a role differs from what its template says: a policy, a
// statement or an action more or less. "" where it does not.
func (s *Scene) changedRole(ctx context.Context, m *made, logical string) (string, error) {
	resource, ok := m.template.Resources[logical]
	name := m.id(logical)
	if !ok || name == "" {
		return "", nil
	}
	var want role
	if err := resource.Properties.Decode(&want); err != nil {
		return "", fmt.Errorf("read role %s of the template: %w", logical, err)
	}
	attached, err := s.IAM.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	if cloud.IsNotFound(err) {
		return fmt.Sprintf("role %s (the stack's %s) was deleted", name, logical), nil
	}
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(attached.AttachedPolicies, func(p iamtypes.AttachedPolicy) bool {
		return !slices.Contains(want.ManagedPolicyArns, aws.ToString(p.PolicyArn))
	}); i >= 0 {
		return fmt.Sprintf("role %s has %s attached, which its template has not", name, aws.ToString(attached.AttachedPolicies[i].PolicyName)), nil
	}
	for _, p := range want.Policies {
		out, err := s.IAM.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &p.PolicyName})
		if cloud.IsNotFound(err) {
			return fmt.Sprintf("role %s (%s) has lost its policy %s", name, logical, p.PolicyName), nil
		}
		if err != nil {
			return "", err
		}
		text, err := url.QueryUnescape(aws.ToString(out.PolicyDocument))
		if err != nil {
			return "", fmt.Errorf("read policy %s of role %s: %w", p.PolicyName, name, err)
		}
		if difference := comparePolicies(p.PolicyDocument, text); difference != "" {
			return fmt.Sprintf("policy %s of role %s (%s) %s", p.PolicyName, name, logical, difference), nil
		}
	}
	return "", nil
}

// changedBucketPolicy says how a bucket's policy differs from what its template says.
func (s *Scene) changedBucketPolicy(ctx context.Context, m *made, logical, bucket string) (string, error) {
	resource, ok := m.template.Resources[logical]
	name := m.id(bucket)
	if !ok || name == "" {
		return "", nil
	}
	var want struct {
		PolicyDocument policy `yaml:"PolicyDocument"`
	}
	if err := resource.Properties.Decode(&want); err != nil {
		return "", fmt.Errorf("read %s of the template: %w", logical, err)
	}
	out, err := s.S3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &name, ExpectedBucketOwner: &s.Account})
	if cloud.IsNotFound(err) {
		return fmt.Sprintf("bucket %s has lost its policy", name), nil
	}
	if err != nil {
		return "", err
	}
	if difference := comparePolicies(want.PolicyDocument, aws.ToString(out.Policy)); difference != "" {
		return fmt.Sprintf("the policy of bucket %s %s", name, difference), nil
	}
	return "", nil
}

// comparePolicies says how a policy differs from what is wanted, statement by
// statement, going by their names and actions.
func comparePolicies(want policy, text string) string {
	var have policy
	if err := yaml.Unmarshal([]byte(text), &have); err != nil {
		return "cannot be read: " + err.Error()
	}
	for _, w := range want.Statement {
		i := slices.IndexFunc(have.Statement, func(h statement) bool { return h.Sid == w.Sid && h.Effect == w.Effect })
		if i < 0 {
			return fmt.Sprintf("lacks the statement %s (%s)", w.Sid, some(w.Action))
		}
		for _, action := range w.Action {
			if !slices.Contains(have.Statement[i].Action, action) {
				return fmt.Sprintf("lacks %s in its statement %s", action, w.Sid)
			}
		}
	}
	for _, h := range have.Statement {
		i := slices.IndexFunc(want.Statement, func(w statement) bool { return h.Sid == w.Sid && h.Effect == w.Effect })
		if i < 0 {
			return fmt.Sprintf("has a statement more than its template: %s %s (%s)", h.Effect, some(h.Action), h.Sid)
		}
		for _, action := range h.Action {
			if !slices.Contains(want.Statement[i].Action, action) {
				return fmt.Sprintf("has %s in its statement %s, which its template has not", action, h.Sid)
			}
		}
	}
	return ""
}

// some names the first of some actions, and how many more there are.
func some(actions []string) string {
	const most = 3
	if len(actions) <= most {
		return strings.Join(actions, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(actions[:most], ", "), len(actions)-most)
}
