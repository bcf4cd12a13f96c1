package cloud

import (
	"fmt"
	"maps"
	"slices"
)

// Unknown stands for a value that is not known: [Alike] takes it for any other.
type Unknown struct{}

// Alike compares parts of policies as IAM does: the order of a list says
// nothing, one value is a list of one, and "false" is false. want may hold
// something [Unknown].
func Alike(want, have any) bool {
	if want == any(Unknown{}) {
		return true
	}
	if w, ok := want.(map[string]any); ok {
		h, ok := have.(map[string]any)
		return ok && maps.EqualFunc(w, h, Alike)
	}
	w, h := Items(want), Items(have)
	if len(w) != len(h) {
		return false
	}
	for _, item := range w {
		if item == any(Unknown{}) {
			continue // it is one of those that are left
		}
		i := slices.IndexFunc(h, func(other any) bool { return sameItem(item, other) })
		if i < 0 {
			return false
		}
		h = slices.Delete(h, i, i+1)
	}
	return true
}

func sameItem(want, have any) bool {
	if _, object := want.(map[string]any); object {
		return Alike(want, have)
	}
	return fmt.Sprint(want) == fmt.Sprint(have)
}

// Items are those of a list, in a list of its own, or the one value; none of nil.
func Items(value any) []any {
	if list, ok := value.([]any); ok {
		return slices.Clone(list)
	}
	if value == nil {
		return nil
	}
	return []any{value}
}
