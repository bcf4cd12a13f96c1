package iam

import (
	"maps"
	"slices"
	"sync"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// table is a table of the state whose rows are all in memory too, since IAM
// reads some at every request of every service. What a write returns from is
// what every later read sees. A row that was read must not be changed.
type table[T any] struct {
	stored  *store.Table[T]
	written func() // called after every write

	writing sync.Mutex // held by the one writer, so that memory follows the state
	mu      sync.RWMutex
	rows    map[string]T // guarded by mu
}

func openTable[T any](db *store.DB, name string, written func()) (*table[T], error) {
	stored, err := store.NewTable[T](db, name)
	if err != nil {
		return nil, err
	}
	rows, err := stored.List("", "", 0)
	if err != nil {
		return nil, err
	}
	t := &table[T]{stored: stored, written: written, rows: make(map[string]T, len(rows))}
	for _, row := range rows {
		t.rows[row.Key] = row.Value
	}
	return t, nil
}

func (t *table[T]) get(key string) (row T, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	row, ok = t.rows[key]
	return row, ok
}

// list returns the rows in the order of their keys.
func (t *table[T]) list() []T {
	t.mu.RLock()
	defer t.mu.RUnlock()
	all := make([]T, 0, len(t.rows))
	for _, key := range slices.Sorted(maps.Keys(t.rows)) {
		all = append(all, t.rows[key])
	}
	return all
}

func (t *table[T]) put(key string, row T) error {
	return t.update(key, func(r *T, _ bool) error {
		*r = row
		return nil
	})
}

// update is [store.Table.Update].
func (t *table[T]) update(key string, change func(row *T, ok bool) error) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	var changed T
	err := t.stored.Update(key, func(row *T, ok bool) error {
		err := change(row, ok)
		changed = *row
		return err
	})
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.rows[key] = changed
	t.mu.Unlock()
	t.written()
	return nil
}

func (t *table[T]) delete(key string) error {
	return t.remove(key, func(T, bool) error { return nil })
}

// remove deletes a row unless check finds a reason against it.
func (t *table[T]) remove(key string, check func(row T, ok bool) error) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	if err := check(t.get(key)); err != nil {
		return err
	}
	if err := t.stored.Delete(key); err != nil {
		return err
	}
	t.mu.Lock()
	delete(t.rows, key)
	t.mu.Unlock()
	t.written()
	return nil
}
