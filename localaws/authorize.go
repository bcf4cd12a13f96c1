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
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Decision is what IAM makes of one request. It is recorded and not enforced:
// the request was served whatever it says.
type Decision struct {
	Time time.Time
	// Principal is the ARN of who asked, or the name of a service that acts as itself.
	Principal string
	// Action is such as "codecommit:GitPush".
	Action string
	// Resources are ARNs, or "*".
	Resources []string
	// Allowed says whether the principal's policies allow the action on all the resources.
	Allowed bool
	// Why says what stands against it, in the words of AWS's messages, such as
	// "no identity-based policy allows the s3:PutObject action".
	Why string
}

// maxDecisions is how many decisions are kept: more than a whole workshop makes in a minute.
const maxDecisions = 1024

// decisions records what IAM would decide.
type decisions struct {
	iam *iam.Service
	now func() time.Time
	log *slog.Logger

	mu   sync.Mutex // guards what follows
	ring []Decision // of maxDecisions once it is full
	next int        // where the next one goes, once it is full
}

func newDecisions(service *iam.Service, now func() time.Time, log *slog.Logger) *decisions {
	return &decisions{iam: service, now: now, log: log}
}

// api is for wire.Config.Authorize. It allows everything.
func (d *decisions) api(ctx context.Context, r wire.AuthRequest) error {
	d.decide(ctx, r.Principal, r.Action, r.Resources)
	return nil
}

// git is for codecommit.Service.Authorize. It allows everything.
func (d *decisions) git(ctx context.Context, p identity.Principal, action, resource string) error {
	d.decide(ctx, p, action, []string{resource})
	return nil
}

func (d *decisions) decide(ctx context.Context, p identity.Principal, action string, resources []string) {
	made := Decision{Time: d.now(), Principal: cmp.Or(p.ARN, p.Service), Action: action, Resources: resources}
	result, err := d.iam.Decide(p, action, resources)
	if err != nil {
		d.log.Error("decide a request", "action", action, "error", err)
		made.Why = "the policies could not be read"
	} else {
		made.Allowed, made.Why = result.Decision == policy.Allowed, reason(result, action)
	}
	if d.log.Enabled(ctx, slog.LevelDebug) {
		d.log.DebugContext(ctx, "decision", "principal", made.Principal, "action", action,
			"resources", resources, "allowed", made.Allowed, "why", made.Why)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.ring) < maxDecisions {
		d.ring = append(d.ring, made)
		return
	}
	d.ring[d.next] = made
	d.next = (d.next + 1) % maxDecisions
}

// reason is how AWS's AccessDenied messages put it, after "because".
func reason(result policy.Result, action string) string {
	switch result.Decision {
	case policy.ExplicitDeny:
		article := "a "
		if strings.HasPrefix(result.In, "i") {
			article = "an "
		}
		return "an explicit deny in " + article + result.In
	case policy.ImplicitDeny:
		return "no " + result.In + " allows the " + action + " action"
	default:
		return ""
	}
}

// list returns the decisions, the oldest first.
func (d *decisions) list() []Decision {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Concat(d.ring[d.next:], d.ring[:d.next])
}

// Decisions are what IAM would have decided on the last requests, the oldest
// first: for those of the API and of Git, from people, builds, functions and
// services alike. Only requests with a good signature and a valid input are
// decided.
func (s *Server) Decisions() []Decision { return s.decisions.list() }
