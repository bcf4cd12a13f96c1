// Package codepipeline is AWS CodePipeline: pipelines whose executions really
// run. A source action archives a commit, a build action waits for a build of
// CodeBuild, a deploy action for a stack of CloudFormation, an approval for a
// person, an invoke action for a function.
//
// Goals: stages, run orders, superseding, queues, retry, stop, variables,
// artifacts and history behave as on AWS, and everything that a pipeline does
// it does with its own role through the API. Non-goals: custom actions and job
// workers, stage conditions, triggers of connections, actions in other regions;
// each of them is refused by name when a pipeline declares it.
package codepipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// principal is the service principal that pipelines' roles trust.
const principal = "codepipeline.amazonaws.com"

// Archiver writes the files of a commit as a zip. It is CodeCommit's
// UploadArchive, which exists as a permission only and has no public API.
type Archiver interface {
	Archive(ctx context.Context, repository, commitID string, w io.Writer) error
}

// Service is CodePipeline of one account in one region.
type Service struct {
	env     service.Env
	source  Archiver
	clients clients
	actors  map[string]actor // by typeKey

	pipelines  *store.Table[pipeline]                  // by name
	versions   *store.Table[types.PipelineDeclaration] // by name and version
	executions *store.Table[execution]                 // by name, the newest first
	headings   *store.Table[heading]                   // of the same rows
	index      *store.Table[string]                    // execution ids, tokens of clients and approvals, and stages, each naming a row of executions
	active     *store.Table[string]                    // the executions under way by id, each naming its row

	background context.Context // of everything that outlives a request
	shutdown   context.CancelCauseFunc
	working    sync.WaitGroup

	mu        sync.Mutex                       // guards what follows, and the step between reading a row and acting on it
	doors     map[string]*door                 // the stages' entries, by pipeline and stage
	runs      map[string]*run                  // the executions under way, by id
	approvals map[string]chan decision         // the approvals that wait, by token
	jobs      map[string]*invocation           // the jobs of functions that wait, by id; nil for those that were answered
	watched   map[string]*watch                // the pipelines whose sources are polled, by name
	summaries map[string]types.PipelineSummary // of all pipelines, by name
}

// New opens the service. Of the executions that were under way when the process
// ended those that waited wait on; the others are marked as failed.
func New(env service.Env, source Archiver) (*Service, error) {
	s := &Service{
		env: env, source: source, clients: sdkClients(),
		doors: map[string]*door{}, runs: map[string]*run{}, approvals: map[string]chan decision{},
		jobs: map[string]*invocation{}, watched: map[string]*watch{}, summaries: map[string]types.PipelineSummary{},
	}
	s.actors = s.builtin()
	var err error
	if s.pipelines, err = store.NewTable[pipeline](env.DB, "codepipeline/pipelines"); err != nil {
		return nil, err
	}
	if s.versions, err = store.NewTable[types.PipelineDeclaration](env.DB, "codepipeline/versions"); err != nil {
		return nil, err
	}
	if s.executions, err = store.NewTable[execution](env.DB, "codepipeline/executions"); err != nil {
		return nil, err
	}
	if s.headings, err = store.NewTable[heading](env.DB, "codepipeline/executions"); err != nil {
		return nil, err
	}
	if s.index, err = store.NewTable[string](env.DB, "codepipeline/index"); err != nil {
		return nil, err
	}
	if s.active, err = store.NewTable[string](env.DB, "codepipeline/active"); err != nil {
		return nil, err
	}
	if err := s.clearScratch(); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("list pipelines: %w", err)
	}
	s.background, s.shutdown = context.WithCancelCause(context.Background())
	if err := s.recover(); err != nil {
		return nil, errors.Join(fmt.Errorf("recover executions: %w", err), s.Close())
	}
	s.working.Go(s.pollSources)
	return s, nil
}

// Close stops the executions under way and waits for them. The next New takes
// them up.
func (s *Service) Close() error {
	s.shutdown(errClosed)
	s.working.Wait()
	return nil
}

// Working says whether any execution is under way, be it waiting.
func (s *Service) Working() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.runs) > 0
}

func (s *Service) arn(pipeline string) string { return s.env.ARN("codepipeline", pipeline) }
