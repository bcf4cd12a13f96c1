package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
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

func deleteStack(name func(cloud.Names) string) func(*mistakeWorld) error {
	return onAWS(func(w *mistakeWorld, c *cloud.Cloud, n cloud.Names) error {
		_, err := c.CloudFormation.DeleteStack(w.t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String(name(n))})
		return err
	})
}

// deleted deletes a stack and waits until it is gone.
func deleted(w *mistakeWorld, c *cloud.Cloud, name string) error {
	stack, err := c.FindStack(w.t.Context(), name)
	if err != nil {
		return err
	}
	return c.DeleteStack(w.t.Context(), *stack.StackId, nil)
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
			name: "the repository's stack lost its tags", at: at, check: "repository", says: "has not the tag mayfly:environment",
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
				if err := deleted(w, c, n.PipelineStack()); err != nil {
					return err
				}
				_, err := c.Deploy(w.t.Context(), cloud.Stack{
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
