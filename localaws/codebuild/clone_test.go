package codebuild

import (
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// TestAuthorization: the expected password was computed apart from this code,
// by the steps of AWS's own credential helper.
func TestAuthorization(t *testing.T) {
	location, err := url.Parse("http://127.0.0.1:4242/v1/repos/app")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	header := authorization(aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret", SessionToken: "tok"}, location, "eu-west-1", at)
	r := http.Request{Header: http.Header{"Authorization": {strings.TrimPrefix(header, "Authorization: ")}}}
	user, password, ok := r.BasicAuth()
	if !ok || user != "AKID%tok" || password != "20260102T030405Zc381f205dbdafb527cb9f923217d91c3e01986ea5b0d839c22a80fa713256131" {
		t.Errorf("user %q, password %q", user, password)
	}
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "git", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// serveGit serves the repositories in dir to whoever comes with a user name.
func serveGit(t *testing.T, dir string) *httptest.Server {
	t.Helper()
	program, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: program, Args: []string{"http-backend"}, Root: "/v1/repos",
		Stderr: io.Discard,
		Env:    []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null"},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _, ok := r.BasicAuth()
		if !ok { // git asks its helper then
			w.Header().Set("WWW-Authenticate", `Basic realm="CodeCommit"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if user != "ASIATEST%token" || strings.HasPrefix(r.URL.Path, "/v1/repos/denied/") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func TestCodeCommitSource(t *testing.T) {
	dir := t.TempDir()
	repository := filepath.Join(dir, "app")
	git(t, dir, "init", "-q", "-b", "main", repository)
	spec := head + "phases: {build: {commands: [cat f, 'echo $CODEBUILD_RESOLVED_SOURCE_VERSION']}}"
	for name, content := range map[string]string{"buildspec.yml": spec, "f": "one\n"} {
		if err := os.WriteFile(filepath.Join(repository, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	git(t, repository, "add", ".")
	git(t, repository, "commit", "-q", "-m", "one")
	first := git(t, repository, "rev-parse", "HEAD")
	git(t, repository, "checkout", "-q", "-b", "side")
	if err := os.WriteFile(filepath.Join(repository, "f"), []byte("two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, repository, "commit", "-q", "-a", "-m", "two")
	second := git(t, repository, "rev-parse", "HEAD")
	git(t, repository, "checkout", "-q", "main")

	w := newWorld(t, Host{})
	w.env.URL = serveGit(t, dir).URL
	w.create("", func(in *codebuild.CreateProjectInput) {
		in.Source = &types.ProjectSource{Type: types.SourceTypeCodecommit, Location: aws.String(w.env.URL + "/v1/repos/app")}
	})
	for _, c := range []struct{ version, output, resolved string }{
		{"", "one\n" + first + "\n", first},
		{"side", "two\n" + second + "\n", second},
		{"refs/heads/side", "two\n" + second + "\n", second},
		{first, "one\n" + first + "\n", first},
		{second, "two\n" + second + "\n", second},
		{"nowhere", "", ""},
	} {
		b := w.run(func(in *codebuild.StartBuildInput) {
			if c.version != "" {
				in.SourceVersion = &c.version
			}
		})
		log := w.text(aws.ToString(b.Id))
		if c.resolved == "" {
			want := "DOWNLOAD_SOURCE FAILED CLIENT_ERROR: reference not found for primary source and source version " + c.version
			if got := phases(b)[3]; got != want {
				t.Errorf("version %q: phase %q, want %q", c.version, got, want)
			}
			continue
		}
		if w.output(aws.ToString(b.Id)) != c.output || aws.ToString(b.ResolvedSourceVersion) != c.resolved {
			t.Errorf("version %q resolved to %s; log:\n%s", c.version, aws.ToString(b.ResolvedSourceVersion), log)
		}
		if strings.Contains(log, "Basic ") {
			t.Error("the log has the keys")
		}
	}
	for location, want := range map[string]string{
		"https://github.com/a/b":                                         `CLIENT_ERROR: "https://github.com/a/b" is not the clone URL of a CodeCommit repository`,
		"http://127.0.0.1:1/v1/repos/app":                                "CLIENT_ERROR: the repository http://127.0.0.1:1/v1/repos/app is not one of this AWS, which is at " + w.env.URL,
		"https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/none":   "CLIENT_ERROR: repository not found for primary source and source version ",
		"https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/denied": "CLIENT_ERROR: authorization failed for primary source and source version ",
	} {
		b := w.run(func(in *codebuild.StartBuildInput) { in.SourceLocationOverride = &location })
		if got := phases(b)[3]; got != "DOWNLOAD_SOURCE FAILED "+want {
			t.Errorf("%s: phase %q, want %q", location, got, want)
		}
	}
}
