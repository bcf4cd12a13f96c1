package template

import "slices"

// condition evaluates a named condition, once. path holds the names that are being evaluated.
func (s *Scope) condition(name string, path []string) (bool, error) {
	if value, done := s.conditions[name]; done {
		return value, nil
	}
	definition, ok := s.Template.Conditions[name]
	if !ok {
		return false, errorf("Template error: unresolved condition dependency %s in Condition", name)
	}
	if slices.Contains(path, name) {
		cycle := slices.Clone(path)
		slices.Sort(cycle)
		return false, errorf("Template format error: Circular dependency between conditions: %s", list(cycle))
	}
	value, err := s.boolean(definition, append(slices.Clone(path), name))
	if err != nil {
		return false, err
	}
	s.conditions[name] = value
	return value, nil
}

// boolean evaluates a condition function.
func (s *Scope) boolean(definition any, path []string) (bool, error) {
	m, ok := definition.(map[string]any)
	if !ok || len(m) != 1 {
		return false, errorf("Template format error: Every Conditions member must be a condition function.")
	}
	for function, argument := range m {
		switch function {
		case "Condition":
			name, _ := argument.(string)
			return s.condition(name, path)
		case "Fn::Equals":
			return s.equals(argument)
		case "Fn::Not":
			items, ok := argument.([]any)
			if !ok || len(items) != 1 {
				return false, errorf("Template error: every Fn::Not object requires one boolean parameter.")
			}
			value, err := s.boolean(items[0], path)
			return !value, err
		case "Fn::And":
			return s.all(function, argument, path, true)
		case "Fn::Or":
			return s.all(function, argument, path, false)
		}
	}
	return false, errorf("Template format error: Every Conditions member must be a condition function.")
}

// all evaluates every operand, so that a mistake in one is never hidden by another.
func (s *Scope) all(function string, argument any, path []string, and bool) (bool, error) {
	items, ok := argument.([]any)
	if !ok || len(items) < 2 || len(items) > 10 {
		return false, errorf("Template error: every %s object requires a list of at least 2 and at most 10 boolean parameters.", function)
	}
	result := and
	for _, item := range items {
		value, err := s.boolean(item, path)
		if err != nil {
			return false, err
		}
		if value != and {
			result = !and
		}
	}
	return result, nil
}

func (s *Scope) equals(argument any) (bool, error) {
	items, ok := argument.([]any)
	if !ok || len(items) != 2 {
		return false, errorf("Template error: every Fn::Equals object requires a list of 2 string parameters.")
	}
	a, err := s.resolve(items[0])
	if err != nil {
		return false, err
	}
	b, err := s.resolve(items[1])
	if err != nil {
		return false, err
	}
	return Equal(a, b), nil
}
