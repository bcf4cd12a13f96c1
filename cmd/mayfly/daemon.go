package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/localaws"
)

// The local AWS of an environment keeps its state in the environment's folder,
// and says in a file beside it how it is reached while it runs.
func localDir(dir string) string     { return filepath.Join(dir, "localaws") }
func endpointFile(dir string) string { return filepath.Join(dir, "endpoint.json") }
func localLog(dir string) string     { return filepath.Join(dir, "localaws.log") }

// dialTimeout bounds the question whether a local AWS answers: it is on this machine.
const dialTimeout = time.Second

// running returns the endpoint of the environment's local AWS, if it runs.
func (a *app) running(ctx context.Context, dir string) (endpoint, bool) {
	var at endpoint
	data, err := os.ReadFile(endpointFile(dir))
	if err != nil || json.Unmarshal(data, &at) != nil || at.URL == "" {
		return at, false
	}
	u, err := url.Parse(at.URL)
	if err != nil {
		return at, false
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return at, false
	}
	_ = conn.Close()
	// Somebody else may have the port by now: our keys tell.
	if _, err := cloud.Open(ctx, at.target(), a.now); err != nil {
		return at, false
	}
	return at, true
}

// background finds the environment's local AWS, or starts it in the background.
func (a *app) background(ctx context.Context, dir string) (endpoint, error) {
	at, ok := a.running(ctx, dir)
	switch {
	case !ok:
		return a.startBackground(ctx, dir)
	case a.flags.region != "" && a.flags.region != at.Region:
		return at, otherPlace(&localaws.PlaceError{Account: at.Account, Region: at.Region})
	}
	return at, nil
}

// otherPlace says what to do about state that is of another region than asked for.
func otherPlace(err *localaws.PlaceError) error {
	return fmt.Errorf("%w: leave --region out, use another --env, or empty it with `mayfly local wipe`", err)
}

// startBackground starts `mayfly local serve` as a process of its own, which
// outlives this one, and waits until it answers or says why it cannot.
func (a *app) startBackground(ctx context.Context, dir string) (endpoint, error) {
	var at endpoint
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return at, fmt.Errorf("make the state folder: %w", err)
	}
	self, err := a.executable(dir)
	if err != nil {
		return at, err
	}
	log, err := os.OpenFile(localLog(dir), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return at, fmt.Errorf("open the log of the local AWS: %w", err)
	}
	defer func() { _ = log.Close() }() // the child has its own
	// It must outlive this context.
	cmd := exec.Command(self, "local", "serve", "--announce", "--idle", idleLimit.String(), "--env", a.flags.env, "--region", a.flags.region) //nolint:noctx // as said
	cmd.Dir = dir
	cmd.Env = a.environ
	cmd.Stderr = log
	detach(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return at, fmt.Errorf("start the local AWS: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return at, fmt.Errorf("start the local AWS: %w", err)
	}
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(out).ReadString('\n')
		line <- text
	}()
	select {
	case <-ctx.Done():
		return at, context.Cause(ctx)
	case text := <-line:
		if err := json.Unmarshal([]byte(text), &at); err != nil {
			return at, fmt.Errorf("the local AWS did not start; its log is %s", localLog(dir))
		}
	}
	if at.Error == "" {
		return at, cmd.Process.Release()
	}
	_ = cmd.Wait() // it has said why it ends
	// Another command may have started one in the same moment.
	err = cloud.Poll(ctx, func(ctx context.Context) (bool, error) {
		other, ok := a.running(ctx, dir)
		if ok {
			at = other
			return true, nil
		}
		return false, errors.New(at.Error)
	})
	return at, err
}

// idleLimit is after how long without a request the local AWS ends by itself.
const idleLimit = 2 * time.Hour

// inProcess returns a way to start the local AWS in this process, unless one
// runs already, and the function that ends it.
func (a *app) inProcess() (localAWS, func() error) {
	var server *localaws.Server
	start := func(ctx context.Context, dir string) (endpoint, error) {
		if server != nil {
			return endpointOf(server), nil
		}
		if at, ok := a.running(ctx, dir); ok {
			return at, nil
		}
		started, at, err := a.startServer(dir, serveOptions{})
		if err == nil {
			server = started
		}
		return at, err
	}
	end := func() error {
		if server == nil {
			return nil
		}
		dir := filepath.Dir(server.Dir())
		return errors.Join(server.Close(), removeEndpoint(dir))
	}
	return start, end
}

func endpointOf(s *localaws.Server) endpoint {
	keys := s.Credentials()
	return endpoint{
		URL: s.URL, Region: s.Region, Account: s.Account, PID: os.Getpid(),
		AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey,
	}
}

func writeEndpoint(dir string, at endpoint) error {
	data, err := json.MarshalIndent(at, "", "  ")
	if err != nil {
		return fmt.Errorf("say where the local AWS is: %w", err)
	}
	temporary := endpointFile(dir) + ".new"
	err = os.WriteFile(temporary, data, 0o600)
	if err == nil {
		err = os.Rename(temporary, endpointFile(dir))
	}
	if err != nil {
		return fmt.Errorf("say where the local AWS is: %w", errors.Join(err, os.RemoveAll(temporary)))
	}
	return nil
}

func removeEndpoint(dir string) error {
	if err := os.Remove(endpointFile(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// startServer starts the local AWS of an environment in this process, and
// writes down how it is reached.
func (a *app) startServer(dir string, o serveOptions) (*localaws.Server, endpoint, error) {
	server, err := localaws.Start(localaws.Options{
		Dir: localDir(dir), Port: o.port, Region: a.flags.region, Environ: a.environ, Now: a.now,
		BuildVariables: a.buildVariables(), Faults: o.faults, PermitAll: o.permitAll, Log: a.localLogger(),
	})
	if errors.Is(err, localaws.ErrInUse) {
		return nil, endpoint{}, fmt.Errorf("the local AWS of environment %s is held by another process: %w", a.flags.env, err)
	}
	if errors.Is(err, localaws.ErrDamaged) {
		return nil, endpoint{}, fmt.Errorf("%w: empty it with `%s`; `%s` then makes all anew, from your working copy",
			err, a.typed("mayfly local wipe"), a.typed("mayfly run"))
	}
	if kept, ok := errors.AsType[*localaws.PlaceError](err); ok {
		return nil, endpoint{}, otherPlace(kept)
	}
	if taken, ok := errors.AsType[*localaws.PortError](err); ok {
		return nil, endpoint{}, fmt.Errorf("%w; end what listens there, or give the local AWS another port with `%s --port N`", taken, a.typed("mayfly local start"))
	}
	if err != nil {
		return nil, endpoint{}, err
	}
	at := endpointOf(server)
	if err := writeEndpoint(dir, at); err != nil {
		return nil, endpoint{}, errors.Join(err, server.Close())
	}
	return server, at, nil
}

// buildVariables lets builds fetch Go modules from this machine's own module
// cache first, so that they need no network for modules that are there.
func (a *app) buildVariables() map[string]string {
	cache := a.variable("GOMODCACHE")
	if cache == "" {
		gopath := a.variable("GOPATH")
		if gopath == "" {
			home, err := a.home()
			if err != nil {
				return nil
			}
			gopath = filepath.Join(home, "go")
		}
		cache = filepath.Join(filepath.SplitList(gopath)[0], "pkg", "mod")
	}
	download := filepath.Join(cache, "cache", "download")
	if _, err := os.Stat(download); err != nil {
		return nil
	}
	proxies := "file://" + filepath.ToSlash(download)
	rest := a.variable("GOPROXY")
	if rest == "" {
		rest = a.defaultProxies()
	}
	return map[string]string{"GOPROXY": strings.Join([]string{proxies, rest}, ",")}
}

// defaultProxies asks go itself from where it fetches modules; without go, "direct".
func (a *app) defaultProxies() string {
	cmd := exec.Command("go", "env", "GOPROXY") //nolint:noctx // it answers in milliseconds
	cmd.Env = a.environ
	out, err := cmd.Output()
	if text := strings.TrimSpace(string(out)); err == nil && text != "" {
		return text
	}
	return "direct"
}

// stopBackground ends the environment's local AWS, if it runs, and waits for its end.
func (a *app) stopBackground(ctx context.Context, dir string) error {
	at, ok := a.running(ctx, dir)
	if !ok || at.PID == os.Getpid() {
		return removeEndpoint(dir)
	}
	if err := terminate(at.PID); err != nil {
		return fmt.Errorf("stop the local AWS (process %d): %w", at.PID, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, stopWithin, fmt.Errorf("the local AWS (process %d) did not stop within %s", at.PID, stopWithin))
	defer cancel()
	return cloud.Poll(ctx, func(ctx context.Context) (bool, error) {
		_, still := a.running(ctx, dir)
		_, err := os.Stat(endpointFile(dir))
		return !still && errors.Is(err, fs.ErrNotExist), nil
	})
}

// stopWithin bounds the wait for the local AWS to stop: builds are ended first.
const stopWithin = 30 * time.Second
