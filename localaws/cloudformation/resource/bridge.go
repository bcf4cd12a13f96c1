package resource

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// fill writes properties into an SDK input, whose fields have the same names
// but for the case of letters. Scalars are converted as CloudFormation does it;
// an object where the SDK has a string becomes JSON, as for policy documents.
// A property that the input has no field for is refused by name.
func fill(input any, properties map[string]any) error {
	return fillStruct("", reflect.ValueOf(input).Elem(), properties)
}

func unsupported(path string) error {
	return &Error{Code: "InvalidRequest", Message: "The property " + path + " is not served by this AWS"}
}

func mistyped(path, want string, found any) error {
	return &Error{Code: "InvalidRequest", Message: fmt.Sprintf("#/%s: expected type: %s, found: %s",
		strings.ReplaceAll(path, ".", "/"), want, javaName(jsonType(found)))}
}

func fillStruct(path string, target reflect.Value, object map[string]any) error {
	fields := map[string]int{}
	for i := range target.NumField() {
		if field := target.Type().Field(i); field.IsExported() {
			fields[strings.ToLower(field.Name)] = i
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if object[name] == nil {
			continue
		}
		field, ok := fields[strings.ToLower(name)]
		if !ok {
			return unsupported(join(path, name))
		}
		if err := fillValue(join(path, name), target.Field(field), object[name]); err != nil {
			return err
		}
	}
	return nil
}

func fillValue(path string, target reflect.Value, value any) error {
	switch target.Kind() {
	case reflect.Pointer:
		target.Set(reflect.New(target.Type().Elem()))
		return fillValue(path, target.Elem(), value)
	case reflect.Struct:
		object, ok := value.(map[string]any)
		if !ok {
			return mistyped(path, "JSONObject", value)
		}
		return fillStruct(path, target, object)
	case reflect.Slice:
		return fillSlice(path, target, value)
	case reflect.Map:
		return fillMap(path, target, value)
	case reflect.String:
		return fillString(path, target, value)
	case reflect.Bool, reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64:
		return fillScalar(path, target, value)
	default:
		return unsupported(path)
	}
}

func fillSlice(path string, target reflect.Value, value any) error {
	list, ok := value.([]any)
	if !ok {
		return mistyped(path, "JSONArray", value)
	}
	out := reflect.MakeSlice(target.Type(), len(list), len(list))
	for i, item := range list {
		if err := fillValue(join(path, strconv.Itoa(i)), out.Index(i), item); err != nil {
			return err
		}
	}
	target.Set(out)
	return nil
}

// fillMap takes a map, or the JSON text of one.
func fillMap(path string, target reflect.Value, value any) error {
	object, ok := value.(map[string]any)
	if text, isText := value.(string); isText {
		ok = json.Unmarshal([]byte(text), &object) == nil
	}
	if !ok {
		return mistyped(path, "JSONObject", value)
	}
	target.Set(reflect.MakeMapWithSize(target.Type(), len(object)))
	for key, item := range object {
		element := reflect.New(target.Type().Elem()).Elem()
		if err := fillValue(join(path, key), element, item); err != nil {
			return err
		}
		target.SetMapIndex(reflect.ValueOf(key).Convert(target.Type().Key()), element)
	}
	return nil
}

func fillString(path string, target reflect.Value, value any) error {
	if text, ok := scalar(value); ok {
		target.SetString(text)
		return nil
	}
	text, err := document(value)
	if err != nil {
		return mistyped(path, "String", value)
	}
	target.SetString(text)
	return nil
}

func fillScalar(path string, target reflect.Value, value any) error {
	text, ok := scalar(value)
	if target.Kind() == reflect.Bool {
		b, err := strconv.ParseBool(text)
		if !ok || err != nil {
			return mistyped(path, "Boolean", value)
		}
		target.SetBool(b)
		return nil
	}
	if target.CanInt() {
		n, err := strconv.ParseInt(text, 10, target.Type().Bits())
		if !ok || err != nil {
			return mistyped(path, "Integer", value)
		}
		target.SetInt(n)
		return nil
	}
	f, err := strconv.ParseFloat(text, target.Type().Bits())
	if !ok || err != nil {
		return mistyped(path, "Number", value)
	}
	target.SetFloat(f)
	return nil
}

// scalar returns the text of a string, a bool or a number.
func scalar(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case bool:
		return strconv.FormatBool(value), true
	case json.Number:
		return value.String(), true
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64), true
	case int:
		return strconv.Itoa(value), true
	default:
		return "", false
	}
}

// document is a JSON document, such as a policy, as the services take it.
func document(value any) (string, error) {
	if text, ok := value.(string); ok {
		return text, nil
	}
	data, err := json.Marshal(value)
	return string(data), err
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
