package cloudformation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// The actions that a stack policy allows and denies.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
const (
	toModify  = "Update:Modify"
	toReplace = "Update:Replace"
	toRemove  = "Update:Delete"
)

// stackPolicy says which resources of a stack an update may change. One with no
// statements protects nothing (not confirmed).
type stackPolicy []policyStatement

type policyStatement struct {
	Effect                string
	Action, NotAction     stringList
	Principal             any
	Resource, NotResource stringList
	Condition             map[string]map[string]stringList
}

// stringList is a string or a list of strings.
type stringList []string

func (l *stringList) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = stringList{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
}

// parsePolicy reads a stack policy and refuses what stack policies do not have.
func parsePolicy(body string) (stackPolicy, error) {
	wrong := invalid("Error validating stack policy: Invalid stack policy")
	var document struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		return nil, wrong
	}
	if document.Statement == nil {
		return nil, nil
	}
	var policy stackPolicy
	if err := json.Unmarshal(document.Statement, &policy); err != nil {
		var one policyStatement
		if err := json.Unmarshal(document.Statement, &one); err != nil {
			return nil, wrong
		}
		policy = stackPolicy{one}
	}
	for _, s := range policy {
		if !s.valid() {
			return nil, wrong
		}
	}
	return policy, nil
}

func (s *policyStatement) valid() bool {
	known := []string{"Update:*", toModify, toReplace, toRemove}
	for _, action := range slices.Concat(s.Action, s.NotAction) {
		if !slices.Contains(known, action) {
			return false
		}
	}
	for operator, keys := range s.Condition {
		if operator != "StringEquals" && operator != "StringLike" || len(keys) != 1 || keys["ResourceType"] == nil {
			return false
		}
	}
	return (s.Effect == "Allow" || s.Effect == "Deny") && s.Principal == "*" &&
		(s.Action == nil) != (s.NotAction == nil) && (s.Resource == nil) != (s.NotResource == nil)
}

// covers says whether the statement is about that action on that resource.
func (s *policyStatement) covers(action, logicalID, kind string) bool {
	for operator, keys := range s.Condition {
		given := slices.ContainsFunc(keys["ResourceType"], func(pattern string) bool {
			return pattern == kind || operator == "StringLike" && like(pattern, kind)
		})
		if !given {
			return false
		}
	}
	resource := "LogicalResourceId/" + logicalID
	in := func(patterns stringList, value string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool { return like(pattern, value) })
	}
	return in(s.Action, action) != (s.NotAction != nil && !in(s.NotAction, action)) &&
		in(s.Resource, resource) != (s.NotResource != nil && !in(s.NotResource, resource))
}

// like matches a pattern in which * is any text.
func like(pattern, value string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == value
	}
	value, ok := strings.CutPrefix(value, first)
	for ok && strings.Contains(rest, "*") {
		var part string
		part, rest, _ = strings.Cut(rest, "*")
		_, value, ok = strings.Cut(value, part)
	}
	return ok && strings.HasSuffix(value, rest)
}

// denial is the reason why an update may not do that, or empty. What AWS adds to
// the words of the second case is not confirmed.
func (p stackPolicy) denial(action, logicalID, kind string) string {
	allowed := len(p) == 0
	for i, s := range p {
		if !s.covers(action, logicalID, kind) {
			continue
		}
		if s.Effect == "Deny" {
			return fmt.Sprintf("Action denied by stack policy: Statement [#%d] does not allow [%s] for resource [LogicalResourceId/%s];", i+1, action, logicalID)
		}
		allowed = true
	}
	if !allowed {
		return "Action not allowed by stack policy"
	}
	return ""
}

// protected fails a resource that the stack's policy keeps from being changed so.
func (op *operation) protected(m *member, action string) bool {
	reason := op.goal.policy.denial(action, m.LogicalID, m.Type)
	if reason == "" {
		return false
	}
	op.note(m, types.ResourceStatusUpdateFailed, reason, m.Current.PhysicalID, m.Current.Shown)
	op.fail(toUpdate, m.LogicalID)
	return true
}

// keepsRemoved fails the resources that the update would delete and may not.
func (op *operation) keepsRemoved() bool {
	kept := false
	for _, id := range slices.Sorted(maps.Keys(op.members)) {
		if _, stays := op.goal.graph[id]; !stays && op.members[id].Current.PhysicalID != "" {
			kept = op.protected(op.members[id], toRemove) || kept
		}
	}
	return kept
}

// policyText returns the policy that a request gives as text or by URL, and nil where it gives none.
func (s *Service) policyText(ctx context.Context, body, address *string, name string) (*string, error) {
	if body != nil && address != nil {
		return nil, invalid("You cannot specify both %sURL and %sBody", name, name)
	}
	if address != nil {
		bucket, key, version, err := s.locate(*address)
		if err != nil {
			return nil, err
		}
		text, err := s.fetch(ctx, bucket, key, version)
		if err != nil {
			return nil, err
		}
		body = &text
	}
	if body == nil {
		return nil, nil //nolint:nilnil // most requests give none
	}
	_, err := parsePolicy(*body)
	return body, err
}

// policyFor is the policy that an update of the stack obeys: the stack's own, or the one given for the time of the update.
func policyFor(st stack, during *string) (stackPolicy, error) {
	switch {
	case during != nil:
		return parsePolicy(*during)
	case st.Policy != "":
		return parsePolicy(st.Policy)
	default:
		return nil, nil
	}
}

// SetStackPolicy stores a stack's policy.
func (s *Service) SetStackPolicy(ctx context.Context, in *cloudformation.SetStackPolicyInput) (*cloudformation.SetStackPolicyOutput, error) {
	text, err := s.policyText(ctx, in.StackPolicyBody, in.StackPolicyURL, "StackPolicy")
	if err != nil {
		return nil, err
	}
	st, err := s.mustFind(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	err = s.stacks.Update(st.ID, func(row *stack, _ bool) error {
		row.Policy = aws.ToString(text)
		return nil
	})
	return &cloudformation.SetStackPolicyOutput{}, err
}

// GetStackPolicy returns a stack's policy, or nothing where it has none.
func (s *Service) GetStackPolicy(_ context.Context, in *cloudformation.GetStackPolicyInput) (*cloudformation.GetStackPolicyOutput, error) {
	st, err := s.mustFind(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	return &cloudformation.GetStackPolicyOutput{StackPolicyBody: optional(st.Policy)}, nil
}
