// Package events is EventBridge: the default bus, rules with event patterns,
// and targets that are really called, in the background, with the roles that
// the targets name.
//
// Not served, and refused by name: schedules, other buses, archives, and
// targets of other kinds than CodePipeline, CodeBuild, Lambda, SNS and
// CloudWatch Logs.
package events

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

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
	s := &Service{env: env, rules: rules, deliveries: deliveries, working: map[string]bool{}}
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
		wire.Op("PutRule", "events:PutRule", func(in *eventbridge.PutRuleInput) []string { return s.ruleResource(in.Name) }, s.PutRule),
		wire.Op("DeleteRule", "events:DeleteRule", func(in *eventbridge.DeleteRuleInput) []string { return s.ruleResource(in.Name) }, s.DeleteRule),
		wire.Op("DescribeRule", "events:DescribeRule", func(in *eventbridge.DescribeRuleInput) []string { return s.ruleResource(in.Name) }, s.DescribeRule),
		wire.Op("EnableRule", "events:EnableRule", func(in *eventbridge.EnableRuleInput) []string { return s.ruleResource(in.Name) }, s.EnableRule),
		wire.Op("DisableRule", "events:DisableRule", func(in *eventbridge.DisableRuleInput) []string { return s.ruleResource(in.Name) }, s.DisableRule),
		wire.Op("ListRules", "events:ListRules", func(*eventbridge.ListRulesInput) []string { return []string{s.ruleARN("*")} }, s.ListRules),
		wire.Op("PutTargets", "events:PutTargets", func(in *eventbridge.PutTargetsInput) []string { return s.ruleResource(in.Rule) }, s.PutTargets),
		wire.Op("RemoveTargets", "events:RemoveTargets", func(in *eventbridge.RemoveTargetsInput) []string { return s.ruleResource(in.Rule) }, s.RemoveTargets),
		wire.Op("ListTargetsByRule", "events:ListTargetsByRule", func(in *eventbridge.ListTargetsByRuleInput) []string { return s.ruleResource(in.Rule) }, s.ListTargetsByRule),
		wire.Op("ListRuleNamesByTarget", "events:ListRuleNamesByTarget", nil, s.ListRuleNamesByTarget),
		wire.Op("PutEvents", "events:PutEvents", func(*eventbridge.PutEventsInput) []string { return []string{s.busARN()} }, s.PutEvents),
		wire.Op("DescribeEventBus", "events:DescribeEventBus", func(*eventbridge.DescribeEventBusInput) []string { return []string{s.busARN()} }, s.DescribeEventBus),
		wire.Op("TestEventPattern", "events:TestEventPattern", nil, s.TestEventPattern),
		wire.Op("TagResource", "events:TagResource", func(in *eventbridge.TagResourceInput) []string { return []string{*in.ResourceARN} }, s.TagResource),
		wire.Op("UntagResource", "events:UntagResource", func(in *eventbridge.UntagResourceInput) []string { return []string{*in.ResourceARN} }, s.UntagResource),
		wire.Op("ListTagsForResource", "events:ListTagsForResource", func(in *eventbridge.ListTagsForResourceInput) []string { return []string{*in.ResourceARN} }, s.ListTagsForResource),
	}
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

func errValidation(format string, args ...any) error {
	return &smithy.GenericAPIError{Code: "ValidationException", Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}
