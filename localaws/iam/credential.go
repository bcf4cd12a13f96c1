package iam

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

const (
	codecommit     = "codecommit.amazonaws.com"
	maxCredentials = 2 // of a user for a service
)

// credential is a user name and password of a user for one service. Of the
// password only its hash is kept: it is random, so no salt is needed.
type credential struct {
	ID, User, Service, UserName string
	Hash                        []byte
	Status                      types.StatusType
	Created                     time.Time
}

// password makes the password of a credential, of the length that AWS's have.
func password() (text string, hash []byte) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails, says crypto/rand
	text = base64.StdEncoding.EncodeToString(random)
	sum := sha256.Sum256([]byte(text))
	return text, sum[:]
}

// GitCredential returns the user whose active Git credentials these are, as a
// key without a secret.
func (s *Service) GitCredential(userName, password string) (identity.Key, bool) {
	given := sha256.Sum256([]byte(password))
	for _, c := range s.credentials.list() {
		if c.UserName != userName || c.Service != codecommit || c.Status != types.StatusTypeActive {
			continue
		}
		user, ok := s.users.get(rowKey(c.User))
		if !ok || subtle.ConstantTimeCompare(given[:], c.Hash) != 1 {
			return identity.Key{}, false
		}
		return userKey(accessKey{ID: c.ID}, user), true
	}
	return identity.Key{}, false
}

func (s *Service) credentialsOf(user string) []credential {
	return slices.DeleteFunc(s.credentials.list(), func(c credential) bool { return rowKey(c.User) != rowKey(user) })
}

// CreateServiceSpecificCredential makes a credential, whose password is never shown again.
func (s *Service) CreateServiceSpecificCredential(_ context.Context, in *iam.CreateServiceSpecificCredentialInput) (*iam.CreateServiceSpecificCredentialOutput, error) {
	user, err := s.ofUsers().get(in.UserName)
	if err != nil {
		return nil, err
	}
	if *in.ServiceName != codecommit {
		return nil, noSuchEntity("No such service " + *in.ServiceName + " is supported for Service Specific Credentials")
	}
	others := s.credentialsOf(user.Name)
	if len(others) >= maxCredentials {
		return nil, limitExceeded("Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2") // the words are not confirmed
	}
	text, hash := password()
	c := credential{
		ID: uniqueID("ACCA", idLength), User: user.Name, Service: codecommit, UserName: s.credentialName(user.Name, others),
		Hash: hash, Status: types.StatusTypeActive, Created: s.now(),
	}
	if err := s.credentials.put(c.ID, c); err != nil {
		return nil, err
	}
	return &iam.CreateServiceSpecificCredentialOutput{ServiceSpecificCredential: c.shown(text)}, nil
}

// credentialName is such as anna-at-123456789012, and anna+1-at-123456789012 for a second one:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServiceSpecificCredentials.html
func (s *Service) credentialName(user string, others []credential) string {
	for n := 0; ; n++ {
		name := user
		if n > 0 {
			name += "+" + strconv.Itoa(n)
		}
		name += "-at-" + s.env.Account
		if !slices.ContainsFunc(others, func(c credential) bool { return c.UserName == name }) {
			return name
		}
	}
}

func (c *credential) shown(password string) *types.ServiceSpecificCredential {
	return &types.ServiceSpecificCredential{
		CreateDate: aws.Time(c.Created), ServiceName: aws.String(c.Service), ServiceUserName: aws.String(c.UserName),
		ServicePassword: aws.String(password), ServiceSpecificCredentialId: aws.String(c.ID), UserName: aws.String(c.User), Status: c.Status,
	}
}

// ListServiceSpecificCredentials lists a user's credentials without their passwords.
func (s *Service) ListServiceSpecificCredentials(ctx context.Context, in *iam.ListServiceSpecificCredentialsInput) (*iam.ListServiceSpecificCredentialsOutput, error) {
	user, err := s.owner(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(s.credentialsOf(user.Name), func(c credential) bool { return in.ServiceName != nil && c.Service != *in.ServiceName })
	items, truncated, next := page(all, func(c credential) string { return c.ID }, in.Marker, in.MaxItems)
	out := &iam.ListServiceSpecificCredentialsOutput{
		ServiceSpecificCredentials: []types.ServiceSpecificCredentialMetadata{}, IsTruncated: truncated, Marker: next,
	}
	for _, c := range items {
		out.ServiceSpecificCredentials = append(out.ServiceSpecificCredentials, types.ServiceSpecificCredentialMetadata{
			CreateDate: aws.Time(c.Created), ServiceName: aws.String(c.Service), ServiceUserName: aws.String(c.UserName),
			ServiceSpecificCredentialId: aws.String(c.ID), UserName: aws.String(c.User), Status: c.Status,
		})
	}
	return out, nil
}

func (s *Service) changeCredential(ctx context.Context, userName, id *string, change func(c *credential)) (credential, error) {
	user, err := s.owner(ctx, userName)
	if err != nil {
		return credential{}, err
	}
	var changed credential
	err = s.credentials.update(*id, func(c *credential, ok bool) error {
		if !ok || rowKey(c.User) != rowKey(user.Name) {
			return noSuchEntity("No such credential " + *id + " exists")
		}
		change(c)
		changed = *c
		return nil
	})
	return changed, err
}

// UpdateServiceSpecificCredential makes a credential active or inactive.
func (s *Service) UpdateServiceSpecificCredential(ctx context.Context, in *iam.UpdateServiceSpecificCredentialInput) (*iam.UpdateServiceSpecificCredentialOutput, error) {
	_, err := s.changeCredential(ctx, in.UserName, in.ServiceSpecificCredentialId, func(c *credential) { c.Status = in.Status })
	return &iam.UpdateServiceSpecificCredentialOutput{}, err
}

// ResetServiceSpecificCredential gives a credential a new password; the old one is of no use any more.
func (s *Service) ResetServiceSpecificCredential(ctx context.Context, in *iam.ResetServiceSpecificCredentialInput) (*iam.ResetServiceSpecificCredentialOutput, error) {
	text, hash := password()
	c, err := s.changeCredential(ctx, in.UserName, in.ServiceSpecificCredentialId, func(c *credential) { c.Hash = hash })
	if err != nil {
		return nil, err
	}
	return &iam.ResetServiceSpecificCredentialOutput{ServiceSpecificCredential: c.shown(text)}, nil
}

// DeleteServiceSpecificCredential deletes a credential.
func (s *Service) DeleteServiceSpecificCredential(ctx context.Context, in *iam.DeleteServiceSpecificCredentialInput) (*iam.DeleteServiceSpecificCredentialOutput, error) {
	c, err := s.changeCredential(ctx, in.UserName, in.ServiceSpecificCredentialId, func(*credential) {})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteServiceSpecificCredentialOutput{}, s.credentials.delete(c.ID)
}
