// Package iam is IAM and STS: roles, users, policies, access keys and the
// sessions of roles.
//
// Goals: names, ids, errors and grammar are AWS's; a role is assumed only by
// whom its trust policy names; a decision takes microseconds. Non-goals:
// passwords for the console, MFA devices, instance profiles, SAML and OpenID.
package iam

import (
	"crypto/rand"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// Service is IAM and STS of one account. It implements [identity.Keys].
type Service struct {
	// Describe tells of the resource with that ARN, with its tags where they
	// are wanted. Nil knows of none. It is set before the first request.
	Describe func(arn string, tags bool) Resource

	env  service.Env
	root identity.Key

	roles       *table[entity]
	users       *table[entity]
	groups      *table[entity]
	policies    *table[managedPolicy]
	accessKeys  *table[accessKey]
	credentials *table[credential]
	sessions    *table[session]
	lastUsed    *table[lastUse]
	aliases     *table[string]

	mu   sync.RWMutex // guards keys
	keys map[string]identity.Key

	parsed  documents
	bundles bundles
}

// New opens the service over the state in env. root is the account's own key.
func New(env service.Env, root identity.Key) (*Service, error) {
	s := &Service{env: env, root: root, keys: map[string]identity.Key{}}
	err := errors.Join(
		open(&s.roles, env.DB, "iam/roles", s.bundles.forget),
		open(&s.users, env.DB, "iam/users", s.bundles.forget),
		open(&s.groups, env.DB, "iam/groups", s.bundles.forget),
		open(&s.policies, env.DB, "iam/policies", s.bundles.forget),
		open(&s.accessKeys, env.DB, "iam/access-keys", func() {}),
		open(&s.credentials, env.DB, "iam/service-specific-credentials", func() {}),
		open(&s.sessions, env.DB, "iam/sessions", func() {}),
		open(&s.lastUsed, env.DB, "iam/last-used", func() {}),
		open(&s.aliases, env.DB, "iam/aliases", func() {}),
	)
	if err != nil {
		return nil, err
	}
	return s, s.loadKeys()
}

func open[T any](into **table[T], db *store.DB, name string, written func()) (err error) {
	*into, err = openTable[T](db, name, written)
	return err
}

// entity is a role, a user or a group.
type entity struct {
	Name, Path, ID, ARN string
	Created             time.Time
	Description         string
	Trust               string   `json:",omitempty"` // a role's trust policy
	MaxSession          int32    `json:",omitempty"`
	Boundary            string   `json:",omitempty"`
	Groups              []string `json:",omitempty"` // a user's, as keys of their rows, in order
	Inline              map[string]string
	Attached            []string
	Tags                map[string]string
}

// Lengths of what follows the prefix in unique ids and access keys:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
const (
	idLength  = 17
	keyLength = 16
)

// uniqueID makes an id such as AROA... or AIDA....
func uniqueID(prefix string, length int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	random := make([]byte, length)
	_, _ = rand.Read(random) // never fails, says crypto/rand
	for i, b := range random {
		random[i] = alphabet[int(b)%len(alphabet)]
	}
	return prefix + string(random)
}

// rowKey is the key of a name: IAM does not tell names apart by case.
func rowKey(name string) string { return strings.ToLower(name) }

func (s *Service) arn(kind, path, name string) string {
	return "arn:aws:iam::" + s.env.Account + ":" + kind + path + name
}

// now is the time with the precision that IAM has.
func (s *Service) now() time.Time { return s.env.Now().UTC().Truncate(time.Second) }

// encode writes a document as IAM returns it, URL-encoded by RFC 3986.
func encode(document string) *string {
	escaped := strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
	return &escaped
}
