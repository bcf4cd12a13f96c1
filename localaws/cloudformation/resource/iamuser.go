package resource

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// user is AWS::IAM::User. Ref gives its name. Groups, a password and a
// boundary are refused.
var user = Type{
	Name:       "AWS::IAM::User",
	Attributes: []string{"Arn"},
	IAM:        true,
	NamedIAM:   "UserName",
	Foresee:    named("UserName", 64, nil),
	Replace:    []string{"Path"},
	Read:       readUser,
	Create: func(ctx context.Context, r Request) (Result, error) {
		if err := refuse(r.Properties, "Groups", "LoginProfile", "PermissionsBoundary"); err != nil {
			return Result{}, err
		}
		name := r.nameFrom("UserName", 64)
		in := &iam.CreateUserInput{UserName: &name, Tags: iamTags(r.tags())}
		if err := fill(in, only(r.Properties, "Path")); err != nil {
			return Result{}, err
		}
		client := iam.NewFromConfig(r.Config)
		out, err := client.CreateUser(ctx, in)
		if err != nil {
			return Result{}, err
		}
		result := Result{PhysicalID: name, Attributes: map[string]any{"Arn": aws.ToString(out.User.Arn)}}
		return result, setUserPolicies(ctx, client, r, name)
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		failed := Result{PhysicalID: r.PhysicalID}
		if err := refuse(r.Properties, "Groups", "LoginProfile", "PermissionsBoundary"); err != nil {
			return failed, err
		}
		client := iam.NewFromConfig(r.Config)
		if err := setUserPolicies(ctx, client, r, r.PhysicalID); err != nil {
			return failed, err
		}
		if err := retagUser(ctx, client, r); err != nil {
			return failed, err
		}
		out, err := client.GetUser(ctx, &iam.GetUserInput{UserName: &r.PhysicalID})
		if err != nil {
			return failed, err
		}
		return Result{PhysicalID: r.PhysicalID, Attributes: map[string]any{"Arn": aws.ToString(out.User.Arn)}}, nil
	},
	Delete: func(ctx context.Context, r Request) error {
		client := iam.NewFromConfig(r.Config)
		r.Old, r.Properties = r.Properties, nil
		if err := setUserPolicies(ctx, client, r, r.PhysicalID); err != nil {
			return err
		}
		_, err := client.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &r.PhysicalID})
		return unlessGone(err)
	},
}

// setUserPolicies makes the user's policies those of the properties, where the old properties had others.
func setUserPolicies(ctx context.Context, client *iam.Client, r Request, name string) error {
	attach, detach := diff(texts(r.Old, "ManagedPolicyArns"), texts(r.Properties, "ManagedPolicyArns"))
	for _, arn := range attach {
		if _, err := client.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: &arn}); err != nil {
			return err
		}
	}
	for _, arn := range detach {
		_, err := client.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &name, PolicyArn: &arn})
		if unlessGone(err) != nil {
			return err
		}
	}
	_, remove := diff(policyNames(r.Old), policyNames(r.Properties))
	for _, policy := range remove {
		_, err := client.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &name, PolicyName: &policy})
		if unlessGone(err) != nil {
			return err
		}
	}
	for _, policy := range objects(r.Properties, "Policies") {
		in := &iam.PutUserPolicyInput{UserName: &name}
		if err := fill(in, policy); err != nil {
			return err
		}
		if _, err := client.PutUserPolicy(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

func retagUser(ctx context.Context, client *iam.Client, r Request) error {
	set, remove := r.tagChanges()
	if len(set) > 0 {
		if _, err := client.TagUser(ctx, &iam.TagUserInput{UserName: &r.PhysicalID, Tags: iamTags(set)}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		if _, err := client.UntagUser(ctx, &iam.UntagUserInput{UserName: &r.PhysicalID, TagKeys: remove}); err != nil {
			return err
		}
	}
	return nil
}

// accessKey is AWS::IAM::AccessKey. Ref gives its id.
var accessKey = Type{
	Name:       "AWS::IAM::AccessKey",
	Attributes: []string{"SecretAccessKey"},
	IAM:        true,
	Replace:    []string{"Status"},
	Create: func(ctx context.Context, r Request) (Result, error) {
		client := iam.NewFromConfig(r.Config)
		name := text(r.Properties, "UserName")
		out, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
		if err != nil {
			return Result{}, err
		}
		result := Result{PhysicalID: aws.ToString(out.AccessKey.AccessKeyId), Attributes: map[string]any{
			"SecretAccessKey": aws.ToString(out.AccessKey.SecretAccessKey),
		}}
		in := &iam.UpdateAccessKeyInput{UserName: &name, AccessKeyId: out.AccessKey.AccessKeyId}
		if err := fill(in, only(r.Properties, "Status")); err != nil || in.Status == "" {
			return result, err
		}
		_, err = client.UpdateAccessKey(ctx, in)
		return result, err
	},
	Delete: func(ctx context.Context, r Request) error {
		_, err := iam.NewFromConfig(r.Config).DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{
			UserName: aws.String(text(r.Properties, "UserName")), AccessKeyId: &r.PhysicalID,
		})
		return unlessGone(err)
	},
}
