package iam

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// session is a temporary key as it is kept.
type session struct {
	Key identity.Key
	// Policies are the session policies given to AssumeRole: documents, then managed policies by ARN.
	Policies   []string          `json:",omitempty"`
	PolicyARNs []string          `json:",omitempty"`
	Tags       map[string]string `json:",omitempty"`
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
	keys, err := s.accessKeys.List("", "", 0)
	if err != nil {
		return err
	}
	for _, row := range keys {
		user, ok, err := s.users.Get(rowKey(row.Value.User))
		if err != nil {
			return err
		}
		if ok && row.Value.Status == types.StatusTypeActive {
			s.remember(userKey(row.Value, user))
		}
	}
	sessions, err := s.sessions.List("", "", 0)
	if err != nil {
		return err
	}
	for _, row := range sessions {
		s.remember(row.Value.Key)
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
		if err := s.sessions.Delete(id); err != nil {
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
	as.Key = identity.Key{
		AccessKeyID: p.AccessKeyID, SecretAccessKey: secret(),
		SessionToken: base64.StdEncoding.EncodeToString(token),
		Expires:      s.now().Add(lifetime), Principal: p,
	}
	if err := s.sessions.Put(as.Key.AccessKeyID, as); err != nil {
		return identity.Key{}, err
	}
	s.remember(as.Key)
	return as.Key, nil
}
