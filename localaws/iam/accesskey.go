package iam

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

const maxAccessKeys = 2

// accessKey is a user's long-lived key.
type accessKey struct {
	ID, Secret, User string
	Status           types.StatusType
	Created          time.Time
}

// secret makes a secret access key: 40 characters, as AWS's are.
func secret() string {
	random := make([]byte, 30)
	_, _ = rand.Read(random) // never fails, says crypto/rand
	return base64.StdEncoding.EncodeToString(random)
}

func (s *Service) keysOf(user string) ([]accessKey, error) {
	rows, err := s.accessKeys.List("", "", 0)
	if err != nil {
		return nil, err
	}
	var keys []accessKey
	for _, row := range rows {
		if rowKey(row.Value.User) == rowKey(user) {
			keys = append(keys, row.Value)
		}
	}
	return keys, nil
}

// owner returns the user named, or the caller.
func (s *Service) owner(ctx context.Context, name *string) (entity, error) {
	if name == nil {
		var err error
		if name, err = s.callerName(ctx); err != nil {
			return entity{}, err
		}
	}
	return s.ofUsers().get(name)
}

// CreateAccessKey makes a key, whose secret is never shown again.
func (s *Service) CreateAccessKey(ctx context.Context, in *iam.CreateAccessKeyInput) (*iam.CreateAccessKeyOutput, error) {
	user, err := s.owner(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	keys, err := s.keysOf(user.Name)
	if err != nil {
		return nil, err
	}
	if len(keys) >= maxAccessKeys {
		return nil, limitExceeded("Cannot exceed quota for AccessKeysPerUser: 2")
	}
	key := accessKey{ID: uniqueID("AKIA", keyLength), Secret: secret(), User: user.Name, Status: types.StatusTypeActive, Created: s.now()}
	if err := s.accessKeys.Put(key.ID, key); err != nil {
		return nil, err
	}
	s.remember(userKey(key, user))
	return &iam.CreateAccessKeyOutput{AccessKey: &types.AccessKey{
		AccessKeyId: aws.String(key.ID), SecretAccessKey: aws.String(key.Secret), UserName: aws.String(user.Name),
		Status: key.Status, CreateDate: aws.Time(key.Created),
	}}, nil
}

// ListAccessKeys lists the keys without their secrets.
func (s *Service) ListAccessKeys(ctx context.Context, in *iam.ListAccessKeysInput) (*iam.ListAccessKeysOutput, error) {
	user, err := s.owner(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	keys, err := s.keysOf(user.Name)
	if err != nil {
		return nil, err
	}
	items, truncated, next := page(keys, func(k accessKey) string { return k.ID }, in.Marker, in.MaxItems)
	out := &iam.ListAccessKeysOutput{AccessKeyMetadata: []types.AccessKeyMetadata{}, IsTruncated: truncated, Marker: next}
	for _, key := range items {
		out.AccessKeyMetadata = append(out.AccessKeyMetadata, types.AccessKeyMetadata{
			AccessKeyId: aws.String(key.ID), UserName: aws.String(key.User), Status: key.Status, CreateDate: aws.Time(key.Created),
		})
	}
	return out, nil
}

func (s *Service) updateKey(ctx context.Context, userName, id *string, change func(k *accessKey)) (accessKey, entity, error) {
	user, err := s.owner(ctx, userName)
	if err != nil {
		return accessKey{}, entity{}, err
	}
	var changed accessKey
	err = s.accessKeys.Update(*id, func(k *accessKey, ok bool) error {
		if !ok || rowKey(k.User) != rowKey(user.Name) {
			return noSuchEntity("The Access Key with id " + *id + " cannot be found.")
		}
		change(k)
		changed = *k
		return nil
	})
	return changed, user, err
}

// UpdateAccessKey makes a key active or inactive.
func (s *Service) UpdateAccessKey(ctx context.Context, in *iam.UpdateAccessKeyInput) (*iam.UpdateAccessKeyOutput, error) {
	key, user, err := s.updateKey(ctx, in.UserName, in.AccessKeyId, func(k *accessKey) { k.Status = in.Status })
	if err != nil {
		return nil, err
	}
	if key.Status == types.StatusTypeActive {
		s.remember(userKey(key, user))
	} else {
		s.forget(key.ID)
	}
	return &iam.UpdateAccessKeyOutput{}, nil
}

// DeleteAccessKey deletes a key.
func (s *Service) DeleteAccessKey(ctx context.Context, in *iam.DeleteAccessKeyInput) (*iam.DeleteAccessKeyOutput, error) {
	key, _, err := s.updateKey(ctx, in.UserName, in.AccessKeyId, func(*accessKey) {})
	if err != nil {
		return nil, err
	}
	s.forget(key.ID)
	return &iam.DeleteAccessKeyOutput{}, s.accessKeys.Delete(key.ID)
}
