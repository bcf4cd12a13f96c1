package codepipeline

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
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

// bucketFailure words what went wrong with a bucket, as AWS does where the role
// lacks a permission: "... Error: Amazon S3:AccessDenied:Access Denied (Service:
// Amazon S3; Status Code: 403; Error Code: AccessDenied; Request ID: ...)".
func bucketFailure(bucket string, err error) error {
	if !denied(err) {
		return failedCall(codeConfiguration, err)
	}
	return failed(codePermission, "The service role or action role doesn’t have the permissions required to access the Amazon S3 bucket named %s. "+
		"Update the IAM role permissions, and then try again. Error: Amazon S3:AccessDenied:%s", bucket, inJava("Amazon S3", err))
}

// artifactFailure is what AWS's deploy actions say of an artifact that the role
// cannot read, or that no action has uploaded; the reason at the end is ours.
func artifactFailure(a artifact, err error) error {
	if !denied(err) && !hasCode(err, "NoSuchKey") {
		return failedCall(codeConfiguration, err)
	}
	return failed(codePermission, "Unable to access the artifact with Amazon S3 object key '%s' located in the Amazon S3 artifact bucket '%s'. "+
		"The provided role does not have sufficient permissions. (%s)", a.Key, a.Bucket, apiMessage(err))
}

// inJava words an API's error as the SDK for Java does, with which AWS's own
// actions speak: "Project cannot be found: arn:... (Service: AWSCodeBuild;
// Status Code: 400; Error Code: ResourceNotFoundException; Request ID: ...; Proxy: null)".
func inJava(service string, err error) string {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err.Error()
	}
	status, request := http.StatusBadRequest, "null"
	if answer, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		status, request = answer.HTTPStatusCode(), answer.ServiceRequestID()
	}
	return fmt.Sprintf("%s (Service: %s; Status Code: %d; Error Code: %s; Request ID: %s; Proxy: null)",
		api.ErrorMessage(), service, status, api.ErrorCode(), request)
}

func denied(err error) bool {
	return hasCode(err, "AccessDenied", "AccessDeniedException", "AuthorizationError") // the last one is SNS's
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
