package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/git"
	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/walk"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

const welcome = `mayfly: continuous delivery on AWS, by doing it

How long does it take for a commit to reach production where you work?
A month, a week, a day, an hour, a minute? Five phases bring it down, and
mayfly measures it. It all runs on this laptop: no account, no Docker, no bill.
The first run compiles for some minutes.

`

// start is mayfly with no arguments: in a terminal the walk through the
// workshop, elsewhere where you are and what to type next.
func (a *app) start(ctx context.Context) error {
	e, dir, err := a.environment()
	isNew := errors.Is(err, errNoEnvironment)
	if err != nil && !isNew {
		return err
	}
	if _, nobody := a.prompter().(prompt.Nobody); nobody {
		switch {
		case !isNew:
			return a.showStatus(ctx, e, dir)
		case a.flags.json:
			return a.showNothing()
		}
		a.answer("%s", welcome)
		a.answer("Next: %s\n      does all five phases and checks each step; `%s` does the first\n",
			a.streams.OutStyle().Command(a.firstCommand()), a.typed("mayfly run codecommit"))
		return nil
	}
	err = a.walk(ctx, isNew)
	if errors.Is(err, walk.ErrQuit) {
		if _, _, err := a.environment(); errors.Is(err, errNoEnvironment) {
			a.say("Nothing was made yet. `%s` asks again.\n", a.typed("mayfly"))
			return nil
		}
		a.say("What was done is kept. `%s` goes on from here.\n", a.typed("mayfly"))
		return nil
	}
	return err
}

// walk asks the first questions where the environment is new, and walks.
func (a *app) walk(ctx context.Context, isNew bool) (err error) {
	screen := &walk.Screen{Streams: a.streams}
	answers := walk.Answers{}
	if isNew {
		if answers, err = a.firstQuestions(ctx, screen); err != nil {
			return err
		}
	}
	e, dir, err := a.environmentToRun(ctx)
	if err != nil {
		return err
	}
	if !isNew {
		screen.Heading("mayfly: environment " + e.Name + ", " + a.where(e))
	}
	human := terminal.NewHuman(a.streams, a.flags.verbose)
	defer human.Done()
	// Only what changes something holds the environment: what the learner types
	// elsewhere meanwhile, such as `mayfly approve`, must not be refused.
	alone := func(do func() error) (err error) {
		release, err := workshop.Lock(dir, "mayfly")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, release()) }()
		return do()
	}
	var w *workshop.Workshop
	open := func() (err error) {
		e, w, err = a.openToRun(ctx, e, dir, false, a.background, human)
		return err
	}
	if isNew { // whoever comes back only looks, while another walk or run may be at work
		err = alone(open)
	} else {
		err = open()
	}
	if err != nil {
		return err
	}
	human.Done()
	if answers.LeadTime != "" {
		if err := w.Answered(answers.LeadTime); err != nil {
			return err
		}
	}
	walker := &walk.Walk{
		Workshop: w, Ask: quietBefore{a.prompter(), human}, Screen: screen, Place: a.where(e), Working: a.listen(human), Alone: alone,
		Teardown: func(ctx context.Context) (done bool, err error) {
			err = alone(func() error {
				done, err = a.teardownInWalk(ctx, e, w, human.Done)
				return err
			})
			return done, err
		},
		Break: func(ctx context.Context, p *phases.Phase) error {
			return alone(func() error { return a.breakSomething(ctx, w, p, breakOptions{}) })
		},
		SaveCard: func(c terminal.Card) (string, error) { return saveCard(dir, c) },
	}
	if e.Target == targetLocal {
		walker.ShellNeeds = `eval "$(` + w.Place().Mayfly + ` local env)"`
	}
	return walker.Run(ctx)
}

// where says where AWS is, as a person would.
func (a *app) where(e workshop.Environment) string {
	if e.Target == targetLocal {
		return "on this laptop"
	}
	return "in account " + e.Account + ", " + e.Region
}

// quietBefore takes what changes in place off the screen before it asks.
type quietBefore struct {
	prompt.Prompter
	human *terminal.Human
}

// Choose implements prompt.Prompter.
func (q quietBefore) Choose(question string, choices []prompt.Choice) (string, error) {
	q.human.Done()
	return q.Prompter.Choose(question, choices)
}

// Text implements prompt.Prompter.
func (q quietBefore) Text(question, preset string, check func(string) error) (string, error) {
	q.human.Done()
	return q.Prompter.Text(question, preset, check)
}

// listen returns what holds the keyboard while work runs: keys that are choices
// end it, all others are for the progress or are dropped.
func (a *app) listen(human *terminal.Human) func(ctx context.Context, keys []prompt.Choice, do func(ctx context.Context) error) (string, error) {
	return func(ctx context.Context, keys []prompt.Choice, do func(ctx context.Context) error) (string, error) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		taken := ""
		restore := human.Listen(a.stdin, func(key rune) {
			for _, k := range keys {
				if k.Key == string(key) {
					taken = k.Key
					cancel(errTaken)
				}
			}
		})
		err := do(ctx)
		restore()
		human.Done() // what is said next stands below
		if errors.Is(context.Cause(ctx), errTaken) {
			return taken, nil
		}
		return "", err
	}
}

// errTaken ends work because the learner has chosen something else.
var errTaken = errors.New("something else was chosen")

// firstQuestions welcomes somebody new and asks what has to be known.
func (a *app) firstQuestions(ctx context.Context, screen *walk.Screen) (walk.Answers, error) {
	preset := walk.Answers{Application: a.flags.application, WorkDir: a.flags.workdir, Account: a.flags.target == targetAWS}
	if preset.WorkDir == "" {
		home, err := a.home()
		if err != nil {
			return preset, err
		}
		preset.WorkDir = filepath.Join(home, "mayfly", a.flags.env)
	}
	known := walk.Known{
		Account: a.flags.targetGiven, Application: a.flags.application != "" || a.flags.ownAppPath != "", WorkDir: a.flags.workdir != "",
	}
	// To ask each toolchain for its version takes longer than a screen may.
	found := make(chan []walk.Application, 1)
	go func() { found <- a.applications(ctx) }()
	applications := func() []walk.Application { return <-found }
	answers, err := walk.First(ctx, a.prompter(), screen, preset, known, applications, a.usableWorkDir)
	if err != nil {
		return answers, err
	}
	a.flags.workdir, a.flags.application = a.expandHome(answers.WorkDir), answers.Application
	if answers.Account {
		a.flags.target = targetAWS
	}
	return answers, nil
}

// applications are the sample applications, those first that can be built
// here, and what each of the others lacks.
func (a *app) applications(ctx context.Context) []walk.Application {
	tools := toolbox{}
	languages, _ := phases.SortApplications(tools.has(ctx))
	var all []walk.Application
	for _, language := range languages {
		choice := walk.Application{Language: language}
		if sample, err := phases.FindApplication(language); err == nil {
			for _, missing := range sample.Missing(tools.has(ctx)) {
				choice.Missing = missing.Program
			}
		}
		all = append(all, choice)
	}
	return all
}

// saveCard keeps the closing card as a picture in the state folder.
func saveCard(dir string, c terminal.Card) (string, error) {
	name := filepath.Join(dir, "card.svg")
	if err := os.WriteFile(name, terminal.CardSVG(c), 0o600); err != nil {
		return "", fmt.Errorf("keep the card: %w", err)
	}
	return name, nil
}

// teardownInWalk takes everything down after asking, as `mayfly teardown` does.
func (a *app) teardownInWalk(ctx context.Context, e workshop.Environment, w *workshop.Workshop, settle func()) (bool, error) {
	plan, err := w.Plan(ctx)
	if err != nil {
		return false, err
	}
	terminal.Plan(a.streams.Err, a.streams.ErrStyle(), plan)
	if err := a.confirmTeardown(e, plan, false); err != nil {
		if _, no := errors.AsType[declined](err); no {
			a.say("%v\n", err)
			return false, nil
		}
		return false, err
	}
	err = a.tearDownAndStop(ctx, w, plan, settle)
	return err == nil, err
}

// usableWorkDir says why a folder cannot be the working copy.
func (a *app) usableWorkDir(ctx context.Context, dir string) error {
	if dir == "" {
		return errors.New("name a folder")
	}
	dir = a.expandHome(dir)
	if strings.HasPrefix(dir, "~") {
		return errors.New("only a shell knows that home: type the whole path")
	}
	checkout := git.Checkout{Dir: absolute(dir), Environ: a.environ}
	if err := checkout.State(ctx); err != nil {
		return err
	}
	return writable(checkout.Dir)
}

// writable says why nothing can be written into a folder, or into the nearest
// one above it that is there. What it tries leaves nothing behind.
func writable(dir string) error {
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	try, err := os.MkdirTemp(dir, ".mayfly-")
	if err != nil {
		return fmt.Errorf("nothing can be written into %s: choose another folder", dir)
	}
	return os.Remove(try)
}

// expandHome understands "~/", which no shell has expanded in an answer.
func (a *app) expandHome(dir string) string {
	rest, ok := strings.CutPrefix(dir+"/", "~/")
	home, err := a.home()
	if !ok || err != nil {
		return dir
	}
	return filepath.Join(home, rest)
}
