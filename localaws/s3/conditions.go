package s3

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// conditions are the preconditions of a read.
type conditions struct {
	match, noneMatch               *string
	modifiedSince, unmodifiedSince *time.Time
}

// check applies RFC 9110's order: ETags win over times.
func (c conditions) check(v *version) error {
	switch {
	case c.match != nil && !matches(*c.match, v),
		c.match == nil && c.unmodifiedSince != nil && v.Modified.After(*c.unmodifiedSince):
		return preconditionFailed()
	case c.noneMatch != nil && matches(*c.noneMatch, v),
		c.noneMatch == nil && c.modifiedSince != nil && !v.Modified.After(*c.modifiedSince):
		return fail("NotModified", "Not Modified")
	}
	return nil
}

// matches says whether a header of ETags, quoted or not, names the version.
func matches(header string, v *version) bool {
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.Trim(strings.TrimSpace(tag), `"`)
		if tag == "*" || tag == v.ETag {
			return true
		}
	}
	return false
}

// ifMatches is the check of a conditional write.
func ifMatches(match, noneMatch *string) func(old *version) error {
	if match == nil && noneMatch == nil {
		return nil
	}
	return func(old *version) error {
		switch {
		case match != nil && old == nil:
			return noSuchKey()
		case match != nil && !matches(*match, old), noneMatch != nil && old != nil:
			return preconditionFailed()
		}
		return nil
	}
}

// checkIfNoneMatch holds S3's rule that a write knows only "*" there.
func checkIfNoneMatch(noneMatch *string) error {
	if noneMatch != nil && strings.Trim(aws.ToString(noneMatch), `"`) != "*" {
		return notImplemented()
	}
	return nil
}
