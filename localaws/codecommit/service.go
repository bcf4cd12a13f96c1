// Package codecommit is CodeCommit: real bare git repositories, served by git
// itself over smart HTTP and through the API, with the events that pushes make.
//
// Goals: whatever git can do with a repository works; a change of a reference
// is never without its event, not even when the process is killed between the
// two. Not served: AUTOMERGE, approval rule templates, reactions.
package codecommit

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// Service is CodeCommit. It is safe for concurrent use.
type Service struct {
	env  service.Env
	keys identity.Keys
	git  string // git's own path
	host string // of env.URL, with its port

	files        *os.Root
	repositories *store.Table[repository] // by name
	refs         *store.Table[refs]       // by repository id: what has been published
	pushes       *store.Table[push]       // under way, by repository id, slash, and number
	pulls        *store.Table[pull]       // by their numbers
	open         *store.Table[struct{}]   // those that are open: repository id, slash, and number
	comments     *store.Table[comment]    // by their ids

	ctx   context.Context //nolint:containedctx // calls of triggers' targets live as long as the service
	stop  context.CancelFunc
	calls sync.WaitGroup

	mu    sync.Mutex // guards locks
	locks map[string]*sync.Mutex
}

// New returns the service over its stored state. Changes that a push made just
// before the last process ended, and which were not published, are published.
func New(env service.Env, keys identity.Keys) (*Service, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, fmt.Errorf("CodeCommit needs git: %w", err)
	}
	endpoint, err := url.Parse(env.URL)
	if err != nil {
		return nil, fmt.Errorf("the endpoint of this AWS: %w", err)
	}
	if env.Dir, err = filepath.Abs(env.Dir); err != nil { // git runs in another folder than we do
		return nil, err
	}
	s := &Service{env: env, keys: keys, git: git, host: endpoint.Host, locks: map[string]*sync.Mutex{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	if s.files, err = os.OpenRoot(env.Dir); err != nil {
		return nil, fmt.Errorf("open the folder of the repositories: %w", err)
	}
	if s.repositories, err = store.NewTable[repository](env.DB, "codecommit/repositories"); err != nil {
		return nil, err
	}
	if s.refs, err = store.NewTable[refs](env.DB, "codecommit/refs"); err != nil {
		return nil, err
	}
	if s.pushes, err = store.NewTable[push](env.DB, "codecommit/pushes"); err != nil {
		return nil, err
	}
	if s.pulls, err = store.NewTable[pull](env.DB, "codecommit/pulls"); err != nil {
		return nil, err
	}
	if s.open, err = store.NewTable[struct{}](env.DB, "codecommit/open"); err != nil {
		return nil, err
	}
	if s.comments, err = store.NewTable[comment](env.DB, "codecommit/comments"); err != nil {
		return nil, err
	}
	return s, s.recover(context.Background())
}

// Close ends the calls of triggers' targets and releases the folder of the repositories.
func (s *Service) Close() error {
	s.stop()
	s.calls.Wait()
	return s.files.Close()
}

func (s *Service) arn(name string) string         { return s.env.ARN("codecommit", name) }
func (s *Service) resource(name *string) []string { return []string{s.arn(aws.ToString(name))} }
func (s *Service) lock(id string) (unlock func()) {
	s.mu.Lock()
	l := s.locks[id]
	if l == nil {
		l = &sync.Mutex{}
		s.locks[id] = l
	}
	s.mu.Unlock()
	l.Lock()
	return l.Unlock
}
