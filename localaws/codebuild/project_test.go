package codebuild

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	smithy "github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// message is an API error as "Code: message".
func message(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return fmt.Sprint(err)
}

const simple = head + "phases: {build: {commands: ['true']}}"

func TestProjects(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(simple, func(in *codebuild.CreateProjectInput) { in.ServiceRole = aws.String("build") })
	out, err := w.UpdateProject(t.Context(), &codebuild.UpdateProjectInput{
		Name: aws.String("p"), Description: aws.String("new"), TimeoutInMinutes: aws.Int32(7),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.BatchGetProjects(t.Context(), &codebuild.BatchGetProjectsInput{
		Names: []string{"p", "nope", "arn:aws:codebuild:eu-west-1:123456789012:project/p"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Projects) != 2 || !cmp.Equal(got.ProjectsNotFound, []string{"nope"}) {
		t.Fatalf("projects %v", got)
	}
	p := got.Projects[0]
	if *p.Description != "new" || *p.TimeoutInMinutes != 7 || *p.QueuedTimeoutInMinutes != 480 ||
		*p.ServiceRole != "arn:aws:iam::123456789012:role/build" || p.Cache.Type != types.CacheTypeNoCache ||
		*p.Arn != "arn:aws:codebuild:eu-west-1:123456789012:project/p" || *out.Project.Description != "new" {
		t.Errorf("project %+v", p)
	}
	list, err := w.ListProjects(t.Context(), &codebuild.ListProjectsInput{})
	if err != nil || !cmp.Equal(list.Projects, []string{"p"}) {
		t.Errorf("list %v, %v", list, err)
	}
	for range 2 {
		if _, err := w.DeleteProject(t.Context(), &codebuild.DeleteProjectInput{Name: aws.String("p")}); err != nil {
			t.Error(err)
		}
	}
	_, err = w.StartBuild(t.Context(), &codebuild.StartBuildInput{ProjectName: aws.String("p")})
	if want := "ResourceNotFoundException: Project cannot be found: arn:aws:codebuild:eu-west-1:123456789012:project/p"; message(err) != want {
		t.Errorf("error %s, want %s", message(err), want)
	}
}

func TestBadProjects(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(*codebuild.CreateProjectInput)
	}{
		{"twice", "ResourceAlreadyExistsException: Project already exists: arn:aws:codebuild:eu-west-1:123456789012:project/p", func(*codebuild.CreateProjectInput) {}},
		{"role", "InvalidInputException: CodeBuild is not authorized to perform: sts:AssumeRole on service role. Please verify that: 1) The provided service role exists, 2) The role name is case-sensitive and matches exactly, and 3) The role has the necessary trust policy configured.", func(in *codebuild.CreateProjectInput) { in.ServiceRole = aws.String("none") }},
		{"half a pipeline", "InvalidInputException: Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE", func(in *codebuild.CreateProjectInput) { in.Artifacts.Type = types.ArtifactsTypeCodepipeline }},
		{"source", "InvalidInputException: This local AWS does not serve source type GITHUB", func(in *codebuild.CreateProjectInput) { in.Source.Type = types.SourceTypeGithub }},
		{"no source and no buildspec", "InvalidInputException: Invalid project source: a buildspec is required when source type is NO_SOURCE", func(in *codebuild.CreateProjectInput) { in.Source.Buildspec = nil }},
		{"no location", "InvalidInputException: Invalid project source: location must be set for source type S3", func(in *codebuild.CreateProjectInput) { in.Source.Type = types.SourceTypeS3 }},
		{"cache", "InvalidInputException: This local AWS does not serve a LOCAL cache; one of type S3 is served", func(in *codebuild.CreateProjectInput) { in.Cache = &types.ProjectCache{Type: types.CacheTypeLocal} }},
		{"logs", "InvalidInputException: This local AWS does not serve logs in S3; those in CloudWatch Logs are served", func(in *codebuild.CreateProjectInput) {
			in.LogsConfig = &types.LogsConfig{S3Logs: &types.S3LogsConfig{Status: types.LogsConfigStatusTypeEnabled}}
		}},
		{"reserved variable", "InvalidInputException: Environment variable names cannot start with CODEBUILD_: CODEBUILD_X", func(in *codebuild.CreateProjectInput) {
			in.Environment.EnvironmentVariables = []types.EnvironmentVariable{{Name: aws.String("CODEBUILD_X"), Value: aws.String("")}}
		}},
		{"windows", "InvalidInputException: This local AWS does not serve environment type WINDOWS_SERVER_2022_CONTAINER", func(in *codebuild.CreateProjectInput) {
			in.Environment.Type = types.EnvironmentTypeWindowsServer2022Container
		}},
		{"badge", "InvalidInputException: This local AWS does not serve build badges", func(in *codebuild.CreateProjectInput) { in.BadgeEnabled = aws.Bool(true) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Host{})
			w.create(simple)
			spec := simple
			in := &codebuild.CreateProjectInput{
				Name: aws.String("p"), ServiceRole: aws.String("build"),
				Source:      &types.ProjectSource{Type: types.SourceTypeNoSource, Buildspec: &spec},
				Artifacts:   &types.ProjectArtifacts{Type: types.ArtifactsTypeNoArtifacts},
				Environment: &types.ProjectEnvironment{Type: types.EnvironmentTypeLinuxContainer},
			}
			c.change(in)
			if _, err := w.CreateProject(t.Context(), in); message(err) != c.want {
				t.Errorf("error\n %s\nwant\n %s", message(err), c.want)
			}
		})
	}
}

func TestBuilds(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(simple)
	first := w.run()
	second := w.run(func(in *codebuild.StartBuildInput) { in.IdempotencyToken = aws.String("t") })
	again := w.begin(func(in *codebuild.StartBuildInput) { in.IdempotencyToken = aws.String("t") })
	if again != *second.Id || *second.BuildNumber != 2 {
		t.Errorf("the same token gave %s and %s, number %d", again, *second.Id, *second.BuildNumber)
	}
	_, err := w.StartBuild(t.Context(), &codebuild.StartBuildInput{
		ProjectName: aws.String("p"), IdempotencyToken: aws.String("t"), SourceVersion: aws.String("other"),
	})
	if !strings.HasSuffix(message(err), "parameter mismatch") {
		t.Errorf("another request with the token: %v", err)
	}
	retried, err := w.RetryBuild(t.Context(), &codebuild.RetryBuildInput{Id: first.Arn})
	if err != nil {
		t.Fatal(err)
	}
	third := w.finish(*retried.Build.Id)
	list, err := w.ListBuildsForProject(t.Context(), &codebuild.ListBuildsForProjectInput{ProjectName: aws.String("p")})
	if err != nil || !cmp.Equal(list.Ids, []string{*third.Id, *second.Id, *first.Id}) {
		t.Errorf("list %v, %v", list.Ids, err)
	}
	deleted, err := w.BatchDeleteBuilds(t.Context(), &codebuild.BatchDeleteBuildsInput{Ids: []string{*first.Id, "p:none"}})
	if err != nil || !cmp.Equal(deleted.BuildsDeleted, []string{*first.Arn}) || *deleted.BuildsNotDeleted[0].Id != "arn:aws:codebuild:eu-west-1:123456789012:build/p:none" {
		t.Errorf("deleted %v, %v", deleted, err)
	}
	all, err := w.ListBuilds(t.Context(), &codebuild.ListBuildsInput{SortOrder: types.SortOrderTypeAscending})
	if err != nil || !cmp.Equal(all.Ids, []string{*second.Id, *third.Id}) {
		t.Errorf("list %v, %v", all.Ids, err)
	}
	got, err := w.BatchGetBuilds(t.Context(), &codebuild.BatchGetBuildsInput{Ids: []string{*first.Id}})
	if err != nil || !cmp.Equal(got.BuildsNotFound, []string{*first.Id}) {
		t.Errorf("got %v, %v", got, err)
	}
	for id, want := range map[string]string{
		"p:none": "ResourceNotFoundException: Build arn:aws:codebuild:eu-west-1:123456789012:build/p:none does not exist",
		"none":   "InvalidInputException: Invalid build ID provided",
	} {
		if _, err := w.StopBuild(t.Context(), &codebuild.StopBuildInput{Id: &id}); message(err) != want {
			t.Errorf("StopBuild(%s): %s, want %s", id, message(err), want)
		}
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(simple)
	for i := range 150 {
		if err := w.projects.Put(fmt.Sprintf("q%03d", i), project{}); err != nil {
			t.Fatal(err)
		}
	}
	first, err := w.ListProjects(t.Context(), &codebuild.ListProjectsInput{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.ListProjects(t.Context(), &codebuild.ListProjectsInput{NextToken: first.NextToken})
	if err != nil || len(first.Projects) != 100 || len(second.Projects) != 51 || second.NextToken != nil || second.Projects[0] != "q099" {
		t.Errorf("pages of %d and %d, %v", len(first.Projects), len(second.Projects), err)
	}
	if _, err := w.ListProjects(t.Context(), &codebuild.ListProjectsInput{NextToken: aws.String("x")}); message(err) != "InvalidInputException: Invalid next token" {
		t.Errorf("a bad token: %v", err)
	}
}

func TestConcurrentBuildLimit(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(forever, func(in *codebuild.CreateProjectInput) { in.ConcurrentBuildLimit = aws.Int32(1) })
	w.begin()
	<-w.ready
	_, err := w.StartBuild(t.Context(), &codebuild.StartBuildInput{ProjectName: aws.String("p")})
	if want := "AccountLimitExceededException: Cannot have more than 1 active builds for the project"; message(err) != want {
		t.Errorf("error %s, want %s", message(err), want)
	}
}
