package sigv4_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
)

// The examples of "Signing and authenticating REST requests (AWS signature
// version 2)" in S3's documentation. (The presigned one has got another bucket
// there since its signature was made of the first.)
func TestVersion2(t *testing.T) {
	for _, c := range []struct {
		name, method, url, bucket string
		header                    [][2]string
		signature                 string
	}{
		{"object GET", http.MethodGet, "/photos/puppy.jpg", "/awsexamplebucket1", [][2]string{{"Date", "Tue, 27 Mar 2007 19:36:42 +0000"}}, "qgk2+6Sv9/oM7G3qLEjTH1a1l1g="},
		{"object PUT", http.MethodPut, "/photos/puppy.jpg", "/awsexamplebucket1", [][2]string{
			{"Content-Type", "image/jpeg"}, {"Content-Length", "94328"}, {"Date", "Tue, 27 Mar 2007 21:15:45 +0000"},
		}, "iqRzw+ileNPu1fhspnRs8nOjjIA="},
		{"list", http.MethodGet, "/?prefix=photos&max-keys=50&marker=puppy", "/awsexamplebucket1", [][2]string{{"Date", "Tue, 27 Mar 2007 19:42:41 +0000"}}, "m0WP8eCtspQl5Ahe6L1SozdX9YA="},
		{"fetch", http.MethodGet, "/?acl", "/awsexamplebucket1", [][2]string{{"Date", "Tue, 27 Mar 2007 19:44:46 +0000"}}, "82ZHiFIjc+WbcwFKGUVEQspPn+0="},
		{"upload", http.MethodPut, "/db-backup.dat.gz", "/static.awsexamplebucket1.net", [][2]string{
			{"Date", "Tue, 27 Mar 2007 21:06:08 +0000"},
			{"x-amz-acl", "public-read"},
			{"content-type", "application/x-download"},
			{"Content-MD5", "4gJE4saaMU4BqNR0kLY+lw=="},
			{"X-Amz-Meta-ReviewedBy", "joe@awsexamplebucket1.net"},
			{"X-Amz-Meta-ReviewedBy", "jane@awsexamplebucket1.net"},
			{"X-Amz-Meta-FileChecksum", "0x02661779"},
			{"X-Amz-Meta-ChecksumAlgorithm", "crc32"},
			{"Content-Encoding", "gzip"},
		}, "dKZcB+bz2EPXgSdXZp9ozGeOM4I="},
		{"all buckets", http.MethodGet, "/", "", [][2]string{{"Date", "Wed, 28 Mar 2007 01:29:59 +0000"}}, "qGdzdERIC03wnaRNKh6OqZehG9s="},
		{"unicode keys", http.MethodGet, "/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re", "", [][2]string{{"Date", "Wed, 28 Mar 2007 01:49:49 +0000"}}, "DNEZGsoieTZ92F3bUfSPQcbGmlM="},
		{"presigned", http.MethodGet, "/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620", "/johnsmith", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "https://s3.us-west-1.amazonaws.com"+c.url, nil)
			for _, h := range c.header {
				r.Header.Add(h[0], h[1])
			}
			if c.signature != "" {
				r.Header.Set("Authorization", "AWS AKIAIOSFODNN7EXAMPLE:"+c.signature)
			}
			if !sigv4.Version2(r) {
				t.Fatal("not taken for version 2")
			}
			s, err := sigv4.ParseVersion2(sigv4.WithQueryHeaders(r), c.bucket+r.URL.EscapedPath())
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := s.StringsToSign(r, ""); !s.Verify(r, secret, "") {
				t.Errorf("the good signature was refused; signed was %q", got)
			}
			if s.AccessKeyID != "AKIAIOSFODNN7EXAMPLE" || s.Presigned != (c.signature == "") || s.Verify(r, secret+"x", "") {
				t.Errorf("parsed %+v", s)
			}
			if r.Method = http.MethodPost; s.Verify(r, secret, "") {
				t.Error("another method was accepted")
			}
		})
	}
}

func TestVersion2Refuses(t *testing.T) {
	const date = "Tue, 27 Mar 2007 19:36:42 +0000"
	for name, c := range map[string]struct {
		authorization, date, query string
		want                       error
	}{
		"good":            {"AWS AKIA:x", date, "", nil},
		"no signature":    {"AWS AKIA", date, "", sigv4.ErrVersion2Header},
		"no key":          {"AWS :x", date, "", sigv4.ErrVersion2Header},
		"no date":         {"AWS AKIA:x", "", "", sigv4.ErrVersion2Date},
		"presigned":       {"", "", "AWSAccessKeyId=AKIA&Signature=x&Expires=1", nil},
		"no expiry":       {"", "", "AWSAccessKeyId=AKIA&Signature=x", sigv4.ErrVersion2Query},
		"no signature 2":  {"", "", "AWSAccessKeyId=AKIA&Expires=1", sigv4.ErrVersion2Query},
		"no key 2":        {"", "", "AWSAccessKeyId=&Signature=x&Expires=1", sigv4.ErrVersion2Query},
		"no number":       {"", "", "AWSAccessKeyId=AKIA&Signature=x&Expires=soon", sigv4.ErrVersion2Date},
		"before the time": {"", "", "AWSAccessKeyId=AKIA&Signature=x&Expires=-1", nil},
		"after all time":  {"", "", "AWSAccessKeyId=AKIA&Signature=x&Expires=2147483648", sigv4.ErrVersion2Date},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/bucket/key?"+c.query, nil)
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			r.Header.Set("Date", c.date)
			if _, err := sigv4.ParseVersion2(r, "/bucket/key"); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

// FuzzVersion2 wants that nothing makes the parser panic, and that what it
// accepts is whole, but no signature that nobody made.
func FuzzVersion2(f *testing.F) {
	f.Add("AWS AKIA:x", "Tue, 27 Mar 2007 19:36:42 +0000", "acl&versionId=%20")
	f.Add("", "", "AWSAccessKeyId=AKIA&Signature=x&Expires=1&x-amz-security-token=t&response-content-type=a%2Fb")
	f.Add("AWS :", "", "AWSAccessKeyId=&&=&%zz=%")
	f.Fuzz(func(t *testing.T, authorization, date, query string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Date", date)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		r.URL.RawQuery = query
		r = sigv4.WithQueryHeaders(r)
		s, err := sigv4.ParseVersion2(r, "/")
		if err != nil {
			return
		}
		if s.AccessKeyID == "" || s.Value == "" || s.Time.IsZero() {
			t.Errorf("accepted an incomplete signature: %+v", s)
		}
		if s.Verify(r, secret, "") {
			t.Errorf("a made-up signature was accepted: %q %q", authorization, query)
		}
	})
}
