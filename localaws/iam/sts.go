package iam

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

const (
	defaultTokenLifetime = 12 * time.Hour
	rootTokenLifetime    = time.Hour
	maxPackedPolicy      = 2048
	wrongCode            = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
)

// GetCallerIdentity says who calls.
func (s *Service) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	p := identity.From(ctx)
	return &sts.GetCallerIdentityOutput{Account: aws.String(p.Account), Arn: aws.String(p.ARN), UserId: aws.String(p.UserID)}, nil
}

// AssumeRole opens a session of a role for the caller, whom the role's trust
// policy and the caller's own let: [Service.Decide] has said so.
func (s *Service) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	caller := identity.From(ctx)
	if caller.ARN == s.root.Principal.ARN {
		return nil, accessDenied("Roles may not be assumed by root accounts.")
	}
	role := s.roleByARN(*in.RoleArn)
	if role == nil {
		return nil, notAuthorized(caller.ARN, "sts:AssumeRole", *in.RoleArn)
	}
	if in.SerialNumber != nil || in.TokenCode != nil {
		return nil, accessDenied(wrongCode) // there are no MFA devices here, so a code cannot be right
	}
	lifetime, err := lifetimeOf(in.DurationSeconds, caller, role)
	if err != nil {
		return nil, err
	}
	limits, packed, err := s.limitsOf(in.Policy, in.PolicyArns, in.Tags)
	if err != nil {
		return nil, err
	}
	from, _ := s.sessions.get(caller.AccessKeyID)
	if err := limits.chain(from, in); err != nil {
		return nil, err
	}
	p := s.sessionOf(role, *in.RoleSessionName)
	key, err := s.open(p, lifetime, limits)
	if err != nil {
		return nil, err
	}
	out := &sts.AssumeRoleOutput{
		AssumedRoleUser:  &types.AssumedRoleUser{Arn: aws.String(p.ARN), AssumedRoleId: aws.String(p.UserID)},
		Credentials:      credentials(key),
		PackedPolicySize: packed, //nolint:staticcheck // AWS still answers it
	}
	if limits.SourceIdentity != "" {
		out.SourceIdentity = aws.String(limits.SourceIdentity)
	}
	return out, nil
}

// chain takes over what a session hands on to the roles assumed from it:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
func (r *session) chain(from session, in *sts.AssumeRoleInput) error {
	for _, key := range in.TransitiveTagKeys {
		if _, given := r.Tags[key]; !given {
			return invalidParameter("The specified transitive tag key must be included in the requested tags.")
		}
	}
	for _, key := range from.Transitive {
		if len(merged(map[string]string{key: ""}, r.Tags)) == len(r.Tags) && len(r.Tags) > 0 {
			return invalidParameter("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
		r.Tags = merged(r.Tags, map[string]string{key: from.Tags[key]})
	}
	r.Transitive = append(append([]string(nil), from.Transitive...), in.TransitiveTagKeys...)
	r.SourceIdentity = aws.ToString(in.SourceIdentity)
	if from.SourceIdentity != "" {
		if in.SourceIdentity != nil && *in.SourceIdentity != from.SourceIdentity {
			// The rule is AWS's, the words are not confirmed.
			return accessDenied("The source identity of the calling session cannot be changed.")
		}
		r.SourceIdentity = from.SourceIdentity
	}
	return nil
}

// invalidParameter is how STS refuses session tags; the code is not confirmed. The rules are those of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
func invalidParameter(message string) error {
	return &smithy.GenericAPIError{Code: "InvalidParameterValue", Message: message, Fault: smithy.FaultClient}
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

// limitsOf checks and keeps the session policies and tags, and says how much
// of their space they take in per cent; nil where there are none.
func (s *Service) limitsOf(document *string, arns []types.PolicyDescriptorType, tags []types.Tag) (session, *int32, error) {
	var limits session
	if document != nil {
		if _, err := policy.Parse(*document, policy.Identity); err != nil {
			return limits, nil, &types.MalformedPolicyDocumentException{Message: aws.String(err.Error())}
		}
		limits.Policies = []string{*document}
	}
	for _, descriptor := range arns {
		arn := aws.ToString(descriptor.Arn)
		if _, err := s.managed(arn); err != nil {
			return limits, nil, invalid("Policy " + arn + " does not exist or is not attachable.")
		}
		limits.PolicyARNs = append(limits.PolicyARNs, arn)
	}
	for _, tag := range tags {
		before := len(limits.Tags)
		limits.Tags = merged(limits.Tags, map[string]string{*tag.Key: *tag.Value})
		if len(limits.Tags) == before {
			return limits, nil, invalidParameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
	}
	n := packedSize(limits)
	if n == 0 {
		return limits, nil, nil
	}
	percent := int32((n*100 + maxPackedPolicy - 1) / maxPackedPolicy)
	if percent > 100 {
		return limits, nil, &types.PackedPolicyTooLargeException{Message: aws.String(
			"Serialized token too large for session: packed policy takes " + strconv.Itoa(int(percent)) + "% of the allotted space.")}
	}
	return limits, &percent, nil
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
	if isTemporary(caller.AccessKeyID) {
		return nil, accessDenied("Cannot call GetSessionToken with session credentials")
	}
	if in.SerialNumber != nil || in.TokenCode != nil {
		return nil, accessDenied(wrongCode)
	}
	key, err := s.open(caller, s.tokenLifetime(caller, in.DurationSeconds), session{Origin: sessionToken})
	if err != nil {
		return nil, err
	}
	return &sts.GetSessionTokenOutput{Credentials: credentials(key)}, nil
}

// tokenLifetime is how long a token of a user lasts, or one of the root user.
func (s *Service) tokenLifetime(caller identity.Principal, seconds *int32) time.Duration {
	lifetime := defaultTokenLifetime
	if seconds != nil {
		lifetime = time.Duration(*seconds) * time.Second
	}
	if caller.ARN == s.root.Principal.ARN {
		lifetime = min(lifetime, rootTokenLifetime)
	}
	return lifetime
}

// GetFederationToken opens a session of a federated user, who may do what both
// the calling user and the session policies allow.
func (s *Service) GetFederationToken(ctx context.Context, in *sts.GetFederationTokenInput) (*sts.GetFederationTokenOutput, error) {
	caller := identity.From(ctx)
	if isTemporary(caller.AccessKeyID) {
		return nil, accessDenied("Cannot call GetFederationToken with session credentials")
	}
	limits, packed, err := s.limitsOf(in.Policy, in.PolicyArns, in.Tags)
	if err != nil {
		return nil, err
	}
	limits.Origin, limits.User = federationToken, caller.ARN
	p := identity.Principal{
		ARN:     "arn:aws:sts::" + s.env.Account + ":federated-user/" + *in.Name,
		Account: s.env.Account, UserID: s.env.Account + ":" + *in.Name,
	}
	key, err := s.open(p, s.tokenLifetime(caller, in.DurationSeconds), limits)
	if err != nil {
		return nil, err
	}
	return &sts.GetFederationTokenOutput{
		Credentials:      credentials(key),
		PackedPolicySize: packed, //nolint:staticcheck // AWS still answers it
		FederatedUser:    &types.FederatedUser{Arn: aws.String(p.ARN), FederatedUserId: aws.String(p.UserID)},
	}, nil
}

// GetAccessKeyInfo names the account of a key.
func (s *Service) GetAccessKeyInfo(_ context.Context, in *sts.GetAccessKeyInfoInput) (*sts.GetAccessKeyInfoOutput, error) {
	if _, ok := s.Key(*in.AccessKeyId); !ok {
		// An inactive key is still the account's.
		if _, ok := s.accessKeys.get(*in.AccessKeyId); !ok {
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
