package wire_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
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

// sign2 signs a string as version 2 does.
func sign2(toSign string) string {
	h := hmac.New(sha1.New, []byte(secret))
	_, _ = io.WriteString(h, toSign)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// TestVersion2 sends what was signed by version 2, with the string to sign of
// each case written out: 1795406400 is a minute after now.
func TestVersion2(t *testing.T) {
	target := serve(t, func(cfg *wire.Config) {
		cfg.Region, cfg.Now = "us-east-1", func() time.Time { return time.Unix(1795406340, 0) }
		cfg.Keys = keys{"AKIAGOOD": key("AKIAGOOD", "", time.Time{}), "ASIASESSION": key("ASIASESSION", "token", time.Time{})}
	})
	const date = "Mon, 23 Nov 2026 03:59:00 GMT"
	presigned := func(key, expires, toSign, rest string) string {
		return "AWSAccessKeyId=" + key + "&Expires=" + expires + "&Signature=" + url.QueryEscape(sign2(toSign)) + rest
	}
	for _, c := range []struct {
		name, method, path, query, authorization string
		status                                   int
		want                                     string
	}{
		{"a GET", "GET", "/bucket/a%20b/%C3%A9", presigned("AKIAGOOD", "1795406400", "GET\n\n\n1795406400\n/bucket/a%20b/%C3%A9", ""), "", 200, "bucket/a b/é"},
		{
			"with overrides and what is not signed", "GET", "/bucket/k",
			presigned("AKIAGOOD", "1795406400", "GET\n\n\n1795406400\n/bucket/k?response-content-type=a/b&versionId=1", "&versionId=1&x-id=GetObject&response-content-type=a%2Fb"), "", 200, "bucket/k",
		},
		{"of a session", "GET", "/bucket/k", presigned("ASIASESSION", "1795406400", "GET\n\n\n1795406400\nx-amz-security-token:token\n/bucket/k", "&x-amz-security-token=token"), "", 200, "bucket/k"},
		{"without its token", "GET", "/bucket/k", presigned("ASIASESSION", "1795406400", "GET\n\n\n1795406400\n/bucket/k", ""), "", 403, "<Code>InvalidToken</Code>"},
		{
			"a PUT with what is in the query", "PUT", "/bucket/k",
			presigned("AKIAGOOD", "1795406400", "PUT\n\ntext/plain\n1795406400\nx-amz-meta-a:b\n/bucket/k", "&content-type=text%2Fplain&x-amz-meta-a=b"), "", 200, "",
		},
		{"another key", "GET", "/bucket/other", presigned("AKIAGOOD", "1795406400", "GET\n\n\n1795406400\n/bucket/k", ""), "", 403, "<StringToSign>GET&#xA;&#xA;&#xA;1795406400&#xA;/bucket/other</StringToSign><SignatureProvided>"},
		{"another method", "GET", "/bucket/k", presigned("AKIAGOOD", "1795406400", "PUT\n\n\n1795406400\n/bucket/k", ""), "", 403, "<Code>SignatureDoesNotMatch</Code>"},
		{"longer than signed", "GET", "/bucket/k", presigned("AKIAGOOD", "1795406401", "GET\n\n\n1795406400\n/bucket/k", ""), "", 403, "<Code>SignatureDoesNotMatch</Code>"},
		{"with a header more", "GET", "/bucket/k", presigned("AKIAGOOD", "1795406400", "GET\n\n\n1795406400\n/bucket/k", "&x-amz-acl=public-read"), "", 403, "<Code>SignatureDoesNotMatch</Code>"},
		{
			"expired", "GET", "/bucket/k", presigned("AKIAGOOD", "1795406300", "GET\n\n\n1795406300\n/bucket/k", ""), "", 403,
			"<Code>AccessDenied</Code><Message>Request has expired</Message><Expires>2026-11-23T03:58:20Z</Expires><ServerTime>2026-11-23T03:59:00Z</ServerTime><RequestId>",
		},
		{"nobody's key", "GET", "/bucket/k", presigned("AKIANOBODY", "1795406400", "", ""), "", 403, "<Code>InvalidAccessKeyId</Code><Message>The AWS Access Key Id you provided does not exist in our records.</Message><AWSAccessKeyId>AKIANOBODY</AWSAccessKeyId><RequestId>"},
		{"incomplete", "GET", "/bucket/k", "AWSAccessKeyId=AKIAGOOD&Signature=x", "", 403, "<Message>Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters</Message>"},
		{"no date", "GET", "/bucket/k", "AWSAccessKeyId=AKIAGOOD&Signature=x&Expires=soon", "", 403, "<Message>Invalid date (should be seconds since epoch): soon</Message>"},
		{"a header", "GET", "/bucket/k", "", "AWS AKIAGOOD:" + sign2("GET\n\n\n"+date+"\n/bucket/k"), 200, "bucket/k"},
		{"a bad header", "GET", "/bucket/k", "", "AWS AKIAGOOD:" + sign2("GET\n\n\n"+date+"\n/bucket/other"), 403, "<Code>SignatureDoesNotMatch</Code>"},
		{"half a header", "GET", "/bucket/k", "", "AWS AKIAGOOD", 400, "<Code>InvalidArgument</Code><Message>AWS authorization header is invalid.  Expected AwsAccessKeyId:signature</Message><ArgumentName>Authorization</ArgumentName>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), c.method, target+c.path+"?"+c.query, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
				r.Header.Set("Date", date)
			}
			if status, body := do(t, r); status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%d %s, want %d %s", status, body, c.status, c.want)
			}
		})
	}
}

//go:embed testdata/presign.py
var presignScript string

// TestBotocorePresigns takes what AWS's own client for Python presigns when
// nobody tells it how: by version 2, in us-east-1. It runs where MAYFLY_PYTHON
// names a Python that has botocore.
func TestBotocorePresigns(t *testing.T) {
	python := os.Getenv("MAYFLY_PYTHON")
	if python == "" {
		t.Skip("MAYFLY_PYTHON is not set to a Python that has botocore")
	}
	target := serve(t, func(cfg *wire.Config) { cfg.Region = "us-east-1" })
	_, port, _ := strings.Cut(strings.TrimPrefix(target, "http://"), ":")
	cmd := exec.CommandContext(t.Context(), python, "-c", presignScript, port, secret)
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var requests []struct{ Name, Method, URL, Want string }
	if err := json.Unmarshal(out, &requests); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+port)
		},
	}}
	for _, request := range requests {
		if !strings.Contains(request.URL, "AWSAccessKeyId=") {
			t.Errorf("%s is not presigned by version 2: %s", request.Name, request.URL)
		}
		r, err := http.NewRequestWithContext(t.Context(), request.Method, request.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || string(body) != request.Want {
			t.Errorf("%s: %d %s %v, want %s", request.Name, response.StatusCode, body, err, request.Want)
		}
	}
	if len(requests) < 5 {
		t.Errorf("only %d requests", len(requests))
	}
}

// TestErrorMembers holds what S3's errors say besides code and message.
func TestErrorMembers(t *testing.T) {
	target := serve(t, nil)
	clock := time.Now() //nolint:forbidigo // the server has the same clock
	for _, c := range []struct{ path, want string }{
		{"/bucket/error%20NoSuchKey", "<Message>No.</Message><Key>error NoSuchKey</Key><RequestId>"},
		{"/bucket/error%20NoSuchVersion?versionId=v%201", "<Message>No.</Message><Key>error NoSuchVersion</Key><VersionId>v 1</VersionId><RequestId>"},
		{"/bucket/error%20NoSuchBucket", "<Message>No.</Message><BucketName>bucket</BucketName><RequestId>"},
		{"/bucket/error%20AccessDenied", "<Message>No.</Message><RequestId>"},
		{"/bucket?acl", "<Code>NotImplemented</Code><Message>A header you provided implies functionality that is not implemented</Message><additionalMessage>The operation GetBucketAcl is not served here.</additionalMessage><RequestId>"},
	} {
		if _, body := do(t, signed(t, "s3", target+c.path, "", clock)); !strings.Contains(body, c.want) {
			t.Errorf("%s: %s, want %s", c.path, body, c.want)
		}
	}
	bad := signed(t, "s3", target+"/bucket/k", "", clock)
	bad.Method = http.MethodDelete
	_, body := do(t, bad)
	for _, want := range []string{"<AWSAccessKeyId>AKIAGOOD</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256&#xA;", "<CanonicalRequest>DELETE&#xA;/bucket/k&#xA;", "<CanonicalRequestBytes>44 45 4c 45 54 45 0a 2f "} {
		if !strings.Contains(body, want) {
			t.Errorf("%s, want %s", body, want)
		}
	}
}

// TestRequestKeys holds the condition keys that only the wire knows.
func TestRequestKeys(t *testing.T) {
	var asked, handlers policy.Context
	clock := time.Now() //nolint:forbidigo // the SDK signs by the same clock
	target := serve(t, func(cfg *wire.Config) {
		cfg.Region, cfg.Now = "us-east-1", func() time.Time { return clock }
		cfg.Authorize = func(ctx context.Context, _ identity.Principal, needs ...policy.Access) error {
			asked = needs[0].Keys
			handlers = wire.InRequest(ctx, []policy.Access{{Keys: policy.Keys("s3:prefix", "p")}})[0].Keys
			return nil
		}
	})
	presigned := func(query string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target+"/bucket/k?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	header := signedIn(t, "us-east-1", presigned(""), clock)
	header.Header.Set("User-Agent", "curl")
	header.Header.Set("Referer", "http://example.com/")
	query := presignedIn(t, "us-east-1", presigned("X-Amz-Expires=60"), clock.Add(-2*time.Second))
	version2 := presigned("AWSAccessKeyId=AKIAGOOD&Expires=2000000000&Signature=" + url.QueryEscape(sign2("GET\n\n\n2000000000\n/bucket/k")))
	hash := header.Header.Get("X-Amz-Content-Sha256")
	for name, c := range map[string]struct {
		r    *http.Request
		want policy.Context
	}{
		"header":    {header, policy.Keys("aws:UserAgent", "curl", "aws:Referer", "http://example.com/", "s3:authType", "REST-HEADER", "s3:signatureversion", "AWS4-HMAC-SHA256", "s3:x-amz-content-sha256", hash)},
		"query":     {query, policy.Keys("s3:authType", "REST-QUERY-STRING", "s3:signatureversion", "AWS4-HMAC-SHA256", "s3:x-amz-content-sha256", "UNSIGNED-PAYLOAD")},
		"version 2": {version2, policy.Keys("s3:authType", "REST-QUERY-STRING", "s3:signatureversion", "AWS")},
	} {
		if status, body := do(t, c.r); status != http.StatusOK {
			t.Fatalf("%s: %d %s", name, status, body)
		}
		for key, want := range c.want {
			if got := asked[key]; len(got) != 1 || got[0] != want[0] {
				t.Errorf("%s: %s is %q, want %q", name, key, got, want)
			}
			if got := handlers[key]; len(got) != 1 || handlers["s3:prefix"] == nil {
				t.Errorf("%s: a handler has %q", name, handlers)
			}
		}
		age, aged := asked["s3:signatureage"]
		if aged != (name == "query") || aged && (age[0] < "2000" || age[0] > "2999") {
			t.Errorf("%s: the age is %q", name, age)
		}
	}
}

// signedIn signs a request to S3 in a region.
func signedIn(t *testing.T, region string, r *http.Request, at time.Time) *http.Request {
	t.Helper()
	r.Header.Set("X-Amz-Content-Sha256", sigv4.EmptyHash)
	credentials := aws.Credentials{AccessKeyID: "AKIAGOOD", SecretAccessKey: secret}
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, sigv4.EmptyHash, "s3", region, at); err != nil {
		t.Fatal(err)
	}
	return r
}

// presignedIn presigns a request to S3 in a region.
func presignedIn(t *testing.T, region string, r *http.Request, at time.Time) *http.Request {
	t.Helper()
	credentials := aws.Credentials{AccessKeyID: "AKIAGOOD", SecretAccessKey: secret}
	signed, _, err := v4.NewSigner().PresignHTTP(t.Context(), credentials, r, sigv4.UnsignedPayload, "s3", region, at)
	if err != nil {
		t.Fatal(err)
	}
	presigned, err := http.NewRequestWithContext(t.Context(), r.Method, signed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return presigned
}
