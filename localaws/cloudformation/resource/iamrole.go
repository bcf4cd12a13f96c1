package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// role is AWS::IAM::Role. Ref gives its name. Its inline policies and the
// managed ones that the template attaches come and go with it.
var role = Type{
	Name:       "AWS::IAM::Role",
	Attributes: []string{"Arn", "RoleId"},
	IAM:        true,
	NamedIAM:   "RoleName",
	Foresee:    named("RoleName", 64, nil),
	Read:       readRole,
	Create: func(ctx context.Context, r Request) (Result, error) {
		in := &iam.CreateRoleInput{Tags: iamTags(r.tags())}
		if err := fill(in, without(r.Properties, "Tags", "RoleName", "ManagedPolicyArns", "Policies")); err != nil {
			return Result{}, err
		}
		in.RoleName = aws.String(r.nameFrom("RoleName", 64))
		client := iam.NewFromConfig(r.Config)
		out, err := client.CreateRole(ctx, in)
		if err != nil {
			return Result{}, err
		}
		return roleResult(out.Role), setRolePolicies(ctx, client, r, aws.ToString(in.RoleName))
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		failed := Result{PhysicalID: r.PhysicalID}
		client := iam.NewFromConfig(r.Config)
		for _, step := range []func(context.Context, *iam.Client, Request) error{updateTrust, updateRole, updateBoundary, retagRole} {
			if err := step(ctx, client, r); err != nil {
				return failed, err
			}
		}
		if err := setRolePolicies(ctx, client, r, r.PhysicalID); err != nil {
			return failed, err
		}
		out, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &r.PhysicalID})
		if err != nil {
			return failed, err
		}
		return roleResult(out.Role), nil
	},
	Delete: func(ctx context.Context, r Request) error {
		client := iam.NewFromConfig(r.Config)
		for _, arn := range texts(r.Properties, "ManagedPolicyArns") {
			_, err := client.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &r.PhysicalID, PolicyArn: &arn})
			if unlessGone(err) != nil {
				return err
			}
		}
		for _, policy := range objects(r.Properties, "Policies") {
			_, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{
				RoleName: &r.PhysicalID, PolicyName: aws.String(text(policy, "PolicyName")),
			})
			if unlessGone(err) != nil {
				return err
			}
		}
		_, err := client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &r.PhysicalID})
		return unlessGone(err)
	},
}

func roleResult(role *types.Role) Result {
	return Result{PhysicalID: aws.ToString(role.RoleName), Attributes: map[string]any{
		"Arn": aws.ToString(role.Arn), "RoleId": aws.ToString(role.RoleId),
	}}
}

func iamTags(tags map[string]string) []types.Tag {
	return tagList(tags, func(key, value *string) types.Tag { return types.Tag{Key: key, Value: value} })
}

// setRolePolicies makes the role's policies those of the properties, where the old properties had others.
func setRolePolicies(ctx context.Context, client *iam.Client, r Request, name string) error {
	attach, detach := diff(texts(r.Old, "ManagedPolicyArns"), texts(r.Properties, "ManagedPolicyArns"))
	for _, arn := range attach {
		if _, err := client.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: &arn}); err != nil {
			return err
		}
	}
	for _, arn := range detach {
		_, err := client.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: &arn})
		if unlessGone(err) != nil {
			return err
		}
	}
	if !r.changed("Policies") {
		return nil
	}
	_, remove := diff(policyNames(r.Old), policyNames(r.Properties))
	for _, policy := range remove {
		_, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: &policy})
		if unlessGone(err) != nil {
			return err
		}
	}
	for _, policy := range objects(r.Properties, "Policies") {
		in := &iam.PutRolePolicyInput{RoleName: &name}
		if err := fill(in, policy); err != nil {
			return err
		}
		if _, err := client.PutRolePolicy(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

func policyNames(properties map[string]any) []string {
	var names []string
	for _, policy := range objects(properties, "Policies") {
		names = append(names, text(policy, "PolicyName"))
	}
	return names
}

func updateTrust(ctx context.Context, client *iam.Client, r Request) error {
	if !r.changed("AssumeRolePolicyDocument") {
		return nil
	}
	trust, err := document(r.Properties["AssumeRolePolicyDocument"])
	if err != nil {
		return err
	}
	_, err = client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &r.PhysicalID, PolicyDocument: &trust})
	return err
}

func updateRole(ctx context.Context, client *iam.Client, r Request) error {
	if !r.changed("Description", "MaxSessionDuration") {
		return nil
	}
	in := &iam.UpdateRoleInput{RoleName: &r.PhysicalID}
	defaults := map[string]any{"Description": "", "MaxSessionDuration": 3600}
	if err := fill(in, withDefaults(only(r.Properties, "Description", "MaxSessionDuration"), r.Old, defaults)); err != nil {
		return err
	}
	_, err := client.UpdateRole(ctx, in)
	return err
}

func updateBoundary(ctx context.Context, client *iam.Client, r Request) error {
	if !r.changed("PermissionsBoundary") {
		return nil
	}
	boundary := text(r.Properties, "PermissionsBoundary")
	if boundary == "" {
		_, err := client.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &r.PhysicalID})
		return unlessGone(err)
	}
	_, err := client.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{
		RoleName: &r.PhysicalID, PermissionsBoundary: &boundary,
	})
	return err
}

func retagRole(ctx context.Context, client *iam.Client, r Request) error {
	set, remove := r.tagChanges()
	if len(set) > 0 {
		if _, err := client.TagRole(ctx, &iam.TagRoleInput{RoleName: &r.PhysicalID, Tags: iamTags(set)}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		if _, err := client.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &r.PhysicalID, TagKeys: remove}); err != nil {
			return err
		}
	}
	return nil
}
