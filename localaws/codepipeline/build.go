package codepipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// buildAPI is what is needed of CodeBuild.
type buildAPI interface {
	StartBuild(ctx context.Context, in *codebuild.StartBuildInput, opts ...func(*codebuild.Options)) (*codebuild.StartBuildOutput, error)
	BatchGetBuilds(ctx context.Context, in *codebuild.BatchGetBuildsInput, opts ...func(*codebuild.Options)) (*codebuild.BatchGetBuildsOutput, error)
	StopBuild(ctx context.Context, in *codebuild.StopBuildInput, opts ...func(*codebuild.Options)) (*codebuild.StopBuildOutput, error)
}

// resolvedRevision carries the commit of the primary input to the build.
const resolvedRevision = "CODEBUILD_RESOLVED_SOURCE_VERSION"

// runCodeBuild starts a build and waits for it.
func (s *Service) runCodeBuild(ctx context.Context, j *job) (result, error) {
	in, err := startBuildInput(j)
	if err != nil {
		return result{}, err
	}
	api := s.clients.codebuild(j.cfg)
	started, err := api.StartBuild(ctx, in)
	if err != nil {
		return result{}, buildFailure(err)
	}
	id := aws.ToString(started.Build.Id)
	project, uuid, _ := strings.Cut(id, ":")
	j.report(func(a *actionRun) {
		a.ExternalID = id
		a.ExternalURL = s.console("codesuite/codebuild/projects/" + project + "/build/" + project + "%3A" + uuid)
	})
	build, err := awaitBuild(ctx, api, id)
	if err != nil {
		if errors.Is(context.Cause(ctx), errAbandoned) {
			// Nobody waits for the build any more. The role may lack the
			// permission to stop it, and then it runs to its end. When the
			// pipeline was updated the build goes on: it may be the one that
			// updated it.
			_, _ = api.StopBuild(context.WithoutCancel(ctx), &codebuild.StopBuildInput{Id: aws.String(id)})
		}
		return result{}, failedCall(codeConfiguration, err)
	}
	if build.BuildStatus != buildtypes.StatusTypeSucceeded {
		return result{}, failed(codeJobFailed, "%s", terminated(build))
	}
	variables := map[string]string{}
	for _, v := range build.ExportedEnvironmentVariables {
		variables[aws.ToString(v.Name)] = aws.ToString(v.Value)
	}
	return result{variables: variables}, nil
}

// buildFailure is what AWS says of a build that could not be started.
func buildFailure(err error) error {
	code := codeJobFailed
	if denied(err) {
		code = codePermission
	}
	return failed(code, "Error calling startBuild: %s", inJava("AWSCodeBuild", err))
}

func awaitBuild(ctx context.Context, api buildAPI, id string) (build buildtypes.Build, err error) {
	err = until(ctx, func() (bool, error) {
		out, err := api.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: []string{id}})
		if err != nil {
			return false, err
		}
		if len(out.Builds) == 0 {
			return false, failed(codeJobFailed, "Build %s does not exist any more", id)
		}
		build = out.Builds[0]
		return build.BuildComplete, nil
	})
	return build, err
}

// terminated is what AWS says of a failed build, with the context of the phase
// that failed: "Build terminated with state: FAILED. Phase: BUILD, Code:
// COMMAND_EXECUTION_ERROR, Message: Error while executing command: ...".
func terminated(b buildtypes.Build) string {
	text := "Build terminated with state: " + string(b.BuildStatus)
	for _, p := range b.Phases {
		if p.PhaseStatus == buildtypes.StatusTypeSucceeded || len(p.Contexts) == 0 {
			continue
		}
		c := p.Contexts[0]
		if aws.ToString(c.StatusCode) != "" {
			return fmt.Sprintf("%s. Phase: %s, Code: %s, Message: %s", text, p.PhaseType, aws.ToString(c.StatusCode), aws.ToString(c.Message))
		}
	}
	return text
}

// startBuildInput hands the artifacts to the build in the way that
// localaws/codebuild documents in its file pipeline.go.
func startBuildInput(j *job) (*codebuild.StartBuildInput, error) {
	primary := j.inputs[0]
	in := &codebuild.StartBuildInput{ProjectName: aws.String(j.configuration["ProjectName"])}
	for _, a := range j.inputs {
		if a.Name == j.configuration["PrimarySource"] {
			primary = a
		}
	}
	in.SourceVersion = aws.String(objectARN(primary))
	for _, a := range j.inputs {
		if a.Name != primary.Name {
			in.SecondarySourcesVersionOverride = append(in.SecondarySourcesVersionOverride, buildtypes.ProjectSourceVersion{
				SourceIdentifier: aws.String(a.Name), SourceVersion: aws.String(objectARN(a)),
			})
		}
	}
	for _, a := range j.outputs {
		out := buildtypes.ProjectArtifacts{
			Type: buildtypes.ArtifactsTypeCodepipeline, Location: aws.String(a.Bucket), Path: aws.String(a.Key), Name: aws.String(a.Name),
		}
		if len(j.outputs) == 1 {
			in.ArtifactsOverride = &out
			break
		}
		out.ArtifactIdentifier = aws.String(a.Name)
		in.SecondaryArtifactsOverride = append(in.SecondaryArtifactsOverride, out)
	}
	if v := j.configuration["EnvironmentVariables"]; v != "" {
		variables, err := environmentVariables(v)
		if err != nil {
			return nil, failed(codeConfiguration, "EnvironmentVariables: %s", err.Error())
		}
		in.EnvironmentVariablesOverride = variables
	}
	if primary.Revision != "" {
		in.EnvironmentVariablesOverride = append(in.EnvironmentVariablesOverride, buildtypes.EnvironmentVariable{
			Name: aws.String(resolvedRevision), Value: aws.String(primary.Revision), Type: buildtypes.EnvironmentVariableTypePlaintext,
		})
	}
	return in, nil
}

func objectARN(a artifact) string { return "arn:aws:s3:::" + a.Bucket + "/" + a.Key }

// environmentVariables reads the action's JSON array of {name, value, type}.
func environmentVariables(text string) ([]buildtypes.EnvironmentVariable, error) {
	var given []struct{ Name, Value, Type string }
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return nil, fmt.Errorf("not a JSON array of {\"name\", \"value\", \"type\"}: %w", err)
	}
	var out []buildtypes.EnvironmentVariable
	for _, v := range given {
		switch {
		case v.Name == "":
			return nil, errors.New("a variable has no name")
		case strings.HasPrefix(v.Name, "CODEBUILD_"):
			return nil, fmt.Errorf("the prefix of %s is reserved", v.Name)
		case v.Type != "" && v.Type != string(buildtypes.EnvironmentVariableTypePlaintext):
			return nil, fmt.Errorf("type %s of %s is not available here, only PLAINTEXT", v.Type, v.Name)
		}
		out = append(out, buildtypes.EnvironmentVariable{
			Name: aws.String(v.Name), Value: aws.String(v.Value), Type: buildtypes.EnvironmentVariableTypePlaintext,
		})
	}
	return out, nil
}
