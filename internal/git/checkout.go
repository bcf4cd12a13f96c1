// Package git is the learner's working copy: a clone that works whatever the
// person's own Git configuration says, and whose every command is git itself.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Branch is the one branch that the workshop builds.
const Branch = "main"

// ownerKey is the setting in the repository's own configuration which says
// that mayfly made it, and for which environment.
const ownerKey = "mayfly.environment"

// Checkout is a working copy in a folder.
type Checkout struct {
	// Dir is the folder, an absolute path.
	Dir string
	// Environment is the id of the environment that the working copy belongs to.
	Environment string
	// Environ are the variables that git is given.
	Environ []string
	// extra are variables of ours, which git is given whatever their names.
	extra []string
	// Was is a file that a folder holds which has been the working copy before
	// and has lost its .git: such a folder is taken over. "" takes none over.
	Was string
}

// Errors of a folder that cannot be the working copy.
var (
	// ErrNotOurs is returned for a folder that holds somebody's files.
	ErrNotOurs = errors.New("the folder holds files that mayfly did not make")
	// ErrInside is returned for a folder inside another Git repository.
	ErrInside = errors.New("the folder is inside another Git repository")
)

// Error is a git command that failed.
type Error struct {
	Args   []string
	Output string
	Err    error
}

func (e *Error) Error() string {
	text := fmt.Sprintf("git %s: %v", strings.Join(e.Args, " "), e.Err)
	if e.Output != "" {
		text += ": " + e.Output
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// State says whether the folder may be used: nil if it is ours, empty or not there.
func (c *Checkout) State(ctx context.Context) error {
	info, err := os.Stat(c.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c.notInside(ctx)
	case err != nil:
		return fmt.Errorf("look at the working copy: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s: %w: it is a file", c.Dir, ErrNotOurs)
	}
	if c.Exists(ctx) {
		return nil
	}
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return fmt.Errorf("look at the working copy: %w", err)
	}
	if len(entries) > 0 && !c.lostItsGit(ctx) {
		return fmt.Errorf("%s: %w", c.Dir, ErrNotOurs)
	}
	return c.notInside(ctx)
}

// notInside looks at the nearest folder above that exists.
func (c *Checkout) notInside(ctx context.Context) error {
	for parent := filepath.Dir(c.Dir); ; parent = filepath.Dir(parent) {
		if _, err := os.Stat(parent); err != nil && parent != filepath.Dir(parent) {
			continue
		}
		top, err := c.at(ctx, parent, "rev-parse", "--show-toplevel")
		if err == nil {
			return fmt.Errorf("%s: %w, %s", c.Dir, ErrInside, top)
		}
		return nil // git fails where there is no repository, which is what is wanted
	}
}

// Exists tells whether the folder is the working copy of this environment.
func (c *Checkout) Exists(ctx context.Context) bool {
	if _, err := os.Stat(filepath.Join(c.Dir, ".git")); err != nil {
		return false
	}
	owner, err := c.run(ctx, "config", "--local", "--get", ownerKey)
	return err == nil && owner == c.Environment
}

// Make makes the working copy where it is missing, and points it at url with
// the given credential helper, a command in git's own notation. It may be
// called again at any time.
func (c *Checkout) Make(ctx context.Context, url, helper string) error {
	if err := c.State(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o750); err != nil {
		return fmt.Errorf("make the working copy: %w", err)
	}
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return fmt.Errorf("make the working copy: %w", err)
	}
	fresh := !c.Exists(ctx)
	if fresh {
		if _, err := c.run(ctx, "init", "--quiet", "--template="); err != nil {
			return err
		}
		if _, err := c.run(ctx, "symbolic-ref", "HEAD", "refs/heads/"+Branch); err != nil {
			return err
		}
	}
	settings := [][]string{
		{"--replace-all", ownerKey, c.Environment},
		{"--replace-all", "core.autocrlf", "false"},
		{"--replace-all", "core.eol", "lf"},
		{"--replace-all", "core.safecrlf", "false"},
		{"--replace-all", "core.attributesFile", os.DevNull},
		{"--replace-all", "core.fsmonitor", "false"},
		{"--replace-all", "push.default", "simple"},
		// The empty helper forgets those of the person's own configuration, which
		// would cache the password: it is a signature and ages in fifteen minutes.
		{"--replace-all", "credential.helper", ""},
		{"--add", "credential.helper", helper},
		{"--replace-all", "credential.useHttpPath", "true"},
		{"--replace-all", "http." + url + ".proxy", ""},
		{"--replace-all", "http." + url + ".extraHeader", ""},
		{"--replace-all", "remote.origin.url", url},
		{"--replace-all", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"},
		{"--replace-all", "branch." + Branch + ".remote", "origin"},
		{"--replace-all", "branch." + Branch + ".merge", "refs/heads/" + Branch},
	}
	for _, s := range settings {
		if _, err := c.run(ctx, append([]string{"config", "--local"}, s...)...); err != nil {
			return err
		}
	}
	if err := c.identify(ctx); err != nil || !fresh {
		return err
	}
	return c.adopt(ctx, len(entries) == 0)
}

// lostItsGit tells whether the folder looks as a working copy of ours does that
// has lost its .git: it holds Was, and is inside no other repository.
func (c *Checkout) lostItsGit(ctx context.Context) bool {
	if c.Was == "" || c.notInside(ctx) != nil {
		return false
	}
	for _, name := range []string{".git", c.Was} {
		_, err := os.Lstat(filepath.Join(c.Dir, name))
		if (err == nil) != (name == c.Was) {
			return false
		}
	}
	return true
}

// identify gives the working copy an identity to commit with, if the person has none.
func (c *Checkout) identify(ctx context.Context) error {
	for _, identity := range [][2]string{{"user.name", "mayfly learner"}, {"user.email", "learner@mayfly.invalid"}} {
		if value, err := c.run(ctx, "config", "--get", identity[0]); err == nil && value != "" {
			continue
		}
		if _, err := c.run(ctx, "config", "--local", identity[0], identity[1]); err != nil {
			return err
		}
	}
	return nil
}

// Write writes files, whose names are slash-separated and relative, and leaves all others alone.
func (c *Checkout) Write(files map[string][]byte) error {
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return fmt.Errorf("open the working copy: %w", err)
	}
	defer root.Close() //nolint:errcheck // a folder that was read
	for name, data := range files {
		if dir := filepath.Dir(filepath.FromSlash(name)); dir != "." {
			if err := root.MkdirAll(dir, 0o750); err != nil {
				return fmt.Errorf("write %s: %w", name, err)
			}
		}
		mode := fs.FileMode(0o644)
		if bytes.HasPrefix(data, []byte("#!")) {
			mode = 0o755
		}
		if err := root.WriteFile(filepath.FromSlash(name), data, mode); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// Read returns a file of the working copy.
func (c *Checkout) Read(name string) ([]byte, error) {
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the working copy: %w", err)
	}
	defer root.Close() //nolint:errcheck // a folder that was read
	return root.ReadFile(filepath.FromSlash(name))
}

// Commit commits all changes to the files named and returns the head. With
// nothing to commit the head stays as it is. The commit is mayfly's own: it is
// not signed and runs no hooks.
func (c *Checkout) Commit(ctx context.Context, message string, files []string) (string, error) {
	if len(files) == 0 {
		return c.Head(ctx)
	}
	if _, err := c.run(ctx, append([]string{"add", "--force", "--"}, files...)...); err != nil {
		return "", err
	}
	if _, err := c.run(ctx, append([]string{"diff", "--cached", "--quiet", "--"}, files...)...); err == nil {
		if head, err := c.Head(ctx); err == nil {
			return head, nil
		}
	}
	args := []string{"-c", "commit.gpgSign=false", "-c", "core.hooksPath=" + os.DevNull}
	args = append(args, "commit", "--quiet", "--no-verify", "--cleanup=verbatim", "-m", message, "--")
	if _, err := c.run(ctx, append(args, files...)...); err != nil {
		return "", err
	}
	return c.Head(ctx)
}

// CommitNothing makes a commit that changes nothing and returns it.
func (c *Checkout) CommitNothing(ctx context.Context, message string) (string, error) {
	tree, err := c.run(ctx, "rev-parse", "refs/heads/"+Branch+"^{tree}")
	if err != nil {
		return "", err
	}
	commit, err := c.run(ctx, append(ownCommit(), "commit-tree", "-p", "refs/heads/"+Branch, "-m", message, tree)...)
	if err != nil {
		return "", err
	}
	_, err = c.run(ctx, "update-ref", "-m", "commit: "+message, "refs/heads/"+Branch, commit)
	return commit, err
}

// Head is the id of the commit that is checked out.
func (c *Checkout) Head(ctx context.Context) (string, error) {
	return c.run(ctx, "rev-parse", "HEAD")
}

// CommitTime is when a commit was made, by its committer's clock, to the second.
func (c *Checkout) CommitTime(ctx context.Context, commit string) (time.Time, error) {
	text, err := c.run(ctx, "show", "--no-patch", "--format=%cI", commit)
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, text)
}

// Lines counts the lines that a commit adds to and removes from each file. It
// needs the commit to be in the working copy; binary files are not counted.
func (c *Checkout) Lines(ctx context.Context, commit string) (map[string][2]int, error) {
	text, err := c.run(ctx, "diff-tree", "--root", "--no-commit-id", "--no-renames", "--numstat", "-r", "-z", "--end-of-options", commit)
	if err != nil {
		return nil, err
	}
	lines := map[string][2]int{}
	for line := range strings.SplitSeq(text, "\x00") {
		var added, removed int
		fields := strings.SplitN(line, "\t", 3)
		if len(fields) < 3 {
			continue
		}
		if _, err := fmt.Sscan(fields[0]+" "+fields[1], &added, &removed); err == nil {
			lines[fields[2]] = [2]int{added, removed}
		}
	}
	return lines, nil
}

// Push pushes the branch, with the helper that Make configured.
func (c *Checkout) Push(ctx context.Context) error {
	_, err := c.run(ctx, "-c", "push.gpgSign=false", "-c", "core.hooksPath="+os.DevNull,
		"push", "--quiet", "origin", "refs/heads/"+Branch+":refs/heads/"+Branch)
	return err
}

// Forget removes the remote and the credential helper; the files and the history stay.
func (c *Checkout) Forget(ctx context.Context) error {
	if !c.Exists(ctx) {
		return nil
	}
	for _, section := range []string{"remote.origin", "credential"} {
		if _, err := c.run(ctx, "config", "--local", "--get-regexp", "^"+section+`\.`); err != nil {
			continue // not there
		}
		if _, err := c.run(ctx, "config", "--local", "--remove-section", section); err != nil {
			return err
		}
	}
	return nil
}

func (c *Checkout) run(ctx context.Context, args ...string) (string, error) {
	return c.at(ctx, c.Dir, args...)
}

// feed runs git with something to read.
func (c *Checkout) feed(ctx context.Context, input []byte, args ...string) (string, error) {
	return c.command(ctx, c.Dir, bytes.NewReader(input), args...)
}

func (c *Checkout) at(ctx context.Context, dir string, args ...string) (string, error) {
	return c.command(ctx, dir, nil, args...)
}

// Type runs a line of git commands in the folder, as a person would have typed it.
func (c *Checkout) Type(ctx context.Context, line string) error {
	out, err := c.prepare(ctx, c.Dir, "sh", "-c", line).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", line, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// prepare makes a command ready to run with the variables that git may have.
func (c *Checkout) prepare(ctx context.Context, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = append(slices.DeleteFunc(slices.Clone(c.Environ), isGitVariable), "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	cmd.Env = append(cmd.Env, c.extra...)
	return cmd
}

func (c *Checkout) command(ctx context.Context, dir string, in io.Reader, args ...string) (string, error) {
	cmd := c.prepare(ctx, dir, "git", args...)
	cmd.Stdin = in
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return "", fmt.Errorf("git is not installed, or not in PATH: %w", err)
		}
		return "", &Error{Args: args, Output: strings.TrimSpace(errOut.String()), Err: err}
	}
	return strings.TrimSpace(out.String()), nil
}

// isGitVariable finds the variables that would point git at another repository
// or configuration, as they do inside a hook.
func isGitVariable(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	return strings.HasPrefix(name, "GIT_") &&
		!slices.Contains([]string{
			"GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_EXEC_PATH", "GIT_TRACE", "GIT_TRACE_CURL",
			"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
		}, name)
}
