// Package policy reads IAM policy documents and decides by them.
//
// Goals: what IAM refuses when a policy is written is refused here, with its
// words; what a policy means is decided as AWS's documentation of the policy
// evaluation logic has it. What is not understood is denied, never allowed.
package policy

import "slices"

// Kind says where a document stands, which decides what its grammar allows.
type Kind int

const (
	// Identity is a policy of a user or a role, a managed policy, a boundary or a session policy.
	Identity Kind = iota
	// Trust is a role's trust policy.
	Trust
	// Resource is a policy of a resource, such as a bucket.
	Resource
)

// Effect is Allow or Deny.
type Effect string

// The effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Document is a policy that has passed the grammar, ready to decide by.
type Document struct {
	Version    string
	ID         string
	Statements []Statement

	resourceTags bool // a statement depends on the resource's tags
}

// Statement is one statement of a policy. A list that the statement does not have is nil.
type Statement struct {
	Sid                     string
	Effect                  Effect
	Principal, NotPrincipal *Principals
	Action, NotAction       []string
	Resource, NotResource   []string
	Conditions              []Condition
	// Start and End are where the statement stands in the document's text, in
	// bytes, as IAM's simulator counts: from the end of the token before the
	// statement in a list, and from the brace of one that stands alone.
	Start, End int

	actions   []action // of Action or NotAction
	resources []want   // of Resource or NotResource
}

// Principals are the principals of a statement, by kind.
type Principals struct {
	AWS, Service, Federated, Canonical []string
}

// Condition is one key of one operator of a condition block.
type Condition struct {
	Operator string
	Key      string
	Values   []string

	operator operator
	key      string // in lower case
	wants    []want // of the values
}

// Error is a fault in a document, in IAM's words for MalformedPolicyDocument.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

// anyone reports whether the principals are everybody.
func (p *Principals) anyone() bool { return slices.Contains(p.AWS, "*") }

// Must returns the document of a text that is known to be good.
func Must(doc *Document, err error) *Document {
	if err != nil {
		panic(err)
	}
	return doc
}
