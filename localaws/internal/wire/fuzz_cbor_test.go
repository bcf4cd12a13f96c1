package wire

import (
	"bytes"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
)

// FuzzCBOR wants that no document makes the decoder panic, and that what is
// written of what was read reads the same.
func FuzzCBOR(f *testing.F) {
	f.Add([]byte("\xa1\x68pipeline\xbf\x64name\x61p\x67version\xf9\x3c\x00\x66stages\x9f\xa1\x64name\x61S\xff\xff"))
	f.Add([]byte("\xa1\x64tags\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("\xbf\x68pipeline\xc1\xfb\x41\xd9\x00\x00\x00\x00\x00\x00\xff"))
	f.Add([]byte("\xa1\x68pipeline\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\xa1\x68pipeline\xa1\x64name\x41\xff"))
	table, err := load("codepipeline")
	if err != nil {
		f.Fatal(err)
	}
	plan := table.plan("CreatePipelineInput", reflect.TypeFor[codepipeline.CreatePipelineInput]())
	read := func(body []byte) (reflect.Value, bool) {
		src, err := parseCBOR(body)
		if err != nil {
			return reflect.Value{}, false
		}
		v := reflect.New(plan.typ).Elem()
		d := decoder{newToken: newToken}
		return v, d.structure(plan, src, v) == nil
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		first, ok := read(body)
		if !ok {
			return
		}
		written := appendCBOR(nil, plan, first)
		second, ok := read(written)
		if !ok || !bytes.Equal(written, appendCBOR(nil, plan, second)) {
			t.Errorf("%x does not read back", written)
		}
	})
}

// FuzzPath wants that no path makes the router panic, and that of an object the
// bucket and the key are found as they are written.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"/bucket/key", "/bucket//", "/bucket/%2F/../é", "/", "//", "/bucket/%zz", "/bucket/a+b%20c", "/%62ucket/key"} {
		f.Add(path)
	}
	table, err := load("s3")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r := &http.Request{Method: http.MethodGet, Header: http.Header{}}
		operation, labels := table.find(r, path, url.Values{})
		if operation != "GetObject" {
			return
		}
		bucket, key, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		bucket, bucketErr := url.PathUnescape(bucket)
		key, keyErr := url.PathUnescape(key)
		if bucketErr != nil || keyErr != nil || labels["Bucket"] != bucket || labels["Key"] != key {
			t.Errorf("%q: bucket %q, key %q", path, labels["Bucket"], labels["Key"])
		}
	})
}
