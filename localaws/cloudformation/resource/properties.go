package resource

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
)

// text returns the property as a string, empty where it is not given.
func text(properties map[string]any, name string) string {
	s, _ := scalar(properties[name])
	return s
}

// texts returns a list of strings.
func texts(properties map[string]any, name string) []string {
	list, _ := properties[name].([]any)
	var out []string
	for _, item := range list {
		if s, ok := scalar(item); ok {
			out = append(out, s)
		}
	}
	return out
}

// object returns the property as a map, empty where it is none.
func object(properties map[string]any, name string) map[string]any {
	m, _ := properties[name].(map[string]any)
	if m == nil {
		m = map[string]any{}
	}
	return m
}

// objects returns a list of maps.
func objects(properties map[string]any, name string) []map[string]any {
	list, _ := properties[name].([]any)
	var out []map[string]any
	for _, item := range list {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func sortedNames(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

func only(properties map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for _, name := range names {
		if value, ok := properties[name]; ok {
			out[name] = value
		}
	}
	return out
}

func without(properties map[string]any, names ...string) map[string]any {
	out := maps.Clone(properties)
	if out == nil {
		out = map[string]any{}
	}
	for _, name := range names {
		delete(out, name)
	}
	return out
}

// refuse names the first of these properties that is given, because nothing here would come of it.
func refuse(properties map[string]any, names ...string) error {
	for _, name := range names {
		if properties[name] != nil {
			return unsupported(name)
		}
	}
	return nil
}

// changed says whether one of these properties differs from the last success.
func (r Request) changed(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return !reflect.DeepEqual(r.Properties[name], r.Old[name])
	})
}

// nameFrom returns the name that the property gives, or a made one.
func (r Request) nameFrom(property string, longest int) string {
	if name := text(r.Properties, property); name != "" {
		return name
	}
	return r.Name(longest)
}

// named is for Type.Foresee: the name that CloudFormation makes, unless the
// property gives one, as the physical id that id makes of it.
func named(property string, longest int, id func(r Request, name string) string) func(Request) string {
	return func(r Request) string {
		if text(r.Properties, property) != "" {
			return ""
		}
		name := r.Name(longest)
		if id != nil {
			name = id(r, name)
		}
		return name
	}
}

func (r Request) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + r.Region + ":" + r.Account + ":" + resource
}

// tags are the stack's tags and over them the resource's own, which are a list
// of keys and values, or a map.
func (r Request) tags() map[string]string { return tagsOver(r.Tags, r.Properties) }

func tagsOver(stack map[string]string, properties map[string]any) map[string]string {
	tags := maps.Clone(stack)
	if tags == nil {
		tags = map[string]string{}
	}
	for _, tag := range objects(properties, "Tags") {
		tags[text(tag, "Key")] = text(tag, "Value")
	}
	for key := range object(properties, "Tags") {
		tags[key] = text(object(properties, "Tags"), key)
	}
	return tags
}

// tagChanges are the tags to set and the keys to remove in an update.
func (r Request) tagChanges() (set map[string]string, remove []string) {
	old, now := tagsOver(r.OldTags, r.Old), r.tags()
	set = map[string]string{}
	for key, value := range now {
		if before, ok := old[key]; !ok || before != value {
			set[key] = value
		}
	}
	for _, key := range slices.Sorted(maps.Keys(old)) {
		if _, ok := now[key]; !ok {
			remove = append(remove, key)
		}
	}
	return set, remove
}

// tagList makes the SDK's list of tags, in the order of their keys.
func tagList[T any](tags map[string]string, tag func(key, value *string) T) []T {
	var list []T
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value := tags[key]
		list = append(list, tag(&key, &value))
	}
	return list
}

// lessSystem leaves out the aws: tags, for types that do not carry them.
func lessSystem(tags map[string]string) map[string]string {
	out := maps.Clone(tags)
	maps.DeleteFunc(out, func(key, _ string) bool { return strings.HasPrefix(key, "aws:") })
	return out
}

// diff returns what is in now and not in old, and what is in old and not in now.
func diff(old, now []string) (added, removed []string) {
	for _, item := range now {
		if !slices.Contains(old, item) {
			added = append(added, item)
		}
	}
	for _, item := range old {
		if !slices.Contains(now, item) {
			removed = append(removed, item)
		}
	}
	return added, removed
}

// code is the API error code, empty where the error has none.
func code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// isGone says that the error means there is no such thing.
func isGone(err error) bool {
	c := code(err)
	if own, ok := errors.AsType[*Error](err); ok {
		c = own.Code
	}
	return strings.Contains(c, "NotFound") || strings.Contains(c, "NoSuch") || strings.Contains(c, "DoesNotExist")
}

// isDenied says that the error is IAM's refusal.
func isDenied(err error) bool { return strings.Contains(code(err), "AccessDenied") }

// unlessGone forgives a deletion of what is not there.
func unlessGone(err error) error {
	if isGone(err) {
		return nil
	}
	return err
}

// alreadyExists is AWS's answer to a name that is taken: nothing is ever adopted.
func alreadyExists(name string) error {
	return &Error{Code: "AlreadyExists", Message: name + " already exists"}
}

// withDefaults adds the default of every property that was given and is no
// longer, since the services' updates keep what they are not given.
func withDefaults(properties, old, defaults map[string]any) map[string]any {
	out := maps.Clone(properties)
	for name, value := range defaults {
		if out[name] == nil && old[name] != nil {
			out[name] = value
		}
	}
	return out
}
