package workshop

import (
	"strings"

	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// typed is a fix as it is typed: see [phases.Typed]; and git is told where the
// working copy is, unless the person is there.
func (w *Workshop) typed(fix string) string {
	fix = phases.Typed(w.env.Name, fix)
	if !strings.HasPrefix(fix, "git ") {
		return fix
	}
	if w.dirty && strings.HasPrefix(fix, "git checkout ") && !strings.HasPrefix(fix, "git checkout HEAD ") {
		fix = "git stash && " + fix // it would write over what is not committed; of HEAD come files that are gone
	}
	if w.inside {
		return fix
	}
	return "cd " + phases.ShellWord(w.checkout.Dir) + " && " + fix
}

// checkStatus is an answer as it leaves the engine.
func (w *Workshop) checkStatus(name string, r verify.Result) CheckStatus {
	return CheckStatus{Name: name, State: r.State, Observed: r.Observed, Expected: r.Expected, Fix: w.typed(r.Fix)}
}
