package codebuild

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"context"
	"crypto/md5" //nolint:gosec // AWS reports it; nothing relies on it
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"
)

// sums are the checksums of an artifact, in hexadecimal.
type sums struct{ md5, sha256 string }

// uploads is how many files of an artifact without packaging go up at a time.
const uploads = 8

// putFiles uploads the members one by one, below a key.
func (r *run) putFiles(ctx context.Context, bucket, prefix string, members []member) error {
	client := r.s3()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(uploads)
	for _, m := range members {
		group.Go(func() error {
			f, err := m.root.Open(m.path)
			if err != nil {
				return fmt.Errorf("read the artifact %s: %w", m.name, err)
			}
			defer func() { _ = f.Close() }()
			key := path.Join(prefix, m.name)
			_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: f})
			return err
		})
	}
	return group.Wait()
}

// putZip uploads the members as one zip.
func (r *run) putZip(ctx context.Context, bucket, key string, members []member) (sums, error) {
	file := filepath.Join(r.box.Dir(), "control", "artifact.zip")
	defer func() { _ = os.Remove(file) }()
	done, err := writeZip(file, members)
	if err != nil {
		return sums{}, err
	}
	f, err := os.Open(file)
	if err != nil {
		return sums{}, err
	}
	defer func() { _ = f.Close() }()
	_, err = r.s3().PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: f})
	return done, err
}

// writeZip writes the members in their order. The level of compression is the
// fastest: the time that another would take costs more than the bytes.
func writeZip(file string, members []member) (done sums, err error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return sums{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	long, short := sha256.New(), md5.New() //nolint:gosec // as above
	buffer := bufio.NewWriterSize(io.MultiWriter(f, long, short), 1<<18)
	archive := zip.NewWriter(buffer)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	for _, m := range members {
		if err := addToZip(archive, m); err != nil {
			return sums{}, fmt.Errorf("pack the artifact %s: %w", m.name, err)
		}
	}
	if err := errors.Join(archive.Close(), buffer.Flush()); err != nil {
		return sums{}, err
	}
	return sums{md5: hex.EncodeToString(short.Sum(nil)), sha256: hex.EncodeToString(long.Sum(nil))}, nil
}

func addToZip(archive *zip.Writer, m member) error {
	f, err := m.root.Open(m.path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	header, err := zip.FileInfoHeader(info)
	if err != nil {
		return err
	}
	header.Name, header.Method = m.name, zip.Deflate
	w, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}
