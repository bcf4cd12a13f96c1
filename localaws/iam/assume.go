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
	role, err := s.roleByARN(sess.RoleARN)
	if err != nil {
		return identity.Key{}, err
	}
	request := policy.Request{
		Action: "sts:AssumeRole", Resource: sess.RoleARN,
		Caller:  policy.Caller{Service: sess.Service},
		Context: s.conditions(sess),
	}
	if role == nil || !trusts(role, request) {
		return identity.Key{}, notAuthorized(sess.Service, "sts:AssumeRole", sess.RoleARN)
	}
	p := s.sessionOf(role, sessionName(sess))
	p.Service, p.SourceARN = sess.Service, sess.SourceARN
	return s.open(p, sessionLifetime, session{})
}

// forward opens a session of the caller itself, which a service uses to act
// with its permissions. A service that acts in its own name has no ARN; it can
// do so for itself alone, not lend its name to another.
func (s *Service) forward(ctx context.Context, sess service.Session) (identity.Key, error) {
	p := identity.From(ctx)
	if p.ARN == "" && (p.Service == "" || p.Service != sess.Service) {
		return identity.Key{}, notAuthorized(cmp.Or(p.Service, "anonymous"), "sts:AssumeRole", "*")
	}
	if p.ARN != "" {
		p.Via = append(slices.Clone(p.Via), sess.Service)
	}
	p.Service, p.SourceARN = sess.Service, sess.SourceARN
	return s.open(p, sessionLifetime, s.inherited(p.AccessKeyID))
}

// inherited returns what limits the session of that key, so that a session made from it is limited too.
func (s *Service) inherited(accessKeyID string) session {
	row, _, err := s.sessions.Get(accessKeyID)
	if err != nil {
		s.env.Log.Error("read session", "key", accessKeyID, "error", err)
	}
	return session{Policies: row.Policies, PolicyARNs: row.PolicyARNs, Tags: row.Tags}
}

// roleByARN returns nil where there is no such role.
func (s *Service) roleByARN(arn string) (*entity, error) {
	name := arn[strings.LastIndex(arn, "/")+1:]
	role, ok, err := s.roles.Get(rowKey(name))
	if err != nil || !ok || role.ARN != arn {
		return nil, err
	}
	return &role, nil
}

// trusts decides by the role's trust policy alone.
func trusts(role *entity, request policy.Request) bool {
	doc, err := policy.Parse(role.Trust, policy.Trust)
	if err != nil {
		return false
	}
	decision, _ := policy.Trusts(doc, request)
	return decision == policy.Allowed
}

func (s *Service) conditions(sess service.Session) policy.Context {
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
