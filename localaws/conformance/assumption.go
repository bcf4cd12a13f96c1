// Package conformance holds what this project believes of AWS: one numbered
// assumption per behaviour, each with its source and a body that proves it
// with the calls of the SDK.
//
// An assumption does not know where it runs. The tests run all of them against
// a local AWS, and against a real account where MAYFLY_ASSUME_ON_ACCOUNT names one:
//
//	go test ./localaws/conformance -run 'TestAssumptions/0042'
//	MAYFLY_ASSUME_ON_ACCOUNT=123456789012 go test ./localaws/conformance -run TestAssumptions -timeout 3h
//
// Goals: a claim can be pointed at by its number, and at AWS itself. Non-goals:
// the least of every service's behaviour; what no client can observe.
package conformance

import (
	"context"
	"fmt"
	"strings"
)

// Assumption is one behaviour that is claimed of AWS.
type Assumption struct {
	// Number names it for good: it is never given to another.
	Number int
	// Title says in one line what AWS does.
	Title string
	// Source is where AWS says so: a URL of its documentation, a service's
	// model, or what was recorded from AWS. "not confirmed" is the honest rest.
	Source string
	// Confirmed says that the source has been read and says just this.
	Confirmed bool
	// Known says what the local AWS still does instead. Where it is given, the
	// assumption must fail there, so that this mark goes when it is mended.
	Known string
	// LocalOnly says why it cannot be run on an account; empty for all others.
	LocalOnly string
	// Run proves it: it makes what it needs, and leaves nothing behind.
	Run func(*T)
}

// String is the number and the title, which name the assumption's test.
func (a Assumption) String() string { return fmt.Sprintf("%04d %s", a.Number, a.Title) }

// Check runs the assumption against the target and returns what did not hold,
// which is nothing where AWS behaves as it is assumed to.
func (a Assumption) Check(ctx context.Context, target Target) []string {
	record := &record{}
	t := newT(ctx, target, record)
	run(t, a.Run)
	// What was made goes also where the time is up.
	t.ctx = context.WithoutCancel(ctx)
	for len(record.cleanups) > 0 {
		last := len(record.cleanups) - 1
		clean := record.cleanups[last]
		record.cleanups = record.cleanups[:last]
		run(t, clean)
	}
	return record.failures
}

// run calls f in a goroutine of its own, which Fatalf ends.
func run(t *T, f func(*T)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(t)
	}()
	<-done
}

// sourced says whether a source names more than hope.
func sourced(source string) bool { return source != "" && !strings.HasPrefix(source, "not confirmed") }
