package codebuild

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// fetch gets one source into a folder, and returns the version that it resolved to.
func (r *run) fetch(ctx context.Context, source types.ProjectSource, version, dir string) (string, error) {
	switch source.Type {
	case types.SourceTypeNoSource:
		return "", nil
	case types.SourceTypeCodepipeline:
		bucket, key, ok := parseS3ARN(version)
		if !ok {
			return "", fail(codeClient, "%q is not the ARN of an S3 object", version)
		}
		_, err := r.fetchZip(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key}, dir)
		return "", err // the pipeline knows which commit it is
	case types.SourceTypeS3:
		location := strings.TrimPrefix(aws.ToString(source.Location), s3ARNPrefix)
		bucket, key, ok := strings.Cut(location, "/")
		if !ok || key == "" || strings.HasSuffix(key, "/") {
			return "", fail(codeClient, "the source %s is not a zip in a bucket (bucket/key.zip), and nothing else in S3 is served here", location)
		}
		in := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
		if version != "" {
			in.VersionId = &version
		}
		return r.fetchZip(ctx, in, dir)
	case types.SourceTypeCodecommit:
		return r.clone(ctx, source, version, dir)
	default:
		return "", fail(codeClient, "this local AWS does not serve source type %s", source.Type)
	}
}

// fetchZip unpacks an object, and returns its version.
func (r *run) fetchZip(ctx context.Context, in *s3.GetObjectInput, dir string) (string, error) {
	file := filepath.Join(r.box.Dir(), "control", "source.zip")
	defer func() { _ = os.Remove(file) }()
	out, err := r.getObject(ctx, in, file)
	if err != nil {
		return "", err
	}
	if err := unzip(file, dir, r.s.host.MaxDisk); err != nil {
		return "", fail(codeClient, "%s: %s", aws.ToString(in.Key), err)
	}
	return aws.ToString(out.VersionId), nil
}

// getObject downloads an object into a file.
func (r *run) getObject(ctx context.Context, in *s3.GetObjectInput, file string) (out *s3.GetObjectOutput, err error) {
	out, err = r.s3().GetObject(ctx, in)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Body.Close() }()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write the download: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.Copy(f, out.Body); err != nil {
		return nil, fmt.Errorf("download %s: %w", aws.ToString(in.Key), err)
	}
	return out, nil
}

// s3 is the client with the role's keys.
func (r *run) s3() *s3.Client {
	return s3.NewFromConfig(r.cfg, func(o *s3.Options) { o.UsePathStyle = true })
}
