package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// inlinePolicy is AWS::IAM::Policy: one inline policy in roles and users. Ref
// gives an id of its own. Groups are refused.
var inlinePolicy = Type{
	Name:       "AWS::IAM::Policy",
	Attributes: []string{"Id"},
	IAM:        true,
	Foresee:    named("", 128, nil),
	Create: func(ctx context.Context, r Request) (Result, error) {
		if err := refuse(r.Properties, "Groups"); err != nil {
			return Result{}, err
		}
		if len(texts(r.Properties, "Roles"))+len(texts(r.Properties, "Users")) == 0 {
			return Result{}, &Error{Code: "InvalidRequest", Message: "At least one of [Groups,Roles,Users] must be non-empty."}
		}
		id := r.Name(128)
		return Result{PhysicalID: id, Attributes: map[string]any{"Id": id}}, putInline(ctx, r)
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		result := Result{PhysicalID: r.PhysicalID, Attributes: map[string]any{"Id": r.PhysicalID}}
		if err := refuse(r.Properties, "Groups"); err != nil {
			return result, err
		}
		if err := putInline(ctx, r); err != nil {
			return result, err
		}
		name := text(r.Old, "PolicyName")
		_, roles := diff(texts(r.Old, "Roles"), texts(r.Properties, "Roles"))
		_, users := diff(texts(r.Old, "Users"), texts(r.Properties, "Users"))
		if r.changed("PolicyName") {
			roles, users = texts(r.Old, "Roles"), texts(r.Old, "Users")
		}
		return result, deleteInline(ctx, r, name, roles, users)
	},
	Delete: func(ctx context.Context, r Request) error {
		return deleteInline(ctx, r, text(r.Properties, "PolicyName"), texts(r.Properties, "Roles"), texts(r.Properties, "Users"))
	},
}

func putInline(ctx context.Context, r Request) error {
	client := iam.NewFromConfig(r.Config)
	policy, err := document(r.Properties["PolicyDocument"])
	if err != nil {
		return err
	}
	name := aws.String(text(r.Properties, "PolicyName"))
	for _, role := range texts(r.Properties, "Roles") {
		if _, err := client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &role, PolicyName: name, PolicyDocument: &policy}); err != nil {
			return err
		}
	}
	for _, user := range texts(r.Properties, "Users") {
		if _, err := client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &user, PolicyName: name, PolicyDocument: &policy}); err != nil {
			return err
		}
	}
	return nil
}

func deleteInline(ctx context.Context, r Request, name string, roles, users []string) error {
	client := iam.NewFromConfig(r.Config)
	for _, role := range roles {
		_, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &role, PolicyName: &name})
		if unlessGone(err) != nil {
			return err
		}
	}
	for _, user := range users {
		_, err := client.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &user, PolicyName: &name})
		if unlessGone(err) != nil {
			return err
		}
	}
	return nil
}

// rolePolicy is AWS::IAM::RolePolicy: one inline policy of one role. Ref gives its name.
var rolePolicy = Type{
	Name: "AWS::IAM::RolePolicy",
	IAM:  true,
	Read: readRolePolicy,
	Create: func(ctx context.Context, r Request) (Result, error) {
		client := iam.NewFromConfig(r.Config)
		role, name := text(r.Properties, "RoleName"), text(r.Properties, "PolicyName")
		_, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
		if err == nil {
			return Result{}, alreadyExists(name)
		}
		if !isGone(err) {
			return Result{}, err
		}
		return putRolePolicy(ctx, r)
	},
	Update: putRolePolicy,
	Delete: func(ctx context.Context, r Request) error {
		return deleteInline(ctx, r, text(r.Properties, "PolicyName"), []string{text(r.Properties, "RoleName")}, nil)
	},
}

func putRolePolicy(ctx context.Context, r Request) (Result, error) {
	in := &iam.PutRolePolicyInput{}
	if err := fill(in, r.Properties); err != nil {
		return Result{PhysicalID: r.PhysicalID}, err
	}
	if _, err := iam.NewFromConfig(r.Config).PutRolePolicy(ctx, in); err != nil {
		return Result{PhysicalID: r.PhysicalID}, err
	}
	return Result{PhysicalID: aws.ToString(in.PolicyName)}, nil
}
