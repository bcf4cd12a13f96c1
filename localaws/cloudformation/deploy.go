package cloudformation

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/resource"
	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// deploy makes and changes resources until the goal stands or something has failed.
func (op *operation) deploy() {
	if len(op.goal.findings) > 0 {
		op.reject()
		return
	}
	if op.keepsRemoved() {
		return
	}
	op.goal.scope.Resources, op.goal.masked.Resources = op, op
	op.goal.scope.Import, op.goal.masked.Import = op.importValue, op.importValue
	walk(op.goal.graph, op.goOn, op.apply)
}

// apply brings one resource to its goal.
func (op *operation) apply(id string) bool {
	m := op.memberFor(id)
	standing := m.Current.PhysicalID != "" && m.Status != types.ResourceStatusCreateFailed
	next, err := op.next(id)
	if err != nil {
		return op.failEarly(m, next, standing, err)
	}
	known, _ := op.types(next.Type)
	if !standing {
		return op.create(m, known, next)
	}
	change := difference(known, m.Current, next)
	if m.Status == types.ResourceStatusUpdateFailed && m.Previous != nil && change == same {
		change = inPlace // what failed half way is done again
	}
	switch change {
	case same:
		op.keep(m, next)
		return true
	case inPlace:
		return !op.protected(m, toModify) && op.update(m, known, next)
	default:
		return !op.protected(m, toReplace) && op.replace(m, known, next)
	}
}

// memberFor returns the row of a resource as the deployment finds it.
func (op *operation) memberFor(id string) *member {
	op.mu.Lock()
	defer op.mu.Unlock()
	m := op.members[id]
	if m == nil {
		m = &member{LogicalID: id, Type: op.goal.template.Resources[id].Type, New: true}
		op.members[id] = m
	}
	// A replacement that failed in an earlier update has left the old version standing.
	if m.Status == types.ResourceStatusUpdateFailed && m.Replaced && m.Previous != nil {
		m.putBack()
	}
	return m
}

// putBack makes the replaced version the current one again. What replaced it is to be deleted.
func (m *member) putBack() {
	if m.Current.PhysicalID != "" {
		m.Stale = append(m.Stale, m.Current)
	}
	m.Current, m.Previous, m.Replaced = *m.Previous, nil, false
}

// next resolves a resource's goal.
func (op *operation) next(id string) (version, error) {
	r := op.goal.template.Resources[id]
	next := version{
		Type: r.Type, Tags: op.goal.Tags, DependsOn: op.goal.graph[id],
		DeletionPolicy: r.DeletionPolicy, UpdateReplacePolicy: r.UpdateReplacePolicy,
	}
	var err error
	if next.Shown, err = op.goal.masked.Object(r.Properties); err != nil {
		return next, err
	}
	if next.Properties, err = op.goal.scope.Object(r.Properties); err != nil {
		return next, err
	}
	if metadata, ok := r.Metadata.(map[string]any); ok {
		if next.Metadata, err = op.goal.masked.Object(metadata); err != nil {
			return next, err
		}
	}
	known, _ := op.types(r.Type)
	return next, known.Validate(id, next.Properties)
}

// failEarly fails a resource whose goal cannot even be resolved. Its provider has not been called.
func (op *operation) failEarly(m *member, next version, standing bool, err error) bool {
	status, verb, physicalID := types.ResourceStatusCreateFailed, toCreate, ""
	if standing {
		status, verb, physicalID = types.ResourceStatusUpdateFailed, toUpdate, m.Current.PhysicalID
	}
	op.mark(m, status, because(err, uuid.New()), physicalID, next.Shown)
	op.fail(verb, m.LogicalID)
	return false
}

// keep records what a provider has no part in.
func (op *operation) keep(m *member, next version) {
	op.mu.Lock()
	m.Current.DependsOn, m.Current.Metadata = next.DependsOn, next.Metadata
	m.Current.DeletionPolicy, m.Current.UpdateReplacePolicy = next.DeletionPolicy, next.UpdateReplacePolicy
	m.Current.Tags = next.Tags
	op.mu.Unlock()
	op.save(m)
}

// create makes a resource for which nothing stands.
func (op *operation) create(m *member, known *resource.Type, next version) bool {
	next.Suffix = newSuffix()
	op.mu.Lock()
	if m.Current.PhysicalID != "" { // what an earlier, failed creation left
		m.Stale = append(m.Stale, m.Current)
	}
	m.Type, m.Current = next.Type, next
	op.mu.Unlock()
	return op.make(m, known, "", types.ResourceStatusCreateInProgress, types.ResourceStatusCreateComplete, types.ResourceStatusCreateFailed)
}

// make calls the provider's Create for m.Current and records what becomes of it.
func (op *operation) make(m *member, known *resource.Type, reason string, begun, done, failed types.ResourceStatus) bool {
	physicalID := ""
	if m.Previous != nil {
		physicalID = m.Previous.PhysicalID
	}
	if known.Foresee != nil {
		foreseen := known.Foresee(op.request(m, m.Current))
		op.mu.Lock()
		m.Current.Foreseen = foreseen
		op.mu.Unlock()
	}
	op.mark(m, begun, reason, physicalID, m.Current.Shown)
	var result resource.Result
	err := op.guard(func() (err error) {
		result, err = known.Create(op.ctx, op.request(m, m.Current))
		return err
	})
	op.adopt(m, result)
	if err != nil {
		op.mark(m, failed, because(err, uuid.New()), result.PhysicalID, m.Current.Shown)
		op.fail(verbOf(failed), m.LogicalID)
		return false
	}
	op.mark(m, begun, "Resource creation Initiated", result.PhysicalID, m.Current.Shown)
	op.mark(m, done, "", result.PhysicalID, m.Current.Shown)
	return true
}

func verbOf(failed types.ResourceStatus) string {
	if failed == types.ResourceStatusCreateFailed {
		return toCreate
	}
	return toUpdate
}

func (op *operation) adopt(m *member, result resource.Result) {
	op.mu.Lock()
	defer op.mu.Unlock()
	m.Current.PhysicalID, m.Current.Reference = result.PhysicalID, result.Ref
	m.Current.Attributes, m.Current.Foreseen = result.Attributes, ""
}

// update changes a resource in place.
func (op *operation) update(m *member, known *resource.Type, next version) bool {
	op.mu.Lock()
	old := m.Current
	if m.Previous == nil {
		m.Previous = &old
	}
	next.PhysicalID, next.Reference, next.Attributes, next.Suffix = old.PhysicalID, old.Reference, old.Attributes, old.Suffix
	m.Current = next
	op.mu.Unlock()
	return op.change(m, known, old)
}

// change calls the provider's Update from old to m.Current.
func (op *operation) change(m *member, known *resource.Type, old version) bool {
	op.mark(m, types.ResourceStatusUpdateInProgress, "", old.PhysicalID, m.Current.Shown)
	r := op.request(m, m.Current)
	r.Old, r.OldTags = old.Properties, op.request(m, old).Tags
	var result resource.Result
	err := op.guard(func() (err error) {
		result, err = known.Update(op.ctx, r)
		return err
	})
	if err != nil {
		op.mark(m, types.ResourceStatusUpdateFailed, because(err, uuid.New()), old.PhysicalID, m.Current.Shown)
		op.fail(toUpdate, m.LogicalID)
		return false
	}
	if result.PhysicalID == "" {
		result.PhysicalID = old.PhysicalID
	}
	op.adopt(m, result)
	op.mark(m, types.ResourceStatusUpdateComplete, "", result.PhysicalID, m.Current.Shown)
	return true
}

// replace makes a new resource beside the old one, which goes when all the rest of the update has succeeded.
func (op *operation) replace(m *member, known *resource.Type, next version) bool {
	next.Suffix = newSuffix()
	op.mu.Lock()
	old := m.Current
	switch {
	case m.Previous == nil:
		m.Previous = &old
	case m.Replaced: // by an earlier update that has failed elsewhere
		m.Stale = append(m.Stale, old)
	}
	m.Replaced, m.Current = true, next
	op.mu.Unlock()
	return op.make(m, known, "Requested update requires the creation of a new physical resource; hence creating one.",
		types.ResourceStatusUpdateInProgress, types.ResourceStatusUpdateComplete, types.ResourceStatusUpdateFailed)
}

type kindOfChange int

const (
	same kindOfChange = iota
	inPlace
	replacement
)

// difference says what it takes to bring a resource from one version to another.
func difference(known *resource.Type, old, next version) kindOfChange {
	if old.Type != next.Type {
		return replacement
	}
	changed := !template.Equal(map[string]any(old.Properties), map[string]any(next.Properties))
	retagged := slices.Contains(known.Properties, "Tags") && !maps.Equal(old.Tags, next.Tags)
	switch {
	case !changed && !retagged:
		return same
	case known.Update == nil || len(replacing(known, old.Properties, next.Properties)) > 0:
		return replacement
	default:
		return inPlace
	}
}

// replacing returns the changed properties that cannot change in place.
func replacing(known *resource.Type, old, next map[string]any) []string {
	var paths []string
	for _, path := range known.Replace {
		if !template.Equal(lookup(old, path), lookup(next, path)) {
			paths = append(paths, path)
		}
	}
	return paths
}
