package iam

import (
	"cmp"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// Where a decision of ours stands, beyond the policies that package policy knows.
const (
	inTrust = "role trust policy"
	inToken = "session token"
)

// Denied is the error of a decision that does not allow, in AWS's words:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func Denied(p identity.Principal, action string, made Decision) error {
	if made.In == inToken {
		// As it is reported of IAM in https://github.com/99designs/aws-vault/issues/1056.
		return &smithy.GenericAPIError{
			Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid", Fault: smithy.FaultClient,
		}
	}
	if p.ARN == "" && p.Service == "" {
		return accessDenied("Access Denied") // nobody: S3 and function URLs are all that let nobody in
	}
	if name, ok := strings.CutPrefix(action, "sns:"); ok {
		action = "SNS:" + name // as in https://github.com/aws-ia/terraform-aws-control_tower_account_factory/issues/151
	}
	message := "User: " + cmp.Or(p.ARN, p.Service) + " is not authorized to perform: " + action
	if shown := shown(action, made.Resource); shown != "" {
		message += " on resource: " + shown
	}
	if why := made.Why(action); why != "" {
		message += " " + why
	}
	return accessDenied(message)
}

// shown is a resource as the services show it: S3 puts it in quotes and says
// nothing of none, IAM has names of its own for most of what exists already, as
// its clients' reports show: "iam:GetRole on resource: role build".
func shown(action, resource string) string {
	switch vendor, name, _ := strings.Cut(action, ":"); {
	case vendor == "s3" && resource == "*":
		return ""
	case vendor == "s3":
		return `"` + resource + `"`
	case vendor == "iam" && !shownByARN[name]:
		return shownByIAM(name, resource)
	default:
		return resource
	}
}

// shownByARN are the actions of IAM that show an ARN after all.
var shownByARN = map[string]bool{
	"CreateGroup": true, "CreateRole": true, "CreateServiceLinkedRole": true, "CreateUser": true, "GetContextKeysForPrincipalPolicy": true,
	"ListGroups": true, "ListRoles": true, "ListUsers": true, "PassRole": true, "SimulatePrincipalPolicy": true,
}

// shownByIAM is such as "role build" or "policy arn:aws:iam::123456789012:policy/limit".
func shownByIAM(name, resource string) string {
	label, path, ok := strings.Cut(resource[strings.LastIndex(resource, ":")+1:], "/")
	last := path[strings.LastIndex(path, "/")+1:]
	switch {
	case name == "ListPolicies":
		return "policy path /" // as in https://github.com/aws/aws-sam-cli/issues/394
	case !ok:
		return resource
	case label == "policy" && name != "CreatePolicy":
		return "policy " + resource
	default:
		return label + " " + last
	}
}

// Why says what stands against an access, in the words of AWS's messages;
// empty for a decision that allows. STS does not say which policy failed to
// allow: https://github.com/aws/aws-cli/issues/7216. The ARN of a policy that denies is told since 2026:
// https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns
func (d Decision) Why(action string) string {
	article := "a "
	if strings.HasPrefix(d.In, "i") {
		article = "an "
	} else if d.In == inTrust {
		article = "the "
	}
	switch {
	case d.Decision == policy.Allowed || d.In == "" || d.Decision == policy.ImplicitDeny && trustActions[action]:
		return ""
	case d.Decision == policy.ExplicitDeny:
		if d.Policy != "" {
			return "with an explicit deny in " + article + d.In + ": " + d.Policy
		}
		return "with an explicit deny in " + article + d.In
	default:
		return "because no " + d.In + " allows the " + action + " action"
	}
}
