package bench

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// How much a local AWS of a long class has to remember.
const (
	manyRepositories, manyStacks, manyBuilds = 1000, 1000, 10_000
	pageWithin, startWithin                  = 5 * time.Millisecond, 300 * time.Millisecond
	mostMemory                               = 150 // MB
)

// BenchmarkMany fills a local AWS with 1,000 repositories, 1,000 stacks and
// 10,000 builds, and measures what a page of a list, a start and the memory cost then.
func BenchmarkMany(b *testing.B) {
	if !full() {
		for _, what := range []string{"a page of a list", "start", "memory"} {
			record(b, row{what + " with 1,000 repositories, 1,000 stacks and 10,000 builds", notAsked, "", "", ""})
		}
		b.Skip(notAsked)
	}
	w := newWorld(b)
	for b.Loop() {
		at, stop := w.serve("many")
		c := w.open(at)
		w.fill(c)
		stop()
		started := clock(func() { at, stop = w.serve("many") })
		within(b, "start with 1,000 repositories, 1,000 stacks and 10,000 builds", started, startWithin, "")
		c = w.open(at)
		for _, list := range []struct {
			name string
			call func() error
		}{
			{"ListRepositories", func() error {
				_, err := c.CodeCommit.ListRepositories(b.Context(), &codecommit.ListRepositoriesInput{})
				return err
			}},
			{"ListStacks", func() error {
				_, err := c.CloudFormation.ListStacks(b.Context(), &cloudformation.ListStacksInput{})
				return err
			}},
			{"DescribeStacks", func() error {
				_, err := c.CloudFormation.DescribeStacks(b.Context(), &cloudformation.DescribeStacksInput{})
				return err
			}},
			{"ListBuilds", func() error {
				_, err := c.CodeBuild.ListBuilds(b.Context(), &codebuild.ListBuildsInput{})
				return err
			}},
			{"ListBuildsForProject", func() error {
				_, err := c.CodeBuild.ListBuildsForProject(b.Context(), &codebuild.ListBuildsForProjectInput{ProjectName: aws.String("many")})
				return err
			}},
		} {
			within(b, "a page of "+list.name+", so many there", mean(b, 5, 50, list.call), pageWithin, "")
		}
		memoryWithin(b, "memory of localaws with all that, at rest", at.PID, mostMemory)
		stop()
	}
}

func (w *world) open(at endpoint) *cloud.Cloud {
	w.b.Helper()
	c, err := cloud.Open(w.b.Context(), at.target(), time.Now) //nolint:forbidigo // benchmarks live by the clock
	if err != nil {
		w.b.Fatal(err)
	}
	return c
}

// fill makes what is to be remembered, through the API. The builds fail as soon
// as their buildspec is read, so that no shell is started.
func (w *world) fill(c *cloud.Cloud) {
	b := w.b
	b.Helper()
	ctx := b.Context()
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"codebuild.amazonaws.com"}}]}`
	role, err := c.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("many"), AssumeRolePolicyDocument: aws.String(trust)})
	if err != nil {
		b.Fatal(err)
	}
	_, err = c.CodeBuild.CreateProject(ctx, &codebuild.CreateProjectInput{
		Name: aws.String("many"), ServiceRole: role.Role.Arn, Artifacts: &cbtypes.ProjectArtifacts{Type: cbtypes.ArtifactsTypeNoArtifacts},
		Source: &cbtypes.ProjectSource{Type: cbtypes.SourceTypeNoSource, Buildspec: aws.String(`{"version":"none"}`)},
		Environment: &cbtypes.ProjectEnvironment{
			Type: cbtypes.EnvironmentTypeLinuxContainer, ComputeType: cbtypes.ComputeTypeBuildGeneral1Small, Image: aws.String("aws/codebuild/standard:8.0"),
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	several(b, manyRepositories, func(i int) error {
		_, err := c.CodeCommit.CreateRepository(ctx, &codecommit.CreateRepositoryInput{RepositoryName: aws.String(fmt.Sprintf("many%04d", i))})
		return err
	})
	several(b, manyStacks, func(i int) error {
		_, err := c.CloudFormation.CreateStack(ctx, &cloudformation.CreateStackInput{
			StackName: aws.String(fmt.Sprintf("many%04d", i)), TemplateBody: aws.String(oneTopic),
		})
		return err
	})
	several(b, manyBuilds, func(int) error {
		_, err := c.CodeBuild.StartBuild(ctx, &codebuild.StartBuildInput{ProjectName: aws.String("many")})
		return err
	})
	err = cloud.Poll(ctx, func(ctx context.Context) (bool, error) {
		list, err := c.CodeBuild.ListBuilds(ctx, &codebuild.ListBuildsInput{})
		if err != nil {
			return false, err
		}
		out, err := c.CodeBuild.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: list.Ids})
		return err == nil && !slices.ContainsFunc(out.Builds, func(b cbtypes.Build) bool { return !b.BuildComplete }), err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// several calls make for 0 to n-1, some at a time.
func several(b *testing.B, n int, work func(i int) error) {
	b.Helper()
	var group errgroup.Group
	group.SetLimit(8)
	for i := range n {
		group.Go(func() error { return work(i) })
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}
