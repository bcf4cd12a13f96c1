package iam

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

const (
	defaultTokenLifetime = 12 * time.Hour
	rootTokenLifetime    = time.Hour
	maxPackedPolicy      = 2048
)

// GetCallerIdentity says who calls.
func (s *Service) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	p := identity.From(ctx)
	return &sts.GetCallerIdentityOutput{Account: aws.String(p.Account), Arn: aws.String(p.ARN), UserId: aws.String(p.UserID)}, nil
}

// AssumeRole opens a session of a role for the caller.
func (s *Service) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	caller := identity.From(ctx)
	if caller.ARN == s.root.Principal.ARN {
		return nil, accessDenied("Roles may not be assumed by root accounts.")
	}
	role, err := s.roleByARN(*in.RoleArn)
	if err != nil {
		return nil, err
	}
	if role == nil || in.SerialNumber != nil || !trusts(role, s.assumeRequest(caller, in)) {
		// There are no MFA devices here, so a code cannot be right.
		return nil, notAuthorized(caller.ARN, "sts:AssumeRole", *in.RoleArn)
	}
	lifetime, err := lifetimeOf(in.DurationSeconds, caller, role)
	if err != nil {
		return nil, err
	}
	limits, err := s.limitsOf(in)
	if err != nil {
		return nil, err
	}
	p := s.sessionOf(role, *in.RoleSessionName)
	key, err := s.open(p, lifetime, limits)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleOutput{
		AssumedRoleUser: &types.AssumedRoleUser{Arn: aws.String(p.ARN), AssumedRoleId: aws.String(p.UserID)},
		Credentials:     credentials(key), SourceIdentity: in.SourceIdentity,
	}, nil
}

func (s *Service) assumeRequest(caller identity.Principal, in *sts.AssumeRoleInput) policy.Request {
	values := policy.Context{}
	values.Set("aws:CurrentTime", s.env.Now().UTC().Format(time.RFC3339))
	values.Set("aws:PrincipalArn", principalARN(caller))
	values.Set("aws:PrincipalAccount", caller.Account)
	values.Set("aws:PrincipalIsAWSService", "false")
	values.Set("aws:RequestedRegion", s.env.Region)
	values.Set("aws:userid", caller.UserID)
	values.Set("sts:RoleSessionName", *in.RoleSessionName)
	if in.ExternalId != nil {
		values.Set("sts:ExternalId", *in.ExternalId)
	}
	if in.SourceIdentity != nil {
		values.Set("sts:SourceIdentity", *in.SourceIdentity)
	}
	for _, tag := range in.Tags {
		values.Set("aws:RequestTag/"+*tag.Key, *tag.Value)
	}
	return policy.Request{
		Action: "sts:AssumeRole", Resource: *in.RoleArn, Context: values,
		Caller: policy.Caller{ARN: caller.ARN, RoleARN: caller.RoleARN, Account: caller.Account},
	}
}

// principalARN is aws:PrincipalArn, which names a session's role rather than the session.
func principalARN(p identity.Principal) string {
	if p.RoleARN != "" {
		return p.RoleARN
	}
	return p.ARN
}

func lifetimeOf(seconds *int32, caller identity.Principal, role *entity) (time.Duration, error) {
	lifetime := sessionLifetime
	if seconds != nil {
		lifetime = time.Duration(*seconds) * time.Second
	}
	if caller.RoleARN != "" && lifetime > time.Hour {
		return 0, invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	if lifetime > time.Duration(role.MaxSession)*time.Second {
		return 0, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return lifetime, nil
}

// limitsOf checks and keeps the session policies and tags.
func (s *Service) limitsOf(in *sts.AssumeRoleInput) (session, error) {
	var limits session
	if in.Policy != nil {
		if _, err := policy.Parse(*in.Policy, policy.Identity); err != nil {
			return limits, &types.MalformedPolicyDocumentException{Message: aws.String(err.Error())}
		}
		limits.Policies = []string{*in.Policy}
	}
	for _, descriptor := range in.PolicyArns {
		arn := aws.ToString(descriptor.Arn)
		if _, err := s.managed(arn); err != nil {
			return limits, invalid("Policy " + arn + " does not exist or is not attachable.")
		}
		limits.PolicyARNs = append(limits.PolicyARNs, arn)
	}
	for _, tag := range in.Tags {
		if limits.Tags == nil {
			limits.Tags = map[string]string{}
		}
		limits.Tags[*tag.Key] = *tag.Value
	}
	if n := packedSize(limits); n > maxPackedPolicy {
		return limits, &types.PackedPolicyTooLargeException{Message: aws.String(
			"Serialized token too large for session: packed policy takes " + strconv.Itoa(n*100/maxPackedPolicy) + "% of the allotted space.")}
	}
	return limits, nil
}

func packedSize(limits session) (n int) {
	for _, document := range limits.Policies {
		n += len(document)
	}
	for _, arn := range limits.PolicyARNs {
		n += len(arn)
	}
	for key, value := range limits.Tags {
		n += len(key) + len(value)
	}
	return n
}

// GetSessionToken opens a session of the caller, a user or the root user.
func (s *Service) GetSessionToken(ctx context.Context, in *sts.GetSessionTokenInput) (*sts.GetSessionTokenOutput, error) {
	caller := identity.From(ctx)
	if strings.HasPrefix(caller.AccessKeyID, "ASIA") {
		return nil, accessDenied("Cannot call GetSessionToken with session credentials")
	}
	if in.SerialNumber != nil || in.TokenCode != nil {
		return nil, accessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
	}
	lifetime := defaultTokenLifetime
	if in.DurationSeconds != nil {
		lifetime = time.Duration(*in.DurationSeconds) * time.Second
	}
	if caller.ARN == s.root.Principal.ARN {
		lifetime = min(lifetime, rootTokenLifetime)
	}
	key, err := s.open(caller, lifetime, session{})
	if err != nil {
		return nil, err
	}
	return &sts.GetSessionTokenOutput{Credentials: credentials(key)}, nil
}

// GetAccessKeyInfo names the account of a key.
func (s *Service) GetAccessKeyInfo(_ context.Context, in *sts.GetAccessKeyInfoInput) (*sts.GetAccessKeyInfoOutput, error) {
	if _, ok := s.Key(*in.AccessKeyId); !ok {
		// An inactive key is still the account's.
		if _, ok, err := s.accessKeys.Get(*in.AccessKeyId); err != nil || !ok {
			return nil, invalid("Invalid Access Key ID: " + *in.AccessKeyId)
		}
	}
	return &sts.GetAccessKeyInfoOutput{Account: aws.String(s.env.Account)}, nil
}

func credentials(key identity.Key) *types.Credentials {
	return &types.Credentials{
		AccessKeyId: aws.String(key.AccessKeyID), SecretAccessKey: aws.String(key.SecretAccessKey),
		SessionToken: aws.String(key.SessionToken), Expiration: aws.Time(key.Expires),
	}
}
