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

	action   string // Action in lower case
	resource arn
}

// maxValue bounds what is compared with patterns, far above what any service
// of AWS takes, so that no request takes long.
const maxValue = 16384

// prepared returns the request as the statements read it; false for one with
// values that are too long, which nothing allows.
func (r *Request) prepared() (*Request, bool) {
	if len(r.Action) > maxValue || len(r.Resource) > maxValue {
		return nil, false
	}
	for _, values := range r.Context {
		for _, value := range values {
			if len(value) > maxValue {
				return nil, false
			}
		}
	}
	prepared := *r
	prepared.action, prepared.resource = strings.ToLower(r.Action), newARN(r.Resource)
	return &prepared, true
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
func Evaluate(request Request, p Policies) Result {
	r, ok := request.prepared()
	if !ok {
		return Result{In: inIdentity}
	}
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
			if r.Caller.Service != "" {
				return Result{In: inResource} // a service has no policies of its own
			}
			return Result{In: inIdentity}
		}
	}
	if p.Boundary != nil && p.Boundary.find(r, Allow) == nil {
		return Result{In: inBoundary}
	}
	if p.Session != nil && find(p.Session, r, Allow) == nil {
		return Result{In: inSession}
	}
	return Result{Allowed, by, in}
}

func (p *Policies) denied(r *Request) *Result {
	if s := find(p.Identity, r, Deny); s != nil {
		return &Result{ExplicitDeny, s, inIdentity}
	}
	if p.Boundary != nil {
		if s := p.Boundary.find(r, Deny); s != nil {
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
func resourceGrant(doc *Document, r *Request) (by *Statement, best grant) {
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
func Trusts(doc *Document, request Request) (decision Decision, needsIdentity bool) {
	r, ok := request.prepared()
	if !ok {
		return ImplicitDeny, false
	}
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

func find(docs []*Document, r *Request, effect Effect) *Statement {
	for _, doc := range docs {
		if s := doc.find(r, effect); s != nil {
			return s
		}
	}
	return nil
}

func (d *Document) find(r *Request, effect Effect) *Statement {
	for i := range d.Statements {
		if s := &d.Statements[i]; s.Effect == effect && s.covers(r) {
			return s
		}
	}
	return nil
}

// Matching returns the statements of that effect that fit the request, whoever asks.
func (d *Document) Matching(request Request, effect Effect) []*Statement {
	var all []*Statement
	r, ok := request.prepared()
	if !ok {
		return nil
	}
	for i := range d.Statements {
		if s := &d.Statements[i]; s.Effect == effect && s.covers(r) {
			all = append(all, s)
		}
	}
	return all
}

// MatchingFor is Matching for a policy with principals: the statements that name the caller.
func (d *Document) MatchingFor(request Request, effect Effect) []*Statement {
	return slices.DeleteFunc(d.Matching(request, effect), func(s *Statement) bool { return s.principals(request.Caller) == noGrant })
}

// covers reports whether action, resource and conditions of the statement fit.
func (s *Statement) covers(r *Request) bool {
	if s.onAction(r.action) != (s.NotAction == nil) || s.resources != nil && s.onResource(r) != (s.NotResource == nil) {
		return false
	}
	for i := range s.Conditions {
		if !s.Conditions[i].holds(r.Context) {
			return false
		}
	}
	return true
}

func (s *Statement) onAction(action string) bool {
	for i := range s.actions {
		if s.actions[i].matches(action) {
			return true
		}
	}
	return false
}

func (s *Statement) onResource(r *Request) bool {
	for i := range s.resources {
		want := &s.resources[i]
		if want.dynamic {
			resolved, ok := want.resolve(r.Context)
			if !ok {
				continue
			}
			want = &resolved
		}
		if want.text == "*" || want.matchesARN(&r.resource) {
			return true
		}
	}
	return false
}

// principals says how the statement's principals name the caller. A statement
// of an identity policy has none.
func (s *Statement) principals(c Caller) grant {
	switch {
	case s.NotPrincipal != nil && s.NotPrincipal.exempt(c):
		return noGrant
	case s.NotPrincipal != nil:
		return toRole
	case s.Principal != nil:
		return s.Principal.names(c)
	default:
		return noGrant
	}
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
		case isAccount(name, c.Account):
			best = max(best, toAccount)
		}
	}
	return best
}

// exempt reports whether NotPrincipal leaves the caller out, for which it must
// name all that the caller is: the account, the user or the role, and the
// role's session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func (p *Principals) exempt(c Caller) bool {
	if p.anyone() {
		return true
	}
	if c.Service != "" {
		return slices.Contains(p.Service, c.Service)
	}
	return slices.ContainsFunc(p.AWS, func(name string) bool { return isAccount(name, c.Account) }) &&
		(isAccount(c.ARN, c.Account) || slices.Contains(p.AWS, c.ARN)) &&
		(c.RoleARN == "" || slices.Contains(p.AWS, c.RoleARN))
}

// isAccount reports whether a principal is the account itself.
func isAccount(name, account string) bool {
	return account != "" && (name == account || strings.HasPrefix(name, "arn:") && strings.HasSuffix(name, ":iam::"+account+":root"))
}

// AllowsAnyone decides a request that nobody has signed: only statements for
// everybody ("*") count.
func AllowsAnyone(doc *Document, request Request) bool {
	r, ok := request.prepared()
	if !ok {
		return false
	}
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

// UsesResourceTags reports whether the document depends on the tags of the resource.
func (d *Document) UsesResourceTags() bool { return d.resourceTags }
