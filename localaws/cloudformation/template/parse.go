// Package template reads CloudFormation templates and resolves them.
//
// Goals: YAML with short forms and JSON give the same document; every mistake
// is answered in CloudFormation's own words; intrinsic functions are data that
// is interpreted, never executed, and depth and size are capped. Non-goals:
// macros, rules, hooks and dynamic references, each of which is refused by name.
package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxDepth caps the nesting of a template. AWS's own templates stay below 30.
const maxDepth = 100

// Error is a mistake in a template, in CloudFormation's words. It is answered as a ValidationError.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

func errorf(format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}

// Parse reads a template, YAML or JSON. Values are string, bool, json.Number,
// []any and map[string]any; short forms come back as long ones, and
// "Logical.Attribute" of Fn::GetAtt as a list of two.
func Parse(body string) (map[string]any, error) {
	var value any
	var err error
	if strings.HasPrefix(strings.TrimLeft(body, " \t\r\n\ufeff"), "{") {
		value, err = parseJSON(body)
	} else {
		value, err = parseYAML(body)
	}
	if err != nil {
		return nil, err
	}
	document, ok := value.(map[string]any)
	if !ok {
		return nil, errorf("Template format error: unsupported structure.")
	}
	if err := checkNulls("", document, 0); err != nil {
		return nil, err
	}
	return document, nil
}

func parseJSON(body string) (any, error) {
	body = strings.TrimPrefix(body, "\ufeff")
	value, err := Decode([]byte(body))
	if err == nil {
		return value, nil
	}
	offset := len(body)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = min(int(syntax.Offset), len(body))
	} else if trailing, ok := errors.AsType[*trailingError](err); ok {
		offset = min(trailing.offset, len(body))
	}
	before := body[:offset]
	line := strings.Count(before, "\n") + 1
	column := max(1, offset-strings.LastIndex(before, "\n")-1)
	return nil, errorf("Template format error: JSON not well-formed. (line %d, column %d)", line, column)
}

type trailingError struct{ offset int }

func (*trailingError) Error() string { return "data after the document" }

// Decode reads one JSON value and keeps numbers as they are written.
func Decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &trailingError{offset: int(d.InputOffset()) + 1}
	}
	return value, nil
}

// Document is a JSON object that keeps its numbers as they are written when it is stored and read again.
type Document map[string]any

// UnmarshalJSON implements json.Unmarshaler.
func (d *Document) UnmarshalJSON(data []byte) error {
	value, err := Decode(data)
	if err != nil {
		return err
	}
	m, _ := value.(map[string]any)
	*d = m
	return nil
}

// checkNulls refuses null values, as CloudFormation does, and absurd nesting.
func checkNulls(path string, value any, depth int) error {
	if depth > maxDepth {
		return errorf("Template format error: nesting is deeper than the maximum allowed, %d", maxDepth)
	}
	switch v := value.(type) {
	case nil:
		return errorf("[%s] 'null' values are not allowed in templates", path)
	case map[string]any:
		for _, key := range sortedKeys(v) {
			if err := checkNulls(path+"/"+key, v[key], depth+1); err != nil {
				return err
			}
		}
	case []any:
		for i, item := range v {
			if err := checkNulls(fmt.Sprintf("%s/%d", path, i), item, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
