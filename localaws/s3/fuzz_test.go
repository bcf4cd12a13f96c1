package s3

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// FuzzBucketPolicy reads policies that nobody meant. One that is accepted is
// one that IAM can decide by, and so is what restricts it.
func FuzzBucketPolicy(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}}`)
	f.Add(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"NotAction":"s3:Put*","NotResource":"arn:aws:s3:::bucket/a"}]}`)
	f.Add(`{"Statement":[{"Effect":"Allow","NotPrincipal":{"Service":"x.amazonaws.com"},"Action":["s3:[","*"],"Resource":"arn:aws:s3:::bucket*"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := parsePolicy(text, "bucket")
		if err != nil {
			if codeOf(err) != "MalformedPolicy" {
				t.Fatalf("%v is no MalformedPolicy", err)
			}
			return
		}
		if _, err := policy.Parse(text, policy.Resource); err != nil {
			t.Fatalf("IAM does not read what was accepted: %v", err)
		}
		s := &Service{}
		s.env.Account = account
		if _, err := policy.Parse(s.restrict(text, "bucket"), policy.Resource); err != nil && public(doc) {
			t.Fatalf("IAM does not read the restricted policy: %v", err)
		}
	})
}

// FuzzRange reads Range headers. What is read lies within the object.
func FuzzRange(f *testing.F) {
	for _, header := range []string{"bytes=0-1", "bytes=-5", "bytes=5-", "bytes=9223372036854775807-", "bytes=1-0", "bytes=0-1,3-4"} {
		f.Add(header, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		if got, err := parseRange(header, size); err == nil && (got.start < 0 || got.length < 0 || got.length > size-got.start) {
			t.Errorf("%q of %d bytes is %+v", header, size, got)
		}
		if got, err := copyRange(&header, size); err == nil && (got.start < 0 || got.length < 0 || got.length > size-got.start) {
			t.Errorf("copy of %q of %d bytes is %+v", header, size, got)
		}
	})
}

// FuzzCopySource reads x-amz-copy-source headers. One that is read names a
// bucket and a key, and is read the same when it is written again.
func FuzzCopySource(f *testing.F) {
	f.Add("bucket/key")
	f.Add("/bucket/a%20b?versionId=x")
	f.Add("arn:aws:s3:us-east-1:123456789012:accesspoint/x/object/k")
	f.Fuzz(func(t *testing.T, header string) {
		bucket, key, id, err := parseSource(header)
		if err != nil {
			return
		}
		if bucket == "" || key == "" {
			t.Fatalf("%q has the bucket %q and the key %q", header, bucket, key)
		}
		again := "/" + url.PathEscape(bucket) + "/" + url.PathEscape(key)
		if id != nil {
			again += "?versionId=" + *id
		}
		bucket2, key2, id2, err := parseSource(again)
		if err != nil || bucket2 != bucket || key2 != key || aws.ToString(id2) != aws.ToString(id) {
			t.Errorf("%q is %q, %q; again it is %q, %q, %v", header, bucket, key, bucket2, key2, err)
		}
	})
}

// FuzzTagging reads x-amz-tagging headers. What is read keeps the rules of tags.
func FuzzTagging(f *testing.F) {
	f.Add("a=1&b=2")
	f.Add("a=1&a=2")
	f.Add("%zz")
	f.Fuzz(func(t *testing.T, header string) {
		tags, err := headerTags(&header)
		if err == nil {
			if err := checkTags(tags, maxObjectTags); err != nil {
				t.Errorf("%q: %v", header, err)
			}
		}
		taggingKeys(policy.Context{}, &header)
	})
}

// FuzzRows keeps keys apart and in order, whatever is in them.
func FuzzRows(f *testing.F) {
	f.Add("a", "a\x00b")
	f.Add("a\x01", "a\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return
		}
		rowA, rowB := keyPrefix("bucket", a)+newestFirst(1), keyPrefix("bucket", b)+newestFirst(2)
		if got := splitRow("bucket", rowA); got != a {
			t.Errorf("%q comes back as %q", a, got)
		}
		if a != b && (a < b) != (rowA < rowB) {
			t.Errorf("the rows of %q and %q are out of order", a, b)
		}
		if strings.HasPrefix(a, b) != strings.HasPrefix(rowA, listPrefix("bucket", b)) {
			t.Errorf("the row of %q and the prefix %q", a, b)
		}
	})
}

// FuzzIDs reads version ids and tokens that nobody gave out.
func FuzzIDs(f *testing.F) {
	f.Add(newID(7))
	f.Add("0000000000000000000000000000000\r0")
	f.Add(*toToken("a/b"))
	f.Fuzz(func(t *testing.T, text string) {
		if _, ok := numberOf(text); ok && len(text) != 32 {
			t.Errorf("%q passes for an id", text)
		}
		if last, err := fromToken(text); err == nil {
			if again, err := fromToken(*toToken(last)); err != nil || again != last {
				t.Errorf("%q is %q, then %q", text, last, again)
			}
		}
		_, _ = partMarker(&text)
		_ = checksum{Algorithm: "CRC32", Value: text}.wellFormed()
	})
}
