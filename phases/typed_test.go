package phases_test

import (
	"testing"

	"github.com/mayfly-cd/mayfly/phases"
)

func TestTypedIn(t *testing.T) {
	for _, test := range []struct{ environment, sentence, want string }{
		{"default", "`mayfly run` makes it", "`mayfly run` makes it"},
		{"two", "mayfly: `mayfly run codebuild` makes it, `mayfly` goes on", "mayfly: `mayfly --env two run codebuild` makes it, `mayfly --env two` goes on"},
		{"two", "`mayfly --env two run` makes it", "`mayfly --env two run` makes it"},
		{"two", "`git push`, and mayfly sees it", "`git push`, and mayfly sees it"},
	} {
		if got := phases.TypedIn(test.environment, test.sentence); got != test.want {
			t.Errorf("in %s: %s\nwant %s", test.environment, got, test.want)
		}
	}
}
