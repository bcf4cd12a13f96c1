package store

import (
	"encoding/json"
	"fmt"

	"go.etcd.io/bbolt"
)

// Raw is a row that is not decoded. It is valid only during the visit.
type Raw struct {
	Key  string
	data []byte
}

// Decode reads the row into a pointer to its type, or to a struct with some of
// its fields, which is cheaper.
func (r Raw) Decode(into any) error {
	if err := json.Unmarshal(r.data, into); err != nil {
		return fmt.Errorf("decode %q: %w", r.Key, err)
	}
	return nil
}

// Walk visits the rows whose keys start with prefix and come after the key
// "after" (empty: from the first), as they are at one moment. visit returns the
// key to go on after (empty: the row's own), and whether to go on; it must not
// call the store or another service.
func (t *Table[T]) Walk(prefix, after string, visit func(row Raw) (skipTo string, more bool, err error)) error {
	return t.db.bolt.View(func(tx *bbolt.Tx) error {
		for {
			skipTo := ""
			err := t.scan(tx, prefix, after, func(key string, data []byte) (more bool, err error) {
				skipTo, more, err = visit(Raw{key, data})
				return more && skipTo == "", err
			})
			if err != nil || skipTo == "" {
				return err
			}
			after = skipTo
		}
	})
}
