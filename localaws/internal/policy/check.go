package policy

import (
	"regexp"
	"strings"
)

var (
	vendor    = regexp.MustCompile(`^[a-zA-Z0-9.-]+$`)
	accountID = regexp.MustCompile(`^\d{12}$`)
	principal = regexp.MustCompile(`^arn:aws[a-z-]*:(iam|sts)::\d{12}:.+$`)
	service   = regexp.MustCompile(`^[a-z0-9.-]+\.(amazonaws\.com|amazon\.com|aws\.internal)$`)
)

// check holds the parsed document against the rules of its kind, in IAM's own order.
func check(doc *Document, kind Kind) error {
	sids := map[string]bool{}
	for i := range doc.Statements {
		s := &doc.Statements[i]
		switch {
		case s.Effect != Allow && s.Effect != Deny:
			if strings.EqualFold(string(s.Effect), "allow") || strings.EqualFold(string(s.Effect), "deny") {
				return errLegacy
			}
			return errSyntax
		case s.Action != nil && s.NotAction != nil, s.Resource != nil && s.NotResource != nil,
			s.Principal != nil && s.NotPrincipal != nil:
			return errSyntax
		case s.Sid != "" && sids[s.Sid]:
			return errSids
		case len(s.Action)+len(s.NotAction) == 0:
			return errActions
		}
		sids[s.Sid] = true
		if err := checkActions(s); err != nil {
			return err
		}
		if err := checkKind(s, kind); err != nil {
			return err
		}
	}
	return nil
}

func checkKind(s *Statement, kind Kind) error {
	switch kind {
	case Identity:
		if s.Principal != nil || s.NotPrincipal != nil {
			return &Error{"Policy document should not specify a principal."}
		}
		return checkResources(s)
	case Trust:
		if s.Resource != nil || s.NotResource != nil {
			return &Error{"Has prohibited field Resource"}
		}
		for _, action := range append(s.Action, s.NotAction...) {
			if !strings.HasPrefix(strings.ToLower(action), "sts:") && action != "*" {
				return &Error{"AssumeRole policy may only specify STS AssumeRole actions."}
			}
		}
		return checkPrincipals(s)
	default:
		if err := checkPrincipals(s); err != nil {
			return err
		}
		return checkResources(s)
	}
}

func checkActions(s *Statement) error {
	for _, action := range append(s.Action, s.NotAction...) {
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

func checkResources(s *Statement) error {
	if len(s.Resource)+len(s.NotResource) == 0 {
		return errResources
	}
	for _, resource := range append(s.Resource, s.NotResource...) {
		if resource == "*" {
			continue
		}
		parts := strings.SplitN(resource, ":", 6)
		switch {
		case parts[0] != "arn":
			return &Error{"Resource " + resource + ` must be in ARN format or "*".`}
		case len(parts) < 6 && !strings.HasSuffix(resource, "*"):
			return errLegacy
		case len(parts) > 1 && !strings.HasPrefix(parts[1], "aws") && !strings.ContainsAny(parts[1], "*?$"):
			return &Error{`Partition "` + parts[1] + `" is not valid for resource "` + resource + `".`}
		}
	}
	return nil
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
			return &Error{`Invalid principal in policy: "AWS":"` + name + `"`}
		}
	}
	for _, name := range p.Service {
		if !service.MatchString(name) {
			return &Error{`Invalid principal in policy: "SERVICE":"` + name + `"`}
		}
	}
	return nil
}
