package wire

import (
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
)

// invalid is how the service refuses an input that breaks its model.
func (s *service) invalid(op *codec, violations []violation) error {
	if s.name == "codecommit" {
		if err := s.ownException(op, violations[0]); err != nil {
			return err
		}
	}
	if s.protocol == "rest-xml" {
		return invalidS3(violations[0])
	}
	code := "ValidationException"
	switch {
	case s.name == "logs":
		code = "InvalidParameterException"
	case s.protocol == "query":
		code = "ValidationError"
	}
	return &refusal{code: code, message: describe(violations), status: http.StatusBadRequest}
}

// ownException finds the exception that CodeCommit has for one member: a
// missing repositoryName is a RepositoryNameRequiredException, one that breaks
// the pattern an InvalidRepositoryNameException, if the operation has them.
func (s *service) ownException(op *codec, v violation) error {
	if v.member == "" {
		return nil
	}
	name := strings.ToUpper(v.member[:1]) + v.member[1:]
	code := "Invalid" + name + "Exception"
	if v.value == "null" {
		code = name + "RequiredException"
	}
	if !slices.Contains(op.model.Errors, code) {
		return nil
	}
	return &smithy.GenericAPIError{Code: code, Message: s.table.shape(code).Doc}
}

// invalidS3 is S3's way: it knows no validation errors as the others do.
func invalidS3(v violation) error {
	if strings.Contains(v.path, ".") {
		return &smithy.GenericAPIError{
			Code: "MalformedXML", Message: "The XML you provided was not well-formed or did not validate against our published schema",
		}
	}
	if v.value == "null" {
		return &smithy.GenericAPIError{Code: "InvalidRequest", Message: "Missing required parameter: " + v.path}
	}
	return &smithy.GenericAPIError{Code: "InvalidArgument", Message: "Invalid argument: " + v.String()}
}
