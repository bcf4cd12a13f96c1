package cloudformation

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// removal is a version of a resource that is to go.
type removal struct {
	member  *member
	version version
	// retain says that the resource stays and only leaves the stack.
	retain bool
	// aside says that another version of the resource stands: then the events
	// tell of the removal, and the resource's own status does not.
	aside bool
	// gone is called when it is done.
	gone func()
}

// remove deletes versions in the reverse order of their dependencies. What a
// failed deletion still needs is left alone; everything else goes on.
func (op *operation) remove(removals map[string][]removal) {
	graph := make(map[string][]string, len(removals))
	for id, list := range removals {
		for _, r := range list {
			graph[id] = append(graph[id], r.version.DependsOn...)
		}
		slices.Sort(graph[id])
		graph[id] = slices.Compact(graph[id])
	}
	walk(reversed(graph), func() bool { return !op.interrupted() }, func(id string) bool {
		ok := true
		for _, r := range removals[id] {
			ok = op.removeOne(r) && ok
		}
		return ok
	})
}

func (op *operation) removeOne(r removal) bool {
	v := r.version
	mark := func(status types.ResourceStatus, reason string) {
		if r.aside {
			op.note(r.member, status, reason, v.PhysicalID, nil)
			return
		}
		op.mark(r.member, status, reason, v.PhysicalID, nil)
	}
	if r.retain && v.PhysicalID != "" {
		mark(types.ResourceStatusDeleteSkipped, "")
		r.gone()
		return true
	}
	if v.PhysicalID != "" { // something was made
		mark(types.ResourceStatusDeleteInProgress, "")
		err := op.callDelete(r.member, v)
		if err != nil && op.force {
			mark(types.ResourceStatusDeleteSkipped, because(err, uuid.New()))
			r.gone()
			return true
		}
		if err != nil {
			mark(types.ResourceStatusDeleteFailed, because(err, uuid.New()))
			op.fail(toDelete, r.member.LogicalID)
			return false
		}
	}
	mark(types.ResourceStatusDeleteComplete, "")
	r.gone()
	return true
}

func (op *operation) callDelete(m *member, v version) error {
	known, ok := op.types(v.Type)
	if !ok {
		return &template.Error{Message: "Template format error: Unrecognized resource types: [" + v.Type + "]"}
	}
	return op.guard(func() error { return known.Delete(op.ctx, op.request(m, v)) })
}

// whole lists everything of a resource: stale versions, what an update
// replaced, and what stands. forget says what becomes of its row.
func (op *operation) whole(m *member, retain bool, forget func(*member)) []removal {
	list := op.leftovers(m)
	if m.Previous != nil && m.Replaced {
		list = append(list, removal{member: m, version: *m.Previous, retain: retain, aside: true, gone: func() { op.settle(m) }})
	}
	return append(list, removal{member: m, version: m.Current, retain: retain, gone: func() { forget(m) }})
}

// leftovers are the versions that earlier operations could not delete.
func (op *operation) leftovers(m *member) []removal {
	var list []removal
	for _, v := range m.Stale {
		list = append(list, removal{member: m, version: v, aside: true, gone: func() { op.forgetStale(m, v) }})
	}
	return list
}

// keepRow leaves the row of a resource that is gone, as a deleted stack's resources can still be listed.
func (op *operation) keepRow(m *member) {
	op.mu.Lock()
	m.Current = version{Type: m.Current.Type, PhysicalID: m.Current.PhysicalID}
	op.mu.Unlock()
	op.save(m)
}

// dropRow removes the row of a resource that has left its stack.
func (op *operation) dropRow(m *member) {
	op.mu.Lock()
	defer op.mu.Unlock()
	delete(op.members, m.LogicalID)
	if err := op.Service.members.Delete(memberKey(op.id, m.LogicalID)); err != nil {
		op.env.Log.Error("delete resource row", "stack", op.id, "resource", m.LogicalID, "error", err)
	}
}

func (op *operation) forgetStale(m *member, v version) {
	op.mu.Lock()
	m.Stale = slices.DeleteFunc(slices.Clone(m.Stale), func(s version) bool { return s.PhysicalID == v.PhysicalID })
	op.mu.Unlock()
	op.save(m)
}

// settle ends the journal of an update for one resource.
func (op *operation) settle(m *member) {
	op.mu.Lock()
	m.Previous, m.Replaced, m.New = nil, false, false
	op.mu.Unlock()
	op.save(m)
}
