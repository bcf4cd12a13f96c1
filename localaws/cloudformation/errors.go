package cloudformation

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/resource"
	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
)

// invalid is the error that CloudFormation has for nearly everything. Its service model does not declare it.
func invalid(format string, args ...any) error {
	return &smithy.GenericAPIError{Code: "ValidationError", Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}

// answer turns the mistakes of a template into a ValidationError.
func answer(err error) error {
	if e, ok := errors.AsType[*template.Error](err); ok {
		return invalid("%s", e.Message)
	}
	return err
}

func insufficient(required ...types.Capability) error {
	names := make([]string, len(required))
	for i, c := range required {
		names[i] = string(c)
	}
	return &types.InsufficientCapabilitiesException{
		Message: aws.String("Requires capabilities : [" + strings.Join(names, ", ") + "]"),
	}
}

// because returns the reason that a resource's event gives for a failure, in
// the form that AWS's resource handlers have.
func because(err error, token string) string {
	if e, ok := errors.AsType[*template.Error](err); ok {
		return e.Message
	}
	message, code := err.Error(), "GeneralServiceException"
	if e, ok := errors.AsType[*resource.Error](err); ok {
		if e.Early {
			return e.Message
		}
		message, code = e.Message, e.Code
	} else if e, ok := errors.AsType[smithy.APIError](err); ok {
		message, code = e.ErrorMessage(), handlerCode(e.ErrorCode())
		if where := origin(err); where != "" {
			message += " (" + where + ")"
		}
	}
	return `Resource handler returned message: "` + message + `" (RequestToken: ` + token + ", HandlerErrorCode: " + code + ")"
}

// origin is "Service: S3, Status Code: 409, Request ID: ..." where the error came from a service.
func origin(err error) string {
	var parts []string
	if e, ok := errors.AsType[*smithy.OperationError](err); ok {
		parts = append(parts, "Service: "+strings.ReplaceAll(e.ServiceID, " ", ""))
	}
	if e, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		parts = append(parts, fmt.Sprintf("Status Code: %d", e.HTTPStatusCode()), "Request ID: "+e.ServiceRequestID())
	}
	return strings.Join(parts, ", ")
}

// handlerCode classifies a service's error code as the handlers' contract has it (types.HandlerErrorCode).
func handlerCode(code string) string {
	switch {
	case strings.Contains(code, "AccessDenied"), strings.Contains(code, "NotAuthorized"):
		return "AccessDenied"
	case strings.Contains(code, "AlreadyExists"), strings.Contains(code, "AlreadyOwned"), strings.Contains(code, "NameExists"), code == "ResourceConflictException":
		return "AlreadyExists"
	case strings.Contains(code, "NotFound"), strings.Contains(code, "NoSuch"), strings.Contains(code, "DoesNotExist"):
		return "NotFound"
	case strings.Contains(code, "Throttl"), strings.Contains(code, "TooManyRequests"):
		return "Throttling"
	case strings.Contains(code, "LimitExceeded"):
		return "ServiceLimitExceeded"
	case strings.Contains(code, "Invalid"), strings.Contains(code, "Validation"), strings.Contains(code, "Malformed"):
		return "InvalidRequest"
	default:
		return "GeneralServiceException"
	}
}

func isMissing(err error) bool {
	_, ok := errors.AsType[*types.ChangeSetNotFoundException](err)
	return ok
}
