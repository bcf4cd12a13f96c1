package codebuild

import (
	"os"
	"path"
	"path/filepath"
	"strings"
)

// place is a path of a buildspec, found: a folder of the build's own, and the
// path in it, which may be a pattern.
type place struct {
	root string // the source or the home directory
	path string // slash-separated, inside root
}

// locate finds a path of a buildspec. Variables are expanded; /root and ~ are
// the build's home, since that is where AWS's images have it. It answers false
// for a path outside the build's own folders.
func (r *run) locate(given string) (place, bool) {
	given = os.Expand(given, func(name string) string { return r.env[name] })
	home, source := r.box.Home(), r.box.Source()
	for _, prefix := range []string{"/root", "~"} {
		if rest, found := strings.CutPrefix(given, prefix); found && (rest == "" || rest[0] == '/') {
			given = home + rest
		}
	}
	if !filepath.IsAbs(given) {
		p := path.Clean(given)
		return place{root: source, path: p}, filepath.IsLocal(p)
	}
	for _, root := range []string{source, home} {
		if rest, found := strings.CutPrefix(path.Clean(given), root); found && (rest == "" || rest[0] == '/') {
			return place{root: root, path: path.Clean("." + rest)}, true
		}
	}
	return place{}, false
}
