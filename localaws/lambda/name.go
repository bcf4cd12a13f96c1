package lambda

import (
	"crypto/rand"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const latest = "$LATEST"

// functionName takes apart what stands for a function: its name, its ARN or its
// partial ARN (123456789012:function:name), each with or without a qualifier.
var functionName = regexp.MustCompile(`^(?:arn:aws[a-z-]*:lambda:([a-z0-9-]+):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9_-]+)(?::(\$LATEST|[a-zA-Z0-9_-]+))?$`)

// reference is a function as the caller named it. The qualifier is empty where none was given.
type reference struct{ name, qualifier string }

func (s *Service) refer(name, qualifier *string) (reference, error) {
	parts := functionName.FindStringSubmatch(aws.ToString(name))
	if parts == nil {
		return reference{}, invalid("Value " + aws.ToString(name) + " at 'functionName' failed to satisfy constraint: Member must be a function name or an ARN of a function")
	}
	ref := reference{parts[3], parts[4]}
	if given := aws.ToString(qualifier); given != "" {
		if ref.qualifier != "" && ref.qualifier != given {
			return ref, invalid("The derived qualifier from the function name does not match the specified qualifier.")
		}
		ref.qualifier = given
	}
	if parts[1] != "" && parts[1] != s.env.Region || parts[2] != "" && parts[2] != s.env.Account {
		return ref, s.missing(ref)
	}
	return ref, nil
}

func (s *Service) arn(ref reference) string {
	arn := s.env.ARN("lambda", "function:"+ref.name)
	if ref.qualifier != "" {
		arn += ":" + ref.qualifier
	}
	return arn
}

// arnOf is for the resources of an operation, before the name was checked.
func (s *Service) arnOf(name, qualifier *string) []string {
	ref, err := s.refer(name, qualifier)
	if err != nil {
		ref.name = aws.ToString(name)
	}
	return []string{s.arn(ref)}
}

func (s *Service) missing(ref reference) error { return notFound("Function not found: " + s.arn(ref)) }

// token makes 32 unguessable hexadecimal digits.
func token() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	return hex.EncodeToString(b[:])
}

func isVersion(qualifier string) bool {
	return qualifier != "" && strings.Trim(qualifier, "0123456789") == ""
}
