package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

// app is what every verb has at hand.
type app struct {
	streams       *terminal.Streams
	stdin, stderr *os.File
	environ       []string
	now           func() time.Time
	flags         flags
	// interrupted is closed when somebody has pressed Ctrl-C, or wants mayfly to end.
	interrupted <-chan struct{}
}

// flags are those that every verb understands.
type flags struct {
	target, env, workdir    string
	region, profile         string
	account                 string
	json, noColor, verbose  bool
	application, ownAppPath string
	plain                   bool
	// targetGiven says that --target was typed.
	targetGiven bool
}

const (
	targetLocal = "local"
	targetAWS   = "aws"
)

// usageError is a command line that cannot be understood: exit code 2.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// accountError is an --account that is not the one at hand: exit code 4.
type accountError struct{ asked, have string }

func (e *accountError) Error() string {
	return fmt.Sprintf("--account %s, and this is account %s: nothing was changed", e.asked, e.have)
}

// declined is the answer of a person who does not want it after all. It needs no advice.
type declined string

func (d declined) Error() string { return string(d) }

// regionForm is what the names of AWS's regions look like, those to come too.
var regionForm = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)

func usage(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

func (a *app) variable(name string) string {
	for _, v := range a.environ {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// root is the folder of all environments. A relative XDG_DATA_HOME is passed
// over, as its specification wants it: https://specifications.freedesktop.org/basedir-spec/latest/
func (a *app) root() (string, error) {
	if data := a.variable("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "mayfly"), nil
	}
	home, err := a.home()
	return filepath.Join(home, ".local", "share", "mayfly"), err
}

func (a *app) home() (string, error) {
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home := a.variable(name); filepath.IsAbs(home) {
			return home, nil
		} else if home != "" {
			return "", fmt.Errorf("%s is %s, which is no absolute path: set it to your home folder", name, home)
		}
	}
	return "", errors.New("HOME is not set: set it, or XDG_DATA_HOME and --workdir")
}

// dir is the folder of the environment.
func (a *app) dir() (string, error) {
	root, err := a.root()
	return filepath.Join(root, a.flags.env), err
}

// check validates the flags that every verb understands.
func (a *app) check(cmd *cobra.Command, _ []string) error {
	a.flags.targetGiven = cmd.Flags().Changed("target")
	if a.flags.plain {
		a.streams.Plain()
	}
	if a.flags.noColor {
		a.streams.NoColor()
	}
	if a.flags.target != targetLocal && a.flags.target != targetAWS {
		return usage("--target %q: it is local or aws", a.flags.target)
	}
	if a.flags.region != "" && !regionForm.MatchString(a.flags.region) {
		return usage("--region %q: a region is such as us-east-1", a.flags.region)
	}
	if err := cloud.CheckEnvironment(a.flags.env); err != nil {
		return &usageError{err}
	}
	return nil
}

// application is the environment's application: a sample or one of the learner's own.
func application(e workshop.Environment) (*phases.Application, error) {
	if e.ApplicationDir != "" {
		return phases.NewApplication(os.DirFS(e.ApplicationDir)), nil
	}
	if e.Application == phases.RehearsalName {
		program, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find this program: %w", err)
		}
		return phases.Rehearsal(program)
	}
	sample, err := phases.FindApplication(e.Application)
	if err != nil {
		return nil, &usageError{err}
	}
	return sample, nil
}

// reporter is told what happens: events as JSON on stdout, or words on stderr.
func (a *app) reporter() (workshop.Reporter, func()) {
	if a.flags.json {
		return terminal.NewStream(a.streams.Out), func() {}
	}
	human := terminal.NewHuman(a.streams, a.flags.verbose)
	return human, human.Done
}

// prompter asks in a terminal, and nobody elsewhere.
func (a *app) prompter() prompt.Prompter {
	if !a.streams.InTerminal || !a.streams.ErrTerminal || a.flags.json {
		return prompt.Nobody{}
	}
	if a.variable("TERM") == "dumb" || a.streams.IsPlain() {
		return prompt.NewLines(a.stdin, a.streams.Err, a.interrupted)
	}
	return prompt.Terminal{In: a.stdin, Out: a.stderr, NoColor: !a.streams.Colors(), Stop: a.interrupted}
}

// breakAt is at how many columns the sentences of an answer are broken; 0 where
// no terminal shows them.
func (a *app) breakAt() int {
	if !a.streams.OutTerminal {
		return 0
	}
	columns, _ := a.streams.OutSize()
	return columns
}

// errNoEnvironment says that there is nothing yet to look at.
var errNoEnvironment = errors.New("there is no such environment yet")

// environment loads the environment that was named. Where a flag says something
// else of it than is so, it is not the one that was meant.
func (a *app) environment() (workshop.Environment, string, error) {
	dir, err := a.dir()
	if err != nil {
		return workshop.Environment{}, "", err
	}
	e, ok, err := workshop.LoadEnvironment(dir)
	switch {
	case err != nil:
	case !ok:
		err = fmt.Errorf("environment %q: %w: `%s` makes it", a.flags.env, errNoEnvironment, a.firstCommand())
	case a.flags.targetGiven && a.flags.target != e.Target:
		err = usage("environment %s has --target %s, and keeps it; for the other: mayfly run --target %s --env NAME", e.Name, e.Target, a.flags.target)
	case a.flags.account != "" && a.flags.account != e.Account:
		err = &accountError{asked: a.flags.account, have: e.Account}
	case a.flags.workdir != "" && absolute(a.flags.workdir) != e.WorkDir:
		err = usage("environment %s has its working copy in %s, not in %s", e.Name, e.WorkDir, a.flags.workdir)
	}
	return e, dir, err
}

// firstCommand is what makes the environment that was named.
func (a *app) firstCommand() string {
	command := a.typed("mayfly run")
	if a.flags.target == targetAWS {
		command += " --target aws"
	}
	return command
}

// open opens the environment's workshop. local says how its local AWS is
// reached; it is not asked for environments in an account.
func (a *app) open(ctx context.Context, e workshop.Environment, dir string, local localAWS, reporter workshop.Reporter) (*workshop.Workshop, error) {
	target, err := a.target(ctx, e, dir, local)
	if err != nil {
		return nil, err
	}
	c, err := cloud.Open(ctx, target, a.now)
	if err != nil {
		return nil, err
	}
	application, err := application(e)
	if err != nil {
		return nil, err
	}
	helper, err := a.credentialHelper(dir)
	if err != nil {
		return nil, err
	}
	return workshop.Open(workshop.Options{
		Environment: e, Dir: dir, Cloud: c, Application: application, Reporter: reporter,
		Now: a.now, CredentialHelper: helper, Environ: a.environ, Inside: !a.flags.json && isInside(e.WorkDir),
	})
}

// isInside tells whether this process was started in a folder or below it.
func isInside(dir string) bool {
	here, err := os.Getwd()
	if err != nil {
		return false
	}
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		dir = resolved
	}
	if resolved, err := filepath.EvalSymlinks(here); err == nil {
		here = resolved
	}
	relative, err := filepath.Rel(dir, here)
	return err == nil && filepath.IsLocal(relative)
}

// target is where the environment's AWS is.
func (a *app) target(ctx context.Context, e workshop.Environment, dir string, local localAWS) (cloud.Target, error) {
	if e.Target == targetAWS {
		region := a.flags.region
		if region == "" {
			region = e.Region
		}
		return cloud.Target{Name: targetAWS, Region: region, Profile: a.flags.profile}, nil
	}
	at, err := local(ctx, dir)
	if err != nil {
		return cloud.Target{}, err
	}
	return at.target(), nil
}

// localAWS finds or starts the local AWS of an environment.
type localAWS func(ctx context.Context, dir string) (endpoint, error)

// endpoint is how a running local AWS is reached.
type endpoint struct {
	URL             string `json:"url"`
	Region          string `json:"region"`
	Account         string `json:"account"`
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	PID             int    `json:"pid"`
	// Error is why it could not be started.
	Error string `json:"error,omitempty"`
}

func (e endpoint) target() cloud.Target {
	return cloud.Target{
		Name: targetLocal, Region: e.Region, Endpoint: e.URL,
		Credentials: credentials.NewStaticCredentialsProvider(e.AccessKeyID, e.SecretAccessKey, ""),
	}
}
