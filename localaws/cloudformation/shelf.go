package cloudformation

import (
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// shelf is the table of stacks with a copy in memory, from which lists are
// served. The copy is made by the first list, so that a start reads nothing.
type shelf struct {
	*store.Table[stack]

	mu     sync.RWMutex // guards loaded and rows, and that they are written in the order of the table
	loaded bool
	rows   []stack // the newest first
}

// Put writes a stack.
func (s *shelf) Put(id string, st stack) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.Table.Put(id, st); err != nil {
		return err
	}
	s.set(st)
	return nil
}

// Update changes a stack.
func (s *shelf) Update(id string, change func(st *stack, ok bool) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var after stack
	err := s.Table.Update(id, func(st *stack, ok bool) error {
		err := change(st, ok)
		after = *st
		return err
	})
	if err == nil {
		s.set(after)
	}
	return err
}

func (s *shelf) set(st stack) {
	if !s.loaded {
		return
	}
	if at, ok := slices.BinarySearchFunc(s.rows, st, newestFirst); ok {
		s.rows[at] = st
	} else {
		s.rows = slices.Insert(s.rows, at, st)
	}
}

// all returns the stacks that are wanted, the newest first.
func (s *shelf) all(wanted func(st *stack) bool) ([]stack, error) {
	s.mu.RLock()
	if !s.loaded {
		s.mu.RUnlock()
		if err := s.load(); err != nil {
			return nil, err
		}
		s.mu.RLock()
	}
	defer s.mu.RUnlock()
	var out []stack
	for i := range s.rows {
		if wanted(&s.rows[i]) {
			out = append(out, s.rows[i])
		}
	}
	return out, nil
}

func (s *shelf) load() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loaded {
		return nil
	}
	rows, err := s.List("", "", 0)
	if err != nil {
		return err
	}
	s.rows = make([]stack, 0, len(rows))
	for _, row := range rows {
		s.rows = append(s.rows, row.Value)
	}
	slices.SortFunc(s.rows, newestFirst)
	s.loaded = true
	return nil
}

// live returns the stacks that are not deleted, the newest first.
func (s *shelf) live() ([]stack, error) {
	return s.all(func(st *stack) bool { return st.Status != types.StackStatusDeleteComplete })
}
