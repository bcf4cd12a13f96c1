package iam

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

const (
	sessionLifetime = time.Hour
	maxSessionName  = 64
)

var notInSessionName = regexp.MustCompile(`[^\w+=,.@-]`)

// AssumeForService opens a session as a service does for its user: of the role
// in sess, if its trust policy lets the service, or, where sess names no role,
// of the caller in ctx: a principal with an ARN, for whom the service acts, or
// the service itself.
func (s *Service) AssumeForService(ctx context.Context, sess service.Session) (identity.Key, error) {
	if sess.RoleARN == "" {
		return s.forward(ctx, sess)
	}
	role := s.roleByARN(sess.RoleARN)
	request := policy.Request{
		Action: "sts:AssumeRole", Resource: sess.RoleARN, Caller: policy.Caller{Service: sess.Service}, Context: s.keysOfService(sess),
	}
	if role == nil || !s.trusts(role, request) {
		return identity.Key{}, notAuthorized(sess.Service, "sts:AssumeRole", sess.RoleARN)
	}
	p := s.sessionOf(role, sessionName(sess))
	p.Service, p.SourceARN = sess.Service, sess.SourceARN
	return s.open(p, sessionLifetime, narrow(session{}, sess.Policy))
}

// narrow adds a session policy where there is none yet: of several, any may allow.
func narrow(limits session, document string) session {
	if document != "" && len(limits.Policies)+len(limits.PolicyARNs) == 0 {
		limits.Policies = []string{document}
	}
	return limits
}

// forward opens a session of the caller itself, which a service uses to act
// with its permissions. A service that acts in its own name has no ARN; it can
// do so for itself alone, not lend its name to another.
func (s *Service) forward(ctx context.Context, sess service.Session) (identity.Key, error) {
	p := identity.From(ctx)
	if p.ARN == "" && (p.Service == "" || p.Service != sess.Service) {
		return identity.Key{}, notAuthorized(cmp.Or(p.Service, "anonymous"), "sts:AssumeRole", "*")
	}
	if p.ARN != "" && sess.Policy == "" { // a narrower session is its own, and not the service's
		p.Via = append(slices.Clone(p.Via), sess.Service)
	}
	p.Service, p.SourceARN = sess.Service, sess.SourceARN
	return s.open(p, sessionLifetime, narrow(s.inherited(p.AccessKeyID), sess.Policy))
}

// inherited returns what limits the session of that key, so that a session made from it is limited too.
func (s *Service) inherited(accessKeyID string) session {
	row, _ := s.sessions.get(accessKeyID)
	return row
}

// roleByARN returns nil where there is no such role.
func (s *Service) roleByARN(arn string) *entity {
	k, role, ok := s.entityByARN(arn)
	if !ok || k.label != roleLabel {
		return nil
	}
	return &role
}

// trusts decides by the role's trust policy alone.
func (s *Service) trusts(role *entity, request policy.Request) bool {
	decision, _ := policy.Trusts(s.parsed.get(role.Trust, policy.Trust), request)
	return decision == policy.Allowed
}

func (s *Service) sessionOf(role *entity, name string) identity.Principal {
	return identity.Principal{
		ARN:     "arn:aws:sts::" + s.env.Account + ":assumed-role/" + role.Name + "/" + name,
		Account: s.env.Account, UserID: role.ID + ":" + name, RoleARN: role.ARN,
	}
}

func sessionName(sess service.Session) string {
	name := sess.Name
	if name == "" {
		name, _, _ = strings.Cut(sess.Service, ".")
	}
	name = notInSessionName.ReplaceAllString(name, "-")
	return name[:min(len(name), maxSessionName)]
}

func notAuthorized(caller, action, resource string) error {
	return accessDenied("User: " + caller + " is not authorized to perform: " + action + " on resource: " + resource)
}

func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}
