package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	cctypes "github.com/aws/aws-sdk-go-v2/service/codecommit/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire/wiretest"
)

const (
	region = "eu-west-1"
	secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

var now = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

// keys are the access keys of these tests.
type keys map[string]identity.Key

func (k keys) Key(id string) (identity.Key, bool) { key, ok := k[id]; return key, ok }

func key(id, token string, expires time.Time) identity.Key {
	return identity.Key{
		AccessKeyID: id, SecretAccessKey: secret, SessionToken: token, Expires: expires,
		Principal: identity.Principal{ARN: "arn:aws:iam::123456789012:user/" + id, Account: "123456789012", AccessKeyID: id},
	}
}

var testKeys = keys{
	"AKIAGOOD":    key("AKIAGOOD", "", time.Time{}),
	"ASIASESSION": key("ASIASESSION", "token", time.Now().Add(time.Hour)),  //nolint:forbidigo // the SDK signs by the same clock
	"ASIAEXPIRED": key("ASIAEXPIRED", "token", time.Now().Add(-time.Hour)), //nolint:forbidigo // the SDK signs by the same clock
}

// handlers are one operation or two of every protocol.
func handlers() []wire.Service {
	return []wire.Service{
		{Name: "codecommit", Operations: []wire.Operation{
			wire.Op("GetRepository", "codecommit:GetRepository",
				func(in *codecommit.GetRepositoryInput) []string {
					return []string{"arn:aws:codecommit:eu-west-1:123456789012:" + *in.RepositoryName}
				},
				func(ctx context.Context, in *codecommit.GetRepositoryInput) (*codecommit.GetRepositoryOutput, error) {
					switch *in.RepositoryName {
					case "none":
						return nil, &cctypes.RepositoryDoesNotExistException{Message: aws.String("none does not exist")}
					case "broken":
						return nil, errors.New("a defect of ours")
					case "panic":
						panic("a worse one")
					}
					return &codecommit.GetRepositoryOutput{RepositoryMetadata: &cctypes.RepositoryMetadata{
						RepositoryName: in.RepositoryName, RepositoryId: aws.String(wire.RequestID(ctx)), Arn: aws.String(identity.From(ctx).ARN),
					}}, nil
				}),
		}},
		{Name: "codepipeline", Operations: []wire.Operation{
			wire.Op("CreatePipeline", "codepipeline:CreatePipeline", nil, func(context.Context, *codepipeline.CreatePipelineInput) (*codepipeline.CreatePipelineOutput, error) {
				return &codepipeline.CreatePipelineOutput{}, nil
			}),
		}},
		{Name: "cloudformation", Operations: []wire.Operation{
			wire.Op("CreateStack", "cloudformation:CreateStack", nil, func(_ context.Context, in *cloudformation.CreateStackInput) (*cloudformation.CreateStackOutput, error) {
				return &cloudformation.CreateStackOutput{StackId: in.StackName}, nil
			}),
		}},
		{Name: "sts", Operations: []wire.Operation{
			wire.Op("GetCallerIdentity", "sts:GetCallerIdentity", nil, func(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
				return &sts.GetCallerIdentityOutput{Arn: aws.String(identity.From(ctx).ARN)}, nil
			}),
		}},
		{Name: "sns", Operations: []wire.Operation{
			wire.Op("Publish", "sns:Publish", nil, func(context.Context, *sns.PublishInput) (*sns.PublishOutput, error) {
				return &sns.PublishOutput{}, nil
			}),
		}},
		{Name: "lambda", Operations: []wire.Operation{
			wire.Op("GetFunction", "lambda:GetFunction", nil, func(_ context.Context, in *lambda.GetFunctionInput) (*lambda.GetFunctionOutput, error) {
				return &lambda.GetFunctionOutput{Tags: map[string]string{"name": *in.FunctionName}}, nil
			}),
		}},
		{Name: "s3", Operations: []wire.Operation{
			wire.Op("PutObject", "s3:PutObject", nil, func(_ context.Context, in *s3.PutObjectInput) (*s3.PutObjectOutput, error) {
				data, err := io.ReadAll(in.Body)
				out := &s3.PutObjectOutput{ETag: aws.String(string(data)), VersionId: in.Key}
				if trailer, ok := in.Body.(interface{ Trailer() http.Header }); ok && trailer.Trailer().Get("X-Amz-Checksum-Crc32") != "" {
					out.ChecksumCRC32 = aws.String(trailer.Trailer().Get("X-Amz-Checksum-Crc32"))
				}
				return out, err
			}),
			wire.Op("GetObject", "s3:GetObject", nil, func(_ context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
				if *in.Key == "unchanged" {
					return nil, &smithy.GenericAPIError{Code: "NotModified", Message: "Not Modified"}
				}
				if code, ok := strings.CutPrefix(*in.Key, "error "); ok {
					return nil, &smithy.GenericAPIError{Code: code, Message: "No."}
				}
				if *in.Key == "archived" {
					return nil, fmt.Errorf("wrapped: %w", &s3types.InvalidObjectState{Message: aws.String("It is archived."), StorageClass: s3types.StorageClassGlacier})
				}
				out := &s3.GetObjectOutput{Body: io.NopCloser(strings.NewReader(*in.Bucket + "/" + *in.Key))}
				if in.Range != nil {
					out.ContentRange = aws.String("bytes 0-1/2")
				}
				return out, nil
			}),
			wire.Op("ListObjectsV2", "s3:ListBucket", nil, func(_ context.Context, in *s3.ListObjectsV2Input) (*s3.ListObjectsV2Output, error) {
				return &s3.ListObjectsV2Output{Name: in.Bucket}, nil
			}),
			wire.Op("HeadBucket", "s3:ListBucket", nil, func(context.Context, *s3.HeadBucketInput) (*s3.HeadBucketOutput, error) {
				return nil, &smithy.GenericAPIError{Code: "NoSuchBucket", Message: "The specified bucket does not exist"}
			}),
		}},
	}
}

// serve starts a server; change may alter its configuration.
func serve(tb testing.TB, change func(*wire.Config)) (url string) {
	tb.Helper()
	cfg := wire.Config{
		Account: "123456789012", Region: region, Keys: testKeys, Log: slog.New(slog.DiscardHandler),
		Hosts: func() []string {
			address := strings.TrimPrefix(url, "http://")
			_, port, _ := strings.Cut(address, ":")
			return []string{address, "localhost:" + port}
		},
	}
	if change != nil {
		change(&cfg)
	}
	server, err := wire.New(cfg, handlers()...)
	if err != nil {
		tb.Fatal(err)
	}
	listening := httptest.NewServer(server)
	tb.Cleanup(listening.Close)
	url = listening.URL
	return url
}

// config is a client's, with a key of that id.
func config(url, id, token string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: &url, RetryMaxAttempts: 1, HTTPClient: wiretest.PlainBodies{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}, nil
		}),
	}
}

func good(url string) aws.Config { return config(url, "AKIAGOOD", "") }

// wantError checks code, message and status of an error of the SDK's client.
func wantError(t *testing.T, err error, code, message string, status int) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Fatalf("error %v, want %s", err, code)
	}
	if api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("%s: %q\nwant %s: %q", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
	if response, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err); ok && response.HTTPStatusCode() != status {
		t.Errorf("status %d, want %d", response.HTTPStatusCode(), status)
	}
}

func TestNewRefusesRegistrations(t *testing.T) {
	op := func(name string) wire.Operation {
		return wire.Op(name, "sts:"+name, nil, func(context.Context, *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
			return nil, nil
		})
	}
	cfg := wire.Config{Region: region, Keys: testKeys, Hosts: func() []string { return nil }}
	for want, services := range map[string][]wire.Service{
		`wire: sts has no operation "GetCallerID"`:                   {{Name: "sts", Operations: []wire.Operation{op("GetCallerID")}}},
		`wire: sts: operation GetCallerIdentity is registered twice`: {{Name: "sts", Operations: []wire.Operation{op("GetCallerIdentity"), op("GetCallerIdentity")}}},
		`wire: service sts is registered twice`:                      {{Name: "sts"}, {Name: "sts"}},
		`wire: AWS has no service "st" in the table`:                 {{Name: "st"}},
	} {
		if _, err := wire.New(cfg, services...); err == nil || err.Error() != want {
			t.Errorf("New: %v, want %s", err, want)
		}
	}
	if _, err := wire.New(wire.Config{}); err == nil || err.Error() != "wire: Region, Keys and Hosts must be given" {
		t.Errorf("New: %v", err)
	}
}

func TestAnswers(t *testing.T) {
	var asked policy.Access
	var asking identity.Principal
	var answered wire.Answered
	url := serve(t, func(cfg *wire.Config) {
		cfg.Authorize = func(_ context.Context, p identity.Principal, needs ...policy.Access) error {
			asking, asked = p, needs[0]
			return nil
		}
		cfg.Observe = func(_ context.Context, a wire.Answered) { answered = a }
	})
	out, err := codecommit.NewFromConfig(good(url)).GetRepository(t.Context(), &codecommit.GetRepositoryInput{RepositoryName: aws.String("demo")})
	if err != nil {
		t.Fatal(err)
	}
	metadata := out.RepositoryMetadata
	if *metadata.RepositoryName != "demo" || *metadata.Arn != "arn:aws:iam::123456789012:user/AKIAGOOD" || len(*metadata.RepositoryId) != 36 {
		t.Errorf("the handler saw %+v", metadata)
	}
	if asked.Action != "codecommit:GetRepository" || asked.Resources[0] != "arn:aws:codecommit:eu-west-1:123456789012:demo" || asking.AccessKeyID != "AKIAGOOD" {
		t.Errorf("%+v asked for permission: %+v", asking, asked)
	}
	if answered.Operation != "codecommit:GetRepository" || answered.Code != "" || answered.Status != 200 || answered.RequestID != *metadata.RepositoryId {
		t.Errorf("observed %+v", answered)
	}
}

func TestErrors(t *testing.T) {
	url := serve(t, nil)
	repositories, stacks, objects := codecommit.NewFromConfig(good(url)), cloudformation.NewFromConfig(good(url)), s3.NewFromConfig(good(url))
	get := func(name string) error {
		_, err := repositories.GetRepository(t.Context(), &codecommit.GetRepositoryInput{RepositoryName: aws.String(name)})
		return err
	}
	err := get("none")
	wantError(t, err, "RepositoryDoesNotExistException", "none does not exist", 400)
	if _, ok := errors.AsType[*cctypes.RepositoryDoesNotExistException](err); !ok {
		t.Errorf("the client got a %T", err)
	}
	wantError(t, get("broken"), "InternalFailure", "We encountered an internal error. Please try again.", 500)
	wantError(t, get("panic"), "InternalFailure", "We encountered an internal error. Please try again.", 500)
	const invalid = "The repository name is not valid. Repository names can be any valid combination of letters, numbers, periods, underscores, and dashes " +
		"between 1 and 100 characters in length. Names are case sensitive. For more information, see Limits in the AWS CodeCommit User Guide. "
	wantError(t, get("a b"), "InvalidRepositoryNameException", invalid, 400)
	wantError(t, get(""), "InvalidRepositoryNameException", invalid, 400)

	_, err = repositories.GetBranch(t.Context(), &codecommit.GetBranchInput{})
	wantError(t, err, "UnknownOperationException", "The operation GetBranch is not served here.", 400)
	_, err = stacks.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{})
	wantError(t, err, "InvalidAction", "The operation DescribeStacks is not served here.", 400)
	_, err = lambda.NewFromConfig(good(url)).GetAccountSettings(t.Context(), &lambda.GetAccountSettingsInput{})
	wantError(t, err, "UnknownOperationException", "The operation GetAccountSettings is not served here.", 404)
	_, err = objects.GetBucketAcl(t.Context(), &s3.GetBucketAclInput{Bucket: aws.String("bucket")})
	wantError(t, err, "NotImplemented", "A header you provided implies functionality that is not implemented", 501)
	_, err = objects.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("bucket")})
	wantError(t, err, "NotFound", "", 404)
	_, err = objects.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("unchanged")})
	if response, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err); !ok || response.HTTPStatusCode() != 304 {
		t.Errorf("an unchanged object: %v, want status 304", err)
	}
}

// What an exception holds besides its message goes over the wire too.
func TestExceptionWithMembers(t *testing.T) {
	_, err := s3.NewFromConfig(good(serve(t, nil))).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("archived")})
	wantError(t, err, "InvalidObjectState", "It is archived.", 403)
	if e, ok := errors.AsType[*s3types.InvalidObjectState](err); !ok || e.StorageClass != s3types.StorageClassGlacier {
		t.Errorf("the client got %#v", err)
	}
}

func TestServiceThatIsNotServed(t *testing.T) {
	url := serve(t, nil)
	r := signed(t, "kms", url+"/", "{}", time.Now()) //nolint:forbidigo // the SDK signs by the same clock
	r.Header.Set("X-Amz-Target", "TrentService.ListKeys")
	if status, body := do(t, r); status != 400 || body != `{"__type":"UnknownOperationException","message":"The service kms is not served here."}` {
		t.Errorf("%d %s", status, body)
	}
	if status, body := do(t, signed(t, "ec2", url+"/", "Action=DescribeVpcs", time.Now())); status != 400 || !strings.Contains(body, "<Message>The service ec2 is not served here.</Message>") { //nolint:forbidigo // the SDK signs by the same clock
		t.Errorf("%d %s", status, body)
	}
}

func TestAuthorizeDenies(t *testing.T) {
	const message = "User: x is not authorized to perform: y"
	url := serve(t, func(cfg *wire.Config) {
		cfg.Authorize = func(context.Context, identity.Principal, ...policy.Access) error {
			return &smithy.GenericAPIError{Code: "AccessDenied", Message: message}
		}
	})
	_, err := codecommit.NewFromConfig(good(url)).GetRepository(t.Context(), &codecommit.GetRepositoryInput{RepositoryName: aws.String("demo")})
	wantError(t, err, "AccessDeniedException", message, 400)
	_, err = sns.NewFromConfig(good(url)).Publish(t.Context(), &sns.PublishInput{Message: aws.String("hello")})
	wantError(t, err, "AuthorizationError", message, 403)
	_, err = sts.NewFromConfig(good(url)).GetCallerIdentity(t.Context(), nil)
	wantError(t, err, "AccessDenied", message, 403)
	_, err = lambda.NewFromConfig(good(url)).GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("f")})
	wantError(t, err, "AccessDeniedException", message, 403)
	_, err = s3.NewFromConfig(good(url)).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
	wantError(t, err, "AccessDenied", message, 403)
}

func TestGuard(t *testing.T) {
	url := serve(t, nil)
	host := strings.TrimPrefix(url, "http://")
	_, port, _ := strings.Cut(host, ":")
	for name, c := range map[string]struct {
		host, header, value string
		want                int
	}{
		"ours":                  {host, "", "", 403}, // unsigned: S3's AccessDenied
		"localhost":             {"localhost:" + port, "", "", 403},
		"a bucket":              {"bucket.localhost:" + port, "", "", 403},
		"rebound":               {"evil.example:" + port, "", "", 421},
		"no port":               {"127.0.0.1", "", "", 421},
		"another port":          {"127.0.0.1:1", "", "", 421},
		"no bucket":             {"A_B.localhost:" + port, "", "", 421},
		"from a page":           {host, "Origin", "http://" + host, 403},
		"from another site":     {host, "Sec-Fetch-Site", "cross-site", 403},
		"typed in by hand":      {host, "Sec-Fetch-Site", "none", 403},
		"an image of ours":      {host, "Sec-Fetch-Site", "same-origin", 403},
		"another of localhost":  {host, "Sec-Fetch-Site", "same-site", 403},
		"a page without scheme": {host, "Origin", "null", 403},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/bucket", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = c.host
			if c.header != "" {
				r.Header.Set(c.header, c.value)
			}
			status, body := do(t, r)
			refused := !strings.Contains(body, "<Code>AccessDenied</Code>")
			page := c.header == "Origin" || c.value == "cross-site" || c.value == "same-site"
			if status != c.want || refused != (page || c.want == 421) {
				t.Errorf("status %d: %s", status, body)
			}
		})
	}
}

func do(t *testing.T, r *http.Request) (status int, body string) {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data)
}
