package conformance

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// projectInput is a project without source and artifacts that runs a buildspec.
func (t *T) projectInput(name, role, buildspec string) *codebuild.CreateProjectInput {
	return &codebuild.CreateProjectInput{
		Name: &name, ServiceRole: &role,
		Source:    &cbtypes.ProjectSource{Type: cbtypes.SourceTypeNoSource, Buildspec: &buildspec},
		Artifacts: &cbtypes.ProjectArtifacts{Type: cbtypes.ArtifactsTypeNoArtifacts},
		Environment: &cbtypes.ProjectEnvironment{
			Type: cbtypes.EnvironmentTypeLinuxContainer, ComputeType: cbtypes.ComputeTypeBuildGeneral1Small, Image: aws.String("aws/codebuild/standard:8.0"),
		},
	}
}

// project makes a project, which may be changed before, and returns its name.
func (t *T) project(buildspec string, change ...func(*codebuild.CreateProjectInput)) string {
	name := t.name()
	role := t.role(trustService("codebuild.amazonaws.com"), allow("logs:*", "s3:*", "codecommit:GitPull"))
	input := t.projectInput(name, role, buildspec)
	for _, c := range change {
		c(input)
	}
	settled(t, func() (*codebuild.CreateProjectOutput, error) { return t.codebuild.CreateProject(t.ctx, input) })
	t.cleanupLogs("/aws/codebuild/" + name)
	t.cleanup("project "+name, func(t *T) error { return t.deleteProject(name) })
	return name
}

// deleteProject deletes a project and its builds.
func (t *T) deleteProject(name string) error {
	builds, err := t.codebuild.ListBuildsForProject(t.ctx, &codebuild.ListBuildsForProjectInput{ProjectName: &name})
	if err == nil && len(builds.Ids) > 0 {
		_, err = t.codebuild.BatchDeleteBuilds(t.ctx, &codebuild.BatchDeleteBuildsInput{Ids: builds.Ids})
	}
	_, failed := t.codebuild.DeleteProject(t.ctx, &codebuild.DeleteProjectInput{Name: &name})
	return errors.Join(err, failed)
}

// spec is a buildspec of commands for the phase build.
func spec(commands ...string) string {
	var text strings.Builder
	text.WriteString("version: 0.2\nphases:\n  build:\n    commands:\n")
	for _, command := range commands {
		text.WriteString("      - '" + strings.ReplaceAll(command, "'", "''") + "'\n")
	}
	return text.String()
}

// build runs a build of a project, which may be changed, to its end.
func (t *T) build(project string, change ...func(*codebuild.StartBuildInput)) cbtypes.Build {
	return t.built(t.startBuild(project, change...))
}

func (t *T) startBuild(project string, change ...func(*codebuild.StartBuildInput)) string {
	input := &codebuild.StartBuildInput{ProjectName: &project}
	for _, c := range change {
		c(input)
	}
	return str(must(t.codebuild.StartBuild(t.ctx, input))(t).Build.Id)
}

// built waits for the end of a build.
func (t *T) built(id string) cbtypes.Build {
	var build cbtypes.Build
	t.eventually("the build ends", func() bool {
		build = t.lookBuild(id)
		return build.BuildComplete
	})
	return build
}

func (t *T) lookBuild(id string) cbtypes.Build {
	builds := must(t.codebuild.BatchGetBuilds(t.ctx, &codebuild.BatchGetBuildsInput{Ids: []string{id}}))(t).Builds
	if len(builds) != 1 {
		t.Fatalf("there is no build %s", id)
	}
	return builds[0]
}

// phase is a phase of a build; there is none of its type where ok is false.
func phase(build cbtypes.Build, kind cbtypes.BuildPhaseType) (got cbtypes.BuildPhase, ok bool) {
	for _, p := range build.Phases {
		if p.PhaseType == kind {
			return p, true
		}
	}
	return got, false
}

// wantPhase wants a phase to have ended so, in a context with that code and text.
func (t *T) wantPhase(build cbtypes.Build, kind cbtypes.BuildPhaseType, status cbtypes.StatusType, code, text string) {
	got, ok := phase(build, kind)
	if !ok {
		t.Errorf("there is no phase %s", kind)
		return
	}
	equal(t, "PhaseStatus of "+string(kind), got.PhaseStatus, status)
	if code == "" {
		return
	}
	if len(got.Contexts) != 1 || str(got.Contexts[0].StatusCode) != code || !strings.Contains(str(got.Contexts[0].Message), text) {
		t.Errorf("the contexts of %s are %q, want %s %s", kind, contexts(got), code, text)
	}
}

func contexts(p cbtypes.BuildPhase) []string {
	var lines []string
	for _, c := range p.Contexts {
		lines = append(lines, str(c.StatusCode)+": "+str(c.Message))
	}
	return lines
}

// log is what a build printed.
func (t *T) log(build cbtypes.Build) string {
	var text strings.Builder
	t.eventually("the log is complete", func() bool {
		text.Reset()
		out, err := t.logs.GetLogEvents(t.ctx, &cloudwatchlogs.GetLogEventsInput{
			LogGroupName: build.Logs.GroupName, LogStreamName: build.Logs.StreamName, StartFromHead: aws.Bool(true),
		})
		if err != nil {
			t.Fatalf("%v", err)
		}
		for _, event := range out.Events {
			text.WriteString(str(event.Message))
		}
		return strings.Contains(text.String(), "Phase complete: POST_BUILD") || strings.Contains(text.String(), "Phase complete: UPLOAD_ARTIFACTS")
	})
	return text.String()
}

// says is the value that a build exports under a name.
func (t *T) says(build cbtypes.Build, name string) string {
	for _, variable := range build.ExportedEnvironmentVariables {
		if str(variable.Name) == name {
			return str(variable.Value)
		}
	}
	t.Errorf("the build does not export %s", name)
	return ""
}
