package codebuild

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

const (
	// maxZipFiles and maxZipRatio are far beyond any source that a person wrote.
	maxZipFiles = 500_000
	maxZipRatio = 200
	// ratioFrom is the size from which the ratio matters.
	ratioFrom = 64 << 20
)

// unzip unpacks a zip into a folder, with modes and times. Names that leave
// the folder, links, and sizes out of proportion are refused.
func unzip(file, dir string, maxSize int64) error {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return fmt.Errorf("not a zip that can be read: %w", err)
	}
	defer func() { _ = archive.Close() }()
	if err := checkZip(file, archive.File, maxSize); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the folder of the source: %w", err)
	}
	defer func() { _ = root.Close() }()
	made := map[string]bool{".": true}
	for _, entry := range archive.File {
		if err := unzipEntry(root, entry, made); err != nil {
			return fmt.Errorf("unpack %q: %w", entry.Name, err)
		}
	}
	return nil
}

func checkZip(file string, entries []*zip.File, maxSize int64) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if len(entries) > maxZipFiles {
		return fmt.Errorf("the zip has %d files, more than %d", len(entries), maxZipFiles)
	}
	var total uint64
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name, "/")
		switch mode := entry.Mode(); {
		case !filepath.IsLocal(name) || strings.Contains(name, `\`):
			return fmt.Errorf("the zip has the path %q, which leaves its folder", entry.Name)
		case !mode.IsRegular() && !mode.IsDir():
			return fmt.Errorf("the zip has %q, which is a link or a device: only files and folders are unpacked", entry.Name)
		}
		total += entry.UncompressedSize64
	}
	if maxSize > 0 && total > uint64(maxSize) {
		return fmt.Errorf("the zip would unpack to %d bytes, more than %d", total, maxSize)
	}
	if total > ratioFrom && total/maxZipRatio > uint64(info.Size()) {
		return fmt.Errorf("the zip of %d bytes would unpack to %d, which is out of proportion", info.Size(), total)
	}
	return nil
}

func unzipEntry(root *os.Root, entry *zip.File, made map[string]bool) (err error) {
	name := strings.TrimSuffix(entry.Name, "/")
	folder := path.Dir(name)
	if entry.Mode().IsDir() {
		folder = name
	}
	if !made[folder] {
		if err := root.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		made[folder] = true
	}
	if entry.Mode().IsDir() {
		return nil
	}
	content, err := entry.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	// A zip that was not made on a POSIX system has no modes.
	mode := entry.Mode().Perm() | 0o600
	f, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	written, err := io.Copy(f, io.LimitReader(content, int64(entry.UncompressedSize64)+1))
	if err == nil && written > int64(entry.UncompressedSize64) {
		err = errors.New("it is larger than the zip says")
	}
	if err = errors.Join(err, f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	if entry.Modified.IsZero() {
		return nil
	}
	if err := root.Chtimes(name, entry.Modified, entry.Modified); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
