package events

import (
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// The condition keys are those of
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
const (
	keySource     = "events:source"
	keyDetailType = "events:detail-type"
)

// ofCreator is the key that all operations on an existing rule have.
func (s *Service) ofCreator() policy.Context {
	return policy.Keys("events:creatorAccount", s.env.Account)
}

// keysOfRule are the values that the pattern of a rule allows in the parts of an
// event on which a policy can have a condition, and the tags that it gets.
func (s *Service) keysOfRule(in *eventbridge.PutRuleInput) policy.Context {
	keys := s.ofCreator().RequestTags(tagMap(in.Tags))
	var pattern struct {
		Source     []any `json:"source"`
		DetailType []any `json:"detail-type"`
		Detail     struct {
			Service       []any `json:"service"`
			EventTypeCode []any `json:"eventTypeCode"`
			UserIdentity  struct {
				PrincipalID []any `json:"principalId"`
			} `json:"userIdentity"`
		} `json:"detail"`
	}
	// Of a pattern that is none, the handler speaks.
	_ = json.Unmarshal([]byte(aws.ToString(in.EventPattern)), &pattern)
	for key, values := range map[string][]any{
		keySource: pattern.Source, keyDetailType: pattern.DetailType,
		"events:detail.service":                  pattern.Detail.Service,
		"events:detail.eventTypeCode":            pattern.Detail.EventTypeCode,
		"events:detail.userIdentity.principalId": pattern.Detail.UserIdentity.PrincipalID,
	} {
		keys.Set(key, texts(values)...)
	}
	return keys
}

func texts(values []any) (list []string) {
	for _, value := range values {
		if text, ok := value.(string); ok {
			list = append(list, text)
		}
	}
	return list
}

// onPutRule is what else PutRule needs: the tags and the role that it gives to the rule.
func (s *Service) onPutRule(in *eventbridge.PutRuleInput) []policy.Access {
	needs := policy.PassRole(in.RoleArn, principal, "")
	if len(in.Tags) > 0 {
		needs = append(needs, policy.Access{
			Action: "events:TagResource", Resources: s.ruleResource(in.Name), Keys: s.ofCreator().RequestTags(tagMap(in.Tags)),
		})
	}
	return needs
}

func (s *Service) keysOfTargets(in *eventbridge.PutTargetsInput) policy.Context {
	keys := s.ofCreator()
	for _, target := range in.Targets {
		keys.Set("events:TargetArn", append(keys["events:targetarn"], *target.Arn)...)
	}
	return keys
}

// rolesOfTargets are the roles that the targets hand to EventBridge, each once.
func rolesOfTargets(in *eventbridge.PutTargetsInput) (needs []policy.Access) {
	var seen []string
	for _, target := range in.Targets {
		if role := aws.ToString(target.RoleArn); role != "" && !slices.Contains(seen, role) {
			seen = append(seen, role)
			needs = append(needs, policy.PassRole(&role, principal, "")...)
		}
	}
	return needs
}

// keysOfEntry are those of one event that somebody sends. Each event of a
// request is decided on its own.
func keysOfEntry(entry types.PutEventsRequestEntry) policy.Context {
	return policy.Keys(keySource, aws.ToString(entry.Source), keyDetailType, aws.ToString(entry.DetailType))
}

func keysOfEvents(in *eventbridge.PutEventsInput) policy.Context { return keysOfEntry(in.Entries[0]) }

func (s *Service) otherEvents(in *eventbridge.PutEventsInput) (needs []policy.Access) {
	type kind struct{ source, detailType string }
	kindOf := func(entry types.PutEventsRequestEntry) kind {
		return kind{aws.ToString(entry.Source), aws.ToString(entry.DetailType)}
	}
	seen := []kind{kindOf(in.Entries[0])}
	for _, entry := range in.Entries[1:] {
		if k := kindOf(entry); !slices.Contains(seen, k) {
			seen = append(seen, k)
			needs = append(needs, policy.Access{Action: "events:PutEvents", Resources: []string{s.busARN()}, Keys: keysOfEntry(entry)})
		}
	}
	return needs
}

func tagMap(tags []types.Tag) map[string]string {
	values := make(map[string]string, len(tags))
	for _, tag := range tags {
		values[*tag.Key] = *tag.Value
	}
	return values
}
