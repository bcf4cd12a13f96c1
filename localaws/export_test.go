package localaws

import (
	"context"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Served is what the server serves, for the tests of the wire.
func (s *Server) Served() []wire.Service { return s.services.served() }

// Decide records a decision on an action of the account's own key.
func (s *Server) Decide(ctx context.Context, action string) {
	_ = s.authorizer.authorize(ctx, s.key.Principal, policy.Access{Action: action})
}
