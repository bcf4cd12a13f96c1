package s3

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// What was stored is there after a restart, and what was half written is not.
func TestRestart(t *testing.T) {
	w := &world{bus: &fakeBus{}, dir: t.TempDir()}
	state := filepath.Join(t.TempDir(), "state")
	start := func() (stop func()) {
		db, err := store.Open(state)
		if err != nil {
			t.Fatal(err)
		}
		if w.Service, err = New(w.env(db, usEast1)); err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := errors.Join(w.Close(), db.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	stop := start()
	must(w.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bucket")}))(t)
	w.put(t, "k", "kept")
	m := w.multipart(t, "")
	m.upload(t, 1, "part", "")
	stop()
	if err := os.WriteFile(filepath.Join(w.dir, tempDir, "abandoned"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	stop = start()
	defer stop()
	if got, n := w.get(t, "k", ""), w.fileCount(t); got != "kept" || n != 2 {
		t.Errorf("after a restart: %s, %d files", got, n)
	}
	m.upload(t, 2, "x", "")
	m.parts = m.parts[:1]
	must(m.complete(t))(t)
	if got := w.get(t, "k", ""); got != "part" {
		t.Errorf("the upload that went on: %s", got)
	}
}

// zeros is a body of n bytes that is never in memory.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestLargeBodyStreams(t *testing.T) {
	w := newBucket(t, "")
	const size = 64 << 20
	allocated := testing.AllocsPerRun(1, func() {
		must(w.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: aws.String("bucket"), Key: aws.String("k"), Body: io.LimitReader(zeros{}, size), ContentLength: aws.Int64(size),
		}))(t)
	})
	if allocated > 5000 {
		t.Errorf("%v allocations for one body", allocated)
	}
	out := must(w.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k")}))(t)
	if n, err := io.Copy(io.Discard, out.Body); n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := out.Body.Close(); err != nil {
		t.Error(err)
	}
}

func TestNewWithoutFolder(t *testing.T) {
	w := &world{dir: filepath.Join(t.TempDir(), "missing")}
	db, err := store.Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := New(w.env(db, usEast1)); err == nil || !strings.HasPrefix(err.Error(), "open s3: ") {
		t.Errorf("error %v", err)
	}
}
