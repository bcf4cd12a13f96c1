package iam

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// session is a temporary key as it is kept.
type session struct {
	Key    identity.Key
	Issued time.Time
	// Origin is the operation that made it, where that limits what it may call.
	Origin origin `json:",omitempty"`
	// User is whose permissions a federated user has.
	User string `json:",omitempty"`
	// Policies are the session policies: documents, then managed policies by ARN.
	Policies   []string          `json:",omitempty"`
	PolicyARNs []string          `json:",omitempty"`
	Tags       map[string]string `json:",omitempty"`
	// Transitive are the keys of the tags that a role chained from this session gets too.
	Transitive     []string `json:",omitempty"`
	SourceIdentity string   `json:",omitempty"`
}

// origin is where a session comes from.
type origin string

const (
	sessionToken    origin = "GetSessionToken"
	federationToken origin = "GetFederationToken"
)

// may reports whether a session of that origin may call the operation at all.
// Nobody has an MFA device here, so tokens never reach IAM:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html
func (o origin) may(action string) bool {
	switch vendor, _, _ := strings.Cut(action, ":"); {
	case o == "", vendor != "iam" && vendor != "sts", o == sessionToken && trustActions[action]:
		return true
	default:
		// Why it refuses these, STS says itself.
		return action == "sts:GetFederationToken"
	}
}

// subject is the user or the role whose policies the principal has.
func (r *session) subject(p identity.Principal) string {
	return cmp.Or(r.User, p.RoleARN, p.ARN)
}

// keepExpired is how long an expired key is still known, so that its user is
// told that it expired rather than that it never was.
const keepExpired = time.Hour

// Key implements [identity.Keys]. A key that expired lately is still returned: see its Expires.
func (s *Service) Key(accessKeyID string) (identity.Key, bool) {
	if accessKeyID == s.root.AccessKeyID {
		return s.root, true
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	key, ok := s.keys[accessKeyID]
	return key, ok
}

// loadKeys fills the memory from the state.
func (s *Service) loadKeys() error {
	for _, key := range s.accessKeys.list() {
		if user, ok := s.users.get(rowKey(key.User)); ok && key.Status == types.StatusTypeActive {
			s.remember(userKey(key, user))
		}
	}
	for _, row := range s.sessions.list() {
		s.remember(row.Key)
	}
	return s.purge()
}

func userKey(key accessKey, user entity) identity.Key {
	return identity.Key{
		AccessKeyID: key.ID, SecretAccessKey: key.Secret,
		Principal: identity.Principal{ARN: user.ARN, Account: accountOf(user.ARN), UserID: user.ID, AccessKeyID: key.ID},
	}
}

func (s *Service) remember(key identity.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key.AccessKeyID] = key
}

func (s *Service) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, id)
}

// purge forgets the sessions that expired a while ago.
func (s *Service) purge() error {
	oldest := s.env.Now().Add(-keepExpired)
	s.mu.Lock()
	var expired []string
	for id, key := range s.keys {
		if !key.Expires.IsZero() && key.Expires.Before(oldest) {
			expired = append(expired, id)
			delete(s.keys, id)
		}
	}
	s.mu.Unlock()
	for _, id := range expired {
		if err := s.sessions.delete(id); err != nil {
			return err
		}
	}
	return nil
}

// open mints a temporary key for the principal and keeps it.
func (s *Service) open(p identity.Principal, lifetime time.Duration, as session) (identity.Key, error) {
	if err := s.purge(); err != nil {
		return identity.Key{}, err
	}
	token := make([]byte, 192)
	_, _ = rand.Read(token) // never fails, says crypto/rand
	p.AccessKeyID = uniqueID("ASIA", keyLength)
	as.Issued = s.now()
	as.Key = identity.Key{
		AccessKeyID: p.AccessKeyID, SecretAccessKey: secret(),
		SessionToken: base64.StdEncoding.EncodeToString(token),
		Expires:      as.Issued.Add(lifetime), Principal: p,
	}
	if err := s.sessions.put(as.Key.AccessKeyID, as); err != nil {
		return identity.Key{}, err
	}
	s.remember(as.Key)
	return as.Key, nil
}
