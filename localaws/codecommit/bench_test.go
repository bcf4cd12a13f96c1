package codecommit

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/codecommit"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// BenchmarkListRepositories lists a thousand.
func BenchmarkListRepositories(b *testing.B) {
	db, err := store.Open(filepath.Join(b.TempDir(), "state"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	s := &Service{}
	if s.repositories, err = store.NewTable[repository](db, "codecommit/repositories"); err != nil {
		b.Fatal(err)
	}
	for i := range 1000 {
		row := repository{ID: fmt.Sprintf("5eb94485-3552-48a6-88df-fb0a4472%04d", i), DefaultBranch: "main", Created: noon, Modified: noon}
		if err := s.repositories.Put(fmt.Sprintf("repository-%04d", i), row); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := s.ListRepositories(b.Context(), &codecommit.ListRepositoriesInput{}); err != nil {
			b.Fatal(err)
		}
	}
}
