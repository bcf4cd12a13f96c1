package wire_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// TestPresignedQuery is how clusters prove to a webhook who they are: a GET of
// STS that anybody may send.
func TestPresignedQuery(t *testing.T) {
	url := serve(t, nil)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/?"+identityForm+"&X-Amz-Expires=60", nil)
	if err != nil {
		t.Fatal(err)
	}
	presigned, _, err := v4.NewSigner().PresignHTTP(t.Context(), aws.Credentials{AccessKeyID: "AKIAGOOD", SecretAccessKey: secret},
		r, sigv4.EmptyHash, "sts", region, time.Now()) //nolint:forbidigo // the server has the same clock
	if err != nil {
		t.Fatal(err)
	}
	for change, want := range map[string]string{"": "<Arn>arn:aws:iam::123456789012:user/AKIAGOOD</Arn>", "&a=b": "<Code>SignatureDoesNotMatch</Code>"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, presigned+change, nil)
		if err != nil {
			t.Fatal(err)
		}
		if status, body := do(t, r); !strings.Contains(body, want) {
			t.Errorf("%q: %d %s, want %s", change, status, body, want)
		}
	}
}

// TestVersion2ElsewhereRefused has a region that was never to take it.
func TestVersion2ElsewhereRefused(t *testing.T) {
	url := serve(t, func(cfg *wire.Config) { cfg.Region = "eu-central-1" })
	query, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/bucket/key?AWSAccessKeyId=AKIAGOOD&Signature=x&Expires=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	header := query.Clone(t.Context())
	header.URL.RawQuery = ""
	header.Header.Set("Authorization", "AWS AKIAGOOD:x")
	for _, r := range []*http.Request{query, header} {
		if status, body := do(t, r); status != http.StatusBadRequest || !strings.Contains(body, "<Code>InvalidRequest</Code>") || !strings.Contains(body, "Please use AWS4-HMAC-SHA256.") {
			t.Errorf("%d %s", status, body)
		}
	}
}

func TestAnonymous(t *testing.T) {
	var asked []identity.Principal
	url := serve(t, func(cfg *wire.Config) {
		cfg.Anonymous = true
		cfg.Authorize = func(_ context.Context, p identity.Principal, _ ...policy.Access) error {
			asked = append(asked, p)
			return nil
		}
	})
	get := func(path string, change func(*http.Request)) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		return do(t, r)
	}
	if status, body := get("/bucket/key", func(*http.Request) {}); status != http.StatusOK || body != "bucket/key" || len(asked) != 1 || asked[0].ARN != "" {
		t.Errorf("%d %s, asked of %+v", status, body, asked)
	}
	asked = nil
	for name, change := range map[string]func(*http.Request){
		"malformed":      func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 nonsense") },
		"by version 2":   func(r *http.Request) { r.Header.Set("Authorization", "AWS AKIAGOOD:x") },
		"half presigned": func(r *http.Request) { r.URL.RawQuery = "X-Amz-Algorithm=AWS4-HMAC-SHA256" },
		"another service": func(r *http.Request) {
			r.Method, r.URL.Path = http.MethodPost, "/"
			r.Header.Set("X-Amz-Target", "CodeCommit_20150413.GetRepository")
		},
	} {
		if status, body := get("/bucket/key", change); status < http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if asked != nil {
		t.Errorf("a bad signature was taken for none: %+v", asked)
	}
	if _, err := wire.New(wire.Config{Region: region, Keys: testKeys, Hosts: func() []string { return nil }, Anonymous: true}); err == nil {
		t.Error("Anonymous without an Authorize was accepted")
	}
}

// TestAuthenticate checks requests that are for no operation.
func TestAuthenticate(t *testing.T) {
	clock := time.Now() //nolint:forbidigo // signed by the same clock
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		principal, err := wire.Authenticate(r, "lambda", region, testKeys, clock)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s said %s", principal.AccessKeyID, body)
	}))
	t.Cleanup(server.Close)
	unsigned, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/a//b?c=d", nil)
	if err != nil {
		t.Fatal(err)
	}
	changed := signed(t, "lambda", server.URL+"/a/b?c=d", "hello", clock)
	changed.Body = io.NopCloser(strings.NewReader("jello"))
	for name, c := range map[string]struct {
		r    *http.Request
		want string
	}{
		"good":       {signed(t, "lambda", server.URL+"/a/b?c=d", "hello", clock), "AKIAGOOD said hello"},
		"unsigned":   {unsigned, "MissingAuthenticationTokenException: Missing Authentication Token"},
		"changed":    {changed, "InvalidSignatureException: The request signature we calculated"},
		"for others": {signed(t, "sts", server.URL+"/", "hello", clock), "InvalidSignatureException: Credential should be scoped to correct service: 'lambda'."},
		"too old":    {signed(t, "lambda", server.URL+"/", "hello", clock.Add(-time.Hour)), "InvalidSignatureException: Signature expired"},
	} {
		if _, body := do(t, c.r); !strings.HasPrefix(body, c.want) {
			t.Errorf("%s: %s, want %s", name, body, c.want)
		}
	}
}
