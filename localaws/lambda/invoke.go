package lambda

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// Limits of requests: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	maxRequest      = 6291456
	maxEventRequest = 1048576
)

// Invoke calls a function and waits (RequestResponse), calls it later (Event), or only looks whether it could (DryRun).
func (s *Service) Invoke(ctx context.Context, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
	ref, err := s.refer(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	f, r, err := s.find(ref)
	if err != nil {
		return nil, err
	}
	if in.DurableExecutionName != nil || in.TenantId != nil {
		return nil, invalid("Durable executions and tenants are not supported by this local Lambda.")
	}
	payload, err := checkPayload(in)
	if err != nil {
		return nil, err
	}
	clientContext, err := contextOf(in.ClientContext)
	if err != nil {
		return nil, err
	}
	if err := checkReady(r); err != nil {
		return nil, err
	}
	inv := s.newInvocation(ref, payload, clientContext)
	switch in.InvocationType {
	case types.InvocationTypeDryRun:
		return &lambda.InvokeOutput{StatusCode: http.StatusNoContent, ExecutedVersion: r.Config.Version}, nil
	case types.InvocationTypeRequestResponse:
	case types.InvocationTypeEvent:
		if err := s.enqueue(ref, inv); err != nil {
			return nil, err
		}
		return &lambda.InvokeOutput{StatusCode: http.StatusAccepted, ExecutedVersion: r.Config.Version}, nil
	}
	out, err := s.call(ctx, f, r, inv)
	if err != nil {
		return nil, err
	}
	answer := &lambda.InvokeOutput{StatusCode: http.StatusOK, ExecutedVersion: r.Config.Version, Payload: out.payload}
	if out.failed {
		answer.FunctionError = aws.String("Unhandled")
	}
	if in.LogType == types.LogTypeTail {
		answer.LogResult = aws.String(base64.StdEncoding.EncodeToString(out.tail))
	}
	return answer, nil
}

func checkPayload(in *lambda.InvokeInput) ([]byte, error) {
	limit := maxRequest
	if in.InvocationType == types.InvocationTypeEvent {
		limit = maxEventRequest
	}
	if len(in.Payload) > limit {
		return nil, &types.RequestTooLargeException{Type: aws.String("User"), Message: aws.String(
			fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", limit))}
	}
	if len(in.Payload) == 0 {
		return []byte("{}"), nil
	}
	if !json.Valid(in.Payload) {
		var value any
		return nil, &types.InvalidRequestContentException{Type: aws.String("User"), Message: aws.String(
			"Could not parse request body into json: Could not parse payload into json: " + json.Unmarshal(in.Payload, &value).Error())}
	}
	return in.Payload, nil
}

// contextOf is the client's context as a runtime gets it: JSON, on one line.
func contextOf(encoded *string) (string, error) {
	if aws.ToString(encoded) == "" {
		return "", nil
	}
	text, err := base64.StdEncoding.DecodeString(*encoded)
	var line bytes.Buffer
	if err == nil {
		err = json.Compact(&line, text)
	}
	if err != nil || !strings.HasPrefix(line.String(), "{") {
		return "", &types.InvalidRequestContentException{
			Type: aws.String("User"), Message: aws.String("Client context must be a valid Base64-encoded JSON object."),
		}
	}
	return line.String(), nil
}

func (s *Service) newInvocation(ref reference, payload []byte, clientContext string) *invocation {
	return &invocation{id: uuid.New(), arn: s.arn(ref), payload: payload, clientContext: clientContext, result: make(chan outcome, 1)}
}

// call executes the invocation for a caller who may leave: the function runs on without him.
func (s *Service) call(ctx context.Context, f function, r revision, inv *invocation) (outcome, error) {
	type answer struct {
		out outcome
		err error
	}
	done := make(chan answer, 1)
	if !s.spawn(func() {
		out, err := s.execute(context.WithoutCancel(ctx), f, r, inv)
		done <- answer{out, err}
	}) {
		return outcome{}, &types.ServiceException{Message: aws.String("The service is shutting down."), Type: aws.String("Service")}
	}
	select {
	case a := <-done:
		return a.out, a.err
	case <-ctx.Done():
		return outcome{}, ctx.Err()
	}
}

// traceID makes an X-Ray trace id for the time.
func traceID(at time.Time) string {
	random := strings.ReplaceAll(uuid.New(), "-", "")
	seconds := hex.EncodeToString([]byte{byte(at.Unix() >> 24), byte(at.Unix() >> 16), byte(at.Unix() >> 8), byte(at.Unix())})
	return "1-" + seconds + "-" + random[:24]
}
