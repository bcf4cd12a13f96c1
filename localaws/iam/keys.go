package iam

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

// keysOfRequest are the condition keys of every request:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (s *Service) keysOfRequest(p identity.Principal, row session) policy.Context {
	if p.ARN == "" && p.Service != "" {
		values := s.keysOfService(service.Session{Service: p.Service, SourceARN: p.SourceARN})
		values.Set("aws:SecureTransport", "true")
		return values
	}
	values := make(policy.Context, 24)
	now := s.env.Now().UTC()
	values.Set("aws:CurrentTime", now.Format(time.RFC3339))
	values.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	values.Set("aws:PrincipalArn", principalARN(p))
	values.Set("aws:PrincipalAccount", p.Account)
	values.Set("aws:PrincipalIsAWSService", "false")
	values.Set("aws:PrincipalType", principalType(p))
	values.Set("aws:RequestedRegion", s.env.Region)
	values.Set("aws:SecureTransport", "true") // the loopback stands for TLS
	values.Set("aws:userid", p.UserID)
	values.Set("aws:ViaAWSService", strconv.FormatBool(len(p.Via) > 0))
	if len(p.Via) > 0 {
		values.Set("aws:CalledVia", p.Via...)
		values.Set("aws:CalledViaFirst", p.Via[0])
		values.Set("aws:CalledViaLast", p.Via[len(p.Via)-1])
	} else {
		values.Set("aws:SourceIp", "127.0.0.1")
	}
	if isTemporary(p.AccessKeyID) {
		values.Set("aws:MultiFactorAuthPresent", "false") // only temporary keys have it
		if !row.Issued.IsZero() {
			values.Set("aws:TokenIssueTime", row.Issued.Format(time.RFC3339))
		}
	}
	if row.SourceIdentity != "" {
		values.Set("aws:SourceIdentity", row.SourceIdentity)
	}
	if _, user, ok := strings.Cut(p.ARN, ":user/"); ok {
		values.Set("aws:username", user[strings.LastIndex(user, "/")+1:])
	}
	return values
}

// keysOfService are the condition keys of what a service asks in its own name.
func (s *Service) keysOfService(sess service.Session) policy.Context {
	values := policy.Context{}
	values.Set("aws:CurrentTime", s.env.Now().UTC().Format(time.RFC3339))
	values.Set("aws:SourceAccount", s.env.Account)
	values.Set("aws:RequestedRegion", s.env.Region)
	values.Set("aws:PrincipalIsAWSService", "true")
	values.Set("aws:PrincipalServiceName", sess.Service)
	if sess.SourceARN != "" {
		values.Set("aws:SourceArn", sess.SourceARN)
	}
	return values
}

// isTemporary tells the keys of sessions from those of users and of the account.
func isTemporary(accessKeyID string) bool { return strings.HasPrefix(accessKeyID, "ASIA") }

func principalType(p identity.Principal) string {
	switch {
	case p.RoleARN != "":
		return "AssumedRole"
	case strings.HasSuffix(p.ARN, ":root"):
		return "Account"
	case strings.Contains(p.ARN, ":federated-user/"):
		return "FederatedUser"
	default:
		return "User"
	}
}

// principalARN is aws:PrincipalArn, which names a session's role rather than the session.
func principalARN(p identity.Principal) string {
	if p.RoleARN != "" {
		return p.RoleARN
	}
	return p.ARN
}

// withResourceTags adds the tags of a resource to the keys. Those of roles and
// users have two names:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
func withResourceTags(keys policy.Context, arn string, tags map[string]string) policy.Context {
	if len(tags) == 0 {
		return keys
	}
	keys = maps.Clone(keys)
	for key, value := range tags {
		keys.Set("aws:ResourceTag/"+key, value)
		if strings.HasPrefix(arn, "arn:aws:iam:") {
			keys.Set("iam:ResourceTag/"+key, value)
		}
	}
	return keys
}
