package s3

import (
	"context"
	"fmt"
	"maps"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire/wiretest"
)

// judge stands for IAM: it remembers what it was asked and denies the actions named.
type judge struct {
	mu    sync.Mutex // guards asked
	asked []policy.Access
	deny  func(policy.Access) bool
}

func (j *judge) decide(_ context.Context, _ identity.Principal, needs ...policy.Access) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.asked = append(j.asked, needs...)
	if i := slices.IndexFunc(needs, j.deny); i >= 0 {
		return fail("AccessDenied", "no "+needs[i].Action)
	}
	return nil
}

// take returns what was asked since the last time, as "action resource".
func (j *judge) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var asked []string
	for _, a := range j.asked {
		asked = append(asked, a.Action+" "+strings.Join(a.Resources, " "))
	}
	j.asked = nil
	return asked
}

// denies is a test for one action.
func denies(actions ...string) func(policy.Access) bool {
	return func(a policy.Access) bool { return slices.Contains(actions, a.Action) }
}

// judged serves a world whose requests and handlers ask the judge.
func judged(tb testing.TB, w *world, j *judge) *s3.Client {
	tb.Helper()
	w.Service.env.IAM = j.decide
	server := httptest.NewUnstartedServer(nil)
	host := server.Listener.Addr().String()
	handler, err := wire.New(wire.Config{
		Account: account, Region: usEast1, Keys: rootKey{}, Hosts: func() []string { return []string{host} }, Authorize: j.decide,
	}, wire.Service{Name: "s3", Operations: w.Operations()})
	if err != nil {
		tb.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	tb.Cleanup(server.Close)
	return s3.NewFromConfig(aws.Config{
		Region: usEast1, BaseEndpoint: &server.URL, HTTPClient: wiretest.PlainBodies{Client: server.Client()}, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
}

// TestActionsAreOnTheirResources calls every operation and holds what it asks
// of IAM against the lists of the service authorization reference.
func TestActionsAreOnTheirResources(t *testing.T) {
	w := newBucket(t, "")
	j := &judge{deny: func(policy.Access) bool { return true }}
	client := reflect.ValueOf(judged(t, w, j))
	for _, operation := range w.Operations() {
		if operation.Name == "DeleteObjects" {
			continue // asks of every key, and names what is denied in an answer of status 200
		}
		for _, id := range []string{"", "null"} {
			method := client.MethodByName(operation.Name)
			in := reflect.New(method.Type().In(1).Elem())
			fillIn(in.Elem(), id)
			out := method.Call([]reflect.Value{reflect.ValueOf(t.Context()), in})
			if err, _ := reflect.TypeAssert[error](out[1]); err == nil || !strings.Contains(err.Error(), "403") {
				t.Errorf("%s: %v, want a denial", operation.Name, err)
			}
			asked := j.take()
			if len(asked) == 0 {
				t.Errorf("%s asks nothing", operation.Name)
			}
			for _, need := range asked {
				action, resource, _ := strings.Cut(need, " ")
				list := bucketActions
				switch {
				case resource == "":
					list = otherActions
				case strings.Contains(resource, "/"):
					list = objectActions
				}
				if !slices.Contains(strings.Fields(list), strings.ToLower(strings.TrimPrefix(action, "s3:"))) {
					t.Errorf("%s asks for %s, which is no action on such a resource", operation.Name, need)
				}
			}
		}
	}
}

// fillIn gives an input the members that its operation requires, and a version where it takes one.
func fillIn(in reflect.Value, id string) {
	text := map[string]string{"Bucket": "bucket", "Key": "key", "CopySource": "bucket/source?versionId=null", "UploadId": "upload", "Policy": "{}"}
	for i := range in.NumField() {
		field, member := in.Type().Field(i), in.Field(i)
		switch value, isText := text[field.Name]; {
		case isText:
			member.Set(reflect.ValueOf(&value))
		case field.Name == "VersionId" && id != "":
			member.Set(reflect.ValueOf(&id))
		case field.Name == "PartNumber" && member.Kind() == reflect.Pointer:
			member.Set(reflect.ValueOf(aws.Int32(1)))
		case field.Name == "ObjectAttributes":
			member.Set(reflect.ValueOf([]types.ObjectAttributes{types.ObjectAttributesEtag}))
		case field.Name == "OwnershipControls":
			member.Set(reflect.ValueOf(&types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipObjectWriter}}}))
		case field.Name == "Tagging" && member.Type() == reflect.TypeFor[*types.Tagging]():
			member.Set(reflect.ValueOf(&types.Tagging{TagSet: []types.Tag{}}))
		case field.Name == "Delete":
			member.Set(reflect.ValueOf(&types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("key")}}}))
		case field.Name == "LifecycleConfiguration":
			member.Set(reflect.ValueOf(&types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{Status: types.ExpirationStatusEnabled}}}))
		case field.Name == "ServerSideEncryptionConfiguration":
			member.Set(reflect.ValueOf(defaultEncryption()))
		case member.Kind() == reflect.Pointer && member.Type().Elem().Kind() == reflect.Struct && strings.HasSuffix(field.Name, "Configuration"):
			member.Set(reflect.New(member.Type().Elem()))
		}
	}
}

// TestWhatIsAsked holds the actions and the condition keys of the requests that have more than one.
func TestWhatIsAsked(t *testing.T) {
	w, ctx, name, key := newBucket(t, types.BucketVersioningStatusEnabled), t.Context(), aws.String("bucket"), aws.String("k")
	j := &judge{deny: denies()}
	c := judged(t, w, j)
	version := aws.String(w.put(t, "k", "body"))
	must(w.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: name, Key: key, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}}}}))(t)
	const bucketName, objectName = "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/k"
	for _, tt := range []struct {
		name  string
		call  func() error
		asked []string
		keys  policy.Context // of the first
	}{
		{"a version", func() error {
			_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: key, VersionId: version})
			return err
		}, []string{"s3:GetObjectVersion " + objectName}, policy.Keys("s3:VersionId", *version, "s3:ExistingObjectTag/team", "a")},
		{"the newest", func() error {
			_, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: name, Key: key})
			return err
		}, []string{"s3:GetObject " + objectName}, policy.Keys("s3:ExistingObjectTag/team", "a", "s3:ResourceAccount", account)},
		{"attributes", func() error {
			_, err := c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: name, Key: key, ObjectAttributes: []types.ObjectAttributes{"ETag"}})
			return err
		}, []string{"s3:GetObjectAttributes " + objectName, "s3:GetObject " + objectName}, nil},
		{"a listing", func() error {
			_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: name, Prefix: aws.String("a/"), Delimiter: aws.String("/"), MaxKeys: aws.Int32(7)})
			return err
		}, []string{"s3:ListBucket " + bucketName}, policy.Keys("s3:prefix", "a/", "s3:delimiter", "/", "s3:max-keys", "7")},
		{"a listing of the top", func() error {
			_, err := c.ListObjects(ctx, &s3.ListObjectsInput{Bucket: name, Prefix: aws.String("")})
			return err
		}, []string{"s3:ListBucket " + bucketName}, policy.Context{"s3:prefix": {""}, "s3:delimiter": nil}},
		{"put with tags", func() error {
			_, err := c.PutObject(ctx, &s3.PutObjectInput{
				Bucket: name, Key: aws.String("new"), Body: strings.NewReader(""), Tagging: aws.String("a=1&b=2"),
				ACL: types.ObjectCannedACLBucketOwnerFullControl, ServerSideEncryption: "AES256", StorageClass: "STANDARD_IA", IfNoneMatch: aws.String("*"),
			})
			return err
		}, []string{"s3:PutObject " + bucketName + "/new", "s3:PutObjectAcl " + bucketName + "/new", "s3:PutObjectTagging " + bucketName + "/new"}, policy.Keys(
			"s3:RequestObjectTag/a", "1", "s3:RequestObjectTag/b", "2", "s3:x-amz-acl", "bucket-owner-full-control",
			"s3:x-amz-server-side-encryption", "AES256", "s3:x-amz-storage-class", "STANDARD_IA", "s3:if-none-match", "*",
		)},
		{"copy", func() error {
			_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: name, Key: aws.String("copy"), CopySource: aws.String("bucket/k"), MetadataDirective: "COPY"})
			return err
		}, []string{
			"s3:PutObject " + bucketName + "/copy", "s3:GetObject " + objectName,
			"s3:GetObjectTagging " + objectName, "s3:PutObjectTagging " + bucketName + "/copy",
		}, policy.Keys("s3:x-amz-copy-source", "bucket/k", "s3:x-amz-metadata-directive", "COPY")},
		{"copy of a version without its tags", func() error {
			_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: name, Key: aws.String("copy"), CopySource: aws.String("bucket/k?versionId=" + *version), TaggingDirective: "REPLACE"})
			return err
		}, []string{"s3:PutObject " + bucketName + "/copy", "s3:GetObjectVersion " + objectName}, nil},
		{"a bucket with everything", func() error {
			_, err := c.CreateBucket(ctx, &s3.CreateBucketInput{
				Bucket: aws.String("another"), ObjectOwnership: types.ObjectOwnershipBucketOwnerPreferred,
				CreateBucketConfiguration: &types.CreateBucketConfiguration{Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}}},
			})
			return err
		}, []string{"s3:CreateBucket arn:aws:s3:::another", "s3:PutBucketOwnershipControls arn:aws:s3:::another", "s3:TagResource arn:aws:s3:::another"}, policy.Keys(
			"s3:x-amz-object-ownership", "BucketOwnerPreferred",
		)},
		{"tags of a version", func() error {
			_, err := c.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: name, Key: key, VersionId: version, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("x"), Value: aws.String("y")}}}})
			return err
		}, []string{"s3:PutObjectVersionTagging " + objectName}, policy.Keys("s3:RequestObjectTag/x", "y", "s3:RequestObjectTagKeys", "x", "s3:ExistingObjectTag/team", "a")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j.take()
			if err := tt.call(); err != nil {
				t.Fatal(err)
			}
			j.mu.Lock()
			first := j.asked[0].Keys
			j.mu.Unlock()
			if got := j.take(); !slices.Equal(got, tt.asked) {
				t.Errorf("asked\n%q, want\n%q", got, tt.asked)
			}
			for _, key := range slices.Sorted(maps.Keys(tt.keys)) {
				if fmt.Sprint(first[key]) != fmt.Sprint(tt.keys[key]) {
					t.Errorf("%s is %q, want %q", key, first[key], tt.keys[key])
				}
			}
		})
	}
}

// TestMissingKeysAreHidden asks for what is not there, without the right to list the bucket.
func TestMissingKeysAreHidden(t *testing.T) {
	w, ctx, name, key := newBucket(t, types.BucketVersioningStatusEnabled), t.Context(), aws.String("bucket"), aws.String("none")
	j := &judge{deny: denies("s3:ListBucket")}
	c := judged(t, w, j)
	calls := map[string]func() error{
		"GetObject": func() error {
			_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: key})
			return err
		},
		"HeadObject": func() error {
			_, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: name, Key: key})
			return err
		},
		"GetObjectAttributes": func() error {
			_, err := c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: name, Key: key, ObjectAttributes: []types.ObjectAttributes{"ETag"}})
			return err
		},
		"GetObjectTagging": func() error {
			_, err := c.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: name, Key: key})
			return err
		},
		"CopyObject": func() error {
			_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: name, Key: aws.String("copy"), CopySource: aws.String("bucket/none")})
			return err
		},
	}
	for _, deny := range []string{"s3:ListBucket", "nothing"} {
		j.deny = denies(deny)
		want := map[string]string{"s3:ListBucket": "StatusCode: 403", "nothing": "StatusCode: 404"}[deny]
		for operation, call := range calls {
			if err := call(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s without %s: %v, want %s", operation, deny, err, want)
			}
		}
	}
}

// TestDeleteObjectsDecidesOneByOne removes two of three objects, of which one is
// another's to remove.
func TestDeleteObjectsDecidesOneByOne(t *testing.T) {
	w, ctx := newBucket(t, types.BucketVersioningStatusEnabled), t.Context()
	id := w.put(t, "a", "1")
	w.put(t, "b", "2")
	j := &judge{deny: func(a policy.Access) bool { return strings.HasSuffix(a.Resources[0], "/b") }}
	w.Service.env.IAM = j.decide
	out := must(w.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: aws.String("bucket"), Delete: &types.Delete{Objects: []types.ObjectIdentifier{
		{Key: aws.String("a"), VersionId: &id}, {Key: aws.String("b")}, {Key: aws.String("none")},
	}}}))(t)
	if len(out.Deleted) != 2 || len(out.Errors) != 1 || *out.Errors[0].Key != "b" || *out.Errors[0].Code != "AccessDenied" || *out.Errors[0].Message != "no s3:DeleteObject" {
		t.Errorf("got %+v, errors %+v", out.Deleted, out.Errors)
	}
	if got := w.get(t, "b", ""); got != "2" {
		t.Errorf("b is %q", got)
	}
	if asked := j.take(); asked[0] != "s3:DeleteObjectVersion arn:aws:s3:::bucket/a" {
		t.Errorf("asked %q", asked)
	}
}

// TestDeleteObjectsAnswersWhatIsDenied has one of two keys denied: nothing is
// asked but of the keys, and the answer names the denied one.
func TestDeleteObjectsAnswersWhatIsDenied(t *testing.T) {
	w := newBucket(t, "")
	j := &judge{deny: func(a policy.Access) bool { return !strings.HasSuffix(a.Resources[0], "/mine") }}
	out := must(judged(t, w, j).DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("bucket"), Delete: &types.Delete{
		Objects: []types.ObjectIdentifier{{Key: aws.String("mine")}, {Key: aws.String("theirs")}},
	}}))(t)
	if len(out.Deleted) != 1 || *out.Deleted[0].Key != "mine" || len(out.Errors) != 1 || *out.Errors[0].Key != "theirs" || *out.Errors[0].Code != "AccessDenied" {
		t.Errorf("deleted %+v, errors %+v", out.Deleted, out.Errors)
	}
	if got, want := j.take(), []string{"s3:DeleteObject arn:aws:s3:::bucket/mine", "s3:DeleteObject arn:aws:s3:::bucket/theirs"}; !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
}

// BenchmarkAccess is what a request pays so that IAM can decide on it.
func BenchmarkAccess(b *testing.B) {
	w := newBucket(b, types.BucketVersioningStatusEnabled)
	w.put(b, "k", "x")
	of := object{aws.String("bucket"), aws.String("k"), nil}
	b.Run("policy", func(b *testing.B) {
		for b.Loop() {
			w.PolicyOf("arn:aws:s3:::bucket/k")
		}
	})
	b.Run("keys", func(b *testing.B) {
		for b.Loop() {
			w.objectKeys(of)
		}
	})
}

// TestPolicyOf finds the policy by the ARNs of the bucket and of what is in it.
func TestPolicyOf(t *testing.T) {
	const text = `{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::bucket/*"}}`
	w := newBucket(t, "")
	must(w.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("bucket"), Policy: aws.String(text)}))(t)
	for arn, want := range map[string]string{
		"arn:aws:s3:::bucket": text, "arn:aws:s3:::bucket/a/b": text, "arn:aws:s3:::bucket2": "", "arn:aws:s3:::": "", "arn:aws:sns:::bucket": "", "*": "",
	} {
		if got := w.PolicyOf(arn); got != want {
			t.Errorf("%s has %q, want %q", arn, got, want)
		}
	}
}
