package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// PushRule asks whether a push starts the pipeline.
var PushRule = Check{
	Name: "push-rule", Asks: "Does an event start the pipeline?",
	Ask: func(ctx context.Context, s *Scene) Result {
		const expected = "an enabled EventBridge rule for pushes to main, whose target is the pipeline"
		const fix = "mayfly run codepipeline"
		name := s.Names.Pipeline()
		arn := fmt.Sprintf("arn:%s:codepipeline:%s:%s:%s", s.Partition(), s.Region, s.Account, name)
		rules, err := s.Events.ListRuleNamesByTarget(ctx, &eventbridge.ListRuleNamesByTargetInput{TargetArn: &arn})
		if err != nil {
			return cannotTell("events ListRuleNamesByTarget", err)
		}
		trouble := ""
		for _, rule := range rules.RuleNames {
			out, err := s.Events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &rule})
			if err != nil {
				return cannotTell("events DescribeRule", err)
			}
			if trouble = s.ruleTrouble(out); trouble == "" {
				return passed("rule %s starts it", rule)
			}
		}
		if trouble == "" {
			if trouble, err = s.lostRule(ctx); err != nil {
				return cannotTell("events DescribeRule", err)
			}
		}
		return wrong(trouble, expected, fix)
	},
}

// ruleTrouble says why a rule does not fire at a push to main, or "".
func (s *Scene) ruleTrouble(rule *eventbridge.DescribeRuleOutput) string {
	name := aws.ToString(rule.Name)
	if rule.State != types.RuleStateEnabled {
		return "rule " + name + " is disabled"
	}
	var pattern struct {
		Source    []string `json:"source"`
		Resources []string `json:"resources"`
		Detail    struct {
			Event         []string `json:"event"`
			ReferenceName []any    `json:"referenceName"`
		} `json:"detail"`
	}
	if err := json.Unmarshal([]byte(aws.ToString(rule.EventPattern)), &pattern); err != nil {
		return "rule " + name + " has a pattern that is not as the template has it: " + err.Error()
	}
	if names := pattern.Detail.ReferenceName; len(names) > 0 && !slices.Contains(names, any(mainBranch)) {
		return fmt.Sprintf("rule %s waits for pushes to %v and not to main", name, names[0])
	}
	if !slices.Contains(pattern.Source, "aws.codecommit") {
		return fmt.Sprintf("rule %s waits for events of %v and not of aws.codecommit", name, pattern.Source)
	}
	if len(pattern.Resources) > 0 && !slices.ContainsFunc(pattern.Resources, func(r string) bool {
		return strings.HasSuffix(r, ":"+s.Names.Repository())
	}) {
		return fmt.Sprintf("rule %s waits for pushes to %s", name, pattern.Resources[0])
	}
	if events := pattern.Detail.Event; len(events) > 0 && !slices.Contains(events, "referenceUpdated") {
		return fmt.Sprintf("rule %s waits for %v and not for referenceUpdated", name, events)
	}
	return ""
}

// lostRule says what became of the rule that the stack made.
func (s *Scene) lostRule(ctx context.Context) (string, error) {
	const none = "no rule starts the pipeline"
	m, err := s.asMade(ctx, s.Names.PipelineStack())
	if err != nil || m == nil {
		return none, err
	}
	for _, r := range m.resources {
		if aws.ToString(r.ResourceType) != "AWS::Events::Rule" {
			continue
		}
		id := aws.ToString(r.PhysicalResourceId)
		rule := id[strings.LastIndex(id, "|")+1:]
		_, err := s.Events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &rule})
		switch {
		case cloud.IsNotFound(err):
			return none + ": rule " + rule + " was deleted", nil
		case err != nil:
			return "", err
		}
		return none + ": rule " + rule + " has not the pipeline as its target", nil
	}
	return none, nil
}
