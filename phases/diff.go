package phases

import "github.com/rogpeppe/go-internal/diff"

// Diff is what the template of one phase adds to and takes from that of
// another, in the unified form; "" where they are the same.
func Diff(from, to *Phase) string {
	return string(diff.Diff(from.Name+"/template.yaml", from.Template(), to.Name+"/template.yaml", to.Template()))
}

// Before is the phase whose template this phase's goes on from; nil where its
// template is the first of its stack.
func (p *Phase) Before() *Phase {
	if len(p.Requires) == 0 || len(p.Requires[0].Requires) == 0 {
		return nil
	}
	return p.Requires[len(p.Requires)-1]
}

// Template is the phase's CloudFormation template.
func (p *Phase) Template() []byte { return template(p.Name) }
