package lambda_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire/wiretest"
	"github.com/mayfly-cd/mayfly/localaws/lambda"
)

const (
	accountID = "123456789012"
	region    = "eu-central-1"
	role      = "arn:aws:iam::123456789012:role/app"
	arnOfF    = "arn:aws:lambda:eu-central-1:123456789012:function:f"
)

// cloud is Lambda behind a real listener, with logs and objects in memory.
type cloud struct {
	*awslambda.Client
	service *lambda.Service
	url     string
	logs    *memoryLogs
	objects map[string][]byte
	dir     string
	db      *store.DB
	server  *httptest.Server

	mu    sync.Mutex      // guards what follows
	needs []policy.Access // what IAM was asked
	deny  bool            // what IAM answers from now on
}

type rootKey struct{}

func (rootKey) Key(id string) (identity.Key, bool) {
	return identity.Key{
		AccessKeyID: "AKIAROOT", SecretAccessKey: "secret",
		Principal: identity.Principal{ARN: "arn:aws:iam::123456789012:root", Account: accountID},
	}, id == "AKIAROOT"
}

// roles lets everybody assume every role but "distrusting".
type roles struct{ cfg aws.Config }

func (r *roles) Assume(_ context.Context, s service.Session) (aws.Config, error) {
	if strings.HasSuffix(s.RoleARN, "/distrusting") {
		return aws.Config{}, &smithy.GenericAPIError{Code: "AccessDenied", Message: "not authorized"}
	}
	return r.cfg, nil
}

type memoryLogs struct {
	mu     sync.Mutex
	groups map[string]bool
	lines  map[string][]string // by group
	more   chan struct{}
}

func (l *memoryLogs) createGroup(_ context.Context, in *cloudwatchlogs.CreateLogGroupInput) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.groups[*in.LogGroupName] = true
	return &cloudwatchlogs.CreateLogGroupOutput{}, nil
}

func (l *memoryLogs) createStream(_ context.Context, in *cloudwatchlogs.CreateLogStreamInput) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.groups[*in.LogGroupName] {
		return nil, &logtypes.ResourceNotFoundException{Message: aws.String("The specified log group does not exist.")}
	}
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

func (l *memoryLogs) put(_ context.Context, in *cloudwatchlogs.PutLogEventsInput) (*cloudwatchlogs.PutLogEventsOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, event := range in.LogEvents {
		l.lines[*in.LogGroupName] = append(l.lines[*in.LogGroupName], *event.Message)
	}
	select {
	case l.more <- struct{}{}:
	default:
	}
	return &cloudwatchlogs.PutLogEventsOutput{}, nil
}

// await returns the group's log as soon as it contains want.
func (l *memoryLogs) await(t *testing.T, group, want string) string {
	t.Helper()
	limit := time.After(5 * time.Second)
	for {
		l.mu.Lock()
		text := strings.Join(l.lines[group], "")
		l.mu.Unlock()
		if strings.Contains(text, want) {
			return text
		}
		select {
		case <-l.more:
		case <-limit:
			t.Fatalf("the log of %s does not contain %q:\n%s", group, want, text)
		}
	}
}

func start(tb testing.TB) *cloud {
	tb.Helper()
	return startIn(tb, tb.TempDir())
}

// startIn starts over the state in dir, which may be that of a service that was killed.
func startIn(tb testing.TB, dir string) *cloud {
	tb.Helper()
	c := &cloud{
		dir: dir, objects: map[string][]byte{},
		logs: &memoryLogs{groups: map[string]bool{}, lines: map[string][]string{}, more: make(chan struct{}, 1)},
	}
	// What the service extracts is read-only; the test's folder must go all the same.
	tb.Cleanup(func() {
		_ = filepath.WalkDir(c.dir, func(path string, _ fs.DirEntry, _ error) error { return os.Chmod(path, 0o700) })
	})
	db, err := store.Open(filepath.Join(tb.TempDir(), "state"))
	if err != nil {
		tb.Fatal(err)
	}
	c.db = db
	tb.Cleanup(func() { _ = db.Close() })
	c.open(tb)
	tb.Cleanup(c.close)
	return c
}

func (c *cloud) open(tb testing.TB) {
	tb.Helper()
	c.server = httptest.NewUnstartedServer(nil)
	c.url = "http://" + c.server.Listener.Addr().String()
	cfg := aws.Config{
		Region: region, BaseEndpoint: aws.String(c.url), RetryMaxAttempts: 1, HTTPClient: wiretest.PlainBodies{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIAROOT", "secret", ""),
	}
	c.Client = awslambda.NewFromConfig(cfg)
	var err error
	c.service, err = lambda.New(service.Env{
		Account: accountID, Region: region, URL: c.url, Dir: c.dir, DB: c.db, Now: time.Now, //nolint:forbidigo // the system's clock, injected
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Roles: &roles{cfg}, IAM: c.authorize,
	}, lambda.Host{Environ: os.Environ(), Keys: rootKey{}})
	if err != nil {
		tb.Fatal(err)
	}
	api, err := wire.New(
		wire.Config{
			Account: accountID, Region: region, Keys: rootKey{}, Authorize: c.authorize,
			Hosts: func() []string { return []string{c.server.Listener.Addr().String()} },
		},
		wire.Service{Name: "lambda", Operations: c.service.Operations()},
		wire.Service{Name: "logs", Operations: []wire.Operation{
			wire.Op("CreateLogGroup", "logs:CreateLogGroup", nil, c.logs.createGroup),
			wire.Op("CreateLogStream", "logs:CreateLogStream", nil, c.logs.createStream),
			wire.Op("PutLogEvents", "logs:PutLogEvents", nil, c.logs.put),
		}},
		wire.Service{Name: "s3", Operations: []wire.Operation{wire.Op("GetObject", "s3:GetObject", nil, c.getObject)}},
	)
	if err != nil {
		tb.Fatal(err)
	}
	c.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/lambda-runtime/"):
			c.service.ServeRuntime(w, r)
		case strings.HasPrefix(r.URL.Path, "/lambda-url/"):
			c.service.ServeURL(w, r)
		default:
			api.ServeHTTP(w, r)
		}
	})
	c.server.Start()
}

func (c *cloud) close() {
	_ = c.service.Close()
	c.server.Close()
}

func (c *cloud) getObject(_ context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	data, ok := c.objects[*in.Bucket+"/"+*in.Key]
	if !ok {
		return nil, &smithy.GenericAPIError{Code: "NoSuchKey", Message: "The specified key does not exist."}
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(data)), ContentLength: aws.Int64(int64(len(data)))}, nil
}

// bootstrap is the test program, compiled once.
var bootstrap = sync.OnceValues(func() ([]byte, error) { return compile("bootstrap") })

// compile builds a program of testdata.
func compile(name string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "bootstrap-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", filepath.Join(dir, "bootstrap"), "./testdata/"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return out, err
	}
	return os.ReadFile(filepath.Join(dir, "bootstrap"))
}

// file is a file of a package.
type file struct {
	name string
	mode fs.FileMode
	data []byte
}

func pack(tb testing.TB, files ...file) []byte {
	tb.Helper()
	var buffer bytes.Buffer
	w := zip.NewWriter(&buffer)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Store}
		header.SetMode(f.mode)
		to, err := w.CreateHeader(header)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := to.Write(f.data); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return buffer.Bytes()
}

// program is a package with the test program; note makes it differ from others.
func program(tb testing.TB, note string) []byte {
	tb.Helper()
	data, err := bootstrap()
	if err != nil {
		tb.Fatalf("%v\n%s", err, data)
	}
	return pack(tb, file{"bootstrap", 0o755, data}, file{"note.txt", 0o644, []byte(note)})
}

// create makes the function f.
func (c *cloud) create(tb testing.TB, change ...func(*awslambda.CreateFunctionInput)) {
	tb.Helper()
	in := &awslambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String(role), Runtime: types.RuntimeProvidedal2023,
		Handler: aws.String("bootstrap"), Code: &types.FunctionCode{ZipFile: program(tb, "")},
	}
	for _, f := range change {
		f(in)
	}
	if _, err := c.CreateFunction(tb.Context(), in); err != nil {
		tb.Fatal(err)
	}
	c.settled(tb, *in.FunctionName)
}

// settled waits until a function is neither being created nor updated.
func (c *cloud) settled(tb testing.TB, name string) {
	tb.Helper()
	in := &awslambda.GetFunctionInput{FunctionName: &name}
	err := awslambda.NewFunctionActiveV2Waiter(c, func(o *awslambda.FunctionActiveV2WaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 10*time.Millisecond
	}).Wait(tb.Context(), in, 10*time.Second)
	if err == nil {
		err = awslambda.NewFunctionUpdatedV2Waiter(c, func(o *awslambda.FunctionUpdatedV2WaiterOptions) {
			o.MinDelay, o.MaxDelay = time.Millisecond, 10*time.Millisecond
		}).Wait(tb.Context(), in, 10*time.Second)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func (c *cloud) invoke(tb testing.TB, event string, change ...func(*awslambda.InvokeInput)) *awslambda.InvokeOutput {
	tb.Helper()
	in := &awslambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(event)}
	for _, f := range change {
		f(in)
	}
	out, err := c.Invoke(tb.Context(), in)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func decode[T any](t *testing.T, payload []byte) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(payload, &value); err != nil {
		t.Fatalf("%v: %s", err, payload)
	}
	return value
}

// wantError checks code and words of an API error.
func wantError(t *testing.T, err error, code, words string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Fatalf("got %v, want %s: %s", err, code, words)
	}
	if api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), words) {
		t.Errorf("got %s: %s\nwant %s: %s", api.ErrorCode(), api.ErrorMessage(), code, words)
	}
}
