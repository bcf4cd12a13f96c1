package lambda

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
)

func invalid(message string) error {
	return &types.InvalidParameterValueException{Message: aws.String(message), Type: aws.String("User")}
}

func notFound(message string) error {
	return &types.ResourceNotFoundException{Message: aws.String(message), Type: aws.String("User")}
}

func conflict(message string) error {
	return &types.ResourceConflictException{Message: aws.String(message), Type: aws.String("User")}
}

func throttled(reason types.ThrottleReason) error {
	return &types.TooManyRequestsException{Message: aws.String("Rate Exceeded."), Reason: reason, Type: aws.String("User")}
}

func accessDenied(message string) error {
	return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: message, Fault: smithy.FaultClient}
}

// checkRevision refuses a change to something that has changed since the caller looked.
func checkRevision(want *string, have string) error {
	if want == nil || *want == have {
		return nil
	}
	return &types.PreconditionFailedException{Type: aws.String("User"), Message: aws.String(
		"The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")}
}

func missingResource() error { return notFound("The resource you requested does not exist.") }
