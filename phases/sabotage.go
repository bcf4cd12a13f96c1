package phases

import (
	"context"
	"errors"
	"fmt"

	"github.com/mayfly-cd/mayfly/verify"
)

// Sabotage is a way to break a phase in secret, for the learner to find out.
type Sabotage struct {
	// Name is a word; Story is what is told when it is found.
	Name, Story string
	// Phase is what it breaks; that phase and those before it pass when it begins.
	Phase *Phase
	// Reveals is the check that names it.
	Reveals string
	// LaptopOnly is for what takes history away, or minutes to put back, in an account.
	LaptopOnly bool
	// Do does it. It changes resources of this environment only.
	Do func(ctx context.Context, b Bench) error
}

// Sabotages are the ways there are.
var Sabotages = []Sabotage{
	{
		Name: "build-policy", Phase: CodeBuild, Reveals: verify.LeastPrivilege.Name, Do: withoutPolicy("BuildRole", "build"),
		Story: "The build's role had lost its policy: no build could have written its log or read its source.",
	},
	{
		Name: "administrator", Phase: CodeBuild, Reveals: verify.LeastPrivilege.Name, Do: attachAdministrator,
		Story: "AdministratorAccess was attached to the build's role: everything works, and every buildspec could do anything.",
	},
	{
		Name: "log-group", Phase: CodeBuild, Reveals: verify.Project.Name, Do: deleteLogGroup,
		Story: "The builds' log group was deleted: builds would have run and said nothing.",
	},
	{
		Name: "project", Phase: CodeBuild, Reveals: verify.Project.Name, LaptopOnly: true, Do: deleteProject,
		Story: "The project was deleted behind CloudFormation's back: the stack still said that it was there.",
	},
	{
		Name: "rule-off", Phase: CodePipeline, Reveals: verify.PushRule.Name, Do: disableRule,
		Story: "The rule was disabled: pushes made events, and nobody listened.",
	},
	{
		Name: "rule-branch", Phase: CodePipeline, Reveals: verify.PushRule.Name, Do: otherBranch,
		Story: "The rule waited for pushes to master: one word in a pattern, and silence.",
	},
	{
		Name: "rule-target", Phase: CodePipeline, Reveals: verify.PushRule.Name, Do: removeTarget,
		Story: "The rule had lost its target: it matched every push and told nobody.",
	},
	{
		Name: "polling", Phase: CodePipeline, Reveals: verify.Pipeline.Name, Do: changePipeline(poll),
		Story: "The pipeline polled: it would have found each push late, and started twice for it.",
	},
	{
		Name: "transition", Phase: CodePipeline, Reveals: verify.Pipeline.Name, Do: disableTransition,
		Story: "The way from Source to Build was closed: executions would have waited there for ever.",
	},
	{
		Name: "frozen-bucket", Phase: CodePipeline, Reveals: verify.PipelinePermissions.Name, Do: freezeBucket,
		Story: "The artifact bucket's policy denied writing: no stage could have handed anything on.",
	},
	{
		Name: "broken-build", Phase: CodePipeline, Reveals: verify.Build.Name, Do: breakBuild,
		Story: "A commit made the build exit with 1. `git revert` made a commit that undoes it, and lost nothing.",
	},
	{
		Name: "pass-role", Phase: CloudFormation, Reveals: verify.PipelinePermissions.Name,
		Do:    withoutStatement("PipelineRole", "pipeline", "HandTheDeployRoleOver"),
		Story: "The pipeline's role had lost iam:PassRole: it could start a deployment and hand its role to nobody.",
	},
	{
		Name: "deploy-stage", Phase: CloudFormation, Reveals: verify.DeployStage.Name, Do: changePipeline(dropDeploy),
		Story: "The Deploy stage was gone: every execution was green, and nothing reached production.",
	},
	{
		Name: "function-url", Phase: CloudFormation, Reveals: verify.ApplicationStack.Name, Do: deleteURL,
		Story: "The function's URL was deleted: the function was fine, and nobody could reach it.",
	},
	{
		Name: "old-version", Phase: CloudFormation, Reveals: verify.ApplicationStack.Name, Do: oldVersion,
		Story: "The alias pointed at the first version: customers saw the past, and every check of the pipeline was green.",
	},
	{
		Name: "cache-off", Phase: Caching, Reveals: verify.CacheEnabled.Name, Do: cacheOff,
		Story: "The cache was turned off: every build was right, and slow again.",
	},
	{
		Name: "cache-paths", Phase: Caching, Reveals: verify.CachePaths.Name, Do: dropCachePaths,
		Story: "A commit took the cache paths out of the buildspec: the cache was on, and nothing was kept in it.",
	},
}

// FindSabotage returns the way of that name.
func FindSabotage(name string) (Sabotage, error) {
	for _, s := range Sabotages {
		if s.Name == name {
			return s, nil
		}
	}
	return Sabotage{}, fmt.Errorf("there is no way %q to break anything", name)
}

// NothingToBreak tells whether a sabotage failed because it does not fit what there is.
func NothingToBreak(err error) bool { return errors.Is(err, errNothingToBreak) }

var errNothingToBreak = errors.New("there is nothing of the kind to break")
