package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
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
	return &cobra.Command{
		Use: "doctor", Short: "What this machine has and lacks, with the fix for each", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings := a.examine(cmd.Context())
			ok := true
			for _, f := range findings {
				ok = ok && f.State != missing
			}
			if a.flags.json {
				terminal.JSON(a.streams.Out, map[string]any{"ok": ok, "findings": findings})
			} else {
				a.showFindings(findings, ok)
			}
			if !ok {
				return errTold
			}
			return nil
		},
	}
}

func (a *app) showFindings(findings []finding, ok bool) {
	style := a.streams.OutStyle()
	for _, f := range findings {
		mark := style.Good("✓ good   ")
		switch f.State {
		case missing:
			mark = style.Bad("✗ missing")
		case note:
			mark = style.Doubt("· note   ")
		}
		a.answer("%s  %-14s %s\n", mark, f.Name, f.Detail)
		if f.Fix != "" {
			a.answer("%27s%s\n", "", style.Command(f.Fix))
		}
	}
	if ok {
		a.answer("\nThis machine has what the workshop needs.\n")
	}
}

// examine looks at the machine. It changes nothing that it does not put back.
func (a *app) examine(ctx context.Context) []finding {
	findings := []finding{
		a.tool(ctx, "git", "Install git 2.30 or newer.", "--version"),
		a.tool(ctx, "go", "Install Go 1.24 or newer: the sample application is built with it.", "version"),
		a.tool(ctx, "sh", "Install a POSIX shell: builds run in one.", "-c", "echo a shell"),
		a.folder(), a.port(ctx), a.proxy(), a.isolation(ctx),
	}
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
		err = os.MkdirAll(root, 0o700)
	}
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(root, ".probe-*"); err == nil {
			err = errors.Join(probe.Close(), os.Remove(probe.Name()))
		}
	}
	if err != nil {
		return finding{Name: "state folder", State: missing, Detail: err.Error(), Fix: "Set XDG_DATA_HOME to a folder that you can write to."}
	}
	return finding{Name: "state folder", State: good, Detail: root}
}

func (a *app) port(ctx context.Context) finding {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return finding{Name: "ports", State: missing, Detail: err.Error(), Fix: "Allow programs to listen on 127.0.0.1."}
	}
	_ = listener.Close()
	return finding{Name: "ports", State: good, Detail: "127.0.0.1 can be listened on"}
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
	return finding{Name: "builds", State: good, Detail: "run here, held by: " + strings.Join(layers, ", ")}
}
