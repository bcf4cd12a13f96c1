package template

import "strings"

// Scope is what a template is resolved against.
type Scope struct {
	Template *Template
	// Values are those of parameters and pseudo parameters: strings, or lists of strings.
	Values map[string]any
	// Resources answers Ref and Fn::GetAtt. It may return Unknown.
	Resources Resources
	// Import answers Fn::ImportValue.
	Import func(name string) (string, error)
	// conditions are the values of the Conditions section.
	conditions map[string]bool
}

// Resources knows what resources there are.
type Resources interface {
	Ref(id string) (any, error)
	GetAtt(id, attribute string) (any, error)
}

// noValue is what Ref of AWS::NoValue gives: the member or item that holds it is removed.
type noValue struct{}

// NewScope evaluates the template's conditions.
func NewScope(t *Template, values map[string]any) (*Scope, error) {
	s := &Scope{Template: t, Values: values, conditions: map[string]bool{}}
	for _, id := range sortedKeys(t.Conditions) {
		if _, err := s.condition(id, nil); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Holds says whether a condition of the Conditions section holds; the empty name always does.
func (s *Scope) Holds(condition string) bool { return condition == "" || s.conditions[condition] }

// Resolve returns the value with every intrinsic function replaced by its result.
// A value which is itself AWS::NoValue comes back as nil.
func (s *Scope) Resolve(value any) (any, error) {
	resolved, err := s.resolve(value)
	if _, none := resolved.(noValue); none {
		return nil, err
	}
	return resolved, err
}

// Object is Resolve for an object, such as a resource's properties. It is never nil.
func (s *Scope) Object(m map[string]any) (map[string]any, error) {
	value, err := s.Resolve(m)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errorf("Template error: Properties must be an object")
	}
	return object, nil
}

func (s *Scope) resolve(value any) (any, error) {
	switch v := value.(type) {
	case string:
		return v, checkDynamic(v)
	case []any:
		list := make([]any, 0, len(v))
		for _, item := range v {
			resolved, err := s.resolve(item)
			if err != nil {
				return nil, err
			}
			if _, none := resolved.(noValue); !none {
				list = append(list, resolved)
			}
		}
		return list, nil
	case map[string]any:
		if function, argument, ok := call(v); ok {
			return s.call(function, argument)
		}
		object := make(map[string]any, len(v))
		for key, item := range v {
			resolved, err := s.resolve(item)
			if err != nil {
				return nil, err
			}
			if _, none := resolved.(noValue); !none {
				object[key] = resolved
			}
		}
		return object, nil
	default:
		return value, nil
	}
}

// checkDynamic refuses dynamic references, whose services this AWS does not have.
func checkDynamic(s string) error {
	if i := strings.Index(s, "{{resolve:"); i >= 0 && strings.Contains(s[i:], "}}") {
		return errorf("Template error: dynamic references are not served by this AWS: %s", s[i:i+strings.Index(s[i:], "}}")+2])
	}
	return nil
}
