package resource

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func readRole(ctx context.Context, r Request) (map[string]any, error) {
	client := iam.NewFromConfig(r.Config)
	out, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	actual := shaped(without(r.Properties, "AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies", "PermissionsBoundary", "Tags"), out.Role)
	actual["AssumeRolePolicyDocument"] = shapeText(r.Properties["AssumeRolePolicyDocument"], aws.ToString(out.Role.AssumeRolePolicyDocument))
	if out.Role.PermissionsBoundary != nil {
		actual["PermissionsBoundary"] = aws.ToString(out.Role.PermissionsBoundary.PermissionsBoundaryArn)
	}
	if r.Properties["Tags"] != nil {
		actual["Tags"] = r.ownTags(iamTagMap(out.Role.Tags))
	}
	if r.Properties["ManagedPolicyArns"] != nil {
		attached, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &r.PhysicalID})
		if err != nil {
			return nil, err
		}
		actual["ManagedPolicyArns"] = arnsOf(attached.AttachedPolicies)
	}
	if r.Properties["Policies"] == nil {
		return actual, nil
	}
	actual["Policies"], err = rolePolicies(ctx, client, r)
	return actual, err
}

func rolePolicies(ctx context.Context, client *iam.Client, r Request) ([]any, error) {
	names, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	policies := []any{}
	for _, name := range names.PolicyNames {
		policy, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &r.PhysicalID, PolicyName: &name})
		if err != nil {
			return nil, err
		}
		document, _ := parsed(aws.ToString(policy.PolicyDocument))
		policies = append(policies, map[string]any{"PolicyName": name, "PolicyDocument": document})
	}
	return policies, nil
}

func arnsOf(policies []types.AttachedPolicy) []any {
	arns := []any{}
	for _, policy := range policies {
		arns = append(arns, aws.ToString(policy.PolicyArn))
	}
	return arns
}

func iamTagMap(tags []types.Tag) map[string]string {
	out := map[string]string{}
	for _, tag := range tags {
		out[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return out
}

func readRolePolicy(ctx context.Context, r Request) (map[string]any, error) {
	out, err := iam.NewFromConfig(r.Config).GetRolePolicy(ctx, &iam.GetRolePolicyInput{
		RoleName: aws.String(text(r.Properties, "RoleName")), PolicyName: aws.String(text(r.Properties, "PolicyName")),
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"RoleName": aws.ToString(out.RoleName), "PolicyName": aws.ToString(out.PolicyName),
		"PolicyDocument": shapeText(r.Properties["PolicyDocument"], aws.ToString(out.PolicyDocument)),
	}, nil
}

// readManagedPolicy does not compare to whom the policy is attached.
func readManagedPolicy(ctx context.Context, r Request) (map[string]any, error) {
	client := iam.NewFromConfig(r.Config)
	out, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	version, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &r.PhysicalID, VersionId: out.Policy.DefaultVersionId})
	if err != nil {
		return nil, err
	}
	actual := shaped(only(r.Properties, "Description", "Path"), out.Policy)
	maps.Copy(actual, only(r.Properties, "Roles", "Users"))
	if r.Properties["ManagedPolicyName"] != nil {
		actual["ManagedPolicyName"] = aws.ToString(out.Policy.PolicyName)
	}
	actual["PolicyDocument"] = shapeText(r.Properties["PolicyDocument"], aws.ToString(version.PolicyVersion.Document))
	return actual, nil
}

// readUser does not compare the inline policies.
func readUser(ctx context.Context, r Request) (map[string]any, error) {
	client := iam.NewFromConfig(r.Config)
	out, err := client.GetUser(ctx, &iam.GetUserInput{UserName: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	actual := shaped(without(r.Properties, "Policies", "ManagedPolicyArns", "Tags"), out.User)
	if policies, ok := r.Properties["Policies"]; ok {
		actual["Policies"] = policies
	}
	if r.Properties["Tags"] != nil {
		actual["Tags"] = r.ownTags(iamTagMap(out.User.Tags))
	}
	if r.Properties["ManagedPolicyArns"] != nil {
		attached, err := client.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: &r.PhysicalID})
		if err != nil {
			return nil, err
		}
		actual["ManagedPolicyArns"] = arnsOf(attached.AttachedPolicies)
	}
	return actual, nil
}
