package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Keep puts everything that the learner has in the working copy onto a branch
// of that name: the commits that are checked out, changes that were never
// committed, files that git does not know yet, and of those that it ignores the
// ones that are in the way of files about to be written. What is checked out
// stays as it is. Commits of main that are not among them get a branch
// "<name>-main" of their own. It returns the branches that were made; none
// where there is nothing to keep.
func (c *Checkout) Keep(ctx context.Context, name, message string, toWrite []string) ([]string, error) {
	tree, err := c.treeOfEverything(ctx, toWrite)
	if err != nil {
		return nil, err
	}
	commit, err := c.commitOf(ctx, tree, message)
	if err != nil {
		return nil, err
	}
	var kept []string
	if commit != "" {
		if _, err := c.run(ctx, "branch", "--no-track", name, commit); err != nil {
			return nil, err
		}
		kept = append(kept, name)
	}
	main, err := c.run(ctx, "rev-parse", "--verify", "--quiet", "refs/heads/"+Branch)
	if err != nil {
		return kept, nil //nolint:nilerr // there is no main to keep
	}
	if commit != "" {
		if _, err := c.run(ctx, "merge-base", "--is-ancestor", main, commit); err == nil {
			return kept, nil
		}
	}
	if _, err := c.run(ctx, "branch", "--no-track", name+"-"+Branch, main); err != nil {
		return kept, err
	}
	return append(kept, name+"-"+Branch), nil
}

// commitOf is a commit of a tree upon the one that is checked out: that one
// itself where it has this tree, and "" where nothing is checked out and the tree is empty.
func (c *Checkout) commitOf(ctx context.Context, tree, message string) (string, error) {
	args := append(ownCommit(), "commit-tree", "-m", message)
	head, err := c.run(ctx, "rev-parse", "--verify", "--quiet", "HEAD")
	if err == nil {
		if now, err := c.run(ctx, "rev-parse", head+"^{tree}"); err == nil && now == tree {
			return head, nil
		}
		args = append(args, "-p", head)
	} else if files, err := c.run(ctx, "ls-tree", tree); err == nil && files == "" {
		return "", nil
	}
	return c.run(ctx, append(args, tree)...)
}

// ownCommit are the settings under which mayfly commits: unsigned, without hooks.
func ownCommit() []string {
	return []string{"-c", "commit.gpgSign=false", "-c", "core.hooksPath=" + os.DevNull}
}

// treeOfEverything writes the working copy's files as a tree, through an index
// of its own, so that what the learner has staged stays staged.
func (c *Checkout) treeOfEverything(ctx context.Context, toWrite []string) (string, error) {
	index, done, err := c.ownIndex(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	own := c.with(index)
	if _, err := own.run(ctx, "read-tree", "HEAD"); err != nil {
		if _, err := own.run(ctx, "read-tree", "--empty"); err != nil {
			return "", err
		}
	}
	// The person's own list of ignored files must not lose anything here.
	_, err = own.run(ctx, "-c", "core.excludesFile="+os.DevNull, "add", "--all", "--ignore-errors", "--", ".")
	if err != nil && !emptyRepositories(err) {
		return "", err
	}
	if there := c.inTheWay(toWrite); len(there) > 0 {
		if _, err := own.run(ctx, append([]string{"add", "--force", "--"}, there...)...); err != nil {
			return "", err
		}
	}
	return own.run(ctx, "write-tree")
}

// emptyRepositories tells whether git could add everything but folders in which
// somebody has typed `git init` and committed nothing: it takes none of their
// files, and leaves them where they are.
func emptyRepositories(err error) bool {
	failed, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	for line := range strings.Lines(failed.Output) {
		if !strings.HasPrefix(line, "warning: ") && !strings.HasPrefix(line, "hint: ") && !strings.Contains(line, "does not have a commit checked out") {
			return false
		}
	}
	return true
}

// inTheWay are the files and folders that stand where files are to be written,
// or where a folder of theirs is to be, as git's pathspecs.
func (c *Checkout) inTheWay(toWrite []string) (there []string) {
	for _, name := range toWrite {
		at := ""
		for part := range strings.SplitSeq(name, "/") {
			at = path.Join(at, part)
			info, err := os.Lstat(filepath.Join(c.Dir, filepath.FromSlash(at)))
			if err != nil {
				break
			}
			if at == name || !info.IsDir() {
				there = append(there, ":(literal)"+at)
				break
			}
		}
	}
	return there
}

// ownIndex is the variable that makes git use an index of its own, and the function that removes that.
func (c *Checkout) ownIndex(ctx context.Context) (variable string, done func(), err error) {
	gitDir, err := c.run(ctx, "rev-parse", "--absolute-git-dir")
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp(gitDir, "mayfly-")
	if err != nil {
		return "", nil, fmt.Errorf("make an index: %w", err)
	}
	return "GIT_INDEX_FILE=" + filepath.Join(dir, "index"), func() { _ = os.RemoveAll(dir) }, nil
}

// with returns the checkout with one more variable, which git is given as it is.
func (c *Checkout) with(variable string) *Checkout {
	other := *c
	other.extra = append(slices.Clone(c.extra), variable)
	return &other
}

// Restart makes main hold the given files and nothing else, as one new commit
// upon what the repository has, so that nothing has to be forced. Files that
// git does not know stay where they are. Call Keep before it.
func (c *Checkout) Restart(ctx context.Context, message string, files map[string][]byte) (commit string, err error) {
	if _, err := c.run(ctx, "fetch", "--quiet", "origin"); err != nil {
		return "", err
	}
	tree, err := c.tree(ctx, files)
	if err != nil {
		return "", err
	}
	args := append(ownCommit(), "commit-tree", "-m", message)
	remote, err := c.run(ctx, "rev-parse", "--verify", "--quiet", "refs/remotes/origin/"+Branch)
	if err == nil {
		args = append(args, "-p", remote)
	}
	if commit, err = c.run(ctx, append(args, tree)...); err != nil {
		return "", err
	}
	c.endOperations(ctx)
	_, err = c.run(ctx, "-c", "core.hooksPath="+os.DevNull, "checkout", "--quiet", "--force", "--no-track", "-B", Branch, commit)
	if err != nil {
		return "", err
	}
	for _, setting := range [][2]string{{"remote", "origin"}, {"merge", "refs/heads/" + Branch}} {
		if _, err := c.run(ctx, "config", "--local", "--replace-all", "branch."+Branch+"."+setting[0], setting[1]); err != nil {
			return "", err
		}
	}
	return commit, nil
}

// Empty makes main a branch that has no commit yet, and takes the files that
// git knows out of the folder. Call Keep before it.
func (c *Checkout) Empty(ctx context.Context) error {
	c.endOperations(ctx)
	known, err := c.run(ctx, "ls-files", "-z")
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return fmt.Errorf("open the working copy: %w", err)
	}
	defer root.Close() //nolint:errcheck // a folder that was read
	for name := range strings.SplitSeq(known, "\x00") {
		if name == "" {
			continue
		}
		file := filepath.FromSlash(name)
		if info, err := root.Lstat(file); err == nil && info.IsDir() {
			continue // git had a file there: what the folder holds it does not know
		}
		if err := root.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", name, err)
		}
	}
	for _, args := range [][]string{
		{"symbolic-ref", "HEAD", "refs/heads/" + Branch}, {"update-ref", "-d", "refs/heads/" + Branch}, {"read-tree", "--empty"},
	} {
		if _, err := c.run(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// endOperations ends a merge, a rebase or the like that stands half done: its
// files are kept by then. There usually is none, and then git says so.
func (c *Checkout) endOperations(ctx context.Context) {
	for _, operation := range []string{"merge", "rebase", "cherry-pick", "revert", "am"} {
		_, _ = c.run(ctx, operation, "--quit")
	}
}

// tree writes files as a tree into the repository, without touching the folder.
func (c *Checkout) tree(ctx context.Context, files map[string][]byte) (string, error) {
	index, done, err := c.ownIndex(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	c = c.with(index)
	if _, err := c.run(ctx, "read-tree", "--empty"); err != nil {
		return "", err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		blob, err := c.feed(ctx, files[name], "hash-object", "-w", "--no-filters", "--stdin")
		if err != nil {
			return "", err
		}
		mode := "100644"
		if bytes.HasPrefix(files[name], []byte("#!")) {
			mode = "100755"
		}
		if _, err := c.run(ctx, "update-index", "--add", "--cacheinfo", mode+","+blob+","+name); err != nil {
			return "", err
		}
	}
	return c.run(ctx, "write-tree")
}
