package iam

import (
	"cmp"
	"strings"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// Denied is the AccessDenied error of a decision that does not allow, in AWS's words:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func Denied(p identity.Principal, action string, made Decision) error {
	resource := made.Resource
	if strings.HasPrefix(action, "s3:") {
		resource = `"` + resource + `"` // S3 alone puts it in quotes
	}
	message := "User: " + cmp.Or(p.ARN, p.Service) + " is not authorized to perform: " + action + " on resource: " + resource
	if why := made.Why(action); why != "" {
		message += " " + why
	}
	return accessDenied(message)
}

// Why says what stands against an access, in the words of AWS's messages;
// empty for a decision that allows. Of a trust policy AWS says nothing.
func (d Decision) Why(action string) string {
	switch {
	case d.Decision == policy.Allowed || d.In == "" || action == "sts:AssumeRole" && d.In == "role trust policy":
		return ""
	case d.Decision == policy.ExplicitDeny && strings.HasPrefix(d.In, "i"):
		return "with an explicit deny in an " + d.In
	case d.Decision == policy.ExplicitDeny:
		return "with an explicit deny in a " + d.In
	default:
		return "because no " + d.In + " allows the " + action + " action"
	}
}
