package resource

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
)

// Reader returns a resource's actual properties: those that r.Properties names,
// in the form that the template has them. A resource that is gone is an error
// of which IsGone holds.
type Reader = func(ctx context.Context, r Request) (map[string]any, error)

// IsGone says that an error means there is no such thing.
func IsGone(err error) bool { return isGone(err) }

// shape returns what an SDK output says of the expected properties, in the form
// that they have: fields by name, whatever the case; a JSON text where an
// object is expected; a list of keys and values where the API has a map.
// Expected members that the output does not have are left out.
func shape(expected any, actual reflect.Value) any {
	for actual.IsValid() && (actual.Kind() == reflect.Pointer || actual.Kind() == reflect.Interface) {
		actual = actual.Elem()
	}
	if !actual.IsValid() {
		return nil
	}
	switch actual.Kind() {
	case reflect.Struct:
		return shapeStruct(expected, actual)
	case reflect.Map:
		return shapeMap(expected, actual)
	case reflect.Slice:
		return shapeSlice(expected, actual)
	case reflect.String:
		return shapeText(expected, actual.String())
	default:
		return json.Number(fmt.Sprint(actual.Interface())).String()
	}
}

func shapeStruct(expected any, actual reflect.Value) any {
	want, ok := expected.(map[string]any)
	if !ok {
		return nil
	}
	out := map[string]any{}
	for name, value := range want {
		field := actual.FieldByNameFunc(func(candidate string) bool { return strings.EqualFold(candidate, name) })
		if !field.IsValid() {
			continue
		}
		if shaped := shape(value, field); shaped != nil {
			out[name] = shaped
		}
	}
	return out
}

func shapeMap(expected any, actual reflect.Value) any {
	out := map[string]any{}
	want, _ := expected.(map[string]any)
	for _, key := range actual.MapKeys() {
		out[key.String()] = shape(want[key.String()], actual.MapIndex(key))
	}
	if list, ok := expected.([]any); ok && len(list) > 0 {
		return keysAndValues(out)
	}
	return out
}

func keysAndValues(tags map[string]any) any {
	list := []any{}
	for _, key := range sortedNames(tags) {
		list = append(list, map[string]any{"Key": key, "Value": tags[key]})
	}
	return list
}

func shapeSlice(expected any, actual reflect.Value) any {
	want, _ := expected.([]any)
	out := []any{}
	for i := range actual.Len() {
		var like any
		if len(want) > 0 {
			like = want[min(i, len(want)-1)]
		}
		out = append(out, shape(like, actual.Index(i)))
	}
	if len(want) == 0 && len(out) == 0 {
		return nil
	}
	return out
}

func shapeText(expected any, text string) any {
	switch expected.(type) {
	case map[string]any, []any:
		if value, ok := parsed(text); ok {
			return value
		}
	}
	return text
}

// parsed reads a JSON document, as it is or percent-encoded, as IAM gives it.
func parsed(text string) (any, bool) {
	if plain, err := url.QueryUnescape(text); err == nil && strings.HasPrefix(text, "%7B") {
		text = plain
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err == nil
}

// shaped is shape for a whole output.
func shaped(expected map[string]any, output any) map[string]any {
	out, _ := shape(expected, reflect.ValueOf(output)).(map[string]any)
	if out == nil {
		out = map[string]any{}
	}
	return out
}

// ownTags are the tags of a resource that the template may have given it: not the stack's and not AWS's.
func (r Request) ownTags(tags map[string]string) any {
	if _, isMap := r.Properties["Tags"].(map[string]any); isMap {
		out := map[string]any{}
		for key, value := range r.lessStack(tags) {
			out[key] = value
		}
		return out
	}
	out := map[string]any{}
	for key, value := range r.lessStack(tags) {
		out[key] = value
	}
	return keysAndValues(out)
}

func (r Request) lessStack(tags map[string]string) map[string]string {
	own := tagsOver(nil, r.Properties)
	out := map[string]string{}
	for key, value := range lessSystem(tags) {
		_, given := own[key]
		if r.Tags[key] != value || given {
			out[key] = value
		}
	}
	return out
}
