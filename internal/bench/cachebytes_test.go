package bench

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// cachedFiles makes a cache like that of the sample application: 108 MB in
// some 2,240 files, 1/16 of it new in each build.
const cachedFiles = `version: 0.2
phases:
  build:
    commands:
      - mkdir -p ~/c && cd ~/c
      - |
        for d in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do
          if [ ! -d $d ] || [ $d = 0 ]; then mkdir -p $d; head -c 6750000 /dev/urandom | split -b 48400 -a 3 - $d/f; fi
        done
cache: {paths: ['~/c/**/*']}
`

const anyone = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`

const everything = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`

// BenchmarkCacheBytes is what saving and restoring a build's cache costs by itself.
func BenchmarkCacheBytes(b *testing.B) {
	w := newWorld(b)
	for b.Loop() {
		at, stop := w.serve("bytes")
		c, err := cloud.Open(b.Context(), at.target(), time.Now) //nolint:forbidigo // a benchmark's clock is the clock
		if err != nil {
			b.Fatal(err)
		}
		if err := makeProject(b, c); err != nil {
			b.Fatal(err)
		}
		var saved, restored []time.Duration
		for i := range 6 {
			log := build(b, c)
			saved = append(saved, logged(b, log, `Cache saved: .* in ([0-9.]+s)`))
			if i > 0 {
				restored = append(restored, logged(b, log, `Cache restored: .* in ([0-9.]+s)`))
			}
		}
		stop()
		record(b, row{"the cache's bytes alone, 108 MB: saved", round(median(saved)), "", spread(saved), ""})
		record(b, row{"the cache's bytes alone, 108 MB: restored", round(median(restored)), "", spread(restored), ""})
	}
}

func makeProject(b *testing.B, c *cloud.Cloud) error {
	b.Helper()
	ctx, name := b.Context(), aws.String("measured")
	role, err := c.IAM.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(anyone)})
	if err != nil {
		return err
	}
	_, err = c.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: name, PolicyDocument: aws.String(everything)})
	if err != nil {
		return err
	}
	if _, err := c.S3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: name}); err != nil {
		return err
	}
	_, err = c.CodeBuild.CreateProject(ctx, &codebuild.CreateProjectInput{
		Name: name, ServiceRole: role.Role.Arn,
		Source:      &types.ProjectSource{Type: types.SourceTypeNoSource, Buildspec: aws.String(cachedFiles)},
		Artifacts:   &types.ProjectArtifacts{Type: types.ArtifactsTypeNoArtifacts},
		Cache:       &types.ProjectCache{Type: types.CacheTypeS3, Location: aws.String("measured/cache")},
		Environment: &types.ProjectEnvironment{Type: types.EnvironmentTypeLinuxContainer, ComputeType: types.ComputeTypeBuildGeneral1Small, Image: aws.String("aws/codebuild/standard:8.0")},
	})
	return err
}

// build runs a build to its end and returns its log.
func build(b *testing.B, c *cloud.Cloud) string {
	b.Helper()
	started, err := c.CodeBuild.StartBuild(b.Context(), &codebuild.StartBuildInput{ProjectName: aws.String("measured")})
	if err != nil {
		b.Fatal(err)
	}
	one := awaitBuild(b, c, aws.ToString(started.Build.Id))
	if one.BuildStatus != types.StatusTypeSucceeded {
		b.Fatalf("the build is %s", one.BuildStatus)
	}
	var text strings.Builder
	pages := cloudwatchlogs.NewGetLogEventsPaginator(c.Logs, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: one.Logs.GroupName, LogStreamName: one.Logs.StreamName, StartFromHead: aws.Bool(true),
	}, func(o *cloudwatchlogs.GetLogEventsPaginatorOptions) { o.StopOnDuplicateToken = true })
	for pages.HasMorePages() {
		page, err := pages.NextPage(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range page.Events {
			text.WriteString(aws.ToString(e.Message))
		}
	}
	return text.String()
}

func awaitBuild(b *testing.B, c *cloud.Cloud, id string) (one types.Build) {
	b.Helper()
	err := cloud.Poll(b.Context(), func(ctx context.Context) (bool, error) {
		out, err := c.CodeBuild.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: []string{id}})
		if err != nil {
			return false, err
		}
		if len(out.Builds) != 1 {
			return false, fmt.Errorf("build %s is not there", id)
		}
		one = out.Builds[0]
		return one.BuildStatus != types.StatusTypeInProgress, nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return one
}

func logged(b *testing.B, log, pattern string) time.Duration {
	b.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(log)
	if found == nil {
		b.Fatalf("the log has no %q:\n%s", pattern, log)
	}
	d, err := time.ParseDuration(found[1])
	if err != nil {
		b.Fatal(err)
	}
	return d
}
