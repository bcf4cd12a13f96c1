package localaws

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
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
	// Why says what stands against it, in the words of AWS's messages, such as
	// "because no identity-based policy allows the s3:PutObject action".
	Why string
}

// maxDecisions is how many decisions are kept: more than a whole workshop makes in a minute.
const maxDecisions = 1024

// authorizer asks IAM, denies what it does not allow, and keeps the decisions.
type authorizer struct {
	iam     *iam.Service
	enforce bool
	now     func() time.Time
	log     *slog.Logger

	mu   sync.Mutex // guards what follows
	ring []Decision // of maxDecisions once it is full
	next int        // where the next one goes, once it is full
}

// authorize is for wire.Config.Authorize and service.Env.IAM.
func (a *authorizer) authorize(ctx context.Context, p identity.Principal, needs ...policy.Access) error {
	for _, access := range needs {
		made, err := a.iam.Decide(p, access)
		if err != nil {
			return err
		}
		a.record(ctx, p, access, made)
		if made.Decision != policy.Allowed && a.enforce {
			return iam.Denied(p, access.Action, made)
		}
	}
	return nil
}

func (a *authorizer) record(ctx context.Context, p identity.Principal, access policy.Access, made iam.Decision) {
	kept := Decision{
		Time: a.now(), Principal: cmp.Or(p.ARN, p.Service), Action: access.Action, Resources: access.Resources, Keys: access.Keys,
		Allowed: made.Decision == policy.Allowed, Why: made.Why(access.Action),
	}
	if len(kept.Resources) == 0 {
		kept.Resources = []string{"*"}
	}
	if a.log.Enabled(ctx, slog.LevelDebug) {
		a.log.DebugContext(ctx, "decision", "principal", kept.Principal, "action", kept.Action,
			"resources", kept.Resources, "allowed", kept.Allowed, "why", kept.Why)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.ring) < maxDecisions {
		a.ring = append(a.ring, kept)
		return
	}
	a.ring[a.next] = kept
	a.next = (a.next + 1) % maxDecisions
}

// list returns the decisions, the oldest first.
func (a *authorizer) list() []Decision {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Concat(a.ring[a.next:], a.ring[:a.next])
}

// Decisions are what IAM decided on the last requests, the oldest first: for
// those of the API and of Git, from people, builds, functions and services
// alike. Only requests with a good signature and a valid input are decided.
func (s *Server) Decisions() []Decision { return s.authorizer.list() }

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
