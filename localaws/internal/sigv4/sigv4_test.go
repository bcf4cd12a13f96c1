package sigv4_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
)

const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

// The example of a derived key in AWS's documentation of Signature Version 4.
func TestKey(t *testing.T) {
	got := hex.EncodeToString(sigv4.Key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215", "us-east-1", "iam"))
	if want := "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"; got != want {
		t.Errorf("Key = %s, want %s", got, want)
	}
}

// The password that the AWS CLI's credential helper makes of the same values.
func TestGitPassword(t *testing.T) {
	got := sigv4.GitPassword(secret, "eu-west-1", "127.0.0.1", "/v1/repos/demo", "20261123T041500")
	if want := "20261123T041500Z6085218ff96f9d1ac9bb97da9a6cb3557a77c0839252e5a01f53d71739cd4334"; got != want {
		t.Errorf("GitPassword = %s, want %s", got, want)
	}
}

// The examples "GET Object" and "presigned URL" of S3's API reference.
func TestVerify(t *testing.T) {
	get := httptest.NewRequest(http.MethodGet, "https://examplebucket.s3.amazonaws.com/test.txt", nil)
	get.Header.Set("Range", "bytes=0-9")
	get.Header.Set("X-Amz-Content-Sha256", sigv4.EmptyHash)
	get.Header.Set("X-Amz-Date", "20130524T000000Z")
	get.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"+
		"SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"+
		"Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
	presigned := httptest.NewRequest(http.MethodGet, "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"+
		"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"+
		"&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404", nil)
	for name, c := range map[string]struct {
		r    *http.Request
		hash string
	}{"header": {get, sigv4.EmptyHash}, "presigned": {presigned, sigv4.UnsignedPayload}} {
		t.Run(name, func(t *testing.T) {
			s, err := sigv4.Parse(c.r)
			if err != nil {
				t.Fatal(err)
			}
			if s.AccessKeyID != "AKIAIOSFODNN7EXAMPLE" || s.Scope != (sigv4.Scope{Date: "20130524", Region: "us-east-1", Service: "s3"}) {
				t.Errorf("parsed %+v", s)
			}
			if !s.Verify(c.r, secret, c.hash) {
				t.Error("the good signature was refused")
			}
			if s.Verify(c.r, secret+"x", c.hash) {
				t.Error("another secret was accepted")
			}
			c.r.URL.Path = "/other.txt"
			if s.Verify(c.r, secret, c.hash) {
				t.Error("another path was accepted")
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const good = "AWS4-HMAC-SHA256 Credential=AKIA/20130524/us-east-1/s3/aws4_request, SignedHeaders=host, Signature="
	signature := strings.Repeat("a", 64)
	for name, c := range map[string]struct {
		authorization, date string
		want                error
	}{
		"unsigned":          {"", "20130524T000000Z", sigv4.ErrUnsigned},
		"basic":             {"Basic Zm9vOmJhcg==", "20130524T000000Z", sigv4.ErrMalformed},
		"no date":           {good + signature, "", sigv4.ErrMalformed},
		"another day":       {good + signature, "20130525T000000Z", sigv4.ErrMalformed},
		"short signature":   {good + "aa", "20130524T000000Z", sigv4.ErrMalformed},
		"host not signed":   {strings.Replace(good, "=host", "=date", 1) + signature, "20130524T000000Z", sigv4.ErrMalformed},
		"short credential":  {strings.Replace(good, "/us-east-1", "", 1) + signature, "20130524T000000Z", sigv4.ErrMalformed},
		"empty part of it":  {strings.Replace(good, "us-east-1", "", 1) + signature, "20130524T000000Z", sigv4.ErrMalformed},
		"another algorithm": {strings.Replace(good, "HMAC", "ECDSA", 1) + signature, "20130524T000000Z", sigv4.ErrMalformed},
		"good":              {good + signature, "20130524T000000Z", nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			r.Header.Set("X-Amz-Date", c.date)
			if _, err := sigv4.Parse(r); !errors.Is(err, c.want) {
				t.Errorf("Parse: %v, want %v", err, c.want)
			}
		})
	}
}

// chunkedExample is the example of a signed upload in chunks in S3's API reference.
func chunkedExample() (*http.Request, string) {
	r := httptest.NewRequest(http.MethodPut, "https://s3.amazonaws.com/examplebucket/chunkObject.txt", nil)
	r.Header.Set("X-Amz-Date", "20130524T000000Z")
	r.Header.Set("X-Amz-Storage-Class", "REDUCED_REDUNDANCY")
	r.Header.Set("X-Amz-Content-Sha256", sigv4.StreamingSigned)
	r.Header.Set("Content-Encoding", "aws-chunked")
	r.Header.Set("X-Amz-Decoded-Content-Length", "66560")
	r.Header.Set("Content-Length", "66824")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"+
		"SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,"+
		"Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")
	body := "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" + strings.Repeat("a", 65536) + "\r\n" +
		"400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" + strings.Repeat("a", 1024) + "\r\n" +
		"0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
	return r, body
}

func TestSignedChunks(t *testing.T) {
	r, body := chunkedExample()
	s, err := sigv4.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Verify(r, secret, sigv4.StreamingSigned) {
		t.Fatal("the seed signature was refused")
	}
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"good":           {body, nil},
		"changed":        {strings.Replace(body, "aaaa", "aaba", 1), sigv4.ErrChunkSignature},
		"last cut off":   {body[:strings.Index(body, "\r\n0;")+2], io.ErrUnexpectedEOF},
		"second missing": {body[:65536+87] + body[strings.Index(body, "\r\n0;"):], sigv4.ErrChunkSignature},
		"no hexadecimal": {"xyz\r\n", sigv4.ErrChunk},
		"endless header": {strings.Repeat("1", 10_000), sigv4.ErrChunk},
	} {
		t.Run(name, func(t *testing.T) {
			chunks := sigv4.NewChunks(iotest.HalfReader(strings.NewReader(c.body)), sigv4.StreamingSigned, s, secret)
			got, err := io.ReadAll(chunks)
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if c.want == nil && !bytes.Equal(got, bytes.Repeat([]byte("a"), 66560)) {
				t.Errorf("read %d bytes that are not the payload", len(got))
			}
		})
	}
}

func TestUnsignedChunks(t *testing.T) {
	for name, c := range map[string]struct {
		body, want, trailer string
		err                 error
	}{
		"with trailer":    {"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "hello world", "DUoRhQ==", nil},
		"without":         {"5\r\nhello\r\n0\r\n\r\n", "hello", "", nil},
		"empty":           {"0\r\n\r\n", "", "", nil},
		"cut off":         {"5\r\nhel", "hel", "", io.ErrUnexpectedEOF},
		"no end of chunk": {"5\r\nhelloworld\r\n0\r\n\r\n", "hello", "", sigv4.ErrChunk},
		"negative":        {"-5\r\nhello\r\n0\r\n\r\n", "", "", sigv4.ErrChunk},
		"huge":            {"ffffffffffff\r\n", "", "", sigv4.ErrChunk},
	} {
		t.Run(name, func(t *testing.T) {
			chunks := sigv4.NewChunks(strings.NewReader(c.body), sigv4.StreamingUnsigned, nil, "")
			got, err := io.ReadAll(iotest.OneByteReader(chunks))
			if string(got) != c.want || !errors.Is(err, c.err) || chunks.Trailer().Get("x-amz-checksum-crc32") != c.trailer {
				t.Errorf("read %q, %v, trailer %v; want %q, %v", got, err, chunks.Trailer(), c.want, c.err)
			}
		})
	}
}

// FuzzParse wants that no header makes Parse panic, and that what it accepts
// is whole enough to be verified.
func FuzzParse(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=AKIA/20130524/us-east-1/s3/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("a", 64), "")
	f.Add("AWS4-HMAC-SHA256", "")
	f.Add("", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20130524%2Fr%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="+strings.Repeat("b", 64))
	f.Add("AWS4-HMAC-SHA256 Credential=////, SignedHeaders=;;, Signature=", "a=b&&=&%zz=%")
	f.Fuzz(func(t *testing.T, authorization, query string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", authorization)
		r.Header.Set("X-Amz-Date", "20130524T000000Z")
		r.URL.RawQuery = query
		s, err := sigv4.Parse(r)
		if err != nil {
			return
		}
		if s.AccessKeyID == "" || s.Scope.Region == "" || s.Time.IsZero() {
			t.Errorf("accepted an incomplete signature: %+v", s)
		}
		if s.Verify(r, secret, sigv4.EmptyHash) {
			t.Errorf("a made-up signature was accepted: %q %q", authorization, query)
		}
	})
}

// FuzzChunks wants that no body makes the reader panic or hang.
func FuzzChunks(f *testing.F) {
	_, body := chunkedExample()
	f.Add(body[:200])
	f.Add("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n")
	f.Add("0;chunk-signature=\r\n")
	f.Fuzz(func(t *testing.T, body string) {
		got, _ := io.ReadAll(sigv4.NewChunks(strings.NewReader(body), sigv4.StreamingUnsigned, nil, ""))
		if len(got) > len(body) {
			t.Errorf("%d bytes came out of %d", len(got), len(body))
		}
	})
}
