package codepipeline

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/smithy-go"
)

// Codes of the errors of actions; the first three are the API's FailureType.
const (
	codeJobFailed     = "JobFailed"
	codeConfiguration = "ConfigurationError"
	codePermission    = "PermissionError"
	codeTimeout       = "TimeoutError"
	codeInternal      = "InternalError"
)

// failure is why an action failed, in the words that its user reads.
type failure struct {
	code    string // empty where only the summary says it, as with a rejected approval
	message string
}

func (f *failure) Error() string { return f.message }

func failed(code, format string, args ...any) error {
	return &failure{code: code, message: fmt.Sprintf(format, args...)}
}

// failedCall words the failure of a call to another service. What is worded
// already stays as it is.
func failedCall(code string, err error) error {
	if _, ok := errors.AsType[*failure](err); ok {
		return err
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return failed(code, "%s", err.Error())
	}
	if denied(err) {
		return failed(codePermission, "The provided role does not have sufficient permissions: %s", api.ErrorMessage())
	}
	return failed(code, "%s (Error Code: %s)", api.ErrorMessage(), api.ErrorCode())
}

func denied(err error) bool {
	return hasCode(err, "AccessDenied", "AccessDeniedException")
}

// hasCode says whether the error is an API error of one of the codes.
func hasCode(err error, codes ...string) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && slices.Contains(codes, api.ErrorCode())
}

// recordFailure puts the error into the action's record.
func (s *Service) recordFailure(a *actionRun, err error) {
	f, ok := errors.AsType[*failure](err)
	if !ok {
		s.env.Log.Error("pipeline action", "action", a.Name, "error", err)
		f = &failure{code: codeInternal, message: "Internal error: " + err.Error()}
	}
	if f.code != "" {
		a.Error = &types.ErrorDetails{Code: aws.String(f.code), Message: aws.String(clip(f.message))}
	}
	if a.Summary == "" || f.code == "" {
		a.Summary = clip(f.message)
	}
}

// clip keeps a text within the API's limit of summaries.
func clip(s string) string {
	const most = 2048
	if len(s) <= most {
		return s
	}
	r := []rune(s)
	return string(r[:min(len(r), most-3)]) + "..."
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func dropSource(all []types.SourceRevision, action string) []types.SourceRevision {
	return slices.DeleteFunc(all, func(r types.SourceRevision) bool { return aws.ToString(r.ActionName) == action })
}

func dropRevision(all []types.ArtifactRevision, name string) []types.ArtifactRevision {
	return slices.DeleteFunc(all, func(r types.ArtifactRevision) bool { return aws.ToString(r.Name) == name })
}
