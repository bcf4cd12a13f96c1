package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/resource"
	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// operation is one running change of one stack.
type operation struct {
	*Service
	id     string // of the stack
	name   string // of the stack
	token  string // of the client, which all events carry
	ctx    context.Context
	config aws.Config
	goal   *desired // nil where the stack is deleted
	// changeSet is the key of the change set that is executed, or empty.
	changeSet string
	// force says that what cannot be deleted is left behind.
	force    bool
	finished chan struct{}

	mu      sync.Mutex // guards members, what they point to, halted, superseded and failed
	members map[string]*member
	// halted is why nothing more is to be begun; superseded says that a
	// deletion has taken the stack over, so that this operation says no more.
	halted     string
	superseded bool
	// imports are the exports that the goal has used.
	imports map[string]bool
	// failed holds the failures that the stack's reason will name, by verb.
	failed map[string][]string
}

const (
	toCreate = "create"
	toUpdate = "update"
	toDelete = "delete"
)

// assume returns the configuration with which a stack's resources are made.
func (s *Service) assume(ctx context.Context, roleARN, stackID string) (aws.Config, error) {
	config, err := s.env.Roles.Assume(ctx, service.Session{
		RoleARN: roleARN, Name: "AWSCloudFormation", Service: principal, SourceARN: stackID,
	})
	if err != nil && roleARN != "" {
		s.env.Log.Debug("assume service role", "role", roleARN, "error", err)
		return aws.Config{}, invalid("Role %s is invalid or cannot be assumed", roleARN)
	}
	return config, err
}

// begin registers an operation on a stack and runs it in the background. The
// caller holds s.mu and has written the status that says so.
func (s *Service) begin(ctx context.Context, st stack, config aws.Config, goal *desired, changeSet string, run func(*operation)) error {
	if s.closed {
		return errors.New("cloudformation is closed")
	}
	now, _, err := s.stacks.Get(st.ID)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	release := context.AfterFunc(s.life, cancel) //nolint:contextcheck // an operation ends with the service, not with its request
	op := &operation{
		Service: s, id: st.ID, name: st.Name, token: now.Token, ctx: ctx, config: config, goal: goal, changeSet: changeSet,
		finished: make(chan struct{}), failed: map[string][]string{}, imports: map[string]bool{},
	}
	before := s.running[st.ID]
	s.running[st.ID] = op
	s.done.Go(func() {
		defer cancel()
		defer release()
		defer op.finish()
		if before != nil {
			<-before.finished
		}
		if !op.loadMembers() {
			return
		}
		run(op)
	})
	return nil
}

func (op *operation) loadMembers() bool {
	members, err := op.membersOf(op.id)
	if err != nil {
		op.env.Log.Error("read the stack's resources", "stack", op.id, "error", err)
		return false
	}
	op.members = members
	return true
}

func (op *operation) finish() {
	op.Service.mu.Lock()
	defer op.Service.mu.Unlock()
	if op.running[op.id] == op {
		delete(op.running, op.id)
	}
	close(op.finished)
}

// halt lets the operation begin nothing more. What runs is finished.
func (op *operation) halt(reason string, superseded bool) {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.halted, op.superseded = reason, superseded
}

func (op *operation) isSuperseded() bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.superseded
}

// interrupted says whether the process is going down.
func (op *operation) interrupted() bool { return op.life.Err() != nil }

// goOn is asked before each resource of a deployment: the first failure stops it.
func (op *operation) goOn() bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.halted == "" && len(op.failed) == 0 && !op.interrupted()
}

func (op *operation) fail(verb, id string) {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.failed[verb] = append(op.failed[verb], id)
}

// takeFailures returns the sentence that names what has failed, and forgets it.
func (op *operation) takeFailures() string {
	op.mu.Lock()
	defer op.mu.Unlock()
	var b strings.Builder
	for _, verb := range []string{toCreate, toUpdate, toDelete} {
		if ids := op.failed[verb]; ids != nil {
			slices.Sort(ids)
			fmt.Fprintf(&b, "The following resource(s) failed to %s: [%s]. ", verb, strings.Join(ids, ", "))
		}
	}
	clear(op.failed)
	if op.halted != "" {
		b.WriteString(op.halted)
		op.halted = ""
	}
	return b.String()
}

// save writes a resource's row.
func (op *operation) save(m *member) {
	op.mu.Lock()
	defer op.mu.Unlock()
	if err := op.Service.members.Put(memberKey(op.id, m.LogicalID), *m); err != nil {
		op.env.Log.Error("write resource", "stack", op.id, "resource", m.LogicalID, "error", err)
	}
}

// mark changes a resource's status and records the event of it.
func (op *operation) mark(m *member, status types.ResourceStatus, reason, physicalID string, shown template.Document) {
	op.mu.Lock()
	m.Status, m.Reason, m.Updated = status, reason, op.env.Now().UTC()
	op.mu.Unlock()
	op.save(m)
	op.note(m, status, reason, physicalID, shown)
}

// note records an event of a resource.
func (op *operation) note(m *member, status types.ResourceStatus, reason, physicalID string, shown template.Document) {
	text := ""
	if shown != nil {
		text, _ = template.Encode(map[string]any(shown))
	}
	op.record(op.id, event{
		ID:         m.LogicalID + "-" + string(status) + "-" + op.env.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		LogicalID:  m.LogicalID,
		PhysicalID: physicalID, Type: m.Type, Status: status, Reason: reason, Properties: text, Token: op.token,
	})
}

// setStatus changes the stack's status and records the event of it, unless a
// deletion has taken the stack over. change must not lock the operation.
func (op *operation) setStatus(status types.StackStatus, reason string, change func(*stack)) {
	op.mu.Lock()
	defer op.mu.Unlock()
	if op.superseded {
		return
	}
	if err := op.setStack(op.id, status, reason, change); err != nil {
		op.env.Log.Error("write stack", "stack", op.id, "error", err)
	}
}

func (s *Service) setStack(id string, status types.StackStatus, reason string, change func(*stack)) error {
	var after stack
	err := s.stacks.Update(id, func(st *stack, _ bool) error {
		st.Status, st.Reason = status, reason
		if change != nil {
			change(st)
		}
		after = *st
		return nil
	})
	if err != nil {
		return err
	}
	s.recordStack(after)
	if _, runs := cutShort[status]; runs {
		return s.busy.Put(id, after.Name)
	}
	return s.busy.Delete(id)
}

// Ref implements template.Resources over what stands now.
func (op *operation) Ref(id string) (any, error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	return refOf(op.members[id])
}

// GetAtt implements template.Resources over what stands now.
func (op *operation) GetAtt(id, attribute string) (any, error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	return attributeOf(op.members[id], id, attribute)
}

func refOf(m *member) (any, error) {
	if m == nil {
		return template.Unknown{}, nil
	}
	if m.Current.Reference != "" {
		return m.Current.Reference, nil
	}
	return m.Current.PhysicalID, nil
}

func attributeOf(m *member, id, attribute string) (any, error) {
	if m == nil {
		return template.Unknown{}, nil
	}
	value, ok := m.Current.Attributes[attribute]
	if !ok {
		return nil, &template.Error{Message: fmt.Sprintf("Template error: resource %s does not support attribute type %s in Fn::GetAtt", id, attribute)}
	}
	return value, nil
}

// request is what a provider is told about a resource.
func (op *operation) request(m *member, v version) resource.Request {
	tags := maps.Clone(v.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	tags["aws:cloudformation:stack-name"] = op.name
	tags["aws:cloudformation:stack-id"] = op.id
	tags["aws:cloudformation:logical-id"] = m.LogicalID
	return resource.Request{
		Config: op.config, Account: op.env.Account, Region: op.env.Region,
		StackName: op.name, StackID: op.id, LogicalID: m.LogicalID, PhysicalID: v.PhysicalID,
		Properties: v.Properties, Old: v.Properties, Tags: tags, OldTags: tags,
		Name: func(most int) string { return physicalName(op.name, m.LogicalID, v.Suffix, most) },
		Now:  op.env.Now, Taken: op.taken,
	}
}

// taken says whether any stack has a resource with that physical id.
func (s *Service) taken(physicalID string) bool {
	rows, err := s.members.List("", "", 0)
	if err != nil {
		s.env.Log.Error("read resources", "error", err)
	}
	return slices.ContainsFunc(rows, func(row store.Row[member]) bool { return row.Value.Current.PhysicalID == physicalID })
}

// guard calls a provider; a panic in it fails the resource, not the process.
func (op *operation) guard(call func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			op.env.Log.Error("resource provider panicked", "stack", op.id, "panic", r, "stack_trace", string(debug.Stack()))
			err = &resource.Error{Code: "InternalFailure", Message: "Internal Failure"}
		}
	}()
	return call()
}
