package events

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// called is a request that a target got.
type called struct {
	operation string
	body      map[string]any
	session   service.Session
	principal identity.Principal
}

// targets stands for the services that targets reach. Answers are taken from
// statuses, then 200; requests arrive on calls.
type targets struct {
	calls    chan called
	statuses chan int
}

func newTargets() *targets {
	return &targets{calls: make(chan called, 100), statuses: make(chan int, 100)}
}

func (f *targets) Assume(ctx context.Context, session service.Session) (aws.Config, error) {
	principal := identity.From(ctx)
	return aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		HTTPClient: roundTrip(func(r *http.Request) (*http.Response, error) {
			data, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			operation := r.Header.Get("X-Amz-Target")
			if operation == "" {
				operation = r.URL.Path
			}
			body := map[string]any{}
			if json.Unmarshal(data, &body) != nil {
				body["text"] = string(data)
			}
			f.calls <- called{operation, body, session, principal}
			status := http.StatusOK
			select {
			case status = <-f.statuses:
			default:
			}
			answer := `{}`
			if status != http.StatusOK {
				answer = `{"__type":"SomeException"}`
			}
			return &http.Response{
				StatusCode: status, Request: r, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
				Body: io.NopCloser(strings.NewReader(answer)),
			}, nil
		}),
	}, nil
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) Do(r *http.Request) (*http.Response, error) { return f(r) }

const (
	pipeline = "arn:aws:codepipeline:eu-west-1:123456789012:app"
	role     = "arn:aws:iam::123456789012:role/start"
	ofTest   = `{"source":["aws.codecommit"]}`
)

func putRule(t *testing.T, s *Service, targets ...types.Target) {
	t.Helper()
	_, err := s.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: new("push"), EventPattern: new(ofTest)})
	check(t, err)
	_, err = s.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: new("push"), Targets: targets})
	check(t, err)
}

func publish(t *testing.T, s *Service, commit string) {
	t.Helper()
	check(t, s.Publish(t.Context(), "aws.codecommit", "CodeCommit Repository State Change", []string{"arn:x"},
		map[string]string{"commitId": commit, "message": `say "hi" & <go>`}))
}

func TestPushStartsThePipeline(t *testing.T) {
	f := newTargets()
	s := testService(t, f)
	putRule(t, s, types.Target{Id: new("p"), Arn: new(pipeline), RoleArn: new(role), InputTransformer: &types.InputTransformer{
		InputPathsMap: map[string]string{"commit": "$.detail.commitId"},
		InputTemplate: new(`{"sourceRevisions":[{"actionName":"Source","revisionType":"COMMIT_ID","revisionValue":<commit>}]}`),
	}})
	for _, commit := range []string{"c1", "c2", "c3"} {
		publish(t, s, commit)
	}
	for _, commit := range []string{"c1", "c2", "c3"} { // in the order of the events
		got := <-f.calls
		token, _ := got.body["clientRequestToken"].(string)
		if len(token) != 36 {
			t.Errorf("no token: %v", got.body)
		}
		delete(got.body, "clientRequestToken")
		want := called{"CodePipeline_20150709.StartPipelineExecution", map[string]any{
			"name":            "app",
			"sourceRevisions": []any{map[string]any{"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": commit}},
		}, service.Session{
			RoleARN: role, Name: "AWSEvents_push", Service: "events.amazonaws.com", SourceARN: "arn:aws:events:eu-west-1:123456789012:rule/push",
		}, identity.Principal{
			Account: "123456789012", Service: "events.amazonaws.com", SourceARN: "arn:aws:events:eu-west-1:123456789012:rule/push",
		}}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(called{})); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	_, err := s.DisableRule(t.Context(), &eventbridge.DisableRuleInput{Name: new("push")})
	check(t, err)
	publish(t, s, "c4")
	check(t, s.Close())
	if len(f.calls) > 0 {
		t.Errorf("a disabled rule called %v", <-f.calls)
	}
}

func TestInputs(t *testing.T) {
	const topic = "arn:aws:sns:eu-west-1:123456789012:topic"
	for _, test := range []struct {
		name   string
		target types.Target
		want   string
	}{
		{"constant", types.Target{Input: new(`{"a": 1}`)}, `{"a": 1}`},
		{"path", types.Target{InputPath: new("$.detail.commitId")}, `"c1"`},
		{"path to a list", types.Target{InputPath: new("$['resources'][0]")}, `"arn:x"`},
		{
			"event",
			types.Target{InputTransformer: &types.InputTransformer{InputTemplate: new(`<aws.events.event>`)}},
			`{"account":"123456789012","detail-type":"CodeCommit Repository State Change","id":"ID","region":"eu-west-1","resources":["arn:x"],"source":"aws.codecommit","time":"2026-11-23T12:00:00Z","version":"0"}`,
		},
		{"text", types.Target{InputTransformer: &types.InputTransformer{
			InputPathsMap: map[string]string{"m": "$.detail.message", "none": "$.detail.none", "all": "$.resources"},
			InputTemplate: new("\"<m>, <none>, <all>, <other> by <aws.events.rule-name>\"\n\"second\""),
		}}, `"say \"hi\" & <go>, , [\"arn:x\"], <other> by push"` + "\n\"second\""},
		{"object", types.Target{InputTransformer: &types.InputTransformer{
			InputPathsMap: map[string]string{"m": "$.detail.message", "all": "$.resources"},
			InputTemplate: new(`{"m": <m>, "all": <all>, "at": <aws.events.event.ingestion-time>, "rule": "<aws.events.rule-arn>"}`),
		}}, `{"m": "say \"hi\" & <go>", "all": ["arn:x"], "at": "2026-11-23T12:00:00.000Z", "rule": "arn:aws:events:eu-west-1:123456789012:rule/push"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := testService(t, nil)
			test.target.Id, test.target.Arn = new("t"), new(topic)
			check(t, s.checkTarget(test.target))
			event := `{"version":"0","id":"ID","detail-type":"CodeCommit Repository State Change","source":"aws.codecommit","account":"123456789012",` +
				`"time":"2026-11-23T12:00:00Z","region":"eu-west-1","resources":["arn:x"],"detail":{"commitId":"c1","message":"say \"hi\" & <go>"}}`
			got, err := s.payload(test.target, "push", []byte(event))
			check(t, err)
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestKindsOfTargets(t *testing.T) {
	f := newTargets()
	s := testService(t, f)
	putRule(t, s,
		types.Target{Id: new("b"), Arn: new("arn:aws:codebuild:eu-west-1:123456789012:project/app"), RoleArn: new(role), Input: new(`{"sourceVersion":"c1"}`)},
		types.Target{Id: new("l"), Arn: new("arn:aws:lambda:eu-west-1:123456789012:function:hello"), Input: new(`{"x":1}`)},
		types.Target{Id: new("g"), Arn: new("arn:aws:logs:eu-west-1:123456789012:log-group:/aws/events/x:*"), Input: new(`"line"`)},
	)
	publish(t, s, "c1")
	got := map[string]any{}
	for range 3 {
		c := <-f.calls
		delete(c.body, "idempotencyToken")
		got[c.operation] = c.body
	}
	want := map[string]any{
		"CodeBuild_20161006.StartBuild": map[string]any{"projectName": "app", "sourceVersion": "c1"},
		"/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:hello/invocations": map[string]any{"x": 1.0},
		"Logs_20140328.PutLogEvents": map[string]any{
			"logGroupName": "/aws/events/x", "logStreamName": "push",
			"logEvents": []any{map[string]any{"timestamp": 1795435200000.0, "message": `"line"`}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRetries(t *testing.T) {
	f := newTargets()
	s := testService(t, f)
	putRule(t, s, types.Target{Id: new("p"), Arn: new(pipeline), RoleArn: new(role)})
	f.statuses <- http.StatusInternalServerError // tried again
	publish(t, s, "c1")
	first, second := <-f.calls, <-f.calls
	if first.body["clientRequestToken"] != second.body["clientRequestToken"] {
		t.Error("the second attempt may start another execution")
	}
	f.statuses <- http.StatusBadRequest // final
	publish(t, s, "c2")
	<-f.calls
	publish(t, s, "c3")
	<-f.calls
	check(t, s.Close())
	if n := s.FailedInvocations(); n != 1 {
		t.Errorf("%d deliveries failed, want 1", n)
	}
	if len(f.calls) != 0 {
		t.Errorf("called again: %v", <-f.calls)
	}
}

// TestRestart closes the service while a target fails; the next one delivers.
func TestRestart(t *testing.T) {
	db, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	f := newTargets()
	s, err := New(testEnv(db, f))
	check(t, err)
	putRule(t, s, types.Target{Id: new("p"), Arn: new(pipeline), RoleArn: new(role)})
	for range 100 {
		f.statuses <- http.StatusServiceUnavailable
	}
	publish(t, s, "c1")
	before := <-f.calls
	check(t, s.Close())
	if s.FailedInvocations() != 0 {
		t.Skip("all attempts were made before the close")
	}

	f = newTargets()
	s, err = New(testEnv(db, f))
	check(t, err)
	check(t, s.Resume())
	select {
	case after := <-f.calls:
		if after.body["clientRequestToken"] != before.body["clientRequestToken"] {
			t.Error("the delivery has another token after the restart")
		}
	case <-time.After(10 * time.Second):
		t.Error("not delivered after the restart")
	}
	check(t, s.Close())
}
