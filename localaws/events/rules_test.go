package events

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

func TestRuleErrors(t *testing.T) {
	s := testService(t, newTargets())
	putRule(t, s, types.Target{Id: new("p"), Arn: new(pipeline), RoleArn: new(role)})
	put := func(target types.Target) error {
		target.Id = new("x")
		_, err := s.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: new("push"), Targets: []types.Target{target}})
		return err
	}
	const topic = "arn:aws:sns:eu-west-1:123456789012:t"
	for _, test := range []struct {
		name, code, message string
		call                func() error
	}{
		{"delete with targets", "ValidationException", "Rule can't be deleted since it has targets.", func() error {
			_, err := s.DeleteRule(t.Context(), &eventbridge.DeleteRuleInput{Name: new("push")})
			return err
		}},
		{"no rule", "ResourceNotFoundException", "Rule none does not exist on EventBus default.", func() error {
			_, err := s.DescribeRule(t.Context(), &eventbridge.DescribeRuleInput{Name: new("none")})
			return err
		}},
		{"targets of no rule", "ResourceNotFoundException", "Rule none does not exist on EventBus default.", func() error {
			_, err := s.ListTargetsByRule(t.Context(), &eventbridge.ListTargetsByRuleInput{Rule: new("none")})
			return err
		}},
		{"other bus", "ResourceNotFoundException", "Event bus mine does not exist.", func() error {
			_, err := s.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: new("r"), EventBusName: new("mine"), EventPattern: new(ofTest)})
			return err
		}},
		{"neither", "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.", func() error {
			_, err := s.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: new("r")})
			return err
		}},
		{"schedule", "ValidationException", "Parameter ScheduleExpression is not valid.", func() error {
			_, err := s.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: new("r"), ScheduleExpression: new("rate(1 minutes)")})
			return err
		}},
		{"role", "ValidationException", "RoleArn is required for target " + pipeline + ".", func() error {
			return put(types.Target{Arn: new(pipeline)})
		}},
		{"no ARN", "ValidationException", "Parameter app is not valid. Reason: Provided Arn is not in correct format.", func() error {
			return put(types.Target{Arn: new("app")})
		}},
		{"kind", "ValidationException", "Parameter arn:aws:sqs:eu-west-1:123456789012:q is not valid. Reason: targets of this kind (sqs) are not served by this AWS.", func() error {
			return put(types.Target{Arn: new("arn:aws:sqs:eu-west-1:123456789012:q")})
		}},
		{"region", "ValidationException", "Parameter arn:aws:sns:us-east-1:123456789012:t is not valid. Reason: targets in another account or region are not served by this AWS.", func() error {
			return put(types.Target{Arn: new("arn:aws:sns:us-east-1:123456789012:t")})
		}},
		{"dead letters", "ValidationException", "Parameter DeadLetterConfig is not served by this AWS for target x.", func() error {
			return put(types.Target{Arn: new(topic), DeadLetterConfig: &types.DeadLetterConfig{}})
		}},
		{"two inputs", "ValidationException", "Only one of Input, InputPath, or InputTransformer must be provided for target x.", func() error {
			return put(types.Target{Arn: new(topic), Input: new("1"), InputPath: new("$.a")})
		}},
		{"input", "ValidationException", "JSON syntax error in input for target x.", func() error {
			return put(types.Target{Arn: new(topic), Input: new("{")})
		}},
		{"path", "ValidationException", "Invalid InputPath for target x : a path begins with $: detail", func() error {
			return put(types.Target{Arn: new(topic), InputPath: new("detail")})
		}},
		{"template", "ValidationException", `Invalid InputTemplate for target x : "Commit <x>" is not JSON once its variables are filled in; quote it if it is a text`, func() error {
			return put(types.Target{Arn: new(topic), InputTransformer: &types.InputTransformer{InputTemplate: new("Commit <x>")}})
		}},
		{"too many", "LimitExceededException", "The requested resource exceeds the maximum number allowed.", func() error {
			var many []types.Target
			for _, id := range []string{"a", "b", "c", "d", "e"} {
				many = append(many, types.Target{Id: &id, Arn: new(topic)})
			}
			_, err := s.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: new("push"), Targets: many})
			return err
		}},
		{"tag nothing", "ResourceNotFoundException", "Resource arn:x does not exist.", func() error {
			_, err := s.ListTagsForResource(t.Context(), &eventbridge.ListTagsForResourceInput{ResourceARN: new("arn:x")})
			return err
		}},
		{"event without fields", "ValidationException", "Parameter Event is not valid. Reason: id is a required field.", func() error {
			_, err := s.TestEventPattern(t.Context(), &eventbridge.TestEventPatternInput{EventPattern: new(ofTest), Event: new("{}")})
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) { wantError(t, test.call(), test.code, test.message) })
	}
}

func TestRuleLife(t *testing.T) {
	s := testService(t, newTargets())
	putRule(t, s, types.Target{Id: new("p"), Arn: new(pipeline), RoleArn: new(role)})
	names, err := s.ListRuleNamesByTarget(t.Context(), &eventbridge.ListRuleNamesByTargetInput{TargetArn: new(pipeline)})
	check(t, err)
	if diff := cmp.Diff([]string{"push"}, names.RuleNames); diff != "" {
		t.Error(diff)
	}
	_, err = s.RemoveTargets(t.Context(), &eventbridge.RemoveTargetsInput{Rule: new("push"), Ids: []string{"p", "q"}})
	check(t, err)
	for range 2 { // a rule that is gone is no error
		_, err = s.DeleteRule(t.Context(), &eventbridge.DeleteRuleInput{Name: new("push")})
		check(t, err)
	}
	rules, err := s.ListRules(t.Context(), &eventbridge.ListRulesInput{})
	check(t, err)
	if len(rules.Rules) != 0 {
		t.Errorf("left: %v", rules.Rules)
	}
}

func TestPutEvents(t *testing.T) {
	s := testService(t, nil)
	out, err := s.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: new("mine"), DetailType: new("x"), Detail: new(`{"a":1}`)},
		{Source: new("mine"), DetailType: new("x")},
		{Source: new("mine"), DetailType: new("x"), Detail: new(`[]`)},
		{Source: new("aws.codecommit"), DetailType: new("x"), Detail: new(`{}`)},
	}})
	check(t, err)
	if out.FailedEntryCount != 3 || len(*out.Entries[0].EventId) != 36 {
		t.Errorf("got %d failures, %v", out.FailedEntryCount, out.Entries)
	}
	for i, want := range []string{
		"Parameter Detail is not valid. Reason: Detail is a required argument.", "Detail is malformed.", "Not authorized for the source.",
	} {
		if got := *out.Entries[i+1].ErrorMessage; got != want {
			t.Errorf("entry %d: %s, want %s", i+1, got, want)
		}
	}
}

// distrust is IAM where no role trusts anybody.
type distrust struct{}

func (distrust) Assume(context.Context, service.Session) (aws.Config, error) {
	return aws.Config{}, &smithy.GenericAPIError{Code: "AccessDenied", Message: "not authorized"}
}

func TestRolesMustTrust(t *testing.T) {
	s := testService(t, distrust{})
	_, err := s.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: new("r"), EventPattern: new(ofTest)})
	check(t, err)
	const words = "Provided role '" + role + "' cannot be assumed by principal 'events.amazonaws.com'."
	_, err = s.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: new("r"), Targets: []types.Target{{Id: new("p"), Arn: new(pipeline), RoleArn: new(role)}}})
	wantError(t, err, "ValidationException", words)
	_, err = s.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: new("r"), EventPattern: new(ofTest), RoleArn: new(role)})
	wantError(t, err, "ValidationException", words)
}

func TestOtherBuses(t *testing.T) {
	s := testService(t, nil)
	_, err := s.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: new("mine")})
	wantError(t, err, "ValidationException", "Event buses other than default are not served by this AWS.")
	_, err = s.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: new("default")})
	wantError(t, err, "ResourceAlreadyExistsException", "Event bus default already exists.")
	for prefix, want := range map[string]int{"": 1, "def": 1, "x": 0} {
		out, err := s.ListEventBuses(t.Context(), &eventbridge.ListEventBusesInput{NamePrefix: &prefix})
		check(t, err)
		if len(out.EventBuses) != want {
			t.Errorf("%q: %+v", prefix, out.EventBuses)
		}
	}
	archives, err := s.ListArchives(t.Context(), &eventbridge.ListArchivesInput{})
	check(t, err)
	if len(archives.Archives) > 0 {
		t.Errorf("archives %+v", archives.Archives)
	}
}
