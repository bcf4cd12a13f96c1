package cloudformation

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/resource"
	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// detection is a row of the detections table, whose key is its id.
type detection struct {
	ID, StackID string
	Status      types.StackDriftDetectionStatus
	Reason      string
	Drift       types.StackDriftStatus
	Drifted     int32
	Time        time.Time
}

// drift is a row of the drifts table: what the last detection has made of one
// resource. Its key is the resource's own.
type drift struct {
	LogicalID, PhysicalID, Type string
	Status                      types.StackResourceDriftStatus
	Expected, Actual            string
	Differences                 []types.PropertyDifference
	Time                        time.Time
}

// driftable are the states in which drift can be detected.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
var driftable = []types.StackStatus{
	types.StackStatusCreateComplete, types.StackStatusUpdateComplete,
	types.StackStatusUpdateRollbackComplete, types.StackStatusUpdateRollbackFailed,
}

// driftStack finds a stack in which drift can be detected. The words are not confirmed.
func (s *Service) driftStack(name *string) (stack, error) {
	st, err := s.mustFind(aws.ToString(name))
	if err == nil && !slices.Contains(driftable, st.Status) {
		err = invalid("Drift detection cannot be performed on stack [%s] while it is in %s state.", st.ID, st.Status)
	}
	return st, err
}

// DetectStackDrift begins to compare a stack's resources with what their
// templates say, with the permissions of the caller.
func (s *Service) DetectStackDrift(ctx context.Context, in *cloudformation.DetectStackDriftInput) (*cloudformation.DetectStackDriftOutput, error) {
	st, err := s.driftStack(in.StackName)
	if err != nil {
		return nil, err
	}
	config, err := s.assume(ctx, "", st.ID)
	if err != nil {
		return nil, err
	}
	members, err := s.membersOf(st.ID)
	if err != nil {
		return nil, err
	}
	for _, id := range in.LogicalResourceIds {
		if members[id] == nil {
			return nil, invalid("Resource %s does not exist for stack %s", id, aws.ToString(in.StackName))
		}
	}
	d := detection{
		ID: uuid.New(), StackID: st.ID, Status: types.StackDriftDetectionStatusDetectionInProgress,
		Drift: types.StackDriftStatusNotChecked, Time: s.env.Now().UTC(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("cloudformation is closed")
	}
	if err := s.detections.Put(d.ID, d); err != nil {
		return nil, err
	}
	s.detecting[d.ID] = true
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	release := context.AfterFunc(s.life, cancel) //nolint:contextcheck // a detection ends with the service, not with its request
	op := &operation{Service: s, id: st.ID, name: st.Name, ctx: ctx, config: config, members: members}
	s.done.Go(func() {
		defer cancel()
		defer release()
		op.detect(d, in.LogicalResourceIds)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.detecting, d.ID)
	})
	return &cloudformation.DetectStackDriftOutput{StackDriftDetectionId: &d.ID}, nil
}

// detect checks the resources named, or all, and writes what comes of it.
func (op *operation) detect(d detection, only []string) {
	type failure struct{ Resource, FailureReason string }
	var failed []failure
	var ids []string
	d.Drift = types.StackDriftStatusInSync
	for _, id := range slices.Sorted(maps.Keys(op.members)) {
		if len(only) > 0 && !slices.Contains(only, id) {
			continue
		}
		row, checked, err := op.compare(op.members[id])
		switch {
		case err != nil:
			ids, failed = append(ids, id), append(failed, failure{id, message(err)})
		case checked && row.Status != types.StackResourceDriftStatusInSync:
			d.Drifted++
			d.Drift = types.StackDriftStatusDrifted
		}
	}
	d.Status = types.StackDriftDetectionStatusDetectionComplete
	if failed != nil {
		d.Status = types.StackDriftDetectionStatusDetectionFailed
		reason, _ := json.Marshal(map[string]any{ //nolint:errchkjson // strings only
			"Summary": "Failed to detect drift on resources [" + strings.Join(ids, ", ") + "]", "Failures": failed,
		})
		d.Reason = string(reason)
	}
	err := op.stacks.Update(op.id, func(row *stack, _ bool) error {
		row.Drift, row.Drifted = d.Drift, &d.Time
		return nil
	})
	if err = errors.Join(err, op.detections.Put(d.ID, d)); err != nil {
		op.env.Log.Error("write drift", "stack", op.id, "error", err)
	}
}

// compare reads one resource and keeps how it differs; not where its type cannot be read.
func (op *operation) compare(m *member) (row drift, checked bool, err error) {
	known, ok := op.types(m.Type)
	if !ok || known.Read == nil || m.Current.PhysicalID == "" || m.Status == types.ResourceStatusDeleteComplete {
		return drift{}, false, nil
	}
	row = drift{
		LogicalID: m.LogicalID, PhysicalID: m.Current.PhysicalID, Type: m.Type,
		Status: types.StackResourceDriftStatusInSync, Time: op.env.Now().UTC(),
	}
	var actual map[string]any
	err = op.guard(func() (err error) {
		actual, err = known.Read(op.ctx, op.request(m, m.Current))
		return err
	})
	switch {
	case resource.IsGone(err):
		row.Status = types.StackResourceDriftStatusDeleted
	case err != nil:
		return row, false, err
	default:
		expected := map[string]any(m.Current.Properties)
		row.Differences = resource.Differences(expected, actual)
		if row.Expected, err = template.Encode(orEmpty(expected)); err != nil {
			return row, false, err
		}
		if row.Actual, err = template.Encode(orEmpty(actual)); err != nil {
			return row, false, err
		}
		if len(row.Differences) > 0 {
			row.Status = types.StackResourceDriftStatusModified
		}
	}
	return row, true, op.drifts.Put(memberKey(op.id, m.LogicalID), row)
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// DetectStackResourceDrift compares one resource with what its template says, and waits for it.
func (s *Service) DetectStackResourceDrift(ctx context.Context, in *cloudformation.DetectStackResourceDriftInput) (*cloudformation.DetectStackResourceDriftOutput, error) {
	st, err := s.driftStack(in.StackName)
	if err != nil {
		return nil, err
	}
	id := aws.ToString(in.LogicalResourceId)
	m, ok, err := s.members.Get(memberKey(st.ID, id))
	if err == nil && !ok {
		err = invalid("Resource %s does not exist for stack %s", id, aws.ToString(in.StackName))
	}
	if err != nil {
		return nil, err
	}
	config, err := s.assume(ctx, "", st.ID)
	if err != nil {
		return nil, err
	}
	op := &operation{Service: s, id: st.ID, name: st.Name, ctx: ctx, config: config}
	row, checked, err := op.compare(&m)
	if err != nil {
		return nil, invalid("%s", message(err))
	}
	if !checked { // the words are not confirmed
		return nil, invalid("Drift detection is not supported for resource %s of type %s", id, m.Type)
	}
	described := row.describe(st.ID)
	return &cloudformation.DetectStackResourceDriftOutput{StackResourceDrift: &described}, nil
}

func (d *drift) describe(stackID string) types.StackResourceDrift {
	return types.StackResourceDrift{
		StackId: &stackID, LogicalResourceId: &d.LogicalID, PhysicalResourceId: &d.PhysicalID, ResourceType: &d.Type,
		StackResourceDriftStatus: d.Status, ExpectedProperties: optional(d.Expected), ActualProperties: optional(d.Actual),
		PropertyDifferences: d.Differences, Timestamp: &d.Time,
	}
}

// DescribeStackDriftDetectionStatus says how a detection goes.
func (s *Service) DescribeStackDriftDetectionStatus(_ context.Context, in *cloudformation.DescribeStackDriftDetectionStatusInput) (*cloudformation.DescribeStackDriftDetectionStatusOutput, error) {
	id := aws.ToString(in.StackDriftDetectionId)
	d, ok, err := s.detections.Get(id)
	if err == nil && !ok { // the words are not confirmed
		err = invalid("Drift detection operation with ID [%s] does not exist", id)
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	runs := s.detecting[id]
	s.mu.Unlock()
	if !runs && d.Status == types.StackDriftDetectionStatusDetectionInProgress { // it has ended since, or its process has
		if d, _, err = s.detections.Get(id); err != nil {
			return nil, err
		}
		if d.Status == types.StackDriftDetectionStatusDetectionInProgress {
			d.Status, d.Reason = types.StackDriftDetectionStatusDetectionFailed, interruption
		}
	}
	out := &cloudformation.DescribeStackDriftDetectionStatusOutput{
		StackDriftDetectionId: &d.ID, StackId: &d.StackID, DetectionStatus: d.Status, DetectionStatusReason: optional(d.Reason), Timestamp: &d.Time,
	}
	if d.Status != types.StackDriftDetectionStatusDetectionInProgress {
		out.StackDriftStatus, out.DriftedStackResourceCount = d.Drift, &d.Drifted
	}
	return out, nil
}

// DescribeStackResourceDrifts returns what the last detections have made of a stack's resources.
func (s *Service) DescribeStackResourceDrifts(_ context.Context, in *cloudformation.DescribeStackResourceDriftsInput) (*cloudformation.DescribeStackResourceDriftsOutput, error) {
	st, err := s.mustFind(aws.ToString(in.StackName))
	if err != nil {
		return nil, err
	}
	rows, err := s.drifts.List(uuidOf(st.ID)+"/", "", 0)
	if err != nil {
		return nil, err
	}
	size := pageSize
	if in.MaxResults != nil {
		size = int(*in.MaxResults)
	}
	out := &cloudformation.DescribeStackResourceDriftsOutput{StackResourceDrifts: []types.StackResourceDrift{}}
	for _, row := range rows {
		d := row.Value
		if d.LogicalID <= aws.ToString(in.NextToken) || in.StackResourceDriftStatusFilters != nil && !slices.Contains(in.StackResourceDriftStatusFilters, d.Status) {
			continue
		}
		if len(out.StackResourceDrifts) == size {
			out.NextToken = out.StackResourceDrifts[size-1].LogicalResourceId
			break
		}
		out.StackResourceDrifts = append(out.StackResourceDrifts, d.describe(st.ID))
	}
	return out, nil
}

// driftOf returns the drift of a resource, that of one which was never checked included.
func (s *Service) driftOf(stackID string, m *member) (types.StackResourceDriftStatus, *time.Time) {
	row, ok, err := s.drifts.Get(memberKey(stackID, m.LogicalID))
	if err != nil {
		s.env.Log.Error("read drift", "stack", stackID, "error", err)
	}
	if !ok || row.PhysicalID != m.Current.PhysicalID {
		return types.StackResourceDriftStatusNotChecked, nil
	}
	return row.Status, &row.Time
}

// drift returns the drift of a stack, that of one which was never checked included.
func (st *stack) drift() types.StackDriftStatus {
	if st.Drift == "" {
		return types.StackDriftStatusNotChecked
	}
	return st.Drift
}
