package codepipeline

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// AWS looks at polled sources about once a minute. Here a round of looks follows
// the one before after a hundred times what that took, and so costs a hundredth
// of the time: every second for a few pipelines, seldomer for very many or on a
// machine that has other things to do.
const (
	fastestPoll = time.Second
	slowestPoll = 10 * time.Second
	pollShare   = 100
)

// maxPolled is AWS's fixed quota of pipelines that poll for source changes.
const maxPolled = 300

// pollSession is how long the session of a role is used for polling; it lasts an hour.
const pollSession = 30 * time.Minute

// watch is a pipeline with sources that are polled.
type watch struct {
	declaration types.PipelineDeclaration
	actions     []types.ActionDeclaration
	sessions    map[string]aws.Config // by action; only the polling goroutine touches them
	opened      time.Time
}

// polled lists a pipeline's sources that are polled. A source is, unless
// PollForSourceChanges is false: that is AWS's default, which teaches everybody
// to use events.
func polled(p *types.PipelineDeclaration) (actions []types.ActionDeclaration) {
	for _, a := range p.Stages[0].Actions {
		if !strings.EqualFold(a.Configuration["PollForSourceChanges"], "false") {
			actions = append(actions, a)
		}
	}
	return actions
}

// watch starts or ends the polling of a pipeline. The caller holds mu.
func (s *Service) watch(p types.PipelineDeclaration) {
	if actions := polled(&p); len(actions) > 0 {
		s.watched[aws.ToString(p.Name)] = &watch{declaration: p, actions: actions}
	} else {
		delete(s.watched, aws.ToString(p.Name))
	}
}

// pollSources starts executions of pipelines whose sources changed.
func (s *Service) pollSources() {
	timer := time.NewTimer(fastestPoll)
	defer timer.Stop()
	for {
		select {
		case <-s.background.Done():
			return
		case <-timer.C:
		}
		began := s.env.Now()
		s.mu.Lock()
		round := make([]*watch, 0, len(s.watched))
		for _, w := range s.watched {
			round = append(round, w)
		}
		s.mu.Unlock()
		for _, w := range round {
			if err := s.poll(s.background, w); err != nil {
				// The source action of the next execution will tell the pipeline's user.
				s.env.Log.Debug("poll source", "pipeline", aws.ToString(w.declaration.Name), "error", err)
			}
		}
		timer.Reset(min(max(pollShare*s.env.Now().Sub(began), fastestPoll), slowestPoll))
	}
}

// poll starts one execution if any polled source of the pipeline has a revision not seen before.
func (s *Service) poll(ctx context.Context, w *watch) error {
	heads := map[string]string{}
	for _, a := range w.actions {
		cfg, err := s.session(ctx, w, &a)
		if err != nil {
			return err
		}
		head, err := s.head(ctx, cfg, a)
		if err != nil {
			delete(w.sessions, aws.ToString(a.Name))
			return err
		}
		heads[aws.ToString(a.Name)] = head
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := aws.ToString(w.declaration.Name)
	if s.watched[name] != w || s.sourcing(name) {
		return nil // what is there now will see for itself
	}
	row, err := s.pipeline(name)
	if err != nil {
		return err
	}
	var changed bool
	for action, head := range heads {
		if row.Seen[action] != head {
			s.saw(name, action, head)
			changed = true
		}
	}
	if !changed {
		return nil
	}
	variables, err := pipelineVariables(&row.Declaration, nil)
	if err != nil {
		return err
	}
	_, err = s.start(row.Declaration, execution{
		heading: heading{Trigger: types.ExecutionTrigger{TriggerType: types.TriggerTypePollForSourceChanges}}, Variables: variables,
	}, 0)
	return err
}

// sourcing says whether an execution is about to see the sources. The caller holds mu.
func (s *Service) sourcing(pipeline string) bool {
	for _, r := range s.runs {
		if r.pipeline == pipeline && r.sourcing {
			return true
		}
	}
	return false
}

// session returns the keys with which a source is polled: those of its action's role.
func (s *Service) session(ctx context.Context, w *watch, a *types.ActionDeclaration) (aws.Config, error) {
	now := s.env.Now()
	if w.sessions == nil || now.Sub(w.opened) > pollSession {
		w.sessions, w.opened = map[string]aws.Config{}, now
	}
	cfg, ok := w.sessions[aws.ToString(a.Name)]
	if ok {
		return cfg, nil
	}
	cfg, _, err := s.assume(ctx, &w.declaration, a)
	if err == nil {
		w.sessions[aws.ToString(a.Name)] = cfg
	}
	return cfg, err
}

// head returns the newest revision of a source.
func (s *Service) head(ctx context.Context, cfg aws.Config, a types.ActionDeclaration) (string, error) {
	c := a.Configuration
	switch aws.ToString(a.ActionTypeId.Provider) {
	case "CodeCommit":
		return branchHead(ctx, s.clients.codecommit(cfg), c["RepositoryName"], c["BranchName"])
	case "S3":
		found, err := objectHead(ctx, s.clients.s3(cfg), c["S3Bucket"], c["S3ObjectKey"], nil)
		if err != nil {
			return "", err
		}
		return aws.ToString(found.VersionId), nil
	}
	return "", fmt.Errorf("sources of %s are not polled", aws.ToString(a.ActionTypeId.Provider))
}

// saw remembers the revision that a source action last saw.
func (s *Service) saw(name, action, revision string) {
	err := s.pipelines.Update(name, func(row *pipeline, ok bool) error {
		if !ok {
			return errDeleted
		}
		if row.Seen == nil {
			row.Seen = map[string]string{}
		}
		row.Seen[action] = revision
		return nil
	})
	if err != nil {
		s.env.Log.Debug("remember revision", "pipeline", name, "error", err)
	}
}
