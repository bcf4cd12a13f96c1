package s3

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestBucketNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"abc": true, "a.b-c": true, "my-bucket-123": true, strings.Repeat("a", 63): true,
		"ab": false, strings.Repeat("a", 64): false, "Abc": false, "a_b": false, "-abc": false, "abc-": false, ".abc": false,
		"a..b": false, "192.168.5.4": false, "xn--abc": false, "sthree-abc": false, "abc-s3alias": false, "abc--ol-s3": false,
		"../../etc/passwd": false, "a/b": false, "": false,
	} {
		if got := validBucketName(name); got != ok {
			t.Errorf("validBucketName(%q) = %v", name, got)
		}
	}
}

func TestCreateBucketRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, region string
		in           s3.CreateBucketInput
		code, words  string
	}{
		{"name", usEast1, s3.CreateBucketInput{Bucket: aws.String("No")}, "InvalidBucketName", "The specified bucket is not valid."},
		{
			"elsewhere", usEast1,
			s3.CreateBucketInput{CreateBucketConfiguration: located("eu-west-1")},
			"IllegalLocationConstraintException", "The eu-west-1 location constraint is incompatible",
		},
		{
			"us-east-1 named", usEast1,
			s3.CreateBucketInput{CreateBucketConfiguration: located(usEast1)},
			"InvalidLocationConstraint", "The specified location-constraint is not valid",
		},
		{
			"unspecified", "eu-west-1",
			s3.CreateBucketInput{},
			"IllegalLocationConstraintException",
			"The unspecified location constraint is incompatible",
		},
		{
			"acl", usEast1,
			s3.CreateBucketInput{ACL: types.BucketCannedACLPublicRead},
			"InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set",
		},
		{"object lock", usEast1, s3.CreateBucketInput{ObjectLockEnabledForBucket: aws.Bool(true)}, "NotImplemented", "not implemented"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.region)
			if tt.in.Bucket == nil {
				tt.in.Bucket = aws.String("bucket")
			}
			_, err := w.CreateBucket(t.Context(), &tt.in)
			wantError(t, err, tt.code, tt.words)
		})
	}
}

func located(region string) *types.CreateBucketConfiguration {
	return &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
}

func TestCreateBucketAgain(t *testing.T) {
	t.Run("us-east-1 changes nothing", func(t *testing.T) {
		w := newBucket(t, types.BucketVersioningStatusEnabled)
		must(w.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bucket")}))(t)
		out := must(w.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: aws.String("bucket")}))(t)
		if out.Status != types.BucketVersioningStatusEnabled {
			t.Errorf("versioning is %q after the second CreateBucket", out.Status)
		}
	})
	t.Run("elsewhere is an error", func(t *testing.T) {
		w := newWorld(t, "eu-west-1")
		in := &s3.CreateBucketInput{Bucket: aws.String("bucket"), CreateBucketConfiguration: located("eu-west-1")}
		out := must(w.CreateBucket(t.Context(), in))(t)
		if *out.BucketArn != "arn:aws:s3:::bucket" {
			t.Errorf("ARN %s", *out.BucketArn)
		}
		_, err := w.CreateBucket(t.Context(), in)
		wantError(t, err, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded")
		where := must(w.GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: aws.String("bucket")}))(t)
		if where.LocationConstraint != "eu-west-1" {
			t.Errorf("location %q", where.LocationConstraint)
		}
	})
}

// gofakes3's assumptions 6 and 7: what asks for a missing bucket's settings gets NoSuchBucket.
func TestMissingBucket(t *testing.T) {
	w, name := newWorld(t, usEast1), aws.String("missing")
	_, err := w.GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: name})
	wantError(t, err, "NoSuchBucket", "The specified bucket does not exist")
	_, err = w.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: name})
	wantError(t, err, "NoSuchBucket", "The specified bucket does not exist")
	_, err = w.PutObject(t.Context(), &s3.PutObjectInput{Bucket: name, Key: aws.String("k"), Body: strings.NewReader("x")})
	wantError(t, err, "NoSuchBucket", "The specified bucket does not exist")
	_, err = w.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("Not_Valid")})
	wantError(t, err, "InvalidBucketName", "The specified bucket is not valid.")
	_, err = w.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: name})
	wantError(t, err, "NotFound", "Not Found")
	if n := w.fileCount(t); n != 0 {
		t.Errorf("%d files left by a refused upload", n)
	}
}

func TestDeleteBucketNotEmpty(t *testing.T) {
	w := newBucket(t, types.BucketVersioningStatusEnabled)
	in := &s3.DeleteBucketInput{Bucket: aws.String("bucket")}
	id := w.put(t, "k", "x")
	marker := w.remove1(t, "k", "")
	_, err := w.DeleteBucket(t.Context(), in)
	wantError(t, err, "BucketNotEmpty", "The bucket you tried to delete is not empty. You must delete all versions in the bucket.")
	w.remove1(t, "k", id)
	_, err = w.DeleteBucket(t.Context(), in)
	wantError(t, err, "BucketNotEmpty", "not empty") // the delete marker counts
	w.remove1(t, "k", *marker.VersionId)
	must(w.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("bucket"), Key: aws.String("k")}))(t)
	must(w.DeleteBucket(t.Context(), in))(t)
	_, err = w.DeleteBucket(t.Context(), in)
	wantError(t, err, "NoSuchBucket", "does not exist")
	if n := w.fileCount(t); n != 0 {
		t.Errorf("%d files left", n)
	}
}

func TestListBuckets(t *testing.T) {
	w := newWorld(t, usEast1)
	for _, name := range []string{"bbb", "aaa", "abc", "ccc"} {
		must(w.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}))(t)
	}
	if got := names(must(w.ListBuckets(t.Context(), &s3.ListBucketsInput{}))(t)); got != "aaa abc bbb ccc" {
		t.Errorf("all: %s", got)
	}
	if got := names(must(w.ListBuckets(t.Context(), &s3.ListBucketsInput{Prefix: aws.String("a")}))(t)); got != "aaa abc" {
		t.Errorf("with prefix: %s", got)
	}
	var pages []string
	in := &s3.ListBucketsInput{MaxBuckets: aws.Int32(2)}
	for {
		out := must(w.ListBuckets(t.Context(), in))(t)
		pages = append(pages, names(out))
		if in.ContinuationToken = out.ContinuationToken; in.ContinuationToken == nil {
			break
		}
	}
	if !slices.Equal(pages, []string{"aaa abc", "bbb ccc"}) {
		t.Errorf("pages: %q", pages)
	}
	_, err := w.ListBuckets(t.Context(), &s3.ListBucketsInput{ContinuationToken: aws.String("nonsense")})
	wantError(t, err, "InvalidArgument", "The continuation token provided is incorrect")
}

func names(out *s3.ListBucketsOutput) string {
	var list []string
	for _, b := range out.Buckets {
		list = append(list, *b.Name)
	}
	return strings.Join(list, " ")
}

func TestExpectedBucketOwner(t *testing.T) {
	w, name, other, key := newBucket(t, ""), aws.String("bucket"), aws.String("999999999999"), aws.String("k")
	w.put(t, "k", "x")
	ctx := t.Context()
	calls := map[string]func() error{
		"GetObject": func() error {
			_, err := w.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: key, ExpectedBucketOwner: other})
			return err
		},
		"HeadBucket": func() error {
			_, err := w.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: name, ExpectedBucketOwner: other})
			return err
		},
		"PutObject": func() error {
			_, err := w.PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: key, ExpectedBucketOwner: other})
			return err
		},
		"DeleteObject": func() error {
			_, err := w.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: name, Key: key, ExpectedBucketOwner: other})
			return err
		},
		"DeleteObjects": func() error {
			_, err := w.DeleteObjects(ctx, &s3.DeleteObjectsInput{
				Bucket: name, ExpectedBucketOwner: other, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: key}}},
			})
			return err
		},
		"DeleteBucket": func() error {
			_, err := w.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: name, ExpectedBucketOwner: other})
			return err
		},
		"PutBucketVersioning": func() error {
			_, err := w.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
				Bucket: name, ExpectedBucketOwner: other, VersioningConfiguration: &types.VersioningConfiguration{Status: "Enabled"},
			})
			return err
		},
		"copy from": func() error {
			_, err := w.CopyObject(ctx, &s3.CopyObjectInput{
				Bucket: name, Key: aws.String("copy"), CopySource: aws.String("bucket/k"), ExpectedSourceBucketOwner: other,
			})
			return err
		},
	}
	for call, do := range calls {
		t.Run(call, func(t *testing.T) { wantError(t, do(), "AccessDenied", "Access Denied") })
	}
	if got := w.get(t, "k", ""); got != "x" {
		t.Errorf("the object is %q afterwards", got)
	}
	must(w.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: name, ExpectedBucketOwner: aws.String(account)}))(t)
}
