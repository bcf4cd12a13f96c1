package policy

import (
	"slices"
	"strings"
)

// Decision is what the policies say of a request.
type Decision int

// The decisions.
const (
	// ImplicitDeny means that nothing allows the request.
	ImplicitDeny Decision = iota
	// Allowed means that something allows it and nothing denies it.
	Allowed
	// ExplicitDeny means that a statement denies it.
	ExplicitDeny
)

// Caller is who asks, for the principals of trust and resource policies.
type Caller struct {
	// ARN is the caller's; a role's session has assumed-role in it.
	ARN string
	// RoleARN is the role of such a session.
	RoleARN string
	// Account is the caller's account.
	Account string
	// Service is set instead of all these where an AWS service itself asks.
	Service string
}

// Request is a question to the policies.
type Request struct {
	Action   string
	Resource string
	Caller   Caller
	Context  Context
}

// Policies are all that bear on a request.
type Policies struct {
	// Identity are those of the user or the role.
	Identity []*Document
	// Resource is the policy of the resource; nil where it has none.
	Resource *Document
	// Boundary limits the identity's policies; nil where there is none.
	Boundary *Document
	// Session are the policies given when the session was opened; nil where there are none.
	Session []*Document
}

// UseResourceTags reports whether a policy depends on the tags of the resource.
func (p *Policies) UseResourceTags() bool {
	uses := func(doc *Document) bool { return doc != nil && doc.resourceTags }
	return slices.ContainsFunc(p.Identity, uses) || slices.ContainsFunc(p.Session, uses) || uses(p.Boundary) || uses(p.Resource)
}

// Result is a decision and the statement that made it, which is nil for ImplicitDeny.
type Result struct {
	Decision  Decision
	Statement *Statement
	// In says which policy the statement stands in, in the words of AWS's
	// messages: "identity-based policy", "resource-based policy",
	// "permissions boundary" or "session policy". For an ImplicitDeny it is the
	// policy that failed to allow.
	In string
}

// The names of the policies in AWS's AccessDenied messages.
const (
	inIdentity = "identity-based policy"
	inResource = "resource-based policy"
	inBoundary = "permissions boundary"
	inSession  = "session policy"
)

// Evaluate decides a request within one account:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func Evaluate(r Request, p Policies) Result {
	if denied := p.denied(r); denied != nil {
		return *denied
	}
	grant := noGrant
	var by *Statement
	if p.Resource != nil {
		by, grant = resourceGrant(p.Resource, r)
	}
	if grant == direct {
		return Result{Allowed, by, inResource}
	}
	in := inResource
	if grant != toRole {
		if by, in = find(p.Identity, r, Allow), inIdentity; by == nil {
			return Result{In: inIdentity}
		}
	}
	if p.Boundary != nil && find([]*Document{p.Boundary}, r, Allow) == nil {
		return Result{In: inBoundary}
	}
	if p.Session != nil && find(p.Session, r, Allow) == nil {
		return Result{In: inSession}
	}
	return Result{Allowed, by, in}
}

func (p *Policies) denied(r Request) *Result {
	if s := find(p.Identity, r, Deny); s != nil {
		return &Result{ExplicitDeny, s, inIdentity}
	}
	if p.Boundary != nil {
		if s := find([]*Document{p.Boundary}, r, Deny); s != nil {
			return &Result{ExplicitDeny, s, inBoundary}
		}
	}
	if s := find(p.Session, r, Deny); s != nil {
		return &Result{ExplicitDeny, s, inSession}
	}
	if p.Resource != nil {
		for i := range p.Resource.Statements {
			s := &p.Resource.Statements[i]
			if s.Effect == Deny && s.principals(r.Caller) != noGrant && s.covers(r) {
				return &Result{ExplicitDeny, s, inResource}
			}
		}
	}
	return nil
}

// A grant is how closely a policy's principal names the caller.
type grant int

const (
	noGrant   grant = iota
	toAccount       // the account is named: the identity's own policies must allow as well
	toRole          // the session's role, or everybody: boundary and session policies still limit it
	direct          // this user, this session or this service
)

// resourceGrant returns the closest grant of the statements that allow.
func resourceGrant(doc *Document, r Request) (by *Statement, best grant) {
	for i := range doc.Statements {
		s := &doc.Statements[i]
		if s.Effect != Allow || !s.covers(r) {
			continue
		}
		if g := s.principals(r.Caller); g > best {
			by, best = s, g
		}
	}
	return by, best
}

// Trusts decides whether a role's trust policy lets the caller take the action
// (sts:AssumeRole). needsIdentity is true where the policy names only the
// caller's account, so that the caller's own policies must allow it too.
func Trusts(doc *Document, r Request) (decision Decision, needsIdentity bool) {
	for i := range doc.Statements {
		s := &doc.Statements[i]
		if s.Effect == Deny && s.principals(r.Caller) != noGrant && s.covers(r) {
			return ExplicitDeny, false
		}
	}
	_, g := resourceGrant(doc, r)
	if g == noGrant {
		return ImplicitDeny, false
	}
	return Allowed, g == toAccount
}

func find(docs []*Document, r Request, effect Effect) *Statement {
	for _, doc := range docs {
		for i := range doc.Statements {
			if s := &doc.Statements[i]; s.Effect == effect && s.covers(r) {
				return s
			}
		}
	}
	return nil
}

// covers reports whether action, resource and conditions of the statement fit.
// What cannot be decided counts against the caller: it fits a Deny and no Allow.
func (s *Statement) covers(r Request) bool {
	named := func(list []string) bool {
		return slices.ContainsFunc(list, func(a string) bool { return matchAction(a, r.Action) })
	}
	if s.Action != nil && !named(s.Action) || s.NotAction != nil && named(s.NotAction) {
		return false
	}
	if s.Resource != nil && !s.onResource(s.Resource, r) || s.NotResource != nil && s.onResource(s.NotResource, r) {
		return false
	}
	for i := range s.Conditions {
		met, known := s.Conditions[i].holds(s.variables, r.Context)
		if known && !met || !known && s.Effect == Allow {
			return false
		}
	}
	return true
}

func (s *Statement) onResource(list []string, r Request) bool {
	return slices.ContainsFunc(list, func(text string) bool {
		if text == "*" {
			return true
		}
		want, ok := compile(text, s.variables, r.Context)
		return ok && want.matchesARN(r.Resource)
	})
}

// principals says how the statement's principals name the caller. A statement
// of an identity policy has none.
func (s *Statement) principals(c Caller) grant {
	if s.NotPrincipal != nil {
		if s.NotPrincipal.names(c) != noGrant {
			return noGrant
		}
		return toRole
	}
	if s.Principal == nil {
		return noGrant
	}
	return s.Principal.names(c)
}

func (p *Principals) names(c Caller) grant {
	if c.Service != "" {
		if p.anyone() || slices.Contains(p.Service, c.Service) {
			return direct
		}
		return noGrant
	}
	best := noGrant
	for _, name := range p.AWS {
		switch {
		case name == "*":
			best = max(best, toRole)
		case name == c.ARN:
			best = direct
		case name == c.RoleARN && c.RoleARN != "":
			best = max(best, toRole)
		case c.Account != "" && (name == c.Account || strings.HasSuffix(name, "::"+c.Account+":root")):
			best = max(best, toAccount)
		}
	}
	return best
}

// AllowsAnyone decides a request that nobody has signed: only statements for
// everybody ("*") count.
func AllowsAnyone(doc *Document, r Request) bool {
	allowed := false
	for i := range doc.Statements {
		s := &doc.Statements[i]
		if s.Principal == nil || !s.Principal.anyone() || !s.covers(r) {
			continue
		}
		if s.Effect == Deny {
			return false
		}
		allowed = true
	}
	return allowed
}
