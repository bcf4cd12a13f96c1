package lambda

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// initLimit is how long a process may take until it asks for work.
const initLimit = 10 * time.Second

// invocation is one call of a function.
type invocation struct {
	id            string
	arn           string
	payload       []byte
	clientContext string
	deadline      time.Time
	result        chan outcome // takes one
}

// outcome is what came of an invocation.
type outcome struct {
	payload []byte
	failed  bool   // a function error
	tail    []byte // the end of its log
}

// execute runs the invocation in a process of the revision. An error is a
// refusal; what goes wrong in the function itself is an outcome.
func (s *Service) execute(ctx context.Context, f function, r revision, inv *invocation) (outcome, error) {
	for {
		sb, fresh, err := s.pool.acquire(f, r)
		if err != nil {
			return outcome{}, err
		}
		if fresh {
			err = sb.start(ctx)
		}
		var out outcome
		done := true
		if failed, ok := errors.AsType[*startError](err); ok {
			out, err = sb.failedStart(inv, failed), nil
		} else if err == nil {
			out, done = sb.invoke(inv, fresh)
		}
		s.pool.release(sb)
		if done || err != nil {
			return out, err
		}
		// A warm process ended before it took the work: nothing has run yet.
	}
}

func (sb *sandbox) failedStart(inv *invocation, f *startError) outcome {
	sb.log.begin()
	sb.log.system("START RequestId: " + inv.id + " Version: " + *sb.revision.Config.Version)
	out := outcome{payload: f.payload(inv.id), failed: true}
	sb.report(inv, 0, &out, "")
	return out
}

// invoke hands the work over and waits for what comes of it. It answers false
// where a warm process was gone already.
func (sb *sandbox) invoke(inv *invocation, fresh bool) (out outcome, done bool) {
	sb.log.begin()
	extra := ""
	if fresh {
		ready := sb.awaitReady()
		sb.out.sync()
		sb.initTime = sb.s.env.Now().Sub(sb.started)
		extra = fmt.Sprintf("\tInit Duration: %.2f ms", milliseconds(sb.initTime))
		if !ready {
			return sb.failedInit(inv), true
		}
	}
	timeout := time.NewTimer(sb.revision.timeout())
	defer timeout.Stop()
	start := sb.s.env.Now()
	inv.deadline = start.Add(sb.revision.timeout())
	sb.log.system("START RequestId: " + inv.id + " Version: " + *sb.revision.Config.Version)
	sb.setCurrent(inv)
	select {
	case sb.next <- inv:
	case <-sb.dead:
		if !fresh {
			return out, false
		}
		out = sb.crashed(inv)
		sb.report(inv, 0, &out, extra)
		return out, true
	case <-timeout.C:
		out = sb.overdue(inv)
		sb.report(inv, sb.revision.timeout(), &out, extra)
		return out, true
	}
	out = sb.await(inv, timeout.C)
	sb.setCurrent(nil)
	if !sb.isDead() {
		sb.out.sync()
	}
	sb.report(inv, sb.s.env.Now().Sub(start), &out, extra)
	return out, true
}

// await returns the first of: an answer, the end of the process, the end of the time.
func (sb *sandbox) await(inv *invocation, timeout <-chan time.Time) outcome {
	select {
	case out := <-inv.result:
		return out
	case <-timeout:
		return sb.overdue(inv)
	case <-sb.dead:
		select {
		case out := <-inv.result: // it answered and ended at once
			return out
		default:
			return sb.crashed(inv)
		}
	}
}

// awaitReady waits until the process asks for work.
func (sb *sandbox) awaitReady() bool {
	limit := time.NewTimer(initLimit)
	defer limit.Stop()
	select {
	case <-sb.ready:
		return true
	case <-sb.dead:
	case <-limit.C:
		sb.kill()
		<-sb.dead
	}
	return false
}

func (sb *sandbox) failedInit(inv *invocation) outcome {
	sb.log.system("START RequestId: " + inv.id + " Version: " + *sb.revision.Config.Version)
	sb.mu.Lock()
	posted := sb.initFail
	sb.mu.Unlock()
	out := outcome{payload: posted, failed: true}
	switch {
	case posted != nil:
	case sb.initTime >= initLimit:
		out.payload = failure("Sandbox.Timedout", "RequestId: "+inv.id+" Error: "+fmt.Sprintf("Task timed out after %.2f seconds", initLimit.Seconds()))
	default:
		out = sb.crashed(inv)
	}
	sb.report(inv, 0, &out, fmt.Sprintf("\tInit Duration: %.2f ms", milliseconds(sb.initTime)))
	return out
}

func (sb *sandbox) crashed(inv *invocation) outcome {
	message := "RequestId: " + inv.id + " Error: " + sb.exit
	sb.log.system(message + "\nRuntime.ExitError")
	return outcome{payload: failure("Runtime.ExitError", message), failed: true}
}

func (sb *sandbox) overdue(inv *invocation) outcome {
	sb.kill()
	<-sb.dead
	sb.log.system(sb.s.env.Now().UTC().Format("2006-01-02T15:04:05.000Z") + " " + inv.id + " " + timedOut(&sb.revision))
	return outcome{payload: failure("Sandbox.Timedout", "RequestId: "+inv.id+" Error: "+timedOut(&sb.revision)), failed: true}
}

// report writes the last lines of an invocation.
func (sb *sandbox) report(inv *invocation, took time.Duration, out *outcome, extra string) {
	sb.log.system("END RequestId: " + inv.id)
	memory := ""
	if sb.cmd != nil {
		if peak, ok := peakMemory(sb.cmd.Process.Pid); ok {
			memory = "\tMax Memory Used: " + strconv.Itoa(peak) + " MB"
		}
	}
	sb.log.system(fmt.Sprintf("REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %.0f ms\tMemory Size: %d MB%s%s\t",
		inv.id, milliseconds(took), math.Ceil(milliseconds(took)), aws.ToInt32(sb.revision.Config.MemorySize), memory, extra))
	out.tail = sb.log.end()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (sb *sandbox) setCurrent(inv *invocation) {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	sb.current = inv
}
