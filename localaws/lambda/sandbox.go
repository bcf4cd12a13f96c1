package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// sandbox is one process that runs one revision of a function.
type sandbox struct {
	s        *Service
	token    string // the secret part of its Runtime API's address
	revision revision
	started  time.Time

	// The pool's, under its lock.
	busy, retired bool
	used          time.Time
	idle          *time.Timer

	log   *logStream
	out   *output
	next  chan *invocation // to the process's waiting request
	ready chan struct{}    // closed when the process asks for work for the first time
	once  sync.Once        // closes ready
	dead  chan struct{}    // closed when the process has ended; out.exit says how
	exit  string

	mu       sync.Mutex // guards what follows
	cmd      *exec.Cmd
	killed   bool
	current  *invocation
	initFail []byte // what the process posted to init/error
	initTime time.Duration
}

func newSandbox(s *Service, r revision, now time.Time) *sandbox {
	return &sandbox{
		s: s, token: token(), revision: r, started: now, log: &logStream{},
		next: make(chan *invocation), ready: make(chan struct{}), dead: make(chan struct{}),
	}
}

func (sb *sandbox) isDead() bool {
	select {
	case <-sb.dead:
		return true
	default:
		return false
	}
}

func (sb *sandbox) tempDir() string { return filepath.Join(sb.s.tempDir(), sb.token) }

// start runs the process. Its error is either a refusal to the caller or a *startError.
func (sb *sandbox) start(ctx context.Context) error {
	config, err := sb.s.assume(ctx, &sb.revision)
	if err != nil {
		close(sb.dead)
		sb.s.env.Log.Debug("assume execution role", "role", aws.ToString(sb.revision.Config.Role), "error", err)
		return accessDenied("The role defined for the function cannot be assumed by Lambda.")
	}
	sb.log = sb.s.openLog(config, &sb.revision, sb.started)
	sb.log.system("INIT_START Runtime Version: " + string(sb.revision.Config.Runtime))
	cmd, err := sb.command(ctx, config)
	if err == nil {
		err = sb.run(cmd)
	}
	if err != nil {
		close(sb.dead)
		return &startError{err}
	}
	return nil
}

// startError is a process that could not be started.
type startError struct{ err error }

func (f *startError) Error() string { return f.err.Error() }
func (f *startError) Unwrap() error { return f.err }

// payload is the failure as the function's result.
func (f *startError) payload(requestID string) []byte {
	message := f.err.Error()
	if errors.Is(f.err, fs.ErrNotExist) {
		message = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
	} else if errors.Is(f.err, fs.ErrPermission) {
		message = "fork/exec /var/task/bootstrap: permission denied"
	}
	return failure("Runtime.InvalidEntrypoint", "RequestId: "+requestID+" Error: "+message)
}

func failure(kind, message string) []byte {
	text, _ := json.Marshal(struct { //nolint:errchkjson // strings always have a JSON form
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{kind, message})
	return text
}

// run starts cmd with its output going to the log.
func (sb *sandbox) run(cmd *exec.Cmd) error {
	if err := os.MkdirAll(sb.tempDir(), 0o700); err != nil {
		return err
	}
	out, err := newOutput(sb.log.function)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = out.w, out.w
	if cmd, err = sb.s.starter.start(cmd); err != nil {
		out.close()
		return errors.Join(err, os.RemoveAll(sb.tempDir()))
	}
	sb.out = out
	sb.mu.Lock()
	sb.cmd = cmd
	killed := sb.killed
	sb.mu.Unlock()
	if killed { // the pool was closed in between
		killGroup(cmd.Process)
	}
	sb.s.working.Go(func() { sb.wait(cmd) })
	return nil
}

// wait sees the process to its end and takes away what it leaves.
func (sb *sandbox) wait(cmd *exec.Cmd) {
	err := cmd.Wait()
	killGroup(cmd.Process)
	killMarked(markerOf(sb.s.env.Dir) + sb.token)
	sb.out.sync()
	sb.out.close()
	sb.exit = "Runtime exited without providing a reason"
	if err != nil {
		sb.exit = "Runtime exited with error: " + err.Error()
	}
	close(sb.dead)
	if err := os.RemoveAll(sb.tempDir()); err != nil {
		sb.s.env.Log.Warn("remove temporary files of a function", "error", err)
	}
	sb.s.pool.ended(sb)
}

// kill ends the process and all that it started.
func (sb *sandbox) kill() {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	sb.killed = true
	if sb.cmd != nil && !sb.isDead() {
		killGroup(sb.cmd.Process)
	}
}

// starter starts all processes from one thread, which lives as long as the
// service: Linux ends a child when the thread that forked it ends (Pdeathsig).
type starter struct {
	jobs chan func()
	done chan struct{}
}

// start starts the command, which must not have been started.
func (st *starter) start(cmd *exec.Cmd) (started *exec.Cmd, err error) {
	done := make(chan struct{})
	st.jobs <- func() {
		defer close(done)
		started, err = startPatiently(cmd)
	}
	<-done
	return started, err
}

// startPatiently waits out ETXTBSY: a process that was forked elsewhere while the
// bootstrap was written holds it open until its own exec, a moment later.
func startPatiently(cmd *exec.Cmd) (*exec.Cmd, error) {
	wait := time.Millisecond
	for {
		attempt := &exec.Cmd{
			Path: cmd.Path, Args: cmd.Args, Env: cmd.Env, Dir: cmd.Dir,
			Stdout: cmd.Stdout, Stderr: cmd.Stderr, SysProcAttr: cmd.SysProcAttr,
		}
		err := attempt.Start()
		if !errors.Is(err, syscall.ETXTBSY) || wait > 200*time.Millisecond {
			return attempt, err
		}
		<-time.After(wait)
		wait *= 2
	}
}

func (st *starter) close() {
	close(st.jobs)
	<-st.done
}

// timedOut says in AWS's words that an invocation took too long.
func timedOut(r *revision) string {
	return fmt.Sprintf("Task timed out after %.2f seconds", float64(aws.ToInt32(r.Config.Timeout)))
}
