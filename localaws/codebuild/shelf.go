package codebuild

import (
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// shelved bounds the shelf: a build takes about ten kilobytes.
const shelved = 500

// shelf keeps builds that are complete, so that a page of them is decoded once.
// What it hands out is not to be changed. The zero shelf is empty.
type shelf struct {
	mu     sync.Mutex // guards what follows
	builds map[string]*types.Build
	epoch  int // grows with each take
}

// get returns the build of that id, or nil with the epoch to put it in.
func (s *shelf) get(id string) (*types.Build, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.builds[id], s.epoch
}

// put keeps a build as it was read in that epoch, unless any has changed since.
func (s *shelf) put(id string, b *types.Build, epoch int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch != s.epoch {
		return
	}
	if s.builds == nil {
		s.builds = make(map[string]*types.Build, shelved)
	}
	for other := range s.builds {
		if len(s.builds) < shelved {
			break
		}
		delete(s.builds, other)
	}
	s.builds[id] = b
}

// take removes a build that has changed or is gone.
func (s *shelf) take(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.builds, id)
	s.epoch++
}
