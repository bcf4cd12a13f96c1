// Package workshop is the engine: it explains, does, verifies and records. It
// knows how a lesson is run and how everything is taken down again; what the
// lessons are stands in package phases.
package workshop

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/internal/git"
	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// Workshop is an environment with its AWS opened.
type Workshop struct {
	env      Environment
	dir      string
	scene    *verify.Scene
	checkout *git.Checkout
	app      *phases.Application
	ledger   *Ledger
	reporter Reporter
	now      func() time.Time
	helper   string
	phase    string
	step     string
	// told is what working said last, since which nothing else was told.
	told string
	live LiveChange
	// dirty tells whether the working copy held changes that were not committed
	// when it was last looked at, inside whether the person is in it.
	dirty, inside bool
	// did tells whether a step was done since the workshop was opened.
	did bool
}

// Options are what a workshop is opened with. Every field is set.
type Options struct {
	Environment Environment
	// Dir is the folder in which the environment's state is kept.
	Dir         string
	Cloud       *cloud.Cloud
	Application *phases.Application
	Reporter    Reporter
	Now         func() time.Time
	// CredentialHelper is the command that git asks for a password, in git's notation.
	CredentialHelper string
	// Environ are the variables that git is given.
	Environ []string
	// Inside says that the person is in the working copy, where git commands
	// need no `cd` before them.
	Inside bool
}

// WrongAccountError says that who is signed in is not in the environment's account and region.
type WrongAccountError struct{ Want, Have string }

func (e *WrongAccountError) Error() string {
	return fmt.Sprintf("this environment belongs to %s, and you are signed in to %s: nothing was changed", e.Want, e.Have)
}

// liveTimeout bounds one question to the live URL; a cold function on AWS takes a second or two.
const liveTimeout = 15 * time.Second

// Open makes the workshop ready. It fails with a *WrongAccountError where the
// AWS that was opened is not the environment's.
func Open(o Options) (*Workshop, error) {
	e := o.Environment
	if e.Account != o.Cloud.Account || e.Region != o.Cloud.Region {
		return nil, &WrongAccountError{
			Want: "account " + e.Account + " in " + e.Region, Have: "account " + o.Cloud.Account + " in " + o.Cloud.Region,
		}
	}
	w := &Workshop{
		env: e, dir: o.Dir, app: o.Application, reporter: o.Reporter, now: o.Now, helper: o.CredentialHelper, inside: o.Inside,
		scene:    &verify.Scene{Cloud: o.Cloud, Names: e.Names(), Live: &http.Client{Timeout: liveTimeout}},
		checkout: &git.Checkout{Dir: e.WorkDir, Environment: e.ID, Environ: o.Environ},
		ledger:   openLedger(o.Dir, o.Now),
	}
	if w.madeWorkingCopy() {
		w.checkout.Was = phases.ApplicationFile
	}
	return w, w.putDamagedAside()
}

// Environment is the environment that was opened.
func (w *Workshop) Environment() Environment { return w.env }

// Scene is what its checks look at.
func (w *Workshop) Scene() *verify.Scene { return w.scene }

func (w *Workshop) report(e Event) {
	e.Time = w.now().UTC()
	if e.Phase == "" {
		e.Phase = w.phase
	}
	if e.Step == "" {
		e.Step = w.step
	}
	if e.Event != TaskChanged && e.Event != LogLine { // these come in between
		w.told = ""
	}
	w.reporter.Report(e)
}

// working tells what goes on just now. Who polls may say it again and again:
// it is told once.
func (w *Workshop) working(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if text == w.told {
		return
	}
	w.report(Event{Event: Working, Detail: text})
	w.told = text
}

// ForgetProgress removes the cache of what AWS cannot tell.
func (w *Workshop) ForgetProgress() error {
	if err := os.Remove(progressFile(w.dir)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("forget the progress: %w", err)
	}
	return nil
}

// CheckWorkDir says whether the working copy's folder may be used: see [git.Checkout.State].
func (w *Workshop) CheckWorkDir(ctx context.Context) error { return w.checkout.State(ctx) }

// Head is the commit that is checked out in the working copy; "" where there is none.
func (w *Workshop) Head(ctx context.Context) string {
	head, err := w.checkout.Head(ctx)
	if err != nil {
		return ""
	}
	return head
}
