package git

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// Condition is how a working copy stands, as git answers. It says what is, and
// nothing of what should be.
type Condition struct {
	// Empty tells that the folder is missing or holds nothing, Ours that it is
	// the working copy of this environment.
	Empty, Ours bool
	// Unfinished is the git command that was begun and has not ended: "merge",
	// "revert", "rebase" or "cherry-pick".
	Unfinished string
	// Branch is the branch that is checked out; "" where HEAD is detached.
	Branch string
	// Head and Main are the commits of HEAD and of the branch main; "" where there is none.
	Head, Main string
	// URL is where origin is, Helpers are the repository's own credential helpers.
	URL     string
	Helpers []string
	// Changed are the files that differ from HEAD, Deleted those that are gone.
	Changed, Deleted []string
	// Untracked is how many files git does not know, but for those that it ignores.
	Untracked int
}

// Condition looks at the working copy.
func (c *Checkout) Condition(ctx context.Context) (Condition, error) {
	var is Condition
	entries, err := os.ReadDir(c.Dir)
	if err != nil && !os.IsNotExist(err) {
		return is, err
	}
	if is.Empty = len(entries) == 0; is.Empty {
		return is, nil
	}
	if is.Ours = c.Exists(ctx); !is.Ours {
		return is, nil
	}
	is.Head, _ = c.run(ctx, "rev-parse", "--verify", "--quiet", "HEAD")
	is.Main, _ = c.run(ctx, "rev-parse", "--verify", "--quiet", "refs/heads/"+Branch)
	is.Branch, _ = c.run(ctx, "symbolic-ref", "--quiet", "--short", "HEAD")
	is.URL, _ = c.run(ctx, "config", "--local", "--get", "remote.origin.url")
	if helpers, err := c.run(ctx, "config", "--local", "--get-all", "credential.helper"); err == nil {
		is.Helpers = strings.Split(helpers, "\n")
	}
	is.Unfinished = c.unfinished()
	return is, c.addStatus(ctx, &is)
}

// OnMain tells whether what is committed now comes to main: that is checked
// out, and nothing stands half done.
func (c *Checkout) OnMain(ctx context.Context) bool {
	branch, err := c.run(ctx, "symbolic-ref", "--quiet", "HEAD")
	return err == nil && branch == "refs/heads/"+Branch && c.unfinished() == ""
}

// Uncommitted are those of some files that are there and no commit has as they are.
func (c *Checkout) Uncommitted(ctx context.Context, names []string) ([]string, error) {
	there := c.inTheWay(names)
	if len(there) == 0 {
		return nil, nil
	}
	args := []string{"status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignored=matching", "--"}
	out, err := c.run(ctx, append(args, there...)...)
	if err != nil {
		return nil, err
	}
	var uncommitted []string
	for entry := range strings.SplitSeq(out, "\x00") {
		if _, name, ok := strings.Cut(strings.TrimLeft(entry, " "), " "); ok {
			uncommitted = append(uncommitted, strings.TrimLeft(name, " "))
		}
	}
	return uncommitted, nil
}

func (c *Checkout) unfinished() string {
	for _, begun := range [][2]string{
		{"rebase-merge", "rebase"}, // first: a rebase merges and picks
		{"rebase-apply", "rebase"},
		{"MERGE_HEAD", "merge"},
		{"REVERT_HEAD", "revert"},
		{"CHERRY_PICK_HEAD", "cherry-pick"},
	} {
		if _, err := os.Stat(filepath.Join(c.Dir, ".git", begun[0])); err == nil {
			return begun[1]
		}
	}
	return ""
}

// addStatus reads what `git status` says of files, in the form that is made for it.
func (c *Checkout) addStatus(ctx context.Context, is *Condition) error {
	out, err := c.run(ctx, "status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=normal")
	if err != nil {
		return err
	}
	for entry := range strings.SplitSeq(out, "\x00") {
		fields := strings.Fields(entry)
		if len(fields) == 0 {
			continue
		}
		switch fields[0] {
		case "?":
			is.Untracked++
		case "1":
			const before = 8 // fields stand before the path, which may hold blanks
			name := strings.SplitN(entry, " ", before+1)[before]
			if strings.Contains(fields[1], "D") {
				is.Deleted = append(is.Deleted, name)
			} else {
				is.Changed = append(is.Changed, name)
			}
		case "u":
			const before = 10
			is.Changed = append(is.Changed, strings.SplitN(entry, " ", before+1)[before])
		}
	}
	return nil
}

// Knows tells whether the working copy has a commit.
func (c *Checkout) Knows(ctx context.Context, commit string) bool {
	_, err := c.run(ctx, "cat-file", "-e", commit+"^{commit}")
	return err == nil
}

// Between counts the commits that b has and a has not.
func (c *Checkout) Between(ctx context.Context, a, b string) (string, error) {
	return c.run(ctx, "rev-list", "--count", a+".."+b)
}

// WasOurs tells whether a commit was once the head of main in this working copy.
func (c *Checkout) WasOurs(ctx context.Context, commit string) bool {
	log, err := c.run(ctx, "log", "--walk-reflogs", "--format=%H", "refs/heads/"+Branch)
	return err == nil && strings.Contains(log, commit)
}

// adopt makes the folder's contents a working copy of what the remote has,
// after Make has made one without any commit. An empty folder gets the files;
// in any other no file is touched. A remote without main is no error.
func (c *Checkout) adopt(ctx context.Context, empty bool) error {
	remote := "refs/remotes/origin/" + Branch
	if _, err := c.run(ctx, "ls-remote", "--exit-code", "origin", "refs/heads/"+Branch); err != nil {
		return nil //nolint:nilerr // there is nothing to take over, or a push will say why not
	}
	if _, err := c.run(ctx, "fetch", "--quiet", "origin"); err != nil {
		return err
	}
	if _, err := c.run(ctx, "reset", "--quiet", "--mixed", remote); err != nil {
		return err
	}
	if !empty {
		return nil
	}
	_, err := c.run(ctx, "checkout-index", "--all")
	return err
}
