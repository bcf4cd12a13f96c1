package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

// What a package may hold: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	maxUnzipped = 262144000
	maxZipped   = 262144000
	maxFiles    = 100_000
)

type codeLocation struct {
	zip                  []byte
	bucket, key, version *string
}

// fetch returns the zip, which Lambda reads from S3 with its caller's permissions.
func (s *Service) fetch(ctx context.Context, name string, from codeLocation) ([]byte, error) {
	if len(from.zip) > 0 {
		return from.zip, nil
	}
	if from.bucket == nil || from.key == nil {
		return nil, invalid("Please provide a source for function code.")
	}
	cfg, err := s.env.Roles.Assume(ctx, service.Session{Name: name, Service: principal, SourceARN: s.arn(reference{name: name})})
	if err != nil {
		return nil, err
	}
	object, err := s3.NewFromConfig(cfg).GetObject(ctx, &s3.GetObjectInput{Bucket: from.bucket, Key: from.key, VersionId: from.version})
	if err != nil {
		return nil, s3Failure(err, from)
	}
	data, err := io.ReadAll(io.LimitReader(object.Body, maxZipped+1))
	if err := errors.Join(err, object.Body.Close()); err != nil {
		return nil, fmt.Errorf("read package from S3: %w", err)
	}
	if len(data) > maxZipped {
		return nil, tooLarge()
	}
	return data, nil
}

// s3Failure puts S3's refusal into Lambda's words.
func s3Failure(err error, from codeLocation) error {
	refusal, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fmt.Errorf("read package from S3: %w", err)
	}
	code, message := refusal.ErrorCode(), refusal.ErrorMessage()
	if code == "AccessDenied" {
		return accessDenied("Your access has been denied by S3, please make sure your request credentials have permission to GetObject for " +
			*from.bucket + "/" + *from.key + ". S3 Error Code: AccessDenied. S3 Error Message: " + message)
	}
	return invalid("Error occurred while GetObject. S3 Error Code: " + code + ". S3 Error Message: " + message)
}

// receive makes the zip the revision's code, if this machine can run it, and
// returns what unpacks it. Who unpacks holds packages until a row names it.
func (s *Service) receive(r *revision, data []byte) (unpack func() error, err error) {
	archive, err := openPackage(data)
	if err != nil {
		return nil, err
	}
	if err := checkBootstrap(archive, r.Config.Runtime); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	r.Package = hex.EncodeToString(sum[:])
	r.Config.CodeSha256 = aws.String(base64.StdEncoding.EncodeToString(sum[:]))
	r.Config.CodeSize = int64(len(data))
	dir := filepath.Join(s.packageDir(), r.Package)
	return func() error {
		if _, err := os.Stat(dir); err == nil {
			return nil // unpacked before
		}
		return s.unpack(dir, archive, data)
	}, nil
}

// openPackage refuses what is no package by its directory alone: no zip, links, names outside, too much.
func openPackage(data []byte) (*zip.Reader, error) {
	if len(data) == 0 {
		return nil, invalid("Uploaded file must be a non-empty zip")
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(archive.File) > maxFiles {
		return nil, notUnzipped()
	}
	if len(archive.File) == 0 {
		return nil, invalid("Uploaded file must be a non-empty zip")
	}
	var size uint64
	for _, file := range archive.File {
		mode := file.Mode()
		if !filepath.IsLocal(filepath.FromSlash(nameIn(file))) || !mode.IsRegular() && !mode.IsDir() {
			return nil, invalid("Could not unzip uploaded file: " + file.Name + " is a link or lies outside the package.")
		}
		if size += min(file.UncompressedSize64, maxUnzipped+1); size > maxUnzipped {
			return nil, tooLarge()
		}
	}
	return archive, nil
}

func nameIn(file *zip.File) string { return path.Clean(strings.ReplaceAll(file.Name, `\`, "/")) }

func notUnzipped() error {
	return invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
}

func tooLarge() error { return invalid("Unzipped size must be smaller than 262144000 bytes") }

// unpack makes dir with the zip and its files, wholly or not at all.
func (s *Service) unpack(dir string, archive *zip.Reader, data []byte) error {
	if err := os.MkdirAll(s.packageDir(), 0o700); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(s.packageDir(), "new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh) //nolint:errcheck // gone where the rename succeeded
	if err := extract(archive, filepath.Join(fresh, "task")); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(fresh, "package.zip"), data, 0o600); err != nil {
		return err
	}
	if err := os.Rename(fresh, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		if _, statErr := os.Stat(dir); statErr != nil {
			return err
		}
	}
	return nil
}

// extract writes the archive's files, read-only, and no others: no links, nothing outside.
func extract(archive *zip.Reader, dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // a folder opened to be read
	left := int64(maxUnzipped)
	for _, file := range archive.File {
		name := nameIn(file)
		if file.Mode().IsDir() {
			if err := root.MkdirAll(name, 0o755); err != nil {
				return err
			}
			continue
		}
		if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return err
		}
		n, err := extractFile(root, name, file, left)
		if err != nil {
			return err
		}
		if left -= n; left < 0 {
			return tooLarge()
		}
	}
	return nil
}

func extractFile(root *os.Root, name string, file *zip.File, left int64) (n int64, err error) {
	perm := fs.FileMode(0o444)
	if file.Mode()&0o111 != 0 {
		perm = 0o555
	}
	from, err := file.Open()
	if err != nil {
		return 0, notUnzipped()
	}
	defer from.Close() //nolint:errcheck // read to its end
	to, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, perm)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(to, io.LimitReader(from, left+1))
	if err != nil {
		err = notUnzipped()
	}
	return n, errors.Join(err, to.Close())
}

// sweepPackages removes the packages that no revision names.
func (s *Service) sweepPackages() {
	s.packages.Lock()
	defer s.packages.Unlock()
	used := s.pool.inUse()
	rows, err := s.revisions.List("", "", 0)
	if err != nil {
		s.env.Log.Error("sweep packages", "error", err)
		return
	}
	for _, row := range rows {
		used[row.Value.Package] = true
	}
	entries, err := os.ReadDir(s.packageDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.env.Log.Error("sweep packages", "error", err)
	}
	for _, entry := range entries {
		if !used[entry.Name()] {
			if err := os.RemoveAll(filepath.Join(s.packageDir(), entry.Name())); err != nil {
				s.env.Log.Error("sweep packages", "error", err)
			}
		}
	}
}
