package workshop

import (
	"regexp"
	"strings"

	"github.com/mayfly-cd/mayfly/verify"
)

var (
	mayflyCommand = regexp.MustCompile("(^|&& |`)mayfly ")
	plainWord     = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+-]+$`)
)

// typed is a fix as it is typed: commands of mayfly name the environment where
// it is not the default one, and git is told where the working copy is, unless
// the person is there.
func (w *Workshop) typed(fix string) string {
	if w.env.Name != "default" {
		fix = mayflyCommand.ReplaceAllString(fix, "${1}mayfly --env "+w.env.Name+" ")
	}
	if !strings.HasPrefix(fix, "git ") {
		return fix
	}
	if w.dirty && strings.HasPrefix(fix, "git checkout ") {
		fix = "git stash && " + fix // it would write over what is not committed
	}
	if w.inside {
		return fix
	}
	return "cd " + shellQuote(w.checkout.Dir) + " && " + fix
}

// checkStatus is an answer as it leaves the engine.
func (w *Workshop) checkStatus(name string, r verify.Result) CheckStatus {
	return CheckStatus{Name: name, State: r.State, Observed: r.Observed, Expected: r.Expected, Fix: w.typed(r.Fix)}
}

// shellQuote quotes a word for a shell where it needs that.
func shellQuote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
