package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/resource"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// world is what the fake resource types make: things with properties, each
// call in a log. hook may fail or delay a call, such as "create Queue".
type world struct {
	mu     sync.Mutex
	things map[string]map[string]any
	log    []string
	next   int
	hook   func(call string) error
}

func (w *world) call(call string) error {
	w.mu.Lock()
	hook := w.hook
	w.mu.Unlock()
	if hook != nil {
		if err := hook(call); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, call)
	return nil
}

func (w *world) setHook(hook func(string) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hook = hook
}

func (w *world) takeLog() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	log := w.log
	w.log = nil
	return log
}

func (w *world) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.things)
}

func (w *world) thing(name string) *resource.Type {
	return &resource.Type{
		Name: name, Attributes: []string{"Arn", "Version"}, Check: checkThing,
		Properties: []string{"Name", "Size", "Fixed", "Target", "Tags", "List"}, Replace: []string{"Fixed"},
		Create: func(_ context.Context, r resource.Request) (resource.Result, error) {
			if err := w.call("create " + r.LogicalID); err != nil {
				return resource.Result{}, err
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.next++
			id := fmt.Sprintf("%s-%d", strings.ToLower(r.LogicalID), w.next)
			w.things[id] = r.Properties
			return w.result(id), nil
		},
		Update: func(_ context.Context, r resource.Request) (resource.Result, error) {
			if err := w.call("update " + r.LogicalID); err != nil {
				return resource.Result{}, err
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.things[r.PhysicalID] == nil {
				return resource.Result{}, &resource.Error{Code: "NotFound", Message: "no " + r.PhysicalID}
			}
			w.things[r.PhysicalID] = r.Properties
			return w.result(r.PhysicalID), nil
		},
		Delete: func(_ context.Context, r resource.Request) error {
			if err := w.call("delete " + r.PhysicalID); err != nil {
				return err
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			delete(w.things, r.PhysicalID)
			return nil
		},
	}
}

// checkThing knows one property that is wrong.
func checkThing(properties map[string]any) []resource.Problem {
	if properties["Colour"] == nil {
		return nil
	}
	return []resource.Problem{{Pointer: "#", Text: "extraneous key [Colour] is not permitted"}}
}

// namedThing is a thing that has the name that CloudFormation makes for it.
func (w *world) namedThing(name string) *resource.Type {
	t := w.thing(name)
	t.Foresee = func(r resource.Request) string { return r.Name(64) }
	t.Create = func(_ context.Context, r resource.Request) (resource.Result, error) {
		w.mu.Lock()
		w.things[r.Name(64)] = r.Properties
		w.mu.Unlock()
		return w.result(r.Name(64)), w.call("made " + r.LogicalID)
	}
	return t
}

func (w *world) result(id string) resource.Result {
	return resource.Result{PhysicalID: id, Attributes: map[string]any{"Arn": "arn:" + id, "Version": "1"}}
}

type roles struct{ missing string }

func (r roles) Assume(_ context.Context, s service.Session) (aws.Config, error) {
	if s.RoleARN != "" && s.RoleARN == r.missing {
		return aws.Config{}, errors.New("no such role")
	}
	return aws.Config{Region: "eu-west-1"}, nil
}

const missingRole = "arn:aws:iam::123456789012:role/gone"

// fixture is a service over a world of fake types.
type fixture struct {
	*Service
	*world
	t   testing.TB
	env service.Env
}

func newFixture(tb testing.TB) *fixture {
	tb.Helper()
	db, err := store.Open(filepath.Join(tb.TempDir(), "db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	clock := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var mu sync.Mutex
	f := &fixture{t: tb, world: &world{things: map[string]map[string]any{}}, env: service.Env{
		Account: "123456789012", Region: "eu-west-1", URL: "http://127.0.0.1:4242", Dir: tb.TempDir(), DB: db,
		Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			clock = clock.Add(time.Millisecond)
			return clock
		},
		Log: slog.New(slog.DiscardHandler), Roles: roles{missing: missingRole},
	}}
	f.reopen()
	tb.Cleanup(func() { _ = f.Close() })
	return f
}

// reopen is a new process over the same state.
func (f *fixture) reopen() {
	f.t.Helper()
	s, err := New(f.env)
	if err != nil {
		f.t.Fatal(err)
	}
	known := map[string]*resource.Type{
		"Test::A::Thing": f.thing("Test::A::Thing"), "Test::B::Thing": f.thing("Test::B::Thing"), "Test::I::Role": f.thing("Test::I::Role"),
		"Test::N::Thing": f.namedThing("Test::N::Thing"),
	}
	known["Test::I::Role"].IAM, known["Test::I::Role"].NamedIAM = true, "Name"
	s.types = func(name string) (*resource.Type, bool) { t, ok := known[name]; return t, ok }
	f.Service = s
}

// settled waits until no operation runs on a stack.
func (f *fixture) settled(name string) stack {
	f.t.Helper()
	for {
		st, ok, err := f.find(name)
		if err != nil || !ok {
			f.t.Fatalf("stack %s: found %v, %v", name, ok, err)
		}
		f.Service.mu.Lock()
		op := f.running[st.ID]
		f.Service.mu.Unlock()
		if op == nil {
			st, _, _ = f.stacks.Get(st.ID)
			return st
		}
		<-op.finished
	}
}

func (f *fixture) create(name, body string, options ...func(*cloudformation.CreateStackInput)) stack {
	f.t.Helper()
	in := &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &body}
	for _, o := range options {
		o(in)
	}
	out, err := f.CreateStack(f.t.Context(), in)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.settled(*out.StackId)
}

func (f *fixture) update(name, body string, options ...func(*cloudformation.UpdateStackInput)) stack {
	f.t.Helper()
	in := &cloudformation.UpdateStackInput{StackName: &name, TemplateBody: &body}
	for _, o := range options {
		o(in)
	}
	if _, err := f.UpdateStack(f.t.Context(), in); err != nil {
		f.t.Fatal(err)
	}
	return f.settled(name)
}

func (f *fixture) delete(name string) stack {
	f.t.Helper()
	st, _, err := f.find(name)
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.DeleteStack(f.t.Context(), &cloudformation.DeleteStackInput{StackName: &name}); err != nil {
		f.t.Fatal(err)
	}
	return f.settled(st.ID)
}

// story returns the events of a stack from the oldest on, as "Logical STATUS reason".
func (f *fixture) story(name string) []string {
	f.t.Helper()
	out, err := f.DescribeStackEvents(f.t.Context(), &cloudformation.DescribeStackEventsInput{StackName: &name})
	if err != nil {
		f.t.Fatal(err)
	}
	var lines []string
	for _, e := range slices.Backward(out.StackEvents) {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s", *e.LogicalResourceId, e.ResourceStatus, aws.ToString(e.ResourceStatusReason))))
	}
	return lines
}

// statuses returns the status of each resource.
func (f *fixture) statuses(name string) map[string]types.ResourceStatus {
	f.t.Helper()
	out, err := f.ListStackResources(f.t.Context(), &cloudformation.ListStackResourcesInput{StackName: &name})
	if err != nil {
		f.t.Fatal(err)
	}
	got := map[string]types.ResourceStatus{}
	for _, r := range out.StackResourceSummaries {
		got[*r.LogicalResourceId] = r.ResourceStatus
	}
	return got
}

func (f *fixture) want(st stack, status types.StackStatus, reason string) {
	f.t.Helper()
	if st.Status != status || st.Reason != reason {
		f.t.Errorf("stack is %s %q, want %s %q\n%s", st.Status, st.Reason, status, reason, strings.Join(f.story(st.ID), "\n"))
	}
}

func wantError(tb testing.TB, err error, code, message string) {
	tb.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		tb.Fatalf("error is %v, want %s %q", err, code, message)
	}
	if api.ErrorCode() != code || api.ErrorMessage() != message {
		tb.Errorf("error is %s %q\nwant     %s %q", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}

func equal(tb testing.TB, what string, got, want []string) {
	tb.Helper()
	if !slices.Equal(got, want) {
		tb.Errorf("%s is\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func sortedMap(m map[string]types.ResourceStatus) []string {
	var lines []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		lines = append(lines, k+" "+string(m[k]))
	}
	return lines
}
