package codebuild

import (
	"cmp"
	"context"
	"errors"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/buildspec"
	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
)

// upload uploads the artifacts, and then the cache of a build that succeeded. A
// buildspec without an artifacts section uploads nothing and is no failure, so
// that an action of the pipeline that needs the artifact is the first to miss it;
// that it is the same for an artifact in S3 is not confirmed.
func (r *run) upload(ctx context.Context) error {
	for i, output := range r.row.Outputs {
		if output.Type == types.ArtifactsTypeNoArtifacts || output.Type == "" || r.spec.Artifacts == nil {
			continue
		}
		done, err := r.uploadOutput(ctx, output, i == 0)
		if err != nil {
			return uploadFailure(err)
		}
		if i == 0 {
			r.row.Artifacts = done
		} else {
			r.row.SecondaryArtifacts = append(r.row.SecondaryArtifacts, *done)
		}
	}
	if r.outcome == types.StatusTypeSucceeded {
		return r.saveCache(ctx)
	}
	return nil
}

func uploadFailure(err error) error {
	if _, ok := errors.AsType[*failure](err); ok || ending(err) {
		return err
	}
	return fail(codeClient, "Error in UPLOAD_ARTIFACTS phase: %s", transfer(err))
}

// uploadOutput uploads one artifact.
func (r *run) uploadOutput(ctx context.Context, output types.ProjectArtifacts, primary bool) (*types.BuildArtifacts, error) {
	files, err := r.filesOf(output, primary)
	if err != nil {
		return nil, err
	}
	members, release, err := r.collect(files)
	defer release()
	if err != nil {
		return nil, err
	}
	bucket := strings.TrimPrefix(aws.ToString(output.Location), s3ARNPrefix)
	done := &types.BuildArtifacts{
		ArtifactIdentifier: output.ArtifactIdentifier, EncryptionDisabled: output.EncryptionDisabled,
		OverrideArtifactName: output.OverrideArtifactName,
	}
	key := aws.ToString(output.Path)
	if output.Type == types.ArtifactsTypeS3 {
		name, err := r.artifactName(ctx, output, files)
		if err != nil {
			return nil, err
		}
		key = artifactKey(&r.row, output, name)
	}
	done.Location = aws.String(s3ARNPrefix + bucket + "/" + key)
	if output.Type == types.ArtifactsTypeS3 && output.Packaging != types.ArtifactPackagingZip {
		return done, r.putFiles(ctx, bucket, key, members)
	}
	sums, err := r.putZip(ctx, bucket, key, members)
	done.Sha256sum, done.Md5sum = aws.String(sums.sha256), aws.String(sums.md5)
	return done, err
}

// expected is what a build tells of its primary artifact before that is there.
func expected(row *build) *types.BuildArtifacts {
	output := row.Outputs[0]
	if output.Type != types.ArtifactsTypeS3 {
		return &types.BuildArtifacts{Location: aws.String("")}
	}
	bucket := strings.TrimPrefix(aws.ToString(output.Location), s3ARNPrefix)
	return &types.BuildArtifacts{
		Location:           aws.String(s3ARNPrefix + bucket + "/" + artifactKey(row, output, aws.ToString(output.Name))),
		EncryptionDisabled: output.EncryptionDisabled, OverrideArtifactName: output.OverrideArtifactName,
	}
}

// filesOf finds what the buildspec says of an output.
func (r *run) filesOf(output types.ProjectArtifacts, primary bool) (buildspec.Files, error) {
	id := aws.ToString(output.ArtifactIdentifier)
	if primary && r.row.Piped {
		id = aws.ToString(output.Name) // for a buildspec which lists its only artifact as a secondary one
	}
	if primary && len(r.spec.Artifacts.Files.Files) > 0 {
		return r.spec.Artifacts.Files, nil
	}
	for _, secondary := range r.spec.Artifacts.Secondary {
		if secondary.Identifier == id {
			return secondary.Files, nil
		}
	}
	if primary {
		// The words of AWS's agent, in github.com/aws/aws-codebuild-docker-images/issues/128.
		return buildspec.Files{}, fail(codeClient, "no definition for primary artifacts in buildspec")
	}
	return buildspec.Files{}, fail(codeClient, "no matching artifact paths found: the buildspec's secondary-artifacts have no %s", id)
}

// artifactName is the output's, or the buildspec's, which the shell expands.
func (r *run) artifactName(ctx context.Context, output types.ProjectArtifacts, files buildspec.Files) (string, error) {
	if !aws.ToBool(output.OverrideArtifactName) || files.Name == "" {
		return aws.ToString(output.Name), nil
	}
	name, status, err := r.expand(ctx, files.Name)
	if err == nil && (status != 0 || name == "") {
		err = fail(codeClient, "the artifact's name %q cannot be expanded: exit status %d", files.Name, status)
	}
	return name, err
}

// expand lets the shell expand a text.
func (r *run) expand(ctx context.Context, text string) (string, int, error) {
	if !strings.ContainsAny(text, "$`\\") {
		return text, 0, nil
	}
	return r.box.Capture(ctx, sandbox.Command{
		Shell: "sh", Text: "cat <<LOCALAWS_END\n" + text + "\nLOCALAWS_END\n", Env: r.env, Dir: r.box.Source(),
	})
}

// artifactKey is path/namespace/name; the name / stands for the folder itself.
func artifactKey(row *build, output types.ProjectArtifacts, name string) string {
	parts := []string{strings.Trim(aws.ToString(output.Path), "/")}
	if output.NamespaceType == types.ArtifactNamespaceBuildId {
		_, uuid, _ := strings.Cut(aws.ToString(row.Id), ":")
		parts = append(parts, uuid)
	}
	parts = append(parts, strings.Trim(cmp.Or(name, aws.ToString(row.ProjectName)), "/"))
	return strings.TrimPrefix(path.Join(parts...), "/")
}
