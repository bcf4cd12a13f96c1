package wire

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// route is the HTTP binding of one operation of a REST service.
type route struct {
	operation string
	method    string
	segments  []string    // of the path: literals, {Label}, {Greedy+}
	query     [][2]string // parameters that must be there; an empty value means any
	required  []string    // headers that must be there
	weight    int         // of two routes that match, the heavier is meant
}

// makeRoutes compiles the HTTP bindings of the service.
func (t *table) makeRoutes() []route {
	routes := make([]route, 0, len(t.Operations))
	for name, m := range t.Operations {
		path, query, _ := strings.Cut(m.URI, "?")
		r := route{operation: name, method: m.Method, segments: strings.Split(strings.Trim(path, "/"), "/")}
		for pair := range strings.SplitSeq(query, "&") {
			if key, value, _ := strings.Cut(pair, "="); key != "" {
				r.query = append(r.query, [2]string{key, value})
			}
		}
		for _, segment := range r.segments {
			if !strings.HasPrefix(segment, "{") {
				r.weight += 10
			}
		}
		r.weight += 4 * len(r.query)
		if t.Protocol == "rest-xml" && m.Input != "" {
			t.requireParameters(&r, t.shape(m.Input))
		}
		routes = append(routes, r)
	}
	slices.SortFunc(routes, func(a, b route) int {
		if a.weight != b.weight {
			return b.weight - a.weight
		}
		return strings.Compare(a.operation, b.operation)
	})
	return routes
}

// requireParameters adds what tells apart the operations of S3 that share
// method and path: UploadPart is a PutObject with two parameters, CopyObject
// one with a header.
func (t *table) requireParameters(r *route, input *shape) {
	for _, name := range input.Required {
		m := input.Members[name]
		switch m.Location {
		case "querystring":
			r.query = append(r.query, [2]string{m.LocationName, ""})
			r.weight++
		case "header":
			r.required = append(r.required, m.LocationName)
			r.weight++
		}
	}
}

// find returns the operation that a REST request is for, and the labels of its path.
func (t *table) find(r *http.Request, path string, query url.Values) (operation string, labels map[string]string) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for _, route := range t.routes() {
		if route.method != r.Method || !route.has(r.Header, query) {
			continue
		}
		if labels, ok := route.labels(segments); ok {
			return route.operation, labels
		}
	}
	return "", nil
}

func (r *route) has(header http.Header, query url.Values) bool {
	for _, q := range r.query {
		values, ok := query[q[0]]
		if !ok || q[1] != "" && values[0] != q[1] {
			return false
		}
	}
	for _, name := range r.required {
		if header.Get(name) == "" {
			return false
		}
	}
	return true
}

// labels matches the segments of a path, which are still escaped.
func (r *route) labels(segments []string) (map[string]string, bool) {
	labels := map[string]string{}
	for i, want := range r.segments {
		if i >= len(segments) {
			return nil, false
		}
		got := segments[i]
		name, isLabel := strings.CutPrefix(want, "{")
		if !isLabel {
			if got != want {
				return nil, false
			}
			continue
		}
		name = strings.TrimSuffix(name, "}")
		name, greedy := strings.CutSuffix(name, "+")
		if greedy {
			got = strings.Join(segments[i:], "/")
		}
		value, err := url.PathUnescape(got)
		if err != nil || value == "" {
			return nil, false
		}
		labels[name] = value
		if greedy {
			return labels, true
		}
	}
	rest := segments[len(r.segments):]
	return labels, len(rest) == 0 || len(rest) == 1 && rest[0] == ""
}
