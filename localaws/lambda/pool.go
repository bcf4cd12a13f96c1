package lambda

import (
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

const (
	// maxConcurrency is how many processes there may be. AWS allows 1000 environments by default.
	maxConcurrency = 100
	// idleFor is how long a process waits for work before it is ended.
	idleFor = 5 * time.Minute
	// maxAge ends a process well before its session keys, which live an hour.
	maxAge = 40 * time.Minute
)

// pool keeps the processes that run functions: one to an invocation at a time,
// warm ones first.
type pool struct {
	s *Service

	mu        sync.Mutex // guards what follows and the pool's part of each sandbox
	closed    bool
	sandboxes map[string]*sandbox // by token
	busy      map[string]int32    // by function
}

func newPool(s *Service) *pool {
	return &pool{s: s, sandboxes: map[string]*sandbox{}, busy: map[string]int32{}}
}

// acquire returns a sandbox for the caller alone: the warm one used last, or a new one, not yet started.
func (p *pool) acquire(f function, r revision) (sb *sandbox, fresh bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, false, &types.ServiceException{Message: aws.String("The service is shutting down."), Type: aws.String("Service")}
	}
	if f.Reserved != nil && p.busy[f.Name] >= *f.Reserved {
		return nil, false, throttled(types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded)
	}
	now := p.s.env.Now()
	var oldest *sandbox
	for _, other := range p.sandboxes {
		if other.busy || other.retired {
			continue
		}
		if other.revision.Serial == r.Serial && now.Sub(other.started) < maxAge && (sb == nil || other.used.After(sb.used)) {
			sb = other
		}
		if oldest == nil || other.used.Before(oldest.used) {
			oldest = other
		}
	}
	if sb == nil {
		if len(p.sandboxes) >= maxConcurrency {
			if oldest == nil {
				return nil, false, throttled(types.ThrottleReasonConcurrentInvocationLimitExceeded)
			}
			p.drop(oldest)
		}
		sb, fresh = newSandbox(p.s, r, now), true
		p.sandboxes[sb.token] = sb
	} else {
		sb.idle.Stop()
	}
	sb.busy = true
	p.busy[f.Name]++
	return sb, fresh, nil
}

// release takes the sandbox back from its invocation.
func (p *pool) release(sb *sandbox) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := *sb.revision.Config.FunctionName
	if p.busy[name]--; p.busy[name] == 0 {
		delete(p.busy, name)
	}
	sb.busy, sb.used = false, p.s.env.Now()
	if sb.retired || p.closed || sb.isDead() {
		p.drop(sb)
		return
	}
	if sb.idle == nil {
		sb.idle = time.AfterFunc(idleFor, func() { p.reap(sb) })
	} else {
		sb.idle.Reset(idleFor)
	}
}

// drop forgets a sandbox that is not busy and ends its process. The caller holds mu.
func (p *pool) drop(sb *sandbox) {
	sb.retired = true
	delete(p.sandboxes, sb.token)
	sb.kill()
	sb.log.close()
}

func (p *pool) reap(sb *sandbox) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !sb.busy && !sb.retired {
		p.drop(sb)
	}
}

// ended is told when a process has ended, whoever ended it.
func (p *pool) ended(sb *sandbox) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !sb.busy {
		p.drop(sb)
	}
}

// retire ends the processes of a revision: idle ones now, busy ones after their invocation.
func (p *pool) retire(serial string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, sb := range p.sandboxes {
		if sb.revision.Serial != serial {
			continue
		}
		sb.retired = true
		if !sb.busy {
			p.drop(sb)
		}
	}
}

// byToken finds the sandbox whose process speaks.
func (p *pool) byToken(token string) (*sandbox, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sb, ok := p.sandboxes[token]
	return sb, ok
}

// inUse returns the packages that living processes run.
func (p *pool) inUse() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	used := map[string]bool{}
	for _, sb := range p.sandboxes {
		used[sb.revision.Package] = true
	}
	return used
}

// close ends every process, also those at work.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, sb := range p.sandboxes {
		sb.kill()
		if !sb.busy {
			p.drop(sb)
		}
	}
}
