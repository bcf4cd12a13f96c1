package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/localaws"
)

// finding is one thing that doctor looked at.
type finding struct {
	Name string `json:"name"`
	// State is "good", "missing" or "note".
	State  string `json:"state"`
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"`
}

const (
	good    = "good"
	missing = "missing"
	note    = "note"
)

func (a *app) doctorCommand() *cobra.Command {
	var rehearse bool
	c := &cobra.Command{
		Use: "doctor", Short: "What this machine has and lacks, with the fix for each", Args: noArguments,
		Long: "Doctor looks at what the workshop needs and prints a report that can be pasted into a\n" +
			"question: secrets, your home folder and account numbers are taken out.\n" +
			"--rehearse also tries a push, a build, a pipeline and a function, and ends with \"Ready\".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			r := report{OK: true, Findings: a.examine(cmd.Context())}
			for i, f := range r.Findings {
				r.OK = r.OK && f.State != missing
				r.Findings[i].Detail = a.redact(f.Detail)
			}
			if !a.flags.json {
				a.showReport(cmd.Context(), r)
			}
			if rehearse && r.OK {
				if err := a.rehearseForReport(cmd.Context(), &r); err != nil {
					return err
				}
			}
			switch {
			case a.flags.json:
				terminal.JSON(a.streams.Out, r)
			case rehearse && r.OK:
				a.answer("\n%s\n", a.streams.OutStyle().Good("Ready"))
			case r.OK:
				a.answer("\nThis machine has what the workshop needs. `%s` tries it.\n", a.typed("mayfly doctor --rehearse"))
			}
			if !r.OK {
				return errTold
			}
			return nil
		},
	}
	c.Flags().BoolVar(&rehearse, "rehearse", false, "try a push, a build, a pipeline and a function: takes some seconds")
	return c
}

// report is what doctor found.
type report struct {
	OK        bool       `json:"ok"`
	Findings  []finding  `json:"findings"`
	Rehearsal *rehearsal `json:"rehearsal,omitempty"`
}

// rehearseForReport adds a rehearsal. One that fails is part of the report, and
// no error; an interruption is.
func (a *app) rehearseForReport(ctx context.Context, r *report) error {
	if !a.flags.json {
		a.answer("\nRehearsal: a push, a build, a pipeline, a function.\n")
	}
	var reporter workshop.Reporter = quiet{}
	if a.flags.verbose && !a.flags.json {
		reporter = terminal.NewHuman(a.streams, true)
	}
	took, err := a.rehearse(ctx, reporter)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.Rehearsal = &took
	if err != nil {
		r.OK, took.Error = false, a.redact(err.Error())
	}
	if a.flags.json {
		return nil
	}
	for _, p := range took.Phases {
		a.answer("  %-15s %s, %s\n", p.Name, p.State, terminal.Seconds(p.Seconds))
	}
	if err != nil {
		a.answer("%s\n", a.streams.OutStyle().Bad("Not ready: ")+took.Error)
	}
	return nil
}

// logLines is how many of the newest lines of the local AWS's log a report shows.
const logLines = 5

// detailColumn is where the details of a report stand.
const detailColumn = 27

func (a *app) showReport(ctx context.Context, r report) {
	style := a.streams.OutStyle()
	a.answer("mayfly %s, %s, %s/%s, %s\n\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, a.now().UTC().Format(time.RFC3339))
	for _, f := range r.Findings {
		mark := style.Good("✓ good   ")
		switch f.State {
		case missing:
			mark = style.Bad("✗ missing")
		case note:
			mark = style.Doubt("· note   ")
		}
		a.answer("%s  %-14s %s\n", mark, f.Name, a.beside(detailColumn, f.Detail))
		if f.Fix != "" {
			a.answer("%*s%s\n", detailColumn, "", style.Command(f.Fix))
		}
	}
	dir, err := a.dir()
	if err != nil {
		return
	}
	log, err := os.ReadFile(localLog(dir))
	if err != nil || len(log) == 0 || ctx.Err() != nil {
		return
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	a.answer("\nThe end of the local AWS's log, %s:\n", a.redact(localLog(dir)))
	for _, line := range lines[max(0, len(lines)-logLines):] {
		a.answer("  %s\n", terminal.Clean(a.redact(line)))
	}
}

// examine looks at the machine. It changes nothing that it does not put back.
func (a *app) examine(ctx context.Context) []finding {
	findings := []finding{
		a.tool(ctx, "git", "Install git 2.30 or newer.", "--version"),
		a.tool(ctx, "sh", "Install a POSIX shell: builds run in one.", "-c", "echo a shell"),
	}
	findings = append(findings, a.toolchains(ctx)...)
	findings = append(findings,
		a.folder(), a.room(), a.port(ctx), a.proxy(), a.isolation(ctx), a.screenFinding(), a.environmentFinding())
	if dir, err := a.dir(); err == nil {
		if at, ok := a.running(ctx, dir); ok {
			findings = append(findings, finding{Name: "local AWS", State: note, Detail: "runs at " + at.URL})
		} else {
			findings = append(findings, finding{Name: "local AWS", State: note, Detail: "does not run; commands start it when they need it"})
		}
	}
	return findings
}

func (a *app) tool(ctx context.Context, name, fix string, args ...string) finding {
	path, err := exec.LookPath(name)
	if err != nil {
		return finding{Name: name, State: missing, Detail: "not found in PATH", Fix: fix}
	}
	out, err := exec.CommandContext(ctx, path, args...).Output()
	if err != nil {
		return finding{Name: name, State: missing, Detail: path + " does not run: " + err.Error(), Fix: fix}
	}
	return finding{Name: name, State: good, Detail: strings.TrimSpace(string(out)) + " (" + path + ")"}
}

func (a *app) folder() finding {
	root, err := a.root()
	if err == nil {
		err = writable(root)
	}
	if err != nil {
		return finding{Name: "state folder", State: missing, Detail: err.Error(), Fix: "Set XDG_DATA_HOME to a folder that you can write to."}
	}
	return finding{Name: "state folder", State: good, Detail: root}
}

// leastRoom is what the builds of the sample application and their cache need, in bytes.
const leastRoom = 2 << 30

func (a *app) room() finding {
	root, err := a.root()
	if err != nil {
		return finding{Name: "disk", State: missing, Detail: err.Error()}
	}
	free, err := freeBytes(root)
	if err != nil {
		return finding{Name: "disk", State: note, Detail: "could not look: " + err.Error()}
	}
	f := finding{Name: "disk", State: good, Detail: fmt.Sprintf("%.1f GB free", float64(free)/1e9)}
	if free < leastRoom {
		f.State, f.Fix = missing, "Free two gigabytes, or set XDG_DATA_HOME to a folder on a larger disk."
	}
	return f
}

func (a *app) screenFinding() finding {
	detail := "output is no terminal: plain lines"
	if a.streams.ErrTerminal {
		columns, rows := a.streams.ErrSize()
		detail = fmt.Sprintf("%dx%d, TERM=%s", columns, rows, a.variable("TERM"))
	}
	return finding{Name: "terminal", State: good, Detail: detail}
}

// environmentFinding says what there is of the environment.
func (a *app) environmentFinding() finding {
	e, _, err := a.environment()
	switch {
	case errors.Is(err, errNoEnvironment):
		return finding{Name: "environment", State: note, Detail: a.flags.env + ": not made yet"}
	case err != nil:
		return finding{Name: "environment", State: missing, Detail: err.Error()}
	}
	return finding{Name: "environment", State: good, Detail: fmt.Sprintf(
		"%s (%s), target %s, region %s, application %s, working copy %s", e.Name, e.ID, e.Target, e.Region, cmp.Or(e.Application, "own"), e.WorkDir)}
}

func (a *app) port(ctx context.Context) finding {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return finding{Name: "ports", State: missing, Detail: err.Error(), Fix: "Allow programs to listen on 127.0.0.1."}
	}
	_ = listener.Close()
	return finding{Name: "ports", State: good, Detail: "programs can listen on 127.0.0.1"}
}

func (a *app) proxy() finding {
	var set []string
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"} {
		if a.variable(name) != "" {
			set = append(set, name)
		}
	}
	if len(set) == 0 {
		return finding{Name: "proxy", State: good, Detail: "none is set"}
	}
	excluded := a.variable("NO_PROXY") + "," + a.variable("no_proxy")
	if strings.Contains(excluded, "127.0.0.1") {
		return finding{Name: "proxy", State: good, Detail: strings.Join(set, ", ") + ", and 127.0.0.1 goes past it"}
	}
	return finding{
		Name: "proxy", State: note, Detail: strings.Join(set, ", ") + " is set: curl would ask it for the live URL",
		Fix: `export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"`,
	}
}

// isolation tries what stands between a build and the rest of this machine.
func (a *app) isolation(ctx context.Context) finding {
	layers, err := localaws.Isolation(ctx)
	if err != nil {
		f := finding{Name: "builds", State: missing, Detail: err.Error(), Fix: "Run mayfly on Linux or macOS."}
		if runtime.GOOS == "windows" {
			f.Fix = "Run mayfly inside WSL2; an account can be used from Windows itself."
		}
		return f
	}
	return finding{Name: "builds", State: good, Detail: "run here, isolated by: " + strings.Join(layers, ", ")}
}
