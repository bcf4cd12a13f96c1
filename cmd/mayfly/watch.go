package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/webhook"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

// watchFlags are those of watch alone.
type watchFlags struct {
	notify          string
	bell            bool
	length          time.Duration
	untilIdle, once bool
}

func (a *app) watchCommand() *cobra.Command {
	var f watchFlags
	c := &cobra.Command{
		Use: "watch", Short: "Follow the pipeline live: whose commit, where it is, how long it takes", Args: noArguments,
		Long: "Watch follows the executions of the pipeline until Ctrl-C and tells what happens, each time with\n" +
			"what CodePipeline's own events leave out: the commit's author, message and files, how long it took\n" +
			"against the median of earlier executions, and of a failure the command and its last lines.",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.watch(cmd.Context(), f) },
	}
	c.Flags().StringVar(&f.notify, "notify", "", "send what succeeds, fails or waits for an approval to this webhook, as JSON; @FILE reads the address from a file")
	c.Flags().BoolVar(&f.bell, "bell", false, "ring the terminal's bell for the same")
	c.Flags().DurationVar(&f.length, "for", 0, "end after this time, such as 10m")
	c.Flags().BoolVar(&f.untilIdle, "until-idle", false, "end when nothing moves any more, with exit code 1 if the newest execution did not succeed")
	c.Flags().BoolVar(&f.once, "once", false, "tell how the newest execution stands and end")
	return c
}

// errFollowed says that a person has ended what follows until it is ended.
var errFollowed = errors.New("followed until it was interrupted")

func (a *app) watch(ctx context.Context, f watchFlags) error {
	if f.length < 0 {
		return usage("--for %s: it is a time from now on, such as 10m", f.length)
	}
	if f.once && (f.untilIdle || f.length > 0) {
		return usage("--once ends at once: it goes with neither --until-idle nor --for")
	}
	address, err := notifyAddress(f.notify)
	if err != nil {
		return err
	}
	e, dir, err := a.environment()
	if err != nil {
		return err
	}
	w, err := a.open(ctx, e, dir, a.background, quiet{})
	if err != nil {
		return err
	}
	o := workshop.Watching{Once: f.once, UntilIdle: f.untilIdle}
	tell, done := a.teller(ctx, e, f, address, &o)
	nothing := true
	tellAndCount := func(h workshop.Happening) {
		nothing = false
		tell(h)
	}
	following := ctx
	if f.length > 0 {
		var cancel context.CancelFunc
		following, cancel = context.WithTimeout(ctx, f.length)
		defer cancel()
	}
	if !f.once {
		a.say("Watching the pipeline of environment %s. Ctrl-C ends it.\n", e.Name)
	}
	err = w.Watch(following, o, tellAndCount)
	done()
	if err == nil && nothing {
		a.say("No commit has gone through the pipeline yet.\n")
	}
	switch {
	case ctx.Err() != nil:
		return errFollowed
	case following.Err() != nil && f.untilIdle:
		return errors.New("something still moves after " + f.length.String())
	case following.Err() != nil:
		return nil
	}
	return err
}

// notifyAddress is the webhook's address, read from a file where the flag says
// so: what stands on a command line can be seen by everybody on the machine.
func notifyAddress(flag string) (string, error) {
	if flag == "" {
		return "", nil
	}
	if file, ok := strings.CutPrefix(flag, "@"); ok {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", usage("--notify: %w", err)
		}
		flag = strings.TrimSpace(string(data))
	}
	if err := webhook.Check(flag); err != nil {
		return "", usage("--notify: %w", err)
	}
	return flag, nil
}

// screen is where a watch shows what happens.
type screen struct {
	show func(workshop.Happening)
	// say tells something else.
	say  func(line string)
	done func()
}

// screen shows what happens: as JSON, as lines, or in a terminal with the
// pipeline below them, of which it is told through o.
func (a *app) screen(o *workshop.Watching) screen {
	s := screen{say: func(line string) { a.say("%s\n", line) }, done: func() {}}
	if a.flags.json {
		stream := terminal.NewStream(a.streams.Out)
		s.show = func(h workshop.Happening) { stream.Write(h) }
		return s
	}
	if terminal.CanFollow(a.streams) {
		follow := terminal.NewFollow(a.streams, a.now)
		o.Stands = follow.Stands
		return screen{follow.Happened, follow.Say, follow.Done}
	}
	s.show = func(h workshop.Happening) { terminal.Happening(a.streams.Out, a.streams.OutStyle(), a.breakAt(), h) }
	return s
}

// teller shows what happens, and rings and sends what it was asked to.
func (a *app) teller(
	ctx context.Context, e workshop.Environment, f watchFlags, address string, o *workshop.Watching,
) (tell func(workshop.Happening), done func()) {
	screen := a.screen(o)
	send, sent := func(workshop.Happening) {}, func() {}
	if address != "" {
		sender := webhook.New(ctx, address, func(err error) {
			screen.say("--notify: " + err.Error() + ". This is said once; watching goes on.")
		})
		send = func(h workshop.Happening) { sender.Send(terminal.Note("mayfly "+e.Name, h)) }
		sent = sender.Close
	}
	// Who waits for the result wants it, even if it was there first.
	wanted := f.once || f.untilIdle
	tell = func(h workshop.Happening) {
		screen.show(h)
		if !worthTelling(h) || h.Past && !wanted {
			return
		}
		if f.bell && a.streams.ErrTerminal {
			a.say("\a")
		}
		send(h)
	}
	return tell, func() { sent(); screen.done() }
}

// worthTelling picks what somebody who looks elsewhere wants to know.
func worthTelling(h workshop.Happening) bool {
	switch h.Event {
	case workshop.ExecutionSucceeded, workshop.ExecutionFailed, workshop.ApprovalAwaited:
		return true
	}
	return false
}
