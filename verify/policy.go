package verify

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// statement is one of a policy's: its members by name.
type statement map[string]any

func (s statement) sid() string    { return strings.Join(listed(s["Sid"]), "") }
func (s statement) effect() string { return strings.Join(listed(s["Effect"]), "") }

// in names a statement in a sentence.
func (s statement) in() string { return strings.TrimSpace("its statement " + s.sid()) }

func (s statement) same(other statement) bool {
	return s.sid() == other.sid() && s.effect() == other.effect()
}

// statements are those of a policy, of which one may stand alone.
func statements(document any) (all []statement) {
	policy, _ := document.(map[string]any)
	list, several := policy["Statement"].([]any)
	if !several {
		list = []any{policy["Statement"]}
	}
	for _, item := range list {
		if s, ok := item.(map[string]any); ok {
			all = append(all, s)
		}
	}
	return all
}

// comparePolicies says how a policy differs from what is wanted, statement by
// statement; "" where it does not. What could not be resolved of what is wanted
// may be anything.
func comparePolicies(want any, text string) string {
	var document map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&document); err != nil {
		return "cannot be read: " + err.Error()
	}
	left := statements(document)
	for _, w := range statements(want) {
		i := slices.IndexFunc(left, func(h statement) bool { return w.same(h) && compareStatements(w, h) == "" })
		if i < 0 {
			i = slices.IndexFunc(left, w.same)
		}
		if i < 0 {
			return fmt.Sprintf("lacks the statement %s (%s)", w.sid(), some(listed(w["Action"])))
		}
		if difference := compareStatements(w, left[i]); difference != "" {
			return difference
		}
		left = slices.Delete(left, i, i+1)
	}
	if len(left) > 0 {
		h := left[0]
		return fmt.Sprintf("has a statement more than its template: %s %s (%s)", h.effect(), some(listed(h["Action"])), h.sid())
	}
	return ""
}

func compareStatements(want, have statement) string {
	actions, now := listed(want["Action"]), listed(have["Action"])
	for _, action := range actions {
		if !slices.Contains(now, action) {
			return fmt.Sprintf("lacks %s in %s", action, want.in())
		}
	}
	for _, action := range now {
		if !slices.Contains(actions, action) {
			return fmt.Sprintf("has %s in %s, which its template has not", action, want.in())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if _, known := want[name]; !known {
			return fmt.Sprintf("has a %s in %s, which its template has not", name, want.in())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		now, there := have[name]
		if !there {
			return fmt.Sprintf("lacks the %s of %s", name, want.in())
		}
		if !cloud.Alike(want[name], now) {
			return fmt.Sprintf("has another %s in %s", name, want.in())
		}
	}
	return ""
}

// listed are the texts of a list, or the one text.
func listed(value any) (texts []string) {
	for _, item := range cloud.Items(value) {
		texts = append(texts, fmt.Sprint(item))
	}
	return texts
}

// some names the first of some actions, and how many more there are.
func some(actions []string) string {
	const most = 3
	if len(actions) <= most {
		return strings.Join(actions, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(actions[:most], ", "), len(actions)-most)
}
