package codecommit

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

const (
	region = "eu-west-1"
	secret = "secret"
	caller = "arn:aws:iam::123456789012:user/ann"
)

// noon is when the tests happen.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// keys has a user's key AKID, and ASIA of a session with the token "to/ken+=".
type keys struct{}

func (keys) Key(id string) (identity.Key, bool) {
	key := identity.Key{AccessKeyID: id, SecretAccessKey: secret, Principal: identity.Principal{ARN: caller, Account: "123456789012"}}
	switch id {
	case "AKID":
	case "ASIA":
		key.SessionToken = "to/ken+="
	case "AOLD":
		key.Expires = noon.Add(-time.Hour)
	default:
		return identity.Key{}, false
	}
	return key, true
}

// bus keeps the events.
type bus struct {
	mu     sync.Mutex // guards events
	events []change
	others []map[string]any // of pull requests and comments
	fail   error
	heard  func() // is called with every event of a repository
}

func (b *bus) Publish(_ context.Context, source, detailType string, resources []string, detail any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	data, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	if detailType != "CodeCommit Repository State Change" {
		var other map[string]any
		if err := json.Unmarshal(data, &other); err != nil {
			return err
		}
		b.others = append(b.others, other)
		return nil
	}
	if source != "aws.codecommit" || detailType != "CodeCommit Repository State Change" || len(resources) != 1 {
		return errors.New("not an event of CodeCommit")
	}
	var c change
	if err := json.Unmarshal(data, &c); err != nil {
		return err
	}
	b.events = append(b.events, c)
	if b.heard != nil {
		b.heard()
	}
	return nil
}

// take returns the events since the last call, as "event ref".
func (b *bus) take() (events []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.events {
		events = append(events, c.Event+" "+c.ReferenceFullName)
	}
	b.events = nil
	return events
}

// world is a service behind a server, with one repository, app.
type world struct {
	*Service
	bus *bus
	url string
	env service.Env
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	db, err := store.Open(filepath.Join(dir, "state.db"))
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	w := &world{bus: &bus{}}
	server := httptest.NewUnstartedServer(nil)
	w.url = "http://" + server.Listener.Addr().String()
	check(t, os.Mkdir(filepath.Join(dir, "codecommit"), 0o700))
	w.env = service.Env{
		Account: "123456789012", Region: region, URL: w.url, Dir: filepath.Join(dir, "codecommit"), DB: db,
		Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler), Bus: w.bus,
	}
	w.Service, err = New(w.env, keys{})
	check(t, err)
	server.Config.Handler = httpHandler(w.ServeGit)
	server.Start()
	t.Cleanup(func() {
		server.Close()
		check(t, w.Close())
	})
	_, err = w.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: new("app")})
	check(t, err)
	return w
}

// remote is the URL of a repository with a fresh password in it.
func (w *world) remote(name string) string { return w.remoteAs("AKID", secret, name, noon) }

func (w *world) remoteAs(user, secret, name string, at time.Time) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(w.url, "http://"), ":")
	password := sigv4.GitPassword(secret, region, host, "/v1/repos/"+name, at.UTC().Format(sigv4.GitTimeFormat))
	return strings.Replace(w.url, "http://", "http://"+user+":"+password+"@", 1) + "/v1/repos/" + name
}

// git runs git as a learner would, with a configuration of its own.
func git(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com", "NO_PROXY=127.0.0.1", "LC_ALL=C",
	}
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// must runs git, which must succeed.
func must(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := git(t, dir, args...)
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// checkout makes a working tree with one commit on main.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, dir, "init", "--quiet", "--initial-branch=main")
	commitFile(t, dir, "README.md", "hello\n")
	return dir
}

func commitFile(t *testing.T, dir, name, content string) string {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
	check(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	must(t, dir, "add", "-A")
	must(t, dir, "commit", "--quiet", "-m", "change "+name)
	return must(t, dir, "rev-parse", "HEAD")
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(change{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func wantError(t *testing.T, err error, code, words string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), words) {
		t.Errorf("got %v\nwant %s: %s", err, code, words)
	}
}
