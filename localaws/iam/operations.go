package iam

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Operations are those of IAM.
func (s *Service) Operations() []wire.Operation {
	return append(append(s.roleOperations(), s.policyOperations()...), s.userOperations()...)
}

// STSOperations are those of STS.
func (s *Service) STSOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("GetCallerIdentity", "sts:GetCallerIdentity", nil, s.GetCallerIdentity),
		wire.Op("AssumeRole", "sts:AssumeRole", func(in *sts.AssumeRoleInput) []string { return []string{aws.ToString(in.RoleArn)} }, s.AssumeRole),
		wire.Op("GetSessionToken", "sts:GetSessionToken", nil, s.GetSessionToken),
		wire.Op("GetAccessKeyInfo", "sts:GetAccessKeyInfo", nil, s.GetAccessKeyInfo),
	}
}

func (s *Service) roleOperations() []wire.Operation {
	role := func(name *string) []string { return []string{s.entityARN(s.ofRoles(), name)} }
	return []wire.Operation{
		wire.Op("CreateRole", "iam:CreateRole", func(in *iam.CreateRoleInput) []string {
			return []string{s.arn("role", pathOf(in.Path), aws.ToString(in.RoleName))}
		}, s.CreateRole),
		wire.Op("GetRole", "iam:GetRole", func(in *iam.GetRoleInput) []string { return role(in.RoleName) }, s.GetRole),
		wire.Op("UpdateRole", "iam:UpdateRole", func(in *iam.UpdateRoleInput) []string { return role(in.RoleName) }, s.UpdateRole),
		wire.Op("UpdateAssumeRolePolicy", "iam:UpdateAssumeRolePolicy", func(in *iam.UpdateAssumeRolePolicyInput) []string { return role(in.RoleName) }, s.UpdateAssumeRolePolicy),
		wire.Op("DeleteRole", "iam:DeleteRole", func(in *iam.DeleteRoleInput) []string { return role(in.RoleName) }, s.DeleteRole),
		wire.Op("ListRoles", "iam:ListRoles", func(in *iam.ListRolesInput) []string { return []string{s.arn("role", pathOf(in.PathPrefix), "")} }, s.ListRoles),
		wire.Op("PutRolePolicy", "iam:PutRolePolicy", func(in *iam.PutRolePolicyInput) []string { return role(in.RoleName) }, s.PutRolePolicy),
		wire.Op("GetRolePolicy", "iam:GetRolePolicy", func(in *iam.GetRolePolicyInput) []string { return role(in.RoleName) }, s.GetRolePolicy),
		wire.Op("DeleteRolePolicy", "iam:DeleteRolePolicy", func(in *iam.DeleteRolePolicyInput) []string { return role(in.RoleName) }, s.DeleteRolePolicy),
		wire.Op("ListRolePolicies", "iam:ListRolePolicies", func(in *iam.ListRolePoliciesInput) []string { return role(in.RoleName) }, s.ListRolePolicies),
		wire.Op("AttachRolePolicy", "iam:AttachRolePolicy", func(in *iam.AttachRolePolicyInput) []string { return role(in.RoleName) }, s.AttachRolePolicy),
		wire.Op("DetachRolePolicy", "iam:DetachRolePolicy", func(in *iam.DetachRolePolicyInput) []string { return role(in.RoleName) }, s.DetachRolePolicy),
		wire.Op("ListAttachedRolePolicies", "iam:ListAttachedRolePolicies", func(in *iam.ListAttachedRolePoliciesInput) []string { return role(in.RoleName) }, s.ListAttachedRolePolicies),
		wire.Op("PutRolePermissionsBoundary", "iam:PutRolePermissionsBoundary", func(in *iam.PutRolePermissionsBoundaryInput) []string { return role(in.RoleName) }, s.PutRolePermissionsBoundary),
		wire.Op("DeleteRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary", func(in *iam.DeleteRolePermissionsBoundaryInput) []string { return role(in.RoleName) }, s.DeleteRolePermissionsBoundary),
		wire.Op("TagRole", "iam:TagRole", func(in *iam.TagRoleInput) []string { return role(in.RoleName) }, s.TagRole),
		wire.Op("UntagRole", "iam:UntagRole", func(in *iam.UntagRoleInput) []string { return role(in.RoleName) }, s.UntagRole),
		wire.Op("ListRoleTags", "iam:ListRoleTags", func(in *iam.ListRoleTagsInput) []string { return role(in.RoleName) }, s.ListRoleTags),
		wire.Op("ListInstanceProfilesForRole", "iam:ListInstanceProfilesForRole", func(in *iam.ListInstanceProfilesForRoleInput) []string { return role(in.RoleName) }, s.ListInstanceProfilesForRole),
		wire.Op("CreateServiceLinkedRole", "iam:CreateServiceLinkedRole", func(in *iam.CreateServiceLinkedRoleInput) []string {
			return []string{s.arn("role", "/aws-service-role/"+aws.ToString(in.AWSServiceName)+"/", "*")}
		}, s.CreateServiceLinkedRole),
	}
}

func (s *Service) policyOperations() []wire.Operation {
	policy := func(arn *string) []string { return []string{aws.ToString(arn)} }
	return []wire.Operation{
		wire.Op("CreatePolicy", "iam:CreatePolicy", func(in *iam.CreatePolicyInput) []string {
			return []string{s.arn("policy", pathOf(in.Path), aws.ToString(in.PolicyName))}
		}, s.CreatePolicy),
		wire.Op("GetPolicy", "iam:GetPolicy", func(in *iam.GetPolicyInput) []string { return policy(in.PolicyArn) }, s.GetPolicy),
		wire.Op("DeletePolicy", "iam:DeletePolicy", func(in *iam.DeletePolicyInput) []string { return policy(in.PolicyArn) }, s.DeletePolicy),
		wire.Op("ListPolicies", "iam:ListPolicies", nil, s.ListPolicies),
		wire.Op("GetPolicyVersion", "iam:GetPolicyVersion", func(in *iam.GetPolicyVersionInput) []string { return policy(in.PolicyArn) }, s.GetPolicyVersion),
		wire.Op("CreatePolicyVersion", "iam:CreatePolicyVersion", func(in *iam.CreatePolicyVersionInput) []string { return policy(in.PolicyArn) }, s.CreatePolicyVersion),
		wire.Op("DeletePolicyVersion", "iam:DeletePolicyVersion", func(in *iam.DeletePolicyVersionInput) []string { return policy(in.PolicyArn) }, s.DeletePolicyVersion),
		wire.Op("SetDefaultPolicyVersion", "iam:SetDefaultPolicyVersion", func(in *iam.SetDefaultPolicyVersionInput) []string { return policy(in.PolicyArn) }, s.SetDefaultPolicyVersion),
		wire.Op("ListPolicyVersions", "iam:ListPolicyVersions", func(in *iam.ListPolicyVersionsInput) []string { return policy(in.PolicyArn) }, s.ListPolicyVersions),
		wire.Op("ListEntitiesForPolicy", "iam:ListEntitiesForPolicy", func(in *iam.ListEntitiesForPolicyInput) []string { return policy(in.PolicyArn) }, s.ListEntitiesForPolicy),
	}
}

func (s *Service) userOperations() []wire.Operation {
	user := func(name *string) []string { return []string{s.entityARN(s.ofUsers(), name)} }
	return []wire.Operation{
		wire.Op("CreateUser", "iam:CreateUser", func(in *iam.CreateUserInput) []string {
			return []string{s.arn("user", pathOf(in.Path), aws.ToString(in.UserName))}
		}, s.CreateUser),
		wire.Op("GetUser", "iam:GetUser", func(in *iam.GetUserInput) []string { return user(in.UserName) }, s.GetUser),
		wire.Op("DeleteUser", "iam:DeleteUser", func(in *iam.DeleteUserInput) []string { return user(in.UserName) }, s.DeleteUser),
		wire.Op("ListUsers", "iam:ListUsers", func(in *iam.ListUsersInput) []string { return []string{s.arn("user", pathOf(in.PathPrefix), "")} }, s.ListUsers),
		wire.Op("PutUserPolicy", "iam:PutUserPolicy", func(in *iam.PutUserPolicyInput) []string { return user(in.UserName) }, s.PutUserPolicy),
		wire.Op("GetUserPolicy", "iam:GetUserPolicy", func(in *iam.GetUserPolicyInput) []string { return user(in.UserName) }, s.GetUserPolicy),
		wire.Op("DeleteUserPolicy", "iam:DeleteUserPolicy", func(in *iam.DeleteUserPolicyInput) []string { return user(in.UserName) }, s.DeleteUserPolicy),
		wire.Op("ListUserPolicies", "iam:ListUserPolicies", func(in *iam.ListUserPoliciesInput) []string { return user(in.UserName) }, s.ListUserPolicies),
		wire.Op("AttachUserPolicy", "iam:AttachUserPolicy", func(in *iam.AttachUserPolicyInput) []string { return user(in.UserName) }, s.AttachUserPolicy),
		wire.Op("DetachUserPolicy", "iam:DetachUserPolicy", func(in *iam.DetachUserPolicyInput) []string { return user(in.UserName) }, s.DetachUserPolicy),
		wire.Op("ListAttachedUserPolicies", "iam:ListAttachedUserPolicies", func(in *iam.ListAttachedUserPoliciesInput) []string { return user(in.UserName) }, s.ListAttachedUserPolicies),
		wire.Op("CreateAccessKey", "iam:CreateAccessKey", func(in *iam.CreateAccessKeyInput) []string { return user(in.UserName) }, s.CreateAccessKey),
		wire.Op("ListAccessKeys", "iam:ListAccessKeys", func(in *iam.ListAccessKeysInput) []string { return user(in.UserName) }, s.ListAccessKeys),
		wire.Op("UpdateAccessKey", "iam:UpdateAccessKey", func(in *iam.UpdateAccessKeyInput) []string { return user(in.UserName) }, s.UpdateAccessKey),
		wire.Op("DeleteAccessKey", "iam:DeleteAccessKey", func(in *iam.DeleteAccessKeyInput) []string { return user(in.UserName) }, s.DeleteAccessKey),
	}
}

// entityARN is the ARN of a role or a user by its name, with its path where it exists.
func (s *Service) entityARN(k kind, name *string) string {
	if e, err := k.get(name); err == nil {
		return e.ARN
	}
	return s.arn(k.label, "/", aws.ToString(name))
}
