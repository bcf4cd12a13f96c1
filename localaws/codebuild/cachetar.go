package codebuild

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
)

// The cache's object is a tar without compression (AWS does not document its
// own format). For the cache of a Go build, compression took ten times as long
// as it saved.

// uploadCache writes the entries to a file and uploads it.
func (r *run) uploadCache(ctx context.Context, entries []cacheEntry) (sandbox.Usage, error) {
	file := filepath.Join(r.box.Dir(), "control", "cache.tar")
	defer func() { _ = os.Remove(file) }()
	used, err := writeTar(file, entries)
	if err != nil {
		return used, err
	}
	f, err := os.Open(file)
	if err != nil {
		return used, err
	}
	defer func() { _ = f.Close() }()
	// Hashing so many bytes twice more would cost as much as moving them.
	_, err = r.s3().PutObject(ctx, &s3.PutObjectInput{Bucket: &r.cache.bucket, Key: &r.cache.key, Body: f},
		s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware),
		func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired })
	return used, err
}

func writeTar(file string, entries []cacheEntry) (used sandbox.Usage, err error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return used, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	buffer := bufio.NewWriterSize(f, 1<<20)
	archive := tar.NewWriter(buffer)
	for _, entry := range entries {
		if err := addToTar(archive, entry); err != nil {
			return used, fmt.Errorf("pack %s: %w", entry.name, err)
		}
		used.Files++
		used.Bytes += entry.size
	}
	return used, errors.Join(archive.Close(), buffer.Flush())
}

func addToTar(archive *tar.Writer, entry cacheEntry) error {
	header := &tar.Header{
		Name: entry.name, Mode: int64(entry.mode.Perm()), Size: entry.size, ModTime: entry.time,
		Typeflag: tar.TypeReg, Format: tar.FormatPAX, // for times in nanoseconds
	}
	if entry.link != "" {
		header.Typeflag, header.Linkname = tar.TypeSymlink, entry.link
		return archive.WriteHeader(header)
	}
	f, err := os.Open(entry.file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(archive, f)
	return err
}

// downloadCache unpacks an object into home and source as it comes.
func (r *run) downloadCache(ctx context.Context, key string) (used sandbox.Usage, err error) {
	out, err := r.s3().GetObject(ctx, &s3.GetObjectInput{Bucket: &r.cache.bucket, Key: &key})
	if err != nil {
		return used, err
	}
	defer func() { _ = out.Body.Close() }()
	roots := map[string]*os.Root{}
	for folder, dir := range r.cacheFolders() {
		if roots[folder], err = os.OpenRoot(dir); err != nil {
			return used, err
		}
		defer func() { _ = roots[folder].Close() }()
	}
	u := newUnpacker(roots)
	defer func() { err = errors.Join(err, u.wait()) }()
	archive := tar.NewReader(bufio.NewReaderSize(out.Body, 1<<20))
	var entries []cacheEntry
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return used, fmt.Errorf("read the cache: %w", err)
		}
		if used.Bytes += header.Size; used.Bytes > r.s.host.MaxDisk {
			return used, sandbox.ErrDisk
		}
		if err := u.unpack(archive, header); err != nil {
			return used, fmt.Errorf("unpack %s: %w", header.Name, err)
		}
		used.Files++
		entries = append(entries, cacheEntry{
			name: header.Name, mode: fs.FileMode(header.Mode), size: header.Size, time: header.ModTime, link: header.Linkname,
		})
	}
	r.cache.restored, r.cache.print = key, fingerprintOf(entries)
	return used, nil
}
