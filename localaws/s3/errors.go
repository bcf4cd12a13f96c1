package s3

import (
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// fail makes an error for which the SDK has no type.
func fail(code, message string) error {
	return &smithy.GenericAPIError{Code: code, Message: message, Fault: smithy.FaultClient}
}

func notImplemented() error {
	return fail("NotImplemented", "A header you provided implies functionality that is not implemented.")
}

func noSuchKey() error {
	return &types.NoSuchKey{Message: aws.String("The specified key does not exist.")}
}

// errVersionID is of an id that S3 cannot have given.
var errVersionID = fail("InvalidArgument", "Invalid version id specified")

func noSuchVersion() error {
	return fail("NoSuchVersion", "The specified version does not exist.")
}

func noSuchUpload() error {
	return &types.NoSuchUpload{Message: aws.String("The specified upload does not exist. " +
		"The upload ID may be invalid, or the upload may have been aborted or completed.")}
}

func preconditionFailed() error {
	return fail("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
}

// markerError is what a read meets at a delete marker: an API error whose
// answer carries headers, which the wire adds where an error has them.
type markerError struct {
	smithy.APIError
	header http.Header
}

// Header returns the headers of the error's answer.
func (e *markerError) Header() http.Header { return e.header }

// Unwrap returns the API error itself.
func (e *markerError) Unwrap() error { return e.APIError }

// deletedKey answers a read whose key's newest version is a delete marker.
func deletedKey(marker *version) error {
	return &markerError{&types.NoSuchKey{Message: aws.String("The specified key does not exist.")}, http.Header{
		"X-Amz-Delete-Marker": {"true"}, "X-Amz-Version-Id": {marker.ID},
	}}
}

// methodNotAllowed answers a read of a delete marker by its own version id.
func methodNotAllowed(marker *version) error {
	return &markerError{
		&smithy.GenericAPIError{
			Code: "MethodNotAllowed", Message: "The specified method is not allowed against this resource.",
			Fault: smithy.FaultClient,
		},
		http.Header{
			"Allow": {"DELETE"}, "X-Amz-Delete-Marker": {"true"}, "X-Amz-Version-Id": {marker.ID},
			"Last-Modified": {marker.Modified.UTC().Format(http.TimeFormat)},
		},
	}
}

// headError is the form of an error on a HEAD request, whose answer has no
// body to tell one missing thing from another.
func headError(err error) error {
	api, ok := asAPIError(err)
	if !ok || !strings.HasPrefix(api.ErrorCode(), "NoSuch") {
		return err
	}
	notFound := &types.NotFound{Message: aws.String("Not Found")}
	if marker, ok := errors.AsType[*markerError](err); ok {
		return &markerError{notFound, marker.header}
	}
	return notFound
}

func asAPIError(err error) (smithy.APIError, bool) { return errors.AsType[smithy.APIError](err) }
