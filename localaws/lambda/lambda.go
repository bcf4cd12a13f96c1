// Package lambda is AWS Lambda: functions, versions, aliases, function URLs,
// and processes of this machine which run them over the Lambda Runtime API.
//
// Goals: an invocation is answered by the code that was uploaded and by nothing
// else; what does not run here (another system's binary, a missing interpreter,
// layers, images, networks) is refused when it is asked for. Non-goals: limits
// of memory and CPU, and isolation from the machine beyond environment, working
// directory and process group.
package lambda

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// Host is what the service may know of the machine.
type Host struct {
	// Environ is the environment in which interpreters are looked for (PATH);
	// of it only the entries on a short list reach a function.
	Environ []string
	// Keys finds whose key signed a request to a URL with AWS_IAM; nil refuses them all.
	Keys identity.Keys
}

// Service is AWS Lambda of one account in one region.
type Service struct {
	env  service.Env
	host Host

	functions *store.Table[function]
	revisions *store.Table[revision]
	urls      *store.Table[functionURL]
	events    *store.Table[event]

	packages sync.RWMutex // read-held from the unpacking of a package until a row names it
	pool     *pool
	starter  *starter
	found    interpreters

	background context.Context // ends at Close
	stop       context.CancelFunc
	working    sync.WaitGroup

	life   sync.Mutex // guards closed
	closed bool
}

// New opens the service over the state in env. Processes that an earlier
// service left behind (it was killed) are ended.
func New(env service.Env, host Host) (*Service, error) {
	s := &Service{env: env, host: host}
	var err error
	if s.functions, err = store.NewTable[function](env.DB, "lambda/functions"); err != nil {
		return nil, err
	}
	if s.revisions, err = store.NewTable[revision](env.DB, "lambda/revisions"); err != nil {
		return nil, err
	}
	if s.urls, err = store.NewTable[functionURL](env.DB, "lambda/urls"); err != nil {
		return nil, err
	}
	if s.events, err = store.NewTable[event](env.DB, "lambda/events"); err != nil {
		return nil, err
	}
	killMarked(markerOf(env.Dir))
	for _, dir := range []string{s.tempDir(), s.clientDir()} {
		if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
			return nil, fmt.Errorf("prepare lambda: %w", err)
		}
	}
	if err := s.writeClients(); err != nil {
		return nil, err
	}
	s.background, s.stop = context.WithCancel(context.Background())
	s.starter = newStarter()
	s.pool = newPool(s)
	if err := s.settleAll(); err != nil {
		return nil, err
	}
	s.sweepPackages()
	return s, s.resumeEvents()
}

// Close ends every process and waits for what runs in the background.
func (s *Service) Close() error {
	s.life.Lock()
	s.closed = true
	s.life.Unlock()
	s.stop()
	s.pool.close()
	s.working.Wait()
	s.starter.close()
	return nil
}

// spawn runs work that Close waits for. It answers false after Close.
func (s *Service) spawn(work func()) bool {
	s.life.Lock()
	defer s.life.Unlock()
	if !s.closed {
		s.working.Go(work)
	}
	return !s.closed
}

func (s *Service) packageDir() string { return filepath.Join(s.env.Dir, "packages") }
func (s *Service) tempDir() string    { return filepath.Join(s.env.Dir, "tmp") }
func (s *Service) clientDir() string  { return filepath.Join(s.env.Dir, "client") }
