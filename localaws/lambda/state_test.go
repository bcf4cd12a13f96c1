package lambda_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/mayfly-cd/mayfly/localaws/lambda"
)

// hold keeps what makes and changes functions in the middle of it until release.
func (c *cloud) hold() (release func()) { return lambda.HoldPackages(c.service) }

func TestFunctionIsPendingUntilItIsUnpacked(t *testing.T) {
	c, ctx, f := start(t), t.Context(), aws.String("f")
	release := c.hold()
	out, err := c.CreateFunction(ctx, &awslambda.CreateFunctionInput{
		FunctionName: f, Role: aws.String(role), Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &types.FunctionCode{ZipFile: program(t, "")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.State != types.StatePending || aws.ToString(out.StateReason) != "The function is being created." || out.LastUpdateStatus != "" {
		t.Errorf("created: %s, %s, %s", out.State, aws.ToString(out.StateReason), out.LastUpdateStatus)
	}
	for _, kind := range []types.InvocationType{types.InvocationTypeRequestResponse, types.InvocationTypeEvent, types.InvocationTypeDryRun} {
		_, err = c.Invoke(ctx, &awslambda.InvokeInput{FunctionName: f, InvocationType: kind})
		wantError(t, err, "ResourceConflictException",
			"The operation cannot be performed at this time. The function is currently in the following state: Pending")
	}
	_, err = c.PublishVersion(ctx, &awslambda.PublishVersionInput{FunctionName: f})
	wantError(t, err, "ResourceConflictException", "The resource "+arnOfF+" is currently in the following state: 'Pending'. StateReasonCode: 'Creating'")
	release()
	c.settled(t, "f")
	if got := c.invoke(t, `"hello"`); string(got.Payload) != `"hello"` {
		t.Errorf("got %s", got.Payload)
	}
	got, err := c.GetFunctionConfiguration(ctx, &awslambda.GetFunctionConfigurationInput{FunctionName: f})
	if err != nil || *got.RevisionId == *out.RevisionId {
		t.Errorf("the change of state kept the revision id: %v", err)
	}
}

func TestFunctionUpdateIsInProgress(t *testing.T) {
	c, ctx, f := start(t), t.Context(), aws.String("f")
	c.create(t)
	release := c.hold()
	in := &awslambda.UpdateFunctionConfigurationInput{FunctionName: f, Timeout: aws.Int32(9)}
	out, err := c.UpdateFunctionConfiguration(ctx, in)
	if err != nil || out.State != types.StateActive || out.LastUpdateStatus != types.LastUpdateStatusInProgress || out.LastUpdateStatusReasonCode != "Creating" {
		t.Fatalf("updated: %v, %+v", err, out)
	}
	_, err = c.UpdateFunctionConfiguration(ctx, in)
	wantError(t, err, "ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for resource: "+arnOfF)
	if got := c.invoke(t, `"hello"`); string(got.Payload) != `"hello"` {
		t.Errorf("during an update: %s", got.Payload)
	}
	release()
	c.settled(t, "f")
	if _, err = c.UpdateFunctionConfiguration(ctx, in); err != nil {
		t.Error(err)
	}
}

func TestBrokenPackageFailsTheFunction(t *testing.T) {
	c, ctx, f := start(t), t.Context(), aws.String("f")
	_, err := c.CreateFunction(ctx, &awslambda.CreateFunctionInput{
		FunctionName: f, Role: aws.String(role), Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &types.FunctionCode{ZipFile: bytes.Replace(program(t, "checksummed"), []byte("checksummed"), []byte("overwritten"), 1)},
	})
	if err != nil {
		t.Fatal(err)
	}
	err = awslambda.NewFunctionActiveV2Waiter(c, func(o *awslambda.FunctionActiveV2WaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 10*time.Millisecond
	}).Wait(ctx, &awslambda.GetFunctionInput{FunctionName: f}, 10*time.Second)
	if err == nil {
		t.Fatal("the function is active")
	}
	got, err := c.GetFunctionConfiguration(ctx, &awslambda.GetFunctionConfigurationInput{FunctionName: f})
	if err != nil || got.State != types.StateFailed || got.StateReasonCode != types.StateReasonCodeInvalidZipFileException {
		t.Errorf("got %v, %s, %s", err, got.State, got.StateReasonCode)
	}
	_, err = c.Invoke(ctx, &awslambda.InvokeInput{FunctionName: f})
	wantError(t, err, "ResourceConflictException", "The function is currently in the following state: Failed")
}

func TestInterruptedCreationHasFailed(t *testing.T) {
	c, f := start(t), aws.String("f")
	c.close()
	_, err := c.service.CreateFunction(t.Context(), &awslambda.CreateFunctionInput{
		FunctionName: f, Role: aws.String(role), Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &types.FunctionCode{ZipFile: program(t, "")},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.open(t)
	got, err := c.GetFunctionConfiguration(t.Context(), &awslambda.GetFunctionConfigurationInput{FunctionName: f})
	if err != nil || got.State != types.StateFailed || got.StateReasonCode != types.StateReasonCodeInternalError {
		t.Errorf("got %v, %+v", err, got)
	}
}
