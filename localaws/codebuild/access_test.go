package codebuild

import (
	"context"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// root is everybody's key.
type root struct{}

func (root) Key(id string) (identity.Key, bool) {
	return identity.Key{AccessKeyID: id, SecretAccessKey: "s", Principal: identity.Principal{ARN: "arn:aws:iam::123456789012:root"}}, true
}

// asked lets do call the service through the wire, and returns what IAM was asked.
func (w *world) asked(do func(ctx context.Context, client *codebuild.Client) error) (all []string) {
	w.t.Helper()
	var mu sync.Mutex
	server := httptest.NewUnstartedServer(nil)
	api, err := wire.New(wire.Config{
		Account: "123456789012", Region: "eu-west-1", Keys: root{}, Now: w.surroundings.Now, Log: w.surroundings.Log,
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
				all = append(all, strings.ReplaceAll(strings.Join(words, " "), "arn:aws:codebuild:eu-west-1:123456789012:", ""))
			}
			return nil
		},
	}, wire.Service{Name: "codebuild", Operations: w.Operations()})
	if err != nil {
		w.t.Fatal(err)
	}
	server.Config.Handler = api
	server.Start()
	defer server.Close()
	client := codebuild.New(codebuild.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://" + server.Listener.Addr().String()), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "s"}, nil
		}),
	})
	if err := do(w.t.Context(), client); err != nil {
		w.t.Error(err)
	}
	return all
}

func TestWhatIAMIsAsked(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(simple, func(in *codebuild.CreateProjectInput) { in.Name = aws.String("old") })
	role, other := aws.String("build"), aws.String("arn:aws:iam::123456789012:role/other-role/build")
	pass := func(arn string) string { return "iam:PassRole " + arn + " iam:passedtoservice=codebuild.amazonaws.com" }
	for _, c := range []struct {
		name string
		do   func(ctx context.Context, client *codebuild.Client) error
		want []string
	}{
		{"create", func(ctx context.Context, client *codebuild.Client) error {
			spec := simple
			_, err := client.CreateProject(ctx, &codebuild.CreateProjectInput{
				Name: aws.String("new"), ServiceRole: role, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
				Source:      &types.ProjectSource{Type: types.SourceTypeNoSource, Buildspec: &spec},
				Artifacts:   &types.ProjectArtifacts{Type: types.ArtifactsTypeNoArtifacts},
				Environment: &types.ProjectEnvironment{Type: types.EnvironmentTypeLinuxContainer, ComputeType: types.ComputeTypeBuildGeneral1Small, Image: aws.String("x")},
			})
			return err
		}, []string{"codebuild:CreateProject project/new aws:requesttag/team=a aws:tagkeys=team", pass("arn:aws:iam::123456789012:role/build")}},
		{"update", func(ctx context.Context, client *codebuild.Client) error {
			_, err := client.UpdateProject(ctx, &codebuild.UpdateProjectInput{Name: aws.String("old"), Description: aws.String("x")})
			return err
		}, []string{"codebuild:UpdateProject project/old"}},
		{"update the role", func(ctx context.Context, client *codebuild.Client) error {
			_, err := client.UpdateProject(ctx, &codebuild.UpdateProjectInput{Name: aws.String("old"), ServiceRole: other})
			return err
		}, []string{"codebuild:UpdateProject project/old", pass(*other)}},
		{"start", func(ctx context.Context, client *codebuild.Client) error {
			out, err := client.StartBuild(ctx, &codebuild.StartBuildInput{ProjectName: aws.String("old"), ServiceRoleOverride: role})
			if err == nil {
				w.finish(*out.Build.Id) //nolint:contextcheck // it waits for the build
			}
			return err
		}, []string{"codebuild:StartBuild project/old", pass("arn:aws:iam::123456789012:role/build")}},
		{"get builds of two projects", func(ctx context.Context, client *codebuild.Client) error {
			_, err := client.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: []string{"old:1", "arn:aws:codebuild:eu-west-1:123456789012:build/new:2"}})
			return err
		}, []string{"codebuild:BatchGetBuilds project/old project/new"}},
		{"list", func(ctx context.Context, client *codebuild.Client) error {
			_, err := client.ListBuilds(ctx, &codebuild.ListBuildsInput{})
			return err
		}, []string{"codebuild:ListBuilds"}},
	} {
		if diff := cmp.Diff(c.want, w.asked(c.do)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if diff := cmp.Diff(map[string]string{"team": "a"}, w.TagsOf("arn:aws:codebuild:eu-west-1:123456789012:project/new")); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if tags := w.TagsOf("arn:aws:codebuild:eu-west-1:123456789012:build/new:1"); tags != nil {
		t.Errorf("a build has the tags %v", tags)
	}
}
