package codebuild

import (
	"cmp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// compose makes a build's settings of the project's and the overrides.
func compose(row *build, p types.Project, in *codebuild.StartBuildInput) error {
	if err := refuseOverrides(in); err != nil {
		return err
	}
	source, environment := *p.Source, *p.Environment
	composeSource(row, p, in, &source)
	environment.ComputeType = cmp.Or(in.ComputeTypeOverride, environment.ComputeType)
	environment.Type = cmp.Or(in.EnvironmentTypeOverride, environment.Type)
	environment.ImagePullCredentialsType = cmp.Or(in.ImagePullCredentialsTypeOverride, environment.ImagePullCredentialsType)
	set(&environment.Image, in.ImageOverride)
	set(&environment.PrivilegedMode, in.PrivilegedModeOverride)
	environment.EnvironmentVariables = overrideVariables(environment.EnvironmentVariables, in.EnvironmentVariablesOverride)

	row.Source, row.Environment = &source, &environment
	row.Cache, row.LogsConfig = p.Cache, p.LogsConfig
	set(&row.Cache, in.CacheOverride)
	set(&row.LogsConfig, in.LogsConfigOverride)
	row.ServiceRole, row.EncryptionKey = p.ServiceRole, p.EncryptionKey
	set(&row.ServiceRole, in.ServiceRoleOverride)
	set(&row.EncryptionKey, in.EncryptionKeyOverride)
	row.TimeoutInMinutes, row.QueuedTimeoutInMinutes = p.TimeoutInMinutes, p.QueuedTimeoutInMinutes
	set(&row.TimeoutInMinutes, in.TimeoutInMinutesOverride)
	set(&row.QueuedTimeoutInMinutes, in.QueuedTimeoutInMinutesOverride)
	if err := composeArtifacts(row, p, in); err != nil {
		return err
	}
	return checkBuild(row)
}

func composeSource(row *build, p types.Project, in *codebuild.StartBuildInput, source *types.ProjectSource) {
	row.SourceVersion = p.SourceVersion
	set(&row.SourceVersion, in.SourceVersion)
	row.SecondarySources, row.SecondarySourceVersions = p.SecondarySources, p.SecondarySourceVersions
	if in.SecondarySourcesOverride != nil {
		row.SecondarySources = in.SecondarySourcesOverride
	}
	if in.SecondarySourcesVersionOverride != nil {
		row.SecondarySourceVersions = in.SecondarySourcesVersionOverride
	}
	source.Type = cmp.Or(in.SourceTypeOverride, source.Type)
	set(&source.Location, in.SourceLocationOverride)
	set(&source.Buildspec, in.BuildspecOverride)
	set(&source.GitCloneDepth, in.GitCloneDepthOverride)
	set(&source.GitSubmodulesConfig, in.GitSubmodulesConfigOverride)
	if row.Piped { // whatever the project's own source is, the pipeline's takes its place, as on AWS
		source.Type, source.Location = types.SourceTypeCodepipeline, nil
		row.SecondarySources = nil
	}
}

func composeArtifacts(row *build, p types.Project, in *codebuild.StartBuildInput) error {
	primary, secondary := *p.Artifacts, p.SecondaryArtifacts
	if row.Piped {
		primary, secondary = types.ProjectArtifacts{Type: types.ArtifactsTypeNoArtifacts}, nil
	}
	if in.ArtifactsOverride != nil {
		primary = *in.ArtifactsOverride
	}
	if in.SecondaryArtifactsOverride != nil {
		secondary = in.SecondaryArtifactsOverride
	}
	row.Outputs = []types.ProjectArtifacts{primary}
	row.Outputs = append(row.Outputs, secondary...)
	for i := range row.Outputs {
		if row.Outputs[i].Type == types.ArtifactsTypeS3 {
			completeS3Artifacts(&row.Outputs[i], aws.ToString(p.Name))
		}
		if row.Piped {
			continue
		}
		if err := checkArtifacts(row.Outputs[i], i > 0); err != nil {
			return err
		}
	}
	return nil
}

func overrideVariables(base, over []types.EnvironmentVariable) []types.EnvironmentVariable {
	all := append([]types.EnvironmentVariable{}, base...)
next:
	for _, v := range over {
		v.Type = cmp.Or(v.Type, types.EnvironmentVariableTypePlaintext)
		for i := range all {
			if aws.ToString(all[i].Name) == aws.ToString(v.Name) {
				all[i] = v
				continue next
			}
		}
		all = append(all, v)
	}
	return all
}

// checkBuild refuses what cannot be started.
func checkBuild(row *build) error {
	source := *row.Source
	if row.Piped {
		if _, _, ok := parseS3ARN(aws.ToString(row.SourceVersion)); !ok {
			return invalid("The source version of a build that CodePipeline starts must be the ARN of an S3 object, and is %q",
				aws.ToString(row.SourceVersion))
		}
	} else if source.Type == types.SourceTypeCodepipeline {
		return invalid("The source type CODEPIPELINE is for builds that CodePipeline starts: " +
			"start an execution of the pipeline, or override the source and the artifacts")
	}
	if err := checkSource(source, false); err != nil {
		return err
	}
	for _, s := range row.SecondarySources {
		if err := checkSource(s, true); err != nil {
			return err
		}
	}
	if err := checkCache(row.Cache); err != nil {
		return err
	}
	if err := checkVariables(row.Environment.EnvironmentVariables); err != nil {
		return err
	}
	return checkLogs(row.LogsConfig)
}

// refuseOverrides names the overrides that are not served.
func refuseOverrides(in *codebuild.StartBuildInput) error {
	switch {
	case aws.ToBool(in.DebugSessionEnabled):
		return notServed("debug sessions")
	case in.FleetOverride != nil:
		return notServed("a reserved capacity fleet")
	case aws.ToString(in.CertificateOverride) != "":
		return notServed("a certificate")
	case in.RegistryCredentialOverride != nil:
		return notServed("registry credentials")
	}
	return nil
}
