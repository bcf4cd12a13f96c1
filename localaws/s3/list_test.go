package s3

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"pgregory.net/rapid"
)

// entries are the keys and common prefixes of a page, in their order.
func entries(contents []types.Object, prefixes []types.CommonPrefix) []string {
	var list []string
	for _, o := range contents {
		list = append(list, *o.Key)
	}
	for _, p := range prefixes {
		list = append(list, *p.Prefix)
	}
	slices.Sort(list)
	return list
}

func TestListDelimiter(t *testing.T) {
	w := newBucket(t, "")
	for _, key := range []string{"boo/bar", "boo/baz/xyzzy", "cquux/thud", "cquux/bla", "asdf", "é", "z", "Z"} {
		w.put(t, key, "x")
	}
	for _, tt := range []struct{ prefix, delimiter, after, want string }{
		{"", "", "", "Z asdf boo/bar boo/baz/xyzzy cquux/bla cquux/thud z é"},
		{"", "/", "", "Z asdf boo/ cquux/ z é"},
		{"boo/", "/", "", "boo/bar boo/baz/"},
		{"boo", "/", "", "boo/"},
		{"boo/b", "", "", "boo/bar boo/baz/xyzzy"},
		{"", "", "boo/bar", "boo/baz/xyzzy cquux/bla cquux/thud z é"},
		{"", "/", "boo/bar", "cquux/ z é"},
		{"", "/", "boo/", "cquux/ z é"},
		{"", "u", "", "Z asdf boo/bar boo/baz/xyzzy cqu z é"},
		{"", "", "bop", "cquux/bla cquux/thud z é"},
		{"none", "/", "", ""},
		{"boo/", "/", "zzz", ""},
	} {
		t.Run(fmt.Sprint(tt.prefix, ",", tt.delimiter, ",", tt.after), func(t *testing.T) {
			for size := int32(1); size < 9; size++ {
				if got := pagesV2(t, w, tt.prefix, tt.delimiter, tt.after, size); strings.Join(got, " ") != tt.want {
					t.Errorf("ListObjectsV2 in pages of %d: %q", size, got)
				}
				if got := pagesV1(t, w, tt.prefix, tt.delimiter, tt.after, size); strings.Join(got, " ") != tt.want {
					t.Errorf("ListObjects in pages of %d: %q", size, got)
				}
			}
		})
	}
}

// fataler is what testing.T and rapid.T share.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func pagesV2(tb testing.TB, w *world, prefix, delimiter, after string, size int32) []string {
	tb.Helper()
	return pagesOf(tb, w, prefix, delimiter, after, size)
}

func pagesOf(t fataler, w *world, prefix, delimiter, after string, size int32) []string {
	t.Helper()
	in := &s3.ListObjectsV2Input{Bucket: aws.String("bucket"), Prefix: &prefix, Delimiter: &delimiter, StartAfter: &after, MaxKeys: &size}
	var all []string
	for {
		out, err := w.ListObjectsV2(noContext, in)
		if err != nil {
			t.Fatalf("ListObjectsV2: %v", err)
		}
		page := entries(out.Contents, out.CommonPrefixes)
		if int(*out.KeyCount) != len(page) || len(page) > int(size) || *out.IsTruncated != (out.NextContinuationToken != nil) ||
			*out.IsTruncated && len(page) != int(size) {
			t.Fatalf("page %q of %d, count %d, truncated %v", page, size, *out.KeyCount, *out.IsTruncated)
		}
		all = append(all, page...)
		if in.ContinuationToken = out.NextContinuationToken; in.ContinuationToken == nil {
			return all
		}
	}
}

func pagesV1(tb testing.TB, w *world, prefix, delimiter, after string, size int32) []string {
	tb.Helper()
	in := &s3.ListObjectsInput{Bucket: aws.String("bucket"), Prefix: &prefix, Delimiter: &delimiter, Marker: &after, MaxKeys: &size}
	var all []string
	for {
		out := must(w.ListObjects(noContext, in))(tb)
		all = append(all, entries(out.Contents, out.CommonPrefixes)...)
		if !*out.IsTruncated {
			return all
		}
		if (out.NextMarker != nil) != (delimiter != "") {
			tb.Fatalf("NextMarker %v with delimiter %q", out.NextMarker, delimiter)
		}
		if in.Marker = out.NextMarker; in.Marker == nil {
			in.Marker = out.Contents[len(out.Contents)-1].Key
		}
	}
}

func TestListEdges(t *testing.T) {
	w, ctx, name := newBucket(t, ""), t.Context(), aws.String("bucket")
	w.put(t, "a b+c/d&é", "x")
	w.put(t, "k", "x")
	none := must(w.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: name, MaxKeys: aws.Int32(0)}))(t)
	if len(none.Contents) != 0 || *none.IsTruncated || *none.KeyCount != 0 {
		t.Errorf("MaxKeys 0: %+v", none)
	}
	many := must(w.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: name, MaxKeys: aws.Int32(5000), FetchOwner: aws.Bool(true)}))(t)
	if *many.MaxKeys != 1000 || *many.KeyCount != 2 || many.Contents[0].Owner == nil || many.Contents[0].StorageClass != "STANDARD" {
		t.Errorf("MaxKeys 5000: %+v", many)
	}
	encoded := must(w.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: name, Prefix: aws.String("a b"), EncodingType: types.EncodingTypeUrl}))(t)
	if *encoded.Contents[0].Key != "a+b%2Bc/d%26%C3%A9" || *encoded.Prefix != "a+b" {
		t.Errorf("encoded %s, %s", *encoded.Contents[0].Key, *encoded.Prefix)
	}
	if back, err := url.QueryUnescape(*encoded.Contents[0].Key); err != nil || back != "a b+c/d&é" {
		t.Errorf("decoded %s %v", back, err)
	}
	_, err := w.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: name, MaxKeys: aws.Int32(-1)})
	wantError(t, err, "InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647")
	_, err = w.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: name, ContinuationToken: aws.String("")})
	wantError(t, err, "InvalidArgument", "The continuation token provided is incorrect")
}

// Listings of random keys, in versioned buckets with deletions, against the
// plain definition of a listing over a set.
func TestListModel(t *testing.T) {
	w := newBucket(t, types.BucketVersioningStatusEnabled)
	piece := rapid.SampledFrom([]string{"a", "b", "/", "//", "é", "\x01", "\x00", "\U0001F98B", "~"})
	text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 5).Draw(t, "pieces"), "") })
	model := map[string]bool{}
	rapid.Check(t, func(rt *rapid.T) {
		for _, key := range rapid.SliceOfN(text, 0, 8).Draw(rt, "keys") {
			if key == "" {
				continue
			}
			if rapid.Bool().Draw(rt, "put") {
				w.put(t, key, "x")
				model[key] = true
			} else {
				w.remove1(t, key, "")
				delete(model, key)
			}
		}
		prefix, after := text.Draw(rt, "prefix"), text.Draw(rt, "after")
		delimiter := rapid.SampledFrom([]string{"", "/", "a", "//"}).Draw(rt, "delimiter")
		size := rapid.Int32Range(1, 40).Draw(rt, "size")
		want := modelListing(model, prefix, delimiter, after)
		if got := pagesOf(rt, w, prefix, delimiter, after, size); !slices.Equal(got, want) {
			rt.Fatalf("prefix %q delimiter %q after %q size %d:\n got %q\nwant %q", prefix, delimiter, after, size, got, want)
		}
	})
}

func modelListing(keys map[string]bool, prefix, delimiter, after string) []string {
	set := map[string]bool{}
	skipped, inside := "", false
	if strings.HasPrefix(after, prefix) {
		skipped, inside = commonPrefix(after, prefix, delimiter)
	}
	for key := range keys {
		if !strings.HasPrefix(key, prefix) || key <= after {
			continue
		}
		if p, ok := commonPrefix(key, prefix, delimiter); ok {
			key = p
		}
		if !inside || key != skipped {
			set[key] = true
		}
	}
	var list []string
	for key := range set {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}

// Versions in pages of any size are the versions in one page.
func TestListVersionsInPages(t *testing.T) {
	w := newBucket(t, types.BucketVersioningStatusEnabled)
	for i := range 30 {
		key := fmt.Sprintf("%c/%d", 'a'+i%4, i%3)
		w.put(t, key, "x")
		if i%5 == 0 {
			w.remove1(t, key, "")
		}
	}
	for _, delimiter := range []string{"", "/"} {
		want := versionPages(t, w, delimiter, 1000)
		if len(want) != map[string]int{"": 36, "/": 4}[delimiter] {
			t.Fatalf("%d entries: %q", len(want), want)
		}
		for size := int32(1); size < 40; size += 3 {
			if got := versionPages(t, w, delimiter, size); !slices.Equal(got, want) {
				t.Errorf("in pages of %d: %q, want %q", size, got, want)
			}
		}
	}
}

func versionPages(tb testing.TB, w *world, delimiter string, size int32) []string {
	tb.Helper()
	in := &s3.ListObjectVersionsInput{Bucket: aws.String("bucket"), Delimiter: &delimiter, MaxKeys: &size}
	var all []string
	for {
		out := must(w.ListObjectVersions(noContext, in))(tb)
		for _, v := range out.Versions {
			all = append(all, fmt.Sprint(*v.Key, *v.VersionId, *v.IsLatest))
		}
		for _, m := range out.DeleteMarkers {
			all = append(all, fmt.Sprint("!", *m.Key, *m.VersionId, *m.IsLatest))
		}
		for _, p := range out.CommonPrefixes {
			all = append(all, *p.Prefix)
		}
		if in.KeyMarker, in.VersionIdMarker = out.NextKeyMarker, out.NextVersionIdMarker; !*out.IsTruncated {
			slices.Sort(all)
			return all
		}
	}
}

func BenchmarkListPage(b *testing.B) {
	for _, versions := range []int{1, 5} {
		b.Run(fmt.Sprintf("%d keys, %d versions", 100_000/versions, versions), func(b *testing.B) {
			w := newBucket(b, types.BucketVersioningStatusEnabled)
			id := w.put(b, "model", "x")
			model := must(w.find("bucket", "model", id))(b).Value
			for i := range 100_000 / versions {
				for v := range versions {
					row := keyPrefix("bucket", fmt.Sprintf("folder-%03d/key-%06d", i%100, i)) + newestFirst(uint64(10*i+v))
					if err := w.versions.Put(row, model); err != nil {
						b.Fatal(err)
					}
				}
			}
			for name, in := range map[string]*s3.ListObjectsV2Input{
				"keys": {}, "folders": {Delimiter: aws.String("/")}, "the last keys": {StartAfter: aws.String("folder-098/")},
			} {
				in.Bucket = aws.String("bucket")
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						must(w.ListObjectsV2(noContext, in))(b)
					}
				})
			}
		})
	}
}

func BenchmarkListBuckets(b *testing.B) {
	w := newWorld(b, usEast1)
	for i := range 1000 {
		must(w.CreateBucket(b.Context(), &s3.CreateBucketInput{Bucket: aws.String(fmt.Sprintf("bucket-%04d", i))}))(b)
	}
	for b.Loop() {
		must(w.ListBuckets(noContext, &s3.ListBucketsInput{}))(b)
	}
}
