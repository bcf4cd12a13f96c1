// Package events is EventBridge: the default bus, rules with event patterns,
// and targets that are really called, in the background, with the roles that
// the targets name.
//
// Rules with schedules fire while the service runs.
//
// Not served, and refused by name: other buses, archives, dead-letter queues,
// and targets of other kinds than CodePipeline, CodeBuild, Lambda, SNS and
// CloudWatch Logs.
package events

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Service is EventBridge; it is also the [service.Bus] of all other services.
// It does not use its own env.Bus. It is safe for concurrent use.
type Service struct {
	env        service.Env
	rules      *store.Table[rule]
	deliveries *store.Table[delivery] // by rule name, slash, and number
	failed     atomic.Int64

	rescheduled chan struct{} // holds one when the rules with schedules have changed

	stop    context.Context // ends when the service closes: no more retries
	cancel  context.CancelFunc
	workers sync.WaitGroup
	mu      sync.Mutex // guards working and closed
	working map[string]bool
	closed  bool
}

var _ service.Bus = (*Service)(nil)

// New returns the service over its stored state. What was published but not
// delivered when the last process ended is delivered after Resume.
func New(env service.Env) (*Service, error) {
	rules, err := store.NewTable[rule](env.DB, "events/rules")
	if err != nil {
		return nil, err
	}
	deliveries, err := store.NewTable[delivery](env.DB, "events/deliveries")
	if err != nil {
		return nil, err
	}
	s := &Service{env: env, rules: rules, deliveries: deliveries, working: map[string]bool{}, rescheduled: make(chan struct{}, 1)}
	s.stop, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Close waits until what is under way has been delivered. What fails from now
// on is not tried again before the next start.
func (s *Service) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.workers.Wait()
	return nil
}

// FailedInvocations counts the deliveries that were given up, as the metric of that name does.
func (s *Service) FailedInvocations() int64 { return s.failed.Load() }

// Operations lists what is served.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("PutRule", "events:PutRule", func(in *eventbridge.PutRuleInput) []string { return s.ruleResource(in.Name) }, s.PutRule,
			wire.Keys(s.keysOfRule), wire.Also(s.onPutRule)),
		onRule(s, "DeleteRule", func(in *eventbridge.DeleteRuleInput) *string { return in.Name }, s.DeleteRule),
		onRule(s, "DescribeRule", func(in *eventbridge.DescribeRuleInput) *string { return in.Name }, s.DescribeRule),
		onRule(s, "EnableRule", func(in *eventbridge.EnableRuleInput) *string { return in.Name }, s.EnableRule),
		onRule(s, "DisableRule", func(in *eventbridge.DisableRuleInput) *string { return in.Name }, s.DisableRule),
		wire.Op("ListRules", "events:ListRules", func(*eventbridge.ListRulesInput) []string { return []string{s.ruleARN("*")} }, s.ListRules),
		wire.Op("PutTargets", "events:PutTargets", func(in *eventbridge.PutTargetsInput) []string { return s.ruleResource(in.Rule) }, s.PutTargets,
			wire.Keys(s.keysOfTargets), wire.Also(rolesOfTargets)),
		onRule(s, "RemoveTargets", func(in *eventbridge.RemoveTargetsInput) *string { return in.Rule }, s.RemoveTargets),
		onRule(s, "ListTargetsByRule", func(in *eventbridge.ListTargetsByRuleInput) *string { return in.Rule }, s.ListTargetsByRule),
		wire.Op("ListRuleNamesByTarget", "events:ListRuleNamesByTarget", nil, s.ListRuleNamesByTarget),
		wire.Op("PutEvents", "events:PutEvents", func(*eventbridge.PutEventsInput) []string { return []string{s.busARN()} }, s.PutEvents,
			wire.Keys(keysOfEvents), wire.Also(s.otherEvents)),
		wire.Op("DescribeEventBus", "events:DescribeEventBus", func(*eventbridge.DescribeEventBusInput) []string { return []string{s.busARN()} }, s.DescribeEventBus),
		wire.Op("ListEventBuses", "events:ListEventBuses", nil, s.ListEventBuses),
		wire.Op("CreateEventBus", "events:CreateEventBus", func(in *eventbridge.CreateEventBusInput) []string {
			return []string{s.env.ARN("events", "event-bus/"+aws.ToString(in.Name))}
		}, s.CreateEventBus),
		wire.Op("ListArchives", "events:ListArchives", nil, s.ListArchives),
		wire.Op("TestEventPattern", "events:TestEventPattern", nil, s.TestEventPattern),
		wire.Op("TagResource", "events:TagResource", func(in *eventbridge.TagResourceInput) []string { return []string{*in.ResourceARN} }, s.TagResource,
			wire.Keys(func(in *eventbridge.TagResourceInput) policy.Context {
				return s.ofCreator().RequestTags(tagMap(in.Tags))
			})),
		wire.Op("UntagResource", "events:UntagResource", func(in *eventbridge.UntagResourceInput) []string { return []string{*in.ResourceARN} }, s.UntagResource,
			wire.Keys(func(in *eventbridge.UntagResourceInput) policy.Context {
				keys := s.ofCreator()
				keys.Set("aws:TagKeys", in.TagKeys...)
				return keys
			})),
		wire.Op("ListTagsForResource", "events:ListTagsForResource", func(in *eventbridge.ListTagsForResourceInput) []string { return []string{*in.ResourceARN} }, s.ListTagsForResource,
			wire.Keys(func(*eventbridge.ListTagsForResourceInput) policy.Context { return s.ofCreator() })),
	}
}

// onRule is an operation on a rule that exists, with the action of its name.
func onRule[In, Out any](s *Service, name string, rule func(in *In) *string, handle func(context.Context, *In) (*Out, error)) wire.Operation {
	return wire.Op(name, "events:"+name, func(in *In) []string { return s.ruleResource(rule(in)) }, handle,
		wire.Keys(func(*In) policy.Context { return s.ofCreator() }))
}

const defaultBus = "default"

func (s *Service) busARN() string             { return s.env.ARN("events", "event-bus/"+defaultBus) }
func (s *Service) ruleARN(name string) string { return s.env.ARN("events", "rule/"+name) }
func (s *Service) ruleResource(name *string) []string {
	return []string{s.ruleARN(aws.ToString(name))}
}

// checkBus refuses every bus but the default one, which goes by its name, its ARN or nothing.
func (s *Service) checkBus(name *string) error {
	if name == nil || *name == defaultBus || *name == s.busARN() {
		return nil
	}
	return &types.ResourceNotFoundException{Message: aws.String("Event bus " + *name + " does not exist.")}
}

// DescribeEventBus describes the default bus.
func (s *Service) DescribeEventBus(_ context.Context, in *eventbridge.DescribeEventBusInput) (*eventbridge.DescribeEventBusOutput, error) {
	if err := s.checkBus(in.Name); err != nil {
		return nil, err
	}
	return &eventbridge.DescribeEventBusOutput{Name: aws.String(defaultBus), Arn: aws.String(s.busARN())}, nil
}

// ListEventBuses lists the default bus.
func (s *Service) ListEventBuses(_ context.Context, in *eventbridge.ListEventBusesInput) (*eventbridge.ListEventBusesOutput, error) {
	out := &eventbridge.ListEventBusesOutput{EventBuses: []types.EventBus{}}
	if strings.HasPrefix(defaultBus, aws.ToString(in.NamePrefix)) {
		out.EventBuses = append(out.EventBuses, types.EventBus{Name: aws.String(defaultBus), Arn: aws.String(s.busARN())})
	}
	return out, nil
}

// CreateEventBus refuses: all events of this AWS are on the default bus.
func (s *Service) CreateEventBus(_ context.Context, in *eventbridge.CreateEventBusInput) (*eventbridge.CreateEventBusOutput, error) {
	if *in.Name == defaultBus {
		return nil, &types.ResourceAlreadyExistsException{Message: aws.String("Event bus " + defaultBus + " already exists.")}
	}
	return nil, errValidation("Event buses other than %s are not served by this AWS.", defaultBus)
}

// ListArchives lists none.
func (s *Service) ListArchives(context.Context, *eventbridge.ListArchivesInput) (*eventbridge.ListArchivesOutput, error) {
	return &eventbridge.ListArchivesOutput{Archives: []types.Archive{}}, nil
}

func errValidation(format string, args ...any) error {
	return &smithy.GenericAPIError{Code: "ValidationException", Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}
