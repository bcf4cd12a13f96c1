package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/localaws"
)

func (a *app) localCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "local", Short: "The local AWS on its own", Args: noArguments,
		Long: "Local runs the AWS inside mayfly on its own, for any AWS client; docs/localaws.md says what it serves.\n" +
			"Whatever its policies deny to whom, `mayfly local wipe` empties it.",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(a.localStartCommand(), a.localServeCommand(), a.localStopCommand(), a.localEnvCommand(), a.localInboxCommand(), a.localWipeCommand())
	return c
}

func (a *app) localStartCommand() *cobra.Command {
	var port int
	c := &cobra.Command{
		Use: "start", Short: "Start it in the background", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.dir()
			if err != nil {
				return err
			}
			if err := checkPort(port); err != nil {
				return err
			}
			if port != 0 {
				if _, ok := a.running(cmd.Context(), dir); ok {
					return fmt.Errorf("it runs already: `%s` first", a.typed("mayfly local stop"))
				}
				if err := keepPort(dir, port); err != nil {
					return err
				}
			}
			at, err := a.background(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if a.flags.json {
				terminal.JSON(a.streams.Out, map[string]any{"url": at.URL, "region": at.Region, "account": at.Account, "pid": at.PID})
				return nil
			}
			a.answer("The local AWS runs at %s (process %d).\neval \"$(%s)\" points AWS clients at it.\n", at.URL, at.PID, a.typed("mayfly local env"))
			return nil
		},
	}
	c.Flags().IntVar(&port, "port", 0, "the port to listen on, from now on (default: the last one, or any)")
	return c
}

// checkPort says whether a port can be asked for. 0 asks for none.
func checkPort(port int) error {
	if port < 0 || port > 65535 {
		return usage("--port %d: a port is a number from 1 to 65535", port)
	}
	return nil
}

// keepPort writes the port that the local AWS is to listen on from now on.
func keepPort(dir string, port int) error {
	if err := os.MkdirAll(localDir(dir), 0o700); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	return localaws.KeepPort(localDir(dir), port)
}

// serveOptions are the flags of `mayfly local serve`.
type serveOptions struct {
	port      int
	faults    []string
	permitAll bool
	idle      time.Duration
	announce  bool
}

func (a *app) localServeCommand() *cobra.Command {
	var o serveOptions
	c := &cobra.Command{
		Use: "serve", Short: "Run it in the foreground, until Ctrl-C", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkPort(o.port); err != nil {
				return err
			}
			if err := localaws.CheckFaults(o.faults); err != nil {
				return usage("--fault: %w", err)
			}
			dir, err := a.dir()
			if err != nil {
				return err
			}
			return a.serve(cmd.Context(), dir, o)
		},
	}
	c.Flags().IntVar(&o.port, "port", 0, "the port to listen on (default: the last one, or any)")
	c.Flags().DurationVar(&o.idle, "idle", 0, "end after so long without a request (default: never)")
	c.Flags().StringArrayVar(&o.faults, "fault", nil,
		"something to go wrong on purpose, such as operation=codebuild:StartBuild,kind=throttle,nth=2,times=3 (kinds: throttle, delay, deny, reset, fail)")
	c.Flags().BoolVar(&o.permitAll, "permit-all", false, "serve what IAM denies, which AWS never does; with --verbose each denial is logged")
	c.Flags().BoolVar(&o.announce, "announce", false, "say on stdout, as JSON, how it is reached")
	_ = c.Flags().MarkHidden("announce")
	return c
}

func (a *app) serve(ctx context.Context, dir string, o serveOptions) (err error) {
	server, at, err := a.startServer(dir, o)
	if err != nil {
		if o.announce {
			a.announce(endpoint{Error: err.Error()})
		}
		return err
	}
	defer func() { err = errors.Join(err, server.Close(), removeEndpoint(dir)) }()
	if o.announce {
		a.announce(at)
	} else {
		a.say("The local AWS runs at %s. Ctrl-C ends it.\n", at.URL)
	}
	tick := time.NewTicker(idleTick)
	defer tick.Stop()
	rested := true
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			quiet := server.Idle()
			if o.idle > 0 && quiet > o.idle {
				return nil
			}
			if quiet < restAfter {
				rested = false
			} else if !rested {
				debug.FreeOSMemory()
				rested = true
			}
		}
	}
}

// restAfter is after how long without a request what a build or a push needed
// of memory is given back to the machine, which Go by itself does over minutes.
const restAfter = 3 * time.Second

// idleTick is how often it is looked whether the local AWS is still wanted.
const idleTick = time.Second

// announce tells the process that started this one how it is reached, and lets go of its pipe.
func (a *app) announce(at endpoint) {
	_ = json.NewEncoder(a.streams.Out).Encode(at) // nobody may be listening any more
	if out, ok := a.streams.Out.(io.Closer); ok {
		_ = out.Close()
	}
}

func (a *app) localStopCommand() *cobra.Command {
	return &cobra.Command{
		Use: "stop", Short: "Stop it; its state stays", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.dir()
			if err != nil {
				return err
			}
			_, ran := a.running(cmd.Context(), dir)
			if err := a.stopBackground(cmd.Context(), dir); err != nil {
				return err
			}
			switch {
			case a.flags.json:
				terminal.JSON(a.streams.Out, map[string]any{"environment": a.flags.env, "stopped": ran})
			case ran:
				a.answer("Stopped. `%s` goes on where it was.\n", a.typed("mayfly local start"))
			default:
				a.answer("The local AWS of environment %s does not run.\n", a.flags.env)
			}
			return nil
		},
	}
}

func (a *app) localWipeCommand() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "wipe", Short: "Delete its state: everything that was made in it", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.dir()
			if err != nil {
				return err
			}
			if !yes {
				ok, err := a.prompter().Confirm("Delete everything in the local AWS of environment " + a.flags.env + "?")
				if errors.Is(err, prompt.ErrNoAnswer) {
					return usage("with no terminal to ask in, say --yes to delete everything in the local AWS of environment %s", a.flags.env)
				}
				if err != nil {
					return err
				}
				if !ok {
					return declined("nothing was deleted")
				}
			}
			if err := a.stopBackground(cmd.Context(), dir); err != nil {
				return err
			}
			if err := localaws.Wipe(localDir(dir)); err != nil {
				return err
			}
			if a.flags.json {
				terminal.JSON(a.streams.Out, map[string]any{"environment": a.flags.env, "empty": true})
				return nil
			}
			a.answer("The local AWS of environment %s is empty.\n", a.flags.env)
			return nil
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "ask nothing")
	return c
}

// localLogger writes what the operator of the local AWS should know to stderr,
// which for one in the background is its log file.
func (a *app) localLogger() *slog.Logger {
	level := slog.LevelWarn
	if a.flags.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(a.streams.Err, &slog.HandlerOptions{Level: level}))
}
