package cloudformation

import (
	"context"
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

const (
	// awaitWithin bounds how long an answer is held back: whoever looks at a
	// stack that hangs sees it in progress.
	awaitWithin = 5 * time.Second
	awaitEvery  = 5 * time.Millisecond
)

// await holds the AWS CLI's question about a stack until the operation that
// goes on has ended, and tells whether it had to. `aws cloudformation deploy`
// and `aws cloudformation wait` look at once and then every 30 s
// (awscli/customizations/cloudformation/deployer.py, wait_for_execute; the
// waiters of botocore's cloudformation model), and cannot be told to look more
// often: a stack that takes 0.1 s here would take its author half a minute.
func (s *Service) await(ctx context.Context, id string) bool {
	if !s.operates(id) || !strings.HasPrefix(wire.UserAgent(ctx), "aws-cli/") {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, awaitWithin)
	defer cancel()
	tick := time.NewTicker(awaitEvery)
	defer tick.Stop()
	for s.operates(id) {
		select {
		case <-ctx.Done():
			return true
		case <-s.life.Done():
			return true
		case <-tick.C:
		}
	}
	return true
}

func (s *Service) operates(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[id] != nil
}
