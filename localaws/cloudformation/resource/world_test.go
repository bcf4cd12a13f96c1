package resource

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/mayfly-cd/mayfly/localaws/codebuild"
	"github.com/mayfly-cd/mayfly/localaws/codecommit"
	"github.com/mayfly-cd/mayfly/localaws/codepipeline"
	"github.com/mayfly-cd/mayfly/localaws/events"
	"github.com/mayfly-cd/mayfly/localaws/iam"
	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
	"github.com/mayfly-cd/mayfly/localaws/lambda"
	"github.com/mayfly-cd/mayfly/localaws/logs"
	"github.com/mayfly-cd/mayfly/localaws/s3"
	"github.com/mayfly-cd/mayfly/localaws/sns"
)

const (
	testAccount = "123456789012"
	testRegion  = "eu-west-1"
)

// world is the services that the providers talk to, the real ones.
type world struct {
	config aws.Config
	tags   map[string]string
	// calls are those of the providers; watched is the configuration that records them.
	calls   *calls
	watched aws.Config
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := store.Open(t.TempDir() + "/state.db")
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	root := identity.Key{AccessKeyID: "AKIATESTTESTTESTTEST", SecretAccessKey: "secret", Principal: identity.Principal{
		ARN: "arn:aws:iam::" + testAccount + ":root", Account: testAccount, UserID: testAccount, AccessKeyID: "AKIATESTTESTTESTTEST",
		Via: []string{"cloudformation.amazonaws.com"}, // as where a stack has no role
	}}
	server := httptest.NewUnstartedServer(nil)
	host := server.Listener.Addr().String()
	w := &world{
		config: aws.Config{
			Region: testRegion, BaseEndpoint: aws.String("http://" + host),
			Credentials: credentials.NewStaticCredentialsProvider(root.AccessKeyID, root.SecretAccessKey, ""),
			Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		},
		tags: map[string]string{"aws:cloudformation:stack-name": "stk", "team": "a"},
	}
	env := func() service.Env {
		return service.Env{
			Account: testAccount, Region: testRegion, URL: *w.config.BaseEndpoint, DB: db, Dir: t.TempDir(),
			Now: time.Now, Log: slog.New(slog.DiscardHandler), Roles: w, Bus: w, //nolint:forbidigo // a test's clock
		}
	}
	w.calls = &calls{}
	w.watched = w.config.Copy()
	w.watched.APIOptions = append(w.watched.APIOptions, w.calls.watch)
	keys, served := open(t, env, root)
	api, err := wire.New(wire.Config{
		Account: testAccount, Region: testRegion, Keys: keys, Hosts: func() []string { return []string{host} },
	}, served...)
	must(t, err)
	server.Config.Handler = api
	server.Start()
	t.Cleanup(server.Close)
	return w
}

// open opens the services.
func open(t *testing.T, env func() service.Env, root identity.Key) (identity.Keys, []wire.Service) {
	t.Helper()
	access, err := iam.New(env(), root)
	must(t, err)
	bus, err := events.New(env())
	must(t, err)
	lines, err := logs.New(env())
	must(t, err)
	objects, err := s3.New(env())
	must(t, err)
	functions, err := lambda.New(env(), lambda.Host{Environ: os.Environ()})
	must(t, err)
	builds, err := codebuild.New(env(), codebuild.Host{Environ: os.Environ()})
	must(t, err)
	pipelines, err := codepipeline.New(env(), nothing{})
	must(t, err)
	repositories, err := codecommit.New(env(), access)
	must(t, err)
	topics, err := sns.New(env())
	must(t, err)
	for _, closer := range []io.Closer{bus, lines, objects, functions, builds, pipelines} {
		t.Cleanup(func() { must(t, closer.Close()) })
	}
	return access, []wire.Service{
		{Name: "iam", Operations: access.Operations()},
		{Name: "events", Operations: bus.Operations()},
		{Name: "logs", Operations: lines.Operations()},
		{Name: "s3", Operations: objects.Operations()},
		{Name: "lambda", Operations: functions.Operations()},
		{Name: "codebuild", Operations: builds.Operations()},
		{Name: "sns", Operations: topics.Operations()},
		{Name: "codepipeline", Operations: pipelines.Operations()},
		{Name: "codecommit", Operations: repositories.Operations()},
	}
}

// nothing has no sources.
type nothing struct{}

func (nothing) Archive(context.Context, string, string, io.Writer) error { return io.EOF }

// Assume gives every service the account's own keys: who may do what is tested elsewhere.
func (w *world) Assume(context.Context, service.Session) (aws.Config, error) { return w.config, nil }

// Publish drops the services' own events.
func (w *world) Publish(context.Context, string, string, []string, any) error { return nil }

func (w *world) request(t *testing.T, id, given string) Request {
	t.Helper()
	p := properties(t, given)
	return Request{
		Config: w.watched, Account: testAccount, Region: testRegion, StackName: "stk", LogicalID: id,
		StackID: "arn:aws:cloudformation:" + testRegion + ":" + testAccount + ":stack/stk/1", Properties: p, Old: p,
		Tags: maps.Clone(w.tags), OldTags: maps.Clone(w.tags),
		Name: func(most int) string {
			name := "stk-" + id + "-A1B2C3D4E5F6"
			return name[:min(most, len(name))]
		},
		Now:   time.Now, //nolint:forbidigo // a test's clock
		Taken: func(string) bool { return false },
	}
}

// thing is a resource that was made.
type thing struct {
	*world
	t    *testing.T
	kind *Type
	made Request
	Result
}

func (w *world) create(t *testing.T, kind, id, given string) *thing {
	t.Helper()
	r := w.request(t, id, given)
	found := find(t, kind)
	w.calls.take()
	result, err := found.Create(t.Context(), r)
	if err != nil {
		t.Fatalf("create %s: %v", kind, err)
	}
	w.checkCalls(t, kind, "create")
	r.PhysicalID = result.PhysicalID
	if found.Foresee != nil {
		if id := found.Foresee(r); id != "" && id != result.PhysicalID {
			t.Errorf("%s was foreseen as %s and is %s", kind, id, result.PhysicalID)
		}
	}
	for _, name := range found.Attributes {
		if _, ok := result.Attributes[name]; !ok && !strings.HasPrefix(name, "SnapStartResponse") {
			t.Errorf("%s has no attribute %s", kind, name)
		}
	}
	x := &thing{world: w, t: t, kind: found, made: r, Result: result}
	x.inSync()
	return x
}

// inSync reads the thing, which must be as its properties say.
func (x *thing) inSync() {
	x.t.Helper()
	if x.kind.Read == nil {
		return
	}
	x.calls.take()
	actual, err := x.kind.Read(x.t.Context(), x.made)
	if err != nil {
		x.t.Errorf("read %s: %v", x.kind.Name, err)
	}
	x.checkCalls(x.t, x.kind.Name, "read")
	for _, d := range Differences(x.made.Properties, actual) {
		x.t.Errorf("%s%s: %s %s, want %s", x.kind.Name, *d.PropertyPath, d.DifferenceType, *d.ActualValue, *d.ExpectedValue)
	}
}

// fail creates what must fail, and returns the error's words.
func (w *world) fail(t *testing.T, kind, id, given string) string {
	t.Helper()
	_, err := find(t, kind).Create(t.Context(), w.request(t, id, given))
	if err == nil {
		t.Fatalf("%s was made", kind)
	}
	return err.Error()
}

func (x *thing) update(given string) {
	x.t.Helper()
	next := x.request(x.t, x.made.LogicalID, given)
	next.PhysicalID, next.Old, next.OldTags = x.PhysicalID, x.made.Properties, x.made.Tags
	x.calls.take()
	result, err := x.kind.Update(x.t.Context(), next)
	if err != nil {
		x.t.Fatalf("update %s: %v", x.kind.Name, err)
	}
	x.checkCalls(x.t, x.kind.Name, "update")
	x.made, x.Result = next, result
	x.made.PhysicalID = result.PhysicalID
	x.inSync()
}

// remove deletes the thing, and once more, which must succeed too.
func (x *thing) remove() {
	x.t.Helper()
	x.calls.take()
	for range 2 {
		if err := x.kind.Delete(x.t.Context(), x.made); err != nil {
			x.t.Fatalf("delete %s: %v", x.kind.Name, err)
		}
	}
	x.checkCalls(x.t, x.kind.Name, "delete")
	if x.kind.Read == nil {
		return
	}
	if _, err := x.kind.Read(x.t.Context(), x.made); !IsGone(err) {
		x.t.Errorf("read %s after its deletion: %v", x.kind.Name, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
