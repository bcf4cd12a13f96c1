package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxState bounds what a command may leave for the next one.
const maxState = 4 << 20

// Command is one command of a build.
type Command struct {
	// Shell is sh or bash.
	Shell string
	// Text is what the shell runs.
	Text string
	// Env is its whole environment, and Dir where it starts.
	Env map[string]string
	Dir string
}

// Result is what a command left.
type Result struct {
	// Status is the exit status; 128 and the number of the signal for a killed one.
	Status int
	// Env and Dir are the exported variables and the working directory at its
	// end; those of the command itself where its shell could not tell.
	Env map[string]string
	Dir string
}

// Run runs a command to its end. It fails only where the command could not be
// run to its end: with the context's cause, [ErrOutput] or [ErrDisk]. A command
// that exits with another status than 0 is no error.
func (b *Box) Run(ctx context.Context, c Command) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, context.Cause(ctx)
	}
	shell, err := shellPath(c)
	if err != nil {
		return Result{}, err
	}
	for name, content := range map[string]string{
		"script":  b.script(c.Text),
		"env":     environment(b.options.ID, shell, c),
		"env.out": "", "dir.out": "",
	} {
		if err := os.WriteFile(b.control(name), []byte(content), 0o600); err != nil {
			return Result{}, fmt.Errorf("write the command: %w", err)
		}
	}
	status, err := b.driver.run(ctx)
	if err != nil {
		return Result{}, b.cause(ctx, err)
	}
	result := Result{Status: status, Env: c.Env, Dir: c.Dir}
	b.readState(&result)
	return result, nil
}

// Capture runs a command and returns what it printed on its standard output.
func (b *Box) Capture(ctx context.Context, c Command) (string, int, error) {
	out := b.control("capture")
	defer func() { _ = os.Remove(out) }()
	c.Text = "exec >" + quote(out) + "\n" + c.Text
	result, err := b.Run(ctx, c)
	if err != nil {
		return "", 0, err
	}
	text, err := readCapped(out)
	return strings.TrimRight(string(text), "\n"), result.Status, err
}

// cause finds out why the box was killed.
func (b *Box) cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if b.ctx.Err() != nil {
		return context.Cause(b.ctx) //nolint:contextcheck // the box ends by itself too: it is full, or closed
	}
	return err
}

// script is the command with what keeps its surroundings for the next one.
// AWS's agent writes a script.sh of this kind, too. Our part is on the first
// line, so a line number in a shell's message is one too high.
func (b *Box) script(text string) string {
	return `localaws_end() { set -- "$?"; { pwd >` + quote(b.control("dir.out")) + `; /usr/bin/env -0 >` + quote(b.control("env.out")) +
		`; } 2>/dev/null; exit "$1"; }; trap localaws_end EXIT` + "\n" + text + "\n"
}

// environment is a list of exports for the driver's shell to read.
func environment(id, shell string, c Command) string {
	var b strings.Builder
	for name, value := range c.Env {
		if isName(name) {
			fmt.Fprintf(&b, "export %s=%s\n", name, quote(value))
		}
	}
	fmt.Fprintf(&b, "export %s=%s\ncd %s\nlocalaws_shell=%s\n", Marker, quote(id), quote(c.Dir), quote(shell))
	return b.String()
}

// shellPath finds the shell, so that a command that spoils PATH does not hide it from the next one.
func shellPath(c Command) (string, error) {
	if c.Shell == "sh" {
		return "/bin/sh", nil
	}
	for _, dir := range filepath.SplitList(c.Env["PATH"] + ":/bin:/usr/bin") {
		path := filepath.Join(dir, c.Shell)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("this machine has no %s, which the buildspec's env.shell asks for", c.Shell)
}

// quote makes one word of s for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// isName says whether a shell takes it as the name of a variable.
func isName(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// notCarried are the shell's own variables and ours.
var notCarried = map[string]bool{"_": true, "SHLVL": true, "PWD": true, "OLDPWD": true, Marker: true}

func (b *Box) readState(r *Result) {
	dir, dirErr := readCapped(b.control("dir.out"))
	env, envErr := readCapped(b.control("env.out"))
	if errors.Join(dirErr, envErr) != nil || len(env) == 0 {
		return // the shell was replaced or killed: its successor starts as it did
	}
	if name := strings.TrimSuffix(string(dir), "\n"); name != "" {
		r.Dir = name
	}
	r.Env = map[string]string{}
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		name, value, ok := strings.Cut(string(entry), "=")
		if ok && isName(name) && !notCarried[name] {
			r.Env[name] = value
		}
	}
}

func readCapped(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxState {
		return nil, fmt.Errorf("%s has %d bytes, more than %d", path, info.Size(), maxState)
	}
	return os.ReadFile(path)
}
