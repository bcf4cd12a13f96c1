package workshop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/internal/git"
	"github.com/mayfly-cd/mayfly/localaws"
	"github.com/mayfly-cd/mayfly/verify"
)

// newWatcher is one whose commits and pipeline are known, so that comparing asks nobody.
func newWatcher(t *testing.T) *watcher {
	t.Helper()
	w := &Workshop{dir: t.TempDir(), now: noon, scene: &verify.Scene{}, checkout: &git.Checkout{Dir: t.TempDir()}}
	return &watcher{
		w: w, seen: map[string]*seen{}, following: true,
		commits: map[string]*verify.Commit{"c1": {ID: "c1", Author: "Ada", Message: "Say hello"}},
		declared: map[int32]verify.Declared{1: {
			{Name: "Source", Actions: []string{"Source"}}, {Name: "Deploy", Actions: []string{"Prepare", "Approve", "Execute"}},
		}},
	}
}

func anAction(stage, name string, status types.ActionExecutionStatus, from, to int) verify.Action {
	a := verify.Action{ID: stage + name + strconv.Itoa(from), Stage: stage, Name: name, Status: status}
	a.From = noon().Add(time.Duration(from) * time.Second)
	if status != types.ActionExecutionStatusInProgress {
		a.To = noon().Add(time.Duration(to) * time.Second)
	}
	return a
}

// happened is what follows from an execution as it stands now, in short.
func happened(t *testing.T, v *watcher, e *verify.Execution) []string {
	t.Helper()
	var got []string
	v.tell = func(h Happening) {
		if h.Author != "Ada" || h.Message != "Say hello" || h.Commit != "c1" || h.Execution != e.ID {
			t.Errorf("it does not say whose commit it is: %+v", h)
		}
		text := strings.Join(slices.DeleteFunc([]string{h.Event, h.Stage, h.Action}, func(s string) bool { return s == "" }), " ")
		if h.Seconds > 0 {
			text += fmt.Sprintf(" %g/%g", h.Seconds, h.MedianSeconds)
		}
		if h.Failure != nil {
			text += ": " + h.Failure.Reason
		}
		got = append(got, text)
	}
	nothing := func(context.Context, *verify.Execution) error { return nil }
	if err := v.follow(t.Context(), []*verify.Execution{e}, nothing); err != nil {
		t.Fatal(err)
	}
	return got
}

const (
	moving    = types.ActionExecutionStatusInProgress
	succeeded = types.ActionExecutionStatusSucceeded
	failed    = types.ActionExecutionStatusFailed
)

// TestWatchTellsWhatIsNew follows an execution from its notice to its retry:
// each round tells what is new, in order, and nothing twice.
func TestWatchTellsWhatIsNew(t *testing.T) {
	v := newWatcher(t)
	for i, seconds := range []int{10, 30, 20} {
		old := &verify.Execution{
			ID: fmt.Sprint("old", i), Status: types.PipelineExecutionStatusSucceeded,
			Started: noon().Add(-time.Hour), Ended: noon().Add(-time.Hour + time.Duration(seconds)*time.Second),
			Actions: []verify.Action{anAction("Deploy", "Execute", succeeded, -3600, -3600+seconds)},
		}
		v.remember(old)
	}
	failedOnce := &verify.Execution{ID: "f", Status: types.PipelineExecutionStatusFailed, Started: noon().Add(-time.Hour), Ended: noon()}
	v.remember(failedOnce)

	e := &verify.Execution{ID: "e1", Version: 1, Started: noon(), Status: types.PipelineExecutionStatusInProgress}
	source := anAction("Source", "Source", moving, 0, 0)
	e.Actions = []verify.Action{source}
	if got := happened(t, v, e); got != nil {
		t.Errorf("told before it is known whose commit it is: %q", got)
	}
	approve := anAction("Deploy", "Approve", moving, 4, 0)
	approve.Category = types.ActionCategoryApproval
	rounds := []struct {
		name    string
		status  types.PipelineExecutionStatus
		actions []verify.Action
		want    []string
	}{
		{"source done", types.PipelineExecutionStatusInProgress, []verify.Action{
			anAction("Source", "Source", succeeded, 0, 2), anAction("Deploy", "Prepare", moving, 2, 0),
		}, []string{
			"execution.noticed", "stage.started Source", "action.started Source Source", //nolint:dupword // the stage and its action
			"action.succeeded Source Source 2/0", //nolint:dupword // as above
			"stage.succeeded Source 2/0", "stage.started Deploy", "action.started Deploy Prepare",
		}},
		{"the same again", types.PipelineExecutionStatusInProgress, []verify.Action{
			anAction("Source", "Source", succeeded, 0, 2), anAction("Deploy", "Prepare", moving, 2, 0),
		}, nil},
		{"a person is asked", types.PipelineExecutionStatusInProgress, []verify.Action{
			anAction("Source", "Source", succeeded, 0, 2), anAction("Deploy", "Prepare", succeeded, 2, 4), approve,
		}, []string{"action.succeeded Deploy Prepare 2/0", "approval.awaited Deploy Approve"}},
		{"and says yes; it fails", types.PipelineExecutionStatusFailed, []verify.Action{
			anAction("Source", "Source", succeeded, 0, 2), anAction("Deploy", "Prepare", succeeded, 2, 4),
			anAction("Deploy", "Approve", succeeded, 4, 9), anAction("Deploy", "Execute", failed, 9, 12),
		}, []string{
			"action.succeeded Deploy Approve 5/0", "action.started Deploy Execute",
			"action.failed Deploy Execute 3/20: Execute does not say why", "stage.failed Deploy 10/20",
			"execution.failed 12/20: Execute does not say why",
		}},
		{"it is tried again", types.PipelineExecutionStatusInProgress, []verify.Action{
			anAction("Source", "Source", succeeded, 0, 2), anAction("Deploy", "Prepare", succeeded, 2, 4),
			anAction("Deploy", "Approve", succeeded, 4, 9), anAction("Deploy", "Execute", failed, 9, 12),
			anAction("Deploy", "Execute", moving, 20, 0),
		}, []string{"execution.retried", "stage.started Deploy", "action.started Deploy Execute"}},
		{"and succeeds", types.PipelineExecutionStatusSucceeded, []verify.Action{
			anAction("Source", "Source", succeeded, 0, 2), anAction("Deploy", "Prepare", succeeded, 2, 4),
			anAction("Deploy", "Approve", succeeded, 4, 9), anAction("Deploy", "Execute", failed, 9, 12),
			anAction("Deploy", "Execute", succeeded, 20, 25),
		}, []string{"action.succeeded Deploy Execute 5/20", "stage.succeeded Deploy 23/20", "execution.succeeded 25/20"}},
	}
	for _, round := range rounds {
		next := &verify.Execution{ID: "e1", Version: 1, Commit: "c1", Started: noon(), Status: round.status, Actions: round.actions}
		if !next.Moving() {
			next.Ended = round.actions[len(round.actions)-1].To
		}
		if got := happened(t, v, next); !slices.Equal(got, round.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", round.name, got, round.want)
		}
	}
}

// TestWatchTellsEveryEnd names how an execution ended.
func TestWatchTellsEveryEnd(t *testing.T) {
	for status, want := range map[types.PipelineExecutionStatus]string{
		types.PipelineExecutionStatusSucceeded:  ExecutionSucceeded,
		types.PipelineExecutionStatusFailed:     ExecutionFailed,
		types.PipelineExecutionStatusSuperseded: ExecutionSuperseded,
		types.PipelineExecutionStatusStopped:    ExecutionStopped,
		types.PipelineExecutionStatusCancelled:  ExecutionCancelled,
	} {
		e := &verify.Execution{ID: "e", Commit: "c1", Started: noon(), Ended: noon(), Status: status}
		got := happened(t, newWatcher(t), e)
		if !slices.Equal(got, []string{Noticed, want}) {
			t.Errorf("%s: %q", status, got)
		}
	}
}

// TestVerdict fails who waited for an execution that did not succeed.
func TestVerdict(t *testing.T) {
	e := &verify.Execution{Commit: "1234567890", Status: types.PipelineExecutionStatusFailed, Failure: "Build failed"}
	v := &watcher{o: Watching{UntilIdle: true}, newest: e}
	err := v.verdict()
	if _, ok := errors.AsType[*UnsuccessfulError](err); !ok || err.Error() != "the execution of 1234567 is Failed: Build failed" {
		t.Errorf("got %v", err)
	}
	v.o = Watching{Once: true}
	if err := v.verdict(); err != nil {
		t.Errorf("who only looks is not told by an exit code: %v", err)
	}
	e.Status = types.PipelineExecutionStatusInProgress // it waits for a person
	v.o = Watching{UntilIdle: true}
	if err := v.verdict(); err != nil {
		t.Errorf("it may still succeed: %v", err)
	}
}

// TestWatchOutlivesFailedReads tells what cannot be read once, and goes on.
func TestWatchOutlivesFailedReads(t *testing.T) {
	var refusals atomic.Int32
	server, err := localaws.Start(localaws.Options{Middleware: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".ListPipelineExecutions") && refusals.Add(-1) >= 0 {
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"__type":"AccessDeniedException","message":"refused by the test"}`)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	keys := server.Credentials()
	c, err := cloud.Open(t.Context(), cloud.Target{
		Name: "local", Region: server.Region, Endpoint: server.URL,
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, ""),
	}, noon)
	if err != nil {
		t.Fatal(err)
	}
	w := &Workshop{
		dir: t.TempDir(), now: noon,
		scene: &verify.Scene{Cloud: c, Names: cloud.Names{Environment: "test", ID: "abcdef"}},
	}
	var told []string
	tell := func(h Happening) { told = append(told, h.Event) }

	refusals.Store(5)
	if err := w.Watch(t.Context(), Watching{UntilIdle: true}, tell); err != nil {
		t.Errorf("a failed read ends it: %v", err)
	}
	if !slices.Equal(told, []string{Trouble, Recovered}) {
		t.Errorf("told %q", told)
	}

	refusals.Store(1)
	if err := w.Watch(t.Context(), Watching{Once: true}, tell); cloud.TroubleOf(err) != cloud.Denied {
		t.Errorf("asked once: %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	refusals.Store(1)
	err = w.Watch(ctx, Watching{}, func(Happening) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
