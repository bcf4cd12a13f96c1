package wire_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

func TestFaults(t *testing.T) {
	faults := &wire.Faults{}
	url := serve(t, func(cfg *wire.Config) { cfg.Faults = faults })
	const rate = "Rate exceeded"
	for _, c := range []struct {
		rule, service, code, message string
		status                       int
	}{
		{"operation=*,kind=throttle", "codecommit", "ThrottlingException", rate, 400},
		{"operation=cloudformation:*,kind=throttle", "cloudformation", "Throttling", rate, 400},
		{"operation=lambda:GetFunction,kind=throttle", "lambda", "TooManyRequestsException", "Rate Exceeded.", 429},
		{"operation=s3:List*,kind=throttle", "s3", "SlowDown", "Please reduce your request rate.", 503},
		{"operation=*,kind=fail,after", "s3", "InternalError", "We encountered an internal error. Please try again.", 500},
		{"operation=*,kind=fail", "codecommit", "InternalFailure", "We encountered an internal error. Please try again.", 500},
		{"operation=*,kind=deny", "sts", "AccessDenied", "User: arn:aws:iam::123456789012:user/AKIAGOOD is not authorized to perform: sts:GetCallerIdentity", 403},
		{"operation=*,kind=deny", "codecommit", "AccessDeniedException", "User: arn:aws:iam::123456789012:user/AKIAGOOD is not authorized to perform: codecommit:GetRepository", 400},
	} {
		t.Run(c.rule+"/"+c.service, func(t *testing.T) {
			fault, err := wire.ParseFault(c.rule)
			if err != nil {
				t.Fatal(err)
			}
			remove := faults.Add(fault)
			wantError(t, call(t, c.service, good(url)), c.code, c.message, c.status)
			remove()
			if err := call(t, c.service, good(url)); err != nil {
				t.Errorf("after its removal: %v", err)
			}
		})
	}
}

func TestFaultsAreCounted(t *testing.T) {
	faults := &wire.Faults{}
	url := serve(t, func(cfg *wire.Config) { cfg.Faults = faults })
	fault, err := wire.ParseFault("operation=sts:*,kind=throttle,nth=2,times=2")
	if err != nil {
		t.Fatal(err)
	}
	faults.Add(fault)
	for i, failed := range []bool{false, true, true, false} {
		if err := call(t, "sts", good(url)); (err != nil) != failed {
			t.Errorf("call %d: %v", i+1, err)
		}
	}
}

func TestFaultsAroundTheEffect(t *testing.T) {
	faults := &wire.Faults{}
	handled := 0
	url := serve(t, func(cfg *wire.Config) {
		cfg.Faults = faults
		cfg.Observe = func(context.Context, wire.Answered) { handled++ }
	})
	var order []string
	for _, after := range []bool{true, false} {
		faults.Add(wire.Fault{Operation: "sts:*", Kind: wire.FaultDo, After: after, Do: func(context.Context) error {
			order = append(order, map[bool]string{true: "after", false: "before"}[after])
			return nil
		}})
	}
	if err := call(t, "sts", good(url)); err != nil || strings.Join(order, " ") != "before after" || handled != 1 {
		t.Errorf("%v, %v, %d handled", err, order, handled)
	}
}

func TestReset(t *testing.T) {
	faults := &wire.Faults{}
	url := serve(t, func(cfg *wire.Config) { cfg.Faults = faults })
	faults.Add(wire.Fault{Operation: "*", Kind: wire.FaultReset, Times: 1})
	if err := call(t, "sts", good(url)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a reset connection: %v", err)
	}
	faults.Add(wire.Fault{Operation: "*", Kind: wire.FaultDelay, Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r := signed(t, "sts", url+"/", "Action=GetCallerIdentity&Version=2011-06-15", time.Now()).WithContext(ctx) //nolint:forbidigo // the SDK signs by the same clock
	if response, err := http.DefaultClient.Do(r); err == nil {
		response.Body.Close()
		t.Errorf("a delayed answer came: %s", response.Status)
	}
}

func TestParseFaultRefuses(t *testing.T) {
	for rule, want := range map[string]string{
		"":                             `fault "": unknown setting "": use operation, kind, nth, times, delay and after`,
		"kind=throttle":                `fault "kind=throttle": operation must be such as codebuild:StartBuild, s3:* or *`,
		"operation=*":                  `fault "operation=*": kind must be one of [throttle delay deny reset fail]`,
		"operation=*,kind=explode":     `fault "operation=*,kind=explode": kind must be one of [throttle delay deny reset fail]`,
		"operation=*,kind=delay":       `fault "operation=*,kind=delay": a delay needs its length: delay=200ms`,
		"operation=*,kind=fail,nth=x":  `fault "operation=*,kind=fail,nth=x": nth: strconv.Atoi: parsing "x": invalid syntax`,
		"operation=*,kind=fail,nth=-1": `fault "operation=*,kind=fail,nth=-1": nth and times must not be negative`,
	} {
		if _, err := wire.ParseFault(rule); err == nil || err.Error() != want {
			t.Errorf("ParseFault: %v, want %s", err, want)
		}
	}
}
