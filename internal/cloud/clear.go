package cloud

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// clearAway makes way for a deployment: it deletes a stack that never worked or
// was not deleted to its end, and returns nil, and ends a rollback that got stuck.
func (c *Cloud) clearAway(ctx context.Context, stack *types.Stack, seen func(StackEvent)) (*types.Stack, error) {
	if stack == nil {
		return nil, nil //nolint:nilnil // as said
	}
	arn := aws.ToString(stack.StackId)
	switch {
	case neverWorked(stack.StackStatus):
		if err := c.freeForDeletion(ctx, arn); err != nil {
			return nil, err
		}
		return nil, c.DeleteStack(ctx, arn, seen)
	case stack.StackStatus == types.StackStatusUpdateRollbackFailed:
		return c.endRollback(ctx, stack, seen)
	}
	return stack, nil
}

// endRollback ends a rollback that got stuck, leaving the resources as they are
// that it got stuck on: [Cloud.Heal] looks after those.
func (c *Cloud) endRollback(ctx context.Context, stack *types.Stack, seen func(StackEvent)) (*types.Stack, error) {
	arn := aws.ToString(stack.StackId)
	resources, err := c.StackResources(ctx, arn)
	if err != nil {
		return nil, err
	}
	var stuck []string
	for _, r := range resources {
		if r.ResourceStatus == types.ResourceStatusUpdateFailed {
			stuck = append(stuck, aws.ToString(r.LogicalResourceId))
		}
	}
	watch := c.watchFrom("", stack, seen)
	if err := watch.skip(ctx); err != nil {
		return nil, err
	}
	_, err = c.CloudFormation.ContinueUpdateRollback(ctx, &cloudformation.ContinueUpdateRollbackInput{StackName: &arn, ResourcesToSkip: stuck})
	if err != nil {
		return nil, fmt.Errorf("end the rollback of stack %s: %w", StackName(arn), err)
	}
	return c.settle(ctx, arn, seen)
}

// freeForDeletion takes out of the way what would keep a stack from being
// deleted: what is in its buckets, and roles elsewhere that have one of its
// policies as their boundary.
func (c *Cloud) freeForDeletion(ctx context.Context, stack string) error {
	resources, err := c.StackResources(ctx, stack)
	if err != nil {
		return err
	}
	for _, r := range resources {
		id := aws.ToString(r.PhysicalResourceId)
		if id == "" || r.ResourceStatus == types.ResourceStatusDeleteComplete {
			continue
		}
		switch aws.ToString(r.ResourceType) {
		case "AWS::S3::Bucket":
			_, err = c.EmptyBucket(ctx, id, "")
		case "AWS::IAM::ManagedPolicy":
			err = c.noBoundary(ctx, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// noBoundary takes a policy from the roles whose boundary it is. It is put back
// by the deployment that comes next.
func (c *Cloud) noBoundary(ctx context.Context, policy string) error {
	out, err := c.IAM.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{
		PolicyArn: &policy, EntityFilter: iamtypes.EntityTypeRole, PolicyUsageFilter: iamtypes.PolicyUsageTypePermissionsBoundary,
	})
	if IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask whose boundary %s is: %w", policy, err)
	}
	for _, role := range out.PolicyRoles {
		_, err := c.IAM.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: role.RoleName})
		if err != nil && !IsNotFound(err) {
			return fmt.Errorf("take the boundary from role %s: %w", aws.ToString(role.RoleName), err)
		}
	}
	return nil
}
