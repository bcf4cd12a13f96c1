// Package identity says who is calling: the principal behind a request,
// carried by its context from the signature check to the handler.
package identity

import (
	"context"
	"time"
)

// Principal is the caller of an operation, as GetCallerIdentity names it.
type Principal struct {
	// ARN is arn:aws:iam::<account>:root, a user's ARN, or
	// arn:aws:sts::<account>:assumed-role/<role>/<session>.
	ARN string
	// Account is the twelve-digit account id.
	Account string
	// UserID is the unique id: AIDA... for a user, AROA...:<session> for a role's session.
	UserID string
	// AccessKeyID is the access key that signed the request.
	AccessKeyID string
	// RoleARN is the role's own ARN (arn:aws:iam::...:role/...) for a role's session, else empty.
	RoleARN string
	// Service is the AWS service that assumed the role to act for its owner,
	// such as "events.amazonaws.com"; empty where a person or a program calls.
	Service string
	// Via are the services that made this request for the principal with the
	// principal's own permissions, the first one first: what AWS calls forward
	// access sessions. Empty where the principal calls itself, and for a role
	// that a service has assumed.
	Via []string
	// SourceARN is the resource on whose behalf that service acts: a rule, a pipeline, a project.
	SourceARN string
}

// Key is an access key with all that belongs to it.
type Key struct {
	AccessKeyID     string
	SecretAccessKey string
	// SessionToken is empty for long-lived keys.
	SessionToken string
	// Expires is zero for long-lived keys.
	Expires   time.Time
	Principal Principal
}

// Keys finds access keys. It is asked for every request.
type Keys interface {
	// Key answers false where no active key has that id.
	Key(accessKeyID string) (Key, bool)
}

type contextKey struct{}

// With returns a context that carries the principal.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns the principal of the request, or the zero Principal for an anonymous one.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(contextKey{}).(Principal)
	return p
}
