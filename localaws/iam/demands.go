package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// The condition keys of IAM's actions are those of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html

// boundaryOf are the condition keys of actions on an entity that exists: its permissions boundary.
func boundaryOf(k kind, name *string) policy.Context {
	e, err := k.get(name)
	if err != nil {
		return nil
	}
	return policy.Keys("iam:PermissionsBoundary", e.Boundary)
}

// attachment are the condition keys of attaching a managed policy to a role or a user.
func attachment(k kind, name, arn *string) policy.Context {
	keys := policy.Keys("iam:PolicyARN", aws.ToString(arn))
	for key, values := range boundaryOf(k, name) {
		keys.Set(key, values...)
	}
	return keys
}

// creation are the condition keys of making a role or a user.
func creation(boundary *string, tags []types.Tag) policy.Context {
	return policy.Keys("iam:PermissionsBoundary", aws.ToString(boundary)).RequestTags(tagMap(tags))
}

// tagMap is the tags of a request by their keys.
func tagMap(tags []types.Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, tag := range tags {
		m[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return m
}

// TagsOf returns the tags of a role, a user or a policy; nil where it has none.
func (s *Service) TagsOf(arn string) map[string]string {
	if p, err := s.managed(arn); err == nil {
		return p.Tags
	}
	_, e, ok := s.entityByARN(arn)
	if !ok {
		return nil
	}
	return e.Tags
}

// assumption are the condition keys of AssumeRole:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
func assumption(in *sts.AssumeRoleInput) policy.Context {
	keys := policy.Keys("sts:RoleSessionName", aws.ToString(in.RoleSessionName),
		"sts:ExternalId", aws.ToString(in.ExternalId), "sts:SourceIdentity", aws.ToString(in.SourceIdentity))
	keys.Set("sts:TransitiveTagKeys", in.TransitiveTagKeys...)
	return keys.RequestTags(sessionTags(in.Tags))
}

func sessionTags(tags []ststypes.Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, tag := range tags {
		m[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return m
}

// federation are the condition keys of GetFederationToken.
func federation(in *sts.GetFederationTokenInput) policy.Context {
	return policy.Context{}.RequestTags(sessionTags(in.Tags))
}

// assumptionOf are the further permissions that AssumeRole needs, of the caller
// and of the role's trust policy alike:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
func assumptionOf(in *sts.AssumeRoleInput) []policy.Access {
	var more []policy.Access
	access := policy.Access{Resources: []string{aws.ToString(in.RoleArn)}, Keys: assumption(in)}
	if len(in.Tags) > 0 {
		access.Action = "sts:TagSession"
		more = append(more, access)
	}
	if in.SourceIdentity != nil {
		access.Action = "sts:SetSourceIdentity"
		more = append(more, access)
	}
	return more
}

// op registers an operation whose IAM action is called like itself.
func op[In, Out any](name string, resources func(in *In) []string,
	handle func(ctx context.Context, in *In) (*Out, error), demands ...wire.Demand[In],
) wire.Operation {
	return wire.Op(name, "iam:"+name, resources, handle, demands...)
}
