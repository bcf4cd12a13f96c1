// Package service holds what every service of localaws is given: where it
// stands, where it may write, and how it acts for the roles that its users
// hand to it.
package service

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// Env is the surroundings of one service. Every field is set.
type Env struct {
	// Account is the twelve-digit account id, Region the one region served.
	Account, Region string
	// URL is the endpoint of this AWS, such as http://127.0.0.1:4242, with no slash at the end.
	URL string
	// Dir is a folder of the service's own, which exists. It survives a restart.
	Dir string
	// DB holds the service's tables. It survives a restart.
	DB *store.DB
	// Now is the clock.
	Now func() time.Time
	// Log is for the operator of this AWS; never for what AWS would tell its user.
	Log *slog.Logger
	// Roles gives the service the API as somebody else sees it.
	Roles Roles
	// Bus is where the service's own events go.
	Bus Bus
	// IAM answers what only a handler knows to ask: see Permit. Nil allows.
	IAM func(ctx context.Context, principal identity.Principal, needs ...policy.Access) error
	// MayBeThere reports whether a principal that a resource's policy names, by
	// its ARN or account, is not known to be missing. Nil knows of none.
	MayBeThere func(principal string) bool
}

// Permit asks IAM whether the caller in the context may do all of it, beyond
// what was asked of the operation before its handler was called. Its error is
// an AccessDenied in AWS's words.
func (e Env) Permit(ctx context.Context, needs ...policy.Access) error {
	if e.IAM == nil {
		return nil
	}
	return e.IAM(ctx, identity.From(ctx), needs...)
}

// ARN makes the ARN of a regional resource: ARN("codebuild", "project/x").
func (e Env) ARN(service, resource string) string {
	return "arn:aws:" + service + ":" + e.Region + ":" + e.Account + ":" + resource
}

// Session describes a role's session that a service opens to act for its user.
type Session struct {
	// RoleARN is the role to assume. Empty means the caller in the context itself
	// (CloudFormation without a service role uses its caller's permissions).
	RoleARN string
	// Name is the session's name, at most 64 characters of [\w+=,.@-].
	Name string
	// Service is the service principal that assumes, such as "codebuild.amazonaws.com".
	Service string
	// SourceARN is the resource for which it assumes.
	SourceARN string
	// Policy narrows what the session may do: a session policy. Empty leaves it.
	// It does not narrow a caller's session that has policies of its own.
	Policy string
}

// Roles opens sessions. A service that acts for its user does it as AWS does:
// it assumes the role and calls the other services' API with the session's
// keys, so that what the role may not do fails here too.
type Roles interface {
	// Assume returns a configuration for the SDK's clients which reaches this
	// AWS in process. It fails with an AccessDenied API error where the role
	// does not exist or does not trust the service. The configuration's
	// credentials may be handed to child processes together with Env.URL.
	Assume(ctx context.Context, s Session) (aws.Config, error)
}

// Bus takes the events that services themselves emit.
type Bus interface {
	// Publish delivers an event (source such as "aws.codecommit") to the default
	// bus and returns once it is recorded; targets are called afterwards.
	// detail is marshalled as JSON.
	Publish(ctx context.Context, source, detailType string, resources []string, detail any) error
}
