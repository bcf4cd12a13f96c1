// Package s3 is Amazon S3 in this process: buckets, versioned objects,
// multipart uploads, listings and the bucket settings that infrastructure
// templates set.
//
// Goals: an object is a plain file that is streamed and never held in memory;
// a write is seen whole or not at all, by readers and after a kill -9; a page of
// a listing costs its own length, not the bucket's. ETags, checksums, version
// ids, paging and the words of errors are AWS's.
//
// Non-goals: encryption by KMS or by a customer's key, ACLs that grant anything
// to anybody else, object lock, replication, storage classes that need a
// restore. Requests for them are refused rather than half obeyed. Lifecycle
// rules are kept and shown, but nothing here lives for the days they count.
// Encryption by S3's own key (AES256) is reported as AWS reports it; the files
// are as safe as the disk they lie on.
package s3

import (
	"fmt"
	"sync"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// Service is one account's S3. It is safe for concurrent use.
type Service struct {
	env   service.Env
	files *files

	buckets  *bucketRows           // by name
	versions *store.Table[version] // by rowKey: every version and delete marker
	uploads  *store.Table[upload]  // by rowKey: multipart uploads in progress
	parts    *store.Table[part]    // by partKey

	// mu guards the step from one state of a key to the next: whoever changes
	// rows of versions, uploads or parts, or removes a file, holds it; whoever
	// reads a row and then opens its file holds it for reading.
	mu sync.RWMutex
	// completing holds the ids of the uploads that are being put together; mu guards it.
	completing map[string]bool
}

// New opens the state under env and clears away what a killed process left half written.
func New(env service.Env) (*Service, error) {
	s := &Service{env: env, completing: map[string]bool{}}
	var err error
	if s.files, err = openFiles(env.Dir); err != nil {
		return nil, fmt.Errorf("open s3: %w", err)
	}
	if s.buckets, err = newBucketRows(env.DB); err != nil {
		return nil, err
	}
	if s.versions, err = store.NewTable[version](env.DB, "s3/versions"); err != nil {
		return nil, err
	}
	if s.uploads, err = store.NewTable[upload](env.DB, "s3/uploads"); err != nil {
		return nil, err
	}
	if s.parts, err = store.NewTable[part](env.DB, "s3/parts"); err != nil {
		return nil, err
	}
	return s, nil
}

// Close releases the folder of objects. Bodies that are still being read stay readable.
func (s *Service) Close() error { return s.files.root.Close() }
