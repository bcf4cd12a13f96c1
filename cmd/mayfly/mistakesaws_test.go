package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	cptypes "github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/phases"
)

// onAWS makes a mistake with the SDK.
func onAWS(do func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error) func(*mistakeWorld) error {
	return func(w *mistakeWorld) error {
		c, err := w.cloud()
		if err != nil {
			return err
		}
		return do(w, c, w.env.Names())
	}
}

// resourceOf is the physical id of a resource of a stack.
func resourceOf(w *mistakeWorld, c *cloud.Cloud, stack, logical string) (string, error) {
	resources, err := c.StackResources(w.t.Context(), stack)
	if err != nil {
		return "", err
	}
	for _, r := range resources {
		if id := aws.ToString(r.LogicalResourceId); id == logical || strings.HasPrefix(id, logical) && strings.HasSuffix(logical, "Permission") {
			return aws.ToString(r.PhysicalResourceId), nil
		}
	}
	return "", fmt.Errorf("stack %s has no %s", stack, logical)
}

// roleMistake does something to a resource of the pipeline's stack.
func roleMistake(logical string, do func(w *mistakeWorld, c *cloud.Cloud, role string) error) func(*mistakeWorld) error {
	return onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
		role, err := resourceOf(w, c, n.PipelineStack(), logical)
		if err != nil {
			return err
		}
		return do(w, c, role)
	})
}

// ruleMistake changes the rule that starts the pipeline.
func ruleMistake(do func(w *mistakeWorld, c *cloud.Cloud, rule string) error) func(*mistakeWorld) error {
	return roleMistake("Push", func(w *mistakeWorld, c *cloud.Cloud, id string) error {
		return do(w, c, id[strings.LastIndex(id, "|")+1:])
	})
}

func pipelineMistake(change func(p *cptypes.PipelineDeclaration)) func(*mistakeWorld) error {
	return onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
		out, err := c.CodePipeline.GetPipeline(w.t.Context(), &codepipeline.GetPipelineInput{Name: aws.String(n.Pipeline())})
		if err != nil {
			return err
		}
		change(out.Pipeline)
		_, err = c.CodePipeline.UpdatePipeline(w.t.Context(), &codepipeline.UpdatePipelineInput{Pipeline: out.Pipeline})
		return err
	})
}

func deleteStack(name func(cloud.Names) string) func(*mistakeWorld) error {
	return onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
		_, err := c.CloudFormation.DeleteStack(w.t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String(name(n))})
		return err
	})
}

// triggerMistakes are about what starts the pipeline, and the pipeline itself.
func triggerMistakes() []mistake {
	at := phases.Caching
	return []mistake{
		{
			name: "the rule was deleted", at: at, check: "push-rule", says: "was deleted",
			do: ruleMistake(func(w *mistakeWorld, c *cloud.Cloud, rule string) error {
				_, err := c.Events.RemoveTargets(w.t.Context(), &eventbridge.RemoveTargetsInput{Rule: &rule, Ids: []string{"pipeline"}})
				if err != nil {
					return err
				}
				_, err = c.Events.DeleteRule(w.t.Context(), &eventbridge.DeleteRuleInput{Name: &rule})
				return err
			}),
		},
		{
			name: "the rule waits for another branch, and a commit was pushed", at: at, check: "push-rule", says: "pushes to master",
			do: func(w *mistakeWorld) error {
				err := ruleMistake(func(w *mistakeWorld, c *cloud.Cloud, rule string) error {
					out, err := c.Events.DescribeRule(w.t.Context(), &eventbridge.DescribeRuleInput{Name: &rule})
					if err != nil {
						return err
					}
					_, err = c.Events.PutRule(w.t.Context(), &eventbridge.PutRuleInput{
						Name: &rule, EventPattern: aws.String(strings.ReplaceAll(*out.EventPattern, `"main"`, `"master"`)), State: out.State,
					})
					return err
				})(w)
				if err != nil {
					return err
				}
				_, err = w.run(w.workdir(), `printf '"Mine"\n' > greeting.json`+commitAll)
				return err
			},
		},
		{
			name: "the pipeline was deleted", at: at, check: "pipeline", says: "there is no pipeline",
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				_, err := c.CodePipeline.DeletePipeline(w.t.Context(), &codepipeline.DeletePipelineInput{Name: aws.String(n.Pipeline())})
				return err
			}),
		},
		{
			name: "a transition was disabled, and a commit was pushed", at: at, check: "pipeline", says: "the transition into the stage Deploy is disabled",
			do: func(w *mistakeWorld) error {
				err := onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
					_, err := c.CodePipeline.DisableStageTransition(w.t.Context(), &codepipeline.DisableStageTransitionInput{
						PipelineName: aws.String(n.Pipeline()), StageName: aws.String("Deploy"), TransitionType: cptypes.StageTransitionTypeInbound, Reason: aws.String("later"),
					})
					return err
				})(w)
				if err != nil {
					return err
				}
				_, err = w.run(w.workdir(), `printf '"Mine"\n' > greeting.json`+commitAll)
				return err
			},
		},
	}
}

// permissionMistakes take from roles and buckets, or give them too much.
func permissionMistakes() []mistake {
	at := phases.Caching
	deletePolicy := func(policy string) func(w *mistakeWorld, c *cloud.Cloud, role string) error {
		return func(w *mistakeWorld, c *cloud.Cloud, role string) error {
			_, err := c.IAM.DeleteRolePolicy(w.t.Context(), &iam.DeleteRolePolicyInput{RoleName: &role, PolicyName: &policy})
			return err
		}
	}
	return []mistake{
		{
			name: "the build role's policy was deleted in phase 2", at: phases.CodeBuild, check: "least-privilege", says: "has lost its policy build",
			do: roleMistake("BuildRole", deletePolicy("build")),
		},
		{
			name: "the build role's policy was deleted, and a commit was pushed", at: at, check: "least-privilege", says: "has lost its policy build",
			do: func(w *mistakeWorld) error {
				if err := roleMistake("BuildRole", deletePolicy("build"))(w); err != nil {
					return err
				}
				_, err := w.run(w.workdir(), `printf '"Mine"\n' > greeting.json`+commitAll)
				return err
			},
		},
		{
			name: "the pipeline's role lost PassRole, and a commit was pushed", at: at, check: "permissions", says: `lacks the statement HandTheDeployRoleOver`,
			do: func(w *mistakeWorld) error {
				err := roleMistake("PipelineRole", func(w *mistakeWorld, c *cloud.Cloud, role string) error {
					return withoutStatement(w, c, role, "pipeline", "HandTheDeployRoleOver")
				})(w)
				if err != nil {
					return err
				}
				_, err = w.run(w.workdir(), `printf '"Mine"\n' > greeting.json`+commitAll)
				return err
			},
		},
		{
			name: "the rule's role may not start the pipeline", at: at, check: "permissions", says: "has lost its policy start",
			do: roleMistake("PushRole", deletePolicy("start")),
		},
		{
			name: "the deploy role lost a statement", at: at, check: "deploy-role", says: "lacks the statement Functions",
			do: roleMistake("DeployRole", func(w *mistakeWorld, c *cloud.Cloud, role string) error {
				return withoutStatement(w, c, role, "deploy", "Functions")
			}),
		},
		{
			name: "the bucket was emptied", at: at,
			do: roleMistake("Artifacts", func(w *mistakeWorld, c *cloud.Cloud, bucket string) error {
				_, err := c.EmptyBucket(w.t.Context(), bucket, "")
				return err
			}),
		},
		{
			name: "the cache's objects were deleted", at: at,
			do: roleMistake("Artifacts", func(w *mistakeWorld, c *cloud.Cloud, bucket string) error {
				_, err := c.EmptyBucket(w.t.Context(), bucket, "cache")
				return err
			}),
		},
	}
}

// goneMistakes delete and change what phases have made.
func goneMistakes() []mistake {
	at := phases.Caching
	deleteProject := onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
		_, err := c.CodeBuild.DeleteProject(w.t.Context(), &codebuild.DeleteProjectInput{Name: aws.String(n.Project())})
		return err
	})
	deleteRepository := onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
		_, err := c.CodeCommit.DeleteRepository(w.t.Context(), &codecommit.DeleteRepositoryInput{RepositoryName: aws.String(n.Repository())})
		return err
	})
	return []mistake{
		{name: "the project was deleted in phase 2", at: phases.CodeBuild, check: "project", says: "there is no project", do: deleteProject},
		{name: "the repository was deleted", at: at, check: "repository", says: "there is no repository", do: deleteRepository},
		{name: "the repository was deleted in phase 1", at: phases.CodeCommit, check: "repository", says: "there is no repository", do: deleteRepository},
		{name: "the repository's stack was deleted", at: at, check: "repository", says: "there is no repository", do: deleteStack(cloud.Names.RepositoryStack)},
		{name: "the pipeline's stack was deleted", at: at, check: "project", says: "there is no project .*DELETE_FAILED", do: deleteStack(cloud.Names.PipelineStack)},
		{name: "the pipeline's stack was deleted in phase 2", at: phases.CodeBuild, check: "project", says: "there is no project .*there is no stack", do: deleteStack(cloud.Names.PipelineStack)},
		{name: "the application's stack was deleted", at: at, check: "application-stack", says: "there is no stack", do: deleteStack(cloud.Names.ApplicationStack)},
		{
			name: "the repository's stack lost its tags", at: at, check: "repository", says: "has lost its tag mayfly:environment",
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				_, err := c.CloudFormation.UpdateStack(w.t.Context(), &cloudformation.UpdateStackInput{
					StackName: aws.String(n.RepositoryStack()), UsePreviousTemplate: aws.Bool(true), Tags: []cftypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}},
					Parameters: []cftypes.Parameter{{ParameterKey: aws.String("RepositoryName"), UsePreviousValue: aws.Bool(true)}},
				})
				return err
			}),
		},
		{
			name: "the stack of phase 3 was deployed in phase 5", at: at, check: "deploy-stage", says: "does not make and execute a change set",
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				_, err := c.Deploy(w.t.Context(), cloud.Stack{
					Name: n.PipelineStack(), Template: phases.CodePipeline.Template(), Tags: w.env.Tags(),
					Parameters: map[string]string{"RepositoryName": n.Repository()},
				}, nil)
				return err
			}),
		},
		{
			name: "a change of the pipeline's stack was rolled back", at: at,
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				broken := strings.Replace(string(phases.Caching.Template()), "Resources:\n", brokenResource, 1)
				_, err := c.Deploy(w.t.Context(), cloud.Stack{
					Name: n.PipelineStack(), Template: []byte(broken), Tags: w.env.Tags(),
					Parameters: map[string]string{"RepositoryName": n.Repository(), "ApplicationStack": n.ApplicationStack()},
				}, nil)
				if _, rolledBack := errors.AsType[*cloud.StackError](err); rolledBack {
					return nil
				}
				return fmt.Errorf("it was to be rolled back: %w", err)
			}),
		},
		{
			name: "the pipeline's stack could not be made", at: phases.CodeBuild, check: "project", says: "there is no project .*ROLLBACK_COMPLETE: Broken: ",
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				stack, err := c.FindStack(w.t.Context(), n.PipelineStack())
				if err != nil {
					return err
				}
				if err := c.DeleteStack(w.t.Context(), *stack.StackId, nil); err != nil {
					return err
				}
				_, err = c.Deploy(w.t.Context(), cloud.Stack{
					Name: n.PipelineStack(), Template: []byte(brokenResource), Tags: w.env.Tags(),
				}, nil)
				if _, rolledBack := errors.AsType[*cloud.StackError](err); rolledBack {
					return nil
				}
				return fmt.Errorf("it was to be rolled back: %w", err)
			}),
		},
		{
			name: "the function was deleted, and a commit was pushed", at: at, check: "push-starts", says: `Execute failed: .*Function not found`,
			do: func(w *mistakeWorld) error {
				err := appMistake("Hello", func(w *mistakeWorld, c *cloud.Cloud, id string) error {
					_, err := c.Lambda.DeleteFunction(w.t.Context(), &lambda.DeleteFunctionInput{FunctionName: &id})
					return err
				})(w)
				if err != nil {
					return err
				}
				_, err = w.run(w.workdir(), `printf '"Mine"\n' > greeting.json`+commitAll)
				return err
			},
		},
		{
			name: "the function was deleted", at: at, check: "application-stack", says: `Hello .*AWS::Lambda::Function.* was deleted`,
			do: appMistake("Hello", func(w *mistakeWorld, c *cloud.Cloud, id string) error {
				_, err := c.Lambda.DeleteFunction(w.t.Context(), &lambda.DeleteFunctionInput{FunctionName: &id})
				return err
			}),
		},
		{
			name: "the permission to call the URL was removed", at: at, check: "application-stack", says: "the permission to call the function's URL was removed",
			do: onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
				id, err := resourceOf(w, c, n.ApplicationStack(), "Hello")
				if err != nil {
					return err
				}
				out, err := c.Lambda.GetPolicy(w.t.Context(), &lambda.GetPolicyInput{FunctionName: &id, Qualifier: aws.String("live")})
				if err != nil {
					return err
				}
				for _, sid := range sids(aws.ToString(out.Policy)) {
					if _, err := c.Lambda.RemovePermission(w.t.Context(), &lambda.RemovePermissionInput{FunctionName: &id, Qualifier: aws.String("live"), StatementId: &sid}); err != nil {
						return err
					}
				}
				return nil
			}),
		},
	}
}

// brokenResource is a resource that cannot be made.
const brokenResource = `Resources:
  Broken:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Perhaps, Action: "s3:*", Resource: "*"}]}
`

func appMistake(logical string, do func(w *mistakeWorld, c *cloud.Cloud, id string) error) func(*mistakeWorld) error {
	return onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
		id, err := resourceOf(w, c, n.ApplicationStack(), logical)
		if err != nil {
			return err
		}
		return do(w, c, id)
	})
}

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
