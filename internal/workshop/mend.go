package workshop

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/internal/git"
	"github.com/mayfly-cd/mayfly/verify"
)

const lookForYourself = "mayfly doctor"

// Mends tells whether [Workshop.MendWorkingCopy] can do what an answer about
// the working copy names as its fix. What would throw work away is left to the learner.
func (w *Workshop) Mends(c CheckStatus) bool {
	return c.State == verify.Wrong && c.Fix != w.typed(lookForYourself) && !strings.HasSuffix(c.Fix, " --abort")
}

// Hinders tells whether the workshop cannot go on beside what an answer about
// the working copy says: there is no folder to work in.
func (w *Workshop) Hinders(c CheckStatus) bool {
	return c.State != verify.Wrong || c.Fix == w.typed(reconnect) || c.Fix == w.typed(lookForYourself)
}

// MendWorkingCopy does what [Workshop.WorkingCopy] names as the fix: it connects
// the folder as `mayfly run codecommit` does, or types the line for the learner.
func (w *Workshop) MendWorkingCopy(ctx context.Context) error {
	c, made := w.WorkingCopy(ctx)
	switch {
	case !made || c.State == verify.Passed:
		return nil
	case !w.Mends(c):
		return errors.New(c.Observed)
	case c.Fix == w.typed(reconnect):
		return w.connect(ctx)
	}
	w.working("%s", c.Fix)
	return w.checkout.Type(ctx, c.Fix)
}

// lookEvery is how often the working copy is looked at while the learner types:
// a look costs ten runs of git.
const lookEvery = 2 * time.Second

// folderWatch tells what goes wrong with the working copy while the learner
// types. That something is not committed or not pushed yet is no trouble then.
type folderWatch struct {
	looked time.Time
	told   string
}

func (f *folderWatch) look(ctx context.Context, w *Workshop) {
	if now := w.now(); now.Sub(f.looked).Abs() < lookEvery || !w.madeWorkingCopy() {
		return
	}
	f.looked = w.now()
	r := w.judgeWorkingCopy(ctx, func(context.Context, git.Condition) verify.Result {
		return verify.Result{State: verify.Passed, Observed: "the working copy is right again"}
	})
	if ctx.Err() != nil || r.Observed == f.told || r.State == verify.Passed && f.told == "" {
		return
	}
	f.told = r.Observed
	if r.State == verify.Passed {
		f.told = ""
	}
	w.reportWorkingCopy(r)
}

func (w *Workshop) reportWorkingCopy(r verify.Result) {
	w.report(Event{
		Event: CheckDone, Check: workingCopyCheck, State: r.State,
		Detail: r.Observed, Expected: r.Expected, Fix: w.typed(r.Fix),
	})
}
