package s3

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// listing is ListObjectVersions in short: "key=id" per version, "!" before a
// delete marker and "*" after the newest of a key; ids are replaced by their names.
func (w *world) listing(tb testing.TB, names map[string]string) string {
	tb.Helper()
	out := must(w.ListObjectVersions(tb.Context(), &s3.ListObjectVersionsInput{Bucket: aws.String("bucket")}))(tb)
	name := func(id string) string {
		if n, ok := names[id]; ok {
			return n
		}
		return id
	}
	latest := map[bool]string{true: "*"}
	var list []string
	for _, v := range out.Versions {
		list = append(list, *v.Key+"="+name(*v.VersionId)+latest[*v.IsLatest])
	}
	for _, m := range out.DeleteMarkers {
		list = append(list, "!"+*m.Key+"="+name(*m.VersionId)+latest[*m.IsLatest])
	}
	return strings.Join(list, " ")
}

func TestVersions(t *testing.T) {
	w := newBucket(t, types.BucketVersioningStatusEnabled)
	one, two := w.put(t, "k", "one"), w.put(t, "k", "two")
	if len(one) != 32 || one == two {
		t.Errorf("version ids %q, %q", one, two)
	}
	marker := w.remove1(t, "k", "")
	if !*marker.DeleteMarker || *marker.VersionId == "" {
		t.Errorf("DeleteObject answers %+v", marker)
	}
	names := map[string]string{one: "1", two: "2", *marker.VersionId: "m"}
	if got := w.listing(t, names); got != "k=2 k=1 !k=m*" {
		t.Errorf("versions %s", got)
	}
	for id, want := range map[string]string{
		"": "NoSuchKey", one: "one", two: "two", *marker.VersionId: "MethodNotAllowed", newID(99): "NoSuchVersion", "junk": "InvalidArgument", "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD": "InvalidArgument",
		"null": "NoSuchVersion",
	} {
		if got := w.get(t, "k", id); got != want {
			t.Errorf("version %q (%s): %s, want %s", id, names[id], got, want)
		}
	}
	undone := w.remove1(t, "k", *marker.VersionId)
	if !*undone.DeleteMarker || *undone.VersionId != *marker.VersionId {
		t.Errorf("deleting the marker answers %+v", undone)
	}
	if got := w.get(t, "k", ""); got != "two" {
		t.Errorf("after the marker is gone: %s", got)
	}
	gone := w.remove1(t, "k", two)
	if gone.DeleteMarker != nil || *gone.VersionId != two || w.get(t, "k", "") != "one" || w.fileCount(t) != 1 {
		t.Errorf("after the newest is gone: %+v, %s, %d files", gone, w.get(t, "k", ""), w.fileCount(t))
	}
}

func TestDeleteMarkerHeaders(t *testing.T) {
	w := newBucket(t, types.BucketVersioningStatusEnabled)
	w.put(t, "k", "x")
	id := *w.remove1(t, "k", "").VersionId
	_, err := w.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k")})
	wantError(t, err, "NotFound", "Not Found")
	marker, ok := err.(*markerError) //nolint:errorlint // the error itself is what the wire gets
	if !ok || marker.Header().Get("X-Amz-Delete-Marker") != "true" || marker.Header().Get("X-Amz-Version-Id") != id {
		t.Errorf("error %#v", err)
	}
	_, err = w.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k"), VersionId: &id})
	wantError(t, err, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	if marker, ok := err.(*markerError); !ok || marker.Header().Get("Allow") != "DELETE" { //nolint:errorlint // as above
		t.Errorf("error %#v", err)
	}
}

func TestUnversioned(t *testing.T) {
	w := newBucket(t, "")
	if id := w.put(t, "k", "one"); id != "" {
		t.Errorf("version id %q", id)
	}
	w.put(t, "k", "two")
	if got := w.get(t, "k", "null"); got != "two" {
		t.Errorf("the null version is %s", got)
	}
	// gofakes3's assumption 5: a bucket that was never versioned lists its null versions.
	if got := w.listing(t, nil); got != "k=null*" || w.fileCount(t) != 1 {
		t.Errorf("versions %s, %d files", got, w.fileCount(t))
	}
	out := w.remove1(t, "k", "")
	if out.DeleteMarker != nil || out.VersionId != nil || w.get(t, "k", "") != "NoSuchKey" || w.fileCount(t) != 0 {
		t.Errorf("after deletion: %+v, %s, %d files", out, w.get(t, "k", ""), w.fileCount(t))
	}
	w.remove1(t, "k", "") // what is not there is no error
}

func TestSuspendedVersioning(t *testing.T) {
	w := newBucket(t, "")
	w.put(t, "k", "null 1")
	w.versioning(t, types.BucketVersioningStatusEnabled)
	one := w.put(t, "k", "one")
	names := map[string]string{one: "1"}
	w.versioning(t, types.BucketVersioningStatusSuspended)
	if got := w.listing(t, names); got != "k=1* k=null" {
		t.Errorf("at first %s", got)
	}
	if id := w.put(t, "k", "null 2"); id != "null" {
		t.Errorf("id %q", id)
	}
	if got := w.listing(t, names); got != "k=null* k=1" || w.get(t, "k", "null") != "null 2" || w.fileCount(t) != 2 {
		t.Errorf("after a put: %s, %d files", got, w.fileCount(t))
	}
	// gofakes3's assumption 1: versions stay readable.
	if got := w.get(t, "k", one); got != "one" {
		t.Errorf("the version is %s", got)
	}
	if out := w.remove1(t, "k", ""); !*out.DeleteMarker || *out.VersionId != "null" {
		t.Errorf("DeleteObject answers %+v", out)
	}
	if got := w.listing(t, names); got != "k=1 !k=null*" || w.fileCount(t) != 1 {
		t.Errorf("after a delete: %s, %d files", got, w.fileCount(t))
	}
	w.put(t, "k", "null 3")
	if got := w.listing(t, names); got != "k=null* k=1" {
		t.Errorf("after another put: %s", got)
	}
}

// gofakes3's assumptions 2 and 3: deleting a version that is gone is no error,
// whether its key has others or not.
func TestDeleteMissingVersion(t *testing.T) {
	w := newBucket(t, types.BucketVersioningStatusEnabled)
	one, two := w.put(t, "k", "one"), w.put(t, "k", "two")
	w.remove1(t, "k", one)
	w.remove1(t, "k", one)
	w.remove1(t, "k", two)
	w.remove1(t, "k", two)
	if got := w.listing(t, nil); got != "" {
		t.Errorf("versions %s", got)
	}
}

// gofakes3's assumption 4.
func TestVersionMarkers(t *testing.T) {
	w, ctx := newBucket(t, types.BucketVersioningStatusEnabled), t.Context()
	for _, key := range []string{"a", "a", "b", "b"} {
		w.put(t, key, "x")
	}
	list := func(key, id *string) (*s3.ListObjectVersionsOutput, error) {
		return w.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: aws.String("bucket"), MaxKeys: aws.Int32(1), KeyMarker: key, VersionIdMarker: id})
	}
	first := must(list(nil, nil))(t)
	if !*first.IsTruncated || *first.NextKeyMarker != "a" || *first.NextVersionIdMarker != *first.Versions[0].VersionId {
		t.Errorf("first page %+v", first)
	}
	_, err := list(nil, first.NextVersionIdMarker)
	wantError(t, err, "InvalidArgument", "A version-id marker cannot be specified without a key marker.")
	_, err = list(first.NextKeyMarker, aws.String(""))
	wantError(t, err, "InvalidArgument", "A version-id marker cannot be empty.")
	if again := must(list(aws.String(""), first.NextVersionIdMarker))(t); *again.Versions[0].VersionId != *first.Versions[0].VersionId {
		t.Error("an empty key marker does not start from the start")
	}
	if next := must(list(first.NextKeyMarker, nil))(t); *next.Versions[0].Key != "b" || !*next.Versions[0].IsLatest {
		t.Errorf("after a key alone: %s", *next.Versions[0].Key)
	}
	second := must(list(first.NextKeyMarker, first.NextVersionIdMarker))(t)
	if *second.Versions[0].Key != "a" || *second.Versions[0].IsLatest {
		t.Errorf("second page: %+v", second.Versions[0])
	}
	w.remove1(t, "a", *first.Versions[0].VersionId) // as a teardown does between pages
	second = must(list(first.NextKeyMarker, first.NextVersionIdMarker))(t)
	if *second.Versions[0].Key != "a" || !*second.Versions[0].IsLatest {
		t.Errorf("second page after a deletion: %+v", second.Versions[0])
	}
}

// gofakes3's assumptions 8 and 9: listings hide deleted objects, and a batch deletes versions.
func TestDeleteObjects(t *testing.T) {
	w, ctx, name := newBucket(t, types.BucketVersioningStatusEnabled), t.Context(), aws.String("bucket")
	ids := []string{w.put(t, "a", "1"), w.put(t, "a", "2"), w.put(t, "b", "1"), w.put(t, "b", "2")}
	remove := func(quiet bool, objects ...types.ObjectIdentifier) *s3.DeleteObjectsOutput {
		t.Helper()
		return must(w.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: name, Delete: &types.Delete{Objects: objects, Quiet: &quiet}}))(t)
	}
	out := remove(false, types.ObjectIdentifier{Key: aws.String("a")}, types.ObjectIdentifier{Key: aws.String("b"), VersionId: aws.String("junk")})
	if len(out.Deleted) != 1 || !*out.Deleted[0].DeleteMarker || len(out.Errors) != 1 || *out.Errors[0].Code != "NoSuchVersion" {
		t.Fatalf("answer %+v", out)
	}
	if page := must(w.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: name}))(t); len(page.Contents) != 1 || *page.Contents[0].Key != "b" {
		t.Errorf("listing %+v", page.Contents)
	}
	var all []types.ObjectIdentifier
	for i, id := range append(ids, *out.Deleted[0].DeleteMarkerVersionId) {
		all = append(all, types.ObjectIdentifier{Key: aws.String([]string{"a", "a", "b", "b", "a"}[i]), VersionId: &id})
	}
	if out := remove(true, all...); len(out.Deleted)+len(out.Errors) != 0 {
		t.Errorf("a quiet answer %+v", out)
	}
	if got := w.listing(t, nil); got != "" || w.fileCount(t) != 0 {
		t.Errorf("versions %s, %d files", got, w.fileCount(t))
	}
	_, err := w.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: name, Delete: &types.Delete{Objects: make([]types.ObjectIdentifier, 1001)}})
	wantError(t, err, "MalformedXML", "The XML you provided")
}
