package cloudformation

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
)

// shown returns the properties that a resource is to have, as change sets show
// them: secrets masked, and what is not known yet called so.
func (p *planner) shown(r *template.Resource) map[string]any {
	properties, err := p.goal.masked.Object(r.Properties)
	if err != nil {
		return nil // the deployment fails with it
	}
	return properties
}

// maxShown caps what a change set keeps of one resource: intrinsic functions can
// make a megabyte of a few bytes.
const maxShown = 64 << 10

// contextOf is a resource before or after a change, as JSON.
func contextOf(properties map[string]any) *string {
	resource := map[string]any{}
	if properties != nil {
		resource["Properties"] = properties
	}
	return encoded(resource)
}

func encoded(value any) *string {
	text, err := template.Encode(value)
	if err != nil || len(text) > maxShown {
		return nil
	}
	return &text
}

// setValues says what a property was and what it is to be.
func setValues(target *types.ResourceTargetDefinition, before, after map[string]any) {
	name := aws.ToString(target.Name)
	target.Path = aws.String("/Properties/" + name)
	old, had := before[name]
	next, has := after[name]
	target.AttributeChangeType = types.AttributeChangeTypeModify
	switch {
	case !had:
		target.AttributeChangeType = types.AttributeChangeTypeAdd
	case !has:
		target.AttributeChangeType = types.AttributeChangeTypeRemove
	}
	if had {
		target.BeforeValue = valueText(old)
	}
	if has {
		target.AfterValue = valueText(next)
	}
}

func valueText(value any) *string {
	if _, unknown := value.(template.Unknown); unknown {
		return aws.String(template.KnownAfterApply)
	}
	if text, ok := template.Text(value); ok && len(text) <= maxShown {
		return &text
	}
	return encoded(value)
}

// withoutValues are the changes as DescribeChangeSet tells them unless it is asked for the values.
func withoutValues(changes []types.Change) []types.Change {
	changes = slices.Clone(changes)
	for i, change := range changes {
		r := *change.ResourceChange
		r.BeforeContext, r.AfterContext = nil, nil
		r.Details = slices.Clone(r.Details)
		for j, detail := range r.Details {
			target := *detail.Target
			target.Path, target.BeforeValue, target.AfterValue, target.AttributeChangeType = nil, nil, nil, ""
			r.Details[j].Target = &target
		}
		changes[i].ResourceChange = &r
	}
	return changes
}
