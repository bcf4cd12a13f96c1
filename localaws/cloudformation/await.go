package cloudformation

import (
	"context"
	"strings"
	"time"
)

// awaitWithin bounds how long an answer is held back: whoever looks at a stack
// that hangs sees it in progress.
const awaitWithin = 5 * time.Second

// await holds the AWS CLI's question about a stack until the operation that
// goes on has ended, and tells whether it had to. `aws cloudformation deploy`
// and `aws cloudformation wait` look at once and then every 30 s
// (awscli/customizations/cloudformation/deployer.py, wait_for_execute; the
// waiters of botocore's cloudformation model), and cannot be told to look more
// often: a stack that takes 0.1 s here would take its author half a minute.
func (s *Service) await(ctx context.Context, agent, id string) bool {
	s.mu.Lock()
	op := s.running[id]
	s.mu.Unlock()
	if op == nil || !strings.HasPrefix(agent, "aws-cli/") {
		return false
	}
	timer := time.NewTimer(awaitWithin)
	defer timer.Stop()
	select {
	case <-op.finished:
	case <-timer.C:
	case <-ctx.Done():
	}
	return true
}
