package cloudformation

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
)

// message is what an error says to the user of a stack.
func message(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorMessage()
	}
	return err.Error()
}

// result resolves the outputs of a deployment that has ended, or says why it has failed.
func (op *operation) result() ([]output, string) {
	if reason := op.takeFailures(); reason != "" {
		return nil, reason
	}
	outputs, err := op.outputs()
	if err == nil {
		err = op.checkExports(outputs)
	}
	if err != nil {
		return nil, message(err)
	}
	return outputs, ""
}

func (op *operation) outputs() ([]output, error) {
	var outputs []output
	for _, key := range slices.Sorted(maps.Keys(op.goal.template.Outputs)) {
		o := op.goal.template.Outputs[key]
		if !op.goal.scope.Holds(o.Condition) {
			continue
		}
		value, err := op.goal.scope.Resolve(o.Value)
		if err != nil {
			return nil, err
		}
		text, ok := template.Text(value)
		if !ok {
			return nil, invalid("Template format error: Output %s is malformed. The Value field of every Outputs member must evaluate to a String.", key)
		}
		row := output{Key: key, Value: text, Description: o.Description}
		if o.Export != nil {
			name, err := op.goal.scope.Resolve(o.Export)
			if err != nil {
				return nil, err
			}
			if row.Export, ok = template.Text(name); !ok || row.Export == "" {
				return nil, invalid("Template format error: Output %s is malformed. The Name field of every Export member must evaluate to a String.", key)
			}
		}
		outputs = append(outputs, row)
	}
	return outputs, nil
}

// importValue answers Fn::ImportValue and remembers that it was asked.
func (op *operation) importValue(name string) (string, error) {
	value, err := op.exportNamed(name)
	if err == nil {
		op.mu.Lock()
		op.imports[name] = true
		op.mu.Unlock()
	}
	return value, err
}

func (s *Service) exportNamed(name string) (string, error) {
	stacks, err := s.stacks.live()
	if err != nil {
		return "", err
	}
	for _, st := range stacks {
		for _, o := range st.Outputs {
			if o.Export == name {
				return o.Value, nil
			}
		}
	}
	return "", &template.Error{Message: "No export named " + name + " found."}
}

// checkExports holds new exports against those of the other stacks, and the old ones against their users.
func (op *operation) checkExports(outputs []output) error {
	stacks, err := op.stacks.live()
	if err != nil {
		return err
	}
	next := map[string]string{}
	for _, o := range outputs {
		if o.Export == "" {
			continue
		}
		if _, twice := next[o.Export]; twice {
			return invalid("Duplicate Export names: [%s]", o.Export)
		}
		next[o.Export] = o.Value
		for _, other := range stacks {
			if other.ID != op.id && slices.ContainsFunc(other.Outputs, func(x output) bool { return x.Export == o.Export }) {
				return invalid("Export with name %s is already exported by stack %s. ", o.Export, other.Name)
			}
		}
	}
	st, _, err := op.stacks.Get(op.id)
	if err != nil {
		return err
	}
	return op.checkExportsUnused(st, next)
}

// checkExportsUnused refuses to take away or to change an export that another stack uses. next are those that stay.
func (s *Service) checkExportsUnused(st stack, next map[string]string) error {
	for _, o := range st.Outputs {
		if o.Export == "" {
			continue
		}
		value, stays := next[o.Export]
		if stays && value == o.Value {
			continue
		}
		users, err := s.importers(o.Export)
		if err != nil {
			return err
		}
		users = slices.DeleteFunc(users, func(name string) bool { return name == st.Name })
		if len(users) == 0 {
			continue
		}
		verb := "deleted"
		if stays {
			verb = "updated"
		}
		return invalid("Export %s cannot be %s as it is in use by %s", o.Export, verb, strings.Join(users, " and "))
	}
	return nil
}

// importers returns the names of the stacks that use an export.
func (s *Service) importers(export string) ([]string, error) {
	stacks, err := s.stacks.live()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, st := range stacks {
		if slices.Contains(st.Imports, export) {
			names = append(names, st.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// ListExports returns the exports of all stacks, by name.
func (s *Service) ListExports(_ context.Context, in *cloudformation.ListExportsInput) (*cloudformation.ListExportsOutput, error) {
	stacks, err := s.stacks.live()
	if err != nil {
		return nil, err
	}
	exports := []types.Export{}
	for _, st := range stacks {
		for _, o := range st.Outputs {
			if o.Export != "" {
				exports = append(exports, types.Export{ExportingStackId: aws.String(st.ID), Name: aws.String(o.Export), Value: aws.String(o.Value)})
			}
		}
	}
	slices.SortFunc(exports, func(a, b types.Export) int { return strings.Compare(*a.Name, *b.Name) })
	page, next := pageOf(exports, in.NextToken, func(e types.Export) string { return *e.Name })
	return &cloudformation.ListExportsOutput{Exports: page, NextToken: next}, nil
}

// ListImports returns the stacks that use an export.
func (s *Service) ListImports(_ context.Context, in *cloudformation.ListImportsInput) (*cloudformation.ListImportsOutput, error) {
	name := aws.ToString(in.ExportName)
	users, err := s.importers(name)
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		return nil, invalid("Export '%s' is not imported by any stack.", name)
	}
	page, next := pageOf(users, in.NextToken, func(s string) string { return s })
	return &cloudformation.ListImportsOutput{Imports: page, NextToken: next}, nil
}

// pageOf cuts a list after the item whose key is the token.
func pageOf[T any](items []T, token *string, key func(T) string) ([]T, *string) {
	if token != nil {
		if i := slices.IndexFunc(items, func(item T) bool { return key(item) == *token }); i >= 0 {
			items = items[i+1:]
		}
	}
	if len(items) <= pageSize {
		return items, nil
	}
	return items[:pageSize], aws.String(key(items[pageSize-1]))
}
