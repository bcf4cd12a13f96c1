package codecommit

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// asked lets do call the service through the wire, and returns what IAM was asked.
func (w *world) asked(t *testing.T, do func(ctx context.Context, client *codecommit.Client) error) (all []string) {
	t.Helper()
	var mu sync.Mutex
	server := httptest.NewUnstartedServer(nil)
	api, err := wire.New(wire.Config{
		Account: "123456789012", Region: region, Keys: keys{}, Now: nil, Log: w.env.Log,
		Hosts: func() []string { return []string{server.Listener.Addr().String()} },
		Authorize: func(_ context.Context, _ identity.Principal, needs ...policy.Access) error {
			mu.Lock()
			defer mu.Unlock()
			for _, access := range needs {
				words := append([]string{access.Action}, access.Resources...)
				keys := maps.Clone(access.Keys)
				delete(keys, "aws:useragent") // of every request
				for _, key := range slices.Sorted(maps.Keys(keys)) {
					words = append(words, key+"="+strings.Join(access.Keys[key], ","))
				}
				all = append(all, strings.ReplaceAll(strings.Join(words, " "), "arn:aws:codecommit:eu-west-1:123456789012:", ""))
			}
			return nil
		},
	}, wire.Service{Name: "codecommit", Operations: w.Operations()})
	check(t, err)
	server.Config.Handler = api
	server.Start()
	defer server.Close()
	check(t, do(t.Context(), codecommit.New(codecommit.Options{
		Region: region, BaseEndpoint: aws.String("http://" + server.Listener.Addr().String()), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: secret}, nil
		}),
	})))
	return all
}

func TestWhatIAMIsAsked(t *testing.T) {
	w := newWorld(t)
	dir := forked(t, w, onlySide(t))
	head := must(t, dir, "rev-parse", "main")
	openPull(t, w)
	for _, c := range []struct {
		name string
		do   func(ctx context.Context, client *codecommit.Client) error
		want string
	}{
		{"create", func(ctx context.Context, client *codecommit.Client) error {
			_, err := client.CreateRepository(ctx, &codecommit.CreateRepositoryInput{RepositoryName: new("new"), Tags: map[string]string{"team": "a"}})
			return err
		}, "CreateRepository new aws:requesttag/team=a aws:tagkeys=team"},
		{"several", func(ctx context.Context, client *codecommit.Client) error {
			_, err := client.BatchGetRepositories(ctx, &codecommit.BatchGetRepositoriesInput{RepositoryNames: []string{"app", "new"}})
			return err
		}, "BatchGetRepositories app new"},
		{"branch", func(ctx context.Context, client *codecommit.Client) error {
			_, err := client.CreateBranch(ctx, &codecommit.CreateBranchInput{RepositoryName: new("app"), BranchName: new("b"), CommitId: &head})
			return err
		}, "CreateBranch app codecommit:references=refs/heads/b"},
		{"file", func(ctx context.Context, client *codecommit.Client) error {
			_, err := client.PutFile(ctx, &codecommit.PutFileInput{RepositoryName: new("app"), BranchName: new("b"), FilePath: new("f"), FileContent: []byte("x"), ParentCommitId: &head})
			return err
		}, "PutFile app codecommit:references=refs/heads/b"},
		{"title", func(ctx context.Context, client *codecommit.Client) error {
			_, err := client.UpdatePullRequestTitle(ctx, &codecommit.UpdatePullRequestTitleInput{PullRequestId: new("1"), Title: new("Ours")})
			return err
		}, "UpdatePullRequestTitle app"},
		{"merge", func(ctx context.Context, client *codecommit.Client) error {
			_, err := client.MergePullRequestByFastForward(ctx, &codecommit.MergePullRequestByFastForwardInput{RepositoryName: new("app"), PullRequestId: new("1")})
			return err
		}, "MergePullRequestByFastForward app codecommit:references=refs/heads/main"},
		{"merge branches", func(ctx context.Context, client *codecommit.Client) error {
			_, err := client.MergeBranchesBySquash(ctx, &codecommit.MergeBranchesBySquashInput{RepositoryName: new("app"), SourceCommitSpecifier: new("b"), DestinationCommitSpecifier: new("main")})
			return err
		}, "MergeBranchesBySquash app codecommit:references=refs/heads/main"},
		{"untag", func(ctx context.Context, client *codecommit.Client) error {
			_, err := client.UntagResource(ctx, &codecommit.UntagResourceInput{ResourceArn: aws.String(w.arn("new")), TagKeys: []string{"team"}})
			return err
		}, "UntagResource new aws:tagkeys=team"},
	} {
		same(t, w.asked(t, c.do), []string{"codecommit:" + c.want})
	}
}

// target is a function that takes what triggers send it.
type target struct {
	got  chan map[string]any
	deny bool
}

func (a *target) Assume(context.Context, service.Session) (aws.Config, error) {
	if a.deny {
		return aws.Config{}, errors.New("not allowed")
	}
	return aws.Config{Region: region, BaseEndpoint: aws.String("http://127.0.0.1:1"), HTTPClient: a, Credentials: aws.AnonymousCredentials{}}, nil
}

func (a *target) Do(r *http.Request) (*http.Response, error) {
	var event struct{ Records []map[string]any }
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &event)
	}
	if err != nil {
		return nil, err
	}
	a.got <- event.Records[0]
	answer := httptest.NewRecorder()
	answer.WriteHeader(http.StatusAccepted)
	return answer.Result(), nil
}

func TestTriggers(t *testing.T) {
	w := newWorld(t)
	a := &target{got: make(chan map[string]any, 10)}
	w.Service.env.Roles = a
	trigger := types.RepositoryTrigger{
		Name: new("t"), DestinationArn: new("arn:aws:lambda:eu-west-1:123456789012:function:f"), Branches: []string{"main"},
		Events: []types.RepositoryTriggerEventEnum{types.RepositoryTriggerEventEnumCreateReference}, CustomData: new("data"),
	}
	put, err := w.PutRepositoryTriggers(t.Context(), &codecommit.PutRepositoryTriggersInput{RepositoryName: new("app"), Triggers: []types.RepositoryTrigger{trigger}})
	check(t, err)
	dir := checkout(t)
	must(t, dir, "push", "--quiet", w.remote("app"), "main:other")
	must(t, dir, "push", "--quiet", w.remote("app"), "main")
	got := <-a.got
	same(t, got["codecommit"], any(map[string]any{"references": []any{map[string]any{"commit": must(t, dir, "rev-parse", "HEAD"), "created": true, "ref": "refs/heads/main"}}}))
	same(t, []any{got["customData"], got["eventTriggerConfigId"], got["eventTriggerName"], got["eventName"], got["userIdentityARN"]},
		[]any{"data", *put.ConfigurationId, "t", "ReferenceChanges", caller})
	commitFile(t, dir, "x", "x")
	must(t, dir, "push", "--quiet", w.remote("app"), "main") // an update is not asked for
	w.calls.Wait()
	same(t, len(a.got), 0)

	a.deny = true
	tested, err := w.TestRepositoryTriggers(t.Context(), &codecommit.TestRepositoryTriggersInput{RepositoryName: new("app"), Triggers: []types.RepositoryTrigger{trigger}})
	check(t, err)
	same(t, *tested.FailedExecutions[0].FailureMessage, "not allowed")
	for code, change := range map[string]func(*types.RepositoryTrigger){
		"InvalidRepositoryTriggerDestinationArnException": func(t *types.RepositoryTrigger) { t.DestinationArn = new("arn:aws:s3:::b") },
		"InvalidRepositoryTriggerRegionException":         func(t *types.RepositoryTrigger) { t.DestinationArn = new("arn:aws:sns:us-east-1:1:t") },
		"InvalidRepositoryTriggerNameException":           func(t *types.RepositoryTrigger) { t.Name = new("a b") },
		"RepositoryTriggerEventsListRequiredException":    func(t *types.RepositoryTrigger) { t.Events = nil },
	} {
		bad := trigger
		change(&bad)
		_, err := w.PutRepositoryTriggers(t.Context(), &codecommit.PutRepositoryTriggersInput{RepositoryName: new("app"), Triggers: []types.RepositoryTrigger{bad}})
		wantError(t, err, code, "")
	}
}
