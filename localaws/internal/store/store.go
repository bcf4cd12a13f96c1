// Package store keeps the state of localaws: small typed tables over bbolt.
//
// Goals: a row is one JSON document; reads and writes take microseconds; state
// survives a restart and a kill -9 of the process. Non-goal: surviving a power
// cut to the last write. The file is synced at intervals and at Close rather
// than at every write, because the kernel keeps what a killed process wrote.
package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

var (
	// ErrLocked is returned by Open when another process holds the database.
	ErrLocked = errors.New("the state is in use by another process")
	// ErrDamaged is returned by Open when the file is no database.
	ErrDamaged = errors.New("the state is damaged")
)

const (
	lockWait     = 200 * time.Millisecond
	syncInterval = time.Second
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	bolt *bbolt.DB
	stop chan struct{}
	done sync.WaitGroup
}

// Open opens or creates the database file at path.
func Open(path string) (*DB, error) {
	b, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockWait, NoSync: true, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s: %w", path, ErrLocked)
	}
	for _, damage := range []error{bolterrors.ErrInvalid, bolterrors.ErrVersionMismatch, bolterrors.ErrChecksum} {
		if errors.Is(err, damage) {
			return nil, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open state %s: %w", path, err)
	}
	db := &DB{bolt: b, stop: make(chan struct{})}
	db.done.Go(db.syncAtIntervals)
	return db, nil
}

func (db *DB) syncAtIntervals() {
	tick := time.NewTicker(syncInterval)
	defer tick.Stop()
	last := 0
	for {
		select {
		case <-db.stop:
			return
		case <-tick.C:
			if id := db.lastWrite(); id != last {
				// A failed sync is tried again at the next tick, and reported by Close.
				if db.bolt.Sync() == nil {
					last = id
				}
			}
		}
	}
}

// lastWrite returns the id of the last committed write transaction.
func (db *DB) lastWrite() int {
	var id int
	_ = db.bolt.View(func(tx *bbolt.Tx) error { id = tx.ID(); return nil })
	return id
}

// Close syncs and closes the database.
func (db *DB) Close() error {
	close(db.stop)
	db.done.Wait()
	return errors.Join(db.bolt.Sync(), db.bolt.Close())
}

// Table is a named set of rows of one type, ordered by key (byte order).
// A key that must list in the order of creation starts with a sortable time
// or with a number from Next.
type Table[T any] struct {
	db   *DB
	name []byte
}

// NewTable returns the table of that name, which is created where it is missing.
// Names have the form "service/things".
func NewTable[T any](db *DB, name string) (*Table[T], error) {
	err := db.bolt.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists([]byte(name))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("create table %s: %w", name, err)
	}
	return &Table[T]{db: db, name: []byte(name)}, nil
}

// Get returns the row, and whether there is one.
func (t *Table[T]) Get(key string) (row T, ok bool, err error) {
	err = t.db.bolt.View(func(tx *bbolt.Tx) error {
		data := tx.Bucket(t.name).Get([]byte(key))
		if data == nil {
			return nil
		}
		ok = true
		return t.decode(key, data, &row)
	})
	return row, ok, err
}

// Put writes the row, replacing one of the same key.
func (t *Table[T]) Put(key string, row T) error {
	data, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("encode %s %q: %w", t.name, key, err)
	}
	return t.db.bolt.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(t.name).Put([]byte(key), data)
	})
}

// Update reads, changes and writes a row in one transaction. change sees the
// zero row and false where there is none; if it fails, nothing is written and
// its error is returned. change must not call the store or another service.
func (t *Table[T]) Update(key string, change func(row *T, ok bool) error) error {
	return t.db.bolt.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(t.name)
		var row T
		old := bucket.Get([]byte(key))
		if old != nil {
			if err := t.decode(key, old, &row); err != nil {
				return err
			}
		}
		if err := change(&row, old != nil); err != nil {
			return err
		}
		data, err := json.Marshal(row)
		if err != nil {
			return fmt.Errorf("encode %s %q: %w", t.name, key, err)
		}
		return bucket.Put([]byte(key), data)
	})
}

// Delete removes the row; a row that is not there is no error.
func (t *Table[T]) Delete(key string) error {
	return t.db.bolt.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(t.name).Delete([]byte(key))
	})
}

// Next returns a number that this table has not returned before, from 1.
func (t *Table[T]) Next() (uint64, error) {
	var n uint64
	err := t.db.bolt.Update(func(tx *bbolt.Tx) (err error) {
		n, err = tx.Bucket(t.name).NextSequence()
		return err
	})
	return n, err
}

// Row is a row with its key.
type Row[T any] struct {
	Key   string
	Value T
}

// List returns the rows whose keys start with prefix and come after the key
// "after" (empty: from the first), at most limit of them (0: all), in the order of their keys.
func (t *Table[T]) List(prefix, after string, limit int) ([]Row[T], error) {
	var rows []Row[T]
	err := t.db.bolt.View(func(tx *bbolt.Tx) error {
		return t.scan(tx, prefix, after, func(key string, data []byte) (bool, error) {
			row := Row[T]{Key: key}
			if err := t.decode(key, data, &row.Value); err != nil {
				return false, err
			}
			rows = append(rows, row)
			return limit == 0 || len(rows) < limit, nil
		})
	})
	return rows, err
}

// Keys is List without the values, which are not decoded.
func (t *Table[T]) Keys(prefix, after string, limit int) ([]string, error) {
	var keys []string
	err := t.db.bolt.View(func(tx *bbolt.Tx) error {
		return t.scan(tx, prefix, after, func(key string, _ []byte) (bool, error) {
			keys = append(keys, key)
			return limit == 0 || len(keys) < limit, nil
		})
	})
	return keys, err
}

func (t *Table[T]) scan(tx *bbolt.Tx, prefix, after string, visit func(key string, data []byte) (more bool, err error)) error {
	cursor := tx.Bucket(t.name).Cursor()
	for k, v := cursor.Seek([]byte(max(prefix, after))); k != nil; k, v = cursor.Next() {
		key := string(k)
		if len(key) < len(prefix) || key[:len(prefix)] != prefix {
			return nil
		}
		if after != "" && key == after {
			continue
		}
		if more, err := visit(key, v); err != nil || !more {
			return err
		}
	}
	return nil
}

func (t *Table[T]) decode(key string, data []byte, row *T) error {
	if err := json.Unmarshal(data, row); err != nil {
		return fmt.Errorf("decode %s %q: %w", t.name, key, err)
	}
	return nil
}
