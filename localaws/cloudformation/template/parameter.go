package template

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parameter is the declaration of a parameter.
type Parameter struct {
	Type, Description string
	// Default is nil where a value must be given.
	Default *string
	NoEcho  bool

	AllowedValues         []string
	AllowedPattern        string
	ConstraintDescription string

	minLength, maxLength *int
	minValue, maxValue   *big.Float
	minText, maxText     string
	pattern              *regexp.Regexp
}

var parameterAttributes = []string{
	"Type", "Description", "Default", "NoEcho", "AllowedValues", "AllowedPattern", "ConstraintDescription",
	"MinLength", "MaxLength", "MinValue", "MaxValue",
}

// Parameters reads the Parameters section of a parsed template.
func Parameters(document map[string]any) (map[string]Parameter, error) {
	all, err := section(document, "Parameters", maxParameters)
	if err != nil {
		return nil, err
	}
	parameters := make(map[string]Parameter, len(all))
	for _, name := range sortedKeys(all) {
		m, ok := all[name].(map[string]any)
		if !ok {
			return nil, errorf("Template format error: Any Parameters member must be an object.")
		}
		p, err := readParameter(name, m)
		if err != nil {
			return nil, err
		}
		parameters[name] = p
	}
	return parameters, nil
}

func readParameter(name string, m map[string]any) (p Parameter, err error) {
	for _, key := range sortedKeys(m) {
		if !slices.Contains(parameterAttributes, key) {
			return p, errorf("Template format error: Invalid template parameter property '%s'", key)
		}
	}
	var ok bool
	if p.Type, ok = m["Type"].(string); !ok {
		return p, errorf("Template format error: Every Parameters object must contain a Type member.")
	}
	if err := checkParameterType(p.Type); err != nil {
		return p, err
	}
	p.Description, _ = m["Description"].(string)
	p.ConstraintDescription, _ = m["ConstraintDescription"].(string)
	if d, given := m["Default"]; given {
		s, ok := Text(d)
		if !ok {
			return p, errorf("Template format error: Every Default member must be a string.")
		}
		p.Default = &s
	}
	if v, given := m["NoEcho"]; given {
		s, _ := Text(v)
		p.NoEcho = strings.EqualFold(s, "true")
	}
	if err := readConstraints(&p, name, m); err != nil {
		return p, err
	}
	return p, nil
}

func checkParameterType(name string) error {
	switch {
	case name == "String", name == "Number", name == "CommaDelimitedList",
		name == "List<Number>", name == "List<String>":
		return nil
	case strings.HasPrefix(name, "AWS::SSM::"):
		return errorf("Template format error: Parameter type %s is not served by this AWS", name)
	case strings.HasPrefix(name, "AWS::EC2::"), strings.HasPrefix(name, "List<AWS::"), strings.HasPrefix(name, "AWS::Route53::"):
		return errorf("Template format error: Parameter type %s is not served by this AWS", name)
	default:
		return errorf("Template format error: Unrecognized parameter type: %s", name)
	}
}

func readConstraints(p *Parameter, name string, m map[string]any) error {
	if values, given := m["AllowedValues"]; given {
		items, ok := values.([]any)
		if !ok {
			return errorf("Template format error: Every AllowedValues member must be a list.")
		}
		for _, item := range items {
			s, ok := Text(item)
			if !ok {
				return errorf("Template format error: Every AllowedValues value must be a string.")
			}
			p.AllowedValues = append(p.AllowedValues, s)
		}
	}
	if pattern, given := m["AllowedPattern"]; given {
		p.AllowedPattern, _ = pattern.(string)
		compiled, err := regexp.Compile("^(?:" + p.AllowedPattern + ")$")
		if err != nil {
			return errorf("Template format error: AllowedPattern of parameter %s is not a regular expression that this AWS can match: %s", name, p.AllowedPattern)
		}
		p.pattern = compiled
	}
	for key, target := range map[string]**int{"MinLength": &p.minLength, "MaxLength": &p.maxLength} {
		if value, given := m[key]; given {
			s, _ := Text(value)
			n, err := strconv.Atoi(s)
			if err != nil {
				return errorf("Template format error: Every %s member must be a number.", key)
			}
			*target = &n
		}
	}
	for key, target := range map[string]**big.Float{"MinValue": &p.minValue, "MaxValue": &p.maxValue} {
		if value, given := m[key]; given {
			s, _ := Text(value)
			n, ok := parseNumber(s)
			if !ok {
				return errorf("Template format error: Every %s member must be a number.", key)
			}
			*target = n
		}
	}
	p.minText, _ = Text(m["MinValue"])
	p.maxText, _ = Text(m["MaxValue"])
	return nil
}

func parseNumber(s string) (*big.Float, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789+-.eE") != "" {
		return nil, false
	}
	n, _, err := big.ParseFloat(s, 10, 64, big.ToNearestEven)
	return n, err == nil
}

// Value checks a value that was given for the parameter and returns what Ref gives: a string, or a list of strings.
func (p Parameter) Value(name, value string) (any, error) {
	if p.Type != "CommaDelimitedList" && !strings.HasPrefix(p.Type, "List<") {
		return value, p.checkValue(name, value)
	}
	items := []any{}
	if value != "" {
		for item := range strings.SplitSeq(value, ",") {
			item = strings.TrimSpace(item)
			if err := p.checkValue(name, item); err != nil {
				return nil, err
			}
			items = append(items, item)
		}
	}
	return items, nil
}

func (p Parameter) checkValue(name, value string) error {
	broken := func(format string, args ...any) error {
		if p.ConstraintDescription != "" {
			return errorf("Parameter %s failed to satisfy constraint: %s", name, p.ConstraintDescription)
		}
		return errorf("Parameter '"+name+"' "+format, args...)
	}
	if p.Type == "Number" || p.Type == "List<Number>" {
		n, ok := parseNumber(value)
		switch {
		case !ok:
			return errorf("Parameter '%s' must be a number.", name)
		case p.minValue != nil && n.Cmp(p.minValue) < 0:
			return broken("must be a number not less than %s", p.minText)
		case p.maxValue != nil && n.Cmp(p.maxValue) > 0:
			return broken("must be a number not greater than %s", p.maxText)
		}
	}
	length := utf8.RuneCountInString(value)
	switch {
	case p.AllowedValues != nil && !slices.Contains(p.AllowedValues, value):
		return broken("must be one of AllowedValues")
	case p.pattern != nil && !p.pattern.MatchString(value):
		return broken("must match pattern %s", p.AllowedPattern)
	case p.minLength != nil && length < *p.minLength:
		return broken("must contain at least %d characters", *p.minLength)
	case p.maxLength != nil && length > *p.maxLength:
		return broken("must contain at most %d characters", *p.maxLength)
	}
	return nil
}
