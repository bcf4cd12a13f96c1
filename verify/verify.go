// Package verify asks AWS whether what a lesson wants really holds. Its
// questions change nothing, come to an end, and know four answers: passed, not
// yet, wrong, and cannot tell. "Could not look" is never "is not there".
package verify

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// State is one of the four answers of a check.
type State string

// The four answers.
const (
	// Passed means that it holds.
	Passed State = "passed"
	// NotYet means that it is on its way: ask again after Result.Wait.
	NotYet State = "not-yet"
	// Wrong means that it does not hold; Result.Fix says what to do.
	Wrong State = "wrong"
	// CannotTell means that AWS did not let us look; Result.Observed says which call failed and why.
	CannotTell State = "cannot-tell"
)

// Scene is what checks look at: one environment in one AWS.
type Scene struct {
	*cloud.Cloud
	Names cloud.Names
	// Live fetches the live URL.
	Live *http.Client
}

// Check is one question.
type Check struct {
	// Name is unique within its phase.
	Name string
	// Asks is the question as a person would put it.
	Asks string
	// Ask puts it to AWS.
	Ask func(ctx context.Context, s *Scene) Result
}

// Result is the answer to a check.
type Result struct {
	State State
	// Observed and Expected are sentences without a full stop.
	Observed, Expected string
	// Fix is the command or the change that mends it, where State is Wrong or
	// CannotTell. Where State is NotYet and waiting alone brings nothing, it is
	// what a person must do.
	Fix string
	// Wait is how long it usually still takes, where State is NotYet.
	Wait time.Duration
	// Drifted says that a resource is not as its stack made it, which doing a
	// step again would not mend.
	Drifted bool
	// Trouble sorts the failure, where State is CannotTell.
	Trouble cloud.Trouble
}

func passed(format string, args ...any) Result {
	return Result{State: Passed, Observed: fmt.Sprintf(format, args...)}
}

func wrong(observed, expected, fix string) Result {
	return Result{State: Wrong, Observed: observed, Expected: expected, Fix: fix}
}

// drifted is a wrong answer about a resource that is not as its stack made it.
func drifted(observed, expected, fix string) Result {
	r := wrong(observed, expected, fix)
	r.Drifted = true
	return r
}

func notYet(observed, expected string, wait time.Duration) Result {
	return Result{State: NotYet, Observed: observed, Expected: expected, Wait: wait}
}

// cannotTell explains why a call gave no answer, and what to do about it.
func cannotTell(call string, err error) Result {
	r := Result{
		State: CannotTell, Observed: fmt.Sprintf("%s gave no answer: %v", call, err),
		Trouble: cloud.TroubleOf(err),
	}
	r.Fix = "mayfly doctor"
	switch r.Trouble {
	case cloud.Denied:
		r.Expected = "whoever is signed in may make this call"
	case cloud.Credentials:
		r.Expected = "valid keys: sign in again (`aws sso login`, or new keys)"
	case cloud.Throttled:
		r.Expected, r.Fix = "AWS asks for fewer calls: wait a minute", "mayfly verify"
	case cloud.Unreachable:
		r.Expected = "an answer: check the network"
	case cloud.NotFound, cloud.Other:
		r.Expected = "an answer: ask again"
	}
	return r
}
