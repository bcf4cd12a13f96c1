package cloudformation

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// What early validation says of a change set is in
// https://github.com/aws/aws-cdk-cli/issues/1000, and that CreateStack and
// UpdateStack validate too is in
// https://aws.amazon.com/blogs/devops/ship-infrastructure-faster-with-cloudformation-and-cdk-pre-deployment-validation-on-every-stack-operation/.
// That such a stack rolls back like any other is not confirmed. Of AWS's
// validations only that of properties is made here.
const (
	invalidChangeSet = "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. " +
		"To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information."
	invalidStack = "Validation failure detected. See the operation's FAILED event for details. "
)

// finding is something that early validation has found wrong with a resource.
type finding struct {
	ID, LogicalID, Type, Path, Reason string
	Time                              time.Time
}

// validate returns what is wrong with the properties of the goal, as far as they
// are known before anything is made. The goal has been planned.
func (s *Service) validate(goal *desired) []finding {
	var found []finding
	for _, id := range slices.Sorted(maps.Keys(goal.graph)) {
		r := goal.template.Resources[id]
		known, _ := s.types(r.Type)
		properties, err := goal.scope.Object(r.Properties)
		if err != nil || known.Check == nil {
			continue // what cannot be resolved fails the resource itself
		}
		for _, p := range known.Check(properties) {
			reason := p.Text
			if p.Missing != "" { // as in https://github.com/aws/aws-cdk-cli/pull/1463; the other words are the validator's (not confirmed)
				reason = "Required property [" + p.Missing + "] not found"
			}
			found = append(found, finding{
				ID: uuid.New(), LogicalID: id, Type: r.Type, Reason: reason, Time: s.env.Now().UTC(),
				Path: "/Resources/" + id + "/Properties" + strings.TrimPrefix(p.Pointer, "#"),
			})
		}
	}
	return found
}

// reject ends a deployment whose properties are wrong before anything is made.
func (op *operation) reject() {
	for _, f := range op.goal.findings {
		op.record(op.id, event{ID: f.ID, LogicalID: f.LogicalID, Type: f.Type, Finding: &f, Token: op.token})
	}
	op.halt(invalidStack, false)
}

// DescribeEvents returns the events of a stack with what early validation has
// found, or what it has found in a change set; the newest first.
func (s *Service) DescribeEvents(_ context.Context, in *cloudformation.DescribeEventsInput) (*cloudformation.DescribeEventsOutput, error) {
	var all []types.OperationEvent
	switch {
	case in.OperationId != nil:
		return nil, unserved(map[string]bool{"OperationId": true})
	case in.ChangeSetName != nil && (in.StackName != nil || isARN(*in.ChangeSetName)):
		c, err := s.findChangeSet(in.ChangeSetName, in.StackName)
		if err != nil {
			return nil, err
		}
		for _, f := range c.Findings {
			all = append(all, f.describe(c.StackID, types.OperationTypeCreateChangeset))
		}
	case in.StackName != nil:
		st, err := s.mustFind(*in.StackName)
		if err != nil {
			return nil, err
		}
		if all, err = s.operationEvents(st); err != nil {
			return nil, err
		}
	default:
		return nil, invalid("One of ChangeSetName, OperationId or StackName must be specified")
	}
	if in.Filters != nil && aws.ToBool(in.Filters.FailedEvents) {
		all = slices.DeleteFunc(all, func(e types.OperationEvent) bool {
			return e.EventType == types.EventTypeStackEvent && !strings.HasSuffix(string(e.ResourceStatus), "_FAILED")
		})
	}
	page, next := pageOf(all, in.NextToken, func(e types.OperationEvent) string { return *e.EventId })
	return &cloudformation.DescribeEventsOutput{OperationEvents: page, NextToken: next}, nil
}

func (s *Service) operationEvents(st stack) ([]types.OperationEvent, error) {
	rows, err := s.events.List(uuidOf(st.ID)+"/", "", 0)
	if err != nil {
		return nil, err
	}
	var all []types.OperationEvent
	for _, row := range slices.Backward(rows) {
		e := row.Value
		if e.Finding != nil {
			all = append(all, e.Finding.describe(st.ID, ""))
			continue
		}
		all = append(all, types.OperationEvent{
			EventId: &e.ID, EventType: types.EventTypeStackEvent, StackId: &st.ID, LogicalResourceId: &e.LogicalID,
			PhysicalResourceId: aws.String(e.PhysicalID), ResourceType: &e.Type, ResourceStatus: e.Status,
			ResourceStatusReason: optional(e.Reason), ResourceProperties: optional(e.Properties),
			ClientRequestToken: optional(e.Token), Timestamp: &e.Time,
		})
	}
	return all, nil
}

func (f *finding) describe(stackID string, operation types.OperationType) types.OperationEvent {
	return types.OperationEvent{
		EventId: &f.ID, EventType: types.EventTypeValidationError, StackId: &stackID, OperationType: operation,
		LogicalResourceId: &f.LogicalID, ResourceType: &f.Type, Timestamp: &f.Time,
		ValidationName: aws.String("PROPERTY_VALIDATION"), ValidationPath: &f.Path, ValidationStatus: types.ValidationStatusFailed,
		ValidationStatusReason: &f.Reason, ValidationFailureMode: types.HookFailureModeFail,
	}
}
