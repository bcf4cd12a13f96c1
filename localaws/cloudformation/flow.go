package cloudformation

import (
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// over says that the operation has nothing more to do: a deletion has taken the
// stack over, or the process is going down, and the next one will say so.
func (op *operation) over() bool { return op.isSuperseded() || op.interrupted() }

// runCreate makes a stack's resources. onFailure is what becomes of them where one fails.
func (op *operation) runCreate(onFailure types.OnFailure, timeout *int32) {
	if timeout != nil {
		timer := time.AfterFunc(time.Duration(*timeout)*time.Minute, func() {
			op.halt("Stack creation time exceeded the specified timeout. ", false)
		})
		defer timer.Stop()
	}
	op.deploy()
	if op.over() {
		return
	}
	outputs, reason := op.result()
	if reason == "" {
		op.settleAll()
		op.setStatus(types.StackStatusCreateComplete, "", op.completed(outputs))
		op.endChangeSet(types.ExecutionStatusExecuteComplete)
		return
	}
	op.endChangeSet(types.ExecutionStatusExecuteFailed)
	switch onFailure {
	case types.OnFailureDoNothing:
		op.setStatus(types.StackStatusCreateFailed, reason, nil)
	case types.OnFailureDelete:
		op.setStatus(types.StackStatusDeleteInProgress, reason+"Delete requested by user.", nil)
		op.runDelete(nil, types.StackStatusCreateFailed, true)
	default:
		op.setStatus(types.StackStatusRollbackInProgress, reason+"Rollback requested by user.", nil)
		op.rollBackCreate()
	}
}

// runUpdate changes a stack's resources and then deletes what the update has replaced or removed.
func (op *operation) runUpdate(disableRollback bool) {
	op.deploy()
	if op.over() {
		return
	}
	outputs, reason := op.result()
	switch {
	case reason == "":
		op.setStatus(types.StackStatusUpdateCompleteCleanupInProgress, "", op.completed(outputs))
		op.cleanUp()
		if op.over() {
			return
		}
		op.setStatus(types.StackStatusUpdateComplete, "", nil)
		op.endChangeSet(types.ExecutionStatusExecuteComplete)
	case disableRollback:
		op.setStatus(types.StackStatusUpdateFailed, reason, nil)
		op.endChangeSet(types.ExecutionStatusExecuteFailed)
	default:
		op.setStatus(types.StackStatusUpdateRollbackInProgress, reason, nil)
		op.endChangeSet(types.ExecutionStatusExecuteFailed)
		op.rollBackUpdate()
	}
}

// runDelete deletes a stack, unless others use its exports: then its status is
// what it was before, as in https://github.com/rlister/stax/issues/40. creating
// says that it has just failed to be created.
func (op *operation) runDelete(retain []string, before types.StackStatus, creating bool) {
	st, _, err := op.stacks.Get(op.id)
	if err != nil {
		op.setStatus(types.StackStatusDeleteFailed, message(err), nil)
		return
	}
	if err := op.checkExportsUnused(st, nil); err != nil {
		op.setStatus(before, message(err), nil)
		return
	}
	removals := map[string][]removal{}
	for id, m := range op.members {
		if m.Status == types.ResourceStatusDeleteComplete || m.Status == types.ResourceStatusDeleteSkipped {
			continue
		}
		stays := slices.Contains(retain, id) || retains(m.Current.DeletionPolicy, creating, st.RetainExceptOnCreate)
		removals[id] = op.whole(m, stays, op.keepRow)
	}
	op.remove(removals)
	if op.over() {
		return
	}
	if reason := op.takeFailures(); reason != "" {
		op.setStatus(types.StackStatusDeleteFailed, reason, nil)
		return
	}
	op.dropChangeSets(op.id, "")
	if err := op.names.Delete(op.name); err != nil {
		op.setStatus(types.StackStatusDeleteFailed, message(err), nil)
		return
	}
	now := op.env.Now().UTC()
	op.setStatus(types.StackStatusDeleteComplete, "", func(st *stack) { st.Deleted, st.Outputs, st.Imports = &now, nil, nil })
}

// retains says whether a deletion leaves a resource alone.
func retains(policy string, creating, exceptOnCreate bool) bool {
	switch policy {
	case "Retain":
		return !creating || !exceptOnCreate
	case "RetainExceptOnCreate":
		return !creating
	default:
		return false
	}
}

func (op *operation) rollBackCreate() {
	st, _, err := op.stacks.Get(op.id)
	if err != nil {
		op.setStatus(types.StackStatusRollbackFailed, message(err), nil)
		return
	}
	removals := map[string][]removal{}
	for id, m := range op.members {
		removals[id] = op.whole(m, retains(m.Current.DeletionPolicy, true, st.RetainExceptOnCreate), op.keepRow)
	}
	op.remove(removals)
	if op.over() {
		return
	}
	if reason := op.takeFailures(); reason != "" {
		op.setStatus(types.StackStatusRollbackFailed, reason, nil)
		return
	}
	op.setStatus(types.StackStatusRollbackComplete, "", nil)
}

// skip leaves resources as a failed rollback has left them: they are said to be
// updated, and what they were before is forgotten.
func (op *operation) skip(ids []string) {
	for _, id := range ids {
		m := op.members[id]
		op.mu.Lock()
		m.settleLater()
		op.mu.Unlock()
		op.mark(m, types.ResourceStatusUpdateComplete, "", m.Current.PhysicalID, m.Current.Shown)
	}
}

// rollBackUpdate brings back what stood before the update, and then deletes what the update has made.
func (op *operation) rollBackUpdate() {
	graph := map[string][]string{}
	for id, m := range op.members {
		if m.Previous != nil {
			graph[id] = m.Previous.DependsOn
		} else if m.Status == types.ResourceStatusUpdateFailed {
			graph[id] = nil
		}
	}
	walk(within(graph), op.goOn, op.restore)
	if op.over() {
		return
	}
	if reason := op.takeFailures(); reason != "" {
		op.setStatus(types.StackStatusUpdateRollbackFailed, reason, nil)
		return
	}
	op.setStatus(types.StackStatusUpdateRollbackCompleteCleanupInProgress, "", (*stack).revert)
	st, _, err := op.stacks.Get(op.id)
	if err != nil {
		op.env.Log.Error("read stack", "stack", op.id, "error", err)
	}
	removals := map[string][]removal{}
	for id, m := range op.members {
		if m.New {
			removals[id] = op.whole(m, retains(m.Current.DeletionPolicy, true, st.RetainExceptOnCreate), op.dropRow)
		} else if len(m.Stale) > 0 {
			removals[id] = op.leftovers(m)
		}
	}
	op.remove(removals)
	if op.over() {
		return
	}
	op.takeFailures() // as on AWS, what cannot be cleaned up does not fail the rollback; the events name it
	op.settleAll()
	op.setStatus(types.StackStatusUpdateRollbackComplete, "", nil)
}

// revert gives a stack its definition from before the update.
func (st *stack) revert() {
	if st.Previous != nil {
		st.definition, st.Previous = *st.Previous, nil
	}
}

// restore brings one resource back.
func (op *operation) restore(id string) bool {
	m := op.members[id]
	op.mu.Lock()
	switch {
	case m.Previous == nil: // its provider was never called
	case m.Replaced:
		m.putBack()
	default:
		attempted := m.Current
		m.Current = *m.Previous
		op.mu.Unlock()
		known, ok := op.types(m.Type)
		if !ok || !op.change(m, known, attempted) {
			op.mu.Lock()
			m.Current = attempted
			op.mu.Unlock()
			op.save(m)
			return false
		}
		op.settle(m)
		return true
	}
	op.mu.Unlock()
	op.mark(m, types.ResourceStatusUpdateComplete, "", m.Current.PhysicalID, m.Current.Shown)
	return true
}

// cleanUp deletes what an update has replaced or removed.
func (op *operation) cleanUp() {
	removals := map[string][]removal{}
	for id, m := range op.members {
		if _, wanted := op.goal.graph[id]; !wanted {
			removals[id] = op.whole(m, retains(m.Current.DeletionPolicy, false, false), op.dropRow)
			continue
		}
		list := op.leftovers(m)
		if m.Previous != nil && m.Replaced {
			stays := m.Current.UpdateReplacePolicy == "Retain"
			list = append(list, removal{member: m, version: *m.Previous, retain: stays, aside: true, gone: func() { op.settle(m) }})
		}
		if list != nil {
			removals[id] = list
		}
	}
	op.remove(removals)
	if op.over() {
		return
	}
	op.takeFailures() // as on AWS, the update is complete all the same; the events name what is left
	op.settleAll()
}

// settleAll ends the journal of an operation. What it could not delete is tried again by the next one.
func (op *operation) settleAll() {
	for _, id := range slices.Sorted(maps.Keys(op.members)) {
		op.members[id].settleLater()
		op.save(op.members[id])
	}
}

func (m *member) settleLater() {
	if m.Previous != nil && m.Replaced {
		m.Stale = append(m.Stale, *m.Previous)
	}
	m.Previous, m.Replaced, m.New = nil, false, false
}

// completed is what the end of a deployment writes into the stack.
func (op *operation) completed(outputs []output) func(*stack) {
	imports := slices.Sorted(maps.Keys(op.imports))
	return func(st *stack) {
		st.Outputs, st.Imports, st.Previous = outputs, imports, nil
		if op.changeSet != "" {
			st.ChangeSetID = op.changeSet
		}
	}
}
