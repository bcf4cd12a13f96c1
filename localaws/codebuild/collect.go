package codebuild

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/buildspec"
)

// member is a file of an artifact.
type member struct {
	root *os.Root
	path string // inside root
	name string // inside the artifact
}

// collect finds the files that a part of the artifacts section names, in the
// order of their names. The roots stay open until the release is called.
func (r *run) collect(f buildspec.Files) (members []member, release func(), err error) {
	var roots []*os.Root
	release = func() {
		for _, root := range roots {
			_ = root.Close()
		}
	}
	bases, err := r.baseDirectories(f.BaseDirectory)
	if err != nil {
		return nil, release, err
	}
	byName := map[string]member{}
	for _, base := range bases {
		root, err := os.OpenRoot(base.root)
		if err != nil {
			return nil, release, err
		}
		roots = append(roots, root)
		if err := r.match(root, base.path, f, byName); err != nil {
			return nil, release, err
		}
	}
	for _, m := range byName {
		members = append(members, m)
	}
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	r.log.container("Found %d file(s)", len(members))
	if len(members) == 0 {
		return nil, release, fail(codeClient, "no matching artifact paths found")
	}
	return members, release, nil
}

// baseDirectories expands the base directory, which may be a pattern.
func (r *run) baseDirectories(given string) ([]place, error) {
	if given == "" {
		given = "."
	}
	r.log.container("Expanding base directory path: %s", given)
	base, ok := r.locate(given)
	if !ok {
		return nil, fail(codeClient, "the base directory %s is outside the build's own folders", given)
	}
	matches, err := doublestar.Glob(os.DirFS(base.root), base.path, doublestar.WithNoFollow())
	if err != nil {
		return nil, fail(codeClient, "the base directory %s is not a pattern: %s", given, err)
	}
	var bases []place
	for _, match := range matches {
		if info, err := os.Stat(path.Join(base.root, match)); err == nil && info.IsDir() {
			bases = append(bases, place{root: base.root, path: match})
		}
	}
	if len(bases) == 0 {
		return nil, fail(codeClient, "no matching base directory path found for %s", given)
	}
	return bases, nil
}

// match adds the files below base that the patterns name. Where two have one
// name, the later one stays.
func (r *run) match(root *os.Root, base string, f buildspec.Files, byName map[string]member) error {
	patterns, exclude := r.patterns(f.Files), r.patterns(f.Exclude)
	for _, pattern := range patterns {
		r.log.container("Expanding %s", pattern)
	}
	return fs.WalkDir(root.FS(), base, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative := name
		if base != "." {
			relative = strings.TrimPrefix(name, base+"/")
		}
		if !matchesAny(patterns, relative) || matchesAny(exclude, relative) || !r.isFile(root, name, entry) {
			return nil
		}
		target := relative
		if f.DiscardPaths {
			target = path.Base(relative)
		}
		byName[target] = member{root: root, path: name, name: target}
		return nil
	})
}

// isFile says whether the entry is a file, or a link to one of this root.
func (r *run) isFile(root *os.Root, name string, entry fs.DirEntry) bool {
	if entry.Type().IsRegular() {
		return true
	}
	if info, err := root.Stat(name); err == nil && info.Mode().IsRegular() {
		return true
	}
	r.log.container("Skipping %s: it is neither a file nor a link to one of the source", name)
	return false
}

func (r *run) patterns(given []string) []string {
	all := make([]string, len(given))
	for i, pattern := range given {
		pattern = os.Expand(pattern, func(name string) string { return r.env[name] })
		all[i] = strings.TrimPrefix(path.Clean(strings.TrimPrefix(pattern, r.box.Source()+"/")), "./")
	}
	return all
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return doublestar.MatchUnvalidated(pattern, name) })
}
