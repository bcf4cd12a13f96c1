package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// Project asks whether the build project is there.
var Project = Check{
	Name: "project", Asks: "Is there a CodeBuild project?",
	Ask: func(ctx context.Context, s *Scene) Result {
		project, result := s.project(ctx)
		if project == nil {
			return result
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
		return nil, wrong("there is no project "+name, "a CodeBuild project", "mayfly run codebuild")
	}
	return &out.Projects[0], Result{}
}

// LeastPrivilege asks whether the build's role may do everything, as the
// tutorials of 2018 had it.
var LeastPrivilege = Check{
	Name: "least-privilege", Asks: "Does the build's role allow only what a build needs?",
	Ask: func(ctx context.Context, s *Scene) Result {
		project, result := s.project(ctx)
		if project == nil {
			return result
		}
		arn := aws.ToString(project.ServiceRole)
		role := arn[strings.LastIndex(arn, "/")+1:]
		out, err := s.IAM.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &role})
		if cloud.IsNotFound(err) {
			return wrong("the project's role "+role+" does not exist", "a role of its own", "mayfly run codebuild")
		}
		if err != nil {
			return cannotTell("iam ListAttachedRolePolicies", err)
		}
		if i := slices.IndexFunc(out.AttachedPolicies, tooMuch); i >= 0 {
			policy := out.AttachedPolicies[i]
			return wrong(fmt.Sprintf("role %s has %s attached", role, aws.ToString(policy.PolicyName)),
				"no policy that allows everything",
				fmt.Sprintf("aws iam detach-role-policy --role-name %s --policy-arn %s", role, aws.ToString(policy.PolicyArn)))
		}
		return passed("its role has statements of its own and nothing more")
	},
}

func tooMuch(p iamtypes.AttachedPolicy) bool {
	return slices.Contains([]string{"AdministratorAccess", "PowerUserAccess"}, aws.ToString(p.PolicyName))
}

// Build asks whether the newest build succeeded.
var Build = Check{
	Name: "build", Asks: "Did the newest build succeed?",
	Ask: func(ctx context.Context, s *Scene) Result {
		const expected = "the newest build SUCCEEDED"
		project, result := s.project(ctx)
		if project == nil {
			return result
		}
		name := s.Names.Project()
		list, err := s.CodeBuild.ListBuildsForProject(ctx, &codebuild.ListBuildsForProjectInput{
			ProjectName: &name, SortOrder: types.SortOrderTypeDescending,
		})
		if err != nil {
			return cannotTell("codebuild ListBuildsForProject", err)
		}
		if len(list.Ids) == 0 {
			return wrong("there has been no build", expected, "aws codebuild start-build --project-name "+name)
		}
		build, err := s.FindBuild(ctx, list.Ids[0])
		if err != nil {
			return cannotTell("codebuild BatchGetBuilds", err)
		}
		return buildResult(build, expected)
	},
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

func buildResult(build *types.Build, expected string) Result {
	number := fmt.Sprintf("build %d", aws.ToInt64(build.BuildNumber))
	switch build.BuildStatus {
	case types.StatusTypeSucceeded:
		return passed("%s succeeded in %s", number, BuildDuration(build).Round(100*time.Millisecond))
	case types.StatusTypeInProgress:
		return notYet(number+" is in "+aws.ToString(build.CurrentPhase), expected, time.Minute)
	case types.StatusTypeFailed, types.StatusTypeFault, types.StatusTypeStopped, types.StatusTypeTimedOut:
	}
	return wrong(fmt.Sprintf("%s is %s: %s", number, build.BuildStatus, BuildFailure(build)), expected,
		"Mend what the command complains about, commit, and `git push origin main`.")
}

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
