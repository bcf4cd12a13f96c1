package localaws

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/localaws/iam"
	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// Decision is what IAM made of one access that a request needed.
type Decision struct {
	Time time.Time
	// Principal is the ARN of who asked, or the name of a service that acts as itself.
	Principal string
	// Action is such as "codecommit:GitPush".
	Action string
	// Resources are ARNs, or "*".
	Resources []string
	// Keys are the condition keys of the action and the resource, in lower case.
	Keys map[string][]string
	// Allowed says whether the policies allow the action on all the resources.
	Allowed bool
	// Statement is the Sid of the statement that allowed or denied it; empty
	// where it has none, and where no statement did.
	Statement string
	// Why says what stands against it, in the words of AWS's messages, such as
	// "because no identity-based policy allows the s3:PutObject action".
	Why string
	// Took is how long it was thought about.
	Took time.Duration
}

// authorizer asks IAM, and denies what it does not allow.
type authorizer struct {
	iam     *iam.Service
	enforce bool
	now     func() time.Time
	log     *slog.Logger
	decided func(Decision) // nil: nobody wants to know
}

// authorize is for wire.Config.Authorize and service.Env.IAM.
func (a *authorizer) authorize(ctx context.Context, p identity.Principal, needs ...policy.Access) error {
	for _, access := range needs {
		began := time.Now() //nolint:forbidigo // it is only measured
		made, err := a.iam.Decide(p, access)
		if err != nil {
			return err
		}
		a.tell(ctx, p, access, made, time.Since(began))
		if made.Decision != policy.Allowed && a.enforce {
			return iam.Denied(p, access.Action, made)
		}
	}
	return nil
}

// tell tells the log, where it wants to know so much, and whoever asked for it.
func (a *authorizer) tell(ctx context.Context, p identity.Principal, access policy.Access, made iam.Decision, took time.Duration) {
	debug := a.log.Enabled(ctx, slog.LevelDebug)
	if !debug && a.decided == nil {
		return
	}
	told := Decision{
		Time: a.now(), Principal: cmp.Or(p.ARN, p.Service), Action: access.Action, Resources: access.Resources, Keys: access.Keys,
		Allowed: made.Decision == policy.Allowed, Why: made.Why(access.Action), Took: took,
	}
	if len(told.Resources) == 0 {
		told.Resources = []string{"*"}
	}
	if made.Statement != nil {
		told.Statement = made.Statement.Sid
	}
	if debug {
		a.log.DebugContext(ctx, "decision", "principal", told.Principal, "action", told.Action,
			"resources", told.Resources, "allowed", told.Allowed, "why", told.Why)
	}
	if a.decided != nil {
		a.decided(told)
	}
}

// guarded is a service whose resources have policies.
type guarded interface {
	// PolicyOf returns the policy of the resource with that ARN; empty where it has none.
	PolicyOf(arn string) string
}

// tagged is a service whose resources have tags.
type tagged interface {
	// TagsOf returns the tags of the resource with that ARN; nil where it has none.
	TagsOf(arn string) map[string]string
}

// describe is for iam.Service.Describe.
func (a *services) describe(arn string, tags bool) iam.Resource {
	var found iam.Resource
	parts := strings.SplitN(arn, ":", 4)
	if len(parts) < 4 {
		return found
	}
	owner := a.byName(parts[2])
	if service, ok := owner.(guarded); ok {
		found.Policy = service.PolicyOf(arn)
	}
	if service, ok := owner.(tagged); ok && tags {
		found.Tags = service.TagsOf(arn)
	}
	return found
}

// byName finds a service by the name that its ARNs carry.
func (a *services) byName(name string) any {
	switch name {
	case "s3":
		return a.s3
	case "codebuild":
		return a.codebuild
	case "codecommit":
		return a.codecommit
	case "codepipeline":
		return a.codepipeline
	case "cloudformation":
		return a.cloudformation
	case "events":
		return a.events
	case "iam":
		return a.iam
	case "lambda":
		return a.lambda
	case "logs":
		return a.logs
	case "sns":
		return a.sns
	}
	return nil
}
