package codecommit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// stopDelay is how long git may take to remove its lock files when it is stopped.
const stopDelay = 2 * time.Second

// settings are given to every git: nothing of the host's configuration counts,
// no hook runs, nothing is collected in the background, and nothing is synced
// to the disk, since what a killed process wrote is kept by the kernel.
var settings = []string{
	"core.hooksPath=" + os.DevNull, "core.fsmonitor=", "core.fsync=none", "protocol.ext.allow=never",
	// A pack is kept as it comes: taking it apart compresses every file again, 200 MB in ten seconds.
	"receive.unpackLimit=1", "gc.auto=0", "receive.autogc=false", "maintenance.auto=false", "core.attributesFile=" + os.DevNull,
	"core.quotePath=false", "advice.graftFileDeprecated=false",
}

// command makes a git command in a repository. It ends, with all the processes
// that it started, when the context does.
func (s *Service) command(ctx context.Context, id string, args ...string) *exec.Cmd {
	dir := s.path(id)
	full := []string{"--git-dir=" + dir, "--literal-pathspecs"}
	for _, setting := range append([]string{"safe.directory=" + dir}, settings...) {
		full = append(full, "-c", setting)
	}
	cmd := exec.CommandContext(ctx, s.git, append(full, args...)...) //nolint:gosec // git, with arguments of ours
	cmd.Dir = s.env.Dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"),
		"HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0", "GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0",
	}
	cmd.WaitDelay = stopDelay
	ownGroup(cmd)
	return cmd
}

func (s *Service) path(id string) string { return filepath.Join(s.env.Dir, folder(id)) }

// folder is where a repository stands under env.Dir. Names are never paths.
func folder(id string) string { return id + ".git" }

// gitError is a git that failed, with what it said.
type gitError struct {
	command, stderr string
	err             error
}

func (e *gitError) Error() string { return fmt.Sprintf("git %s: %v: %s", e.command, e.err, e.stderr) }
func (e *gitError) Unwrap() error { return e.err }

// run runs git and returns what it prints.
func (s *Service) run(ctx context.Context, id string, stdin io.Reader, args ...string) ([]byte, error) {
	return s.runIn(ctx, id, nil, stdin, args...)
}

func (s *Service) runIn(ctx context.Context, id string, env []string, stdin io.Reader, args ...string) ([]byte, error) {
	cmd := s.command(ctx, id, args...)
	cmd.Env = append(cmd.Env, env...)
	var out, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &stderr
	if err := cmd.Run(); err != nil {
		return nil, &gitError{args[0], strings.TrimSpace(stderr.String()), err}
	}
	return out.Bytes(), nil
}

// stream runs a command and passes on what it prints, at the pace of whoever
// reads it; when nobody does any more, the command ends.
func stream(cmd *exec.Cmd, w io.Writer) error {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_, copyErr := io.Copy(w, out)
	if copyErr != nil {
		_ = out.Close() // git's next write fails, and so does git
	}
	return errors.Join(copyErr, cmd.Wait())
}

// one is run for a command that prints one line.
func (s *Service) one(ctx context.Context, id string, stdin io.Reader, args ...string) (string, error) {
	out, err := s.run(ctx, id, stdin, args...)
	return strings.TrimSpace(string(out)), err
}

// info/attributes outranks what repositories say of themselves: an archive holds every file as it was committed.
const attributes = "* -export-ignore -export-subst -ident -text -filter\n"

// initialize makes an empty bare repository.
func (s *Service) initialize(ctx context.Context, id string) error {
	if _, err := s.run(ctx, id, nil, "init", "--bare", "--quiet", "--template=", "--initial-branch=main", s.path(id)); err != nil {
		return err
	}
	return errors.Join(
		s.files.MkdirAll(filepath.Join(folder(id), "info"), 0o700),
		s.files.WriteFile(filepath.Join(folder(id), "info", "attributes"), []byte(attributes), 0o600),
	)
}
