package codebuild

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// cacheEntry is a file, or a link, of a cache.
type cacheEntry struct {
	name string // in the archive: home/... or src/...
	file string // on disk
	mode fs.FileMode
	size int64
	time time.Time
	link string // where a link points to
}

// cacheFolders are the first parts of the names in an archive.
func (r *run) cacheFolders() map[string]string {
	return map[string]string{"home": r.box.Home(), "src": r.box.Source()}
}

// cacheEntries finds the files that the cache's paths name, in the order of their names.
func (r *run) cacheEntries() ([]cacheEntry, error) {
	found := map[string]cacheEntry{}
	for _, given := range r.spec.Cache.Paths {
		at, ok := r.locate(given)
		if !ok {
			r.log.container("Cache path %s is outside the build's home and source, and is not cached here", given)
			continue
		}
		for folder, root := range r.cacheFolders() {
			if root != at.root {
				continue
			}
			if err := addCacheEntries(found, folder, at); err != nil {
				return nil, fail(codeClient, "read the cache path %s: %s", given, err)
			}
		}
	}
	names := slices.Sorted(maps.Keys(found))
	entries := make([]cacheEntry, len(names))
	for i, name := range names {
		entries[i] = found[name]
	}
	return entries, nil
}

func addCacheEntries(found map[string]cacheEntry, folder string, at place) error {
	base, pattern := doublestar.SplitPattern(at.path)
	whole := false
	if info, err := os.Stat(filepath.Join(at.root, at.path)); err == nil && info.IsDir() {
		base, whole = at.path, true // a folder by its name is all that is in it
	}
	err := filepath.WalkDir(filepath.Join(at.root, base), func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(at.root, file)
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(filepath.Join(at.root, base), file)
		if err != nil || !whole && !doublestar.MatchUnvalidated(pattern, inside) {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		one := cacheEntry{
			name: path.Join(folder, relative), file: file, mode: info.Mode(), size: info.Size(), time: info.ModTime(),
		}
		switch {
		case info.Mode().IsRegular():
		case info.Mode()&fs.ModeSymlink != 0:
			one.size = 0
			if one.link, err = os.Readlink(file); err != nil {
				return err
			}
		default:
			return nil // sockets and pipes are of the moment
		}
		found[one.name] = one
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the build made nothing there
	}
	return err
}

// fingerprintOf tells two states of the cached files apart without reading them.
func fingerprintOf(entries []cacheEntry) string {
	sum := sha256.New()
	for _, e := range entries {
		stamp := e.time.UnixNano()
		if e.link != "" {
			stamp = 0
		}
		_, _ = fmt.Fprintf(sum, "%q %o %d %d %q\n", e.name, e.mode.Perm(), e.size, stamp, e.link)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
