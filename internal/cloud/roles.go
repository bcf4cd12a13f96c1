package cloud

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// DetachFromRoles detaches every managed policy from the roles of a stack. The
// workshop's templates attach none, and CloudFormation's drift detection does
// not look at properties that a template does not set.
func (c *Cloud) DetachFromRoles(ctx context.Context, stack string) error {
	resources, err := c.StackResources(ctx, stack)
	if err != nil {
		return err
	}
	for _, r := range resources {
		if aws.ToString(r.ResourceType) != "AWS::IAM::Role" {
			continue
		}
		role := r.PhysicalResourceId
		attached, err := c.IAM.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: role})
		if IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("list what is attached to role %s: %w", aws.ToString(role), err)
		}
		for _, p := range attached.AttachedPolicies {
			_, err := c.IAM.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: role, PolicyArn: p.PolicyArn})
			if err != nil && !IsNotFound(err) {
				return fmt.Errorf("detach %s from role %s: %w", aws.ToString(p.PolicyName), aws.ToString(role), err)
			}
		}
	}
	return nil
}
