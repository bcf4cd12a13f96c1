package codebuild

import (
	"errors"
	"fmt"

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

// ending says whether the error ends the whole build at once.
func ending(err error) bool {
	for _, cause := range []error{errStopped, errTimedOut, errInterrupted, sandbox.ErrOutput, sandbox.ErrDisk} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
}
