package iam

import (
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// What IAM allows of an identity: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	maxAttached        = 10
	maxTags            = 50
	maxInlineRoleBytes = 10240
	maxInlineUserBytes = 2048
)

// kind is what roles and users differ in.
type kind struct {
	table     *store.Table[entity]
	label     string // "role", as IAM's messages say it
	maxInline int
}

func (s *Service) ofRoles() kind { return kind{s.roles, "role", maxInlineRoleBytes} }
func (s *Service) ofUsers() kind { return kind{s.users, "user", maxInlineUserBytes} }

func (k kind) missing(name string) error {
	return noSuchEntity("The " + k.label + " with name " + name + " cannot be found.")
}

func (k kind) get(name *string) (entity, error) {
	e, ok, err := k.table.Get(rowKey(aws.ToString(name)))
	if err == nil && !ok {
		err = k.missing(aws.ToString(name))
	}
	return e, err
}

func (k kind) update(name *string, change func(e *entity) error) error {
	return k.table.Update(rowKey(aws.ToString(name)), func(e *entity, ok bool) error {
		if !ok {
			return k.missing(aws.ToString(name))
		}
		return change(e)
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
	merged := maps.Clone(old)
	if merged == nil {
		merged = map[string]string{}
	}
	seen := map[string]bool{}
	for _, tag := range tags {
		key := rowKey(*tag.Key)
		if seen[key] {
			return nil, &types.InvalidInputException{Message: aws.String("Duplicate tag keys found. Please note that Tag keys are case insensitive.")}
		}
		seen[key] = true
		merged[*tag.Key] = aws.ToString(tag.Value)
	}
	if len(merged) > maxTags {
		return nil, limitExceeded("The number of tags has reached the maximum limit.")
	}
	return merged, nil
}

func tagList(tags map[string]string) []types.Tag {
	list := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}

func tagKey(tag types.Tag) string { return *tag.Key }
