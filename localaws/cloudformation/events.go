package cloudformation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

const pageSize = 100

// event is a row of the events table. Its key is the stack's uuid, a slash and a growing number.
type event struct {
	ID, LogicalID, PhysicalID, Type, Properties, Token string
	Status                                             types.ResourceStatus
	Reason                                             string
	Time                                               time.Time
	// Finding is what the event is about where it is one of early validation,
	// which only DescribeEvents tells.
	Finding *finding
}

// record writes an event. That it cannot be written is for the operator: the operation itself goes on.
func (s *Service) record(stackID string, e event) {
	n, err := s.events.Next()
	if err == nil {
		e.Time = s.env.Now().UTC()
		err = s.events.Put(fmt.Sprintf("%s/%016x", uuidOf(stackID), n), e)
	}
	if err != nil {
		s.env.Log.Error("write stack event", "stack", stackID, "error", err)
	}
}

// recordStack writes an event of the stack itself.
func (s *Service) recordStack(st stack) {
	s.record(st.ID, event{
		ID: uuid.New(), LogicalID: st.Name, PhysicalID: st.ID, Type: "AWS::CloudFormation::Stack",
		Status: types.ResourceStatus(st.Status), Reason: st.Reason, Token: st.Token,
	})
}

// DescribeStackEvents returns a stack's events, the newest first.
func (s *Service) DescribeStackEvents(_ context.Context, in *cloudformation.DescribeStackEventsInput) (*cloudformation.DescribeStackEventsOutput, error) {
	st, err := s.mustFind(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	rows, err := s.events.List(uuidOf(st.ID)+"/", "", 0)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r store.Row[event]) bool { return r.Value.Finding != nil })
	slices.Reverse(rows)
	// The token is the key of the last event shown, so that new events do not shift the pages.
	if token := aws.ToString(in.NextToken); token != "" {
		i := slices.IndexFunc(rows, func(r store.Row[event]) bool { return r.Key < token })
		if i < 0 {
			i = len(rows)
		}
		rows = rows[i:]
	}
	out := &cloudformation.DescribeStackEventsOutput{StackEvents: []types.StackEvent{}}
	for i, row := range rows {
		if i == pageSize {
			out.NextToken = aws.String(rows[i-1].Key)
			break
		}
		out.StackEvents = append(out.StackEvents, row.Value.describe(st))
	}
	return out, nil
}

func (e event) describe(st stack) types.StackEvent {
	return types.StackEvent{
		StackId: &st.ID, StackName: &st.Name, EventId: &e.ID,
		LogicalResourceId: &e.LogicalID, PhysicalResourceId: aws.String(e.PhysicalID), ResourceType: &e.Type,
		Timestamp: &e.Time, ResourceStatus: e.Status, ResourceStatusReason: optional(e.Reason),
		ResourceProperties: optional(e.Properties), ClientRequestToken: optional(e.Token),
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
