// Package pattern reads the patterns with which EventBridge's rules and the
// filter policies of SNS choose what they want, and matches by them. Its rules
// and the words of its errors are those of AWS's own matcher, the open-source
// event-ruler.
package pattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Pattern is a pattern that has passed the grammar.
type Pattern struct{ root object }

// Match reports whether the pattern wants a value, which [Decode] has read.
func (p *Pattern) Match(value any) bool { return p.root.match(value, true) }

// node matches a value of an event, or the lack of one.
type node interface {
	match(value any, present bool) bool
}

// object is what a JSON object of a pattern compiles to: every field must match.
type object struct {
	fields map[string]node
	ors    [][]object // every $or must have a member that matches
}

func (o object) match(value any, present bool) bool {
	if list, ok := value.([]any); ok {
		for _, element := range list {
			if o.match(element, present) {
				return true
			}
		}
		return false
	}
	// A value that is no object has none of the fields, as if it were missing.
	members, _ := value.(map[string]any)
	for name, field := range o.fields {
		member, ok := members[name]
		if !field.match(member, ok) {
			return false
		}
	}
	for _, or := range o.ors {
		matched := false
		for _, alternative := range or {
			matched = matched || alternative.match(value, present)
		}
		if !matched {
			return false
		}
	}
	return true
}

// leaf is what a JSON array compiles to: one of the alternatives must match
// the value or, where that is an array, one of its elements.
type leaf struct {
	alternatives []func(value any) bool
	absent       bool // {"exists": false} is among the alternatives
}

func (l leaf) match(value any, present bool) bool {
	values, ok := value.([]any)
	if !ok {
		values = []any{value}
	}
	found := false
	for _, v := range values {
		if _, nested := v.(map[string]any); nested || !present {
			continue
		}
		found = true
		for _, matches := range l.alternatives {
			if matches(v) {
				return true
			}
		}
	}
	return !found && l.absent
}

// Compile reads a pattern.
func Compile(text string) (*Pattern, error) {
	value, err := Decode(text)
	if err != nil {
		return nil, patternError("Invalid JSON")
	}
	members, ok := value.(map[string]any)
	if !ok {
		return nil, patternError("Filter is not an object")
	}
	root, err := compileObject(members)
	if err != nil {
		return nil, err
	}
	return &Pattern{root}, nil
}

// patternError says what is wrong with a pattern. The words are AWS's, which
// begin and end as sentences do.
type patternError string

func (e patternError) Error() string { return string(e) }

// Decode reads one JSON value, with numbers as they are written.
func Decode(text string) (value any, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("data after the value")
	}
	return value, nil
}

func compileObject(members map[string]any) (object, error) {
	if len(members) == 0 {
		return object{}, patternError("Empty objects are not allowed")
	}
	o := object{fields: map[string]node{}}
	for name, member := range members {
		var err error
		switch member := member.(type) {
		case map[string]any:
			o.fields[name], err = compileObject(member)
		case []any:
			if name == "$or" {
				var or []object
				or, err = compileOr(member)
				o.ors = append(o.ors, or)
			} else {
				o.fields[name], err = compileLeaf(member)
			}
		default:
			err = patternError(fmt.Sprintf("%q must be an object or an array", name))
		}
		if err != nil {
			return object{}, err
		}
	}
	return o, nil
}

func compileOr(members []any) (or []object, err error) {
	for _, member := range members {
		fields, ok := member.(map[string]any)
		if !ok {
			break
		}
		alternative, err := compileObject(fields)
		if err != nil {
			return nil, err
		}
		or = append(or, alternative)
	}
	if len(or) < 2 || len(or) < len(members) {
		return nil, patternError("There must have at least 2 Objects in $or relationship.")
	}
	return or, nil
}

func compileLeaf(members []any) (l leaf, err error) {
	if len(members) == 0 {
		return leaf{}, patternError("Empty arrays are not allowed")
	}
	for _, member := range members {
		var matches func(any) bool
		switch member := member.(type) {
		case map[string]any:
			if exists, ok := member["exists"]; ok && len(member) == 1 && exists == false {
				l.absent = true
				continue
			}
			matches, err = compileMatcher(member)
		case []any:
			err = patternError("Match value must be String, number, true, false, or null")
		default:
			matches = equal(member)
		}
		if err != nil {
			return leaf{}, err
		}
		l.alternatives = append(l.alternatives, matches)
	}
	return l, nil
}
