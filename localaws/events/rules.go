package events

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// rule is a rule's row; its key is its name.
type rule struct {
	Pattern     string
	Schedule    string    `json:",omitempty"`
	Since       time.Time `json:",omitzero"` // from when its rate counts
	State       types.RuleState
	Description *string
	RoleArn     *string
	CreatedBy   string
	Tags        map[string]string
	Targets     []types.Target
}

const listLimit = 100

func (s *Service) errNoRule(name string) error {
	return &types.ResourceNotFoundException{Message: aws.String("Rule " + name + " does not exist on EventBus default.")}
}

func (s *Service) find(bus, name *string) (rule, error) {
	if err := s.checkBus(bus); err != nil {
		return rule{}, err
	}
	row, ok, err := s.rules.Get(*name)
	if err == nil && !ok {
		err = s.errNoRule(*name)
	}
	return row, err
}

// update changes a rule that must exist.
func (s *Service) update(bus, name *string, change func(row *rule) error) error {
	if err := s.checkBus(bus); err != nil {
		return err
	}
	return s.rules.Update(*name, func(row *rule, exists bool) error {
		if !exists {
			return s.errNoRule(*name)
		}
		return change(row)
	})
}

// PutRule creates or changes a rule. Its targets and tags stay as they are.
func (s *Service) PutRule(ctx context.Context, in *eventbridge.PutRuleInput) (*eventbridge.PutRuleOutput, error) {
	if err := s.checkBus(in.EventBusName); err != nil {
		return nil, err
	}
	pattern, schedule := aws.ToString(in.EventPattern), aws.ToString(in.ScheduleExpression)
	if pattern == "" && schedule == "" {
		return nil, errValidation("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	if pattern != "" {
		if _, err := compile(pattern); err != nil {
			return nil, err
		}
	}
	if schedule != "" {
		if _, err := parseSchedule(schedule); err != nil {
			return nil, err
		}
	}
	if err := s.checkRole(ctx, in.RoleArn, *in.Name); err != nil {
		return nil, err
	}
	defer s.reschedule()
	caller := identity.From(ctx)
	return &eventbridge.PutRuleOutput{RuleArn: aws.String(s.ruleARN(*in.Name))}, s.rules.Update(*in.Name, func(row *rule, exists bool) error {
		if !exists {
			row.CreatedBy = caller.Account
			row.Tags = map[string]string{}
			for _, tag := range in.Tags {
				row.Tags[*tag.Key] = *tag.Value
			}
		}
		if row.Schedule != schedule {
			row.Since = s.env.Now()
		}
		row.Pattern, row.Schedule, row.Description, row.RoleArn, row.State = pattern, schedule, in.Description, in.RoleArn, in.State
		if row.State == "" {
			row.State = types.RuleStateEnabled
		}
		return nil
	})
}

// DeleteRule removes a rule that has no targets. One that does not exist is no error.
func (s *Service) DeleteRule(_ context.Context, in *eventbridge.DeleteRuleInput) (*eventbridge.DeleteRuleOutput, error) {
	row, err := s.find(in.EventBusName, in.Name)
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		return &eventbridge.DeleteRuleOutput{}, s.checkBus(in.EventBusName)
	}
	if err != nil {
		return nil, err
	}
	if len(row.Targets) > 0 {
		return nil, errValidation("Rule can't be deleted since it has targets.")
	}
	return &eventbridge.DeleteRuleOutput{}, s.rules.Delete(*in.Name)
}

// DescribeRule describes a rule.
func (s *Service) DescribeRule(_ context.Context, in *eventbridge.DescribeRuleInput) (*eventbridge.DescribeRuleOutput, error) {
	row, err := s.find(in.EventBusName, in.Name)
	if err != nil {
		return nil, err
	}
	return &eventbridge.DescribeRuleOutput{
		Name: in.Name, Arn: aws.String(s.ruleARN(*in.Name)), EventBusName: aws.String(defaultBus),
		EventPattern: given(row.Pattern), ScheduleExpression: given(row.Schedule), State: row.State, Description: row.Description, RoleArn: row.RoleArn,
		CreatedBy: aws.String(row.CreatedBy),
	}, nil
}

// ListRules lists rules by name.
func (s *Service) ListRules(_ context.Context, in *eventbridge.ListRulesInput) (*eventbridge.ListRulesOutput, error) {
	if err := s.checkBus(in.EventBusName); err != nil {
		return nil, err
	}
	limit := limitOf(in.Limit)
	rows, err := s.rules.List(aws.ToString(in.NamePrefix), aws.ToString(in.NextToken), limit+1)
	if err != nil {
		return nil, err
	}
	out := &eventbridge.ListRulesOutput{Rules: []types.Rule{}}
	for _, row := range rows[:min(limit, len(rows))] {
		out.Rules = append(out.Rules, types.Rule{
			Name: &row.Key, Arn: aws.String(s.ruleARN(row.Key)), EventBusName: aws.String(defaultBus),
			EventPattern: given(row.Value.Pattern), ScheduleExpression: given(row.Value.Schedule), State: row.Value.State,
			Description: row.Value.Description, RoleArn: row.Value.RoleArn,
		})
	}
	if len(rows) > limit {
		out.NextToken = aws.String(rows[limit-1].Key)
	}
	return out, nil
}

// given is a value for an output, nil where it is empty.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func limitOf(limit *int32) int {
	if limit == nil {
		return listLimit
	}
	return int(*limit)
}

// EnableRule makes a rule match again.
func (s *Service) EnableRule(_ context.Context, in *eventbridge.EnableRuleInput) (*eventbridge.EnableRuleOutput, error) {
	defer s.reschedule()
	return &eventbridge.EnableRuleOutput{}, s.update(in.EventBusName, in.Name, func(row *rule) error {
		if row.State == types.RuleStateDisabled {
			row.State, row.Since = types.RuleStateEnabled, s.env.Now()
		}
		return nil
	})
}

// DisableRule makes a rule match nothing until it is enabled.
func (s *Service) DisableRule(_ context.Context, in *eventbridge.DisableRuleInput) (*eventbridge.DisableRuleOutput, error) {
	return &eventbridge.DisableRuleOutput{}, s.update(in.EventBusName, in.Name, func(row *rule) error {
		row.State = types.RuleStateDisabled
		return nil
	})
}
