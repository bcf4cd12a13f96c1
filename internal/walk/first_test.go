package walk

import (
	"context"
	"strings"
	"testing"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
)

// goesOn reads on, after a screen.
const goesOn = ""

// TestFirstWithoutAToolchain chooses an application that cannot be built here,
// is told why, and chooses another.
func TestFirstWithoutAToolchain(t *testing.T) {
	var seen strings.Builder
	ask := &prompt.Scripted{Answers: []string{"week", goesOn, goesOn, "node", "go", "somewhere"}}
	answers, err := First(t.Context(), ask, &Screen{Streams: &terminal.Streams{Err: &seen}}, Answers{}, Known{Account: true},
		func() []Application { return []Application{{Language: "go"}, {Language: "node", Missing: "npm"}} },
		func(context.Context, string) error { return nil })
	if err != nil || answers != (Answers{LeadTime: "a week", Application: "go", WorkDir: "somewhere"}) {
		t.Errorf("%+v, %v; asked %q", answers, err, ask.Asked)
	}
	if !strings.Contains(seen.String(), "Node.js needs npm, which is not here") {
		t.Errorf("nobody says why:\n%s", seen.String())
	}
}

// TestFirstWithNoToolchain has nothing to choose from.
func TestFirstWithNoToolchain(t *testing.T) {
	_, err := First(t.Context(), &prompt.Scripted{Answers: []string{"week", goesOn, goesOn}}, &Screen{Streams: &terminal.Streams{Err: &strings.Builder{}}},
		Answers{}, Known{Account: true}, func() []Application { return []Application{{Language: "go", Missing: "go"}} }, nil)
	if err == nil || !strings.Contains(err.Error(), "install Go, Python 3 or Node.js") {
		t.Errorf("got %v", err)
	}
}
