package resource

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// customerPolicy is AWS::IAM::ManagedPolicy. Ref gives its ARN. Groups are refused.
var customerPolicy = Type{
	Name: "AWS::IAM::ManagedPolicy",
	Attributes: []string{
		"AttachmentCount", "CreateDate", "DefaultVersionId", "IsAttachable",
		"PermissionsBoundaryUsageCount", "PolicyArn", "PolicyId", "UpdateDate",
	},
	IAM:      true,
	NamedIAM: "ManagedPolicyName",
	Foresee: named("ManagedPolicyName", 128, func(r Request, name string) string {
		return "arn:aws:iam::" + r.Account + ":policy" + cmp.Or(text(r.Properties, "Path"), "/") + name
	}),
	Read: readManagedPolicy,
	Create: func(ctx context.Context, r Request) (Result, error) {
		if err := refuse(r.Properties, "Groups"); err != nil {
			return Result{}, err
		}
		in := &iam.CreatePolicyInput{}
		if err := fill(in, only(r.Properties, "Description", "Path", "PolicyDocument")); err != nil {
			return Result{}, err
		}
		in.PolicyName = aws.String(r.nameFrom("ManagedPolicyName", 128))
		client := iam.NewFromConfig(r.Config)
		out, err := client.CreatePolicy(ctx, in)
		if err != nil {
			return Result{}, err
		}
		arn := aws.ToString(out.Policy.Arn)
		if err := setAttachments(ctx, client, arn, nil, r.Properties); err != nil {
			return Result{PhysicalID: arn}, err
		}
		return managedResult(ctx, client, arn)
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		failed := Result{PhysicalID: r.PhysicalID}
		if err := refuse(r.Properties, "Groups"); err != nil {
			return failed, err
		}
		client := iam.NewFromConfig(r.Config)
		if r.changed("PolicyDocument") {
			if err := newPolicyVersion(ctx, client, r); err != nil {
				return failed, err
			}
		}
		if err := setAttachments(ctx, client, r.PhysicalID, r.Old, r.Properties); err != nil {
			return failed, err
		}
		return managedResult(ctx, client, r.PhysicalID)
	},
	Delete: func(ctx context.Context, r Request) error {
		client := iam.NewFromConfig(r.Config)
		if err := setAttachments(ctx, client, r.PhysicalID, r.Properties, nil); err != nil {
			return err
		}
		versions, err := otherVersions(ctx, client, r.PhysicalID)
		if err != nil {
			return unlessGone(err)
		}
		for _, version := range versions {
			_, err := client.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &r.PhysicalID, VersionId: version.VersionId})
			if unlessGone(err) != nil {
				return err
			}
		}
		_, err = client.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: &r.PhysicalID})
		return unlessGone(err)
	},
}

func managedResult(ctx context.Context, client *iam.Client, arn string) (Result, error) {
	out, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return Result{PhysicalID: arn}, err
	}
	p := out.Policy
	return Result{PhysicalID: arn, Attributes: map[string]any{
		"PolicyArn": arn, "PolicyId": aws.ToString(p.PolicyId), "DefaultVersionId": aws.ToString(p.DefaultVersionId),
		"AttachmentCount": int(aws.ToInt32(p.AttachmentCount)), "IsAttachable": p.IsAttachable,
		"PermissionsBoundaryUsageCount": int(aws.ToInt32(p.PermissionsBoundaryUsageCount)),
		"CreateDate":                    aws.ToTime(p.CreateDate).UTC().Format(time.RFC3339),
		"UpdateDate":                    aws.ToTime(p.UpdateDate).UTC().Format(time.RFC3339),
	}}, nil
}

// otherVersions are the versions that are not the default one, oldest first.
func otherVersions(ctx context.Context, client *iam.Client, arn string) ([]types.PolicyVersion, error) {
	out, err := client.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: &arn})
	if err != nil {
		return nil, err
	}
	versions := slices.DeleteFunc(out.Versions, func(v types.PolicyVersion) bool { return v.IsDefaultVersion })
	slices.SortFunc(versions, func(a, b types.PolicyVersion) int { return aws.ToTime(a.CreateDate).Compare(aws.ToTime(b.CreateDate)) })
	return versions, nil
}

// newPolicyVersion makes the document the default version; the oldest one goes
// where the policy has the five that IAM allows.
func newPolicyVersion(ctx context.Context, client *iam.Client, r Request) error {
	const mostOthers = 4
	others, err := otherVersions(ctx, client, r.PhysicalID)
	if err != nil {
		return err
	}
	if len(others) >= mostOthers {
		if _, err := client.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{
			PolicyArn: &r.PhysicalID, VersionId: others[0].VersionId,
		}); err != nil {
			return err
		}
	}
	policy, err := document(r.Properties["PolicyDocument"])
	if err != nil {
		return err
	}
	_, err = client.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{
		PolicyArn: &r.PhysicalID, PolicyDocument: &policy, SetAsDefault: true,
	})
	return err
}

func setAttachments(ctx context.Context, client *iam.Client, arn string, old, now map[string]any) error {
	attach, detach := diff(texts(old, "Roles"), texts(now, "Roles"))
	for _, role := range attach {
		if _, err := client.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &role, PolicyArn: &arn}); err != nil {
			return err
		}
	}
	for _, role := range detach {
		_, err := client.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &role, PolicyArn: &arn})
		if unlessGone(err) != nil {
			return err
		}
	}
	attach, detach = diff(texts(old, "Users"), texts(now, "Users"))
	for _, user := range attach {
		if _, err := client.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &user, PolicyArn: &arn}); err != nil {
			return err
		}
	}
	for _, user := range detach {
		_, err := client.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: &user, PolicyArn: &arn})
		if unlessGone(err) != nil {
			return err
		}
	}
	return nil
}
