// Package cloudformation makes, changes and deletes stacks.
//
// A template is parsed and resolved by package template, a resource is made by
// package resource, with the permissions of the stack's service role or of its
// caller. This package holds the API, the state and the engine between them:
// dependency order with independent resources in parallel, events, change sets,
// updates with no-op, in place and replacement, and rollback.
//
// Goals: what a stack says has happened, has happened; an operation that a dead
// process left behind is a failed one, and its stack can be deleted. Non-goals:
// stack sets, nested stacks, imports, macros.
package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/mayfly-cd/mayfly/localaws/cloudformation/resource"
	"github.com/mayfly-cd/mayfly/localaws/cloudformation/sam"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// Service is CloudFormation.
type Service struct {
	env service.Env
	// types finds resource types; expand is the AWS::Serverless transform; fetch reads a template from S3.
	types  func(name string) (*resource.Type, bool)
	expand func(template, parameters map[string]any) (map[string]any, error)
	fetch  func(ctx context.Context, bucket, key, version string) (string, error)

	stacks     *shelf
	names      *store.Table[string] // the id of the stack that has a name now
	busy       *store.Table[string] // the ids of the stacks on which an operation goes on
	members    *store.Table[member]
	events     *store.Table[event]
	templates  *store.Table[texts]
	changeSets *store.Table[changeSet]
	detections *store.Table[detection]
	drifts     *store.Table[drift]

	// life ends when the service is closed.
	life context.Context
	end  context.CancelFunc
	done sync.WaitGroup

	mu      sync.Mutex            // guards running and detecting, and every decision to start an operation
	running map[string]*operation // by stack id
	// detecting are the ids of the drift detections that go on.
	detecting map[string]bool
	closed    bool
}

// New opens the service's tables and marks as failed what was in progress when the last process ended.
func New(env service.Env) (*Service, error) {
	s := &Service{
		env: env, types: resource.Lookup, expand: sam.Expand,
		running: map[string]*operation{}, detecting: map[string]bool{},
	}
	s.fetch = s.fetchFromS3
	s.life, s.end = context.WithCancel(context.Background())
	if err := s.open(); err != nil {
		s.end()
		return nil, fmt.Errorf("open cloudformation: %w", err)
	}
	if err := s.recover(); err != nil {
		s.end()
		return nil, fmt.Errorf("recover cloudformation: %w", err)
	}
	return s, nil
}

func (s *Service) open() error {
	var errs [9]error
	s.stacks = &shelf{}
	s.stacks.Table, errs[0] = store.NewTable[stack](s.env.DB, "cloudformation/stacks")
	s.names, errs[1] = store.NewTable[string](s.env.DB, "cloudformation/names")
	s.members, errs[2] = store.NewTable[member](s.env.DB, "cloudformation/resources")
	s.events, errs[3] = store.NewTable[event](s.env.DB, "cloudformation/events")
	s.templates, errs[4] = store.NewTable[texts](s.env.DB, "cloudformation/templates")
	s.changeSets, errs[5] = store.NewTable[changeSet](s.env.DB, "cloudformation/changesets")
	s.detections, errs[6] = store.NewTable[detection](s.env.DB, "cloudformation/detections")
	s.drifts, errs[7] = store.NewTable[drift](s.env.DB, "cloudformation/drifts")
	s.busy, errs[8] = store.NewTable[string](s.env.DB, "cloudformation/busy")
	return errors.Join(errs[:]...)
}

// Working says whether an operation on any stack goes on.
func (s *Service) Working() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.running) > 0
}

// Close stops the operations that are running, which leaves their stacks failed, and waits for them.
func (s *Service) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	s.done.Wait()
	return nil
}
