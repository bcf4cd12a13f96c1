package wire

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/smithy-go"
)

// Fault is one thing that goes wrong on purpose, with the calls it befalls.
type Fault struct {
	// Operation is such as "codebuild:StartBuild"; "s3:*" and "*" stand for more.
	Operation string
	// Kind is one of the kinds below.
	Kind FaultKind
	// Nth is the first call that it befalls, counted from 1 (0 means 1).
	Nth int
	// Times is how many calls it befalls; 0 means every one from the Nth.
	Times int
	// After lets the handler do its work first: the effect is there, the answer is not.
	After bool
	// Delay is how long a FaultDelay waits.
	Delay time.Duration
	// Do is called by a FaultDo; its error, if any, is the answer.
	Do func(ctx context.Context) error
}

// FaultKind says what goes wrong.
type FaultKind string

// The kinds of faults, each in the form that the service's protocol has for it.
const (
	FaultThrottle FaultKind = "throttle" // too many requests: to be tried again later
	FaultDelay    FaultKind = "delay"    // nothing but time passes
	FaultDeny     FaultKind = "deny"     // access denied
	FaultReset    FaultKind = "reset"    // the connection breaks, with no answer
	FaultFail     FaultKind = "fail"     // an internal failure, status 500
	FaultDo       FaultKind = "do"       // whatever a test wants to happen at this point
)

// ParseFault reads a fault as people write it: settings with commas between,
// such as "operation=codebuild:StartBuild,kind=throttle,nth=2,times=3,after"
// or "operation=s3:*,kind=delay,delay=200ms".
func ParseFault(rule string) (Fault, error) {
	f := Fault{}
	for setting := range strings.SplitSeq(rule, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(setting), "=")
		var err error
		switch name {
		case "operation":
			f.Operation = value
		case "kind":
			f.Kind = FaultKind(value)
		case "nth":
			f.Nth, err = strconv.Atoi(value)
		case "times":
			f.Times, err = strconv.Atoi(value)
		case "delay":
			f.Delay, err = time.ParseDuration(value)
		case "after":
			f.After = true
		default:
			return f, fmt.Errorf("fault %q: unknown setting %q: use operation, kind, nth, times, delay and after", rule, name)
		}
		if err != nil {
			return f, fmt.Errorf("fault %q: %s: %w", rule, name, err)
		}
	}
	return f, f.check(rule)
}

func (f Fault) check(rule string) error {
	kinds := []FaultKind{FaultThrottle, FaultDelay, FaultDeny, FaultReset, FaultFail}
	switch {
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("fault %q: kind must be one of %v", rule, kinds)
	case f.Kind == FaultDelay && f.Delay <= 0:
		return fmt.Errorf("fault %q: a delay needs its length: delay=200ms", rule)
	case f.Nth < 0 || f.Times < 0:
		return fmt.Errorf("fault %q: nth and times must not be negative", rule)
	}
	if _, err := path.Match(f.Operation, ""); err != nil || f.Operation == "" {
		return fmt.Errorf("fault %q: operation must be such as codebuild:StartBuild, s3:* or *", rule)
	}
	return nil
}

// Faults are the faults in force. The zero value has none, and is ready to use;
// faults may be added and removed while requests are served.
type Faults struct {
	mu    sync.Mutex // guards rules and their counts
	rules []*countedFault
}

type countedFault struct {
	Fault
	calls int
}

// Add puts a fault in force until remove is called.
func (f *Faults) Add(fault Fault) (remove func()) {
	rule := &countedFault{Fault: fault}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append(f.rules, rule)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.rules = slices.DeleteFunc(f.rules, func(r *countedFault) bool { return r == rule })
	}
}

// due counts a call of the operation, and returns the faults that befall it.
func (f *Faults) due(operation string) []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var due []Fault
	for _, rule := range f.rules {
		if ok, err := path.Match(rule.Operation, operation); err != nil || !ok {
			continue
		}
		rule.calls++
		first := max(rule.Nth, 1)
		if rule.calls >= first && (rule.Times == 0 || rule.calls < first+rule.Times) {
			due = append(due, rule.Fault)
		}
	}
	return due
}

// around calls the handler with whatever befalls the call. f may be nil.
func (f *Faults) around(ctx context.Context, c *call, handler func() (any, error)) (any, error) {
	if f == nil {
		return handler()
	}
	due := f.due(c.svc.name + ":" + c.op.op.Name)
	for _, fault := range due {
		if fault.After {
			continue
		}
		if err := fault.strike(ctx, c); err != nil {
			return nil, err
		}
	}
	out, err := handler()
	for _, fault := range due {
		if !fault.After {
			continue
		}
		if struck := fault.strike(ctx, c); struck != nil {
			return nil, struck
		}
	}
	return out, err
}

func (f Fault) strike(ctx context.Context, c *call) error {
	switch f.Kind {
	case FaultThrottle:
		return throttled[c.svc.protocol]
	case FaultDelay:
		return wait(ctx, f.Delay)
	case FaultDeny:
		return &smithy.GenericAPIError{
			Code:    "AccessDenied",
			Message: "User: " + c.principal.ARN + " is not authorized to perform: " + c.op.op.Action,
		}
	case FaultReset:
		reset(c.w)
	case FaultFail:
		return &smithy.GenericAPIError{
			Code: c.svc.internalCode(), Message: internalMessage, Fault: smithy.FaultServer,
		}
	case FaultDo:
		return f.Do(ctx)
	}
	return nil
}

// throttled is how each protocol says that there were too many requests.
var throttled = map[string]error{
	"json":      &refusal{"ThrottlingException", "Rate exceeded", http.StatusBadRequest},
	"query":     &refusal{"Throttling", "Rate exceeded", http.StatusBadRequest},
	"rest-json": &refusal{"TooManyRequestsException", "Rate Exceeded.", http.StatusTooManyRequests},
	"rest-xml":  &refusal{"SlowDown", "Please reduce your request rate.", http.StatusServiceUnavailable},
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reset breaks the connection so that the client sees it reset, not closed.
func reset(w http.ResponseWriter) {
	if hijacker, ok := w.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		}
	}
	panic(http.ErrAbortHandler)
}
