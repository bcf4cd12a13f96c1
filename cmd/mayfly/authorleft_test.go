package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cloudformationtypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// wantNothing looks at the whole local AWS, where only this environment was:
// the receipt knows what stood in its stacks, and not what a phase has made
// beside them.
func (a *author) wantNothing(ctx context.Context) error {
	var left error
	found := func(kind string, name *string) {
		left = errors.Join(left, fmt.Errorf("%s %s is left after the teardown: a phase has made it outside its stack", kind, aws.ToString(name)))
	}
	return errors.Join(a.listed(ctx, found), left)
}

// listed tells everything that the local AWS has.
func (a *author) listed(ctx context.Context, found func(kind string, name *string)) error {
	config := a.world.server.Config()
	stacks, err := cloudformation.NewFromConfig(config).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{})
	if err != nil {
		return err
	}
	for _, s := range stacks.Stacks {
		if s.StackStatus != cloudformationtypes.StackStatusDeleteComplete {
			found("stack", s.StackName)
		}
	}
	repositories, err := codecommit.NewFromConfig(config).ListRepositories(ctx, &codecommit.ListRepositoriesInput{})
	if err != nil {
		return err
	}
	for _, r := range repositories.Repositories {
		found("repository", r.RepositoryName)
	}
	projects, err := codebuild.NewFromConfig(config).ListProjects(ctx, &codebuild.ListProjectsInput{})
	if err != nil {
		return err
	}
	for _, name := range projects.Projects {
		found("project", &name)
	}
	pipelines, err := codepipeline.NewFromConfig(config).ListPipelines(ctx, &codepipeline.ListPipelinesInput{})
	if err != nil {
		return err
	}
	for _, p := range pipelines.Pipelines {
		found("pipeline", p.Name)
	}
	roles, err := iam.NewFromConfig(config).ListRoles(ctx, &iam.ListRolesInput{})
	if err != nil {
		return err
	}
	for _, r := range roles.Roles {
		found("role", r.RoleName)
	}
	return a.listedMore(ctx, config, found)
}

func (a *author) listedMore(ctx context.Context, config aws.Config, found func(kind string, name *string)) error {
	functions, err := lambda.NewFromConfig(config).ListFunctions(ctx, &lambda.ListFunctionsInput{})
	if err != nil {
		return err
	}
	for _, f := range functions.Functions {
		found("function", f.FunctionName)
	}
	groups, err := cloudwatchlogs.NewFromConfig(config).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	if err != nil {
		return err
	}
	for _, g := range groups.LogGroups {
		found("log group", g.LogGroupName)
	}
	buckets, err := s3.NewFromConfig(config).ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil {
		return err
	}
	for _, b := range buckets.Buckets {
		found("bucket", b.Name)
	}
	topics, err := sns.NewFromConfig(config).ListTopics(ctx, &sns.ListTopicsInput{})
	if err != nil {
		return err
	}
	for _, topic := range topics.Topics {
		found("topic", topic.TopicArn)
	}
	return nil
}
