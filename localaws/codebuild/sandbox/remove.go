package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Remove removes a folder, read-only parts such as Go's module cache
// included, and tells what the counted folders inside it held.
func Remove(dir string, counted ...string) (Usage, error) {
	var used Usage
	for _, folder := range counted {
		one := loosen(folder)
		used.Files += one.Files
		used.Bytes += one.Bytes
	}
	err := os.RemoveAll(dir)
	if err != nil {
		loosen(dir)
		err = os.RemoveAll(dir)
	}
	return used, err
}

// loosen makes every folder writable, and counts the files.
func loosen(dir string) (used Usage) {
	// What cannot be read or changed shows when it cannot be removed.
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			loosenOne(path, entry, &used)
		}
		return nil
	})
	return used
}

func loosenOne(path string, entry fs.DirEntry, used *Usage) {
	info, err := entry.Info()
	switch {
	case !entry.IsDir():
		used.Files++
		if err == nil && info.Mode().IsRegular() {
			used.Bytes += info.Size()
		}
	case err == nil && info.Mode().Perm()&0o700 != 0o700:
		_ = os.Chmod(path, 0o700) //nolint:gosec // a folder needs its x bit
	}
}
