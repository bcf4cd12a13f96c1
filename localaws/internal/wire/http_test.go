package wire_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

const identityForm = "Action=GetCallerIdentity&Version=2011-06-15"

// signedAs signs a request again, with another method and the header that it has got since.
func signedAs(t *testing.T, method string, r *http.Request) *http.Request {
	t.Helper()
	signature, err := sigv4.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.Method = method
	r.Header.Del("Authorization")
	err = v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "AKIAGOOD", SecretAccessKey: secret}, r,
		sigv4.HexSHA256(body), signature.Scope.Service, region, signature.Time)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRequestIDs(t *testing.T) {
	url := serve(t, nil)
	clock := time.Now() //nolint:forbidigo // the server has the same clock
	unknown := signed(t, "dynamodb", url+"/", "{}", clock)
	unsigned, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/bucket", nil)
	if err != nil {
		t.Fatal(err)
	}
	head := unsigned.Clone(t.Context())
	head.Method = http.MethodHead
	seen := map[string]bool{}
	for name, r := range map[string]*http.Request{
		"query": signed(t, "sts", url+"/", identityForm, clock), "S3": signed(t, "s3", url+"/bucket/key", "", clock),
		"unknown service": unknown, "unsigned": unsigned, "HEAD": head,
	} {
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err = errors.Join(err, response.Body.Close()); err != nil {
			t.Fatal(err)
		}
		id := response.Header.Get("X-Amzn-Requestid") + response.Header.Get("X-Amz-Request-Id")
		if len(id) != 36 || seen[id] {
			t.Errorf("%s: the request id is %q", name, id)
		}
		seen[id] = true
		if strings.Contains(string(body), "RequestId>") && !strings.Contains(string(body), "<RequestId>"+id+"</RequestId>") {
			t.Errorf("%s: another request id than %s in %s", name, id, body)
		}
		if name == "HEAD" && (len(body) > 0 || response.StatusCode != http.StatusForbidden) {
			t.Errorf("HEAD: %d %q", response.StatusCode, body)
		}
	}
}

// TestClockIsCorrected has the server's clock an hour off: the SDK learns of it
// from the refusal, and signs its second try by it.
func TestClockIsCorrected(t *testing.T) {
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		url := serve(t, func(cfg *wire.Config) { cfg.Now = func() time.Time { return time.Now().Add(off) } }) //nolint:forbidigo // a wrong clock is made of a right one
		cfg := good(url)
		cfg.RetryMaxAttempts = 3
		if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil); err != nil {
			t.Errorf("STS, %v off: %v", off, err)
		}
		if _, err := codecommit.NewFromConfig(cfg).GetRepository(t.Context(), &codecommit.GetRepositoryInput{RepositoryName: aws.String("demo")}); err != nil {
			t.Errorf("CodeCommit, %v off: %v", off, err)
		}
		if _, err := s3.NewFromConfig(cfg).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")}); err != nil {
			t.Errorf("S3, %v off: %v", off, err)
		}
	}
}

func TestCompressedBodies(t *testing.T) {
	url := serve(t, func(cfg *wire.Config) { cfg.MaxBody = 10_000 })
	packed := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err := io.WriteString(w, text)
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for _, c := range []struct {
		name, body, want string
		status           int
	}{
		{"good", packed(identityForm), "<Arn>arn:aws:iam::123456789012:user/AKIAGOOD</Arn>", 200},
		{"no gzip", identityForm, "<Code>MalformedQueryString</Code>", 400},
		{"cut off", packed(identityForm)[:20], "<Code>MalformedQueryString</Code>", 400},
		{"a bomb", packed(strings.Repeat("a", 1_000_000)), "<Code>RequestEntityTooLarge</Code>", 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := signed(t, "sts", url+"/", c.body, time.Now()) //nolint:forbidigo // the server has the same clock
			r.Header.Set("Content-Encoding", "gzip")
			if status, body := do(t, r); status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%d %s, want %d %s", status, body, c.status, c.want)
			}
		})
	}
}

// dial opens a connection and writes to it.
func dial(t *testing.T, url, text string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	err = conn.SetDeadline(time.Now().Add(10 * time.Second)) //nolint:forbidigo // deadlines of connections are the system clock's
	if _, writeErr := io.WriteString(conn, text); err != nil || writeErr != nil {
		t.Fatal(err, writeErr)
	}
	return conn, bufio.NewReader(conn)
}

func answer(t *testing.T, from *bufio.Reader) (*http.Response, string) {
	t.Helper()
	response, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// written is a request as it goes over the wire.
func written(t *testing.T, r *http.Request) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPipelining writes several requests at once, and wants the answers in their
// order on the one connection, which refusals leave open.
func TestPipelining(t *testing.T) {
	url := serve(t, nil)
	clock := time.Now() //nolint:forbidigo // the server has the same clock
	first := written(t, signed(t, "s3", url+"/bucket/one", "", clock))
	second := written(t, signed(t, "sts", url+"/", identityForm, clock))
	third := strings.Replace(second, "Signature=", "Signature=0", 1)
	_, from := dial(t, url, first+third+second+first)
	for i, want := range []string{"bucket/one", "<Code>IncompleteSignature</Code>", "<Arn>", "bucket/one"} {
		response, body := answer(t, from)
		if !strings.Contains(body, want) || response.Close {
			t.Fatalf("answer %d: %s, close %v; want %s", i, body, response.Close, want)
		}
	}
}

func TestExpectContinue(t *testing.T) {
	url := serve(t, nil)
	r := signed(t, "s3", url+"/bucket/key", "hello", time.Now()) //nolint:forbidigo // the server has the same clock
	r.Method = http.MethodPut
	resign(t, r, "hello")
	r.Header.Set("Expect", "100-continue")
	head, body, _ := strings.Cut(written(t, r), "\r\n\r\n")
	conn, from := dial(t, url, head+"\r\n\r\n")
	if response, _ := answer(t, from); response.StatusCode != http.StatusContinue {
		t.Fatalf("status %d, want 100", response.StatusCode)
	}
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	if response, _ := answer(t, from); response.StatusCode != http.StatusOK || response.Header.Get("Etag") != "hello" {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
	// Who may not, need not send it.
	_, from = dial(t, url, strings.Replace(head, "Signature=", "Signature=0", 1)+"\r\n\r\n")
	if response, body := answer(t, from); response.StatusCode != http.StatusBadRequest {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestHugeHeaders(t *testing.T) {
	_, from := dial(t, serve(t, nil), "GET / HTTP/1.1\r\nHost: x\r\nX-Huge: "+strings.Repeat("a", 2<<20))
	if response, err := http.ReadResponse(from, nil); err != nil {
		t.Fatal(err)
	} else if _ = response.Body.Close(); response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d, want 431", response.StatusCode)
	}
}

// TestLyingLength announces large bodies and sends small ones: what is not sent
// takes no memory.
func TestLyingLength(t *testing.T) {
	url := serve(t, nil)
	host := strings.TrimPrefix(url, "http://")
	scope := "Authorization: AWS4-HMAC-SHA256 Credential=AKIAGOOD/20261123/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=" + strings.Repeat("0", 64) + "\r\n"
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		conn, from := dial(t, url, "POST /2015-03-31/functions HTTP/1.1\r\nHost: "+host+"\r\nX-Amz-Date: 20261123T000000Z\r\n"+scope+"Content-Length: 60000000\r\n\r\n{}")
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		response, body := answer(t, from)
		if response.StatusCode != http.StatusBadRequest || !strings.Contains(body, "IncompleteBody") {
			t.Errorf("%d %s", response.StatusCode, body)
		}
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
		t.Errorf("20 requests of two bytes took %d MiB", took>>20)
	}
}

// TestEndlessBody sends more than is allowed, with no length announced.
func TestEndlessBody(t *testing.T) {
	url := serve(t, func(cfg *wire.Config) { cfg.MaxBody = 1000 })
	r := signed(t, "sts", url+"/", identityForm, time.Now()) //nolint:forbidigo // the server has the same clock
	r.ContentLength, r.Body = -1, io.NopCloser(io.LimitReader(zeros{}, 100_000))
	if status, body := do(t, r); status != http.StatusRequestEntityTooLarge || !strings.Contains(body, "RequestEntityTooLarge") {
		t.Errorf("%d %s", status, body)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// TestSlowBodies stop in the middle of a body, and are not waited for.
func TestSlowBodies(t *testing.T) {
	url := serve(t, func(cfg *wire.Config) { cfg.Patience = 50 * time.Millisecond })
	clock := time.Now() //nolint:forbidigo // the server has the same clock
	put := signed(t, "s3", url+"/bucket/key", "hello", clock)
	put.Method = http.MethodPut
	resign(t, put, "hello")
	for name, r := range map[string]*http.Request{"a document": signed(t, "sts", url+"/", identityForm, clock), "a stream": put} {
		text := written(t, r)
		_, from := dial(t, url, text[:len(text)-2])
		response, body := answer(t, from)
		if response.StatusCode != http.StatusBadRequest || !strings.Contains(body, "<Code>RequestTimeout</Code>") || !response.Close {
			t.Errorf("%s: %d %s, close %v", name, response.StatusCode, body, response.Close)
		}
	}
	// A handler may take longer than its client may.
	slow := serve(t, func(cfg *wire.Config) {
		cfg.Patience = 100 * time.Millisecond
		cfg.Faults = &wire.Faults{}
		cfg.Faults.Add(wire.Fault{Operation: "*", Kind: wire.FaultDelay, Delay: 300 * time.Millisecond})
	})
	if status, body := do(t, signed(t, "sts", slow+"/", identityForm, clock)); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
}

func TestKeysOfObjects(t *testing.T) {
	url := serve(t, nil)
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	virtual := good("http://localhost:" + port)
	virtual.HTTPClient = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+port)
		},
	}}
	clients := map[string]*s3.Client{
		"path":         s3.NewFromConfig(good(url)),
		"virtual host": s3.NewFromConfig(virtual, func(o *s3.Options) { o.UsePathStyle = false }),
	}
	for style, client := range clients {
		for _, key := range []string{
			"a", "a/b", "/", "//", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "../../etc/passwd", "a b", "a+b", "a%2Fb", "%2F", "%",
			"%zz", "é/世/😀", "a?b", "a#b", "a&b=c", "a;b", "a:b@c", "~-._", "'\"<>", "\\", "\t\n", "\x01", strings.Repeat("k", 1024),
		} {
			out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: &key})
			if err != nil {
				t.Errorf("%s: %q: %v", style, key, err)
				continue
			}
			body, err := io.ReadAll(out.Body)
			if err = errors.Join(err, out.Body.Close()); err != nil || string(body) != "bucket/"+key {
				t.Errorf("%s: %q: the handler got %q, %v", style, key, body, err)
			}
		}
	}
}
