// Package localaws is an AWS inside this process: enough of CodeCommit,
// CodeBuild, CodePipeline, CloudFormation, S3, IAM, STS, EventBridge,
// CloudWatch Logs, Lambda and SNS to take a git push to production, for real.
//
// Goals: nothing says SUCCEEDED unless it ran. Git itself serves the
// repositories, a shell runs the buildspec, functions are processes. Whatever
// is not served is refused by name. Errors, states and words are AWS's.
// Non-goals: other services, more than one account or region, and the limits
// of AWS's machines.
//
// It knows nothing of workshops and can be used on its own, in the manner of
// [httptest.Server].
package localaws

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// Options are how a local AWS is started. The zero value works: it keeps its
// state in a temporary folder, which Close removes.
type Options struct {
	// Dir keeps the state, which survives a restart. It is made where it is missing.
	Dir string
	// Port is where to listen on 127.0.0.1; 0 is the port of the last time, or any.
	Port int
	// Account is the twelve-digit account id; empty is that of the last time, or
	// "000000000000", which AWS never gives away.
	Account string
	// Region is the one region; empty is that of the last time, or us-east-1.
	// State of another account or region is refused: its ARNs would be wrong.
	Region string
	// AccessKeyID and SecretAccessKey are the account's own keys; empty are
	// those of the last time, or random ones.
	AccessKeyID, SecretAccessKey string
	// Environ are the machine's variables, from which builds and functions get
	// a few by name. Nil means os.Environ().
	Environ []string
	// BuildVariables are given to every build, such as a GOPROXY.
	BuildVariables map[string]string
	// Builds is how many builds run at a time; 0 is CodeBuild's default here.
	Builds int
	// Log is for the operator; nil means that nothing is logged.
	Log *slog.Logger
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Faults are what goes wrong on purpose, each a rule such as
	// "operation=codebuild:StartBuild,kind=throttle,nth=2,times=3,after". Kinds are
	// throttle, delay (with delay=200ms), deny, reset and fail; "after" lets the
	// call have its effect first.
	Faults []string
	// PermitAll serves what IAM denies; the denial is only told to Decided and
	// to a log of level debug.
	PermitAll bool
	// Decided is told what IAM made of every access that a request needed: those
	// of the API and of Git, from people, builds, functions and services alike.
	// Only requests with a good signature and a valid input come so far. It is
	// called by many goroutines at a time. Nil: nobody wants to know.
	Decided func(Decision)
	// Middleware may wrap the whole endpoint, to watch it or to disturb it; nil leaves it alone.
	Middleware func(http.Handler) http.Handler
}

// Server is a running local AWS.
type Server struct {
	// URL is the endpoint, such as http://127.0.0.1:4242.
	URL string
	// Region and Account are what was asked for, or the defaults.
	Region, Account string

	key        identity.Key
	dir        string
	scratch    bool
	listener   net.Listener
	http       *http.Server
	served     chan struct{}
	db         *store.DB
	services   *services
	authorizer *authorizer
	busy       atomic.Int64
	last       atomic.Int64
	now        func() time.Time
	closing    sync.Once // guards closed
	closed     error
}

var (
	// ErrInUse is returned by Start when another process holds the state.
	ErrInUse = store.ErrLocked
	// ErrDamaged is returned by Start when the state cannot be read. [Wipe] removes it.
	ErrDamaged = store.ErrDamaged
)

// PortError says that the port could not be had.
type PortError struct {
	Port int
	// Kept says that it is the port of the last time, which git remotes name.
	Kept bool
	Err  error
}

func (e *PortError) Error() string {
	if e.Kept {
		return fmt.Sprintf("port %d, which this local AWS had before, is taken: %v", e.Port, e.Err)
	}
	return fmt.Sprintf("port %d is taken: %v", e.Port, e.Err)
}

func (e *PortError) Unwrap() error { return e.Err }

const (
	defaultAccount = "000000000000"
	defaultRegion  = "us-east-1"
	headerTimeout  = 10 * time.Second
)

// Start starts a local AWS. It fails with [ErrInUse] where another process
// holds the state, and with a *[PortError] where the port is taken.
func Start(o Options) (*Server, error) {
	s := &Server{dir: o.Dir}
	s.now = o.Now
	if s.now == nil {
		s.now = time.Now //nolint:forbidigo // the default of the clock
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if err := s.openState(); err != nil {
		return nil, err
	}
	if err := s.open(o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) openState() (err error) {
	if s.dir == "" {
		s.scratch = true
		if s.dir, err = os.MkdirTemp("", "localaws-"); err != nil {
			return fmt.Errorf("make a state folder: %w", err)
		}
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	if s.db, err = store.Open(filepath.Join(s.dir, "state.db")); err != nil {
		return err
	}
	return nil
}

func (s *Server) open(o Options) error {
	if err := s.settle(o); err != nil {
		return err
	}
	if err := s.listen(o.Port); err != nil {
		return err
	}
	if err := s.loadKey(o.AccessKeyID, o.SecretAccessKey); err != nil {
		return err
	}
	handler, err := s.assemble(o)
	if err != nil {
		return err
	}
	if o.Middleware != nil {
		handler = o.Middleware(handler)
	}
	s.last.Store(s.now().UnixNano())
	s.http = &http.Server{
		Handler: s.watchIdle(handler), ReadHeaderTimeout: headerTimeout,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			o.Log.Error("serve", "error", err)
		}
	}()
	return nil
}

// listen takes the port. The state remembers it, so that a Git remote made
// today is right tomorrow.
func (s *Server) listen(port int) error {
	kept := false
	if port == 0 {
		text, err := os.ReadFile(portFile(s.dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read the port of the last time: %w", err)
		}
		port, _ = strconv.Atoi(strings.TrimSpace(string(text))) // none or nonsense: any port
		kept = port != 0
	}
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return &PortError{Port: port, Kept: kept, Err: err}
	}
	s.listener = listener
	s.URL = "http://" + listener.Addr().String()
	if kept {
		return nil
	}
	_, text, err := net.SplitHostPort(listener.Addr().String())
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil {
		return fmt.Errorf("keep the port: %w", err)
	}
	return KeepPort(s.dir, port)
}

func portFile(dir string) string { return filepath.Join(dir, "port") }

// KeepPort sets the port on which the local AWS of a state folder listens from
// now on. The file is replaced whole: on a full disk the old port stays, which
// git remotes name.
func KeepPort(dir string, port int) error {
	file := portFile(dir)
	err := os.WriteFile(file+".new", []byte(strconv.Itoa(port)+"\n"), 0o600)
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		return fmt.Errorf("keep the port: %w", errors.Join(err, os.RemoveAll(file+".new")))
	}
	return nil
}

// Wipe deletes the state in a folder, but for the port that Git remotes name.
// It fails with [ErrInUse] where a process holds it.
func Wipe(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	db, err := store.Open(filepath.Join(dir, "state.db"))
	if err != nil && !errors.Is(err, ErrDamaged) {
		return err
	}
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		if entry.Name() != "port" {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
		}
	}
	if db != nil {
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		return fmt.Errorf("wipe the state: %w", err)
	}
	return nil
}

// Credentials are the account's own keys, those of an administrator.
func (s *Server) Credentials() aws.Credentials {
	return aws.Credentials{AccessKeyID: s.key.AccessKeyID, SecretAccessKey: s.key.SecretAccessKey}
}

// Config is a configuration for the SDK's clients that reaches this AWS over its listener.
func (s *Server) Config() aws.Config {
	return aws.Config{
		Region: s.Region, BaseEndpoint: aws.String(s.URL),
		Credentials: credentials.NewStaticCredentialsProvider(s.key.AccessKeyID, s.key.SecretAccessKey, ""),
	}
}

// Dir is the folder of the state.
func (s *Server) Dir() string { return s.dir }

// Operations lists what is served: the operations of each service, by the
// service's name in signatures.
func (s *Server) Operations() map[string][]string {
	names := map[string][]string{}
	for _, svc := range s.services.served() {
		for _, op := range svc.Operations {
			names[svc.Name] = append(names[svc.Name], op.Name)
		}
	}
	return names
}

// Idle is since when nobody has asked anything and nothing has been running.
func (s *Server) Idle() time.Duration {
	if s.busy.Load() > 0 || s.services.working() {
		return 0
	}
	return s.now().Sub(time.Unix(0, s.last.Load()))
}

func (s *Server) watchIdle(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A function that waits for work asks for it all the time, and is idle.
		if strings.HasPrefix(r.URL.Path, "/lambda-runtime/") && !signedForS3(r) {
			next.ServeHTTP(w, r)
			return
		}
		s.busy.Add(1)
		defer func() {
			s.last.Store(s.now().UnixNano())
			s.busy.Add(-1)
		}()
		next.ServeHTTP(w, r)
	})
}

// closeTimeout bounds how long Close waits for requests that are being answered.
const closeTimeout = 2 * time.Second

// Close stops everything that runs, waits for it, and closes the state. Closing
// again returns what the first Close returned.
func (s *Server) Close() error {
	s.closing.Do(func() { s.closed = s.close() })
	return s.closed
}

func (s *Server) close() error {
	var errs []error
	if s.services != nil {
		errs = append(errs, s.services.close())
	}
	if s.http != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		if err := s.http.Shutdown(ctx); err != nil {
			errs = append(errs, s.http.Close())
		}
		<-s.served
	} else if s.listener != nil {
		errs = append(errs, s.listener.Close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.scratch {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// hosts are the Host headers that are answered.
func (s *Server) hosts() []string {
	address := s.listener.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	return []string{address, "localhost:" + port}
}
