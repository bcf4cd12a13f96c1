package codepipeline

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// objectAPI is what is needed of S3.
type objectAPI interface {
	GetBucketVersioning(ctx context.Context, in *s3.GetBucketVersioningInput, opts ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error)
	HeadObject(ctx context.Context, in *s3.HeadObjectInput, opts ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	PutObject(ctx context.Context, in *s3.PutObjectInput, opts ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	GetObject(ctx context.Context, in *s3.GetObjectInput, opts ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// maxFile bounds a template or another file that is read out of an artifact.
const maxFile = 4 << 20

// artifactBucket is where a pipeline keeps its artifacts.
func artifactBucket(p *types.PipelineDeclaration) string {
	if p.ArtifactStore != nil {
		return aws.ToString(p.ArtifactStore.Location)
	}
	for _, store := range p.ArtifactStores { // there is one, of this region: validateStores
		return aws.ToString(store.Location)
	}
	return ""
}

// artifactKey makes the key of an artifact as AWS does: 20 characters of the
// pipeline's name, 10 of the artifact's, 7 random ones. Sources end in .zip.
func artifactKey(pipeline, name string, source bool) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var b [7]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	key := pipeline[:min(len(pipeline), 20)] + "/" + name[:min(len(name), 10)] + "/" + string(b[:])
	if source {
		key += ".zip"
	}
	return key
}

// upload writes an artifact. write gets a file of our own, since a zip is of
// unknown length and S3 wants to know it.
func (s *Service) upload(ctx context.Context, cfg aws.Config, to artifact, write func(w io.Writer) error) error {
	file, err := s.scratch()
	if err != nil {
		return err
	}
	defer discard(file)
	if err := write(file); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = s.clients.s3(cfg).PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(to.Bucket), Key: aws.String(to.Key), Body: file, ContentType: aws.String("application/zip"),
	})
	if err != nil {
		return bucketFailure(to.Bucket, err)
	}
	return nil
}

// readFile reads one file of an artifact.
func (s *Service) readFile(ctx context.Context, cfg aws.Config, from artifact, name string) ([]byte, error) {
	object, err := s.clients.s3(cfg).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(from.Bucket), Key: aws.String(from.Key)})
	if err != nil {
		return nil, artifactFailure(from, err)
	}
	defer func() { _ = object.Body.Close() }()
	file, err := s.scratch()
	if err != nil {
		return nil, err
	}
	defer discard(file)
	size, err := io.Copy(file, object.Body)
	if err != nil {
		return nil, fmt.Errorf("read artifact %s: %w", from.Name, err)
	}
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return nil, failed(codeConfiguration, "Artifact [%s] is not a zip file", from.Name)
	}
	return extract(archive, from.Name, name)
}

func extract(archive *zip.Reader, artifactName, name string) ([]byte, error) {
	member, err := archive.Open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, failed(codeConfiguration, "File [%s] does not exist in artifact [%s]", name, artifactName)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s in artifact %s: %w", name, artifactName, err)
	}
	defer func() { _ = member.Close() }()
	data, err := io.ReadAll(io.LimitReader(member, maxFile+1))
	if err != nil {
		return nil, failed(codeConfiguration, "File [%s] in artifact [%s] cannot be read: %s", name, artifactName, err.Error())
	}
	if len(data) > maxFile {
		return nil, failed(codeConfiguration, "File [%s] in artifact [%s] is larger than %d bytes", name, artifactName, maxFile)
	}
	return data, nil
}

// zipOf makes a zip of one file.
func zipOf(w io.Writer, name string, data []byte) error {
	z := zip.NewWriter(w)
	member, err := z.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(member, bytes.NewReader(data)); err != nil {
		return err
	}
	return z.Close()
}

func (s *Service) scratch() (*os.File, error) {
	file, err := os.CreateTemp(s.env.Dir, "artifact-*")
	if err != nil {
		return nil, fmt.Errorf("make a temporary file: %w", err)
	}
	return file, nil
}

// clearScratch removes what a killed process left behind.
func (s *Service) clearScratch() error {
	left, err := filepath.Glob(filepath.Join(s.env.Dir, "artifact-*"))
	if err != nil {
		return err
	}
	for _, name := range left {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("remove a temporary file: %w", err)
		}
	}
	return nil
}

func discard(file *os.File) {
	_ = file.Close()
	_ = os.Remove(file.Name())
}
