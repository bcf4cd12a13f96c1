package cloudformation

import (
	"maps"
	"slices"
)

// maxParallel caps how many resources are worked on at once.
const maxParallel = 16

// walk visits the nodes of a graph in parallel, each after all that it depends
// on. What depends on a failed node is never visited. goOn is asked before each
// visit; when it says no, what runs is waited for and nothing more begins.
func walk(graph map[string][]string, goOn func() bool, visit func(id string) bool) {
	waits := make(map[string]int, len(graph))
	dependents := map[string][]string{}
	var ready []string
	for _, id := range slices.Sorted(maps.Keys(graph)) {
		waits[id] = len(graph[id])
		if waits[id] == 0 {
			ready = append(ready, id)
		}
		for _, d := range graph[id] {
			dependents[d] = append(dependents[d], id)
		}
	}
	type result struct {
		id string
		ok bool
	}
	results := make(chan result)
	for running := 0; ; {
		for len(ready) > 0 && running < maxParallel && goOn() {
			id := ready[0]
			ready = ready[1:]
			running++
			go func() { results <- result{id, visit(id)} }()
		}
		if running == 0 {
			return
		}
		r := <-results
		running--
		if !r.ok {
			continue
		}
		for _, id := range dependents[r.id] {
			if waits[id]--; waits[id] == 0 {
				ready = append(ready, id)
			}
		}
	}
}

// reversed turns dependencies round, for deletion: a node comes after all that
// depend on it. Edges to nodes that are not in the graph are dropped.
func reversed(graph map[string][]string) map[string][]string {
	out := make(map[string][]string, len(graph))
	for id := range graph {
		out[id] = nil
	}
	for id, depends := range graph {
		for _, d := range depends {
			if _, ok := graph[d]; ok {
				out[d] = append(out[d], id)
			}
		}
	}
	return out
}

// within drops the edges to nodes that are not in the graph.
func within(graph map[string][]string) map[string][]string {
	out := make(map[string][]string, len(graph))
	for id, depends := range graph {
		out[id] = slices.DeleteFunc(slices.Clone(depends), func(d string) bool { _, ok := graph[d]; return !ok })
	}
	return out
}
