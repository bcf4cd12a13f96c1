package verify

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// Project asks whether the build project is there.
var Project = Check{
	Name: "project", Asks: "Is there a CodeBuild project?",
	Ask: func(ctx context.Context, s *Scene) Result {
		project, result := s.project(ctx)
		if project == nil {
			return result
		}
		if r := s.stackTrouble(ctx, s.Names.PipelineStack(), "mayfly run codebuild"); r.State == Wrong {
			return r
		}
		m, err := s.asMade(ctx, s.Names.PipelineStack())
		if err != nil {
			return cannotTell("cloudformation GetTemplate", err)
		}
		if m != nil {
			if lost, err := s.gone(ctx, m, "BuildLogs"); err != nil {
				return cannotTell("logs DescribeLogGroups", err)
			} else if lost != "" {
				return wrong(lost, "a log group that the builds write to", "mayfly run codebuild")
			}
		}
		return passed("the project builds in %s", aws.ToString(project.Environment.Image))
	},
}

func (s *Scene) project(ctx context.Context) (*types.Project, Result) {
	name := s.Names.Project()
	out, err := s.CodeBuild.BatchGetProjects(ctx, &codebuild.BatchGetProjectsInput{Names: []string{name}})
	if err != nil {
		return nil, cannotTell("codebuild BatchGetProjects", err)
	}
	if len(out.Projects) == 0 {
		return nil, s.because(ctx, wrong("there is no project "+name, "a CodeBuild project", "mayfly run codebuild"), s.Names.PipelineStack())
	}
	return &out.Projects[0], Result{}
}

// Build asks whether the newest build succeeded. Builds of a project that was
// deleted and made again count for nothing.
var Build = Check{
	Name: "build", Asks: "Did the newest build succeed?",
	Ask: func(ctx context.Context, s *Scene) Result {
		const expected = "the newest build SUCCEEDED"
		project, result := s.project(ctx)
		if project == nil {
			return result
		}
		builds, err := s.builds(ctx, aws.ToTime(project.Created))
		if err != nil {
			return cannotTell("codebuild BatchGetBuilds", err)
		}
		if len(builds) == 0 {
			return wrong("the project has built nothing yet", expected, "mayfly run codebuild")
		}
		return s.buildResult(ctx, builds, expected)
	},
}

// mostBuilds is how many builds are looked at.
const mostBuilds = 20

// builds returns the project's builds since then, the newest first.
func (s *Scene) builds(ctx context.Context, since time.Time) ([]types.Build, error) {
	name := s.Names.Project()
	// The newest come first; to ask for that is an error where there are more
	// than a hundred (botocore's model of ListBuildsForProject).
	list, err := s.CodeBuild.ListBuildsForProject(ctx, &codebuild.ListBuildsForProjectInput{ProjectName: &name})
	if err != nil || len(list.Ids) == 0 {
		return nil, err
	}
	out, err := s.CodeBuild.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: list.Ids[:min(len(list.Ids), mostBuilds)]})
	if err != nil {
		return nil, err
	}
	builds := slices.DeleteFunc(out.Builds, func(b types.Build) bool { return aws.ToTime(b.StartTime).Before(since) })
	slices.SortFunc(builds, func(a, b types.Build) int { return aws.ToTime(b.StartTime).Compare(aws.ToTime(a.StartTime)) })
	return builds, nil
}

// BuiltByPipeline tells whether the project takes its source from a pipeline alone.
func (s *Scene) BuiltByPipeline(ctx context.Context) bool {
	project, _ := s.project(ctx)
	return project != nil && project.Source != nil && project.Source.Type == types.SourceTypeCodepipeline
}

// thenBuild adds to a command that pushes what starts a build where no pipeline does.
func (s *Scene) thenBuild(ctx context.Context, fix string) string {
	if project, _ := s.project(ctx); project == nil || !strings.HasPrefix(fix, "git ") || s.BuiltByPipeline(ctx) {
		return fix
	}
	return fix + " && mayfly run codebuild"
}

// FindBuild returns a build by its id.
func (s *Scene) FindBuild(ctx context.Context, id string) (*types.Build, error) {
	out, err := s.CodeBuild.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: []string{id}})
	if err != nil {
		return nil, err
	}
	if len(out.Builds) == 0 {
		return nil, fmt.Errorf("build %s is not there any more", id)
	}
	return &out.Builds[0], nil
}

// buildResult judges the newest of some builds.
func (s *Scene) buildResult(ctx context.Context, builds []types.Build, expected string) Result {
	build := &builds[0]
	number := fmt.Sprintf("build %d", aws.ToInt64(build.BuildNumber))
	switch build.BuildStatus {
	case types.StatusTypeSucceeded:
		return passed("%s succeeded in %s", number, BuildDuration(build).Round(100*time.Millisecond))
	case types.StatusTypeInProgress:
		return notYet(number+" is in "+aws.ToString(build.CurrentPhase), expected, time.Minute)
	case types.StatusTypeStopped, types.StatusTypeTimedOut, types.StatusTypeFault, types.StatusTypeFailed:
	}
	observed := fmt.Sprintf("%s is %s: %s", number, build.BuildStatus, BuildFailure(build))
	fix := ""
	if build.BuildStatus == types.StatusTypeFailed && isTheSources(BuildFailure(build)) {
		fix = s.goBack(ctx, s.headOr(ctx, aws.ToString(build.ResolvedSourceVersion)), lastBuilt(builds))
	}
	switch {
	case fix != "":
		fix = s.thenBuild(ctx, fix)
	case s.BuiltByPipeline(ctx):
		fix = startAgain
	default:
		fix = "mayfly run codebuild"
	}
	return wrong(observed, expected, fix)
}

// lastBuilt is the commit of the newest build that succeeded, or "".
func lastBuilt(builds []types.Build) string {
	i := slices.IndexFunc(builds, func(b types.Build) bool {
		return b.BuildStatus == types.StatusTypeSucceeded && aws.ToString(b.ResolvedSourceVersion) != ""
	})
	if i < 0 {
		return ""
	}
	return aws.ToString(builds[i].ResolvedSourceVersion)
}

// headOr is the head of main, or another commit where that cannot be told.
func (s *Scene) headOr(ctx context.Context, other string) string {
	if head, err := s.Head(ctx); err == nil && head != "" {
		return head
	}
	return other
}

// notTheSources are failures that another commit would not mend.
var notTheSources = regexp.MustCompile(`(?i)access ?denied|not authorized|the local AWS was stopped|HandlerErrorCode: NotFound|UPDATE_ROLLBACK_FAILED|in ROLLBACK_COMPLETE state`)

// isTheSources tells whether a failure is the fault of what was committed.
func isTheSources(failure string) bool { return !notTheSources.MatchString(failure) }

// BuildFailure says in which phase a build failed and by which command.
func BuildFailure(build *types.Build) string {
	for _, phase := range build.Phases {
		for _, c := range phase.Contexts {
			if message := aws.ToString(c.Message); message != "" && phase.PhaseStatus != types.StatusTypeSucceeded {
				return fmt.Sprintf("%s: %s", phase.PhaseType, message)
			}
		}
	}
	return "its log says why"
}

// BuildDuration is how long a build took, from start to end.
func BuildDuration(build *types.Build) time.Duration {
	if build.StartTime == nil || build.EndTime == nil {
		return 0
	}
	return build.EndTime.Sub(*build.StartTime)
}
