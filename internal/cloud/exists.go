package cloud

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// Exists looks whether a resource is there, by its CloudFormation type and its
// physical id, asking the service itself. known is false for types that live
// and die with another resource (a policy within a role, a version of a
// function), for which there is nothing to ask.
func (c *Cloud) Exists(ctx context.Context, kind, id string) (there, known bool, err error) {
	switch kind {
	case "AWS::S3::Bucket":
		_, err = c.S3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &id, ExpectedBucketOwner: &c.Account})
	case "AWS::CodeCommit::Repository":
		// The physical id is the repository's id, which no read takes.
		return c.repositoryExists(ctx, id)
	case "AWS::CodeBuild::Project":
		out, err := c.CodeBuild.BatchGetProjects(ctx, &codebuild.BatchGetProjectsInput{Names: []string{id}})
		return err == nil && len(out.Projects) > 0, true, err
	case "AWS::CodePipeline::Pipeline":
		_, err = c.CodePipeline.GetPipeline(ctx, &codepipeline.GetPipelineInput{Name: &id})
	case "AWS::IAM::Role":
		_, err = c.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &id})
	case "AWS::IAM::ManagedPolicy":
		_, err = c.IAM.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &id})
	case "AWS::Events::Rule":
		_, err = c.Events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String(id[strings.LastIndex(id, "|")+1:])})
	case "AWS::Logs::LogGroup":
		out, err := c.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &id})
		return err == nil && slices.ContainsFunc(out.LogGroups, func(g logtypes.LogGroup) bool {
			return aws.ToString(g.LogGroupName) == id
		}), true, err
	case "AWS::Lambda::Function":
		_, err = c.Lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &id})
	case "AWS::Lambda::Alias":
		function, alias := cutQualifier(id)
		_, err = c.Lambda.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &function, Name: &alias})
	case "AWS::Lambda::Url":
		function, alias := cutQualifier(id)
		in := &lambda.GetFunctionUrlConfigInput{FunctionName: &function}
		if alias != "" {
			in.Qualifier = &alias
		}
		_, err = c.Lambda.GetFunctionUrlConfig(ctx, in)
	case "AWS::SNS::Topic":
		_, err = c.SNS.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &id})
	default:
		return false, false, nil
	}
	if IsNotFound(err) {
		return false, true, nil
	}
	return err == nil, true, err
}

// cutQualifier splits arn:aws:lambda:region:account:function:name:qualifier
// into the function's ARN and the qualifier, which may be missing.
func cutQualifier(arn string) (function, qualifier string) {
	const parts = 7 // of a function's ARN without a qualifier
	all := strings.Split(arn, ":")
	if len(all) <= parts {
		return arn, ""
	}
	return strings.Join(all[:parts], ":"), all[parts]
}

func (c *Cloud) repositoryExists(ctx context.Context, id string) (there, known bool, err error) {
	pages := codecommit.NewListRepositoriesPaginator(c.CodeCommit, &codecommit.ListRepositoriesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return false, true, err
		}
		for _, r := range page.Repositories {
			if aws.ToString(r.RepositoryId) == id || aws.ToString(r.RepositoryName) == id {
				return true, true, nil
			}
		}
	}
	return false, true, nil
}
