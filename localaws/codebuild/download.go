package codebuild

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/buildspec"
)

// download gets the source, reads the buildspec, makes the environment that it
// asks for, and restores the cache.
func (r *run) download(ctx context.Context) error {
	r.log.container("Phase is DOWNLOAD_SOURCE")
	r.log.container("CODEBUILD_SRC_DIR=%s", r.box.Source())
	if err := r.fetchSources(ctx); err != nil {
		return err
	}
	if err := r.readBuildspec(ctx); err != nil {
		return err
	}
	r.log.container("Processing environment variables")
	if err := r.resolveVariables(); err != nil {
		return err
	}
	r.applyVariables()
	if err := r.selectRuntimes(ctx); err != nil {
		return err
	}
	r.logPhases()
	if err := r.restoreCache(ctx); err != nil {
		return err
	}
	return r.giveGitCredentials(ctx)
}

// resolveVariables looks for the variables whose values are kept elsewhere. This
// AWS has neither a Parameter Store nor a Secrets Manager, so none is found.
func (r *run) resolveVariables() error {
	parameters, secrets := r.spec.Env.ParameterStore, r.spec.Env.SecretsManager
	for _, v := range r.row.Environment.EnvironmentVariables {
		variable := buildspec.Variable{Name: aws.ToString(v.Name), Value: aws.ToString(v.Value)}
		switch v.Type {
		case types.EnvironmentVariableTypeParameterStore:
			parameters = append(parameters, variable)
		case types.EnvironmentVariableTypeSecretsManager:
			secrets = append(secrets, variable)
		case types.EnvironmentVariableTypePlaintext:
		}
	}
	if len(parameters) > 0 {
		r.log.container("Decrypting parameter store environment variables")
		return fail(codeParameter, "parameter does not exist: %s (this local AWS has no Parameter Store)", parameters[0].Value)
	}
	if len(secrets) > 0 {
		return fail(codeSecret, "ResourceNotFoundException: Secrets Manager can't find the specified secret. (%s: this local AWS has no Secrets Manager)", secrets[0].Value)
	}
	return nil
}

// applyVariables adds the buildspec's variables, which stand below those of
// StartBuild and of the project.
func (r *run) applyVariables() {
	above := map[string]bool{}
	for _, v := range r.row.Environment.EnvironmentVariables {
		above[aws.ToString(v.Name)] = true
	}
	for _, v := range r.spec.Env.Variables {
		if !above[v.Name] {
			r.env[v.Name] = v.Value
		}
	}
}

func (r *run) logPhases() {
	found := 0
	for _, phase := range r.spec.Phases {
		if phase.Line > 0 {
			found++
		}
	}
	r.log.container("Phases found in YAML: %d", found)
	for i, phase := range r.spec.Phases {
		if phase.Line > 0 {
			r.log.container(" %s: %d commands", strings.ToUpper(buildspec.PhaseNames[i]), len(phase.Commands))
		}
	}
}

// readBuildspec finds the buildspec: inline, at a path in the source, in S3, or
// buildspec.yml.
func (r *run) readBuildspec(ctx context.Context) error {
	given := aws.ToString(r.row.Source.Buildspec)
	var text []byte
	var err error
	switch {
	case isInline(given):
		text = []byte(given)
	case strings.HasPrefix(given, s3ARNPrefix):
		r.log.container("YAML location is %s", given)
		text, err = r.buildspecFromS3(ctx, given)
	default:
		if given == "" {
			given = "buildspec.yml"
		}
		r.log.container("YAML location is %s", filepath.Join(r.box.Source(), given))
		text, err = readInside(r.box.Source(), given)
	}
	if err != nil {
		return err
	}
	r.spec, err = buildspec.Parse(text)
	if err != nil {
		return fail(codeYAML, "%s", err)
	}
	if len(r.spec.Unserved) > 0 {
		return fail(codeYAML, "this local AWS does not serve what the buildspec asks for: %s", strings.Join(r.spec.Unserved, ", "))
	}
	return nil
}

// readInside reads a file of the source, in the source alone.
func readInside(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the source: %w", err)
	}
	defer func() { _ = root.Close() }()
	text, err := root.ReadFile(path.Clean(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(codeYAML, "stat %s: no such file or directory", filepath.Join(dir, name))
	}
	if err != nil {
		return nil, fail(codeYAML, "read %s: %s", name, err)
	}
	return text, nil
}

func (r *run) buildspecFromS3(ctx context.Context, arn string) ([]byte, error) {
	bucket, key, ok := parseS3ARN(arn)
	if !ok {
		return nil, fail(codeYAML, "%s is not the ARN of an S3 object", arn)
	}
	target := filepath.Join(r.box.Dir(), "control", "buildspec")
	if _, err := r.getObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key}, target); err != nil {
		return nil, fail(codeYAML, "%s for %s", words(err), arn)
	}
	return os.ReadFile(target)
}

// fetchSources gets the primary source and the secondary ones.
func (r *run) fetchSources(ctx context.Context) error {
	version := aws.ToString(r.row.SourceVersion)
	resolved, err := r.fetch(ctx, *r.row.Source, version, r.box.Source())
	if err != nil {
		return sourceFailure(err, "primary source", version)
	}
	if resolved != "" {
		r.row.ResolvedSourceVersion = aws.String(resolved)
		r.env["CODEBUILD_RESOLVED_SOURCE_VERSION"] = resolved
	}
	for _, source := range r.secondarySources() {
		id := aws.ToString(source.SourceIdentifier)
		version := r.secondaryVersion(id)
		dir, err := r.box.Secondary(id)
		if err != nil {
			return err
		}
		resolved, err := r.fetch(ctx, source, version, dir)
		if err != nil {
			return sourceFailure(err, "secondary source "+id, version)
		}
		r.env["CODEBUILD_SRC_DIR_"+id] = dir
		r.env["CODEBUILD_SOURCE_VERSION_"+id] = version
		r.env["CODEBUILD_RESOLVED_SOURCE_VERSION_"+id] = resolved
		r.env["CODEBUILD_SOURCE_REPO_URL_"+id] = aws.ToString(source.Location)
	}
	return nil
}

func sourceFailure(err error, which, version string) error {
	if ending(err) {
		return err
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	return fail(codeClient, "%s for %s and source version %s", transfer(err), which, version)
}

// secondarySources are the project's, or a pipeline's further inputs.
func (r *run) secondarySources() []types.ProjectSource {
	if !r.row.Piped {
		return r.row.SecondarySources
	}
	var sources []types.ProjectSource
	for _, v := range r.row.SecondarySourceVersions {
		sources = append(sources, types.ProjectSource{Type: types.SourceTypeCodepipeline, SourceIdentifier: v.SourceIdentifier})
	}
	return sources
}

func (r *run) secondaryVersion(id string) string {
	for _, v := range r.row.SecondarySourceVersions {
		if aws.ToString(v.SourceIdentifier) == id {
			return aws.ToString(v.SourceVersion)
		}
	}
	return ""
}
