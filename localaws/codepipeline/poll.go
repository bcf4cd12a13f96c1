package codepipeline

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// pollInterval is how often AWS looks at sources that are polled.
const pollInterval = time.Minute

// pollSources starts executions of pipelines whose sources changed. A source is
// polled unless PollForSourceChanges is false: that is AWS's default, which
// teaches everybody to use events.
func (s *Service) pollSources() {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.background.Done():
			return
		case <-tick.C:
			rows, err := s.pipelines.List("", "", 0)
			if err != nil {
				s.env.Log.Error("poll sources", "error", err)
				continue
			}
			for _, row := range rows {
				s.poll(s.background, row.Value)
			}
		}
	}
}

// poll starts one execution if any polled source of the pipeline has a revision not seen before.
func (s *Service) poll(ctx context.Context, row pipeline) {
	p := row.Declaration
	var changed bool
	for _, a := range p.Stages[0].Actions {
		if aws.ToString(a.ActionTypeId.Provider) != "CodeCommit" || strings.EqualFold(a.Configuration["PollForSourceChanges"], "false") {
			continue
		}
		head, err := s.head(ctx, p, a)
		if err != nil {
			// The source action of the next execution will tell the pipeline's user.
			s.env.Log.Debug("poll source", "pipeline", aws.ToString(p.Name), "error", err)
			continue
		}
		if head != row.Seen[aws.ToString(a.Name)] {
			s.saw(aws.ToString(p.Name), aws.ToString(a.Name), head)
			changed = true
		}
	}
	if !changed {
		return
	}
	variables, err := pipelineVariables(&p, nil)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		_, err = s.start(p, execution{Trigger: types.ExecutionTrigger{TriggerType: types.TriggerTypePollForSourceChanges}, Variables: variables}) //nolint:contextcheck // an execution outlives the poll that found its change
	}
	if err != nil {
		s.env.Log.Error("start a polled pipeline", "pipeline", aws.ToString(p.Name), "error", err)
	}
}

func (s *Service) head(ctx context.Context, p types.PipelineDeclaration, a types.ActionDeclaration) (string, error) {
	cfg, err := s.assumePipelineRole(ctx, aws.ToString(p.Name), aws.ToString(p.RoleArn))
	if err != nil {
		return "", err
	}
	return branchHead(ctx, s.clients.codecommit(cfg), a.Configuration["RepositoryName"], a.Configuration["BranchName"])
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
