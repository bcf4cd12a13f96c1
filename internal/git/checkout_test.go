package git

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// hostile is a person's configuration that breaks careless programs.
const hostile = `[user]
	useConfigOnly = true
[init]
	defaultBranch = trunk
	templateDir = /nonexistent
[commit]
	gpgSign = true
[tag]
	gpgSign = true
[gpg]
	program = /bin/false
[push]
	gpgSign = if-asked
	default = nothing
[core]
	autocrlf = true
	hooksPath = HOOKS
	fsmonitor = /bin/false
	excludesFile = IGNORE
[credential]
	helper = !echo username=mallory; echo password=stolen; false
[http]
	proxy = http://127.0.0.1:1
[url "http://127.0.0.1:1/"]
	pushInsteadOf = nothing-of-ours
`

func newCheckout(t *testing.T) (c *Checkout, remote string) {
	t.Helper()
	home := t.TempDir()
	hooks := filepath.Join(home, "hooks")
	if err := os.MkdirAll(hooks, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, hook := range []string{"pre-commit", "commit-msg", "pre-push"} {
		if err := os.WriteFile(filepath.Join(hooks, hook), []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ignore := filepath.Join(home, "ignore")
	if err := os.WriteFile(ignore, []byte("*.yml\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer("HOOKS", hooks, "IGNORE", ignore).Replace(hostile)
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	remote = filepath.Join(t.TempDir(), "remote.git")
	if out, err := exec.Command("git", "init", "--quiet", "--bare", remote).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v %s", err, out)
	}
	return &Checkout{
		Dir: filepath.Join(t.TempDir(), "work"), Environment: "abcdef",
		Environ: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_DIR=/nonexistent", "GIT_INDEX_FILE=/nonexistent"},
	}, remote
}

func TestCheckoutWorksUnderAHostileConfiguration(t *testing.T) {
	c, remote := newCheckout(t)
	ctx := t.Context()
	if err := c.Make(ctx, remote, "!true"); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"buildspec.yml": []byte("version: 0.2\n"), "a/b.sh": []byte("#!/bin/sh\n")}
	if err := c.Write(files); err != nil {
		t.Fatal(err)
	}
	first, err := c.Commit(ctx, "# not a comment", []string{"buildspec.yml", "a/b.sh"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Push(ctx); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("git", "--git-dir", remote, "log", "--format=%H %s %G?", "main").Output()
	if err != nil || strings.TrimSpace(string(out)) != first+" # not a comment N" {
		t.Errorf("the remote has %q, want the unsigned commit %s (%v)", out, first, err)
	}
	out, err = exec.Command("git", "--git-dir", remote, "show", "main:buildspec.yml").Output()
	if err != nil || string(out) != "version: 0.2\n" {
		t.Errorf("the remote has buildspec.yml %q (%v)", out, err)
	}
	if info, err := os.Stat(filepath.Join(c.Dir, "a/b.sh")); err != nil || info.Mode()&0o100 == 0 {
		t.Errorf("a script is not executable: %v %v", info, err)
	}
	again, err := c.Commit(ctx, "nothing", []string{"buildspec.yml"})
	if err != nil || again != first {
		t.Errorf("a commit of nothing: %s %v, want %s", again, err, first)
	}
}

func TestTheHelpersOfThePersonAreForgotten(t *testing.T) {
	c, remote := newCheckout(t)
	if err := c.Make(t.Context(), remote, "!echo ours"); err != nil {
		t.Fatal(err)
	}
	out, err := c.run(t.Context(), "config", "--get-all", "credential.helper")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out, "\n")
	if len(lines) != 3 || lines[1] != "" || lines[2] != "!echo ours" {
		t.Errorf("helpers %q: an empty one must stand between the person's and ours", lines)
	}
	if err := c.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out, err := c.run(t.Context(), "config", "--local", "--get-all", "credential.helper"); err == nil {
		t.Errorf("after Forget the helper is still %q", out)
	}
	if !c.Exists(t.Context()) {
		t.Error("Forget must leave the working copy")
	}
}

func TestAPersonWithoutAnIdentityCanCommit(t *testing.T) {
	c, remote := newCheckout(t)
	c.Environ = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	if err := c.Make(t.Context(), remote, "!true"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.run(t.Context(), "commit", "--quiet", "--allow-empty", "-m", "typed by hand"); err != nil {
		t.Error(err)
	}
}

// TestLines counts what a commit adds and removes, the first commit too, whatever its files are called.
func TestLines(t *testing.T) {
	c, remote := newCheckout(t)
	if err := c.Make(t.Context(), remote, "!true"); err != nil {
		t.Fatal(err)
	}
	var commits []string
	for _, files := range []map[string][]byte{
		{"a file\twith a tab": []byte("one\ntwo\n"), "binary": {0, 1, 2}},
		{"a file\twith a tab": []byte("one\n2\n3\n"), "new": []byte("no end of line")},
	} {
		if err := c.Write(files); err != nil {
			t.Fatal(err)
		}
		commit, err := c.Commit(t.Context(), "a commit", slices.Collect(maps.Keys(files)))
		if err != nil {
			t.Fatal(err)
		}
		commits = append(commits, commit)
	}
	for i, want := range []map[string][2]int{
		{"a file\twith a tab": {2, 0}},
		{"a file\twith a tab": {2, 1}, "new": {1, 0}},
	} {
		got, err := c.Lines(t.Context(), commits[i])
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("commit %d: %v, %v; want %v", i+1, got, err, want)
		}
	}
	if _, err := c.Lines(t.Context(), strings.Repeat("0", 40)); err == nil {
		t.Error("a commit that is not there has lines")
	}
}

func TestStateRefusesWhatIsNotOurs(t *testing.T) {
	c, _ := newCheckout(t)
	if err := c.State(t.Context()); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := c.State(t.Context()); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	file := filepath.Join(c.Dir, "thesis.txt")
	if err := os.WriteFile(file, []byte("years of work"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.State(t.Context()); !errors.Is(err, ErrNotOurs) {
		t.Errorf("a folder with somebody's file: %v", err)
	}
	if err := c.Make(t.Context(), "nowhere", "!true"); !errors.Is(err, ErrNotOurs) {
		t.Errorf("Make in a folder with somebody's file: %v", err)
	}
	inFile := &Checkout{Dir: file, Environment: c.Environment, Environ: c.Environ}
	if err := inFile.State(t.Context()); !errors.Is(err, ErrNotOurs) {
		t.Errorf("a file: %v", err)
	}
	data, err := os.ReadFile(file)
	if err != nil || string(data) != "years of work" {
		t.Errorf("the file was touched: %q %v", data, err)
	}
}

func TestStateRefusesAFolderInsideAnotherRepository(t *testing.T) {
	c, _ := newCheckout(t)
	outer := t.TempDir()
	if out, err := exec.Command("git", "init", "--quiet", outer).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v %s", err, out)
	}
	c.Dir = filepath.Join(outer, "deep", "er")
	if err := c.State(t.Context()); !errors.Is(err, ErrInside) {
		t.Errorf("got %v", err)
	}
}

func TestMakeAnsweringToAnotherEnvironmentIsRefused(t *testing.T) {
	c, remote := newCheckout(t)
	if err := c.Make(t.Context(), remote, "!true"); err != nil {
		t.Fatal(err)
	}
	other := &Checkout{Dir: c.Dir, Environment: "zzzzzz", Environ: c.Environ}
	if err := other.State(t.Context()); !errors.Is(err, ErrNotOurs) {
		t.Errorf("another environment's working copy: %v", err)
	}
}

func TestErrorsSayWhatGitSaid(t *testing.T) {
	c, _ := newCheckout(t)
	if err := c.Make(t.Context(), filepath.Join(t.TempDir(), "gone.git"), "!true"); err != nil {
		t.Fatal(err)
	}
	if err := c.Write(map[string][]byte{"a": []byte("a")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Commit(t.Context(), "a", []string{"a"}); err != nil {
		t.Fatal(err)
	}
	err := c.Push(t.Context())
	if err == nil || !strings.Contains(err.Error(), "gone.git") {
		t.Errorf("got %v", err)
	}
}

func TestWriteStaysInside(t *testing.T) {
	c, _ := newCheckout(t)
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := c.Write(map[string][]byte{"../escaped": []byte("x")}); err == nil {
		t.Error("a path out of the working copy was written")
	}
}
