package cloudformation

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/resource"
)

// readable lets the fixture's things be read.
func (f *fixture) readable() {
	known := f.types
	f.types = func(name string) (*resource.Type, bool) {
		t, ok := known(name)
		if !ok {
			return nil, false
		}
		copied := *t
		if name == "Test::A::Thing" {
			copied.Read = func(_ context.Context, r resource.Request) (map[string]any, error) {
				if err := f.call("read " + r.LogicalID); err != nil {
					return nil, err
				}
				f.world.mu.Lock()
				defer f.world.mu.Unlock()
				thing, ok := f.things[r.PhysicalID]
				if !ok {
					return nil, &resource.Error{Code: "NotFound", Message: "gone"}
				}
				return thing, nil
			}
		}
		return &copied, true
	}
}

func (f *fixture) detect() *cloudformation.DescribeStackDriftDetectionStatusOutput {
	f.t.Helper()
	begun, err := f.DetectStackDrift(f.t.Context(), &cloudformation.DetectStackDriftInput{StackName: aws.String("one")})
	if err != nil {
		f.t.Fatal(err)
	}
	f.done.Wait()
	out, err := f.DescribeStackDriftDetectionStatus(f.t.Context(), &cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: begun.StackDriftDetectionId})
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

func TestDriftDetection(t *testing.T) {
	f := newFixture(t)
	f.readable()
	f.create("one", `Resources: {A: {Type: Test::A::Thing, Properties: {Size: 1}}, B: {Type: Test::A::Thing}, C: {Type: Test::B::Thing}}`)
	if out := f.detect(); out.DetectionStatus != types.StackDriftDetectionStatusDetectionComplete || out.StackDriftStatus != types.StackDriftStatusInSync {
		t.Errorf("detection of what is in sync: %+v", out)
	}
	f.world.mu.Lock()
	for id, thing := range f.things {
		if thing["Size"] != nil {
			f.things[id] = map[string]any{"Size": "2"}
		} else {
			delete(f.things, id)
		}
	}
	f.world.mu.Unlock()
	if out := f.detect(); out.StackDriftStatus != types.StackDriftStatusDrifted || *out.DriftedStackResourceCount != 2 {
		t.Errorf("detection of drift: %+v", out)
	}
	drifts, err := f.DescribeStackResourceDrifts(t.Context(), &cloudformation.DescribeStackResourceDriftsInput{StackName: aws.String("one"), MaxResults: aws.Int32(1)})
	if err != nil || len(drifts.StackResourceDrifts) != 1 || aws.ToString(drifts.NextToken) != "A" {
		t.Fatalf("first page is %+v, %v", drifts, err)
	}
	a := drifts.StackResourceDrifts[0]
	if a.StackResourceDriftStatus != types.StackResourceDriftStatusModified || *a.ExpectedProperties != `{"Size":1}` || *a.ActualProperties != `{"Size":"2"}` ||
		*a.PropertyDifferences[0].PropertyPath != "/Size" {
		t.Errorf("A has drifted to %+v", a)
	}
	summaries, err := f.ListStackResources(t.Context(), &cloudformation.ListStackResourcesInput{StackName: aws.String("one")})
	if err != nil {
		t.Fatal(err)
	}
	var statuses []string
	for _, s := range summaries.StackResourceSummaries {
		statuses = append(statuses, *s.LogicalResourceId+" "+string(s.DriftInformation.StackResourceDriftStatus))
	}
	equal(t, "resources", statuses, []string{"A MODIFIED", "B DELETED", "C NOT_CHECKED"})
	stacks, err := f.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("one")})
	if err != nil || stacks.Stacks[0].DriftInformation.StackDriftStatus != types.StackDriftStatusDrifted {
		t.Errorf("stack: %+v, %v", stacks, err)
	}

	f.setHook(func(call string) error {
		if call == "read A" {
			return &smithy.GenericAPIError{Code: "AccessDenied", Message: "not you"}
		}
		return nil
	})
	if out := f.detect(); out.DetectionStatus != types.StackDriftDetectionStatusDetectionFailed ||
		*out.DetectionStatusReason != `{"Failures":[{"Resource":"A","FailureReason":"not you"}],"Summary":"Failed to detect drift on resources [A]"}` {
		t.Errorf("failed detection: %+v", out)
	}
	_, err = f.DetectStackResourceDrift(t.Context(), &cloudformation.DetectStackResourceDriftInput{StackName: aws.String("one"), LogicalResourceId: aws.String("C")})
	wantError(t, err, "ValidationError", "Drift detection is not supported for resource C of type Test::B::Thing")
	one, err := f.DetectStackResourceDrift(t.Context(), &cloudformation.DetectStackResourceDriftInput{StackName: aws.String("one"), LogicalResourceId: aws.String("B")})
	if err != nil || one.StackResourceDrift.StackResourceDriftStatus != types.StackResourceDriftStatusDeleted {
		t.Errorf("B: %+v, %v", one, err)
	}
}
