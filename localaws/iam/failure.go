package iam

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

func noSuchEntity(message string) error {
	return &types.NoSuchEntityException{Message: aws.String(message)}
}

func alreadyExists(message string) error {
	return &types.EntityAlreadyExistsException{Message: aws.String(message)}
}

func deleteConflict(message string) error {
	return &types.DeleteConflictException{Message: aws.String(message)}
}

func limitExceeded(message string) error {
	return &types.LimitExceededException{Message: aws.String(message)}
}

func invalid(message string) error {
	return &smithy.GenericAPIError{Code: "ValidationError", Message: message, Fault: smithy.FaultClient}
}

func accessDenied(message string) error {
	return &smithy.GenericAPIError{Code: "AccessDenied", Message: message, Fault: smithy.FaultClient}
}

// parse holds a document against its grammar before it is written.
func parse(document *string, kind policy.Kind) error {
	_, err := policy.Parse(aws.ToString(document), kind)
	if fault, ok := errors.AsType[*policy.Error](err); ok {
		return &types.MalformedPolicyDocumentException{Message: aws.String(fault.Message)}
	}
	return err
}

func isMissing(err error) bool {
	_, ok := errors.AsType[*types.NoSuchEntityException](err)
	return ok
}
