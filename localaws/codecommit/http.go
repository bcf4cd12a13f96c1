package codecommit

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// reposPath is where git finds the repositories.
const reposPath = "/v1/repos/"

// A git service, and the permission it needs.
var gitActions = map[string]string{
	"git-upload-pack":  "codecommit:GitPull",
	"git-receive-pack": "codecommit:GitPush",
}

// refusal is an error in the plain words that git shows to its user.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

// ServeGit serves git's smart HTTP protocol under /v1/repos/<name>/: info/refs,
// git-upload-pack and git-receive-pack. It does the work of git-http-backend
// without CGI, which cannot take chunked pushes of any size.
func (s *Service) ServeGit(w http.ResponseWriter, r *http.Request) {
	if err := s.serveGit(w, r); err != nil {
		refused, ok := errors.AsType[*refusal](err)
		if !ok {
			s.env.Log.Error("git over HTTP", "path", r.URL.Path, "error", err)
			refused = &refusal{http.StatusInternalServerError, "this AWS failed; its log says why"}
		}
		if refused.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Basic realm="CodeCommit"`)
		}
		http.Error(w, refused.message, refused.status)
	}
}

// serveGit fails only while nothing has been answered.
func (s *Service) serveGit(w http.ResponseWriter, r *http.Request) error {
	name, rest, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, reposPath), "/")
	if !ok || !strings.HasPrefix(r.URL.Path, reposPath) {
		return &refusal{http.StatusNotFound, "not a repository's URL: " + r.URL.Path}
	}
	service, method := rest, http.MethodPost
	if rest == "info/refs" {
		service, method = r.URL.Query().Get("service"), http.MethodGet
	}
	action, ok := gitActions[service]
	if !ok {
		return &refusal{http.StatusForbidden, "only git's smart HTTP protocol is served"}
	}
	if r.Method != method {
		return &refusal{http.StatusMethodNotAllowed, method + " expected"}
	}
	principal, err := s.authenticate(r, name)
	if err != nil {
		return err
	}
	ctx := identity.With(r.Context(), principal)
	if err := s.env.Permit(ctx, policy.Access{Action: action, Resources: []string{s.arn(name)}}); err != nil {
		return &refusal{http.StatusForbidden, plain(err)}
	}
	row, err := s.find(&name)
	if err != nil {
		return &refusal{http.StatusNotFound, "repository '" + name + "' not found: " + plain(err)}
	}
	header := w.Header()
	header.Set("Cache-Control", "no-cache, max-age=0, must-revalidate")
	if method == http.MethodGet {
		return s.advertise(ctx, w, r, row.ID, service)
	}
	if r.Header.Get("Content-Type") != "application/x-"+service+"-request" {
		return &refusal{http.StatusUnsupportedMediaType, "unexpected content type"}
	}
	return s.exchange(ctx, w, r, name, row.ID, service)
}

// protocolForm is what a Git-Protocol header may look like; it becomes an environment variable.
var protocolForm = regexp.MustCompile(`^[a-z0-9=:.-]+$`)

const longestProtocol = 100

func protocolOf(r *http.Request) []string {
	if protocol := r.Header.Get("Git-Protocol"); len(protocol) <= longestProtocol && protocolForm.MatchString(protocol) {
		return []string{"GIT_PROTOCOL=" + protocol}
	}
	return nil
}

// advertise answers which references there are and what the service can do.
func (s *Service) advertise(ctx context.Context, w http.ResponseWriter, r *http.Request, id, service string) error {
	args := []string{strings.TrimPrefix(service, "git-"), "--stateless-rpc", "--advertise-refs", "."}
	cmd := s.command(ctx, id, args...)
	cmd.Dir = s.path(id)
	cmd.Env = append(cmd.Env, protocolOf(r)...)
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("git %s: %w", args[0], err)
	}
	w.Header().Set("Content-Type", "application/x-"+service+"-advertisement")
	var head string
	if service != "git-upload-pack" || !strings.Contains(":"+r.Header.Get("Git-Protocol")+":", ":version=2:") {
		line := "# service=" + service + "\n"
		head = fmt.Sprintf("%04x%s0000", len(line)+4, line)
	}
	// A client that went away is no failure of ours.
	_, _ = io.WriteString(w, head) //nolint:gosec // git's own type, which no browser shows
	_, _ = w.Write(out)            //nolint:gosec // as above
	return nil
}

// exchange hands the request to git and git's answer to the client, as both come.
func (s *Service) exchange(ctx context.Context, w http.ResponseWriter, r *http.Request, name, id, service string) error {
	body, err := bodyOf(r)
	if err != nil {
		return err
	}
	publish := func() error { return nil }
	if service == "git-receive-pack" {
		var c commands
		if c, body, err = readCommands(body); err != nil {
			return err
		}
		if err := s.permitPush(ctx, name, c); err != nil {
			return reject(w, body, c, err)
		}
		if publish, err = s.changing(ctx, name, id); err != nil {
			return err
		}
	}
	// git may answer before it has read everything.
	_ = http.NewResponseController(w).EnableFullDuplex() // HTTP/2 has it anyway
	cmd := s.command(ctx, id, strings.TrimPrefix(service, "git-"), "--stateless-rpc", ".")
	cmd.Dir = s.path(id)
	cmd.Env = append(cmd.Env, protocolOf(r)...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = body, &limited{&stderr}
	w.Header().Set("Content-Type", "application/x-"+service+"-result")
	if err := stream(cmd, flusher{w}); err != nil {
		// Git has told its client already, or the client has gone.
		s.env.Log.Info("git ended with an error", "service", service, "repository", name, "error", err, "stderr", stderr.String())
	}
	if err := publish(); err != nil {
		s.env.Log.Error("publish a push", "repository", name, "error", err)
	}
	return nil
}

// bodyOf returns the request's body, which git compresses when it is long.
func bodyOf(r *http.Request) (io.Reader, error) {
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
		return r.Body, nil
	case "gzip", "x-gzip":
		body, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, &refusal{http.StatusBadRequest, "the body is not gzip"}
		}
		return body, nil
	default:
		return nil, &refusal{http.StatusUnsupportedMediaType, "unexpected content encoding " + encoding}
	}
}

// flusher sends what git writes at once, so that its progress is seen.
type flusher struct{ w http.ResponseWriter }

func (f flusher) Write(data []byte) (int, error) {
	n, err := f.w.Write(data)
	if err == nil {
		err = http.NewResponseController(f.w).Flush()
	}
	return n, err
}

// limited keeps the first few kilobytes of what is written.
type limited struct{ b *bytes.Buffer }

func (l *limited) Write(data []byte) (int, error) {
	const most = 4 << 10
	l.b.Write(data[:min(len(data), max(0, most-l.b.Len()))])
	return len(data), nil
}
