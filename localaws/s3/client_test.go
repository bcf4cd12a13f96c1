package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"pgregory.net/rapid"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire/wiretest"
)

// statuses are those of "Error responses" in the S3 API reference, for every
// code that this service answers with.
var statuses = map[string]int{
	"AccessControlListNotSupported":           http.StatusBadRequest,
	"AccessDenied":                            http.StatusForbidden,
	"BadDigest":                               http.StatusBadRequest,
	"BadRequest":                              http.StatusBadRequest,
	"BucketAlreadyExists":                     http.StatusConflict,
	"BucketAlreadyOwnedByYou":                 http.StatusConflict,
	"BucketNotEmpty":                          http.StatusConflict,
	"EntityTooLarge":                          http.StatusBadRequest,
	"EntityTooSmall":                          http.StatusBadRequest,
	"IllegalLocationConstraintException":      http.StatusBadRequest,
	"IllegalVersioningConfigurationException": http.StatusBadRequest,
	"IncompleteBody":                          http.StatusBadRequest,
	"InvalidArgument":                         http.StatusBadRequest,
	"InvalidBucketAclWithObjectOwnership":     http.StatusBadRequest,
	"InvalidBucketName":                       http.StatusBadRequest,
	"InvalidDigest":                           http.StatusBadRequest,
	"InvalidLocationConstraint":               http.StatusBadRequest,
	"InvalidPart":                             http.StatusBadRequest,
	"InvalidPartNumber":                       http.StatusRequestedRangeNotSatisfiable,
	"InvalidPartOrder":                        http.StatusBadRequest,
	"InvalidRange":                            http.StatusRequestedRangeNotSatisfiable,
	"InvalidRequest":                          http.StatusBadRequest,
	"InvalidStorageClass":                     http.StatusBadRequest,
	"InvalidTag":                              http.StatusBadRequest,
	"InvalidURI":                              http.StatusBadRequest,
	"KeyTooLongError":                         http.StatusBadRequest,
	"MalformedPolicy":                         http.StatusBadRequest,
	"MalformedXML":                            http.StatusBadRequest,
	"MetadataTooLarge":                        http.StatusBadRequest,
	"MethodNotAllowed":                        http.StatusMethodNotAllowed,
	"MissingSecurityHeader":                   http.StatusBadRequest,
	"NoSuchBucket":                            http.StatusNotFound,
	"NoSuchCORSConfiguration":                 http.StatusNotFound,
	"NoSuchWebsiteConfiguration":              http.StatusNotFound,
	"ObjectLockConfigurationNotFoundError":    http.StatusNotFound,
	"ReplicationConfigurationNotFoundError":   http.StatusNotFound,
	"NoSuchBucketPolicy":                      http.StatusNotFound,
	"NoSuchKey":                               http.StatusNotFound,
	"NoSuchLifecycleConfiguration":            http.StatusNotFound,
	"NoSuchPublicAccessBlockConfiguration":    http.StatusNotFound,
	"NoSuchTagSet":                            http.StatusNotFound,
	"NoSuchUpload":                            http.StatusNotFound,
	"NoSuchVersion":                           http.StatusNotFound,
	"NotFound":                                http.StatusNotFound,
	"NotImplemented":                          http.StatusNotImplemented,
	"NotModified":                             http.StatusNotModified,
	"OperationAborted":                        http.StatusConflict,
	"OwnershipControlsNotFoundError":          http.StatusNotFound,
	"PreconditionFailed":                      http.StatusPreconditionFailed,
	"ServerSideEncryptionConfigurationNotFoundError": http.StatusNotFound,
}

type rootKey struct{}

func (rootKey) Key(id string) (identity.Key, bool) {
	return identity.Key{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret", Principal: identity.Principal{
		ARN: "arn:aws:iam::" + account + ":root", Account: account,
	}}, id == "AKIAEXAMPLE"
}

// client serves the world, over TLS or not, and returns the SDK's client for it.
func (w *world) client(tb testing.TB, tls bool) *s3.Client {
	tb.Helper()
	return serve(tb, tls, w.env(nil, usEast1).Region, w.Operations())
}

func serve(tb testing.TB, tls bool, region string, operations []wire.Operation) *s3.Client {
	tb.Helper()
	server := httptest.NewUnstartedServer(nil)
	host := server.Listener.Addr().String()
	handler, err := wire.New(wire.Config{
		Account: account, Region: region, Keys: rootKey{}, Hosts: func() []string { return []string{host} },
	}, wire.Service{Name: "s3", Operations: operations})
	if err != nil {
		tb.Fatal(err)
	}
	server.Config.Handler = handler
	if tls {
		server.StartTLS()
	} else {
		server.Start()
	}
	tb.Cleanup(server.Close)
	return s3.NewFromConfig(aws.Config{
		Region: region, BaseEndpoint: &server.URL, HTTPClient: wiretest.PlainBodies{Client: server.Client()},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
		RetryMaxAttempts: 1,
	})
}

func TestStatuses(t *testing.T) {
	var code string
	client := serve(t, false, usEast1, []wire.Operation{wire.Op("GetBucketPolicy", "s3:GetBucketPolicy", nil,
		func(context.Context, *s3.GetBucketPolicyInput) (*s3.GetBucketPolicyOutput, error) {
			return nil, fail(code, "words")
		})})
	for _, code = range slices.Sorted(maps.Keys(statuses)) {
		_, err := client.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String("bucket")})
		answer, ok := errors.AsType[*awshttp.ResponseError](err)
		if !ok || answer.HTTPStatusCode() != statuses[code] {
			t.Errorf("%s: %v, want status %d", code, err, statuses[code])
		}
	}
}

func TestClientRoundTrip(t *testing.T) {
	for _, tls := range []bool{false, true} { // plain bodies with a header, chunked bodies with a trailer
		t.Run(fmt.Sprintf("tls %v", tls), func(t *testing.T) {
			w, ctx := newBucket(t, types.BucketVersioningStatusEnabled), t.Context()
			c, name := w.client(t, tls), aws.String("bucket")
			body := make([]byte, 300_000)
			_, _ = rand.Read(body)
			for _, alg := range []types.ChecksumAlgorithm{"", "CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"} {
				key := aws.String("a/../b//é &+?#%41 " + string(alg))
				put := must(c.PutObject(ctx, &s3.PutObjectInput{
					Bucket: name, Key: key, Body: bytes.NewReader(body), ChecksumAlgorithm: alg, Metadata: map[string]string{"commit": "abc"},
					Tagging: aws.String("a=1"), ContentType: aws.String("x/y"),
				}))(t)
				if want, err := checksumOf(put); err != nil || alg != "" && want.Algorithm != alg || want.Value == "" || *put.VersionId == "" {
					t.Errorf("%q: PutObject answers %+v, %v", alg, put, err)
				}
				got := must(c.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: key, ChecksumMode: types.ChecksumModeEnabled}))(t)
				if readAll(t, got.Body) != string(body) || got.Metadata["commit"] != "abc" || *got.ContentType != "x/y" || *got.TagCount != 1 {
					t.Errorf("%q: GetObject answers %+v", alg, got)
				}
			}
			if out := must(c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: name}))(t); len(out.Contents) != 6 || !strings.HasPrefix(*out.Contents[0].Key, "a/../b//é &+?#%41 ") {
				t.Errorf("listing %+v", out.Contents)
			}
			_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: aws.String("k"), Body: strings.NewReader("x"), ChecksumCRC32: aws.String("AAAAAA==")})
			if err == nil || codeOf(err) != "BadDigest" {
				t.Errorf("a wrong checksum: %v", err)
			}
		})
	}
}

func TestClientAnswers(t *testing.T) {
	w, ctx := newBucket(t, types.BucketVersioningStatusEnabled), t.Context()
	c, name, key := w.client(t, false), aws.String("bucket"), aws.String("k")
	w.put(t, "k", "0123456789")
	part := must(c.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: key, Range: aws.String("bytes=2-4")}))(t)
	if readAll(t, part.Body) != "234" || *part.ContentRange != "bytes 2-4/10" {
		t.Errorf("range %+v", part)
	}
	head := must(c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: name, Key: key}))(t)
	if *head.ContentLength != 10 {
		t.Errorf("HeadObject answers %+v", head)
	}
	for words, call := range map[string]func() error{
		"StatusCode: 304": func() error {
			_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: key, IfNoneMatch: head.ETag})
			return err
		},
		"StatusCode: 416": func() error {
			_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: key, Range: aws.String("bytes=10-")})
			return err
		},
		"NoSuchKey": func() error {
			_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: aws.String("none")})
			return err
		},
		"NotFound": func() error {
			_, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: name, Key: aws.String("none")})
			return err
		},
		"StatusCode: 403": func() error {
			_, err := c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: name, ExpectedBucketOwner: aws.String("999999999999")})
			return err
		},
		"NoSuchBucket": func() error {
			_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("missing")})
			return err
		},
		"A version-id marker cannot be empty.": func() error {
			_, err := c.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: name, KeyMarker: key, VersionIdMarker: aws.String("")})
			return err
		},
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %s", err, words)
		}
	}
	deleted := must(c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: name, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: key}}}}))(t)
	if len(deleted.Deleted) != 1 || !*deleted.Deleted[0].DeleteMarker {
		t.Errorf("DeleteObjects answers %+v", deleted)
	}
	_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: key})
	answer, ok := errors.AsType[*awshttp.ResponseError](err)
	if !ok || answer.HTTPStatusCode() != http.StatusNotFound || answer.Response.Header.Get("X-Amz-Delete-Marker") != "true" {
		t.Errorf("a key whose newest version is a delete marker: %v", err)
	}
}

func TestPresignedGet(t *testing.T) {
	w := newBucket(t, "")
	c := w.client(t, false)
	w.put(t, "a b/é", "hello")
	signed := must(s3.NewPresignClient(c).PresignGetObject(t.Context(), &s3.GetObjectInput{
		Bucket: aws.String("bucket"), Key: aws.String("a b/é"), ResponseContentType: aws.String("x/y"),
	}))(t)
	for url, status := range map[string]int{signed.URL: http.StatusOK, strings.Replace(signed.URL, "x%2Fy", "x%2Fz", 1): http.StatusForbidden} {
		request := must(http.NewRequestWithContext(t.Context(), signed.Method, url, nil))(t)
		answer := must(http.DefaultClient.Do(request))(t)
		body := readAll(t, answer.Body)
		if answer.StatusCode != status || (status == http.StatusOK) != (body == "hello") {
			t.Errorf("%s: status %d, body %s", url, answer.StatusCode, body)
		}
		if status == http.StatusOK && answer.Header.Get("Content-Type") != "x/y" {
			t.Errorf("type %s", answer.Header.Get("Content-Type"))
		}
	}
}

// An upload in parts at once, as the SDK's transfer manager does it.
func TestClientMultipart(t *testing.T) {
	for _, alg := range []types.ChecksumAlgorithm{"", "SHA256", "CRC64NVME"} {
		t.Run("algorithm "+string(alg), func(t *testing.T) {
			w, ctx := newBucket(t, ""), t.Context()
			c, name, key := w.client(t, false), aws.String("bucket"), aws.String("big")
			body := make([]byte, 2*minPartSize+1000)
			_, _ = rand.Read(body)
			up := must(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: name, Key: key, ChecksumAlgorithm: alg}))(t)
			parts := make([]types.CompletedPart, 3)
			var wg sync.WaitGroup
			for i := range parts {
				wg.Go(func() {
					piece := body[i*minPartSize : min((i+1)*minPartSize, len(body))]
					out, err := c.UploadPart(ctx, &s3.UploadPartInput{
						Bucket: name, Key: key, UploadId: up.UploadId, PartNumber: aws.Int32(int32(i + 1)), Body: bytes.NewReader(piece), ChecksumAlgorithm: alg,
					})
					if err != nil {
						t.Error(err)
						return
					}
					parts[i] = types.CompletedPart{
						PartNumber: aws.Int32(int32(i + 1)), ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32,
						ChecksumSHA256: out.ChecksumSHA256, ChecksumCRC64NVME: out.ChecksumCRC64NVME,
					}
				})
			}
			wg.Wait()
			done := must(c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
				Bucket: name, Key: key, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
			}))(t)
			if !strings.HasSuffix(*done.ETag, "-3\"") {
				t.Errorf("ETag %s", *done.ETag)
			}
			got := must(c.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: key, ChecksumMode: types.ChecksumModeEnabled}))(t)
			if data, err := io.ReadAll(got.Body); err != nil || !bytes.Equal(data, body) {
				t.Errorf("%d bytes, %v", len(data), err)
			}
		})
	}
}

// Two hundred random keys, put, overwritten and deleted through the client,
// against a map; then emptied and deleted as a teardown does it.
func TestClientModel(t *testing.T) {
	w, ctx := newBucket(t, types.BucketVersioningStatusEnabled), t.Context()
	c, name := w.client(t, false), aws.String("bucket")
	model := map[string]string{}
	keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-c/ é+&<%\p{L}]{1,12}`), 200, 200, rapid.ID[string]).Example(1)
	for i, key := range keys {
		model[key] = fmt.Sprint("body ", i)
		w.put(t, key, "old")
		must(c.PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: &key, Body: strings.NewReader(model[key])}))(t)
		if i%7 == 0 {
			must(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: name, Key: &key}))(t)
			delete(model, key)
		}
	}
	var listed []string
	pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: name, MaxKeys: aws.Int32(9)})
	for pages.HasMorePages() {
		for _, o := range must(pages.NextPage(ctx))(t).Contents {
			listed = append(listed, *o.Key)
			got := must(c.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: o.Key}))(t)
			if body := readAll(t, got.Body); body != model[*o.Key] {
				t.Errorf("%q is %q, want %q", *o.Key, body, model[*o.Key])
			}
		}
	}
	if want := slices.Sorted(maps.Keys(model)); !slices.Equal(listed, want) {
		t.Errorf("listed %q\nwant %q", listed, want)
	}
	empty(t, c, name)
	must(c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: name}))(t)
	if n := w.fileCount(t); n != 0 {
		t.Errorf("%d files left", n)
	}
}

// empty deletes every version and delete marker, a page at a time.
func empty(tb testing.TB, c *s3.Client, name *string) {
	tb.Helper()
	pages := s3.NewListObjectVersionsPaginator(c, &s3.ListObjectVersionsInput{Bucket: name, MaxKeys: aws.Int32(50)})
	for pages.HasMorePages() {
		page := must(pages.NextPage(tb.Context()))(tb)
		var batch []types.ObjectIdentifier
		for _, v := range page.Versions {
			batch = append(batch, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, m := range page.DeleteMarkers {
			batch = append(batch, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
		}
		out := must(c.DeleteObjects(tb.Context(), &s3.DeleteObjectsInput{Bucket: name, Delete: &types.Delete{Objects: batch, Quiet: aws.Bool(true)}}))(tb)
		if len(out.Errors) > 0 {
			tb.Fatalf("not deleted: %+v", out.Errors)
		}
	}
}
