package cloud

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// addPolicies compares the policies of a stack's roles and buckets with what
// IAM and S3 say themselves. CloudFormation's detection looks at no property
// that a template does not set, such as what somebody has attached to a role,
// and passes over changes within policy documents:
// https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/936 and /1858.
func (c *Cloud) addPolicies(ctx context.Context, resources []types.StackResourceSummary, found map[string]drift) error {
	own := OwnPolicies(resources)
	for _, r := range resources {
		id := aws.ToString(r.LogicalResourceId)
		row, listed := found[id]
		if !listed || row.Gone || row.Expected == nil {
			continue
		}
		actual, err := c.policiesOf(ctx, aws.ToString(r.ResourceType), aws.ToString(r.PhysicalResourceId), row.Expected)
		if IsNotFound(err) {
			continue // the detection says that it is gone, or its property
		}
		if err != nil {
			return fmt.Errorf("read the policies of %s: %w", id, err)
		}
		for property, now := range actual {
			if property == "ManagedPolicyArns" {
				now = own.without(now, row.Expected[property])
			}
			if slices.Contains(row.Properties, property) || property == "Policies" && own.Inline || Alike(row.Expected[property], now) {
				continue
			}
			if row.Actual == nil {
				row.Actual = map[string]any{}
			}
			row.Actual[property] = now
			row.Properties = append(row.Properties, property)
		}
		found[id] = row
	}
	return nil
}

// StackPolicies are the policies that a stack gives to its roles by resources of
// their own, which is nobody's doing but the template's.
type StackPolicies struct {
	// Inline says that there are some within roles.
	Inline bool
	// Managed are the ARNs of the stack's managed policies.
	Managed []string
}

// OwnPolicies finds a stack's.
func OwnPolicies(resources []types.StackResourceSummary) (own StackPolicies) {
	for _, r := range resources {
		switch aws.ToString(r.ResourceType) {
		case "AWS::IAM::Policy", "AWS::IAM::RolePolicy":
			own.Inline = true
		case "AWS::IAM::ManagedPolicy":
			own.Managed = append(own.Managed, aws.ToString(r.PhysicalResourceId))
		}
	}
	return own
}

// without are the attached policies but for the stack's own that a role's template does not name.
func (o StackPolicies) without(attached, expected any) []any {
	named := Items(expected)
	return slices.DeleteFunc(Items(attached), func(arn any) bool {
		text, _ := arn.(string)
		return slices.Contains(o.Managed, text) && !slices.Contains(named, arn)
	})
}

// policiesOf are the properties of a resource that are policies, as they are now.
func (c *Cloud) policiesOf(ctx context.Context, kind, id string, expected map[string]any) (map[string]any, error) {
	switch kind {
	case "AWS::IAM::Role":
		return c.policiesOfRole(ctx, id)
	case "AWS::IAM::ManagedPolicy":
		document, err := c.ManagedPolicy(ctx, id)
		if err != nil {
			return nil, err
		}
		value, err := parsed(document)
		return map[string]any{"PolicyDocument": value}, err
	case "AWS::S3::BucketPolicy":
		bucket, _ := expected["Bucket"].(string)
		out, err := c.S3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &bucket, ExpectedBucketOwner: &c.Account})
		if err != nil {
			return nil, err
		}
		value, err := parsed(aws.ToString(out.Policy))
		return map[string]any{"PolicyDocument": value}, err
	}
	return nil, nil
}

func (c *Cloud) policiesOfRole(ctx context.Context, role string) (map[string]any, error) {
	out, err := c.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &role})
	if err != nil {
		return nil, err
	}
	trust, err := parsedEncoded(out.Role.AssumeRolePolicyDocument)
	if err != nil {
		return nil, err
	}
	inline, err := c.IAM.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &role})
	if err != nil {
		return nil, err
	}
	policies := []any{}
	for _, name := range inline.PolicyNames {
		out, err := c.IAM.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
		if err != nil {
			return nil, err
		}
		document, err := parsedEncoded(out.PolicyDocument)
		if err != nil {
			return nil, err
		}
		policies = append(policies, map[string]any{"PolicyName": name, "PolicyDocument": document})
	}
	attached, err := c.IAM.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &role})
	if err != nil {
		return nil, err
	}
	arns := []any{}
	for _, p := range attached.AttachedPolicies {
		arns = append(arns, aws.ToString(p.PolicyArn))
	}
	return map[string]any{"AssumeRolePolicyDocument": trust, "Policies": policies, "ManagedPolicyArns": arns}, nil
}

// ManagedPolicy is the document of a managed policy's default version. It costs two calls.
func (c *Cloud) ManagedPolicy(ctx context.Context, arn string) (string, error) {
	policy, err := c.IAM.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return "", err
	}
	out, err := c.IAM.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: policy.Policy.DefaultVersionId})
	if err != nil {
		return "", err
	}
	return Document(out.PolicyVersion.Document)
}

// Document is a policy's text as IAM gives it, which is percent-encoded (RFC 3986).
func Document(encoded *string) (string, error) {
	text, err := url.PathUnescape(aws.ToString(encoded))
	if err != nil {
		return "", fmt.Errorf("read the policy: %w", err)
	}
	return text, nil
}

func parsedEncoded(encoded *string) (map[string]any, error) {
	text, err := Document(encoded)
	if err != nil {
		return nil, err
	}
	return parsed(text)
}

func parsed(text string) (value map[string]any, err error) {
	err = decode(&text, &value)
	return value, err
}
