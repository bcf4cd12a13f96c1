package codebuild

import (
	"errors"
	"fmt"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	smithy "github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
)

// failure is why a phase failed, as its context tells it.
type failure struct{ code, message string }

func (f *failure) Error() string { return f.code + ": " + f.message }

// The codes of AWS's phase contexts.
const (
	codeYAML    = "YAML_FILE_ERROR"
	codeClient  = "CLIENT_ERROR"
	codeCommand = "COMMAND_EXECUTION_ERROR"
	codeDenied  = "ACCESS_DENIED"
	codeTimeout = "BUILD_TIMED_OUT"
	// Where a variable's value is to come from elsewhere; the words are those of builds' logs that people have published.
	codeParameter = "Decrypted Variables Error"
	codeSecret    = "Secrets Manager Error"
)

func fail(code, format string, args ...any) *failure {
	return &failure{code: code, message: fmt.Sprintf(format, args...)}
}

// The causes that end a build from outside.
var (
	errStopped  = errors.New("the build was stopped")
	errTimedOut = errors.New("the build timed out")
)

// verdict turns what ended a phase into its status and context.
func verdict(err error) (types.StatusType, *failure) {
	if err == nil {
		return types.StatusTypeSucceeded, &failure{}
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return types.StatusTypeFailed, f
	}
	switch {
	case errors.Is(err, errStopped):
		return types.StatusTypeStopped, &failure{}
	case errors.Is(err, errTimedOut):
		return types.StatusTypeTimedOut, fail(codeTimeout, "Build has timed out. ")
	case errors.Is(err, sandbox.ErrOutput), errors.Is(err, sandbox.ErrDisk):
		return types.StatusTypeFailed, fail(codeClient, "%s", err)
	default:
		return types.StatusTypeFailed, fail(codeClient, "%s", words(err))
	}
}

// words are an API error's code and message, without the SDK's wrapping.
func words(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}

// plain is an API error's message alone.
func plain(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorMessage()
	}
	return err.Error()
}

// transfer is the error of a request to S3 in the words of CodeBuild's agent:
// "AccessDenied: ... status code: 403, request id: ..., host id: ...".
func transfer(err error) string {
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	if !ok {
		return words(err)
	}
	host := ""
	if s3, ok := errors.AsType[interface {
		error
		ServiceHostID() string
	}](err); ok {
		host = s3.ServiceHostID()
	}
	return fmt.Sprintf("%s status code: %d, request id: %s, host id: %s", words(err), response.HTTPStatusCode(), response.ServiceRequestID(), host)
}

// ending says whether the error ends the whole build at once.
func ending(err error) bool {
	for _, cause := range []error{errStopped, errTimedOut, errInterrupted, sandbox.ErrOutput, sandbox.ErrDisk} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
}
