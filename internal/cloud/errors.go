package cloud

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"
)

// Trouble sorts the errors of AWS calls by what a person can do about them.
type Trouble int

// The kinds of trouble.
const (
	// Other is anything else.
	Other Trouble = iota
	// NotFound means that AWS answered that the thing does not exist.
	NotFound
	// Denied means that the caller may not look or act.
	Denied
	// Credentials means that there are none, or that they have expired.
	Credentials
	// Throttled means that AWS asks for fewer calls.
	Throttled
	// Unreachable means that no answer came.
	Unreachable
)

var (
	deniedCodes = []string{
		"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError",
		"NotAuthorized", "Forbidden", "403",
	}
	credentialCodes = []string{
		"ExpiredToken", "ExpiredTokenException", "RequestExpired", "UnrecognizedClientException",
		"InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidAccessKeyId", "MissingAuthenticationToken",
		"RequestTimeTooSkewed", "AuthFailure", "InvalidSignatureException",
	}
	notFoundCodes = []string{
		"NoSuchEntity", "NoSuchBucket", "NoSuchKey", "NoSuchUpload", "NoSuchBucketPolicy", "NotFound", "404", "ResourceNotFoundException",
		"ResourceNotFound", "RepositoryDoesNotExistException", "PipelineNotFoundException", "StackNotFoundException",
		"BranchDoesNotExistException", "FileDoesNotExistException", "ChangeSetNotFound",
	}
)

// TroubleOf says what kind of trouble an error is; nil is Other.
func TroubleOf(err error) Trouble {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		code := api.ErrorCode()
		switch {
		case slices.Contains(notFoundCodes, code):
			return NotFound
		case code == "ValidationError" && strings.Contains(api.ErrorMessage(), "does not exist"):
			return NotFound // CloudFormation has no exception of its own for a stack that is not there
		case slices.Contains(deniedCodes, code):
			return Denied
		case slices.Contains(credentialCodes, code):
			return Credentials
		}
		if _, throttled := retry.DefaultThrottleErrorCodes[code]; throttled {
			return Throttled
		}
		return Other
	}
	// The SDK has no type for "no credentials in the chain". It asks the instance
	// metadata last, so that most often a network error is in it.
	if err != nil && strings.Contains(err.Error(), "failed to refresh cached credentials") {
		return Credentials
	}
	if _, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
		return Credentials
	}
	if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, context.DeadlineExceeded) {
		return Unreachable
	}
	return Other
}

// IsNotFound tells whether AWS answered that the thing does not exist.
func IsNotFound(err error) bool { return TroubleOf(err) == NotFound }
