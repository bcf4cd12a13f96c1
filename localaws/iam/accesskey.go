package iam

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
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

func (s *Service) keysOf(user string) []accessKey {
	return slices.DeleteFunc(s.accessKeys.list(), func(key accessKey) bool { return rowKey(key.User) != rowKey(user) })
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
	if len(s.keysOf(user.Name)) >= maxAccessKeys {
		return nil, limitExceeded("Cannot exceed quota for AccessKeysPerUser: 2")
	}
	key := accessKey{ID: uniqueID("AKIA", keyLength), Secret: secret(), User: user.Name, Status: types.StatusTypeActive, Created: s.now()}
	if err := s.accessKeys.put(key.ID, key); err != nil {
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
	items, truncated, next := page(s.keysOf(user.Name), func(k accessKey) string { return k.ID }, in.Marker, in.MaxItems)
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
	err = s.accessKeys.update(*id, func(k *accessKey, ok bool) error {
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
	return &iam.DeleteAccessKeyOutput{}, errors.Join(s.accessKeys.delete(key.ID), s.lastUsed.delete(key.ID))
}

// lastUse is when an access key was last used, and for what.
type lastUse struct {
	Key, Service string
	Time         time.Time
}

// useInterval is how precisely the last use of a key is kept.
const useInterval = time.Minute

// use notes that a user's key was used.
func (s *Service) use(accessKeyID, action string) {
	if !strings.HasPrefix(accessKeyID, "AKIA") || accessKeyID == s.root.AccessKeyID {
		return
	}
	service, _, _ := strings.Cut(action, ":")
	now := s.now()
	if last, ok := s.lastUsed.get(accessKeyID); ok && now.Sub(last.Time) < useInterval {
		return
	}
	if err := s.lastUsed.put(accessKeyID, lastUse{accessKeyID, service, now}); err != nil {
		s.env.Log.Error("note the use of a key", "key", accessKeyID, "error", err)
	}
}

// GetAccessKeyLastUsed says when a key was used last.
func (s *Service) GetAccessKeyLastUsed(ctx context.Context, in *iam.GetAccessKeyLastUsedInput) (*iam.GetAccessKeyLastUsedOutput, error) {
	key, ok := s.accessKeys.get(*in.AccessKeyId)
	if !ok {
		return nil, notAuthorized(identity.From(ctx).ARN, "iam:GetAccessKeyLastUsed", "access key "+*in.AccessKeyId)
	}
	out := &types.AccessKeyLastUsed{Region: aws.String("N/A"), ServiceName: aws.String("N/A")}
	if last, ok := s.lastUsed.get(key.ID); ok {
		out.LastUsedDate, out.Region, out.ServiceName = aws.Time(last.Time), aws.String(s.env.Region), aws.String(last.Service)
	}
	return &iam.GetAccessKeyLastUsedOutput{UserName: aws.String(key.User), AccessKeyLastUsed: out}, nil
}
