package codecommit

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

type httpHandler = http.HandlerFunc

func TestPushCloneFetch(t *testing.T) {
	w := newWorld(t)
	dir := checkout(t)
	must(t, dir, "push", "--quiet", w.remote("app"), "main")
	same(t, w.bus.events, []change{{
		Event: "referenceCreated", RepositoryName: "app", RepositoryID: w.bus.events[0].RepositoryID,
		ReferenceType: "branch", ReferenceName: "main", ReferenceFullName: "refs/heads/main",
		CommitID: must(t, dir, "rev-parse", "HEAD"), CallerUserARN: caller,
	}})
	same(t, w.bus.take(), []string{"referenceCreated refs/heads/main"})
	got, err := w.GetRepository(t.Context(), &codecommit.GetRepositoryInput{RepositoryName: new("app")})
	check(t, err)
	same(t, got.RepositoryMetadata.DefaultBranch, new("main"))

	clone := filepath.Join(t.TempDir(), "clone")
	must(t, "", "clone", "--quiet", w.remote("app"), clone)
	same(t, must(t, clone, "rev-parse", "HEAD"), must(t, dir, "rev-parse", "HEAD"))

	head := commitFile(t, dir, "a/b.txt", "x")
	must(t, dir, "tag", "v1")
	must(t, dir, "push", "--quiet", w.remote("app"), "main", "v1", "main:other")
	same(t, w.bus.take(), []string{"referenceUpdated refs/heads/main", "referenceCreated refs/heads/other", "referenceCreated refs/tags/v1"})
	must(t, clone, "pull", "--quiet", w.remote("app"), "main")
	same(t, must(t, clone, "rev-parse", "HEAD"), head)

	must(t, dir, "push", "--quiet", w.remote("app"), ":other")
	same(t, w.bus.take(), []string{"referenceDeleted refs/heads/other"})
	out, err := git(t, dir, "push", w.remote("app"), ":main")
	if err == nil || !strings.Contains(out, "refusing to delete the current branch: refs/heads/main") {
		t.Errorf("the default branch was deleted: %v, %s", err, out)
	}
	same(t, w.bus.take(), []string(nil))
}

func TestForcePush(t *testing.T) {
	w := newWorld(t)
	dir := checkout(t)
	first := must(t, dir, "rev-parse", "HEAD")
	must(t, dir, "push", "--quiet", w.remote("app"), "main")
	must(t, dir, "commit", "--quiet", "--amend", "-m", "again")
	if _, err := git(t, dir, "push", "--quiet", w.remote("app"), "main"); err == nil {
		t.Error("a push that loses commits was taken without force")
	}
	must(t, dir, "push", "--quiet", "--force", w.remote("app"), "main")
	last := w.bus.events[len(w.bus.events)-1]
	same(t, []string{last.Event, last.OldCommitID, last.CommitID}, []string{"referenceUpdated", first, must(t, dir, "rev-parse", "HEAD")})
}

func TestProtocols(t *testing.T) {
	w := newWorld(t)
	dir := checkout(t)
	for _, version := range []string{"0", "1", "2"} {
		commitFile(t, dir, "v"+version, version)
		must(t, dir, "-c", "protocol.version="+version, "push", "--quiet", w.remote("app"), "main")
		must(t, "", "-c", "protocol.version="+version, "clone", "--quiet", w.remote("app"), filepath.Join(t.TempDir(), "clone"))
	}
	// Many wants and haves make git compress its request.
	for i := range 300 {
		must(t, dir, "tag", fmt.Sprintf("tag-with-a-rather-long-name-%d", i))
	}
	must(t, dir, "push", "--quiet", "--tags", w.remote("app"))
	must(t, "", "-c", "protocol.version=0", "clone", "--quiet", w.remote("app"), filepath.Join(t.TempDir(), "clone"))
}

func TestRefused(t *testing.T) {
	w := newWorld(t)
	dir := checkout(t)
	session := strings.NewReplacer("%", "%25", "/", "%2F", "+", "%2B", "=", "%3D").Replace("ASIA%to/ken+=")
	for _, test := range []struct{ name, remote, words string }{
		{"no credentials", w.url + "/v1/repos/app", "could not read Username"},
		{"unknown key", w.remoteAs("NONE", secret, "app", noon), "the access key id that git sent does not exist"},
		{"wrong secret", w.remoteAs("AKID", "wrong", "app", noon), "the signature that git sent is wrong"},
		{"another path", strings.Replace(w.remote("other"), "repos/other", "repos/app", 1), "the signature that git sent is wrong"},
		{"old password", w.remoteAs("AKID", secret, "app", noon.Add(-16*time.Minute)), "the password that git sent has expired"},
		{"password from the future", w.remoteAs("AKID", secret, "app", noon.Add(16*time.Minute)), "the password that git sent has expired"},
		{"no password", strings.Replace(w.url, "://", "://AKID:x@", 1) + "/v1/repos/app", "is not a signature for CodeCommit"},
		{"missing token", w.remoteAs("ASIA", secret, "app", noon), "the session token that git sent does not belong"},
		{"expired session", w.remoteAs("AOLD", secret, "app", noon), "has expired"},
		{"unknown repository", w.remote("none"), "repository 'none' not found: none does not exist"},
		{"name with .git", w.remote("app.git"), "repository 'app.git' not found: The repository name is not valid."},
		{"traversal", w.remote("..%2fapp"), "repository '..%2fapp' not found"},
		{"dots", w.remote("..."), "repository '...' not found: The repository name is not valid."},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, args := range [][]string{{"push", test.remote, "main"}, {"ls-remote", test.remote}} {
				out, err := git(t, dir, args...)
				if test.name == "traversal" && err != nil {
					continue // what matters is that nothing was found
				}
				if err == nil || !strings.Contains(out, test.words) {
					t.Errorf("git %s: %v\n%s\nwant: %s", args[0], err, out, test.words)
				}
			}
		})
	}
	must(t, dir, "push", "--quiet", w.remoteAs(session, secret, "app", noon), "main")
	w.Service.env.IAM = func(_ context.Context, p identity.Principal, needs ...policy.Access) error {
		if needs[0].Action == "codecommit:GitPush" {
			return fmt.Errorf("User: %s is not authorized to perform: %s on resource: %s", p.ARN, needs[0].Action, needs[0].Resources[0])
		}
		return nil
	}
	commitFile(t, dir, "denied", "")
	out, err := git(t, dir, "push", w.remote("app"), "main")
	if want := "User: " + caller + " is not authorized to perform: codecommit:GitPush on resource: arn:aws:codecommit:eu-west-1:123456789012:app"; err == nil || !strings.Contains(out, want) {
		t.Errorf("%v\n%s\nwant: %s", err, out, want)
	}
	must(t, dir, "ls-remote", w.remote("app"))
}

func TestRefusedRequests(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/v1/repos/app/HEAD", 403},
		{"GET", "/v1/repos/app/info/refs", 403},
		{"GET", "/v1/repos/app/objects/info/packs", 403},
		{"GET", "/v1/repos/app/git-upload-pack", 405},
		{"POST", "/v1/repos/app/info/refs?service=git-upload-pack", 405},
		{"GET", "/v1/repos/app", 404},
		{"GET", "/v2/repos/app/info/refs", 404},
		{"POST", "/v1/repos/app/git-receive-pack", 401},
	} {
		request, err := http.NewRequestWithContext(t.Context(), test.method, w.url+test.path, nil)
		check(t, err)
		response, err := http.DefaultClient.Do(request)
		check(t, err)
		check(t, response.Body.Close())
		if response.StatusCode != test.status {
			t.Errorf("%s %s: %d, want %d", test.method, test.path, response.StatusCode, test.status)
		}
	}
}

// TestHostileHost has a host whose git runs programs at every occasion.
func TestHostileHost(t *testing.T) {
	home := t.TempDir()
	trace := filepath.Join(home, "ran")
	script := filepath.Join(home, "script")
	check(t, os.WriteFile(script, []byte("#!/bin/sh\necho $0 >> "+trace+"\nexit 1\n"), 0o700))
	for _, hook := range []string{"pre-receive", "post-receive", "update", "post-update", "reference-transaction", "proc-receive"} {
		check(t, os.MkdirAll(filepath.Join(home, "hooks"), 0o700))
		check(t, os.Symlink(script, filepath.Join(home, "hooks", hook)))
	}
	config := "[core]\nhooksPath = " + home + "/hooks\nfsmonitor = " + script + "\n[uploadpack]\npackObjectsHook = " + script +
		"\n[receive]\ndenyDeletes = true\ndenyNonFastForwards = true\n[init]\ntemplateDir = " + home + "\ndefaultBranch = trunk\n[gpg]\nprogram = " + script + "\n"
	check(t, os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o600))
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "core.hooksPath")
	t.Setenv("GIT_CONFIG_VALUE_0", home+"/hooks")
	t.Setenv("GIT_DIR", home)

	w := newWorld(t)
	dir := checkout(t)
	must(t, dir, "push", "--quiet", w.remote("app"), "main")
	must(t, dir, "commit", "--quiet", "--amend", "-m", "again")
	must(t, dir, "push", "--quiet", "--force", w.remote("app"), "main")
	must(t, "", "clone", "--quiet", w.remote("app"), filepath.Join(t.TempDir(), "clone"))
	if ran, err := os.ReadFile(trace); err == nil {
		t.Errorf("the host's configuration ran:\n%s", ran)
	}
}

func TestConcurrentPushes(t *testing.T) {
	w := newWorld(t)
	dir := checkout(t)
	must(t, dir, "push", "--quiet", w.remote("app"), "main")
	w.bus.take()
	var pushes sync.WaitGroup
	var want []string
	for i := range 8 {
		branch := fmt.Sprintf("b%d", i)
		want = append(want, "referenceCreated refs/heads/"+branch)
		pushes.Go(func() {
			if out, err := git(t, dir, "push", "--quiet", w.remote("app"), "main:"+branch); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	pushes.Wait()
	got := w.bus.take()
	slices.Sort(got)
	same(t, got, want)
}

// TestWhoHearsOfAPushFindsIt asks for the branch while the event is delivered,
// as a pipeline does that the event starts.
func TestWhoHearsOfAPushFindsIt(t *testing.T) {
	w := newWorld(t)
	dir := checkout(t)
	var found []string
	w.bus.heard = func() {
		out, err := w.GetBranch(t.Context(), &codecommit.GetBranchInput{RepositoryName: aws.String("app"), BranchName: aws.String("main")})
		if err != nil {
			t.Error(err)
			return
		}
		found = append(found, *out.Branch.CommitId)
	}
	first := must(t, dir, "rev-parse", "HEAD")
	must(t, dir, "push", "--quiet", w.remote("app"), "main")
	commitFile(t, dir, "second", "")
	second := must(t, dir, "rev-parse", "HEAD")
	must(t, dir, "push", "--quiet", w.remote("app"), "main")
	same(t, found, []string{strings.TrimSpace(first), strings.TrimSpace(second)})
}

// TestRestartPublishes has a bus that fails when a push arrives, as if the
// process had been killed between the push and its event.
func TestRestartPublishes(t *testing.T) {
	w := newWorld(t)
	dir := checkout(t)
	w.bus.fail = errors.New("killed")
	must(t, dir, "push", "--quiet", w.remote("app"), "main")
	w.bus.fail = nil
	again, err := New(w.env, keys{})
	check(t, err)
	same(t, w.bus.events[0].CallerUserARN, caller)
	same(t, w.bus.take(), []string{"referenceCreated refs/heads/main"})
	check(t, again.recover(t.Context()))
	same(t, w.bus.take(), []string(nil))
	check(t, again.Close())
}

// TestBigPush pushes incompressible files: 5 MB, and 200 MB unless -short.
func TestBigPush(t *testing.T) {
	w := newWorld(t)
	dir := checkout(t)
	for _, megabytes := range []int64{5, 200} {
		if megabytes > 5 && testing.Short() {
			t.Skip("200 MB in the long run")
		}
		file, err := os.Create(filepath.Join(dir, fmt.Sprintf("big%d", megabytes)))
		check(t, err)
		_, err = io.CopyN(file, rand.Reader, megabytes<<20)
		check(t, err)
		check(t, file.Close())
		must(t, dir, "-c", "core.compression=0", "add", "-A")
		must(t, dir, "commit", "--quiet", "-m", "big")
		must(t, dir, "-c", "pack.compression=0", "-c", "pack.window=0", "push", "--quiet", w.remote("app"), "main")
		out, err := w.GetBranch(t.Context(), &codecommit.GetBranchInput{RepositoryName: new("app"), BranchName: new("main")})
		check(t, err)
		same(t, *out.Branch.CommitId, must(t, dir, "rev-parse", "HEAD"))
	}
}

// TestClientKilled kills the client in the middle of a push: git at this end goes too.
func TestClientKilled(t *testing.T) {
	w := newWorld(t)
	reader, writer := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/v1/repos/app/git-receive-pack", reader)
	check(t, err)
	user := strings.TrimPrefix(w.remote("app"), "http://AKID:")
	password, _, _ := strings.Cut(user, "@")
	request.SetBasicAuth("AKID", password)
	request.Header.Set("Content-Type", "application/x-git-receive-pack-request")
	done := make(chan error, 1)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			err = response.Body.Close()
		}
		done <- err
	}()
	line := strings.Repeat("0", 40) + " " + strings.Repeat("1", 40) + " refs/heads/main\x00 report-status"
	_, err = fmt.Fprintf(writer, "%04x%s0000PACK", len(line)+4, line)
	check(t, err)
	deadline := time.After(10 * time.Second)
	for len(gits(t, w.env.Dir)) == 0 {
		select {
		case <-deadline:
			t.Fatal("git did not start")
		case <-time.After(5 * time.Millisecond):
		}
	}
	cancel()
	check(t, writer.CloseWithError(context.Canceled))
	<-done
	for len(gits(t, w.env.Dir)) > 0 {
		select {
		case <-deadline:
			t.Fatalf("left behind: %v", gits(t, w.env.Dir))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// gits lists the processes of git over our repositories.
func gits(t *testing.T, dir string) (found []string) {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	check(t, err)
	if len(processes) == 0 {
		t.Skip("needs /proc")
	}
	for _, p := range processes {
		line, err := os.ReadFile(p)
		if err == nil && bytes.Contains(line, []byte(dir)) && bytes.Contains(line, []byte("receive-pack")) {
			found = append(found, string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
		}
	}
	return found
}

func TestArchive(t *testing.T) {
	w := newWorld(t)
	dir := checkout(t)
	commitFile(t, dir, ".gitattributes", "secret export-ignore\n*.txt text eol=crlf export-subst\n")
	commitFile(t, dir, "secret", "in the archive all the same\n")
	commit := commitFile(t, dir, "sub/a.txt", "$Format:%H$\n")
	must(t, dir, "push", "--quiet", w.remote("app"), "main")
	var b bytes.Buffer
	check(t, w.Archive(t.Context(), "app", commit, &b))
	archive, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	check(t, err)
	files := map[string]string{}
	for _, file := range archive.File {
		r, err := file.Open()
		check(t, err)
		data, err := io.ReadAll(r)
		check(t, err)
		files[file.Name] = string(data)
	}
	same(t, files["secret"], "in the archive all the same\n")
	same(t, files["sub/a.txt"], "$Format:%H$\n")
	same(t, files["README.md"], "hello\n")
	wantError(t, w.Archive(t.Context(), "app", strings.Repeat("0", 40), io.Discard), "CommitDoesNotExistException", "does not exist")
	wantError(t, w.Archive(t.Context(), "app", "--output=/tmp/x", io.Discard), "CommitDoesNotExistException", "does not exist")
	wantError(t, w.Archive(t.Context(), "none", commit, io.Discard), "RepositoryDoesNotExistException", "none does not exist")
}
