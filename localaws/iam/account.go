package iam

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// GetAccountSummary counts what there is and names the quotas.
func (s *Service) GetAccountSummary(context.Context, *iam.GetAccountSummaryInput) (*iam.GetAccountSummaryOutput, error) {
	var versions int32
	policies := s.policies.list()
	for i := range policies {
		versions += int32(len(policies[i].Versions))
	}
	count := func(n int) int32 { return int32(n) }
	return &iam.GetAccountSummaryOutput{SummaryMap: map[string]int32{
		"AccessKeysPerUserQuota": maxAccessKeys, "AccountAccessKeysPresent": 1, "AccountMFAEnabled": 0, "AccountPasswordPresent": 0,
		"AccountSigningCertificatesPresent": 0, "AssumeRolePolicySizeQuota": maxTrustBytes,
		"AttachedPoliciesPerGroupQuota": maxAttached, "AttachedPoliciesPerRoleQuota": maxAttached, "AttachedPoliciesPerUserQuota": maxAttached,
		"GlobalEndpointTokenVersion": 1, "GroupPolicySizeQuota": maxInlineGroupBytes, "Groups": count(len(s.groups.list())),
		"GroupsPerUserQuota": maxGroups, "GroupsQuota": 300, "InstanceProfiles": 0, "InstanceProfilesQuota": 1000,
		"MFADevices": 0, "MFADevicesInUse": 0, "Policies": count(len(policies)), "PoliciesQuota": 1500,
		"PolicySizeQuota": maxManagedBytes, "PolicyVersionsInUse": versions, "PolicyVersionsInUseQuota": 10000, "Providers": 0,
		"RolePolicySizeQuota": maxInlineRoleBytes, "Roles": count(len(s.roles.list())), "RolesQuota": 1000,
		"ServerCertificates": 0, "ServerCertificatesQuota": 20, "SigningCertificatesPerUserQuota": 2,
		"UserPolicySizeQuota": maxInlineUserBytes, "Users": count(len(s.users.list())), "UsersQuota": 5000,
		"VersionsPerPolicyQuota": maxVersions,
	}}, nil
}

// GetAccountPasswordPolicy answers that there is none: nobody has a password here.
func (s *Service) GetAccountPasswordPolicy(context.Context, *iam.GetAccountPasswordPolicyInput) (*iam.GetAccountPasswordPolicyOutput, error) {
	return nil, noSuchEntity("The Password Policy with domain name " + s.env.Account + " cannot be found.")
}

// aliasKey is the key of the one alias.
const aliasKey = "alias"

// CreateAccountAlias gives the account an alias, of which it has one: a new one replaces it.
func (s *Service) CreateAccountAlias(_ context.Context, in *iam.CreateAccountAliasInput) (*iam.CreateAccountAliasOutput, error) {
	return &iam.CreateAccountAliasOutput{}, s.aliases.put(aliasKey, *in.AccountAlias)
}

// DeleteAccountAlias takes the alias away.
func (s *Service) DeleteAccountAlias(_ context.Context, in *iam.DeleteAccountAliasInput) (*iam.DeleteAccountAliasOutput, error) {
	return &iam.DeleteAccountAliasOutput{}, s.aliases.remove(aliasKey, func(alias string, ok bool) error {
		if !ok || alias != *in.AccountAlias {
			return noSuchEntity("The Account Alias with name " + *in.AccountAlias + " cannot be found.")
		}
		return nil
	})
}

// ListAccountAliases lists the alias, if there is one.
func (s *Service) ListAccountAliases(_ context.Context, in *iam.ListAccountAliasesInput) (*iam.ListAccountAliasesOutput, error) {
	out := &iam.ListAccountAliasesOutput{}
	out.AccountAliases, out.IsTruncated, out.Marker = page(s.aliases.list(), self, in.Marker, in.MaxItems)
	return out, nil
}

// detail is one thing that GetAccountAuthorizationDetails tells of.
type detail struct {
	key   string
	write func(out *iam.GetAccountAuthorizationDetailsOutput)
}

// GetAccountAuthorizationDetails tells of all users, groups, roles and policies.
func (s *Service) GetAccountAuthorizationDetails(_ context.Context, in *iam.GetAccountAuthorizationDetailsInput) (*iam.GetAccountAuthorizationDetailsOutput, error) {
	wanted := func(kind types.EntityType) bool { return len(in.Filter) == 0 || slices.Contains(in.Filter, kind) }
	var all []detail
	if wanted(types.EntityTypeGroup) {
		all = append(all, s.groupDetails()...)
	}
	if wanted(types.EntityTypeRole) {
		all = append(all, s.roleDetails()...)
	}
	if wanted(types.EntityTypeUser) {
		all = append(all, s.userDetails()...)
	}
	usages := s.usages()
	if wanted(types.EntityTypeLocalManagedPolicy) {
		all = append(all, policyDetails(s.policies.list(), usages)...)
	}
	if wanted(types.EntityTypeAWSManagedPolicy) {
		// Of AWS's own policies those that are in use.
		attached := slices.Collect(maps.Values(awsManaged()))
		all = append(all, policyDetails(slices.DeleteFunc(attached, func(p managedPolicy) bool { return usages[p.ARN] == usage{} }), usages)...)
	}
	slices.SortFunc(all, func(a, b detail) int { return strings.Compare(a.key, b.key) })
	out := &iam.GetAccountAuthorizationDetailsOutput{
		GroupDetailList: []types.GroupDetail{}, Policies: []types.ManagedPolicyDetail{},
		RoleDetailList: []types.RoleDetail{}, UserDetailList: []types.UserDetail{},
	}
	items, truncated, next := page(all, func(d detail) string { return d.key }, in.Marker, in.MaxItems)
	for _, item := range items {
		item.write(out)
	}
	out.IsTruncated, out.Marker = truncated, next
	return out, nil
}

func (s *Service) groupDetails() (all []detail) {
	for _, e := range s.groups.list() {
		all = append(all, detail{"group/" + rowKey(e.Name), func(out *iam.GetAccountAuthorizationDetailsOutput) {
			out.GroupDetailList = append(out.GroupDetailList, types.GroupDetail{
				Arn: aws.String(e.ARN), CreateDate: aws.Time(e.Created), Path: aws.String(e.Path), GroupId: aws.String(e.ID), GroupName: aws.String(e.Name),
				GroupPolicyList: e.inline(), AttachedManagedPolicies: s.attachedTo(e, ""),
			})
		}})
	}
	return all
}

func (s *Service) roleDetails() (all []detail) {
	for _, e := range s.roles.list() {
		all = append(all, detail{"role/" + rowKey(e.Name), func(out *iam.GetAccountAuthorizationDetailsOutput) {
			role := e.role()
			out.RoleDetailList = append(out.RoleDetailList, types.RoleDetail{
				Arn: role.Arn, CreateDate: role.CreateDate, Path: role.Path, RoleId: role.RoleId, RoleName: role.RoleName,
				AssumeRolePolicyDocument: role.AssumeRolePolicyDocument, RoleLastUsed: role.RoleLastUsed, Tags: tagList(e.Tags),
				PermissionsBoundary: role.PermissionsBoundary, InstanceProfileList: []types.InstanceProfile{},
				RolePolicyList: e.inline(), AttachedManagedPolicies: s.attachedTo(e, ""),
			})
		}})
	}
	return all
}

func (s *Service) userDetails() (all []detail) {
	for _, e := range s.users.list() {
		all = append(all, detail{"user/" + rowKey(e.Name), func(out *iam.GetAccountAuthorizationDetailsOutput) {
			groups := []string{}
			for _, group := range s.groupsOf(e) {
				groups = append(groups, group.Name)
			}
			out.UserDetailList = append(out.UserDetailList, types.UserDetail{
				Arn: aws.String(e.ARN), CreateDate: aws.Time(e.Created), Path: aws.String(e.Path), UserId: aws.String(e.ID), UserName: aws.String(e.Name),
				GroupList: groups, PermissionsBoundary: e.boundary(), Tags: tagList(e.Tags),
				UserPolicyList: e.inline(), AttachedManagedPolicies: s.attachedTo(e, ""),
			})
		}})
	}
	return all
}

func policyDetails(policies []managedPolicy, usages map[string]usage) (all []detail) {
	for _, p := range policies {
		all = append(all, detail{"policy/" + p.ARN, func(out *iam.GetAccountAuthorizationDetailsOutput) {
			shown := p.policy(usages[p.ARN])
			versions := []types.PolicyVersion{}
			for _, v := range slices.Backward(p.Versions) {
				version := p.policyVersion(v)
				version.Document = encode(v.Document)
				versions = append(versions, version)
			}
			out.Policies = append(out.Policies, types.ManagedPolicyDetail{
				Arn: shown.Arn, PolicyName: shown.PolicyName, PolicyId: shown.PolicyId, Path: shown.Path, Description: shown.Description,
				CreateDate: shown.CreateDate, UpdateDate: shown.UpdateDate, DefaultVersionId: shown.DefaultVersionId, IsAttachable: true,
				AttachmentCount: shown.AttachmentCount, PermissionsBoundaryUsageCount: shown.PermissionsBoundaryUsageCount, PolicyVersionList: versions,
			})
		}})
	}
	return all
}

// inline are the entity's own policies, in the order of their names.
func (e *entity) inline() []types.PolicyDetail {
	all := []types.PolicyDetail{}
	for _, name := range slices.Sorted(maps.Keys(e.Inline)) {
		all = append(all, types.PolicyDetail{PolicyName: aws.String(name), PolicyDocument: encode(e.Inline[name])})
	}
	return all
}
