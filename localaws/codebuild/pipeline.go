package codebuild

// How a pipeline hands its artifacts to a build.
//
// AWS does it inside: nothing in the public API says where a build of source
// type CODEPIPELINE finds its input. Here it goes through StartBuild itself,
// called with the pipeline role's keys (a session opened with
// Session.Service "codepipeline.amazonaws.com" and Session.SourceARN the
// pipeline's ARN). For such a caller, and a project whose source type is
// CODEPIPELINE, StartBuild reads:
//
//	SourceVersion                    arn:aws:s3:::<bucket>/<key> of the primary input, a zip
//	SecondarySourcesVersionOverride  one for every further input: SourceIdentifier the artifact's
//	                                 name, SourceVersion its arn:aws:s3:::<bucket>/<key>;
//	                                 it stands in $CODEBUILD_SRC_DIR_<SourceIdentifier>
//	ArtifactsOverride                where the action has exactly one output: Type CODEPIPELINE,
//	                                 Location the bucket, Path the object's whole key, Name the artifact's name
//	SecondaryArtifactsOverride       where it has several: all of them, ArtifactIdentifier the artifact's
//	                                 name (which the buildspec names under secondary-artifacts),
//	                                 Location and Path as above
//	EnvironmentVariablesOverride     the action's variables, and CODEBUILD_RESOLVED_SOURCE_VERSION: the
//	                                 primary source's revision (a commit id). Nobody else may set a
//	                                 variable of that prefix.
//
// An action without outputs leaves both overrides away, and nothing is uploaded.
// The outputs are zips, written with the project's role. The build's initiator
// is codepipeline/<name>, from the session's SourceARN. The build ends in
// BuildComplete, with ExportedEnvironmentVariables for the action's namespace.

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

const (
	pipelineService  = "codepipeline.amazonaws.com"
	resolvedVariable = "CODEBUILD_RESOLVED_SOURCE_VERSION"
	s3ARNPrefix      = "arn:aws:s3:::"
)

// fromPipeline says whether a pipeline calls.
func fromPipeline(ctx context.Context) bool {
	return identity.From(ctx).Service == pipelineService
}

// initiator names the caller as AWS does: the user's name, role/session, or
// codepipeline/<pipeline>.
func initiator(p identity.Principal) string {
	if p.Service == pipelineService {
		return "codepipeline/" + afterLast(p.SourceARN, ":")
	}
	if p.Service != "" {
		return strings.TrimSuffix(p.Service, ".amazonaws.com") + "/" + afterLast(p.SourceARN, "/")
	}
	_, rest, found := strings.Cut(p.ARN, ":assumed-role/")
	if found {
		return rest
	}
	return afterLast(afterLast(p.ARN, ":"), "/")
}

func afterLast(s, sep string) string {
	return s[strings.LastIndex(s, sep)+1:]
}

// takeRevision takes the resolved revision out of a pipeline's variables.
func takeRevision(in *codebuild.StartBuildInput) (revision string) {
	var kept []types.EnvironmentVariable
	for _, v := range in.EnvironmentVariablesOverride {
		if aws.ToString(v.Name) == resolvedVariable {
			revision = aws.ToString(v.Value)
			continue
		}
		kept = append(kept, v)
	}
	in.EnvironmentVariablesOverride = kept
	return revision
}

// parseS3ARN splits arn:aws:s3:::bucket/key.
func parseS3ARN(arn string) (bucket, key string, ok bool) {
	rest, ok := strings.CutPrefix(arn, s3ARNPrefix)
	if !ok {
		return "", "", false
	}
	bucket, key, ok = strings.Cut(rest, "/")
	return bucket, key, ok && bucket != "" && key != ""
}
