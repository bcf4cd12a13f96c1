package wire_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"

	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// BenchmarkRead is one read through the SDK's client over loopback: most of it
// is the client's.
func BenchmarkRead(b *testing.B) {
	client := codecommit.NewFromConfig(good(serve(b, nil)))
	for b.Loop() {
		if _, err := client.GetRepository(b.Context(), &codecommit.GetRepositoryInput{RepositoryName: aws.String("demo")}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkServe is the server's share of it: signature, decoding, validation, encoding.
func BenchmarkServe(b *testing.B) {
	server, err := wire.New(wire.Config{Region: region, Keys: testKeys, Hosts: func() []string { return []string{"localhost:1"} }}, handlers()...)
	if err != nil {
		b.Fatal(err)
	}
	body := []byte(`{"repositoryName":"demo"}`)
	r := signed(b, "codecommit", "http://localhost:1/", string(body), time.Now()) //nolint:forbidigo // the SDK signs by the same clock
	r.Header.Set("X-Amz-Target", "CodeCommit_20150413.GetRepository")
	for b.Loop() {
		r.Body = io.NopCloser(bytes.NewReader(body))
		w := httptest.NewRecorder()
		if server.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}

// BenchmarkNew is what the wire adds to the start of the process.
func BenchmarkNew(b *testing.B) {
	services := handlers()
	for b.Loop() {
		if _, err := wire.New(wire.Config{Region: region, Keys: testKeys, Hosts: func() []string { return nil }}, services...); err != nil {
			b.Fatal(err)
		}
	}
}
