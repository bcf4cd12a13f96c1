// Package codebuild is AWS CodeBuild: projects, and builds that really run.
//
// A build is a process group on this machine. Its commands are those of its
// buildspec; it gets a fresh home and source directory, an environment made from
// an allowlist, and the keys of its project's service role. All that the service
// does for a build (source, cache, artifacts, log) it does with that role, so
// what the role may not do fails here as it would on AWS.
//
// What is served: sources NO_SOURCE, S3 (a zip), CODECOMMIT and CODEPIPELINE;
// artifacts NO_ARTIFACTS, S3 and CODEPIPELINE; the cache in S3; logs in
// CloudWatch Logs. Anything else is refused by name. The image of a project is
// not used: the machine's own toolchains are, and the log says so.
package codebuild

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// Host is the machine that the builds run on.
type Host struct {
	// Environ are the machine's own variables (os.Environ), of which a build gets a few.
	Environ []string
	// Extra are variables for every build, such as a GOPROXY.
	Extra map[string]string
	// MaxOutput and MaxDisk cap what one build may print and store, in bytes; 0 means the default.
	MaxOutput, MaxDisk int64
	// Concurrency is how many builds run at a time; 0 means the default. The others are queued.
	Concurrency int
}

const (
	defaultMaxOutput   = 64 << 20
	defaultMaxDisk     = 16 << 30
	defaultConcurrency = 4
)

// Service is CodeBuild.
type Service struct {
	env  service.Env
	host Host

	projects *store.Table[project]
	builds   *store.Table[build]
	order    *store.Table[struct{}] // "<number, the newest first>/<the build's id>"
	active   *store.Table[struct{}] // the ids of builds in progress
	tokens   *store.Table[token]
	shelf    shelf

	starts sync.Mutex    // keeps a project's limit: a build counts against it once it is in running
	slots  chan struct{} // one for each build that runs
	minute time.Duration // the unit of time-outs; a test shortens it

	ctx  context.Context //nolint:containedctx // builds live as long as the service
	stop context.CancelCauseFunc
	wait sync.WaitGroup
	mu   sync.Mutex // guards running
	// running holds the builds in progress, by their ids.
	running map[string]*run
	// retrying holds what the retry of a build that has failed is to know, by the failed one's id.
	retrying map[string]types.AutoRetryConfig
}

// New opens the service. Builds that were in progress when the last one ended
// are marked failed, what is left of their processes is killed, and their folders are removed.
func New(env service.Env, host Host) (*Service, error) {
	if host.MaxOutput == 0 {
		host.MaxOutput = defaultMaxOutput
	}
	if host.MaxDisk == 0 {
		host.MaxDisk = defaultMaxDisk
	}
	if host.Concurrency <= 0 {
		host.Concurrency = defaultConcurrency
	}
	s := &Service{
		env: env, host: host, minute: time.Minute,
		slots: make(chan struct{}, host.Concurrency), running: map[string]*run{},
		retrying: map[string]types.AutoRetryConfig{},
	}
	if err := s.openTables(); err != nil {
		return nil, err
	}
	s.ctx, s.stop = context.WithCancelCause(context.Background())
	if err := s.recover(); err != nil {
		return nil, fmt.Errorf("recover builds: %w", err)
	}
	return s, nil
}

func (s *Service) openTables() (err error) {
	if s.projects, err = store.NewTable[project](s.env.DB, "codebuild/projects"); err != nil {
		return err
	}
	if s.builds, err = store.NewTable[build](s.env.DB, "codebuild/builds"); err != nil {
		return err
	}
	if s.order, err = store.NewTable[struct{}](s.env.DB, "codebuild/order"); err != nil {
		return err
	}
	if s.active, err = store.NewTable[struct{}](s.env.DB, "codebuild/active"); err != nil {
		return err
	}
	s.tokens, err = store.NewTable[token](s.env.DB, "codebuild/tokens")
	return err
}

// Working says whether a build is in progress, be it queued.
func (s *Service) Working() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.running) > 0
}

// Close stops all builds, marks them failed, and waits for their ends.
func (s *Service) Close() error {
	s.stop(errInterrupted)
	s.wait.Wait()
	return nil
}

// folder is where the builds have their boxes.
func (s *Service) folder() string { return filepath.Join(s.env.Dir, "builds") }
