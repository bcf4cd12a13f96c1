package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

const (
	groupDaily    = "daily"
	groupLearning = "learning"
	groupMore     = "more"
)

// execute runs a command line and returns the exit code.
func (a *app) execute(ctx context.Context, args []string) int {
	a.interrupted = ctx.Done()
	root := a.command()
	root.SetArgs(placesLast(args))
	root.SetIn(a.streams.In)
	root.SetOut(a.streams.Out)
	root.SetErr(a.streams.Err)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	code := exitCode(err)
	if ctx.Err() != nil { // whatever fails then, fails of that
		code = exitInterrupted
	}
	if code == exitInterrupted {
		if errors.Is(err, errFollowed) {
			if a.streams.ErrTerminal {
				a.say("\n") // below the ^C
			}
			return code // that was the way to end it
		}
		a.say("\nInterrupted. What was done is kept; `%s` goes on from here.\n", a.typed(resume(command)))
		return code
	}
	if errors.Is(err, errTold) {
		return code
	}
	if !wasTold(err) {
		a.say("mayfly: %s\n", terminal.Clean(phases.TypedIn(a.flags.env, err.Error())))
	}
	if hint := a.hint(err, command); hint != "" {
		a.say("%s\n", hint)
	}
	return code
}

// errTold is returned by a verb that has said itself what went wrong.
var errTold = errors.New("already said")

// resume is the command that was interrupted, without its flags.
func resume(command *cobra.Command) string {
	return strings.Join(append([]string{command.CommandPath()}, command.Flags().Args()...), " ")
}

// hint says what a person can do about an error, where the error does not say it itself.
func (a *app) hint(err error, command *cobra.Command) string {
	if _, ok := errors.AsType[*usageError](err); ok {
		return "`" + command.CommandPath() + " --help` shows how it is used."
	}
	if _, ok := errors.AsType[*workshop.BusyError](err); ok {
		return fmt.Sprintf("Wait for its end, or end it, and type this again. `%s` works meanwhile.", a.typed("mayfly status"))
	}
	if _, ok := errors.AsType[*workshop.NothingWaitsError](err); ok {
		return fmt.Sprintf("`%s` says where you are.", a.typed("mayfly status"))
	}
	if _, ok := errors.AsType[*workshop.UnsuccessfulError](err); ok {
		return "Mend the cause, commit, and `git push origin main`."
	}
	if cloud.TroubleOf(err) == cloud.Credentials {
		return "Sign in to AWS first, as with `aws sso login`, and name the profile with --profile or AWS_PROFILE."
	}
	if room := a.noRoom(); room != "" {
		return room
	}
	_, no := errors.AsType[declined](err)
	saysIt := strings.Contains(err.Error(), "`mayfly")
	if no || saysIt || errors.Is(err, workshop.ErrNotBroken) || exitCode(err) != exitFailed {
		return ""
	}
	return fmt.Sprintf("`%s` looks for what this machine lacks; `%s` says where you are.", a.typed("mayfly doctor"), a.typed("mayfly status"))
}

// noRoom says so if the disk is full, or nearly: what then fails says all sorts of things,
// and in AWS's words that of the local AWS says nothing of it.
func (a *app) noRoom() string {
	root, err := a.root()
	if err != nil {
		return ""
	}
	free, err := freeBytes(root)
	if err != nil || free >= nearlyFull {
		return ""
	}
	return fmt.Sprintf("Only %.1f MB are free on the disk of %s, which may be why. Free some room, and type the same again: it goes on.", float64(free)/1e6, root)
}

// nearlyFull is how much room there is, in bytes, where it is likely that something failed for the lack of it.
const nearlyFull = 50 << 20

func (a *app) say(format string, args ...any) {
	terminal.Printf(a.streams.Err, format, args...)
}

func (a *app) answer(format string, args ...any) {
	terminal.Printf(a.streams.Out, format, args...)
}

// beside is a text from outside that begins in a column of an answer: its
// further lines stand below its first word. Where nobody reads it in a terminal
// only its own line breaks are kept.
func (a *app) beside(column int, words string) string {
	lines := strings.Split(terminal.Clean(words), "\n")
	if columns, _ := a.streams.OutSize(); a.streams.OutTerminal && columns >= 2*column {
		lines = text.Wrap(terminal.Clean(words), columns-column)
	}
	return strings.Join(lines, "\n"+strings.Repeat(" ", column))
}

// command is the whole command tree.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "mayfly",
		Short: "Learn continuous delivery on AWS by doing it, on your laptop or in an account",
		Long: "mayfly walks you through continuous delivery on AWS in five phases: CodeCommit,\n" +
			"CodeBuild, CodePipeline, CloudFormation and build caching. It runs on this laptop,\n" +
			"with an AWS of its own inside, or in your account.",
		Args:              noArguments,
		Version:           versionLine(),
		PersistentPreRunE: a.check,
		RunE:              func(cmd *cobra.Command, _ []string) error { return a.start(cmd.Context()) },
		SilenceErrors:     true,
		SilenceUsage:      true,
		// So many letters may be wrong in a command for it to be recognised.
		SuggestionsMinimumDistance: 2,
	}
	cobra.EnableCommandSorting = false // they stand in the order of use
	root.AddGroup(&cobra.Group{ID: groupDaily, Title: "Every day:"}, &cobra.Group{ID: groupLearning, Title: "While learning:"},
		&cobra.Group{ID: groupMore, Title: "More:"})
	root.SetHelpCommandGroupID(groupMore)
	root.SetCompletionCommandGroupID(groupMore)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	f := root.PersistentFlags()
	f.StringVar(&a.flags.target, "target", targetLocal, "where AWS is: local or aws")
	f.StringVar(&a.flags.env, "env", "default", "the environment's name; several can live side by side")
	f.StringVar(&a.flags.workdir, "workdir", "", "your working copy (default ~/mayfly/<env>)")
	f.StringVar(&a.flags.region, "region", "", "the AWS region")
	f.StringVar(&a.flags.profile, "profile", "", "a profile of your AWS configuration")
	f.StringVar(&a.flags.account, "account", "", "the account that must be signed in to")
	f.BoolVar(&a.flags.json, "json", false, "answer in JSON")
	f.BoolVar(&a.flags.noColor, "no-color", false, "no colour")
	f.BoolVar(&a.flags.plain, "plain", false, "one line after the other: no colour, nothing redrawn; for screen readers")
	f.BoolVarP(&a.flags.verbose, "verbose", "v", false, "every detail as a line of its own")
	_ = root.RegisterFlagCompletionFunc("target", cobra.FixedCompletions([]string{targetLocal, targetAWS}, cobra.ShellCompDirectiveNoFileComp))
	_ = root.MarkPersistentFlagDirname("workdir")
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	for _, c := range []*cobra.Command{
		a.runCommand(), a.statusCommand(), a.verifyCommand(), a.watchCommand(), a.leadTimeCommand(), a.teardownCommand(),
	} {
		c.GroupID = groupDaily
		root.AddCommand(c)
	}
	for _, c := range []*cobra.Command{
		a.hintCommand(), a.solveCommand(), a.skipCommand(), a.showCommand(), a.diffCommand(), a.breakCommand(), a.gotoCommand(), a.resetCommand(), a.approveCommand(), a.doctorCommand(),
	} {
		c.GroupID = groupLearning
		root.AddCommand(c)
	}
	for _, c := range []*cobra.Command{
		a.localCommand(), a.gitCredentialCommand(), a.versionCommand(),
	} {
		c.GroupID = groupMore
		root.AddCommand(c)
	}
	start := &cobra.Command{
		Use: "start", Hidden: true, Args: noArguments, Short: "The same as mayfly with no arguments",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.start(cmd.Context()) },
	}
	root.AddCommand(start, exitCodesTopic(), rehearsalFunctionCommand())
	strictHelp(root)
	return root
}

// strictHelp has cobra's own commands refuse what there is not, with a
// proposal, as all others do: by itself cobra shows some other help and succeeds.
func strictHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			show := c.Run
			c.Run, c.RunE = nil, func(cmd *cobra.Command, args []string) error {
				if about, rest, err := root.Find(args); err == nil && len(rest) > 0 && about.HasSubCommands() {
					return usage("there is no help on %s%s", strings.Join(args, " "), didYouMean(about, rest[0]))
				}
				show(cmd, args)
				return nil
			}
		case "completion":
			c.Args, c.RunE = noArguments, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

// exitCodesTopic is a topic of help: a command that does nothing.
func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use: "exit-codes", Short: "What the exit codes mean", Long: strings.TrimSpace(exitCodesHelp),
	}
}

// phaseArguments holds a verb to how many phases it takes.
func phaseArguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && len(args) <= most {
			return nil
		}
		takes := map[int]string{1: "one phase", 2: "two phases"}[most]
		if least < most {
			takes = "at most " + takes
		}
		return usage("%s takes %s, such as `%s %s`", cmd.Name(), takes, cmd.CommandPath(), strings.Join([]string{"codebuild", "codepipeline"}[:most], " "))
	}
}

// noArguments holds a verb to taking none. What stands where another verb
// would, behind mayfly or mayfly local, is none that there is.
func noArguments(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case !cmd.HasSubCommands():
		return usage("`%s` takes no argument, and was given %q", cmd.CommandPath(), strings.Join(args, " "))
	}
	if p, err := phases.Find(args[0]); err == nil && !cmd.HasParent() {
		return usage("there is no command %s; did you mean `mayfly run %s`?", args[0], p.Name)
	}
	return usage("there is no command %s%s", strings.Join(args, " "), didYouMean(cmd, args[0]))
}

// didYouMean proposes the command that somebody may have meant.
func didYouMean(cmd *cobra.Command, word string) string {
	cmd.SuggestionsMinimumDistance = 2 // edits; cobra's own default, which it sets for the root alone
	suggestions := cmd.SuggestionsFor(word)
	slices.SortStableFunc(suggestions, func(a, b string) int { return text.Edits(word, a) - text.Edits(word, b) })
	if len(suggestions) > 0 {
		return "; did you mean `" + cmd.CommandPath() + " " + suggestions[0] + "`?"
	}
	return ""
}
