package events

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

const ruleARN = "arn:aws:events:eu-west-1:123456789012:rule/push"

func TestWhatIAMIsAsked(t *testing.T) {
	s := testService(t, nil)
	tags := []types.Tag{{Key: new("team"), Value: new("blue")}}
	creator := func() policy.Context { return policy.Keys("events:creatorAccount", "123456789012") }
	tagged := creator().RequestTags(map[string]string{"team": "blue"})
	pass := policy.Access{Action: "iam:PassRole", Resources: []string{role}, Keys: policy.Keys("iam:PassedToService", "events.amazonaws.com")}

	put := &eventbridge.PutRuleInput{
		Name: new("push"), RoleArn: new(role), Tags: tags,
		EventPattern: new(`{"source":["aws.codecommit","aws.s3",{"prefix":"x"}],"detail-type":["Push"],"detail":{"userIdentity":{"principalId":["AIDA"]}}}`),
	}
	ofRule := creator().RequestTags(map[string]string{"team": "blue"})
	ofRule.Set("events:source", "aws.codecommit", "aws.s3")
	ofRule.Set("events:detail-type", "Push")
	ofRule.Set("events:detail.userIdentity.principalId", "AIDA")
	targets := &eventbridge.PutTargetsInput{Rule: new("push"), Targets: []types.Target{
		{Arn: new("arn:1"), RoleArn: new(role)}, {Arn: new("arn:2"), RoleArn: new(role)}, {Arn: new("arn:3")},
	}}
	ofTargets := creator()
	ofTargets.Set("events:TargetArn", "arn:1", "arn:2", "arn:3")
	events := &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: new("a"), DetailType: new("x")}, {Source: new("b"), DetailType: new("x")}, {Source: new("a"), DetailType: new("x")},
	}}
	for _, test := range []struct {
		name      string
		got, want any
	}{
		{"PutRule's keys", s.keysOfRule(put), ofRule},
		{"PutRule's others", s.onPutRule(put), []policy.Access{pass, {Action: "events:TagResource", Resources: []string{ruleARN}, Keys: tagged}}},
		{"keys of no pattern", s.keysOfRule(&eventbridge.PutRuleInput{Name: new("push"), EventPattern: new("nonsense")}), creator()},
		{"PutTargets' keys", s.keysOfTargets(targets), ofTargets},
		{"PutTargets' others", rolesOfTargets(targets), []policy.Access{pass}},
		{"PutEvents' keys", keysOfEvents(events), policy.Keys("events:source", "a", "events:detail-type", "x")},
		{"PutEvents' others", s.otherEvents(events), []policy.Access{{
			Action: "events:PutEvents", Resources: []string{"arn:aws:events:eu-west-1:123456789012:event-bus/default"},
			Keys: policy.Keys("events:source", "b", "events:detail-type", "x"),
		}}},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s, -want +got:\n%s", test.name, diff)
		}
	}
}

func TestTagsOf(t *testing.T) {
	s := testService(t, nil)
	_, err := s.PutRule(t.Context(), &eventbridge.PutRuleInput{
		Name: new("push"), EventPattern: new(ofTest), Tags: []types.Tag{{Key: new("team"), Value: new("blue")}},
	})
	check(t, err)
	if got := s.TagsOf(ruleARN); got["team"] != "blue" || len(got) != 1 {
		t.Errorf("the rule has %v", got)
	}
	for _, arn := range []string{ruleARN + "x", "arn:aws:events:eu-west-1:123456789012:event-bus/default"} {
		if got := s.TagsOf(arn); got != nil {
			t.Errorf("%s has %v", arn, got)
		}
	}
}
