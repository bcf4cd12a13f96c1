package workshop

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/verify"
)

// seen is what was told of an execution.
type seen struct {
	noticed bool
	status  types.PipelineExecutionStatus
	// actions are the statuses told, by the id of an action's run; stages the events, by name.
	actions map[string]types.ActionExecutionStatus
	stages  map[string]string
	failure *verify.Failure
}

func newSeen() *seen {
	return &seen{actions: map[string]types.ActionExecutionStatus{}, stages: map[string]string{}}
}

// known is an execution of which nothing more is to be told, unless it is retried.
func known(e *verify.Execution) *seen {
	s := newSeen()
	s.noticed, s.status = true, e.Status
	for _, a := range e.Actions {
		s.actions[a.ID] = a.Status
		s.stages[a.Stage] = StageSucceeded
	}
	return s
}

// compare returns what has happened in an execution since it was seen.
func (v *watcher) compare(ctx context.Context, e *verify.Execution, s *seen) []Happening {
	if e.Commit == "" && e.Moving() {
		return nil // the Source action will say which commit it is
	}
	c := comparison{v: v, e: e, s: s, about: v.about(ctx, e)}
	if !s.noticed {
		s.noticed = true
		c.noticed(ctx)
	}
	if ended := s.status != "" && endEvents[s.status] != ""; ended && e.Moving() {
		c.happened(Happening{Time: v.w.now().UTC(), Event: ExecutionRetried})
	}
	for i, a := range e.Actions {
		c.action(ctx, a)
		if i+1 == len(e.Actions) || e.Actions[i+1].Stage != a.Stage {
			c.stage(ctx, a.Stage)
		}
	}
	if s.status != e.Status {
		c.ended(ctx)
	}
	s.status = e.Status
	return c.all
}

// about is what every happening of an execution says.
func (v *watcher) about(ctx context.Context, e *verify.Execution) Happening {
	h := Happening{Execution: e.ID, Commit: e.Commit, Message: e.Message}
	if commit := v.commit(ctx, e.Commit); commit != nil {
		h.Author, h.Message = commit.Author, commit.Message
	}
	return h
}

// commit reads a commit once; nil where it cannot be read, which is told once.
func (v *watcher) commit(ctx context.Context, id string) *verify.Commit {
	if commit := v.commits[id]; commit != nil || id == "" {
		return commit
	}
	commit, err := v.w.scene.Commit(ctx, id)
	if err != nil {
		if !v.poor && ctx.Err() == nil {
			v.poor = true
			v.say(Happening{Time: v.w.now().UTC(), Event: Trouble, Detail: err.Error()})
		}
		return commit
	}
	if lines, err := v.w.checkout.Lines(ctx, id); err == nil {
		for i, file := range commit.Files {
			commit.Files[i].Added, commit.Files[i].Removed = lines[file.Path][0], lines[file.Path][1]
		}
	}
	v.commits[id] = commit
	return commit
}

// comparison gathers what has happened in one execution.
type comparison struct {
	v     *watcher
	e     *verify.Execution
	s     *seen
	about Happening
	all   []Happening
}

// happened adds a happening, with what every one of the execution says.
func (c *comparison) happened(h Happening) {
	h.Execution, h.Commit, h.Author, h.Message = c.about.Execution, c.about.Commit, c.about.Author, c.about.Message
	h.Time = h.Time.UTC()
	c.all = append(c.all, h)
}

func (c *comparison) noticed(ctx context.Context) {
	h := Happening{Time: c.e.Started, Event: Noticed, Status: string(c.e.Status), Detail: c.e.Trigger}
	if commit := c.v.commit(ctx, c.e.Commit); commit != nil {
		h.Files = commit.Files
		if !commit.Made.IsZero() {
			h.Committed = &commit.Made
		}
	}
	if pushed := c.v.pushed(ctx, c.e); !pushed.IsZero() {
		h.Seconds = max(0, c.e.Started.Sub(pushed).Seconds())
	}
	c.happened(h)
}

// pushed is when the commit was pushed that an execution is of; zero where
// that is not known, or where the push belongs to an earlier execution.
func (v *watcher) pushed(ctx context.Context, e *verify.Execution) time.Time {
	pushes, err := v.w.pushes(ctx)
	again := slices.ContainsFunc(v.history, func(old *verify.Execution) bool {
		return old.Commit == e.Commit && old.Started.Before(e.Started)
	})
	if err != nil || again || !e.ByEvent {
		return time.Time{} // it is for the eye
	}
	return pushes[e.Commit]
}

// actionEnds are the events of an action's end.
var actionEnds = map[types.ActionExecutionStatus]string{
	types.ActionExecutionStatusSucceeded: ActionSucceeded,
	types.ActionExecutionStatusFailed:    ActionFailed,
	types.ActionExecutionStatusAbandoned: ActionAbandoned,
}

func (c *comparison) action(ctx context.Context, a verify.Action) {
	before, began := c.s.actions[a.ID]
	c.s.actions[a.ID] = a.Status
	usual := c.median(func(e *verify.Execution) verify.Span { return e.Action(a.Stage, a.Name) })
	if !began {
		if c.s.stages[a.Stage] != StageStarted {
			c.s.stages[a.Stage] = StageStarted
			c.happened(Happening{Time: a.From, Event: StageStarted, Stage: a.Stage, Status: string(types.StageExecutionStatusInProgress)})
		}
		started := Happening{
			Time: a.From, Event: ActionStarted, Stage: a.Stage, Action: a.Name, MedianSeconds: usual,
			Status: string(types.ActionExecutionStatusInProgress),
		}
		if a.Category == types.ActionCategoryApproval {
			started.Event = ApprovalAwaited
		}
		c.happened(started)
	}
	event, ended := actionEnds[a.Status]
	if !ended || began && before == a.Status {
		return
	}
	h := Happening{
		Time: a.To, Event: event, Stage: a.Stage, Action: a.Name, Status: string(a.Status), Seconds: a.Length().Seconds(),
		MedianSeconds: usual,
	}
	isApproval := a.Category == types.ActionCategoryApproval
	if isApproval {
		h.Detail = answered(c.e.Approval)
	}
	if event == ActionFailed {
		failure := c.v.w.scene.Explain(ctx, a)
		if isApproval && c.e.Failure != "" {
			failure.Reason = c.e.Failure // it says who
		}
		h.Failure, c.s.failure = &failure, &failure
	}
	c.happened(h)
}

// answered says who let an execution through, and in which words.
func answered(a *verify.Approval) string {
	if a == nil || a.By == "" {
		return ""
	}
	said := "approved by " + a.By
	if a.Status == types.ActionExecutionStatusFailed {
		said = "rejected by " + a.By
	}
	if a.Comment != "" {
		said += ": " + a.Comment
	}
	return said
}

// stage tells the end of a stage, once no action of it is left.
func (c *comparison) stage(ctx context.Context, name string) {
	if c.s.stages[name] != StageStarted {
		return
	}
	latest := map[string]types.ActionExecutionStatus{}
	for _, a := range c.e.Actions {
		if a.Stage == name {
			latest[a.Name] = a.Status
		}
	}
	statuses := slices.Collect(maps.Values(latest))
	event, status := StageSucceeded, types.StageExecutionStatusSucceeded
	switch {
	case slices.Contains(statuses, types.ActionExecutionStatusInProgress):
		return
	case slices.Contains(statuses, types.ActionExecutionStatusFailed):
		event, status = StageFailed, types.StageExecutionStatusFailed
	case !c.v.whole(ctx, c.e, name, latest):
		return
	}
	c.s.stages[name] = event
	span := c.e.Stage(name)
	c.happened(Happening{
		Time: span.To, Event: event, Stage: name, Status: string(status), Seconds: span.Length().Seconds(),
		MedianSeconds: c.median(func(e *verify.Execution) verify.Span { return e.Stage(name) }),
	})
}

// whole tells whether every action that the pipeline declares for a stage has succeeded.
func (v *watcher) whole(ctx context.Context, e *verify.Execution, stage string, latest map[string]types.ActionExecutionStatus) bool {
	declared, ok := v.declared[e.Version]
	if !ok {
		var err error
		if declared, err = v.w.scene.Declared(ctx, e.Version); err != nil {
			return !e.Moving() // it is told with the execution's end
		}
		v.declared[e.Version] = declared
	}
	for _, s := range declared {
		if s.Name == stage {
			return !slices.ContainsFunc(s.Actions, func(name string) bool {
				return latest[name] != types.ActionExecutionStatusSucceeded
			})
		}
	}
	return false
}

// endEvents are the events of an execution's end.
var endEvents = map[types.PipelineExecutionStatus]string{
	types.PipelineExecutionStatusSucceeded:  ExecutionSucceeded,
	types.PipelineExecutionStatusFailed:     ExecutionFailed,
	types.PipelineExecutionStatusSuperseded: ExecutionSuperseded,
	types.PipelineExecutionStatusStopped:    ExecutionStopped,
	types.PipelineExecutionStatusCancelled:  ExecutionCancelled,
}

func (c *comparison) ended(ctx context.Context) {
	event, ok := endEvents[c.e.Status]
	if !ok {
		return
	}
	h := Happening{
		Time: c.e.Ended, Event: event, Status: string(c.e.Status), Seconds: c.e.Total().Seconds(),
		MedianSeconds: c.median(func(e *verify.Execution) verify.Span { return verify.Span{From: e.Started, To: e.Ended} }),
	}
	if event == ExecutionFailed {
		if h.Failure = c.s.failure; h.Failure == nil && c.e.Failure != "" {
			h.Failure = &verify.Failure{Reason: c.e.Failure}
		}
	}
	c.happened(h)
	if event == ExecutionSucceeded && c.e.Deploy.Length() > 0 {
		c.live(ctx)
	}
}

// live tells what the live URL answers after a deployment.
func (c *comparison) live(ctx context.Context) {
	url, err := c.v.w.scene.LiveURL(ctx)
	if err != nil || url == "" {
		return // the application need not have one
	}
	h := Happening{Time: c.v.w.now(), Event: Answers, URL: url}
	if pushed := c.v.pushed(ctx, c.e); !pushed.IsZero() {
		h.Seconds = max(0, c.e.Ended.Sub(pushed).Seconds())
	}
	answer, err := c.v.w.scene.Fetch(ctx, url)
	switch {
	case err != nil:
		h.Detail = strings.TrimPrefix(err.Error(), url+" ") // an answer that is none begins with it
	default:
		h.Detail = fmt.Sprintf("answers %q from commit %.7s", answer.Greeting, answer.Commit)
	}
	c.happened(h)
}

// median is the median, in seconds, of a span in the executions before this one that succeeded.
func (c *comparison) median(of func(*verify.Execution) verify.Span) float64 {
	var all []float64
	for _, e := range c.v.history {
		if e.Status != types.PipelineExecutionStatusSucceeded || !e.Started.Before(c.e.Started) {
			continue
		}
		if took := of(e).Length(); took > 0 {
			all = append(all, took.Seconds())
		}
	}
	return median(all)
}
