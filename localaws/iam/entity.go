package iam

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// What IAM allows of an identity: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	maxAttached         = 10
	maxTags             = 50
	maxInlineRoleBytes  = 10240
	maxInlineUserBytes  = 2048
	maxInlineGroupBytes = 5120
	maxTrustBytes       = 2048
	maxGroups           = 10
)

// What IAM's messages call the kinds, and ARNs.
const (
	roleLabel  = "role"
	userLabel  = "user"
	groupLabel = "group"
)

// kind is what roles, users and groups differ in.
type kind struct {
	table     *table[entity]
	label     string
	maxInline int
}

func (s *Service) ofRoles() kind  { return kind{s.roles, roleLabel, maxInlineRoleBytes} }
func (s *Service) ofUsers() kind  { return kind{s.users, userLabel, maxInlineUserBytes} }
func (s *Service) ofGroups() kind { return kind{s.groups, groupLabel, maxInlineGroupBytes} }

func (k kind) missing(name string) error {
	return noSuchEntity("The " + k.label + " with name " + name + " cannot be found.")
}

func (k kind) get(name *string) (entity, error) {
	e, ok := k.table.get(rowKey(aws.ToString(name)))
	if !ok {
		return e, k.missing(aws.ToString(name))
	}
	return e, nil
}

// create keeps a new entity under its name.
func (k kind) create(e entity) error {
	return k.table.update(rowKey(e.Name), func(row *entity, exists bool) error {
		if exists {
			return alreadyExists(strings.ToUpper(k.label[:1]) + k.label[1:] + " with name " + e.Name + " already exists.")
		}
		*row = e
		return nil
	})
}

// delete deletes an entity on which nothing hangs; check may know of more that does.
func (k kind) delete(name *string, check func(e entity) error) error {
	return k.table.remove(rowKey(aws.ToString(name)), func(e entity, ok bool) error {
		if !ok {
			return k.missing(aws.ToString(name))
		}
		if err := check(e); err != nil {
			return err
		}
		return e.emptied()
	})
}

// below returns the entities whose path starts with prefix, in the order of their names.
func (k kind) below(prefix *string) []entity {
	return slices.DeleteFunc(k.table.list(), func(e entity) bool { return !strings.HasPrefix(e.Path, aws.ToString(prefix)) })
}

func (k kind) update(name *string, change func(e *entity) error) error {
	return k.table.update(rowKey(aws.ToString(name)), func(e *entity, ok bool) error {
		if !ok {
			return k.missing(aws.ToString(name))
		}
		return change(e)
	})
}

// tag adds tags.
func (k kind) tag(name *string, tags []types.Tag) error {
	return k.update(name, func(e *entity) (err error) {
		e.Tags, err = mergeTags(e.Tags, tags)
		return err
	})
}

// untag removes tags.
func (k kind) untag(name *string, keys []string) error {
	return k.update(name, func(e *entity) error {
		e.Tags = withoutTags(e.Tags, keys)
		return nil
	})
}

func (k kind) tags(name, marker *string, maxItems *int32) (tags []types.Tag, truncated bool, next *string, err error) {
	e, err := k.get(name)
	if err != nil {
		return nil, false, nil, err
	}
	tags, truncated, next = page(tagList(e.Tags), tagKey, marker, maxItems)
	return tags, truncated, next, nil
}

// setBoundary sets the permissions boundary.
func (s *Service) setBoundary(k kind, name, arn *string) error {
	if err := s.checkBoundary(arn); err != nil {
		return err
	}
	return k.update(name, func(e *entity) error {
		e.Boundary = *arn
		return nil
	})
}

// deleteBoundary removes it.
func (k kind) deleteBoundary(name *string) error {
	return k.update(name, func(e *entity) error {
		if e.Boundary == "" {
			return noSuchEntity("The " + k.label + " with name " + e.Name + " has no permissions boundary.")
		}
		e.Boundary = ""
		return nil
	})
}

func (k kind) putPolicy(name, policyName, document *string) error {
	if err := parse(document, policy.Identity); err != nil {
		return err
	}
	return k.update(name, func(e *entity) error {
		if e.Inline == nil {
			e.Inline = map[string]string{}
		}
		e.Inline[*policyName] = *document
		total := 0
		for _, text := range e.Inline {
			total += withoutSpace(text)
		}
		if total > k.maxInline {
			return limitExceeded("Maximum policy size of " + strconv.Itoa(k.maxInline) + " bytes exceeded for " + k.label + " " + e.Name)
		}
		return nil
	})
}

// withoutSpace counts a document as IAM's quotas do, which ignore white space.
func withoutSpace(document string) (n int) {
	for _, r := range document {
		if r != ' ' && r != '\n' && r != '\t' && r != '\r' {
			n++
		}
	}
	return n
}

func (k kind) getPolicy(name, policyName *string) (e entity, document string, err error) {
	if e, err = k.get(name); err != nil {
		return e, "", err
	}
	document, ok := e.Inline[*policyName]
	if !ok {
		err = k.missingPolicy(*policyName)
	}
	return e, document, err
}

func (k kind) missingPolicy(policyName string) error {
	return noSuchEntity("The " + k.label + " policy with name " + policyName + " cannot be found.")
}

func (k kind) deletePolicy(name, policyName *string) error {
	return k.update(name, func(e *entity) error {
		if _, ok := e.Inline[*policyName]; !ok {
			return k.missingPolicy(*policyName)
		}
		delete(e.Inline, *policyName)
		return nil
	})
}

func (k kind) policyNames(name, marker *string, maxItems *int32) (names []string, truncated bool, next *string, err error) {
	e, err := k.get(name)
	if err != nil {
		return nil, false, nil, err
	}
	names, truncated, next = page(slices.Sorted(maps.Keys(e.Inline)), self, marker, maxItems)
	return names, truncated, next, nil
}

func (k kind) detach(name, arn *string) error {
	return k.update(name, func(e *entity) error {
		i := slices.Index(e.Attached, *arn)
		if i < 0 {
			return noSuchEntity("Policy " + *arn + " was not found.")
		}
		e.Attached = slices.Delete(e.Attached, i, i+1)
		return nil
	})
}

// emptied says whether the entity may go: nothing hangs on it.
func (e *entity) emptied() error {
	if len(e.Attached) > 0 {
		return deleteConflict("Cannot delete entity, must detach all policies first.")
	}
	if len(e.Inline) > 0 {
		return deleteConflict("Cannot delete entity, must delete policies first.")
	}
	return nil
}

func (e *entity) boundary() *types.AttachedPermissionsBoundary {
	if e.Boundary == "" {
		return nil
	}
	return &types.AttachedPermissionsBoundary{
		PermissionsBoundaryArn:  aws.String(e.Boundary),
		PermissionsBoundaryType: types.PermissionsBoundaryAttachmentTypePolicy,
	}
}

// mergeTags writes the tags over those that are there.
func mergeTags(old map[string]string, tags []types.Tag) (map[string]string, error) {
	seen := map[string]bool{}
	for _, tag := range tags {
		key := rowKey(*tag.Key)
		if seen[key] {
			return nil, &types.InvalidInputException{Message: aws.String("Duplicate tag keys found. Please note that Tag keys are case insensitive.")}
		}
		if strings.HasPrefix(key, "aws:") {
			return nil, &types.InvalidInputException{Message: aws.String("System tags cannot be created or modified by a client.")}
		}
		seen[key] = true
	}
	all := merged(old, tagMap(tags))
	if len(all) > maxTags {
		return nil, limitExceeded("The number of tags has reached the maximum limit.")
	}
	return all, nil
}

// withoutTags returns the tags without those keys.
func withoutTags(tags map[string]string, keys []string) map[string]string {
	left := maps.Clone(tags)
	maps.DeleteFunc(left, func(key, _ string) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, key) })
	})
	return left
}

func tagList(tags map[string]string) []types.Tag {
	list := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}

func tagKey(tag types.Tag) string { return *tag.Key }
