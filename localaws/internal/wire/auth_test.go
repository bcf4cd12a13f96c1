package wire_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// call calls one operation of the service with a client of that configuration.
func call(t *testing.T, service string, cfg aws.Config) error {
	t.Helper()
	var err error
	switch service {
	case "codecommit":
		_, err = codecommit.NewFromConfig(cfg).GetRepository(t.Context(), &codecommit.GetRepositoryInput{RepositoryName: aws.String("demo")})
	case "cloudformation":
		_, err = cloudformation.NewFromConfig(cfg).CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("demo")})
	case "sts":
		_, err = sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	case "lambda":
		_, err = lambda.NewFromConfig(cfg).GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("f")})
	case "s3":
		_, err = s3.NewFromConfig(cfg).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
	}
	return err
}

func TestSignatureWords(t *testing.T) {
	url := serve(t, nil)
	wrongSecret := good(url)
	wrongSecret.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAGOOD", SecretAccessKey: "guessed"}, nil
	})
	elsewhere := good(url)
	elsewhere.Region = "mars-1"
	anonymous := good(url)
	anonymous.Credentials = aws.AnonymousCredentials{}
	const (
		invalid  = "The security token included in the request is invalid."
		mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
		scope    = "Credential should be scoped to a valid region, not 'mars-1'."
		expired  = "The security token included in the request is expired"
	)
	for _, c := range []struct {
		name, service string
		cfg           aws.Config
		code, message string
		status        int
	}{
		{"unknown key", "codecommit", config(url, "AKIANOBODY", ""), "UnrecognizedClientException", invalid, 400},
		{"unknown key", "cloudformation", config(url, "AKIANOBODY", ""), "InvalidClientTokenId", invalid, 403},
		{"unknown key", "lambda", config(url, "AKIANOBODY", ""), "UnrecognizedClientException", invalid, 403},
		{"unknown key", "s3", config(url, "AKIANOBODY", ""), "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403},
		{"wrong secret", "codecommit", wrongSecret, "InvalidSignatureException", mismatch, 400},
		{"wrong secret", "sts", wrongSecret, "SignatureDoesNotMatch", mismatch, 403},
		{"wrong secret", "lambda", wrongSecret, "InvalidSignatureException", mismatch, 403},
		{"wrong secret", "s3", wrongSecret, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.", 403},
		{"no token", "sts", config(url, "ASIASESSION", ""), "InvalidClientTokenId", invalid, 403},
		{"wrong token", "codecommit", config(url, "ASIASESSION", "other"), "UnrecognizedClientException", invalid, 400},
		{"token of none", "s3", config(url, "AKIAGOOD", "other"), "InvalidToken", invalid, 403},
		{"expired", "codecommit", config(url, "ASIAEXPIRED", "token"), "ExpiredTokenException", expired, 400},
		{"expired", "sts", config(url, "ASIAEXPIRED", "token"), "ExpiredToken", expired, 403},
		{"expired", "s3", config(url, "ASIAEXPIRED", "token"), "ExpiredToken", "The provided token has expired.", 400},
		{"elsewhere", "codecommit", elsewhere, "InvalidSignatureException", scope, 400},
		{"elsewhere", "cloudformation", elsewhere, "SignatureDoesNotMatch", scope, 403},
		{"elsewhere", "s3", elsewhere, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region 'mars-1' is wrong; expecting 'eu-west-1'", 400},
		{"unsigned", "codecommit", anonymous, "MissingAuthenticationTokenException", "Missing Authentication Token", 400},
		{"unsigned", "cloudformation", anonymous, "MissingAuthenticationToken", "Request is missing Authentication Token", 403},
		{"unsigned", "lambda", anonymous, "MissingAuthenticationTokenException", "Missing Authentication Token", 403},
		{"unsigned", "s3", anonymous, "AccessDenied", "Access Denied", 403},
	} {
		t.Run(c.name+"/"+c.service, func(t *testing.T) {
			wantError(t, call(t, c.service, c.cfg), c.code, c.message, c.status)
		})
	}
	for name, cfg := range map[string]aws.Config{"good": good(url), "session": config(url, "ASIASESSION", "token")} {
		for _, service := range []string{"codecommit", "cloudformation", "sts", "lambda", "s3"} {
			if err := call(t, service, cfg); err != nil {
				t.Errorf("%s, %s: %v", name, service, err)
			}
		}
	}
	global := good(url)
	global.Region = "us-east-1"
	if err := call(t, "sts", global); err != nil {
		t.Errorf("the global region of STS: %v", err)
	}
}

// TestClock signs at the time of now and has the server read another.
func TestClock(t *testing.T) {
	for _, c := range []struct {
		name, service string
		off           time.Duration
		want          string
	}{
		{"a little behind", "sts", -14 * time.Minute, "<Arn>"},
		{"a little ahead", "sts", 14 * time.Minute, "<Arn>"},
		{"too late", "sts", 16 * time.Minute, "<Code>SignatureDoesNotMatch</Code><Message>Signature expired: 20261123T040000Z is now earlier than 20261123T040100Z (20261123T041600Z - 15 min.)</Message>"},
		{"too early", "sts", -16 * time.Minute, "<Code>SignatureDoesNotMatch</Code><Message>Signature not yet current: 20261123T040000Z is still later than 20261123T035900Z (20261123T034400Z + 15 min.)</Message>"},
		{"too late", "s3", 16 * time.Minute, "<Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the current time is too large.</Message>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := serve(t, func(cfg *wire.Config) { cfg.Now = func() time.Time { return now.Add(c.off) } })
			body, path := "", "/bucket?list-type=2"
			if c.service == "sts" {
				body, path = "Action=GetCallerIdentity&Version=2011-06-15", "/"
			}
			r := signed(t, c.service, url+path, body, now)
			if _, answer := do(t, r); !strings.Contains(answer, c.want) {
				t.Errorf("answer %s\nwant %s", answer, c.want)
			}
		})
	}
}

// signed makes a request, a POST where there is a body, signed at that time.
func signed(tb testing.TB, service, url, body string, at time.Time) *http.Request {
	tb.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(tb.Context(), method, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	hash := sigv4.HexSHA256([]byte(body))
	if service == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", hash)
	}
	credentials := aws.Credentials{AccessKeyID: "AKIAGOOD", SecretAccessKey: secret}
	if err := v4.NewSigner().SignHTTP(tb.Context(), credentials, r, hash, service, region, at, func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = service == "s3"
	}); err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestPayloadIsChecked(t *testing.T) {
	url := serve(t, nil)
	query := signed(t, "sts", url+"/", "Action=GetCallerIdentity&Version=2011-06-15", time.Now()) //nolint:forbidigo // the server has the same clock
	query.Body = io.NopCloser(strings.NewReader("Action=GetCallerIdentitx&Version=2011-06-15"))
	if status, body := do(t, query); status != 403 || !strings.Contains(body, "SignatureDoesNotMatch") {
		t.Errorf("a changed form: %d %s", status, body)
	}
	put := signed(t, "s3", url+"/bucket/key", "hello", time.Now()) //nolint:forbidigo // the server has the same clock
	put.Method = http.MethodPut
	resign(t, put, "hello")
	put.Body = io.NopCloser(strings.NewReader("jello"))
	if status, body := do(t, put); status != 400 || !strings.Contains(body, "<Code>XAmzContentSHA256Mismatch</Code>") {
		t.Errorf("a changed stream: %d %s", status, body)
	}
}

func resign(t *testing.T, r *http.Request, body string) {
	t.Helper()
	err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "AKIAGOOD", SecretAccessKey: secret}, r,
		sigv4.HexSHA256([]byte(body)), "s3", region, time.Now(), func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }) //nolint:forbidigo // the server has the same clock
	if err != nil {
		t.Fatal(err)
	}
}

func TestPresigned(t *testing.T) {
	clock := time.Now() //nolint:forbidigo // the server has the same clock
	url := serve(t, func(cfg *wire.Config) { cfg.Now = func() time.Time { return clock } })
	presigned, err := s3.NewPresignClient(s3.NewFromConfig(good(url))).PresignGetObject(t.Context(),
		&s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("a b/c+d=é")}, s3.WithPresignExpires(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	get := func(url string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		return do(t, r)
	}
	if status, body := get(presigned.URL); status != 200 || body != "bucket/a b/c+d=é" {
		t.Errorf("presigned: %d %s", status, body)
	}
	if status, body := get(strings.Replace(presigned.URL, "X-Amz-Expires=60", "X-Amz-Expires=61", 1)); status != 403 || !strings.Contains(body, "SignatureDoesNotMatch") {
		t.Errorf("made to live longer: %d %s", status, body)
	}
	clock = clock.Add(2 * time.Minute)
	if status, body := get(presigned.URL); status != 403 || !strings.Contains(body, "<Code>AccessDenied</Code><Message>Request has expired</Message>") {
		t.Errorf("expired: %d %s", status, body)
	}
}

// TestStreams puts objects as the SDK sends them: plain over http, and in
// chunks with a trailer over https.
func TestStreams(t *testing.T) {
	plain := serve(t, nil)
	var host string
	server, err := wire.New(wire.Config{Region: region, Keys: testKeys, Hosts: func() []string { return []string{host} }}, handlers()...)
	if err != nil {
		t.Fatal(err)
	}
	secure := httptest.NewTLSServer(server)
	t.Cleanup(secure.Close)
	host = strings.TrimPrefix(secure.URL, "https://")
	overTLS := good(secure.URL)
	overTLS.HTTPClient = secure.Client()
	content := strings.Repeat("0123456789", 500)
	for name, cfg := range map[string]aws.Config{"plain": good(plain), "chunks": overTLS} {
		t.Run(name, func(t *testing.T) {
			cfg.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported // as config.LoadDefaultConfig has it
			out, err := s3.NewFromConfig(cfg).PutObject(t.Context(), &s3.PutObjectInput{
				Bucket: aws.String("bucket"), Key: aws.String("//a b/ü%20+&=?#.txt"), Body: bytes.NewReader([]byte(content)),
			})
			if err != nil {
				t.Fatal(err)
			}
			if *out.ETag != content || *out.VersionId != "//a b/ü%20+&=?#.txt" {
				t.Errorf("the handler saw %d bytes for key %q", len(*out.ETag), *out.VersionId)
			}
			if name == "chunks" && out.ChecksumCRC32 == nil {
				t.Error("the handler saw no trailer")
			}
		})
	}
}

func TestVirtualHost(t *testing.T) {
	url := serve(t, nil)
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	client := s3.NewFromConfig(good("http://localhost:"+port), func(o *s3.Options) { o.UsePathStyle = false })
	presigned, err := s3.NewPresignClient(client).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("mybucket"), Key: aws.String("k"), Range: aws.String("bytes=0-1")})
	if err != nil {
		t.Fatal(err)
	}
	want := "mybucket.localhost:" + port
	target := strings.Replace(presigned.URL, want, "127.0.0.1:"+port, 1)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = want
	r.Header.Set("Range", "bytes=0-1")
	if status, body := do(t, r); status != http.StatusPartialContent || body != "mybucket/k" {
		t.Errorf("%s: %d %s", presigned.URL, status, body)
	}
}

func TestBodyCap(t *testing.T) {
	url := serve(t, func(cfg *wire.Config) { cfg.MaxBody = 1000 })
	_, err := cloudformation.NewFromConfig(good(url)).CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String("demo"), TemplateBody: aws.String(strings.Repeat("x", 2000)),
	})
	wantError(t, err, "RequestEntityTooLarge", "Request must be smaller than 1000 bytes", 413)
}
