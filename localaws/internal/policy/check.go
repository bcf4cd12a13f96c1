package policy

import (
	"regexp"
	"slices"
	"strings"
)

var (
	alphanumeric = regexp.MustCompile(`^[0-9A-Za-z]*$`)
	vendor       = regexp.MustCompile(`^[a-zA-Z0-9.-]+$`)
	accountID    = regexp.MustCompile(`^\d{12}$`)
	principal    = regexp.MustCompile(`^arn:aws[a-z-]*:(iam::\d{12}:(root|(user|role)/[^*?]+)|sts::\d{12}:(assumed-role/[^*?/]+/[^*?/]+|federated-user/[^*?/]+))$`)
	service      = regexp.MustCompile(`^[a-z0-9.-]+\.(amazonaws\.com|amazon\.com|aws\.internal)$`)
)

// checks are the rules, in IAM's own order: a rule is asked of all statements before the next one.
var checks = []func(s *Statement, kind Kind) error{
	checkElements, checkLegacy, checkSid, checkPresent, checkResources, checkActions, checkKind,
}

// check holds the parsed document against the rules of its kind.
func check(doc *Document, kind Kind) error {
	for i, rule := range checks {
		for j := range doc.Statements {
			if err := rule(&doc.Statements[j], kind); err != nil {
				return err
			}
		}
		if i == 1 && !uniqueSids(doc.Statements) {
			return errSids
		}
	}
	return nil
}

func checkElements(s *Statement, _ Kind) error {
	if !strings.EqualFold(string(s.Effect), "allow") && !strings.EqualFold(string(s.Effect), "deny") ||
		s.Action != nil && s.NotAction != nil || s.Resource != nil && s.NotResource != nil || s.Principal != nil && s.NotPrincipal != nil {
		return errSyntax
	}
	return nil
}

// checkLegacy finds what is well-formed and still no policy.
func checkLegacy(s *Statement, kind Kind) error {
	if s.Effect != Allow && s.Effect != Deny {
		return errLegacy
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if strings.Contains(c.Operator, "Date") && slices.ContainsFunc(c.Values, func(value string) bool {
			_, ok := parseDate(value)
			return !ok && !strings.Contains(value, "${")
		}) {
			return errLegacy
		}
	}
	if kind == Trust {
		return nil
	}
	for _, resource := range slices.Concat(s.Resource, s.NotResource) {
		if strings.HasPrefix(resource, "arn:") && strings.Count(resource, ":") < arnParts-1 && !strings.HasSuffix(resource, "*") {
			return errLegacy
		}
	}
	return nil
}

func checkSid(s *Statement, kind Kind) error {
	if kind != Resource && !alphanumeric.MatchString(s.Sid) {
		return &Error{"Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"}
	}
	return nil
}

func uniqueSids(statements []Statement) bool {
	seen := map[string]bool{}
	for i := range statements {
		sid := statements[i].Sid
		if sid != "" && seen[sid] {
			return false
		}
		seen[sid] = true
	}
	return true
}

func checkPresent(s *Statement, _ Kind) error {
	if len(s.Action)+len(s.NotAction) == 0 {
		return errActions
	}
	return nil
}

func checkActions(s *Statement, _ Kind) error {
	for _, action := range slices.Concat(s.Action, s.NotAction) {
		prefix, rest, found := strings.Cut(action, ":")
		switch {
		case action == "*":
		case !found:
			return &Error{"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."}
		case strings.Contains(rest, ":"):
			return &Error{"Actions/Condition can contain only one colon."}
		case !vendor.MatchString(prefix) && prefix != "*":
			return &Error{"Vendor " + prefix + " is not valid"}
		}
	}
	return nil
}

func checkResources(s *Statement, kind Kind) error {
	for _, resource := range slices.Concat(s.Resource, s.NotResource) {
		if resource == "*" {
			continue
		}
		parts := strings.SplitN(resource, ":", arnParts)
		switch {
		case parts[0] != "arn":
			return &Error{"Resource " + resource + ` must be in ARN format or "*".`}
		case len(parts) > 1 && !strings.HasPrefix(parts[1], "aws") && !strings.ContainsAny(parts[1], "*?$"):
			return &Error{`Partition "` + parts[1] + `" is not valid for resource "` + resource + `".`}
		case kind == Identity && len(parts) == arnParts:
			if err := checkARN(resource, parts); err != nil {
				return err
			}
		}
	}
	return nil
}

// iamPaths are what the resources of IAM start with.
var iamPaths = []string{
	"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
	"sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/",
}

func checkARN(resource string, parts []string) error {
	switch parts[2] {
	case "iam":
		if parts[3] != "" && parts[3] != "*" {
			return &Error{"IAM resource " + resource + " cannot contain region information."}
		}
		if !strings.HasPrefix(parts[5], "*") && !slices.ContainsFunc(iamPaths, func(path string) bool { return strings.HasPrefix(parts[5], path) }) {
			return &Error{`IAM resource path must either be "*" or start with ` + strings.Join(iamPaths, ", ") + "."}
		}
	case "s3":
		if parts[3] != "" && parts[3] != "*" && !strings.HasPrefix(parts[5], "accesspoint/") {
			return &Error{"Resource " + resource + " can not contain region information."}
		}
	}
	return nil
}

func checkKind(s *Statement, kind Kind) error {
	switch {
	case kind == Identity && (s.Principal != nil || s.NotPrincipal != nil):
		return &Error{"Policy document should not specify a principal."}
	case kind == Trust && (s.Resource != nil || s.NotResource != nil):
		return &Error{"Has prohibited field Resource"}
	case kind == Trust && slices.ContainsFunc(slices.Concat(s.Action, s.NotAction), func(action string) bool {
		return !strings.HasPrefix(strings.ToLower(action), "sts:") && action != "*"
	}):
		return &Error{"AssumeRole policy may only specify STS AssumeRole actions."}
	case kind != Trust && len(s.Resource)+len(s.NotResource) == 0:
		return errResources
	case kind == Identity:
		return nil
	}
	return checkPrincipals(s)
}

func checkPrincipals(s *Statement) error {
	p := s.Principal
	if p == nil {
		p = s.NotPrincipal
	}
	if p == nil {
		return &Error{"Missing required field Principal"}
	}
	for _, name := range p.AWS {
		if name != "*" && !accountID.MatchString(name) && !principal.MatchString(name) {
			return InvalidPrincipal(name)
		}
	}
	for _, name := range p.Service {
		if !service.MatchString(name) {
			return &Error{`Invalid principal in policy: "SERVICE":"` + name + `"`}
		}
	}
	return nil
}

// InvalidPrincipal is the fault of naming an AWS principal that is none.
func InvalidPrincipal(name string) *Error {
	return &Error{`Invalid principal in policy: "AWS":"` + name + `"`}
}
