package phases

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/mayfly-cd/mayfly/verify"
)

// resource is the physical id of a resource of a stack of this environment.
func resource(ctx context.Context, b Bench, stack, logical string) (string, error) {
	all, err := b.Scene().StackResources(ctx, stack)
	if err != nil {
		return "", err
	}
	for _, r := range all {
		if aws.ToString(r.LogicalResourceId) == logical {
			return aws.ToString(r.PhysicalResourceId), nil
		}
	}
	return "", fmt.Errorf("stack %s has no %s: %w", stack, logical, errNothingToBreak)
}

// inPipelineStack breaks a resource of the stack of the phases 2 to 5.
func inPipelineStack(logical string, do func(ctx context.Context, b Bench, id string) error) func(context.Context, Bench) error {
	return func(ctx context.Context, b Bench) error {
		id, err := resource(ctx, b, b.Scene().Names.PipelineStack(), logical)
		if err != nil {
			return err
		}
		return do(ctx, b, id)
	}
}

func withoutPolicy(role, policy string) func(context.Context, Bench) error {
	return inPipelineStack(role, func(ctx context.Context, b Bench, id string) error {
		_, err := b.Scene().IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &id, PolicyName: &policy})
		return err
	})
}

// withoutStatement takes a statement out of a role's policy.
func withoutStatement(role, policy, sid string) func(context.Context, Bench) error {
	return inPipelineStack(role, func(ctx context.Context, b Bench, id string) error {
		out, err := b.Scene().IAM.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &id, PolicyName: &policy})
		if err != nil {
			return err
		}
		text, err := url.QueryUnescape(aws.ToString(out.PolicyDocument))
		if err != nil {
			return err
		}
		var document struct {
			Version   string
			Statement []map[string]any
		}
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			return err
		}
		document.Statement = slices.DeleteFunc(document.Statement, func(s map[string]any) bool { return s["Sid"] == sid })
		changed, err := json.Marshal(document)
		if err != nil {
			return err
		}
		_, err = b.Scene().IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &id, PolicyName: &policy, PolicyDocument: aws.String(string(changed))})
		return err
	})
}

var attachAdministrator = inPipelineStack("BuildRole", func(ctx context.Context, b Bench, id string) error {
	policy := "arn:" + b.Scene().Partition() + ":iam::aws:policy/AdministratorAccess"
	_, err := b.Scene().IAM.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &id, PolicyArn: &policy})
	return err
})

var deleteLogGroup = inPipelineStack("BuildLogs", func(ctx context.Context, b Bench, id string) error {
	_, err := b.Scene().Logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &id})
	return err
})

func deleteProject(ctx context.Context, b Bench) error {
	_, err := b.Scene().CodeBuild.DeleteProject(ctx, &codebuild.DeleteProjectInput{Name: aws.String(b.Scene().Names.Project())})
	return err
}

func cacheOff(ctx context.Context, b Bench) error {
	_, err := b.Scene().CodeBuild.UpdateProject(ctx, &codebuild.UpdateProjectInput{
		Name: aws.String(b.Scene().Names.Project()), Cache: &buildtypes.ProjectCache{Type: buildtypes.CacheTypeNoCache},
	})
	return err
}

// withRule breaks the rule that starts the pipeline.
func withRule(do func(ctx context.Context, b Bench, rule string) error) func(context.Context, Bench) error {
	return inPipelineStack("Push", func(ctx context.Context, b Bench, id string) error {
		return do(ctx, b, id[strings.LastIndex(id, "|")+1:])
	})
}

var disableRule = withRule(func(ctx context.Context, b Bench, rule string) error {
	_, err := b.Scene().Events.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: &rule})
	return err
})

var otherBranch = withRule(func(ctx context.Context, b Bench, rule string) error {
	out, err := b.Scene().Events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &rule})
	if err != nil {
		return err
	}
	_, err = b.Scene().Events.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: &rule, Description: out.Description, State: out.State,
		EventPattern: aws.String(strings.ReplaceAll(aws.ToString(out.EventPattern), `"main"`, `"master"`)),
	})
	return err
})

var removeTarget = withRule(func(ctx context.Context, b Bench, rule string) error {
	_, err := b.Scene().Events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &rule, Ids: []string{"pipeline"}})
	return err
})

// changePipeline updates the pipeline's structure.
func changePipeline(change func(p *types.PipelineDeclaration)) func(context.Context, Bench) error {
	return func(ctx context.Context, b Bench) error {
		out, err := b.Scene().CodePipeline.GetPipeline(ctx, &codepipeline.GetPipelineInput{Name: aws.String(b.Scene().Names.Pipeline())})
		if err != nil {
			return err
		}
		change(out.Pipeline)
		_, err = b.Scene().CodePipeline.UpdatePipeline(ctx, &codepipeline.UpdatePipelineInput{Pipeline: out.Pipeline})
		return err
	}
}

func poll(p *types.PipelineDeclaration) {
	p.Stages[0].Actions[0].Configuration["PollForSourceChanges"] = "true"
}

func dropDeploy(p *types.PipelineDeclaration) {
	p.Stages = slices.DeleteFunc(p.Stages, func(s types.StageDeclaration) bool { return aws.ToString(s.Name) == "Deploy" })
}

func disableTransition(ctx context.Context, b Bench) error {
	_, err := b.Scene().CodePipeline.DisableStageTransition(ctx, &codepipeline.DisableStageTransitionInput{
		PipelineName: aws.String(b.Scene().Names.Pipeline()), StageName: aws.String("Build"),
		TransitionType: types.StageTransitionTypeInbound, Reason: aws.String("change freeze"),
	})
	return err
}

var freezeBucket = inPipelineStack("Artifacts", func(ctx context.Context, b Bench, id string) error {
	bucket := "arn:" + b.Scene().Partition() + ":s3:::" + id
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []map[string]any{{
		"Sid": "OnlyOverTLS", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []string{bucket, bucket + "/*"},
		"Condition": map[string]any{"Bool": map[string]string{"aws:SecureTransport": "false"}},
	}, {
		"Sid": "Frozen", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": bucket + "/*",
	}}})
	if err != nil {
		return err
	}
	_, err = b.Scene().S3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &id, Policy: aws.String(string(policy)), ExpectedBucketOwner: &b.Scene().Account})
	return err
})

// function is the application's, which the Deploy stage made.
func function(ctx context.Context, b Bench) (string, error) {
	all, err := b.Scene().StackResources(ctx, b.Scene().Names.ApplicationStack())
	if err != nil {
		return "", err
	}
	for _, r := range all {
		if aws.ToString(r.ResourceType) == "AWS::Lambda::Function" {
			return aws.ToString(r.PhysicalResourceId), nil
		}
	}
	return "", fmt.Errorf("the application has no function: %w", errNothingToBreak)
}

// alias is what the application's template calls the version that is live.
const alias = "live"

func deleteURL(ctx context.Context, b Bench) error {
	name, err := function(ctx, b)
	if err != nil {
		return err
	}
	_, err = b.Scene().Lambda.DeleteFunctionUrlConfig(ctx, &lambda.DeleteFunctionUrlConfigInput{FunctionName: &name, Qualifier: aws.String(alias)})
	return err
}

func oldVersion(ctx context.Context, b Bench) error {
	name, err := function(ctx, b)
	if err != nil {
		return err
	}
	versions, err := b.Scene().Lambda.ListVersionsByFunction(ctx, &lambda.ListVersionsByFunctionInput{FunctionName: &name})
	if err != nil {
		return err
	}
	const withLatest = 3 // $LATEST, the version that is live, and an older one
	if len(versions.Versions) < withLatest {
		return fmt.Errorf("the function has one version only: %w", errNothingToBreak)
	}
	_, err = b.Scene().Lambda.UpdateAlias(ctx, &lambda.UpdateAliasInput{
		FunctionName: &name, Name: aws.String(alias), FunctionVersion: versions.Versions[1].Version,
	})
	return err
}

// breakBuild commits a buildspec whose last phase fails.
func breakBuild(ctx context.Context, b Bench) error {
	return changeBuildspec(ctx, b, "Tidy the buildspec", func(lines []string) []string {
		i := slices.IndexFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "commands:" })
		if i < 0 || i+1 >= len(lines) {
			return nil
		}
		indent := lines[i+1][:len(lines[i+1])-len(strings.TrimLeft(lines[i+1], " "))]
		return slices.Insert(lines, i+1, indent+"- exit 1")
	})
}

// dropCachePaths commits a buildspec without its cache, which stands at its end.
func dropCachePaths(ctx context.Context, b Bench) error {
	return changeBuildspec(ctx, b, "Tidy the buildspec", func(lines []string) []string {
		i := slices.Index(lines, "cache:")
		if i < 0 {
			return nil
		}
		end := i + 1
		for end < len(lines) && (lines[end] == "" || strings.HasPrefix(lines[end], " ")) {
			end++
		}
		return slices.Delete(lines, i, end)
	})
}

func changeBuildspec(ctx context.Context, b Bench, message string, change func(lines []string) []string) error {
	data, err := b.Read(verify.BuildspecFile)
	if err != nil {
		return err
	}
	lines := change(strings.Split(strings.TrimRight(string(data), "\n"), "\n"))
	if lines == nil {
		return fmt.Errorf("%s is not as mayfly wrote it: %w", verify.BuildspecFile, errNothingToBreak)
	}
	text := strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
	_, err = b.Commit(ctx, message, map[string][]byte{verify.BuildspecFile: []byte(text)})
	return err
}
