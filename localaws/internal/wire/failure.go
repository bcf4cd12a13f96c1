package wire

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/aws/smithy-go"
)

// failure is an error as it goes over the wire.
type failure struct {
	code, message string
	status        int
	// detail is the SDK's typed exception with its plan, where the error is one.
	detail reflect.Value
	node   *node
	// members are what S3's error says besides, where that is more than its code tells.
	members []errorMember
	// header goes with the answer, as of S3's errors at delete markers.
	header http.Header
	// cause is set where the error is a defect of ours.
	cause error
}

// noSuchOperationError is a request for an operation that the service does not have,
// or that is not served here.
type noSuchOperationError struct {
	name  string
	known bool // AWS has it
}

func (e *noSuchOperationError) Error() string { return "no such operation: " + e.name }

const internalMessage = "We encountered an internal error. Please try again."

func (s *service) internalCode() string {
	if s.name == "s3" {
		return "InternalError"
	}
	return "InternalFailure"
}

// isDenied finds AWS's refusal in general terms; each protocol has its own code for it.
func isDenied(code string) bool { return code == "AccessDenied" || code == "AccessDeniedException" }

// failureOf puts an error in the terms of the service.
func (s *service) failureOf(err error) failure {
	if e, ok := errors.AsType[*noSuchOperationError](err); ok {
		return s.unknownOperation(e)
	}
	if e, ok := errors.AsType[*malformed](err); ok {
		code := map[string]string{"query": "MalformedQueryString", "rest-xml": "MalformedXML"}[s.protocol]
		return failure{code: orElse(code, "SerializationException"), message: e.message, status: http.StatusBadRequest}
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		f := failure{code: s.internalCode(), message: internalMessage, status: http.StatusInternalServerError, cause: err}
		if errors.Is(err, context.Canceled) {
			f.cause = nil // the client went away
		}
		return f
	}
	f := s.exception(api)
	if with, ok := errors.AsType[interface {
		error
		Header() http.Header
	}](err); ok {
		f.header = with.Header()
	}
	return f
}

func (s *service) exception(api smithy.APIError) failure {
	f := failure{code: api.ErrorCode(), message: api.ErrorMessage()}
	if isDenied(f.code) {
		f.code = s.words.denied
	}
	typ := reflect.TypeOf(api)
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	exceptions := s.table.codes()
	model := exceptions[typ.Name()]
	if model == nil {
		model = exceptions[f.code]
	} else {
		f.detail, f.node = reflect.Indirect(reflect.ValueOf(api)), s.table.plan(typ.Name(), typ)
	}
	f.status = s.statusOf(f.code, model, api.ErrorFault())
	return f
}

func (s *service) statusOf(code string, model *shape, fault smithy.ErrorFault) int {
	switch {
	case statuses[code] != 0 && (s.name == "s3" || model == nil || model.Error.HTTPStatusCode == 0):
		return s.deniedStatus(code)
	case model != nil && model.Error.HTTPStatusCode != 0:
		return model.Error.HTTPStatusCode
	case fault == smithy.FaultServer || model != nil && model.Fault:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// deniedStatus is statuses, but for the JSON services, which refuse with 400.
func (s *service) deniedStatus(code string) int {
	if s.protocol == "json" && statuses[code] == http.StatusForbidden {
		return http.StatusBadRequest
	}
	return statuses[code]
}

// unknownOperation names an operation of AWS's that is not served; what AWS
// does not have either is answered as AWS does.
func (s *service) unknownOperation(e *noSuchOperationError) failure {
	notServed := ""
	if e.known {
		notServed = "The operation " + e.name + " is not served here."
	}
	switch s.protocol {
	case "query":
		if e.name == "" {
			return failure{code: "MissingAction", message: "The request must contain the parameter Action.", status: http.StatusBadRequest}
		}
		message := orElse(notServed, "Could not find operation "+e.name+" for version "+s.table.APIVersion)
		return failure{code: "InvalidAction", message: message, status: http.StatusBadRequest}
	case "rest-xml":
		if e.known {
			return failure{
				code: "NotImplemented", status: http.StatusNotImplemented,
				message: "A header you provided implies functionality that is not implemented",
				members: []errorMember{{"additionalMessage", notServed}},
			}
		}
		return failure{
			code: "MethodNotAllowed", status: http.StatusMethodNotAllowed,
			message: "The specified method is not allowed against this resource.",
		}
	case "rest-json":
		return failure{code: "UnknownOperationException", message: notServed, status: http.StatusNotFound}
	}
	return failure{code: "UnknownOperationException", message: notServed, status: http.StatusBadRequest}
}

func (f failure) server() bool { return f.status >= http.StatusInternalServerError }

// jsonBody writes the error as the JSON protocols have it.
func (f failure) jsonBody(b []byte) []byte {
	b = append(b, `{"__type":`...)
	b = appendJSONString(b, f.code)
	if f.node != nil {
		if members := appendJSONMembers(nil, f.node, f.detail); len(members) > len("{}") {
			return append(append(b, ','), members[1:]...)
		}
	}
	if f.message != "" {
		b = append(b, `,"message":`...)
		b = appendJSONString(b, f.message)
	}
	return append(b, '}')
}

// xmlMembers writes the code, the message and what else the exception holds.
func (f failure) xmlMembers(b []byte) []byte {
	b = closeTag(appendEscaped(append(b, "<Code>"...), f.code), "Code")
	b = closeTag(appendEscaped(append(b, "<Message>"...), f.message), "Message")
	if f.node == nil {
		return b
	}
	for _, field := range f.node.fields {
		value, absent := indirect(f.detail.Field(field.index))
		if absent || strings.EqualFold(field.member, "message") {
			continue
		}
		b = appendXML(b, field.wire, field.node, value, field.ns)
	}
	return b
}

func (f failure) writeHeaders(header http.Header) {
	if f.node != nil {
		writeHeaders(header, f.node, f.detail)
	}
}

// statuses are those of errors that AWS's models leave out: S3's, from the list
// of error responses in its API reference, and the errors common to all services.
var statuses = map[string]int{
	"AccessDenied":                                   403,
	"AccessDeniedException":                          403,
	"AuthorizationError":                             403,
	"AuthorizationHeaderMalformed":                   400,
	"BucketAlreadyExists":                            409,
	"BucketAlreadyOwnedByYou":                        409,
	"BucketNotEmpty":                                 409,
	"ConditionalRequestConflict":                     409,
	"ExpiredToken":                                   403,
	"InternalError":                                  500,
	"InternalFailure":                                500,
	"InvalidAccessKeyId":                             403,
	"InvalidBucketState":                             409,
	"InvalidClientTokenId":                           403,
	"InvalidObjectState":                             403,
	"InvalidRange":                                   416,
	"InvalidPartNumber":                              416,
	"InvalidSignatureException":                      403,
	"MethodNotAllowed":                               405,
	"MissingAuthenticationToken":                     403,
	"MissingContentLength":                           411,
	"NoSuchBucket":                                   404,
	"NoSuchBucketPolicy":                             404,
	"NoSuchCORSConfiguration":                        404,
	"NoSuchConfiguration":                            404,
	"NoSuchKey":                                      404,
	"NoSuchLifecycleConfiguration":                   404,
	"NoSuchPublicAccessBlockConfiguration":           404,
	"NoSuchTagSet":                                   404,
	"NoSuchUpload":                                   404,
	"NoSuchVersion":                                  404,
	"NoSuchWebsiteConfiguration":                     404,
	"NotFound":                                       404,
	"NotImplemented":                                 501,
	"NotModified":                                    304,
	"ObjectLockConfigurationNotFoundError":           404,
	"OperationAborted":                               409,
	"OwnershipControlsNotFoundError":                 404,
	"PreconditionFailed":                             412,
	"ReplicationConfigurationNotFoundError":          404,
	"RequestTimeTooSkewed":                           403,
	"ServerSideEncryptionConfigurationNotFoundError": 404,
	"ServiceUnavailable":                             503,
	"SignatureDoesNotMatch":                          403,
	"SlowDown":                                       503,
	"TooManyRequestsException":                       429,
	"UnrecognizedClientException":                    403,
	"MissingAuthenticationTokenException":            403,
	"ExpiredTokenException":                          403,
	"RequestEntityTooLargeException":                 413,
}
