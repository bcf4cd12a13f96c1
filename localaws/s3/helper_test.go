package s3

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

const account = "123456789012"

// fakeBus records events in the form "type key".
type fakeBus struct {
	mu   sync.Mutex // guards seen
	seen []string
}

func (b *fakeBus) Publish(_ context.Context, source, detailType string, _ []string, detail any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := detail.(event)
	if !ok || source != "aws.s3" {
		return errors.New("not an S3 event")
	}
	b.seen = append(b.seen, strings.TrimSpace(detailType+" "+e.Object.Key+" "+e.Reason+" "+e.DeletionType))
	return nil
}

// world is a Service with its surroundings.
type world struct {
	*Service
	bus *fakeBus
	dir string
	now time.Time // advances by a second each time it is read
	mu  sync.Mutex
}

func newWorld(tb testing.TB, region string) *world {
	tb.Helper()
	w := &world{bus: &fakeBus{}, dir: tb.TempDir(), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	db, err := store.Open(filepath.Join(tb.TempDir(), "state"))
	if err != nil {
		tb.Fatal(err)
	}
	w.Service, err = New(w.env(db, region))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := errors.Join(w.Close(), db.Close()); err != nil {
			tb.Error(err)
		}
	})
	return w
}

func (w *world) env(db *store.DB, region string) service.Env {
	return service.Env{
		Account: account, Region: region, URL: "http://127.0.0.1:4242", Dir: w.dir, DB: db, Bus: w.bus, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.now = w.now.Add(time.Second)
			return w.now
		},
	}
}

// newBucket is a world with one bucket, "b", in the state of versioning.
func newBucket(tb testing.TB, versioning types.BucketVersioningStatus) *world {
	tb.Helper()
	w := newWorld(tb, usEast1)
	must(w.CreateBucket(tb.Context(), &s3.CreateBucketInput{Bucket: aws.String("bucket")}))(tb)
	w.versioning(tb, versioning)
	return w
}

func (w *world) versioning(tb testing.TB, status types.BucketVersioningStatus) {
	tb.Helper()
	if status == "" {
		return
	}
	must(w.PutBucketVersioning(tb.Context(), &s3.PutBucketVersioningInput{
		Bucket: aws.String("bucket"), VersioningConfiguration: &types.VersioningConfiguration{Status: status},
	}))(tb)
}

// put stores an object and returns its version id.
func (w *world) put(tb testing.TB, key, body string) string {
	tb.Helper()
	out := must(w.PutObject(tb.Context(), &s3.PutObjectInput{
		Bucket: aws.String("bucket"), Key: &key, Body: strings.NewReader(body), ContentLength: aws.Int64(int64(len(body))),
	}))(tb)
	return aws.ToString(out.VersionId)
}

// get returns the body, or the code of the error.
func (w *world) get(tb testing.TB, key, version string) string {
	tb.Helper()
	in := &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	out, err := w.GetObject(tb.Context(), in)
	if err != nil {
		return codeOf(err)
	}
	return readAll(tb, out.Body)
}

func (w *world) remove1(tb testing.TB, key, version string) *s3.DeleteObjectOutput {
	tb.Helper()
	in := &s3.DeleteObjectInput{Bucket: aws.String("bucket"), Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	return must(w.DeleteObject(tb.Context(), in))(tb)
}

// fileCount counts the files on disk, drafts included.
func (w *world) fileCount(tb testing.TB) int {
	tb.Helper()
	n := 0
	err := filepath.WalkDir(w.dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func readAll(tb testing.TB, body io.ReadCloser) string {
	tb.Helper()
	data, err := io.ReadAll(body)
	if err = errors.Join(err, body.Close()); err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

// must returns the value of a call that may not fail.
func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatalf("unexpected error: %v", err)
		}
		return v
	}
}

func codeOf(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return "not an API error: " + err.Error()
}

// wantError requires an API error of that code, with those words in its message.
func wantError(tb testing.TB, err error, code, words string) {
	tb.Helper()
	if err == nil {
		tb.Fatalf("no error, want %s", code)
	}
	if got := codeOf(err); got != code || !strings.Contains(err.Error(), words) {
		tb.Fatalf("error %v, want %s with %q", err, code, words)
	}
	if statuses[code] == 0 {
		tb.Fatalf("%s is not in the table of statuses", code)
	}
}

// noContext is for helpers that rapid and testing share; the handlers they call do not wait.
var noContext = context.Background()
