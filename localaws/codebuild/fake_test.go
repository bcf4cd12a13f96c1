package codebuild

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	smithy "github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// cloud is as much of S3, CloudWatch Logs, IAM and EventBridge as a build meets.
type cloud struct {
	mu      sync.Mutex // guards what follows
	objects map[string][]byte
	puts    int
	groups  map[string]bool
	lines   map[string][]string // by stream
	denied  map[string]bool     // operations
	events  []map[string]any
	session service.Session
	ended   chan string // the ids of builds, as they end
	ready   chan bool   // a line "ready" came
	service *Service
}

func newCloud() *cloud {
	return &cloud{
		objects: map[string][]byte{}, groups: map[string]bool{}, lines: map[string][]string{},
		denied: map[string]bool{}, ended: make(chan string, 100), ready: make(chan bool, 100),
	}
}

func (c *cloud) Assume(_ context.Context, s service.Session) (aws.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.denied["AssumeRole"] || !strings.HasSuffix(s.RoleARN, "role/build") {
		return aws.Config{}, &smithy.GenericAPIError{Code: "AccessDenied", Message: "not authorized to perform: sts:AssumeRole"}
	}
	c.session = s
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://127.0.0.1:1"), HTTPClient: c,
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "ASIATEST", SecretAccessKey: "wJalrXUtnFEMI", SessionToken: "token"}, nil
		}),
	}, nil
}

func (c *cloud) Publish(_ context.Context, _, detailType string, _ []string, detail any) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	var event map[string]any
	if err := json.Unmarshal(text, &event); err != nil {
		return err
	}
	event["detail-type"] = detailType
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, event)
	if detailType == "CodeBuild Build State Change" && event["build-status"] != "IN_PROGRESS" {
		defer func(id string) { c.ended <- id }(strings.TrimPrefix(fmt.Sprint(event["build-id"]), "arn:aws:codebuild:eu-west-1:123456789012:build/"))
	}
	return nil
}

func (c *cloud) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.HasSuffix(r.URL.Path+r.Header.Get("X-Amz-Target"), "RetryBuild") {
		c.mu.Unlock()
		c.retryBuild(w, r)
		c.mu.Lock()
	} else if target := r.Header.Get("X-Amz-Target"); target != "" {
		c.logs(w, r, strings.TrimPrefix(target, "Logs_20140328."))
	} else {
		c.s3(w, r)
	}
	return w.Result(), nil
}

func (c *cloud) logs(w *httptest.ResponseRecorder, r *http.Request, operation string) {
	refuse := func(code string) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"__type":%q,"message":"not allowed: logs:%s"}`, code, operation)
	}
	var in struct {
		LogGroupName, LogStreamName string
		LogEvents                   []struct{ Message string }
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	switch {
	case c.denied[operation]:
		refuse("AccessDeniedException")
		return
	case operation == "CreateLogGroup":
		c.groups[in.LogGroupName] = true
	case !c.groups[in.LogGroupName]:
		refuse("ResourceNotFoundException")
		return
	}
	for _, event := range in.LogEvents {
		if event.Message == "ready\n" {
			c.ready <- true
		}
		c.lines[in.LogStreamName] = append(c.lines[in.LogStreamName], event.Message)
	}
	_, _ = io.WriteString(w, "{}")
}

func (c *cloud) s3(w *httptest.ResponseRecorder, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	listing := r.URL.Query().Has("list-type")
	body, ok := c.objects[name]
	missing := r.Method == http.MethodGet && !listing && !ok
	if c.denied[r.Method] || c.denied["LIST"] && (listing || missing) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
		return
	}
	if r.Method == http.MethodPut {
		body, _ := io.ReadAll(r.Body)
		c.objects[name] = body
		c.puts++
		return
	}
	if prefix := r.URL.Query().Get("prefix"); listing {
		_, _ = io.WriteString(w, "<ListBucketResult>")
		for key := range c.objects {
			if bucket, key, _ := strings.Cut(key, "/"); bucket == name && strings.HasPrefix(key, prefix) {
				_, _ = fmt.Fprintf(w, "<Contents><Key>%s</Key><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>", key)
			}
		}
		_, _ = io.WriteString(w, "</ListBucketResult>")
		return
	}
	if missing {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>")
		return
	}
	_, _ = w.Write(body)
}

func (c *cloud) object(name string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.objects[name]
}

func (c *cloud) deny(operation string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.denied[operation] = true
}

// world is a service in its surroundings.
type world struct {
	*Service
	*cloud
	t            testing.TB
	surroundings service.Env
}

func newWorld(tb testing.TB, host Host) *world {
	tb.Helper()
	w := &world{cloud: newCloud(), t: tb}
	db, err := store.Open(filepath.Join(tb.TempDir(), "state"))
	if err != nil {
		tb.Fatal(err)
	}
	w.surroundings = service.Env{
		Account: "123456789012", Region: "eu-west-1", URL: "http://127.0.0.1:1", Dir: tb.TempDir(), DB: db,
		Now: time.Now, Log: slog.New(slog.DiscardHandler), Roles: w.cloud, Bus: w.cloud, //nolint:forbidigo // the clock of these tests
	}
	if host.Environ == nil {
		host.Environ = append(os.Environ(), "AWS_PROFILE=mine", "GITHUB_TOKEN=secret", "SSH_AUTH_SOCK=/x")
	}
	if w.Service, err = New(w.surroundings, host); err != nil {
		tb.Fatal(err)
	}
	w.service = w.Service
	tb.Cleanup(func() {
		if err := w.Close(); err != nil {
			tb.Error(err)
		}
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
		if left, _ := os.ReadDir(w.folder()); len(left) > 0 {
			tb.Errorf("%d folders of builds are left", len(left))
		}
	})
	return w
}

// create makes the project p with an inline buildspec.
func (w *world) create(spec string, changes ...func(*codebuild.CreateProjectInput)) {
	w.t.Helper()
	in := &codebuild.CreateProjectInput{
		Name: aws.String("p"), ServiceRole: aws.String("arn:aws:iam::123456789012:role/build"),
		Source:    &types.ProjectSource{Type: types.SourceTypeNoSource, Buildspec: &spec},
		Artifacts: &types.ProjectArtifacts{Type: types.ArtifactsTypeNoArtifacts},
		Environment: &types.ProjectEnvironment{
			Type: types.EnvironmentTypeLinuxContainer, ComputeType: types.ComputeTypeBuildGeneral1Small,
			Image: aws.String("aws/codebuild/standard:8.0"),
		},
	}
	for _, change := range changes {
		change(in)
	}
	if _, err := w.CreateProject(w.t.Context(), in); err != nil {
		w.t.Fatal(err)
	}
}

// begin starts a build of p.
func (w *world) begin(changes ...func(*codebuild.StartBuildInput)) string {
	w.t.Helper()
	in := &codebuild.StartBuildInput{ProjectName: aws.String("p")}
	for _, change := range changes {
		change(in)
	}
	out, err := w.StartBuild(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return aws.ToString(out.Build.Id)
}

// finish waits for the end of a build.
func (w *world) finish(id string) types.Build {
	w.t.Helper()
	for {
		select {
		case ended := <-w.ended:
			if ended == id {
				out, err := w.BatchGetBuilds(w.t.Context(), &codebuild.BatchGetBuildsInput{Ids: []string{id}})
				if err != nil || len(out.Builds) != 1 {
					w.t.Fatal(out, err)
				}
				return out.Builds[0]
			}
		case <-time.After(30 * time.Second):
			w.t.Fatalf("build %s does not end; its log:\n%s", id, w.text(id))
		}
	}
}

// run runs a build of p to its end.
func (w *world) run(changes ...func(*codebuild.StartBuildInput)) types.Build {
	w.t.Helper()
	return w.finish(w.begin(changes...))
}

// text is the log of a build.
func (w *world) text(id string) string {
	w.cloud.mu.Lock()
	defer w.cloud.mu.Unlock()
	_, uuid, _ := strings.Cut(id, ":")
	return strings.Join(w.lines[uuid], "")
}

// output are the lines of a log that the commands printed.
func (w *world) output(id string) string {
	lines := slices.DeleteFunc(strings.SplitAfter(w.text(id), "\n"), func(line string) bool {
		return strings.HasPrefix(line, "[Container]")
	})
	return strings.Join(lines, "")
}

// phases gives a build's phases as "NAME STATUS CODE: message" each.
func phases(b types.Build) (all []string) {
	for _, p := range b.Phases {
		words := []string{string(p.PhaseType)}
		if p.PhaseStatus != "" && p.PhaseStatus != types.StatusTypeSucceeded {
			words = append(words, string(p.PhaseStatus))
			for _, c := range p.Contexts {
				words = append(words, aws.ToString(c.StatusCode)+": "+aws.ToString(c.Message))
			}
		}
		all = append(all, strings.Join(words, " "))
	}
	return all
}
