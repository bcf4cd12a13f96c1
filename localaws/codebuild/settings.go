package codebuild

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

// complete fills in what a project has by itself, and refuses what AWS refuses
// and what is not served here.
func (s *Service) complete(ctx context.Context, p *types.Project) error {
	if p.Cache == nil {
		p.Cache = &types.ProjectCache{Type: types.CacheTypeNoCache}
	}
	if p.Source.InsecureSsl == nil {
		p.Source.InsecureSsl = aws.Bool(false)
	}
	filled(&p.SecondarySources)
	filled(&p.SecondarySourceVersions)
	filled(&p.SecondaryArtifacts)
	filled(&p.Tags)
	if p.Environment.ImagePullCredentialsType == "" {
		p.Environment.ImagePullCredentialsType = types.ImagePullCredentialsTypeCodebuild
	}
	if p.Environment.PrivilegedMode == nil {
		p.Environment.PrivilegedMode = aws.Bool(false)
	}
	if p.Environment.EnvironmentVariables == nil {
		p.Environment.EnvironmentVariables = []types.EnvironmentVariable{}
	}
	for i := range p.Environment.EnvironmentVariables {
		if v := &p.Environment.EnvironmentVariables[i]; v.Type == "" {
			v.Type = types.EnvironmentVariableTypePlaintext
		}
	}
	if p.Artifacts.Type == types.ArtifactsTypeS3 {
		completeS3Artifacts(p.Artifacts, aws.ToString(p.Name))
	}
	for i := range p.SecondaryArtifacts {
		completeS3Artifacts(&p.SecondaryArtifacts[i], aws.ToString(p.Name))
	}
	if err := checkProject(p); err != nil {
		return err
	}
	return s.checkRole(ctx, p)
}

// filled makes an empty list of none: AWS answers with [].
func filled[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}

func completeS3Artifacts(a *types.ProjectArtifacts, name string) {
	if a.Packaging == "" {
		a.Packaging = types.ArtifactPackagingNone
	}
	if a.NamespaceType == "" {
		a.NamespaceType = types.ArtifactNamespaceNone
	}
	if aws.ToString(a.Name) == "" {
		a.Name = aws.String(name)
	}
	if a.EncryptionDisabled == nil {
		a.EncryptionDisabled = aws.Bool(false)
	}
}

// checkProject is in AWS's words where AWS refuses too.
func checkProject(p *types.Project) error {
	pipelineSource := p.Source.Type == types.SourceTypeCodepipeline
	switch {
	case pipelineSource != (p.Artifacts.Type == types.ArtifactsTypeCodepipeline):
		return invalid("Invalid input: when using CodePipeline both sourceType, and artifactType must be set to: CODEPIPELINE")
	case pipelineSource && p.Badge.BadgeEnabled:
		return invalid("Build badges are not supported for CodePipeline source")
	case p.Badge.BadgeEnabled:
		return notServed("build badges")
	case p.VpcConfig != nil && aws.ToString(p.VpcConfig.VpcId) != "":
		return notServed("a VPC configuration")
	case len(p.FileSystemLocations) > 0:
		return notServed("file system locations")
	case p.BuildBatchConfig != nil:
		return notServed("batch builds")
	case p.Environment.Fleet != nil:
		return notServed("a reserved capacity fleet")
	case p.Environment.DockerServer != nil:
		return notServed("a Docker server")
	case strings.HasPrefix(string(p.Environment.Type), "WINDOWS_"):
		return notServed("environment type " + string(p.Environment.Type))
	}
	if err := checkSource(*p.Source, false); err != nil {
		return err
	}
	for _, source := range p.SecondarySources {
		if err := checkSource(source, true); err != nil {
			return err
		}
	}
	if err := checkArtifacts(*p.Artifacts, false); err != nil {
		return err
	}
	for _, artifacts := range p.SecondaryArtifacts {
		if err := checkArtifacts(artifacts, true); err != nil {
			return err
		}
	}
	if err := checkCache(p.Cache); err != nil {
		return err
	}
	if err := checkVariables(p.Environment.EnvironmentVariables); err != nil {
		return err
	}
	return checkLogs(p.LogsConfig)
}

func notServed(what string) error {
	return invalid("This local AWS does not serve %s", what)
}

func checkSource(source types.ProjectSource, secondary bool) error {
	if secondary && source.Type == types.SourceTypeCodepipeline {
		return invalid("Invalid input: sourceType CODEPIPELINE is not allowed for secondarySources")
	}
	if secondary && aws.ToString(source.SourceIdentifier) == "" {
		return invalid("Invalid input: sourceIdentifier is required for secondarySources")
	}
	switch source.Type {
	case types.SourceTypeNoSource:
		if !secondary && !isInline(aws.ToString(source.Buildspec)) {
			return invalid("Invalid project source: a buildspec is required when source type is NO_SOURCE")
		}
	case types.SourceTypeCodepipeline:
	case types.SourceTypeS3, types.SourceTypeCodecommit:
		if aws.ToString(source.Location) == "" {
			return invalid("Invalid project source: location must be set for source type %s", source.Type)
		}
	case types.SourceTypeGithub, types.SourceTypeGithubEnterprise, types.SourceTypeGitlab,
		types.SourceTypeGitlabSelfManaged, types.SourceTypeBitbucket:
		return notServed("source type " + string(source.Type))
	default:
		return notServed("source type " + string(source.Type))
	}
	return nil
}

func checkArtifacts(a types.ProjectArtifacts, secondary bool) error {
	switch a.Type {
	case types.ArtifactsTypeS3:
		if aws.ToString(a.Location) == "" {
			return invalid("Invalid artifacts: location must be set for artifact type S3")
		}
	case types.ArtifactsTypeCodepipeline:
		if secondary {
			return invalid("Invalid input: artifactType CODEPIPELINE is not allowed for secondaryArtifacts")
		}
	case types.ArtifactsTypeNoArtifacts:
	default:
		return notServed("artifacts of type " + string(a.Type))
	}
	if secondary && aws.ToString(a.ArtifactIdentifier) == "" {
		return invalid("Invalid input: artifactIdentifier is required for secondaryArtifacts")
	}
	return nil
}

func checkCache(c *types.ProjectCache) error {
	switch c.Type {
	case types.CacheTypeNoCache:
	case types.CacheTypeS3:
		if bucket, _, _ := strings.Cut(strings.TrimPrefix(aws.ToString(c.Location), s3ARNPrefix), "/"); bucket == "" {
			return invalid("Invalid cache: location must be a valid S3 bucket, followed by slash and the prefix")
		}
	case types.CacheTypeLocal:
		return notServed("a LOCAL cache; one of type S3 is served")
	default:
		return notServed("a cache of type " + string(c.Type))
	}
	return nil
}

func checkLogs(l *types.LogsConfig) error {
	if l != nil && l.S3Logs != nil && l.S3Logs.Status == types.LogsConfigStatusTypeEnabled {
		return notServed("logs in S3; those in CloudWatch Logs are served")
	}
	return nil
}

func checkVariables(variables []types.EnvironmentVariable) error {
	for _, v := range variables {
		if name := aws.ToString(v.Name); strings.HasPrefix(name, "CODEBUILD_") {
			return invalid("Environment variable names cannot start with CODEBUILD_: %s", name)
		}
	}
	return nil
}

// checkRole makes sure that the service can assume the project's role.
func (s *Service) checkRole(ctx context.Context, p *types.Project) error {
	_, err := s.env.Roles.Assume(ctx, service.Session{
		RoleARN: aws.ToString(p.ServiceRole), Name: "AWSCodeBuild",
		Service: codebuildService, SourceARN: aws.ToString(p.Arn),
	})
	if err != nil {
		return invalid("CodeBuild is not authorized to perform: sts:AssumeRole on service role. " +
			"Please verify that: 1) The provided service role exists, 2) The role name is case-sensitive and matches exactly, " +
			"and 3) The role has the necessary trust policy configured.")
	}
	return nil
}

const codebuildService = "codebuild.amazonaws.com"

// isInline says whether a buildspec is given as text rather than as a path.
func isInline(buildspec string) bool {
	return strings.ContainsAny(buildspec, "\n{") || strings.Contains(buildspec, ": ")
}
