package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/phases"
)

// startBuild starts a build by hand and waits for its end, whatever that is.
var startBuild = onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
	out, err := c.CodeBuild.StartBuild(w.t.Context(), &codebuild.StartBuildInput{ProjectName: aws.String(n.Project())})
	if err != nil {
		return err
	}
	return cloud.Poll(w.t.Context(), func(ctx context.Context) (bool, error) {
		got, err := c.CodeBuild.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: []string{*out.Build.Id}})
		return err == nil && got.Builds[0].BuildStatus != cbtypes.StatusTypeInProgress, err
	})
})

// hold pushes a commit whose build waits, and returns its execution and build once that runs.
func hold(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) (execution, build string, err error) {
	line := `printf '"Mine"\n' > greeting.json && sed -i.bak 's#^      - mkdir out#      - test -e '"$HOME/released"' || sleep 8\n      - mkdir out#' buildspec.yml && rm -f buildspec.yml.bak`
	if out, err := w.run(w.workdir(), line+commitAll); err != nil {
		return "", "", fmt.Errorf("%w: %s", err, out)
	}
	err = cloud.Poll(w.t.Context(), func(ctx context.Context) (bool, error) {
		builds, err := c.CodeBuild.ListBuildsForProject(ctx, &codebuild.ListBuildsForProjectInput{ProjectName: aws.String(n.Project())})
		if err != nil || len(builds.Ids) == 0 {
			return false, err
		}
		got, err := c.CodeBuild.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: builds.Ids[:1]})
		if err != nil {
			return false, err
		}
		build = aws.ToString(got.Builds[0].Id)
		return got.Builds[0].BuildStatus == cbtypes.StatusTypeInProgress && aws.ToString(got.Builds[0].CurrentPhase) == "BUILD", nil
	})
	if err != nil {
		return "", "", err
	}
	out, err := c.CodePipeline.ListPipelineExecutions(w.t.Context(), &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String(n.Pipeline())})
	if err != nil {
		return "", "", err
	}
	// What is started again does not wait.
	return aws.ToString(out.PipelineExecutionSummaries[0].PipelineExecutionId), build, makeFile(filepath.Join(w.home, "released"), nil)
}

// sabotages are what `mayfly break` breaks: the check that it names sees it.
func sabotages() []mistake {
	says := map[string]string{
		"build-policy": "has lost its policy build", "administrator": "has AdministratorAccess attached", "log-group": "LogGroup.* was deleted",
		"project": "there is no project", "rule-off": "is disabled", "rule-branch": "pushes to master and not to main",
		"rule-target": "has not the pipeline as its target", "polling": "polls the repository", "transition": "into the stage Build is disabled: change freeze",
		"frozen-bucket": "a statement more than its template: Deny s3:PutObject", "broken-build": "is FAILED: .*exit 1",
		"pass-role": `lacks the statement HandTheDeployRoleOver \(iam:PassRole\)`, "deploy-stage": "does not make and execute a change set",
		"function-url": "AWS::Lambda::Url.* was deleted", "old-version": `points at version 1; the stack published version \d+`,
		"cache-off": "cache is off", "cache-paths": "has no cache paths",
	}
	var all []mistake
	for _, s := range phases.Sabotages {
		all = append(all, mistake{
			name: "mayfly break: " + s.Name, at: phases.Caching, check: s.Reveals, says: says[s.Name], broken: true,
			shell: "mayfly break --yes --way " + s.Name + " && ! mayfly break --yes",
		})
	}
	return all
}

// stoppedMistakes stop what was under way.
func stoppedMistakes() []mistake {
	at := phases.Caching
	kill := func(w *mistakeWorld) error {
		_, err := w.run(w.home, `kill -9 "$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' '`+endpointFile(w.state())+`')"`)
		return err
	}
	return []mistake{
		{
			name: "a build was stopped", at: at, check: "build", says: "is STOPPED",
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				_, build, err := hold(w, c, n)
				if err == nil {
					_, err = c.CodeBuild.StopBuild(w.t.Context(), &codebuild.StopBuildInput{Id: &build})
				}
				return err
			}),
		},
		{
			name: "an execution was stopped", at: at, check: "push-starts", says: "is Stopped",
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				execution, _, err := hold(w, c, n)
				if err == nil {
					_, err = c.CodePipeline.StopPipelineExecution(w.t.Context(), &codepipeline.StopPipelineExecutionInput{
						PipelineName: aws.String(n.Pipeline()), PipelineExecutionId: &execution, Abandon: true,
					})
				}
				return err
			}),
		},
		{
			name: "the local AWS was killed in the middle of a build", at: at, check: "build", says: "the local AWS was stopped",
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				if _, _, err := hold(w, c, n); err != nil {
					return err
				}
				return kill(w)
			}),
		},
		{name: "the local AWS was killed", at: at, do: kill},
		{
			name: "the local AWS was stopped", at: at, do: func(w *mistakeWorld) error {
				_, err := w.run(w.home, "mayfly local stop")
				return err
			},
		},
		{
			name: "the local AWS was stopped, and a commit not pushed", at: at, check: workingCopyCheck, says: "1 commit not pushed",
			shell: `mayfly local stop && printf '"Mine"\n' > greeting.json && git commit --quiet --all -m Mine && ! git push`,
		},
	}
}
