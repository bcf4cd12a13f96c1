package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

func (a *app) runCommand() *cobra.Command {
	var yes, teardown bool
	c := &cobra.Command{
		Use:   "run [PHASE...]",
		Short: "Do and verify the phases: all five, or those named",
		Long: "Run does the phases that are named, all five when none is, and verifies each step.\n" +
			"What is done already is not done again.",
		ValidArgsFunction: completePhases,
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted, err := findPhases(args)
			if err != nil {
				return err
			}
			return a.run(cmd.Context(), wanted, yes, teardown)
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "ask nothing")
	c.Flags().BoolVar(&teardown, "teardown", false, "take everything down again at the end")
	c.Flags().StringVar(&a.flags.application, "app", "", "the sample application: "+strings.Join(phases.Applications, ", ")+" (the first, unless you say)")
	c.Flags().StringVar(&a.flags.ownAppPath, "app-dir", "", "an application of your own, in a folder")
	return c
}

// findPhases returns the phases named, all where none is.
func findPhases(names []string) ([]*phases.Phase, error) {
	if len(names) == 0 {
		return phases.All, nil
	}
	var wanted []*phases.Phase
	for _, name := range names {
		p, err := phases.Find(name)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, p)
	}
	return wanted, nil
}

func completePhases(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, p := range phases.Every() {
		names = append(names, p.Name+"\t"+p.Title)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// runDone is the last line of run's stream.
type runDone struct {
	Event     string                 `json:"event"`
	Time      string                 `json:"time"`
	OK        bool                   `json:"ok"`
	Detail    string                 `json:"detail,omitempty"`
	Phases    []workshop.PhaseResult `json:"phases"`
	LeadTimes []workshop.LeadTime    `json:"leadTimes"`
	Live      *workshop.LiveChange   `json:"live,omitempty"`
	Teardown  *workshop.Receipt      `json:"teardown,omitempty"`
}

func (a *app) run(ctx context.Context, wanted []*phases.Phase, yes, teardown bool) (err error) {
	e, dir, err := a.environmentToRun(ctx)
	if err != nil {
		return err
	}
	release, err := workshop.Lock(dir, "mayfly run")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	reporter, done := a.reporter()
	defer done()
	local := a.background
	if teardown {
		var closeLocal func() error
		local, closeLocal = a.inProcess()
		defer func() { err = errors.Join(err, closeLocal()) }()
	}
	e, w, err := a.openToRun(ctx, e, dir, yes, local, reporter)
	if err != nil {
		return err
	}
	if !a.flags.json {
		a.say("Environment %s (%s) in account %s, %s\nWorking copy %s\n", e.Name, e.ID, e.Account, e.Region, e.WorkDir)
	}
	restore := func() {}
	if human, ok := reporter.(*terminal.Human); ok {
		restore = human.Listen(a.stdin, nil)
	}
	defer restore()
	results, runErr := w.Run(ctx, wanted)
	restore()
	done()
	summary := runDone{Event: "run.done", OK: runErr == nil, Phases: results}
	if runErr != nil {
		summary.Detail = phases.TypedIn(e.Name, runErr.Error())
	}
	if summary.Phases == nil {
		summary.Phases = []workshop.PhaseResult{}
	}
	if summary.LeadTimes, err = w.LeadTimes(ctx); err != nil && runErr == nil {
		return err
	}
	summary.Live = w.LiveChange()
	if !a.flags.json {
		if len(results) > 0 { // else no phase was begun, and the reason is all there is to say
			a.showRun(summary)
		}
		if runErr == nil {
			a.answer("\nNow try %s\n", a.streams.OutStyle().Command("mayfly"))
		}
	}
	if teardown && ctx.Err() == nil {
		plan, err := w.Plan(ctx)
		if err != nil {
			return errors.Join(runErr, err)
		}
		receipt, err := a.tearDown(ctx, w, plan, done)
		summary.Teardown = &receipt
		summary.OK = summary.OK && receipt.OK && err == nil
		runErr = errors.Join(runErr, err)
	}
	if a.flags.json {
		if summary.LeadTimes == nil {
			summary.LeadTimes = []workshop.LeadTime{}
		}
		summary.Time = a.now().UTC().Format("2006-01-02T15:04:05.000Z")
		terminal.NewStream(a.streams.Out).Write(summary)
	}
	return runErr
}

// showRun prints what the run has brought.
func (a *app) showRun(s runDone) {
	style := a.streams.OutStyle()
	if s.Live != nil {
		a.answer("\n%s\n  before the last commit  %s\n  after it                %s\n", style.Bold(s.Live.URL), s.Live.Before, s.Live.After)
	}
	if len(s.LeadTimes) > 0 {
		a.answer("\n%s\n", style.Bold("From push to production"))
		terminal.LeadTimes(a.streams.Out, style, a.outColumns(), s.LeadTimes)
	}
}

// environmentToRun loads the environment, or describes a new one, which is not yet kept.
func (a *app) environmentToRun(ctx context.Context) (workshop.Environment, string, error) {
	if a.flags.application != "" && a.flags.ownAppPath != "" {
		return workshop.Environment{}, "", usage("--app is for a sample application, --app-dir for one of your own: say one of them")
	}
	e, dir, err := a.environment()
	if err == nil {
		if a.flags.ownAppPath != "" && absolute(a.flags.ownAppPath) != e.ApplicationDir {
			return e, dir, usage("environment %s was made with another application than %s: give it a name of its own with --env",
				e.Name, a.flags.ownAppPath)
		}
		if a.flags.application != "" && a.flags.application != e.Application {
			return e, dir, usage("environment %s was made with %s, and keeps it; for another: mayfly run --app %s --env NAME",
				e.Name, applicationName(e), a.flags.application)
		}
		return e, dir, checkApplication(e)
	}
	if !errors.Is(err, errNoEnvironment) {
		return e, dir, err
	}
	workdir := a.flags.workdir
	if workdir == "" {
		home, err := a.home()
		if err != nil {
			return e, dir, err
		}
		workdir = filepath.Join(home, "mayfly", a.flags.env)
	}
	e = workshop.Environment{
		Name: a.flags.env, ID: cloud.NewID(), Target: a.flags.target, WorkDir: absolute(workdir),
		Application: cmp.Or(a.flags.application, phases.Applications[0]), Owner: owner(), Created: a.now().UTC(),
	}
	if a.flags.ownAppPath != "" {
		e.Application, e.ApplicationDir = "", absolute(a.flags.ownAppPath)
	}
	if err := checkApplication(e); err != nil {
		return e, dir, err
	}
	return e, dir, checkToolchain(ctx, e)
}

// applicationName says which application an environment has.
func applicationName(e workshop.Environment) string {
	if e.ApplicationDir != "" {
		return "the application in " + e.ApplicationDir
	}
	return "--app " + e.Application
}

// checkApplication says whether the environment's application is there and whole.
func checkApplication(e workshop.Environment) error {
	chosen, err := application(e)
	if err != nil || e.ApplicationDir == "" {
		return err
	}
	if err := chosen.Check(); err != nil {
		return usage("--app-dir %s: %w", e.ApplicationDir, err)
	}
	return nil
}

func absolute(path string) string {
	full, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return full
}

// owner is the name of whoever runs this, for the tag.
func owner() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}

// openToRun opens the workshop for a run. A new environment is kept once its
// account, its region and its working copy's folder are known to be right.
func (a *app) openToRun(ctx context.Context, e workshop.Environment, dir string, yes bool, local localAWS, reporter workshop.Reporter) (workshop.Environment, *workshop.Workshop, error) {
	if e.Account == "" {
		target, err := a.target(ctx, e, dir, local)
		if err != nil {
			return e, nil, err
		}
		c, err := cloud.Open(ctx, target, a.now)
		if err != nil {
			return e, nil, err
		}
		e.Account, e.Region = c.Account, c.Region
	}
	if err := a.consent(e, yes); err != nil {
		return e, nil, err
	}
	w, err := a.open(ctx, e, dir, local, reporter)
	if err != nil {
		return e, nil, err
	}
	if err := w.CheckWorkDir(ctx); err != nil {
		return e, nil, fmt.Errorf("%w: choose another with --workdir", err)
	}
	return e, w, e.Save(dir)
}

// consent asks before anything is made in an account. On this laptop nothing needs it.
func (a *app) consent(e workshop.Environment, yes bool) error {
	if a.flags.account != "" && a.flags.account != e.Account {
		return &accountError{asked: a.flags.account, have: e.Account}
	}
	if e.Target != targetAWS || yes && a.flags.account != "" {
		return nil
	}
	question := fmt.Sprintf("Make resources in account %s, %s (no account has been tried with this version; under $0.25)?", e.Account, e.Region)
	ok, err := a.prompter().Confirm(question)
	if errors.Is(err, prompt.ErrNoAnswer) {
		return usage("in an account and with no terminal, say --yes and --account %s", cmp.Or(e.Account, "ID"))
	}
	if err == nil && !ok {
		err = declined("nothing was made")
	}
	return err
}
