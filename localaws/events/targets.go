package events

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsarn "github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"
)

const maxTargets = 5 // per rule (user guide, "Amazon EventBridge quotas")

// PutTargets adds targets to a rule, or replaces those of the same id.
func (s *Service) PutTargets(ctx context.Context, in *eventbridge.PutTargetsInput) (*eventbridge.PutTargetsOutput, error) {
	if _, err := s.find(in.EventBusName, in.Rule); err != nil {
		return nil, err
	}
	for _, target := range in.Targets {
		if err := s.checkTarget(target); err != nil {
			return nil, err
		}
		if err := s.checkRole(ctx, target.RoleArn, *in.Rule); err != nil {
			return nil, err
		}
	}
	err := s.update(in.EventBusName, in.Rule, func(row *rule) error {
		for _, target := range in.Targets {
			row.Targets = slices.DeleteFunc(row.Targets, func(old types.Target) bool { return *old.Id == *target.Id })
			row.Targets = append(row.Targets, target)
		}
		if len(row.Targets) > maxTargets {
			return &types.LimitExceededException{Message: aws.String("The requested resource exceeds the maximum number allowed.")}
		}
		return nil
	})
	return &eventbridge.PutTargetsOutput{FailedEntries: []types.PutTargetsResultEntry{}}, err
}

// served are the kinds of targets that can be called, by the service in their
// ARN: how the resource part begins, and whether a role must be given.
var served = map[string]struct {
	resource  string
	needsRole bool
}{
	"codepipeline": {"", true},
	"codebuild":    {"project/", true},
	"lambda":       {"function:", false},
	"sns":          {"", false},
	"logs":         {"log-group:", false},
}

func (s *Service) checkTarget(target types.Target) error {
	arn, err := awsarn.Parse(*target.Arn)
	if err != nil {
		return errValidation("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", *target.Arn)
	}
	kind, ok := served[arn.Service]
	if !ok || !strings.HasPrefix(arn.Resource, kind.resource) {
		return errValidation("Parameter %s is not valid. Reason: targets of this kind (%s) are not served by this AWS.", *target.Arn, arn.Service)
	}
	if arn.AccountID != s.env.Account || arn.Region != s.env.Region {
		return errValidation("Parameter %s is not valid. Reason: targets in another account or region are not served by this AWS.", *target.Arn)
	}
	if kind.needsRole && target.RoleArn == nil {
		return errValidation("RoleArn is required for target %s.", *target.Arn)
	}
	if name := unserved(target); name != "" {
		return errValidation("Parameter %s is not served by this AWS for target %s.", name, *target.Id)
	}
	return checkInput(target)
}

// checkRole refuses a role that does not trust EventBridge, or that is not there.
func (s *Service) checkRole(ctx context.Context, role *string, rule string) error {
	if aws.ToString(role) == "" {
		return nil
	}
	_, err := s.assume(ctx, role, rule)
	if _, refused := errors.AsType[smithy.APIError](err); refused {
		return errValidation("Provided role '%s' cannot be assumed by principal '%s'.", *role, principal)
	}
	return err
}

// unserved names a parameter of the target that would have no effect here.
func unserved(target types.Target) string {
	known := []string{"Arn", "Id", "Input", "InputPath", "InputTransformer", "RetryPolicy", "RoleArn"}
	value := reflect.ValueOf(target)
	for i := range value.NumField() {
		field := value.Type().Field(i)
		if field.IsExported() && !slices.Contains(known, field.Name) && !value.Field(i).IsZero() {
			return field.Name
		}
	}
	return ""
}

func checkInput(target types.Target) error {
	given := 0
	for _, is := range []bool{target.Input != nil, target.InputPath != nil, target.InputTransformer != nil} {
		if is {
			given++
		}
	}
	if given > 1 {
		return errValidation("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", *target.Id)
	}
	if target.Input != nil && !json.Valid([]byte(*target.Input)) {
		return errValidation("JSON syntax error in input for target %s.", *target.Id)
	}
	if target.InputPath != nil {
		if _, err := lookup(nil, *target.InputPath); err != nil {
			return errValidation("Invalid InputPath for target %s : %v", *target.Id, err)
		}
	}
	if target.InputTransformer != nil {
		for name := range target.InputTransformer.InputPathsMap {
			if strings.HasPrefix(strings.ToUpper(name), "AWS") {
				return errValidation("Invalid InputPathsMap for target %s : a key cannot start with AWS: %s", *target.Id, name)
			}
		}
		if err := checkTemplate(target.InputTransformer); err != nil {
			return errValidation("Invalid InputTemplate for target %s : %v", *target.Id, err)
		}
	}
	return nil
}

// RemoveTargets removes targets from a rule; ids that it does not have are no error.
func (s *Service) RemoveTargets(_ context.Context, in *eventbridge.RemoveTargetsInput) (*eventbridge.RemoveTargetsOutput, error) {
	err := s.update(in.EventBusName, in.Rule, func(row *rule) error {
		row.Targets = slices.DeleteFunc(row.Targets, func(t types.Target) bool { return slices.Contains(in.Ids, *t.Id) })
		return nil
	})
	return &eventbridge.RemoveTargetsOutput{FailedEntries: []types.RemoveTargetsResultEntry{}}, err
}

// ListTargetsByRule lists a rule's targets; there are never more than one page holds.
func (s *Service) ListTargetsByRule(_ context.Context, in *eventbridge.ListTargetsByRuleInput) (*eventbridge.ListTargetsByRuleOutput, error) {
	row, err := s.find(in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	targets := row.Targets
	if in.NextToken != nil {
		after := slices.IndexFunc(targets, func(t types.Target) bool { return *t.Id == *in.NextToken })
		targets = targets[after+1:]
	}
	out := &eventbridge.ListTargetsByRuleOutput{Targets: append([]types.Target{}, targets...)}
	if limit := limitOf(in.Limit); len(targets) > limit {
		out.Targets, out.NextToken = targets[:limit], targets[limit-1].Id
	}
	return out, nil
}

// ListRuleNamesByTarget lists the rules that have that target.
func (s *Service) ListRuleNamesByTarget(_ context.Context, in *eventbridge.ListRuleNamesByTargetInput) (*eventbridge.ListRuleNamesByTargetOutput, error) {
	if err := s.checkBus(in.EventBusName); err != nil {
		return nil, err
	}
	rows, err := s.rules.List("", aws.ToString(in.NextToken), 0)
	if err != nil {
		return nil, err
	}
	out := &eventbridge.ListRuleNamesByTargetOutput{RuleNames: []string{}}
	for _, row := range rows {
		if !slices.ContainsFunc(row.Value.Targets, func(t types.Target) bool { return *t.Arn == *in.TargetArn }) {
			continue
		}
		if n := len(out.RuleNames); n == limitOf(in.Limit) {
			out.NextToken = &out.RuleNames[n-1]
			break
		}
		out.RuleNames = append(out.RuleNames, row.Key)
	}
	return out, nil
}
