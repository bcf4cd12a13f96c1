package workshop

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/verify"
)

// Watching says for how long Watch follows the pipeline; the zero value follows until the context ends.
type Watching struct {
	// Once tells the newest execution as it stands and ends.
	Once bool
	// UntilIdle ends when nothing moves any more: what is on main has been
	// executed, or waits for a person.
	UntilIdle bool
	// Stands, where it is set, is shown how the pipeline stands whenever
	// something has happened. That costs two calls more.
	Stands func(PipelineState)
}

const (
	// mostWatched is how many executions are looked at in one round.
	mostWatched = 20
	// roundWithin bounds the questions of one round.
	roundWithin = 30 * time.Second
)

// UnsuccessfulError says that the execution which Watch waited for did not succeed.
type UnsuccessfulError struct{ Commit, Status, Failure string }

func (e *UnsuccessfulError) Error() string {
	text := fmt.Sprintf("the execution of %.7s is %s", e.Commit, e.Status)
	if e.Failure != "" {
		text += ": " + e.Failure
	}
	return text
}

// Watch follows the executions of the pipeline and tells what happens, the
// newest execution from its start. What cannot be read is told once and asked
// for again, unless it is asked for Once. It ends with the context's cause, or
// as o says; after UntilIdle with an *UnsuccessfulError where the newest
// execution did not succeed.
func (w *Workshop) Watch(ctx context.Context, o Watching, tell func(Happening)) error {
	v := &watcher{
		w: w, o: o, tell: tell, begun: w.now(), seen: map[string]*seen{},
		commits: map[string]*verify.Commit{}, declared: map[int32]verify.Declared{},
	}
	for {
		over := false
		// The pace begins anew with each thing that happens.
		err := cloud.Poll(ctx, func(ctx context.Context) (bool, error) {
			told, first := v.told, !v.following
			ended, err := v.round(ctx)
			over = ended
			if v.told > told || first {
				v.picture(ctx)
			}
			return ended || v.told > told, err
		})
		if err != nil {
			return err
		}
		if over {
			return v.verdict()
		}
	}
}

// watcher is what Watch remembers.
type watcher struct {
	w     *Workshop
	o     Watching
	tell  func(Happening)
	begun time.Time
	// told counts what was told.
	told int
	// seen is what was told of each execution, by its id.
	seen    map[string]*seen
	commits map[string]*verify.Commit
	// declared is what each version of the pipeline consists of.
	declared map[int32]verify.Declared
	// history are the executions that have ended, for the medians.
	history []*verify.Execution
	// newest is the newest execution.
	newest *verify.Execution
	// trouble is what could not be read, while it cannot be.
	trouble string
	// poor says that it was told that commits cannot be read.
	poor bool
	// following says that the history is read: what is new from now on is not past.
	following bool
}

func (v *watcher) say(h Happening) {
	v.told++
	v.tell(h)
}

// round looks once. An error of AWS ends the watch only where it is asked for once.
func (v *watcher) round(ctx context.Context) (over bool, err error) {
	bounded, cancel := context.WithTimeout(ctx, roundWithin)
	defer cancel()
	executions, err := v.look(bounded)
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if err != nil {
		if v.o.Once {
			return false, err
		}
		v.failed(err)
		return false, nil
	}
	if v.trouble != "" {
		v.trouble = ""
		v.say(Happening{Time: v.w.now().UTC(), Event: Recovered, Detail: "the pipeline can be read again"})
	}
	switch {
	case v.o.Once:
		return true, nil
	case v.o.UntilIdle:
		return v.idle(ctx, executions)
	}
	return false, nil
}

// picture shows how the pipeline stands. It is for the eye: what cannot be read
// is told by the round.
func (v *watcher) picture(ctx context.Context) {
	if v.o.Stands == nil {
		return
	}
	if state, err := v.w.PipelineState(ctx); err == nil {
		v.o.Stands(state)
	}
}

// failed tells what cannot be read, once.
func (v *watcher) failed(err error) {
	if v.trouble != "" {
		return
	}
	v.trouble = err.Error()
	v.say(Happening{Time: v.w.now().UTC(), Event: Trouble, Detail: v.trouble})
}

// look reads the newest executions and tells what has changed.
func (v *watcher) look(ctx context.Context) ([]*verify.Execution, error) {
	if !v.following {
		return v.begin(ctx)
	}
	executions, err := v.w.scene.Newest(ctx, mostWatched)
	if err != nil {
		return nil, err
	}
	return executions, v.follow(ctx, executions, v.w.scene.Complete)
}

// begin reads the history. Of what has ended only the newest execution is told.
func (v *watcher) begin(ctx context.Context) ([]*verify.Execution, error) {
	all, err := v.w.scene.Executions(ctx)
	if err != nil {
		return nil, err
	}
	v.history = nil
	for i, e := range all {
		if e.Moving() {
			continue
		}
		v.history = append(v.history, e)
		if i > 0 && v.seen[e.ID] == nil {
			v.seen[e.ID] = known(e)
		}
	}
	all = all[:min(len(all), mostWatched)]
	whole := func(context.Context, *verify.Execution) error { return nil }
	if err := v.follow(ctx, all, whole); err != nil {
		return nil, err
	}
	v.following = true
	return all, nil
}

// follow tells what has changed in the executions since they were last seen,
// in the order in which it happened. complete reads what is missing of an execution.
func (v *watcher) follow(
	ctx context.Context, executions []*verify.Execution, complete func(context.Context, *verify.Execution) error,
) error {
	var fresh []Happening
	var failed error
	for _, e := range slices.Backward(executions) {
		s := v.seen[e.ID]
		if s != nil && s.status == e.Status && !e.Moving() {
			continue
		}
		if err := complete(ctx, e); err != nil {
			failed = err
			continue
		}
		if s == nil {
			s = newSeen()
			v.seen[e.ID] = s
		}
		happened := v.compare(ctx, e, s)
		for i := range happened {
			happened[i].Past = !v.following
		}
		fresh = append(fresh, happened...)
		if !e.Moving() {
			v.remember(e)
		}
	}
	if len(executions) > 0 {
		v.newest = executions[0]
	}
	slices.SortStableFunc(fresh, func(a, b Happening) int { return a.Time.Compare(b.Time) })
	for _, h := range fresh {
		v.say(h)
	}
	return failed
}

func (v *watcher) remember(e *verify.Execution) {
	v.history = slices.DeleteFunc(v.history, func(old *verify.Execution) bool { return old.ID == e.ID })
	v.history = append(v.history, e)
}

// idle tells whether nothing moves any more. A push that has just been made
// has no execution yet: it is given the time that a push may take.
func (v *watcher) idle(ctx context.Context, executions []*verify.Execution) (bool, error) {
	for _, e := range executions {
		if e.Moving() && !slices.ContainsFunc(e.Actions, verify.Action.Waiting) {
			return false, nil
		}
	}
	if len(executions) == 0 {
		return true, nil
	}
	head, err := v.w.scene.Head(ctx)
	if err != nil {
		v.failed(err)
		return false, nil
	}
	isHead := func(e *verify.Execution) bool { return e.Commit == head }
	if head == "" || slices.ContainsFunc(executions, isHead) {
		return true, nil
	}
	if v.w.now().Sub(v.begun) > noticeWithin {
		return false, fmt.Errorf("the push of %.7s started no execution within %s", head, noticeWithin)
	}
	return false, nil
}

// verdict is how the execution ended that was waited for.
func (v *watcher) verdict() error {
	e := v.newest
	if !v.o.UntilIdle || e == nil || e.Moving() || e.Status == types.PipelineExecutionStatusSucceeded {
		return nil
	}
	return &UnsuccessfulError{Commit: e.Commit, Status: string(e.Status), Failure: e.Failure}
}
