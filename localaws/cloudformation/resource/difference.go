package resource

import (
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/template"
)

// Differences compares what a template says of a resource with what is there.
// Only what the template says is compared.
func Differences(expected, actual map[string]any) []types.PropertyDifference {
	return differences("", expected, actual)
}

func differences(path string, expected, actual any) []types.PropertyDifference {
	switch expected := expected.(type) {
	case map[string]any:
		object, ok := actual.(map[string]any)
		if !ok {
			return []types.PropertyDifference{differs(path, expected, actual)}
		}
		var found []types.PropertyDifference
		for _, name := range slices.Sorted(maps.Keys(expected)) {
			found = append(found, differences(path+"/"+name, expected[name], object[name])...)
		}
		return found
	case []any:
		if list, ok := actual.([]any); ok {
			return listDifferences(path, expected, list)
		}
	}
	if expected == nil || template.Equal(expected, actual) || oneOf(expected, actual) {
		return nil
	}
	return []types.PropertyDifference{differs(path, expected, actual)}
}

// oneOf takes a single value for a list of one, which policies do not tell apart.
func oneOf(expected, actual any) bool {
	if list, ok := actual.([]any); ok && len(list) == 1 {
		return len(differences("", expected, list[0])) == 0
	}
	if list, ok := expected.([]any); ok && len(list) == 1 {
		return len(differences("", list[0], actual)) == 0
	}
	return false
}

// listDifferences does not mind the order of lists: what stands in both is left
// out, and the rest is compared place by place.
func listDifferences(path string, expected, actual []any) []types.PropertyDifference {
	left := slices.Clone(actual)
	type item struct {
		index int
		value any
	}
	var rest []item
	for i, want := range expected {
		at := slices.IndexFunc(left, func(got any) bool { return len(differences("", want, got)) == 0 })
		if at < 0 {
			rest = append(rest, item{i, want})
			continue
		}
		left = slices.Delete(left, at, at+1)
	}
	var found []types.PropertyDifference
	for i, want := range rest {
		place := path + "/" + strconv.Itoa(want.index)
		if i < len(left) {
			found = append(found, differences(place, want.value, left[i])...)
			continue
		}
		found = append(found, differs(place, want.value, nil))
	}
	for i := len(rest); i < len(left); i++ {
		found = append(found, types.PropertyDifference{
			PropertyPath: aws.String(path + "/" + strconv.Itoa(len(expected)+i-len(rest))), DifferenceType: types.DifferenceTypeAdd,
			ExpectedValue: aws.String("null"), ActualValue: aws.String(shownValue(left[i])),
		})
	}
	return found
}

func differs(path string, expected, actual any) types.PropertyDifference {
	kind := types.DifferenceTypeNotEqual
	if actual == nil {
		kind = types.DifferenceTypeRemove
	}
	return types.PropertyDifference{
		PropertyPath: &path, DifferenceType: kind, ExpectedValue: aws.String(shownValue(expected)), ActualValue: aws.String(shownValue(actual)),
	}
}

// shownValue is a scalar as it is and anything else as JSON.
func shownValue(value any) string {
	if text, ok := template.Text(value); ok {
		return text
	}
	text, err := template.Encode(value)
	if err != nil {
		return ""
	}
	return text
}
