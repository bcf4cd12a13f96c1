package cloudformation

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/resource"
	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
)

// planner works out what a deployment would do. Whatever is only known once a
// resource has been made is template.Unknown, and counts as changed.
type planner struct {
	*Service
	goal    *desired
	members map[string]*member
	// fresh are the resources that are to be made, or made anew.
	fresh   map[string]bool
	done    map[string]bool
	changes []types.Change
}

// plan returns the changes that a deployment of the goal would make to a stack's
// resources, and whether there is anything at all to do.
func (s *Service) plan(goal *desired, members map[string]*member, outputs []output) ([]types.Change, bool, error) {
	p := &planner{Service: s, goal: goal, members: members, fresh: map[string]bool{}, done: map[string]bool{}}
	goal.scope.Resources, goal.scope.Import = p, s.exportNamed
	goal.masked.Resources, goal.masked.Import = p, s.exportNamed
	for _, id := range slices.Sorted(maps.Keys(goal.graph)) {
		if err := p.visit(id); err != nil {
			return nil, false, answer(err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(members)) {
		if _, stays := goal.graph[id]; !stays {
			p.remove(members[id])
		}
	}
	slices.SortStableFunc(p.changes, func(a, b types.Change) int {
		return strings.Compare(*a.ResourceChange.LogicalResourceId, *b.ResourceChange.LogicalResourceId)
	})
	return p.changes, len(p.changes) > 0 || p.outputsChange(outputs), nil
}

// Ref implements template.Resources.
func (p *planner) Ref(id string) (any, error) {
	if p.fresh[id] {
		return template.Unknown{}, nil
	}
	return refOf(p.members[id])
}

// GetAtt implements template.Resources. An update in place keeps the attributes that are known.
func (p *planner) GetAtt(id, attribute string) (any, error) {
	m := p.members[id]
	if p.fresh[id] || m == nil {
		return template.Unknown{}, nil
	}
	if value, ok := m.Current.Attributes[attribute]; ok {
		return value, nil
	}
	return template.Unknown{}, nil
}

func (p *planner) visit(id string) error {
	if p.done[id] {
		return nil
	}
	p.done[id] = true
	for _, d := range p.goal.graph[id] {
		if err := p.visit(d); err != nil {
			return err
		}
	}
	r := p.goal.template.Resources[id]
	m := p.members[id]
	if m == nil || m.Current.PhysicalID == "" || m.Status == types.ResourceStatusCreateFailed || m.Status == types.ResourceStatusDeleteComplete {
		p.fresh[id] = true
		p.add(types.ResourceChange{Action: types.ChangeActionAdd, LogicalResourceId: &id, ResourceType: &r.Type, AfterContext: contextOf(p.shown(r))})
		return nil
	}
	if m.Type != r.Type {
		return invalid("Update of resource type is not permitted. The new template modifies resource type of the following resources: [%s]", id)
	}
	properties, err := p.goal.scope.Object(r.Properties)
	if err != nil {
		return err
	}
	known, _ := p.types(r.Type)
	p.modify(m, r, known, properties)
	return nil
}

func (p *planner) modify(m *member, r *template.Resource, known *resource.Type, properties map[string]any) {
	next := version{Type: r.Type, Properties: properties, Tags: p.goal.Tags}
	kind := difference(known, m.Current, next)
	details := p.details(m, r, known, properties)
	var scope []types.ResourceAttribute
	if len(details) > 0 {
		scope = append(scope, types.ResourceAttributeProperties)
	}
	if slices.Contains(known.Properties, "Tags") && !maps.Equal(m.Current.Tags, p.goal.Tags) {
		scope = append(scope, types.ResourceAttributeTags)
		details = append(details, types.ResourceChangeDetail{
			ChangeSource: types.ChangeSourceDirectModification, Evaluation: types.EvaluationTypeStatic,
			Target: &types.ResourceTargetDefinition{Attribute: types.ResourceAttributeTags, RequiresRecreation: types.RequiresRecreationNever},
		})
	}
	for _, a := range p.attributesChanged(m, r) {
		scope = append(scope, a)
		details = append(details, types.ResourceChangeDetail{
			ChangeSource: types.ChangeSourceDirectModification, Evaluation: types.EvaluationTypeStatic,
			Target: &types.ResourceTargetDefinition{Attribute: a, RequiresRecreation: types.RequiresRecreationNever},
		})
	}
	failed := m.Status == types.ResourceStatusUpdateFailed
	if len(scope) == 0 && !failed {
		return
	}
	change := types.ResourceChange{
		Action: types.ChangeActionModify, LogicalResourceId: &r.ID, PhysicalResourceId: aws.String(m.Current.PhysicalID),
		ResourceType: &r.Type, Replacement: types.ReplacementFalse, Scope: scope, Details: details,
		BeforeContext: contextOf(m.Current.Shown), AfterContext: contextOf(p.shown(r)),
	}
	if kind == replacement {
		p.fresh[r.ID] = true
		change.Replacement = types.ReplacementTrue
		if conditional(known, m.Current.Properties, properties) {
			change.Replacement = types.ReplacementConditional
		}
		change.PolicyAction = types.PolicyActionReplaceAndDelete
		if r.UpdateReplacePolicy == "Retain" {
			change.PolicyAction = types.PolicyActionReplaceAndRetain
		}
	}
	p.add(change)
}

// conditional says that a replacement hangs on values that are not known yet.
func conditional(known *resource.Type, old, next map[string]any) bool {
	if known.Update == nil {
		return false
	}
	return !slices.ContainsFunc(replacing(known, old, next), func(path string) bool {
		return !template.HasUnknown(lookup(next, path))
	})
}

// details says for each changed property what has changed it.
func (p *planner) details(m *member, r *template.Resource, known *resource.Type, next map[string]any) []types.ResourceChangeDetail {
	old := map[string]any(m.Current.Properties)
	union := maps.Clone(next)
	for name, value := range old {
		if _, ok := union[name]; !ok {
			union[name] = value
		}
	}
	var details []types.ResourceChangeDetail
	after := p.shown(r)
	for _, name := range slices.Sorted(maps.Keys(union)) {
		if template.Equal(old[name], next[name]) {
			continue
		}
		recreation := types.RequiresRecreationNever
		for _, path := range replacing(known, old, next) {
			if path == name || strings.HasPrefix(path, name+".") {
				recreation = types.RequiresRecreationAlways
				if template.HasUnknown(lookup(next, path)) {
					recreation = types.RequiresRecreationConditionally
				}
			}
		}
		if known.Update == nil {
			recreation = types.RequiresRecreationAlways
		}
		detail := types.ResourceChangeDetail{
			ChangeSource: types.ChangeSourceDirectModification, Evaluation: types.EvaluationTypeStatic,
			Target: &types.ResourceTargetDefinition{Attribute: types.ResourceAttributeProperties, Name: aws.String(name), RequiresRecreation: recreation},
		}
		p.cause(&detail, r.Properties[name], next[name])
		setValues(detail.Target, m.Current.Shown, after)
		details = append(details, detail)
	}
	return details
}

// cause finds the reference through which a property has changed.
func (p *planner) cause(detail *types.ResourceChangeDetail, raw, resolved any) {
	for _, ref := range template.References(raw, p.goal.scope.Holds) {
		_, isParameter := p.goal.template.Parameters[ref.Name]
		switch {
		case p.fresh[ref.Name] && ref.Attribute != "":
			detail.ChangeSource, detail.CausingEntity = types.ChangeSourceResourceAttribute, aws.String(ref.Name+"."+ref.Attribute)
		case p.fresh[ref.Name]:
			detail.ChangeSource, detail.CausingEntity = types.ChangeSourceResourceReference, aws.String(ref.Name)
		case isParameter && detail.CausingEntity == nil:
			detail.ChangeSource, detail.CausingEntity = types.ChangeSourceParameterReference, aws.String(ref.Name)
		}
	}
	if template.HasUnknown(resolved) {
		detail.Evaluation = types.EvaluationTypeDynamic
	}
}

// attributesChanged returns the resource attributes beside its properties which are not what they were.
func (p *planner) attributesChanged(m *member, r *template.Resource) []types.ResourceAttribute {
	var changed []types.ResourceAttribute
	metadata := map[string]any{}
	if raw, ok := r.Metadata.(map[string]any); ok {
		if resolved, err := p.goal.masked.Object(raw); err == nil {
			metadata = resolved
		}
	}
	old := map[string]any(m.Current.Metadata)
	if len(old)+len(metadata) > 0 && !template.Equal(old, metadata) {
		changed = append(changed, types.ResourceAttributeMetadata)
	}
	if m.Current.DeletionPolicy != r.DeletionPolicy {
		changed = append(changed, types.ResourceAttributeDeletionPolicy)
	}
	if m.Current.UpdateReplacePolicy != r.UpdateReplacePolicy {
		changed = append(changed, types.ResourceAttributeUpdateReplacePolicy)
	}
	return changed
}

func (p *planner) remove(m *member) {
	action := types.PolicyActionDelete
	if retains(m.Current.DeletionPolicy, false, false) {
		action = types.PolicyActionRetain
	}
	p.add(types.ResourceChange{
		Action: types.ChangeActionRemove, LogicalResourceId: aws.String(m.LogicalID), PhysicalResourceId: aws.String(m.Current.PhysicalID),
		ResourceType: aws.String(m.Type), PolicyAction: action, BeforeContext: contextOf(m.Current.Shown),
	})
}

func (p *planner) add(change types.ResourceChange) {
	p.changes = append(p.changes, types.Change{Type: types.ChangeTypeResource, ResourceChange: &change})
}

// outputsChange says whether the outputs would differ. A mistake in them is
// found by the deployment, which fails with it.
func (p *planner) outputsChange(old []output) bool {
	left := map[string]output{}
	for _, o := range old {
		left[o.Key] = o
	}
	for key, o := range p.goal.template.Outputs {
		if !p.goal.scope.Holds(o.Condition) {
			continue
		}
		before, existed := left[key]
		delete(left, key)
		value, err := p.goal.scope.Resolve(o.Value)
		export, exportErr := p.goal.scope.Resolve(o.Export)
		if export == nil {
			export = ""
		}
		if !existed || err != nil || exportErr != nil || before.Description != o.Description ||
			!template.Equal(value, before.Value) || !template.Equal(export, before.Export) {
			return true
		}
	}
	return len(left) > 0
}
