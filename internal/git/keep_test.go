package git

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func pushed(t *testing.T) *Checkout {
	t.Helper()
	ctx := t.Context()
	c, remote := newCheckout(t)
	if err := c.Make(ctx, remote, "!false"); err != nil {
		t.Fatal(err)
	}
	if err := c.Write(map[string][]byte{"greeting.txt": []byte("hello\n"), "build.sh": []byte("#!/bin/sh\n")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Commit(ctx, "Start", []string{"greeting.txt", "build.sh"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Push(ctx); err != nil {
		t.Fatal(err)
	}
	return c
}

func git(t *testing.T, c *Checkout, args ...string) string {
	t.Helper()
	out, err := c.run(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func put(t *testing.T, c *Checkout, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.Dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestKeepLosesNothing(t *testing.T) {
	ctx := t.Context()
	c := pushed(t)
	// A commit on main that was never pushed, then a branch of the learner's
	// own with a commit, a staged change, an unstaged one and an unknown file.
	put(t, c, "greeting.txt", "on main\n")
	git(t, c, "commit", "--no-gpg-sign", "--no-verify", "--quiet", "-am", "Unpushed")
	git(t, c, "checkout", "--quiet", "-b", "mine", "HEAD~1")
	put(t, c, "own.txt", "committed\n")
	git(t, c, "add", "own.txt")
	git(t, c, "commit", "--no-gpg-sign", "--no-verify", "--quiet", "-m", "Mine")
	put(t, c, "greeting.txt", "staged\n")
	git(t, c, "add", "greeting.txt")
	put(t, c, "build.sh", "#!/bin/sh\n# unstaged\n")
	put(t, c, "unknown.yml", "ignored: by the person's own list\n")

	kept, err := c.Keep(ctx, "kept/one", "What I had", nil)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(kept, " ") != "kept/one kept/one-main" {
		t.Errorf("kept %v", kept)
	}
	for object, want := range map[string]string{
		"kept/one:own.txt": "committed", "kept/one:greeting.txt": "staged", "kept/one:build.sh": "#!/bin/sh\n# unstaged",
		"kept/one:unknown.yml": "ignored: by the person's own list", "kept/one-main:greeting.txt": "on main",
	} {
		if got := git(t, c, "show", object); got != want {
			t.Errorf("%s is %q, want %q", object, got, want)
		}
	}
	// What the learner was at is as it was.
	if got := git(t, c, "status", "--porcelain", "--untracked-files=no"); got != "M build.sh\nM  greeting.txt" {
		t.Errorf("the working copy has changed:\n%s", got)
	}
	if got := git(t, c, "branch", "--show-current"); got != "mine" {
		t.Errorf("the branch is now %s", got)
	}
}

func TestRestartNeedsNoForce(t *testing.T) {
	ctx := t.Context()
	c := pushed(t)
	put(t, c, "added.txt", "the learner's\n")
	git(t, c, "add", "added.txt")
	git(t, c, "commit", "--no-gpg-sign", "--no-verify", "--quiet", "-m", "Never pushed")
	git(t, c, "checkout", "--quiet", "--detach")
	put(t, c, "notes.md", "not known to git\n")

	commit, err := c.Restart(ctx, "Back to the start", map[string][]byte{"greeting.txt": []byte("new\r\n"), "sub/run": []byte("#!/bin/sh\n")})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Push(ctx); err != nil {
		t.Fatal(err)
	}
	if got := git(t, c, "branch", "--show-current"); got != Branch {
		t.Errorf("on branch %q", got)
	}
	if got := git(t, c, "ls-tree", "-r", "--format=%(objectmode) %(path)", "HEAD"); got != "100644 greeting.txt\n100755 sub/run" {
		t.Errorf("main holds\n%s", got)
	}
	if parent := git(t, c, "rev-list", "--count", "HEAD"); parent != "2" || git(t, c, "rev-parse", "origin/main") != commit {
		t.Errorf("main has %s commits and origin is not at %s", parent, commit)
	}
	if _, err := os.Stat(filepath.Join(c.Dir, "notes.md")); err != nil {
		t.Error("a file that git does not know was taken away")
	}
	if _, err := os.Stat(filepath.Join(c.Dir, "added.txt")); err == nil {
		t.Error("a file of the old main is still there")
	}
}

func TestEmptyLeavesWhatGitDoesNotKnow(t *testing.T) {
	c := pushed(t)
	put(t, c, "notes.md", "not known to git\n")
	if err := c.Empty(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 || entries[1].Name() != "notes.md" {
		t.Errorf("the folder has %v", entries)
	}
	if _, err := c.Head(t.Context()); err == nil {
		t.Error("main still has a commit")
	}
	if !c.Exists(t.Context()) {
		t.Error("it is no working copy any more")
	}
}

// TestKeepOnABranchWithoutACommit keeps what is there before the first commit,
// and the commits of main beside it.
func TestKeepOnABranchWithoutACommit(t *testing.T) {
	ctx := t.Context()
	c := pushed(t)
	put(t, c, "greeting.txt", "on main\n")
	git(t, c, "commit", "--no-gpg-sign", "--no-verify", "--quiet", "-am", "Unpushed")
	git(t, c, "checkout", "--quiet", "--orphan", "new")
	put(t, c, "greeting.txt", "staged\n")
	git(t, c, "add", "greeting.txt")
	kept, err := c.Keep(ctx, "kept/one", "What I had", nil)
	if err != nil || strings.Join(kept, " ") != "kept/one kept/one-main" {
		t.Fatalf("kept %v, %v", kept, err)
	}
	if got := git(t, c, "show", "kept/one:greeting.txt") + " " + git(t, c, "show", "kept/one-main:greeting.txt"); got != "staged on main" {
		t.Errorf("the branches have %q", got)
	}
	empty, remote := newCheckout(t)
	if err := empty.Make(ctx, remote, "!false"); err != nil {
		t.Fatal(err)
	}
	if kept, err := empty.Keep(ctx, "kept/one", "What I had", nil); err != nil || len(kept) > 0 {
		t.Errorf("of an empty folder %v was kept, %v", kept, err)
	}
}

// TestKeepTakesIgnoredFilesThatAreInTheWay keeps what a restart writes over,
// though git ignores it, and leaves other ignored files out.
func TestKeepTakesIgnoredFilesThatAreInTheWay(t *testing.T) {
	ctx := t.Context()
	c := pushed(t)
	put(t, c, ".gitignore", "deploy.json\nsub\nfolder\n*.log\n")
	put(t, c, "deploy.json", "the learner's\n")
	put(t, c, "sub", "a file where there will be a folder\n")
	put(t, c, "build.log", "left alone\n")
	if err := os.Mkdir(filepath.Join(c.Dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, c, "folder/inside", "where there will be a file\n")
	files := map[string][]byte{"deploy.json": []byte("{}\n"), "sub/run": []byte("#!/bin/sh\n"), "folder": []byte("flat\n")}
	if _, err := c.Keep(ctx, "kept/one", "What I had", []string{"deploy.json", "sub/run", "folder"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Restart(ctx, "Back to the start", files); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"deploy.json": "the learner's", "sub": "a file where there will be a folder", "folder/inside": "where there will be a file",
	} {
		if got := git(t, c, "show", "kept/one:"+name); got != want {
			t.Errorf("kept/one has in %s %q", name, got)
		}
	}
	if data, err := c.Read("build.log"); err != nil || string(data) != "left alone\n" {
		t.Errorf("build.log is %q, %v", data, err)
	}
	if names := git(t, c, "ls-tree", "-r", "--name-only", "kept/one"); strings.Contains(names, "build.log") {
		t.Errorf("kept/one has %s", names)
	}
}

// TestEmptyWhereAFolderTookAFilesPlace leaves a folder alone that stands where git had a file.
func TestEmptyWhereAFolderTookAFilesPlace(t *testing.T) {
	c := pushed(t)
	if err := os.Remove(filepath.Join(c.Dir, "build.sh")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(c.Dir, "build.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, c, "build.sh/notes.md", "the learner's\n")
	if err := c.Empty(t.Context()); err != nil {
		t.Fatal(err)
	}
	if data, err := c.Read("build.sh/notes.md"); err != nil || string(data) != "the learner's\n" {
		t.Errorf("the folder's file is %q, %v", data, err)
	}
}

// TestCommitLeavesWhatElseIsStaged commits the files named, and is content where those have not changed.
func TestCommitLeavesWhatElseIsStaged(t *testing.T) {
	ctx := t.Context()
	c := pushed(t)
	head := git(t, c, "rev-parse", "HEAD")
	put(t, c, "greeting.txt", "staged\n")
	git(t, c, "add", "greeting.txt")
	if again, err := c.Commit(ctx, "nothing", []string{"build.sh"}); err != nil || again != head {
		t.Errorf("a commit of nothing: %s, %v", again, err)
	}
	if got := git(t, c, "status", "--porcelain"); got != "M  greeting.txt" {
		t.Errorf("what was staged is %q", got)
	}
}

// TestKeepBesideARepositoryWithoutACommit keeps everything but what only that repository could know.
func TestKeepBesideARepositoryWithoutACommit(t *testing.T) {
	ctx := t.Context()
	c := pushed(t)
	git(t, c, "init", "--quiet", "--template=", "inner")
	put(t, c, "inner/notes.md", "the inner's\n")
	put(t, c, "zebra.txt", "the learner's\n")
	if _, err := c.Keep(ctx, "kept/one", "What I had", nil); err != nil {
		t.Fatal(err)
	}
	if got := git(t, c, "show", "kept/one:zebra.txt"); got != "the learner's" {
		t.Errorf("kept/one has %q", got)
	}
	if _, err := c.Restart(ctx, "Back to the start", map[string][]byte{"greeting.txt": []byte("new\n")}); err != nil {
		t.Fatal(err)
	}
	if data, err := c.Read("inner/notes.md"); err != nil || string(data) != "the inner's\n" {
		t.Errorf("the inner repository has %q, %v", data, err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "secret"), []byte("mine\n"), 0o000); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(filepath.Join(c.Dir, "secret")); err == nil {
		return // whoever tests may read everything
	}
	if kept, err := c.Keep(ctx, "kept/two", "What I had", nil); err == nil {
		t.Errorf("a file that cannot be read was not kept, and nobody said so: %v", kept)
	}
}
