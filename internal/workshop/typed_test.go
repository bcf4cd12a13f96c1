package workshop

import (
	"testing"

	"github.com/mayfly-cd/mayfly/internal/git"
)

func TestTyped(t *testing.T) {
	for _, test := range []struct {
		env, dir, fix, want string
		inside, dirty       bool
	}{
		{env: "default", dir: "/home/me", fix: "mayfly run caching", want: "mayfly run caching"},
		{env: "two", dir: "/home/me", fix: "mayfly run caching", want: "mayfly --env two run caching"},
		{env: "default", dir: "/home/me", fix: "git push origin main", want: "cd /home/me && git push origin main"},
		{env: "default", dir: "/home/O'Neill's", fix: "git push", want: `cd '/home/O'\''Neill'\''s' && git push`},
		{env: "default", dir: "/home/me", inside: true, fix: "git push", want: "git push"},
		{env: "two", dir: "/d", fix: "git push && mayfly run codebuild", want: "cd /d && git push && mayfly --env two run codebuild"},
		{env: "default", dir: "/d", dirty: true, fix: "git checkout abc -- f", want: "cd /d && git stash && git checkout abc -- f"},
		{env: "default", dir: "/d", dirty: true, fix: "git checkout HEAD -- f", want: "cd /d && git checkout HEAD -- f"},
		{env: "two", dir: "/d", fix: "mayfly", want: "mayfly --env two"},
		{env: "default", dir: "/d", fix: "", want: ""},
	} {
		w := &Workshop{env: Environment{Name: test.env}, checkout: &git.Checkout{Dir: test.dir}, inside: test.inside, dirty: test.dirty}
		if got := w.typed(test.fix); got != test.want {
			t.Errorf("typed(%q) in %s: %q, want %q", test.fix, test.env, got, test.want)
		}
	}
}
