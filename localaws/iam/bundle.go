package iam

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// bundle is all that bears on a user or a role, ready to decide by. A bundle
// that was made is not changed any more.
type bundle struct {
	identity []*policy.Document
	boundary *policy.Document // nil where there is none
	tags     map[string]string
	managed  map[*policy.Document]string // the ARNs of those that are managed policies
}

// source is a policy with the name that the simulator gives it.
type source struct {
	id   string
	arn  string // of a managed policy
	text string
	doc  *policy.Document
}

// bundles remembers bundles by the ARN of their user or role, until the next write.
type bundles struct {
	mu         sync.RWMutex
	generation int                // guarded by mu; counts the writes
	all        map[string]*bundle // guarded by mu
}

// forget makes every bundle be gathered again.
func (b *bundles) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.generation++
	b.all = nil
}

func (b *bundles) get(arn string) (found *bundle, generation int) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.all[arn], b.generation
}

// keep remembers a bundle that was gathered since generation, unless something was written meanwhile.
func (b *bundles) keep(arn string, made *bundle, generation int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if generation != b.generation {
		return
	}
	if b.all == nil {
		b.all = map[string]*bundle{}
	}
	b.all[arn] = made
}

// bundleOf returns what bears on a user or a role; nothing where it is gone.
func (s *Service) bundleOf(arn string) *bundle {
	found, generation := s.bundles.get(arn)
	if found == nil {
		found = s.gather(arn)
		s.bundles.keep(arn, found, generation)
	}
	return found
}

func (s *Service) gather(arn string) *bundle {
	b := &bundle{managed: map[*policy.Document]string{}}
	_, e, ok := s.entityByARN(arn)
	if !ok {
		return b
	}
	b.tags = e.Tags
	for _, source := range s.sourcesOf(e) {
		b.identity = append(b.identity, source.doc)
		if source.arn != "" {
			b.managed[source.doc] = source.arn
		}
	}
	if e.Boundary != "" {
		b.boundary = nothing // what cannot be read bounds everything
		if boundary, ok := s.attachedSource(e.Boundary); ok {
			b.boundary = boundary.doc
			b.managed[boundary.doc] = boundary.arn
		}
	}
	return b
}

// managedBy returns the ARN of the managed policy that has the statement, of
// those that bear on a user or a role in a session; empty where none has.
func (s *Service) managedBy(arn string, row session, statement *policy.Statement) string {
	has := func(doc *policy.Document) bool {
		for i := range doc.Statements {
			if &doc.Statements[i] == statement {
				return true
			}
		}
		return false
	}
	for doc, managed := range s.bundleOf(arn).managed {
		if has(doc) {
			return managed
		}
	}
	for _, managed := range row.PolicyARNs {
		if one, ok := s.attachedSource(managed); ok && has(one.doc) {
			return managed
		}
	}
	return ""
}

// sourcesOf lists the policies of a role, a user or a group, those of the user's groups too.
func (s *Service) sourcesOf(e entity) []source {
	var all []source
	for _, name := range slices.Sorted(maps.Keys(e.Inline)) {
		text := e.Inline[name]
		all = append(all, source{name, "", text, s.parsed.get(text, policy.Identity)})
	}
	for _, arn := range e.Attached {
		if one, ok := s.attachedSource(arn); ok {
			all = append(all, one)
		}
	}
	for _, group := range s.groupsOf(e) {
		all = append(all, s.sourcesOf(group)...)
	}
	return all
}

// attachedSource is the default version of a managed policy.
func (s *Service) attachedSource(arn string) (source, bool) {
	p, err := s.managed(arn)
	if err != nil {
		return source{}, false
	}
	v, ok := p.version(p.Default)
	return source{p.Name, p.ARN, v.Document, s.parsed.get(v.Document, policy.Identity)}, ok
}

// entityByARN finds the role, the user or the group of that ARN.
func (s *Service) entityByARN(arn string) (kind, entity, bool) {
	resource := arn[strings.LastIndex(arn, ":")+1:]
	label, _, _ := strings.Cut(resource, "/")
	for _, k := range []kind{s.ofRoles(), s.ofUsers(), s.ofGroups()} {
		if k.label == label {
			e, ok := k.table.get(rowKey(resource[strings.LastIndex(resource, "/")+1:]))
			return k, e, ok && e.ARN == arn
		}
	}
	return kind{}, entity{}, false
}

// documents remembers the policies that were parsed, by their kind and text.
type documents struct {
	mu  sync.RWMutex
	all map[documentKey]*policy.Document // guarded by mu
}

type documentKey struct {
	kind policy.Kind
	text string
}

// maxParsed bounds what is remembered; more than that is parsed again.
const maxParsed = 512

// everything is what the account itself may do; nothing stands for a document
// that cannot be read any more.
var (
	everything = policy.Must(policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, policy.Identity))
	nothing    = policy.Must(policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}`, policy.Resource))
)

// get returns the document of the text. All texts were parsed when they were
// written; one that does not parse any more denies everything.
func (d *documents) get(text string, kind policy.Kind) *policy.Document {
	key := documentKey{kind, text}
	d.mu.RLock()
	doc, ok := d.all[key]
	d.mu.RUnlock()
	if ok {
		return doc
	}
	doc, err := policy.Parse(text, kind)
	if err != nil {
		doc = nothing
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil || len(d.all) >= maxParsed {
		d.all = map[documentKey]*policy.Document{}
	}
	d.all[key] = doc
	return doc
}
