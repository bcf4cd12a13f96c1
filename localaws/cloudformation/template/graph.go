package template

import (
	"maps"
	"slices"
)

// Graph returns, for every resource that will exist, the resources that it
// depends on. exists says which conditions hold; nil means that all do and
// both branches of every Fn::If count.
func (t *Template) Graph(holds func(condition string) bool) (map[string][]string, error) {
	active := func(r *Resource) bool { return holds == nil || r.Condition == "" || holds(r.Condition) }
	graph := make(map[string][]string, len(t.Resources))
	for id, r := range t.Resources {
		if !active(r) {
			continue
		}
		graph[id] = []string{}
		depends := slices.Clone(r.DependsOn)
		for _, ref := range References(r.Properties, holds) {
			if ref.Function != "Fn::If" {
				depends = append(depends, ref.Name)
			}
		}
		slices.Sort(depends)
		for _, d := range slices.Compact(depends) {
			if other := t.Resources[d]; other != nil && active(other) {
				graph[id] = append(graph[id], d)
			}
		}
	}
	if cycle := circular(graph); cycle != nil && holds != nil || cycle != nil && !t.conditional() {
		return nil, errorf("Circular dependency between resources: %s", list(cycle))
	}
	return graph, nil
}

// conditional says whether conditions may remove an edge that the whole template has.
func (t *Template) conditional() bool { return len(t.Conditions) > 0 }

// circular returns the nodes that are left when all that can go first has gone: those on a
// cycle and those between or behind cycles. Nil means that there is no cycle.
func circular(graph map[string][]string) []string {
	left := make(map[string][]string, len(graph))
	maps.Copy(left, graph)
	strip := func(blocked func(id string) bool) {
		for again := true; again; {
			again = false
			for _, id := range sortedKeys(left) {
				if !blocked(id) {
					delete(left, id)
					again = true
				}
			}
		}
	}
	strip(func(id string) bool { // has a dependency left
		return slices.ContainsFunc(left[id], func(d string) bool { _, ok := left[d]; return ok })
	})
	strip(func(id string) bool { // something left depends on it
		for _, depends := range left {
			if slices.Contains(depends, id) {
				return true
			}
		}
		return false
	})
	if len(left) == 0 {
		return nil
	}
	return sortedKeys(left)
}
