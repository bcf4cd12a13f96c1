package cloudformation

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
)

// masked is shown for the value of a NoEcho parameter.
const masked = "****"

// readParameters binds the values of a request to the parameters that the template declares.
func readParameters(d *desired, declared map[string]template.Parameter, r request) (map[string]any, error) {
	given := map[string]types.Parameter{}
	for _, p := range r.parameters {
		key := aws.ToString(p.ParameterKey)
		if _, twice := given[key]; twice {
			return nil, invalid("Duplicate parameter key: %s", key)
		}
		given[key] = p
	}
	var foreign []string
	for key := range given {
		if _, ok := declared[key]; !ok {
			foreign = append(foreign, key)
		}
	}
	if foreign != nil {
		slices.Sort(foreign)
		return nil, invalid("Parameters: [%s] do not exist in the template", strings.Join(foreign, ", "))
	}
	values := map[string]any{}
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		p := declared[name]
		text, ok, err := parameterText(name, p, given, r.previous)
		if err != nil {
			return nil, err
		}
		if !ok {
			missing = append(missing, name)
			continue
		}
		if values[name], err = p.Value(name, text); err != nil {
			return nil, err
		}
		d.Parameters = append(d.Parameters, parameter{Key: name, Value: text, NoEcho: p.NoEcho})
	}
	if missing != nil {
		return nil, invalid("Parameters: [%s] must have values", strings.Join(missing, ", "))
	}
	return values, nil
}

func parameterText(name string, p template.Parameter, given map[string]types.Parameter, previous *stack) (string, bool, error) {
	g, isGiven := given[name]
	if isGiven && aws.ToBool(g.UsePreviousValue) {
		if g.ParameterValue != nil {
			return "", false, invalid("Invalid input for parameter key %s. Cannot specify usePreviousValue as true and non empty value for a parameter", name)
		}
		if previous != nil {
			for _, old := range previous.Parameters {
				if old.Key == name {
					return old.Value, true, nil
				}
			}
		}
		return "", false, invalid("Invalid input for parameter key %s. Cannot specify usePreviousValue as true for a parameter key not in the previous template", name)
	}
	if isGiven && g.ParameterValue != nil {
		return *g.ParameterValue, true, nil
	}
	if isGiven {
		return "", false, invalid("Invalid input for parameter key %s. Need to specify either usePreviousValue as true or value for that key", name)
	}
	if p.Default != nil {
		return *p.Default, true, nil
	}
	return "", false, nil
}

func describeParameters(parameters []parameter) []types.Parameter {
	var out []types.Parameter
	for _, p := range parameters {
		value := p.Value
		if p.NoEcho {
			value = masked
		}
		out = append(out, types.Parameter{ParameterKey: aws.String(p.Key), ParameterValue: aws.String(value)})
	}
	return out
}

func describeTags(tags map[string]string) []types.Tag {
	out := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}
