package iam

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Operations are those of IAM.
func (s *Service) Operations() []wire.Operation {
	return slices.Concat(
		s.roleOperations(), s.policyOperations(), s.userOperations(), s.userCredentialOperations(), s.groupOperations(),
		s.simulationOperations(), s.accountOperations(),
	)
}

// STSOperations are those of STS.
func (s *Service) STSOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("GetCallerIdentity", "sts:GetCallerIdentity", nil, s.GetCallerIdentity),
		wire.Op("AssumeRole", "sts:AssumeRole", func(in *sts.AssumeRoleInput) []string { return []string{aws.ToString(in.RoleArn)} }, s.AssumeRole,
			wire.Keys(assumption), wire.Also(assumptionOf)),
		wire.Op("GetSessionToken", "sts:GetSessionToken", nil, s.GetSessionToken),
		wire.Op("GetFederationToken", "sts:GetFederationToken", func(in *sts.GetFederationTokenInput) []string {
			return []string{"arn:aws:sts::" + s.env.Account + ":federated-user/" + aws.ToString(in.Name)}
		}, s.GetFederationToken, wire.Keys(federation)),
		wire.Op("GetAccessKeyInfo", "sts:GetAccessKeyInfo", nil, s.GetAccessKeyInfo),
	}
}

func (s *Service) roleOperations() []wire.Operation {
	role := func(name *string) []string { return []string{s.entityARN(s.ofRoles(), name)} }
	return []wire.Operation{
		op("CreateRole", func(in *iam.CreateRoleInput) []string {
			return []string{s.arn("role", pathOf(in.Path), aws.ToString(in.RoleName))}
		}, s.CreateRole,
			wire.Keys(func(in *iam.CreateRoleInput) policy.Context { return creation(in.PermissionsBoundary, in.Tags) })),
		op("GetRole", func(in *iam.GetRoleInput) []string { return role(in.RoleName) }, s.GetRole),
		op("UpdateRole", func(in *iam.UpdateRoleInput) []string { return role(in.RoleName) }, s.UpdateRole),
		op("UpdateRoleDescription", func(in *iam.UpdateRoleDescriptionInput) []string { return role(in.RoleName) }, s.UpdateRoleDescription),
		op("UpdateAssumeRolePolicy", func(in *iam.UpdateAssumeRolePolicyInput) []string { return role(in.RoleName) }, s.UpdateAssumeRolePolicy),
		op("DeleteRole", func(in *iam.DeleteRoleInput) []string { return role(in.RoleName) }, s.DeleteRole),
		op("ListRoles", func(in *iam.ListRolesInput) []string { return []string{s.arn("role", pathOf(in.PathPrefix), "")} }, s.ListRoles),
		op("PutRolePolicy", func(in *iam.PutRolePolicyInput) []string { return role(in.RoleName) }, s.PutRolePolicy,
			wire.Keys(func(in *iam.PutRolePolicyInput) policy.Context { return boundaryOf(s.ofRoles(), in.RoleName) })),
		op("GetRolePolicy", func(in *iam.GetRolePolicyInput) []string { return role(in.RoleName) }, s.GetRolePolicy),
		op("DeleteRolePolicy", func(in *iam.DeleteRolePolicyInput) []string { return role(in.RoleName) }, s.DeleteRolePolicy,
			wire.Keys(func(in *iam.DeleteRolePolicyInput) policy.Context { return boundaryOf(s.ofRoles(), in.RoleName) })),
		op("ListRolePolicies", func(in *iam.ListRolePoliciesInput) []string { return role(in.RoleName) }, s.ListRolePolicies),
		op("AttachRolePolicy", func(in *iam.AttachRolePolicyInput) []string { return role(in.RoleName) }, s.AttachRolePolicy,
			wire.Keys(func(in *iam.AttachRolePolicyInput) policy.Context {
				return attachment(s.ofRoles(), in.RoleName, in.PolicyArn)
			})),
		op("DetachRolePolicy", func(in *iam.DetachRolePolicyInput) []string { return role(in.RoleName) }, s.DetachRolePolicy,
			wire.Keys(func(in *iam.DetachRolePolicyInput) policy.Context {
				return attachment(s.ofRoles(), in.RoleName, in.PolicyArn)
			})),
		op("ListAttachedRolePolicies", func(in *iam.ListAttachedRolePoliciesInput) []string { return role(in.RoleName) }, s.ListAttachedRolePolicies),
		op("PutRolePermissionsBoundary", func(in *iam.PutRolePermissionsBoundaryInput) []string { return role(in.RoleName) }, s.PutRolePermissionsBoundary,
			wire.Keys(func(in *iam.PutRolePermissionsBoundaryInput) policy.Context {
				return policy.Keys("iam:PermissionsBoundary", aws.ToString(in.PermissionsBoundary))
			})),
		op("DeleteRolePermissionsBoundary", func(in *iam.DeleteRolePermissionsBoundaryInput) []string { return role(in.RoleName) }, s.DeleteRolePermissionsBoundary,
			wire.Keys(func(in *iam.DeleteRolePermissionsBoundaryInput) policy.Context {
				return boundaryOf(s.ofRoles(), in.RoleName)
			})),
		op("TagRole", func(in *iam.TagRoleInput) []string { return role(in.RoleName) }, s.TagRole,
			wire.Keys(func(in *iam.TagRoleInput) policy.Context { return policy.Context{}.RequestTags(tagMap(in.Tags)) })),
		op("UntagRole", func(in *iam.UntagRoleInput) []string { return role(in.RoleName) }, s.UntagRole,
			wire.Keys(func(in *iam.UntagRoleInput) policy.Context { return policy.TagKeys(in.TagKeys) })),
		op("ListRoleTags", func(in *iam.ListRoleTagsInput) []string { return role(in.RoleName) }, s.ListRoleTags),
		op("ListInstanceProfilesForRole", func(in *iam.ListInstanceProfilesForRoleInput) []string { return role(in.RoleName) }, s.ListInstanceProfilesForRole),
		op("CreateServiceLinkedRole", func(in *iam.CreateServiceLinkedRoleInput) []string {
			return []string{s.arn("role", "/aws-service-role/"+aws.ToString(in.AWSServiceName)+"/", "*")}
		}, s.CreateServiceLinkedRole,
			wire.Keys(func(in *iam.CreateServiceLinkedRoleInput) policy.Context {
				return policy.Keys("iam:AWSServiceName", aws.ToString(in.AWSServiceName))
			})),
	}
}

func (s *Service) policyOperations() []wire.Operation {
	onPolicy := func(arn *string) []string { return []string{aws.ToString(arn)} }
	return []wire.Operation{
		op("CreatePolicy", func(in *iam.CreatePolicyInput) []string {
			return []string{s.arn("policy", pathOf(in.Path), aws.ToString(in.PolicyName))}
		}, s.CreatePolicy,
			wire.Keys(func(in *iam.CreatePolicyInput) policy.Context { return policy.Context{}.RequestTags(tagMap(in.Tags)) })),
		op("GetPolicy", func(in *iam.GetPolicyInput) []string { return onPolicy(in.PolicyArn) }, s.GetPolicy),
		op("DeletePolicy", func(in *iam.DeletePolicyInput) []string { return onPolicy(in.PolicyArn) }, s.DeletePolicy),
		op("ListPolicies", nil, s.ListPolicies),
		op("GetPolicyVersion", func(in *iam.GetPolicyVersionInput) []string { return onPolicy(in.PolicyArn) }, s.GetPolicyVersion),
		op("CreatePolicyVersion", func(in *iam.CreatePolicyVersionInput) []string { return onPolicy(in.PolicyArn) }, s.CreatePolicyVersion),
		op("DeletePolicyVersion", func(in *iam.DeletePolicyVersionInput) []string { return onPolicy(in.PolicyArn) }, s.DeletePolicyVersion),
		op("SetDefaultPolicyVersion", func(in *iam.SetDefaultPolicyVersionInput) []string { return onPolicy(in.PolicyArn) }, s.SetDefaultPolicyVersion),
		op("ListPolicyVersions", func(in *iam.ListPolicyVersionsInput) []string { return onPolicy(in.PolicyArn) }, s.ListPolicyVersions),
		op("TagPolicy", func(in *iam.TagPolicyInput) []string { return onPolicy(in.PolicyArn) }, s.TagPolicy,
			wire.Keys(func(in *iam.TagPolicyInput) policy.Context { return policy.Context{}.RequestTags(tagMap(in.Tags)) })),
		op("UntagPolicy", func(in *iam.UntagPolicyInput) []string { return onPolicy(in.PolicyArn) }, s.UntagPolicy,
			wire.Keys(func(in *iam.UntagPolicyInput) policy.Context { return policy.TagKeys(in.TagKeys) })),
		op("ListPolicyTags", func(in *iam.ListPolicyTagsInput) []string { return onPolicy(in.PolicyArn) }, s.ListPolicyTags),
		op("ListEntitiesForPolicy", func(in *iam.ListEntitiesForPolicyInput) []string { return onPolicy(in.PolicyArn) }, s.ListEntitiesForPolicy),
	}
}

func (s *Service) userOperations() []wire.Operation {
	user := func(name *string) []string { return []string{s.entityARN(s.ofUsers(), name)} }
	return []wire.Operation{
		op("CreateUser", func(in *iam.CreateUserInput) []string {
			return []string{s.arn("user", pathOf(in.Path), aws.ToString(in.UserName))}
		}, s.CreateUser,
			wire.Keys(func(in *iam.CreateUserInput) policy.Context { return creation(in.PermissionsBoundary, in.Tags) })),
		op("GetUser", func(in *iam.GetUserInput) []string { return user(in.UserName) }, s.GetUser),
		op("DeleteUser", func(in *iam.DeleteUserInput) []string { return user(in.UserName) }, s.DeleteUser),
		op("ListUsers", func(in *iam.ListUsersInput) []string { return []string{s.arn("user", pathOf(in.PathPrefix), "")} }, s.ListUsers),
		op("PutUserPolicy", func(in *iam.PutUserPolicyInput) []string { return user(in.UserName) }, s.PutUserPolicy,
			wire.Keys(func(in *iam.PutUserPolicyInput) policy.Context { return boundaryOf(s.ofUsers(), in.UserName) })),
		op("GetUserPolicy", func(in *iam.GetUserPolicyInput) []string { return user(in.UserName) }, s.GetUserPolicy),
		op("DeleteUserPolicy", func(in *iam.DeleteUserPolicyInput) []string { return user(in.UserName) }, s.DeleteUserPolicy,
			wire.Keys(func(in *iam.DeleteUserPolicyInput) policy.Context { return boundaryOf(s.ofUsers(), in.UserName) })),
		op("ListUserPolicies", func(in *iam.ListUserPoliciesInput) []string { return user(in.UserName) }, s.ListUserPolicies),
		op("AttachUserPolicy", func(in *iam.AttachUserPolicyInput) []string { return user(in.UserName) }, s.AttachUserPolicy,
			wire.Keys(func(in *iam.AttachUserPolicyInput) policy.Context {
				return attachment(s.ofUsers(), in.UserName, in.PolicyArn)
			})),
		op("DetachUserPolicy", func(in *iam.DetachUserPolicyInput) []string { return user(in.UserName) }, s.DetachUserPolicy,
			wire.Keys(func(in *iam.DetachUserPolicyInput) policy.Context {
				return attachment(s.ofUsers(), in.UserName, in.PolicyArn)
			})),
		op("ListAttachedUserPolicies", func(in *iam.ListAttachedUserPoliciesInput) []string { return user(in.UserName) }, s.ListAttachedUserPolicies),
		op("PutUserPermissionsBoundary", func(in *iam.PutUserPermissionsBoundaryInput) []string { return user(in.UserName) }, s.PutUserPermissionsBoundary,
			wire.Keys(func(in *iam.PutUserPermissionsBoundaryInput) policy.Context {
				return policy.Keys("iam:PermissionsBoundary", aws.ToString(in.PermissionsBoundary))
			})),
		op("DeleteUserPermissionsBoundary", func(in *iam.DeleteUserPermissionsBoundaryInput) []string { return user(in.UserName) }, s.DeleteUserPermissionsBoundary,
			wire.Keys(func(in *iam.DeleteUserPermissionsBoundaryInput) policy.Context {
				return boundaryOf(s.ofUsers(), in.UserName)
			})),
		op("TagUser", func(in *iam.TagUserInput) []string { return user(in.UserName) }, s.TagUser,
			wire.Keys(func(in *iam.TagUserInput) policy.Context { return policy.Context{}.RequestTags(tagMap(in.Tags)) })),
		op("UntagUser", func(in *iam.UntagUserInput) []string { return user(in.UserName) }, s.UntagUser,
			wire.Keys(func(in *iam.UntagUserInput) policy.Context { return policy.TagKeys(in.TagKeys) })),
		op("ListUserTags", func(in *iam.ListUserTagsInput) []string { return user(in.UserName) }, s.ListUserTags),
		op("ListGroupsForUser", func(in *iam.ListGroupsForUserInput) []string { return user(in.UserName) }, s.ListGroupsForUser),
	}
}

// userCredentialOperations are those on what a user proves to be the user with.
func (s *Service) userCredentialOperations() []wire.Operation {
	user := func(name *string) []string { return []string{s.entityARN(s.ofUsers(), name)} }
	return []wire.Operation{
		op("CreateAccessKey", func(in *iam.CreateAccessKeyInput) []string { return user(in.UserName) }, s.CreateAccessKey),
		op("ListAccessKeys", func(in *iam.ListAccessKeysInput) []string { return user(in.UserName) }, s.ListAccessKeys),
		op("UpdateAccessKey", func(in *iam.UpdateAccessKeyInput) []string { return user(in.UserName) }, s.UpdateAccessKey),
		op("DeleteAccessKey", func(in *iam.DeleteAccessKeyInput) []string { return user(in.UserName) }, s.DeleteAccessKey),
		op("GetAccessKeyLastUsed", func(in *iam.GetAccessKeyLastUsedInput) []string {
			key, _ := s.accessKeys.get(aws.ToString(in.AccessKeyId))
			return user(&key.User)
		}, s.GetAccessKeyLastUsed),
		op("CreateServiceSpecificCredential", func(in *iam.CreateServiceSpecificCredentialInput) []string { return user(in.UserName) }, s.CreateServiceSpecificCredential,
			wire.Keys(func(in *iam.CreateServiceSpecificCredentialInput) policy.Context {
				return policy.Keys("iam:ServiceSpecificCredentialServiceName", aws.ToString(in.ServiceName))
			})),
		op("ListServiceSpecificCredentials", func(in *iam.ListServiceSpecificCredentialsInput) []string { return user(in.UserName) }, s.ListServiceSpecificCredentials),
		op("UpdateServiceSpecificCredential", func(in *iam.UpdateServiceSpecificCredentialInput) []string { return user(in.UserName) }, s.UpdateServiceSpecificCredential),
		op("ResetServiceSpecificCredential", func(in *iam.ResetServiceSpecificCredentialInput) []string { return user(in.UserName) }, s.ResetServiceSpecificCredential),
		op("DeleteServiceSpecificCredential", func(in *iam.DeleteServiceSpecificCredentialInput) []string { return user(in.UserName) }, s.DeleteServiceSpecificCredential),
		op("GetLoginProfile", func(in *iam.GetLoginProfileInput) []string { return user(in.UserName) }, s.GetLoginProfile),
		op("ListMFADevices", func(in *iam.ListMFADevicesInput) []string { return user(in.UserName) }, s.ListMFADevices),
	}
}

func (s *Service) groupOperations() []wire.Operation {
	group := func(name *string) []string { return []string{s.entityARN(s.ofGroups(), name)} }
	return []wire.Operation{
		op("CreateGroup", func(in *iam.CreateGroupInput) []string {
			return []string{s.arn(groupLabel, pathOf(in.Path), aws.ToString(in.GroupName))}
		}, s.CreateGroup),
		op("GetGroup", func(in *iam.GetGroupInput) []string { return group(in.GroupName) }, s.GetGroup),
		op("DeleteGroup", func(in *iam.DeleteGroupInput) []string { return group(in.GroupName) }, s.DeleteGroup),
		op("ListGroups", func(in *iam.ListGroupsInput) []string { return []string{s.arn(groupLabel, pathOf(in.PathPrefix), "")} }, s.ListGroups),
		op("AddUserToGroup", func(in *iam.AddUserToGroupInput) []string { return group(in.GroupName) }, s.AddUserToGroup),
		op("RemoveUserFromGroup", func(in *iam.RemoveUserFromGroupInput) []string { return group(in.GroupName) }, s.RemoveUserFromGroup),
		op("PutGroupPolicy", func(in *iam.PutGroupPolicyInput) []string { return group(in.GroupName) }, s.PutGroupPolicy),
		op("GetGroupPolicy", func(in *iam.GetGroupPolicyInput) []string { return group(in.GroupName) }, s.GetGroupPolicy),
		op("DeleteGroupPolicy", func(in *iam.DeleteGroupPolicyInput) []string { return group(in.GroupName) }, s.DeleteGroupPolicy),
		op("ListGroupPolicies", func(in *iam.ListGroupPoliciesInput) []string { return group(in.GroupName) }, s.ListGroupPolicies),
		op("AttachGroupPolicy", func(in *iam.AttachGroupPolicyInput) []string { return group(in.GroupName) }, s.AttachGroupPolicy,
			wire.Keys(func(in *iam.AttachGroupPolicyInput) policy.Context {
				return policy.Keys("iam:PolicyARN", aws.ToString(in.PolicyArn))
			})),
		op("DetachGroupPolicy", func(in *iam.DetachGroupPolicyInput) []string { return group(in.GroupName) }, s.DetachGroupPolicy,
			wire.Keys(func(in *iam.DetachGroupPolicyInput) policy.Context {
				return policy.Keys("iam:PolicyARN", aws.ToString(in.PolicyArn))
			})),
		op("ListAttachedGroupPolicies", func(in *iam.ListAttachedGroupPoliciesInput) []string { return group(in.GroupName) }, s.ListAttachedGroupPolicies),
	}
}

func (s *Service) simulationOperations() []wire.Operation {
	return []wire.Operation{
		op("SimulateCustomPolicy", nil, s.SimulateCustomPolicy),
		op("SimulatePrincipalPolicy", func(in *iam.SimulatePrincipalPolicyInput) []string { return []string{aws.ToString(in.PolicySourceArn)} }, s.SimulatePrincipalPolicy),
		op("GetContextKeysForCustomPolicy", nil, s.GetContextKeysForCustomPolicy),
		op("GetContextKeysForPrincipalPolicy", func(in *iam.GetContextKeysForPrincipalPolicyInput) []string {
			return []string{aws.ToString(in.PolicySourceArn)}
		}, s.GetContextKeysForPrincipalPolicy),
	}
}

func (s *Service) accountOperations() []wire.Operation {
	return []wire.Operation{
		op("GetAccountSummary", nil, s.GetAccountSummary),
		op("GetAccountPasswordPolicy", nil, s.GetAccountPasswordPolicy),
		op("GetAccountAuthorizationDetails", nil, s.GetAccountAuthorizationDetails),
		op("CreateAccountAlias", nil, s.CreateAccountAlias),
		op("DeleteAccountAlias", nil, s.DeleteAccountAlias),
		op("ListAccountAliases", nil, s.ListAccountAliases),
	}
}

// entityARN is the ARN of a role or a user by its name, with its path where it exists.
func (s *Service) entityARN(k kind, name *string) string {
	if e, err := k.get(name); err == nil {
		return e.ARN
	}
	return s.arn(k.label, "/", aws.ToString(name))
}
