package s3

import (
	"sync"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// bucketRows is the table of buckets, which remembers what was read: a request
// needs its bucket's row for IAM and for its handler.
type bucketRows struct {
	table *store.Table[bucket]

	mu   sync.RWMutex       // guards read, and keeps it the same as the table
	read map[string]*bucket // by name
}

func newBucketRows(db *store.DB) (*bucketRows, error) {
	table, err := store.NewTable[bucket](db, "s3/buckets")
	return &bucketRows{table: table, read: map[string]*bucket{}}, err
}

// get returns a bucket, which is not to be changed; nil where there is none.
func (r *bucketRows) get(name string) (*bucket, error) {
	r.mu.RLock()
	b := r.read[name]
	r.mu.RUnlock()
	if b != nil {
		return b, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	row, ok, err := r.table.Get(name)
	if err != nil || !ok {
		return nil, err
	}
	r.read[name] = &row
	return &row, nil
}

// update changes a bucket, or makes one, as [store.Table.Update] does.
func (r *bucketRows) update(name string, change func(row *bucket, ok bool) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.read, name)
	return r.table.Update(name, change)
}

// remove removes a bucket.
func (r *bucketRows) remove(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.read, name)
	return r.table.Delete(name)
}
