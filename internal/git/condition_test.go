package git

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestCondition(t *testing.T) {
	ctx := t.Context()
	c := pushed(t)
	is, err := c.Condition(ctx)
	if err != nil || !is.Ours || is.Empty || is.Branch != Branch || is.Head == "" || is.Head != is.Main || is.URL == "" || !slices.Contains(is.Helpers, "!false") {
		t.Fatalf("as it was made: %+v, %v", is, err)
	}
	put(t, c, "greeting.txt", "changed\n")
	put(t, c, "with blanks.txt", "new\n")
	if err := os.Remove(filepath.Join(c.Dir, "build.sh")); err != nil {
		t.Fatal(err)
	}
	git(t, c, "checkout", "--quiet", "--detach")
	is, err = c.Condition(ctx)
	if err != nil || is.Branch != "" || !slices.Equal(is.Changed, []string{"greeting.txt"}) || !slices.Equal(is.Deleted, []string{"build.sh"}) || is.Untracked != 1 {
		t.Errorf("changed, deleted and unknown files, detached: %+v, %v", is, err)
	}
	c.Dir = filepath.Join(t.TempDir(), "none")
	if is, err := c.Condition(ctx); err != nil || !is.Empty || is.Ours {
		t.Errorf("a folder that is not there: %+v, %v", is, err)
	}
}

// TestLostGit takes a folder over that was ours, and touches no file in it.
func TestLostGit(t *testing.T) {
	ctx := t.Context()
	c := pushed(t)
	url := git(t, c, "config", "remote.origin.url")
	put(t, c, "greeting.txt", "not committed\n")
	if err := os.RemoveAll(filepath.Join(c.Dir, ".git")); err != nil {
		t.Fatal(err)
	}
	if err := c.State(ctx); err == nil {
		t.Error("a folder with files was taken over, and nobody said that it was ours")
	}
	c.Was = "thesis.txt"
	if err := c.State(ctx); err == nil {
		t.Error("a folder was taken over that does not hold what ours held")
	}
	c.Was = "build.sh"
	if err := c.Make(ctx, url, "!false"); err != nil {
		t.Fatal(err)
	}
	if data, err := c.Read("greeting.txt"); err != nil || string(data) != "not committed\n" {
		t.Errorf("a file was touched: %q, %v", data, err)
	}
	is, err := c.Condition(ctx)
	if err != nil || is.Branch != Branch || is.Head == "" || !slices.Equal(is.Changed, []string{"greeting.txt"}) {
		t.Errorf("got %+v, %v", is, err)
	}
}

// TestGone gets the files back where the whole folder is gone.
func TestGone(t *testing.T) {
	c := pushed(t)
	url := git(t, c, "config", "remote.origin.url")
	if err := os.RemoveAll(c.Dir); err != nil {
		t.Fatal(err)
	}
	if err := c.Make(t.Context(), url, "!false"); err != nil {
		t.Fatal(err)
	}
	if data, err := c.Read("greeting.txt"); err != nil || string(data) != "hello\n" {
		t.Errorf("got %q, %v", data, err)
	}
}

func TestCommitNothing(t *testing.T) {
	c := pushed(t)
	before := git(t, c, "rev-parse", "HEAD")
	put(t, c, "greeting.txt", "not committed\n")
	git(t, c, "add", "greeting.txt")
	commit, err := c.CommitNothing(t.Context(), "Start again")
	if err != nil || commit == before || git(t, c, "rev-parse", "HEAD") != commit || git(t, c, "rev-parse", "HEAD~1") != before {
		t.Fatalf("commit %s upon %s: %v", commit, before, err)
	}
	if got := git(t, c, "diff", "--name-only", before, commit); got != "" {
		t.Errorf("it changes %s", got)
	}
}
